"""The end of a unit: its bare text, its clause marks, its pause in samples."""

from __future__ import annotations

import pytest

from vivavoce.engines.boundaries import bare, ends_in_clause_mark, pause_samples
from vivavoce.speech import Boundary

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.", "Hello"),
        ("Hello?! ", "Hello"),
        ("well,", "well"),
        ('he said "yes."', 'he said "yes'),
        ("今天。", "今天"),
        ("3.5", "3.5"),
        ("Hello", "Hello"),
        ("a) b", "a) b"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_bare_takes_closing_punctuation_away_and_nothing_else(text: str, expected: str) -> None:
    assert bare(text) == expected


@pytest.mark.parametrize("text", ["well,", "so; ", 'he said "yes,"', "also…", "그래,", "你好，"])
def test_clause_marks_are_seen_through_closing_quotes(text: str) -> None:
    assert ends_in_clause_mark(text)


@pytest.mark.parametrize("text", ["well", "well.", "so?,", "a, b", ""])
def test_other_ends_are_no_clause_marks(text: str) -> None:
    assert not ends_in_clause_mark(text)


def test_pauses_in_samples_shrink_with_speed() -> None:
    assert pause_samples(Boundary.NONE, 1.0, 16000) == 0
    assert pause_samples(Boundary.CLAUSE, 1.0, 16000) == 2400
    assert pause_samples(Boundary.SENTENCE, 2.0, 22050) == 3308
