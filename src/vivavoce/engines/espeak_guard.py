"""Texts that end the process of espeak-ng 1.52, made harmless. For whoever hands text to the library, to speak or to read.

What is here was found by giving the library random text in random languages; each entry says what happens without it.
"""

from __future__ import annotations

import re
from typing import Final

_DOTTED: Final = re.compile(r"(?:[^\s.]{0,3}\s?\.){30,}")
"""More dots than any abbreviation has. "a.a.a." is taken for one word, however long, and some 170 letters of it overrun
a buffer on the stack."""
_DANGLING: Final = re.compile(r"(?<=\S)(?<![^\W_])-(?=[^\s\d])")
"""A hyphen between a mark and a word, as in "'-a": a null pointer in Danish, Vietnamese and Hindi, at the least."""
_BRAILLE: Final = {0x2800 + dots: 0x2800 + (dots & 0x3F) for dots in range(0x100) if dots.bit_count() > 6}
"""Braille cells of seven or eight dots, to those without the two at the bottom. A cell is named by its dots' numbers, and
seven long ones (Arabic, Finnish, Setswana, Tigrinya, Totontepec Mixe) overrun a buffer on the stack."""


def guarded(text: str) -> str:
    """``text`` as the library survives it: of the same length, every other character in its place."""
    text = _DOTTED.sub(lambda run: run[0].replace(".", " "), text)
    return _DANGLING.sub(" ", text).translate(_BRAILLE)
