"""What is known to crash espeak-ng is made harmless, and everything else is left as it is."""

from __future__ import annotations

import pytest

from vivavoce.engines.espeak_guard import guarded

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("'-a", "' a"),
        ("a." * 40, "a " * 40),
        ("x\u28ffy", "x\u283fy"),
        ("\u287f\u28bf", "\u283f\u283f"),
    ],
)
def test_what_crashes_is_replaced_in_its_place(text: str, safe: str) -> None:
    assert guarded(text) == safe
    assert len(safe) == len(text)


@pytest.mark.parametrize(
    "text", ["e.g. this", "well-known", "- item", "-5", "a ... b", "\u283f\u280f\u28c0", "U.S.A.", "...", ""]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text
