"""What cannot be said is taken out, and every character left knows its place in the caller's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.text.clean import invisible, leading_blank, level, sayable, speakable, trimmed

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("plain", "plain"),
        ("two  \t\n words", "two words"),
        ("soft\u00adhy\u200bphen", "softhyphen"),
        ("a \u200b b", "a b"),
        ("no\u00a0break", "no break"),
        ("a\ud800b", "a b"),
        ("a\udc00\ud800b", "a b"),
        ("x\ufffdy", "x y"),
        ("\ud83d\ude00!", "😀!"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\ufeffab\u200e", "ab"),
    ],
)
def test_what_is_said(raw: str, said: str) -> None:
    assert sayable(raw, 0).text == said


def test_spans_lead_back_over_what_was_mended() -> None:
    text = sayable("one  \ud83d\ude00\u00ad two", 50)
    assert text.text == "one 😀 two"
    assert text.source(3, 4) == (53, 55)
    assert text.source(4, 5) == (55, 57)
    assert text.source(6, 9) == (59, 62)


def test_control_characters_become_spaces_one_for_one() -> None:
    assert level("a\x00b\x07\x1b\x7f\x85c\td\r\n") == "a b    c\td\r\n"


def test_blank_at_the_ends() -> None:
    assert leading_blank(" \n\ufeff\ud800 x", complete=False) == 5
    assert leading_blank("x", complete=True) == 0
    assert trimmed("x \u200b\udc00\n") == 1
    assert trimmed("x\ud83d\ude00") == 3
    assert trimmed(" \n") == 0
    assert invisible("ab \x00\u200b\nc", 2, 99) == 6
    assert invisible("ab    ", 2, 4) == 4


def test_a_high_surrogate_waits_for_its_other_half() -> None:
    assert leading_blank(" \ud83d", complete=False) == 1
    assert leading_blank(" \ud83d", complete=True) == 2
    assert leading_blank("\ud83d\ude00", complete=True) == 0


@pytest.mark.parametrize("text", ["a", "é", "7", "²", "你", "ก", "😀", "€", "+", "%", "©", "... ok"])
def test_speakable(text: str) -> None:
    assert speakable(text)


@pytest.mark.parametrize(
    "text", ["", "...", "—", "\"'", "***", "___", "|---|", "====", "■□│", "\ufffd", "« »", "، ؟"]
)
def test_unspeakable(text: str) -> None:
    assert not speakable(text)


@given(st.text(st.sampled_from("ab \n\t\u200b\ud83d\ude00\ufeff\ufffd.😀"), max_size=20))
@examples(80)
def test_nothing_blank_is_left_and_nothing_else_is_lost(raw: str) -> None:
    text = sayable(raw, 0)
    assert text.text == text.text.strip()
    assert "  " not in text.text
    assert not set(text.text) & set("\n\t\u200b\ud83d\ude00\ufeff\ufffd")
    joined = raw.replace("\ud83d\ude00", "😀")
    assert [c for c in text.text if c != " "] == [c for c in joined if c in "ab.😀"]
    for i, character in enumerate(text.text):
        start, stop = text.source(i, i + 1)
        if character in "ab.":
            assert raw[start:stop] == character
