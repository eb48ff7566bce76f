"""The schedule, on a clock of our own: nobody starves, nobody waits behind a crowd, nobody is made too much."""

from __future__ import annotations

from itertools import pairwise

import pytest

from schedules import FIRST_S, LEAD_S, picked, ready, scheduler
from vivavoce.runtime.scheduler import LARGEST_STEP_S, MAX_STEP_CPU_S, SMALLEST_STEP_S, Choice, Scheduler

pytestmark = pytest.mark.fast


def turn(schedule: Scheduler[str, int], now: float, *, seconds: float | None = None) -> str:
    """One whole turn in which all the audio asked for (or ``seconds`` of it) is made and goes on."""
    choice = schedule.pick(0, now)
    assert choice is not None
    made_s = choice.seconds if seconds is None else seconds
    if made_s:
        schedule.delivered(choice.stream, made_s, now)
    schedule.stepped(choice.stream, now, made_s=made_s, cpu_s=0.0, pin=None)
    return choice.stream


# ---- the order --------------------------------------------------------------------------------------------------------


def test_the_earliest_deadline_goes_first() -> None:
    schedule = ready("a", "b", "c")
    for name, seconds in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        schedule.delivered(name, seconds, 0.0)
    assert [picked(schedule, 0, 0.0) for _ in range(4)] == ["b", "c", "a", None]


def test_equal_deadlines_go_in_the_order_of_arrival() -> None:
    schedule = scheduler()
    for name in "abc":
        schedule.add(name, 0.0)
    for name in "bca":
        schedule.ready(name, True, 0.0)
    assert [picked(schedule, 0, 0.0) for _ in range(3)] == ["b", "c", "a"]


def test_a_newcomer_has_no_absolute_priority() -> None:
    """One who is about to run dry goes before one who has just come."""
    schedule = ready("listening")
    schedule.delivered("listening", FIRST_S / 2, 0.0)
    schedule.add("new", 0.0)
    schedule.ready("new", True, 0.0)
    assert picked(schedule, 0, 0.0) == "listening"


def test_a_newcomer_goes_before_those_who_have_time() -> None:
    schedule = ready("listening")
    schedule.delivered("listening", 3.0, 0.0)
    schedule.add("new", 0.0)
    schedule.ready("new", True, 0.0)
    assert picked(schedule, 0, 0.0) == "new"


def test_the_deadline_of_newcomers_widens_with_the_crowd() -> None:
    crowd = [f"crowd {i}" for i in range(16)]
    schedule = ready(*crowd)
    for name in crowd:
        schedule.delivered(name, 0.5, 0.0)
    schedule.add("new", 0.0)
    schedule.ready("new", True, 0.0)
    assert picked(schedule, 0, 0.0) == "crowd 0"


def test_a_stream_waits_for_the_worker_that_has_its_utterance() -> None:
    schedule = ready("a", "b")
    assert picked(schedule, 0, 0.0) == "a"
    schedule.stepped("a", 0.0, made_s=0.1, cpu_s=0.01, pin=0)
    assert picked(schedule, 1, 0.0) == "b"
    assert picked(schedule, 1, 0.0) is None
    assert picked(schedule, 0, 0.0) == "a"


def test_a_lost_worker_sets_its_streams_free() -> None:
    schedule = ready("a", "b")
    for name in "ab":
        assert picked(schedule, 0, 0.0) == name
    schedule.stepped("a", 0.0, made_s=0.1, cpu_s=0.01, pin=0)
    for name in "ab":  # b is in the middle of its turn.
        schedule.unpin(name, 0.0)
    assert {picked(schedule, 1, 0.0), picked(schedule, 1, 0.0)} == {"a", "b"}


def test_a_stream_is_picked_once_a_turn() -> None:
    schedule = ready("a")
    assert picked(schedule, 0, 0.0) == "a"
    schedule.ready("a", True, 0.0)
    assert picked(schedule, 1, 0.0) is None
    schedule.stepped("a", 0.0, made_s=0.0, cpu_s=0.0, pin=None)
    assert picked(schedule, 1, 0.0) == "a"


def test_a_passed_turn_makes_the_stream_wait_for_its_next_text() -> None:
    schedule = ready("a")
    assert picked(schedule, 0, 0.0) == "a"
    schedule.pass_turn("a", 0.0)
    assert picked(schedule, 0, 0.0) is None
    schedule.ready("a", True, 5.0)
    assert picked(schedule, 0, 5.0) == "a"


