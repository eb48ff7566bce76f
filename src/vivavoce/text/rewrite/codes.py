"""Alphanumeric rules: product codes and number plates, ``AB12CD34`` → "A-B 1-2 C-D 3-4"."""

from __future__ import annotations

import re

from vivavoce.text.rewrite.rule import Rule, whole

_RUNS = re.compile(r"[^\W\d_]+|\d+")
_LETTER = "A-ZÀ-ÖØ-Þ"
_CODE = rf"(?=[{_LETTER}-]*\d)(?=[\d-]*[{_LETTER}])[{_LETTER}\d]+(?:-[{_LETTER}\d]+)*"

_UNITS = "AM|PM|ST|ND|RD|TH|S|B|KB|MB|GB|TB|HZ|KHZ|MHZ|GHZ|W|KW|MW|GW|KWH|MWH|KM|KG|CM|MM|ML|EUR|USD|GBP|CHF|JPY|BRL|INR"
# "10AM", "21ST", "16GB", "50EUR": a number and its unit, which a speaker does not spell.
_QUANTITY = re.compile(rf"\d+(?:{_UNITS})|(?:EUR|USD|GBP|CHF|JPY|BRL|INR)\d+")


def _read(match: re.Match[str]) -> str | None:
    code = match[0]
    runs = _RUNS.findall(code)
    if _QUANTITY.fullmatch(code):
        return None
    # With hyphens it takes the look of a plate (AB-123-CD); COVID-19 and F-16 are words.
    if "-" in code and (len(runs) < 3 or any(run.isalpha() and len(run) > 3 for run in runs)):
        return None
    return " ".join("-".join(run) for run in runs)


def code_rule(name: str) -> Rule:
    """Upper-case letters and digits mixed. The same in every language: the voice's language says the digits."""
    return Rule(name, whole(_CODE), _read)
