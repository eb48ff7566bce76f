"""Two tags are tags, everything else is text, and what may yet become a tag is held."""

from __future__ import annotations

import re

import pytest

from vivavoce.text.markup import MAX_TAG_CHARS, Tag, may_become_tag, tag_at

pytestmark = pytest.mark.fast

BREAKS = [
    ('<break time="1.5s"/>', 1.5),
    ("<break time='300ms' />", 0.3),
    ('<BREAK Time = " 2 S " >', 2.0),
    ('<break\n\ttime="1"/>', 1.0),
    ('<break time=".25s"/>', 0.25),
    ('<break time="3.s"/>', 3.0),
    ('<break time="0s"/>', 0.0),
    ('<break time="99s"/>', 10.0),
    ("<break/>", 0.5),
    ("<break>", 0.5),
    ("<break  / >".replace("/ ", "/"), 0.5),
]
FLUSHES = ["<flush>", "<flush/>", "<FLUSH />", "<Flush >"]
TEXTS = [
    "<b>", "< flush>", "<flush id='a'>", "<flushed>", "</break>", '<break time="soon"/>', '<break time="1.5s\'/>',
    '<break time="-1s"/>', '<break time="1.2.3s"/>', '<break time=""/>', '<breaktime="1s"/>', "<break time=1s/>",
    '<break time="1 m s"/>', "<>", "<3", "<break / />",
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), BREAKS)
def test_breaks(text: str, seconds: float) -> None:
    assert tag_at(f"ab{text}cd", 2) == Tag(2, 2 + len(text), seconds)


@pytest.mark.parametrize("text", FLUSHES)
def test_flushes(text: str) -> None:
    assert tag_at(text, 0) == Tag(0, len(text), None)


@pytest.mark.parametrize("text", TEXTS)
def test_anything_else_is_text(text: str) -> None:
    assert tag_at(text, 0) is None
    assert not may_become_tag(text, 0)


@pytest.mark.parametrize("text", [*FLUSHES, *(text for text, _ in BREAKS)])
def test_every_beginning_of_a_tag_is_held(text: str) -> None:
    for stop in range(1, len(text)):
        assert tag_at(text[:stop], 0) is None
        assert may_become_tag(text[:stop], 0), text[:stop]


def test_what_can_no_longer_become_a_tag_is_not_held() -> None:
    for text in ("<x", "<bra", "< ", "<break x", "<break timer", "<flush x", '<break time="x', "<break/x"):
        assert not may_become_tag(text, 0)
        assert may_become_tag(text[:-1], 0)


def test_a_tag_has_a_longest_length() -> None:
    longest = "<flush" + " " * (MAX_TAG_CHARS - 7) + ">"
    assert len(longest) == MAX_TAG_CHARS
    assert tag_at(longest, 0) is not None
    assert tag_at(longest.replace(">", " >"), 0) is None
    assert may_become_tag(longest[:-1], 0)
    assert not may_become_tag(longest[:-1] + " ", 0)


def test_digits_of_other_scripts_are_text() -> None:
    assert tag_at('<break time="\u0661s"/>', 0) is None
    assert re.fullmatch(r"\d", "\u0661"), "which Python would call a digit"
