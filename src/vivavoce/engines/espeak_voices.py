"""espeak-ng's voices, read from its data files without loading the library.

A voice is a language file (``lang/gmw/en-US``) with a variant (``voices/!v/edward``), which is another speaker. Any
pair works; two variants are curated by measurement, the word error rate of an independent recogniser over 30 everyday
sentences (281 words) at 165 words a minute: 10 % for ``edward``, the best of all 104 in a first round; 24 and 26 % in
two runs for ``f5``, the best of 16 women's (``f2`` 30 and 32, the others from 38 % up).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from vivavoce.speech import Gender
from vivavoce.text.language import spelled

MAN: Final = "edward"
WOMAN: Final = "f5"
_DEFAULT_PRIORITY: Final = 5
"""What a ``language`` line without a number means."""

_TAGS: Final = {
    "ca-ba": "ca-ES-x-balear",
    "ca-nw": "ca-ES-x-nwest",
    "ca-va": "ca-ES-valencia",
    "chr-us-qaaa-x-west": "chr-x-west",
    "cmn-latn-pinyin": "zh-Latn-pinyin",
    "en-us-nyc": "en-US-x-nyc",
    "hbs": "sh",
    "ru-cl": "ru-x-classic",
    "zh-cmn": "cmn",
    "zh-yue": "yue",
}
"""espeak-ng's names that are no BCP 47 tags, or are tags of something else (``ca-va`` would be the Vatican's)."""


class Language(Struct, frozen=True):
    """One language file."""

    file: str
    """Its name in lower case, by which the library finds it: "en-us"."""
    name: str
    """"English (America)"."""
    tags: tuple[str, ...]
    """BCP 47 tags, its own first."""
    priority: int
    """Lower is the more usual one among files of the same language, 2 to 10."""


class Variant(Struct, frozen=True):
    """One variant file."""

    file: str
    gender: Gender


def tag(code: str) -> str:
    """espeak-ng's ``code`` as a BCP 47 tag in its usual spelling: "pt-br" is "pt-BR"."""
    return spelled(_TAGS.get(code.lower(), code))


def languages(data: Path) -> list[Language]:
    """Every language under ``data`` (the folder ``espeak-ng-data``), by file name; empty when there is none.

    Those whose dictionary is absent are left out: they are silent (three in espeakng-loader 0.2.4).
    """
    files = [path for path in (data / "lang").rglob("*") if path.is_file()]
    found = [(_language(path), _dictionary(path)) for path in files]
    present = [language for language, name in found if (data / f"{name}_dict").exists()]
    return sorted(present, key=lambda language: language.file)


def variants(data: Path) -> dict[str, Variant]:
    """Every variant under ``data`` by the name of its file."""
    files = sorted((data / "voices" / "!v").glob("*"))
    return {path.name: Variant(path.name, _gender(path)) for path in files}


def _language(path: Path) -> Language:
    name = path.name
    codes: list[str] = []
    priorities: list[int] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(" ")
        if key == "name":
            name = value.partition("//")[0].strip()
        elif key == "language":
            code, *number = value.split()
            codes.append(code)
            priorities.append(int(number[0]) if number else _DEFAULT_PRIORITY)
    tags = dict.fromkeys(tag(code) for code in codes)
    if path.name == "cmn":
        tags = {"zh": None, **tags}
    return Language(path.name.lower(), name, tuple(tags), max(priorities, default=_DEFAULT_PRIORITY))


def _dictionary(path: Path) -> str:
    """Which dictionary a language file uses: the one it names, or that of its first language."""
    text = path.read_text(encoding="utf-8", errors="replace")
    named = re.search(r"^dictionary\s+(\w+)", text, re.MULTILINE)
    first = named or re.search(r"^language\s+(\w+)", text, re.MULTILINE)
    return first[1] if first else path.name


def _gender(path: Path) -> Gender:
    """A variant's gender; files that name none are men's voices (the base voice is one)."""
    found = re.search(r"^gender\s+(\w+)", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return "female" if found and found[1].lower() == "female" else "male"