def test_held_and_removed_streams_are_not_picked() -> None:
    schedule = ready("a", "b")
    schedule.hold("a", True, 0.0)
    schedule.remove("b")
    schedule.remove("b")
    assert picked(schedule, 0, 0.0) is None
    schedule.hold("a", False, 0.0)
    assert picked(schedule, 0, 0.0) == "a"
    assert (len(schedule), schedule.running, schedule.waiting) == (1, 1, 0)


def test_reports_about_a_removed_stream_are_no_error() -> None:
    schedule = ready("a")
    assert picked(schedule, 0, 0.0) == "a"
    schedule.remove("a")
    schedule.stepped("a", 0.0, made_s=1.0, cpu_s=0.1, pin=0)
    schedule.pass_turn("a", 0.0)
    schedule.unpin("a", 0.0)
    assert (len(schedule), schedule.running, schedule.waiting) == (0, 0, 0)


def test_a_stream_is_added_once() -> None:
    schedule = ready("a")
    with pytest.raises(ValueError, match="scheduled already"):
        schedule.add("a", 0.0)


# ---- debts --------------------------------------------------------------------------------------------------------------


def test_a_listener_who_ran_dry_plays_on_from_now() -> None:
    schedule = ready("late", "punctual")
    schedule.delivered("late", 1.0, 0.0)
    schedule.delivered("punctual", 7.0, 0.0)
    schedule.delivered("late", 3.0, 5.0)
    assert schedule.underruns == 1
    assert [picked(schedule, 0, 5.0), picked(schedule, 0, 5.0)] == ["punctual", "late"]  # At 7 and at 8.


def test_a_slow_writer_makes_no_underrun_and_no_old_debt() -> None:
    schedule = ready("typing", "listening")
    schedule.delivered("typing", 1.0, 0.0)
    assert picked(schedule, 0, 0.0) == "listening"
    assert picked(schedule, 0, 0.0) == "typing"
    schedule.pass_turn("typing", 0.0)
    schedule.stepped("listening", 0.0, made_s=0.0, cpu_s=0.0, pin=None)
    schedule.delivered("listening", 20.05, 0.0)
    schedule.ready("typing", True, 20.0)
    assert picked(schedule, 0, 20.0) == "listening"
    schedule.delivered("typing", 1.0, 20.5)
    assert schedule.underruns == 0


def test_a_listener_who_took_nothing_is_no_debtor() -> None:
    schedule = ready("paused", "listening")
    schedule.delivered("paused", 1.0, 0.0)
    schedule.hold("paused", True, 0.0)
    schedule.delivered("listening", 9.05, 0.0)
    schedule.hold("paused", False, 9.0)
    assert picked(schedule, 0, 9.0) == "listening"
    schedule.delivered("paused", 1.0, 9.5)
    assert schedule.underruns == 0


def test_a_stream_that_keeps_its_audio_gets_what_others_leave() -> None:
    """It has no listener yet, so it never becomes the most urgent again; but it does not wait for ever either."""
    schedule = ready("keeping", "playing")
    schedule.delivered("playing", 0.5, 0.0)
    for _ in range(8):
        choice = schedule.pick(0, 0.0)
        assert choice is not None
        if choice.stream == "playing":
            schedule.delivered("playing", 0.1, 0.0)
        schedule.stepped(choice.stream, 0.0, made_s=0.4, cpu_s=0.01, pin=None)
    turns = [turn(schedule, 2.0, seconds=0.1) for _ in range(3)]
    assert "playing" in turns
    assert "keeping" in [turn(schedule, 3.0, seconds=1.0) for _ in range(10)]


# ---- the lead -----------------------------------------------------------------------------------------------------------


def test_a_stream_far_ahead_of_its_listener_rests_and_comes_back() -> None:
    schedule = ready("a")
    made_s = 0.0
    while (choice := schedule.pick(0, 0.0)) is not None:
        made_s += choice.seconds
        schedule.delivered("a", choice.seconds, 0.0)
        schedule.stepped("a", 0.0, made_s=choice.seconds, cpu_s=0.0, pin=None)
    assert LEAD_S - SMALLEST_STEP_S <= made_s <= LEAD_S
    wake = schedule.next_wake(0.0)
    assert wake is not None
    assert 0 < wake <= 2 * LARGEST_STEP_S
    assert picked(schedule, 0, wake - 0.01) is None
    assert picked(schedule, 0, wake) == "a"
    assert schedule.next_wake(wake) is None


