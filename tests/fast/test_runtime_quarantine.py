"""Voices that end their workers: when they are used no more, and when that is forgiven."""

from __future__ import annotations

import pytest

from vivavoce.runtime.quarantine import FORGIVEN_AFTER, Quarantine

pytestmark = pytest.mark.fast


def test_a_voice_is_used_no_more_after_so_many_crimes() -> None:
    quarantine = Quarantine(2)
    quarantine.blame(["a", "b"])
    assert "a" not in quarantine
    quarantine.blame(["a"])
    assert ("a" in quarantine, "b" in quarantine, len(quarantine)) == (True, False, 1)
    assert "2 times" in quarantine.error("a").message


@pytest.mark.parametrize(("spoken", "caught"), [(FORGIVEN_AFTER - 1, True), (FORGIVEN_AFTER, False)])
def test_good_work_makes_up_for_a_crime(spoken: int, caught: bool) -> None:
    quarantine = Quarantine(2)
    quarantine.blame(["a"])
    for _ in range(spoken):
        quarantine.spoken("a")
    quarantine.blame(["a"])
    assert ("a" in quarantine) is caught


def test_good_work_before_a_crime_counts_for_nothing() -> None:
    quarantine = Quarantine(1)
    for _ in range(2 * FORGIVEN_AFTER):
        quarantine.spoken("a")
    quarantine.blame(["a"])
    assert "a" in quarantine


def test_a_voice_that_kills_now_and_then_is_caught_all_the_same() -> None:
    quarantine = Quarantine(3)
    for _ in range(4):
        quarantine.blame(["a"])
        for _ in range(FORGIVEN_AFTER // 4):
            quarantine.spoken("a")
    assert "a" in quarantine
