"""Cutting events to credit loses nothing and keeps the order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.server.portion import audio_bytes, portion
from vivavoce.speech import Audio, Ended, Event, Mark

pytestmark = pytest.mark.fast

MARK = Mark("word", "a", 0, 1, 0, 1)


def test_audio_is_cut_and_its_times_with_it() -> None:
    now, rest = portion([MARK, Audio(b"abcd", 0.0, 2.0), Ended(2.0, 1)], 1)
    assert now == [MARK, Audio(b"a", 0.0, 0.5)]
    assert rest == [Audio(b"bcd", 0.5, 2.0), Ended(2.0, 1)]


def test_without_credit_only_what_is_before_the_audio_goes() -> None:
    assert portion([MARK, Audio(b"x", 0, 1), MARK], 0) == ([MARK], [Audio(b"x", 0, 1), MARK])
    assert portion([MARK, Ended(0, 0)], 0) == ([MARK, Ended(0, 0)], [])


@examples(100)
@given(
    st.lists(st.binary(max_size=9).map(lambda data: Audio(data, 0.0, 1.0)) | st.just(MARK), max_size=8),
    st.lists(st.integers(0, 7), min_size=1, max_size=6),
)
def test_any_credit_gives_the_same_events_in_the_same_order(events: list[Event], credit: list[int]) -> None:
    sent: list[Event] = []
    rest: list[Event] = events
    for limit in [*credit, 1000]:
        now, rest = portion(rest, limit)
        assert audio_bytes(now) <= limit
        sent += now
    assert rest == []
    assert flat(sent) == flat(events)


def flat(events: list[Event]) -> list[object]:
    """Audio byte by byte, other events as they are."""
    return [part for event in events for part in (event.data if isinstance(event, Audio) else [event])]