def test_an_engine_that_makes_more_than_asked_rests_longer() -> None:
    schedule = ready("a")
    turn(schedule, 0.0, seconds=25.0)
    assert schedule.next_wake(0.0) == pytest.approx(25.0 - LEAD_S + LARGEST_STEP_S)


def test_a_resting_stream_keeps_to_its_worker() -> None:
    schedule = ready("a")
    assert picked(schedule, 1, 0.0) == "a"
    schedule.delivered("a", 20.0, 0.0)
    schedule.stepped("a", 0.0, made_s=20.0, cpu_s=0.1, pin=1)
    assert picked(schedule, 0, 19.0) is None
    assert picked(schedule, 1, 19.0) == "a"


def test_rest_that_is_over_is_told_with_its_worker() -> None:
    schedule = ready("a", "b")
    for name, pin in (("a", 1), ("b", None)):
        assert picked(schedule, 1, 0.0) == name
        schedule.delivered(name, 20.0, 0.0)
        schedule.stepped(name, 0.0, made_s=20.0, cpu_s=0.1, pin=pin)
    assert schedule.rouse(1.0) == []
    assert set(schedule.rouse(19.0)) == {1, None}


def test_rest_that_ends_in_the_pick_of_another_worker_is_told_to_its_own() -> None:
    schedule = ready("a")
    assert picked(schedule, 1, 0.0) == "a"
    schedule.delivered("a", 20.0, 0.0)
    schedule.stepped("a", 0.0, made_s=20.0, cpu_s=0.1, pin=1)
    assert picked(schedule, 0, 19.0) is None, "it was here that the rest ended"
    assert schedule.rouse(19.0) == [1]
    assert schedule.rouse(19.0) == []


def test_the_least_lead_is_kept() -> None:
    schedule = ready("a", "dry")
    assert schedule.least_lead_s("a") is None
    for name in ("a", "dry"):
        schedule.delivered(name, 1.0, 0.0)
    schedule.delivered("a", 2.0, 0.75)
    schedule.delivered("a", 2.0, 1.0)
    schedule.delivered("dry", 1.0, 1.5)
    assert schedule.least_lead_s("a") == 0.25
    assert schedule.least_lead_s("dry") == 0.0
    assert schedule.least_lead_s("nobody") is None
    assert schedule.lead_s(2.0) == (3.0 + 0.5) / 2


# ---- the size of steps --------------------------------------------------------------------------------------------------


def sizes(schedule: Scheduler[str, int], count: int, cost: float) -> list[float]:
    """Sizes of the turns of one stream whose audio costs so much."""
    found: list[float] = []
    now = 0.0
    for _ in range(count):
        choice = schedule.pick(0, now)
        assert choice is not None
        found.append(choice.seconds)
        now += cost * choice.seconds
        schedule.delivered(choice.stream, choice.seconds, now)
        made_s = choice.seconds
        schedule.stepped(choice.stream, now, made_s=made_s, cpu_s=cost * made_s, pin=None)
    return found


def test_steps_begin_small_and_double() -> None:
    found = sizes(ready("a"), 6, cost=0.01)
    assert found[0] == SMALLEST_STEP_S
    assert found[-1] == LARGEST_STEP_S
    assert all(after <= 2 * before for before, after in pairwise(found))


@pytest.mark.parametrize("cost", [0.1, 0.3, 0.6])
def test_steps_of_a_costly_voice_stay_short(cost: float) -> None:
    found = sizes(ready("a"), 12, cost=cost)
    longest = max(SMALLEST_STEP_S, MAX_STEP_CPU_S / cost)
    assert max(found) <= longest + 1e-9


def test_first_steps_are_larger_when_many_wait() -> None:
    few, many = ready("a"), ready(*(f"s{i}" for i in range(16)))
    alone, crowded = few.pick(0, 0.0), many.pick(0, 0.0)
    assert alone is not None
    assert crowded is not None
    assert crowded.seconds > alone.seconds


def test_a_turn_that_makes_nothing_does_not_count_as_growth() -> None:
    schedule = ready("a")
    turn(schedule, 0.0, seconds=0)
    assert schedule.pick(0, 0.0) == Choice("a", SMALLEST_STEP_S)
