"""Concurrent streams, period by period."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.soniox.streams_history import Peaks

pytestmark = pytest.mark.fast

DAY_S = 86_400


def peaks(*streams: tuple[float, float], stop_at: float = 2 * DAY_S) -> Peaks:
    made = Peaks(0, stop_at)
    for began_at, ended_at in streams:
        made.add(began_at, ended_at)
    return made


def test_a_minute_counts_its_peak() -> None:
    found = list(peaks((10, 50), (20, 30), (30, 40), (70, 200), stop_at=300).entries(60))
    assert [entry.counts()["sample_max"] for entry in found] == [2, 1, 1, 1, 0]
    assert [entry.start_at for entry in found] == [0, 60, 120, 180, 240]
    assert found[4].counts() == dict.fromkeys(
        ("sample_min", "sample_max", "sample_sum", "sample_count", "total_count"), 0
    )


def test_a_stream_that_ends_with_a_minute_is_not_in_the_next() -> None:
    found = list(peaks((0, 60), stop_at=120).entries(60))
    assert [entry.counts()["sample_max"] for entry in found] == [1, 0]


def test_hours_are_made_of_minutes_and_days_of_hours() -> None:
    made = peaks((0, 90), (30, 60), (7200, 7201))
    hour = next(iter(made.entries(3600))).counts()
    assert (hour["sample_max"], hour["sample_sum"], hour["sample_count"], hour["total_count"]) == (
        2,
        3,
        2,
        60,
    )
    day, other = (entry.counts() for entry in made.entries(DAY_S))
    assert (day["sample_max"], day["sample_sum"], day["sample_count"], day["total_count"]) == (2, 3, 2, 24)
    assert other["sample_count"] == 0


def test_what_lies_outside_the_window_does_not_count() -> None:
    made = Peaks(600, 720)
    for began_at, ended_at in ((0, 100), (800, 900), (500, 610)):
        made.add(began_at, ended_at)
    assert [entry.counts()["sample_max"] for entry in made.entries(60)] == [1, 0]


@examples(50)
@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 600)), max_size=8), st.sampled_from([60, 3600]))
def test_a_peak_is_never_more_than_all_streams(streams: list[tuple[float, float]], period_s: int) -> None:
    made = peaks(*((min(pair), max(pair)) for pair in streams), stop_at=600)
    found = list(made.entries(period_s))
    assert [entry.start_at for entry in found] == list(range(0, 600, period_s))
    assert max(entry.counts()["sample_max"] for entry in found) <= len(streams)
    assert any(entry.peaks for entry in found) is bool(streams)
