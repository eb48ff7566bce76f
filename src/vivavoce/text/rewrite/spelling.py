"""Digits one by one, for engines that read the vendor's hyphens aloud.

The rules write "3-4" for digits said one after the other. espeak-ng 1.52 says that as "three dash four" in English and
"drei Strich vier" in German (measured 2026-11-21; French and Spanish leave the hyphen out); "3 4" is said alike
everywhere. Letters keep their hyphens: "A-B" is spelled by every engine, "A B" may start with an article.
"""

from __future__ import annotations

import re

from vivavoce.text.spans import SpannedText

_SPELLED = re.compile(r"(?<![\w-])\d(?:-\d)+(?![\w-])")


def undashed(text: SpannedText) -> SpannedText:
    """``text`` with a space for each hyphen between single digits; the same object when there is none."""
    changes = [
        (at, at + 1, " ")
        for match in _SPELLED.finditer(text.text)
        for at in range(match.start() + 1, match.end(), 2)
    ]
    return text.replace(changes) if changes else text
