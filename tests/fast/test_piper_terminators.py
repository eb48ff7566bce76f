"""What ended a clause, from the characters that espeak-ng consumed."""

from __future__ import annotations

import pytest

from vivavoce.engines.piper.terminators import Terminator, terminator

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("clause", "mark", "ends_sentence"),
    [
        ("He came. ", ".", True),
        ("Did he? ", "?", True),
        ("He did! ", "!", True),
        ("Well, ", ",", False),
        ("Look: ", ":", False),
        ("Yes; ", ";", False),
        ("No — ", ";", False),
        ("Really?! ", "?", True),
        ("Stop!!! ", "!", True),
        ("Odd., ", ".", True),
        ("And so… ", "", False),
        ("And so... ", "", False),
        ("And so..., ", "", False),
        ("你好。", "", True),
        ("你好，", "", False),
        ("नमस्ते। ", "", True),
        ("سلام، ", ",", False),
        ("Τι είναι\u037e ", "?", True),
        ("no end ", "", False),
        ("A title\n\n", "", True),
        ("A title.\n\n", "", True),
        ("A line.\n", ".", True),
        ("A paragraph \u2029 ", "", True),
        ("", "", False),
    ],
)
def test_the_first_mark_at_the_end_decides(clause: str, mark: str, ends_sentence: bool) -> None:
    assert terminator(clause, last=False, voice="en-us") == Terminator(mark, ends_sentence)


def test_the_end_of_the_text_ends_its_sentence() -> None:
    assert terminator("no end", last=True) == Terminator("", True)
    assert terminator("no end,", last=True) == Terminator(",", False)
    assert terminator("an end. ", last=True) == Terminator(".", True)


def test_marks_without_a_word_before_them_are_none() -> None:
    assert terminator("... ", last=False) == Terminator("", False)
    assert terminator("!", last=True) == Terminator("", True)
    assert terminator("!\n", last=False) == Terminator("!", True)


def test_a_no_break_space_is_no_space() -> None:
    assert terminator("He came.\u00a0", last=True) == Terminator("", True)
    assert terminator("He came.\u2003", last=True) == Terminator(".", True)


@pytest.mark.parametrize(
    ("clause", "voice", "mark"),
    [
        ("Ludwig XIV.", "de", ""),
        ("Ludwig I.", "de", ""),
        ("V.", "nl", ""),
        ("Ludwig XIV.", "en-us", "."),
        ("Ludwig XIVa.", "de", "."),
        ("TAXI.", "de", ""),
        ("KOI.", "de", "."),
        ("Ludwig XIV!", "de", "!"),
    ],
)
def test_a_dot_behind_a_roman_number_is_no_end_where_it_makes_an_ordinal(
    clause: str, voice: str, mark: str
) -> None:
    assert terminator(clause, last=True, voice=voice).mark == mark
    assert terminator(clause + " ", last=False, voice=voice).mark in ".!"
