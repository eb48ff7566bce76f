"""How Portuguese says amounts and signs; large numbers on the short scale, as in Brazil and in the vendor's table."""

from __future__ import annotations

from vivavoce.text.rewrite.speaker import Noun, Speaker, coins, signs, triples, words

_UNITS = words(
    "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove"
)
_TENS = ("", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa")
_HUNDREDS = words("duzent trezent quatrocent quinhent seiscent setecent oitocent novecent")
_SCALES = (
    Noun("", ""),
    Noun("mil", "mil"),
    Noun("milhão", "milhões", of=True),
    Noun("bilhão", "bilhões", of=True),
    Noun("trilhão", "trilhões", of=True),
    Noun("quatrilhão", "quatrilhões", of=True),
)


def spell(number: int, feminine: bool) -> str:
    """1 … 999 in words: "vinte e uma", "duzentas e duas"."""
    hundreds, rest = divmod(number, 100)
    said: list[str] = []
    if hundreds == 1:
        said.append("cento" if rest else "cem")
    elif hundreds:
        said.append(f"{_HUNDREDS[hundreds - 2]}{'as' if feminine else 'os'}")
    if rest >= 20:
        said.append(_TENS[rest // 10])
        rest %= 10
    if rest:
        said.append({1: "uma", 2: "duas"}.get(rest, _UNITS[rest]) if feminine else _UNITS[rest])
    return " e ".join(said)


def _group(number: int, feminine: bool) -> str:
    """One group of three digits: digits, or words where digits would be said in the wrong gender."""
    gendered = number >= 200 or (number % 10 in (1, 2) and number % 100 not in (11, 12))
    return spell(number, feminine=True) if feminine and gendered else str(number)


def _say(number: int, feminine: bool) -> str:
    groups = list(triples(number))
    said: list[str] = []
    for value, power in groups:
        scale = _SCALES[power]
        # The last group takes "e" when it is below a hundred or whole hundreds: "3 mil e 50", but "mil 234".
        link = "e " if said and (value, power) == groups[-1] and (value < 100 or value % 100 == 0) else ""
        if power == 0:
            said.append(link + _group(value, feminine))
        elif value == 1:
            said.append(link + (scale.one if power == 1 else f"um {scale.one}"))
        else:
            said.append(f"{link}{_group(value, feminine and power == 1)} {scale.many}")
    return " ".join(said) or "0"


def expand(number: int) -> str:
    """``1234`` → "mil 234", ``2000000`` → "2 milhões", ``3050`` → "3 mil e 50"."""
    return _say(number, feminine=False)


def count(number: int, feminine: bool) -> str:
    """As :func:`expand`, but in the noun's gender and "um" or "uma" for 1."""
    if number == 1:
        return "uma" if feminine else "um"
    return _say(number, feminine)


def of(noun: str) -> str:
    """ "euros" → "de euros"."""
    return f"de {noun}"


_THOUSAND, _MILLION, _BILLION, _TRILLION = _SCALES[1:5]
_MILLIARD = Noun("mil milhões", "mil milhões", of=True)

PORTUGUESE = Speaker(
    group=".",
    minus="menos",
    point="vírgula",
    digits_after_point=False,
    expand=expand,
    count=count,
    vulgar={
        "½": ("um meio", "e meio"),
        "⅓": ("um terço", "e um terço"),
        "⅔": ("dois terços", "e dois terços"),
        "¼": ("um quarto", "e um quarto"),
        "¾": ("três quartos", "e três quartos"),
    },
    coins=coins(
        Noun("dólar", "dólares"), Noun("euro", "euros"), Noun("libra", "libras", True), Noun("iene", "ienes"),
        Noun("franco suíço", "francos suíços"), Noun("real", "reais"), Noun("rupia", "rupias", True),
    ),
    short={"k": _THOUSAND, "K": _THOUSAND, "M": _MILLION, "mi": _MILLION, "bi": _BILLION, "tri": _TRILLION},
    long={
        "mil milhões": _MILLIARD, "mil": _THOUSAND, "milhão": _MILLION, "milhões": _MILLION, "mi": _MILLION,
        "bilhão": _BILLION, "bilhões": _BILLION, "bi": _BILLION, "trilhão": _TRILLION, "trilhões": _TRILLION,
    },
    of=of,
    signs=signs(
        at="arroba", dot="ponto", dash="hífen", colon="dois pontos", slash="barra", underscore="sublinhado",
        question="ponto de interrogação", equals="igual", ampersand="e", hash="cerquilha", percent="por cento",
        plus="mais", tilde="til",
    ),
)  # fmt: skip
