"""Rewrite rules: numbers, money, addresses and codes in the words that a speaker of the language would say.

Names, aliases and outputs are Gradium's (its guide "Text Rewriting Rules" and the older ``docs/rewriting_rules.md`` of
gradium-py, both read 2026-11-21); ``docs/reference/rewrite-rules.md`` lists every rule with examples and says which
are the vendor's. A text is taken word by word: of the rules that match at a word the one that reaches furthest is
applied, and of those that reach equally far the first. Punctuation around the word stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from vivavoce.errors import OutOfRangeError, quoted
from vivavoce.text.language import subtags
from vivavoce.text.rewrite.addresses import email_rule, url_rule
from vivavoce.text.rewrite.codes import code_rule
from vivavoce.text.rewrite.currency import currency_rule
from vivavoce.text.rewrite.dates import date_rule, french_date_rule
from vivavoce.text.rewrite.english import ENGLISH
from vivavoce.text.rewrite.french import BELGIAN, BELGIUM, FRENCH, SWISS, SWITZERLAND
from vivavoce.text.rewrite.german import GERMAN
from vivavoce.text.rewrite.numbers import number_rule
from vivavoce.text.rewrite.phones import phone_rule
from vivavoce.text.rewrite.portuguese import PORTUGUESE
from vivavoce.text.rewrite.rule import Rule
from vivavoce.text.rewrite.spanish import SPANISH
from vivavoce.text.rewrite.spelling import undashed
from vivavoce.text.rewrite.times import time_rule
from vivavoce.text.spans import SpannedText

__all__ = ["ALIASES", "RULES", "Rule", "language_rules", "rewrite", "rules", "undashed"]

_SPEAKERS = {"En": ENGLISH, "Fr": FRENCH, "De": GERMAN, "Es": SPANISH, "Pt": PORTUGUESE}
_REGIONS = {"FrBe": BELGIAN, "FrCh": SWISS}


def _all_rules() -> list[Rule]:
    made = [code_rule("AlNum")]
    for code, speaker in _SPEAKERS.items():
        made += [
            code_rule(f"AlNum{code}"),
            email_rule(f"Email{code}", speaker),
            url_rule(f"Url{code}", speaker),
        ]
    for code, speaker in {**_SPEAKERS, **_REGIONS}.items():
        made += [number_rule(f"Number{code}", speaker), currency_rule(f"Currency{code}", speaker)]
    return [
        *made,
        date_rule("Date"),
        french_date_rule("DateFrBe", BELGIUM),
        french_date_rule("DateFrCh", SWITZERLAND),
        time_rule("TimeEn", ":.", "."),
        time_rule("TimeFr", ":hH", "h"),
        time_rule("TimeDe", ":.", "."),
        phone_rule("PhoneEn", "44", american=True),
        phone_rule("PhoneFr", "33", as_numbers=True),
        phone_rule("PhoneDe", "49"),
        phone_rule("PhoneEs", "34"),
        phone_rule("PhonePt", "351"),
    ]


def _alias(code: str) -> tuple[str, ...]:
    return tuple(f"{kind}{code}" for kind in ("AlNum", "Number", "Email", "Url", "Currency"))


def _region_alias(code: str) -> tuple[str, ...]:
    return f"Date{code}", "AlNumFr", f"Number{code}", "EmailFr", "UrlFr", f"Currency{code}"


RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _all_rules()})
"""Every rule by its name, older names included."""

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {code.lower(): _alias(code) for code in _SPEAKERS}
    | {"fr-be": _region_alias("FrBe"), "fr-ch": _region_alias("FrCh")}
)
"""The rules that a language's alias stands for, in order."""

_KNOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name.lower(): (name,) for name in RULES} | dict(ALIASES) | {"none": (), "": ()}
)

_WORD = re.compile(r"[^\s]+")
_OPENING = re.compile(r"[\"'(<¿¡*~≈]+")
_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ‹›＇", "'")
    | dict.fromkeys("“”„‟«»＂", '"')
    | dict.fromkeys("‐‑‒−－", "-")
    | dict.fromkeys("[{⟨【〔", "(")
    | dict.fromkeys("]}⟩】〕", ")")
)
"""Typographic quotes, hyphens and brackets to plain ones, one character for one.

The dashes – and — stay: between words they are a pause, which every engine knows.
"""
_DASH_FOR_MINUS = re.compile(r"(?<!\S)–(?=[\d$€£¥₹])")


def rules(spec: str) -> tuple[Rule, ...]:
    """The rules that ``spec`` names: rule names and aliases, separated by commas, or "none".

    Upper and lower case are the same here. A rule named twice keeps its first place. Raises
    :class:`OutOfRangeError` for a name that is not known.
    """
    names: dict[str, None] = {}
    for name in spec.split(","):
        found = _KNOWN.get(name.strip().lower())
        if found is None:
            raise OutOfRangeError(
                f"rewrite_rules: expected names from {', '.join((*ALIASES, 'none', *RULES))}; got {quoted(name.strip())}",
                param="rewrite_rules",
            )
        names.update(dict.fromkeys(found))
    return tuple(RULES[name] for name in names)


def language_rules(language: str) -> str:
    """The alias for a voice's language tag ("fr-BE" → "fr-be", "en-GB" → "en"); "none" for languages without rules."""
    parts = subtags(language)
    regional = "-".join(parts[:2])
    if regional in ALIASES:
        return regional
    return parts[0] if parts[0] in ALIASES else "none"


def rewrite(text: SpannedText, rules: Sequence[Rule]) -> SpannedText:
    """``text`` with quotes and brackets made plain and ``rules`` applied; the same object when nothing changes.

    Without rules the text stays as it is. Linear in the length of the text; never raises.
    """
    if not rules:
        return text
    plain = _DASH_FOR_MINUS.sub("-", text.text.translate(_PLAIN))
    changes: list[tuple[int, int, str]] = []
    cursor = 0
    for start, stop, said in _readings(plain, rules):
        changes += _differences(text.text, plain, cursor, start)
        if said != text.text[start:stop]:
            changes.append((start, stop, said))
        cursor = stop
    changes += _differences(text.text, plain, cursor, len(plain))
    return text.replace(changes) if changes else text


def _readings(plain: str, rules: Sequence[Rule]) -> list[tuple[int, int, str]]:
    """What the rules say, as (start, stop, reading), ascending."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while word := _WORD.search(plain, at):
        opening = _OPENING.match(plain, word.start(), word.end())
        starts = (word.start(), opening.end()) if opening else (word.start(),)
        reading = next(filter(None, (_longest(plain, start, rules) for start in starts)), None)
        if reading:
            found.append(reading)
        # A reading that ends before the word's closing punctuation leaves that to the next search.
        at = reading[1] if reading else word.end()
    return found


def _longest(plain: str, start: int, rules: Sequence[Rule]) -> tuple[int, int, str] | None:
    """The reading that reaches furthest from ``start``; the first of equals."""
    best: tuple[int, int, str] | None = None
    for rule in rules:
        match = rule.pattern.match(plain, start)
        if match is None or (best and match.end() <= best[1]):
            continue
        said = rule.read(match)
        if said is not None:
            best = (start, match.end(), said)
    return best


def _differences(original: str, plain: str, start: int, stop: int) -> list[tuple[int, int, str]]:
    """The single characters that were made plain between ``start`` and ``stop``."""
    if original[start:stop] == plain[start:stop]:
        return []
    return [(at, at + 1, plain[at]) for at in range(start, stop) if original[at] != plain[at]]
