"""How Spanish says amounts and signs."""

from __future__ import annotations

from vivavoce.text.rewrite.speaker import Noun, Speaker, coins, signs, words

_UNITS = words(
    "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiún veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
)
_TENS = ("", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = words("dosc tresc cuatroc quin seisc setec ochoc novec")
_MILLIONS = ("", "millón", "billón")


def spell(number: int, feminine: bool) -> str:
    """1 … 999 in words as they stand before a noun: "veintiún", "treinta y una", "doscientas"."""
    hundreds, rest = divmod(number, 100)
    said = []
    if hundreds == 1:
        said.append("ciento" if rest else "cien")
    elif hundreds:
        said.append(f"{_HUNDREDS[hundreds - 2]}ient{'as' if feminine else 'os'}")
    if rest >= 30 and rest % 10:
        said += [_TENS[rest // 10], "y", _UNITS[rest % 10]]
    elif rest:
        said.append(_TENS[rest // 10] if rest >= 30 else _UNITS[rest])
    if feminine and rest % 10 == 1 and rest != 11:
        said[-1] = f"{said[-1].replace('ú', 'u')}a"
    return " ".join(said)


def _group(number: int, *, before_noun: bool, feminine: bool = False) -> str:
    """One group of three digits: digits, or words where digits would be said wrong."""
    ends_in_one = number % 10 == 1 and number % 100 != 11
    if (before_noun and ends_in_one) or (feminine and (ends_in_one or number >= 200)):
        return spell(number, feminine)
    return str(number)


def _below_million(number: int, *, before_noun: bool, feminine: bool = False) -> str:
    thousands, rest = divmod(number, 1000)
    said = []
    if thousands:
        said.append(
            "mil" if thousands == 1 else f"{_group(thousands, before_noun=True, feminine=feminine)} mil"
        )
    if rest:
        said.append(_group(rest, before_noun=before_noun, feminine=feminine))
    return " ".join(said)


def _say(number: int, *, before_noun: bool, feminine: bool = False) -> str:
    said = []
    for power in (2, 1, 0):
        value = number // 1_000_000**power % 1_000_000
        if not value:
            continue
        if power == 0:
            said.append(_below_million(value, before_noun=before_noun, feminine=feminine))
        elif value == 1:
            said.append(f"un {_MILLIONS[power]}")
        else:
            plural = _MILLIONS[power].replace("ó", "o") + "es"
            said.append(f"{_below_million(value, before_noun=True)} {plural}")
    return " ".join(said) or "0"


def expand(number: int) -> str:
    """``1234`` → "mil 234", ``2000000`` → "2 millones", ``10**9`` → "mil millones"."""
    return _say(number, before_noun=False)


def count(number: int, feminine: bool) -> str:
    """As :func:`expand`, in the form that stands before a noun: "un", "una", "veintiún"."""
    return _say(number, before_noun=True, feminine=feminine)


def of(noun: str) -> str:
    """ "euros" → "de euros"."""
    return f"de {noun}"


_THOUSAND = Noun("mil", "mil")
_MILLION = Noun("millón", "millones", of=True)
_MILLIARD = Noun("mil millones", "mil millones", of=True)
_BILLION = Noun("billón", "billones", of=True)

SPANISH = Speaker(
    group=".",
    minus="menos",
    point="coma",
    digits_after_point=False,
    expand=expand,
    count=count,
    vulgar={
        "½": ("un medio", "y medio"),
        "⅓": ("un tercio", "y un tercio"),
        "⅔": ("dos tercios", "y dos tercios"),
        "¼": ("un cuarto", "y cuarto"),
        "¾": ("tres cuartos", "y tres cuartos"),
    },
    coins=coins(
        Noun("dólar", "dólares"), Noun("euro", "euros"), Noun("libra", "libras", True), Noun("yen", "yenes"),
        Noun("franco suizo", "francos suizos"), Noun("real", "reales"), Noun("rupia", "rupias", True),
    ),
    short={"k": _THOUSAND, "K": _THOUSAND, "M": _MILLION},
    long={
        "mil millones": _MILLIARD, "mil": _THOUSAND, "millón": _MILLION, "millones": _MILLION,
        "billón": _BILLION, "billones": _BILLION,
    },
    of=of,
    signs=signs(
        at="arroba", dot="punto", dash="guión", colon="dos puntos", slash="barra", underscore="guión bajo",
        question="signo de interrogación", equals="igual", ampersand="y", hash="almohadilla",
        percent="por ciento", plus="más", tilde="virgulilla",
    ),
)  # fmt: skip
