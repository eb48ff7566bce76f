"""One mark for each word of the text, however the library divides, merges or misplaces it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.engines.words import Span, WordTrack, tokens
from vivavoce.speech import SampleMark

pytestmark = pytest.mark.fast


def told(text: str, events: list[tuple[int, int]], samples: int) -> list[tuple[str, int, int]]:
    """Word marks when the library reports words at (place, sample)."""
    track = WordTrack(text)
    for at, sample in events:
        track.begin(at, sample)
    track.finish(samples)
    return [(mark.value, mark.start, mark.stop) for mark in track.take()]


def test_tokens_are_what_stands_between_white_space() -> None:
    assert tokens(" one,\n“two”  3 ") == [Span(1, 5), Span(6, 11), Span(13, 14)]


def test_a_number_of_many_drifting_words_is_one_word() -> None:
    # espeak-ng 1.52 for "1,234 and": places 0, 1, 2, 3, 3 and 6.
    events = [(0, 0), (1, 231), (2, 705), (3, 1334), (3, 1653), (6, 2061)]
    assert told("1,234 and", events, 2500) == [("1,234", 0, 2061), ("and", 2061, 2500)]


def test_a_word_ends_where_its_sound_ends() -> None:
    track = WordTrack("yes, no")
    track.begin(0, 10)
    track.sound(100)
    track.begin(5, 300)
    track.sound(400)
    track.finish(900)
    assert [(m.start, m.stop) for m in track.take()] == [(10, 100), (300, 400)]


def test_words_that_the_library_merges_share_its_time_by_letters() -> None:
    # "tout le monde" may be a single word for espeak-ng.
    assert told("tout le monde", [(0, 0)], 1100) == [("tout", 0, 400), ("le", 400, 600), ("monde", 600, 1100)]


def test_a_place_before_the_word_is_taken_for_the_word_behind_it() -> None:
    assert told("Mr. X. went - home", [(0, 0), (4, 10), (6, 20), (12, 30)], 40) == [
        ("Mr.", 0, 10),
        ("X.", 10, 20),
        ("went", 20, 30),
        ("home", 30, 40),
    ]


def test_a_place_before_the_current_word_belongs_to_it() -> None:
    assert told("one two three", [(0, 0), (4, 10), (1, 15), (8, 20)], 30) == [
        ("one", 0, 10),
        ("two", 10, 20),
        ("three", 20, 30),
    ]


def test_han_words_divide_where_the_library_says() -> None:
    assert told("我有3本 books", [(0, 0), (1, 5), (2, 8), (3, 10), (5, 20)], 30) == [
        ("我", 0, 5),
        ("有3", 5, 10),
        ("本", 10, 20),
        ("books", 20, 30),
    ]


def test_a_word_never_divides_before_a_combining_sign() -> None:
    assert [value for value, _, _ in told("မင်္ဂ", [(0, 0), (2, 5)], 10)] == ["မင်္ဂ"]


def test_punctuation_alone_is_marked_only_when_it_is_spoken() -> None:
    assert told("- - hello !!!", [(0, 0)], 9) == [("hello", 0, 9)]
    assert told("!!!", [(2, 0)], 9) == [("!!!", 0, 9)]


def test_a_silent_beginning_is_not_lost() -> None:
    assert told("a bee", [(2, 5)], 9) == [("a", 5, 5), ("bee", 5, 9)]


def test_a_text_without_words_has_none() -> None:
    assert told(" ", [(0, 0)], 9) == []
    assert told("", [(0, 0)], 9) == []


@examples(60)
@given(
    st.text("ab 1,.我ง-", min_size=1, max_size=12),
    st.lists(st.integers(-2, 15), max_size=10),
    st.integers(0, 40),
)
def test_whatever_is_reported_marks_ascend_within_the_audio(
    text: str, places: list[int], samples: int
) -> None:
    track = WordTrack(text)
    marks: list[SampleMark] = []
    for i, at in enumerate(places):
        track.begin(at, 3 * i)
        track.sound(3 * i + 2)
        marks += track.take()
    track.finish(max(samples, 3 * len(places)))
    marks += track.take()
    assert all(mark.value == text[mark.text_start : mark.text_stop] for mark in marks)
    assert all(0 <= mark.start <= mark.stop for mark in marks)
    for a, b in itertools.pairwise(marks):
        assert a.stop <= b.start
        assert a.text_stop <= b.text_start
    if marks:
        sayable = [t for t in tokens(text) if any(c.isalnum() for c in text[t.start : t.stop])]
        covered = {i for mark in marks for i in range(mark.text_start, mark.text_stop)}
        assert all(i in covered for token in sayable for i in range(token.start, token.stop))
