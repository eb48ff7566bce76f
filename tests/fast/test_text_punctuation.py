"""The tables of characters contradict neither each other nor what belongs together."""

from __future__ import annotations

import pytest

from vivavoce.text import punctuation
from vivavoce.text.punctuation import last_mark, splits_cluster

pytestmark = pytest.mark.fast


def test_no_character_is_of_two_kinds() -> None:
    every = "".join(
        (
            punctuation.ENDS,
            punctuation.FREE_ENDS,
            punctuation.CLAUSES,
            punctuation.FREE_CLAUSES,
            punctuation.QUOTES,
            punctuation.CLOSING,
        )
    )
    assert len(every) == len(set(every))


def test_no_mark_counts_as_a_letter_of_a_script_without_spaces() -> None:
    marks = punctuation.ALL_ENDS | punctuation.ALL_CLAUSES
    assert [mark for mark in marks if punctuation.is_unspaced(mark)] == []


def test_scripts() -> None:
    assert all(punctuation.is_han_or_kana(c) for c in "你々かカー𠀀")
    assert not any(punctuation.is_han_or_kana(c) for c in "한aก。・")
    assert all(punctuation.is_unspaced(c) for c in "你กລမក")
    assert punctuation.is_greek("ς")
    assert not punctuation.is_greek("c")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("one", ""),
        ("", ""),
        ("one.", "."),
        ("one?!”)", "?!"),
        ("one, ", ","),
        ("« Oui. »", "."),
        ("x,.", "."),
        ("x-", ""),
    ],
)
def test_last_mark(text: str, mark: str) -> None:
    assert last_mark(text) == mark


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("e", "\u0301"), ("👍", "🏽"), ("👩\u200d", "👧"), ("👩", "\u200d👧"), ("❤", "\ufe0f"), ("🇩", "🇪"),
        ("🇩🇪🇫", "🇷"), ("\ud83d", "\ude00"), ("ก", "ะ"), ("เ", "ก"), ("き", "ゃ"), ("カ", "ー"), ("🏴", "\U000e0067"),
    ],
)  # fmt: skip
def test_what_belongs_together(before: str, after: str) -> None:
    assert splits_cluster(before + after, len(before))


@pytest.mark.parametrize(
    ("before", "after"), [("a", "b"), ("🇩🇪", "🇫🇷"), ("👍", "👍"), ("你", "好"), ("\u0301", "a")]
)
def test_what_does_not(before: str, after: str) -> None:
    assert not splits_cluster(before + after, len(before))
