"""The schedule where voices have to be loaded: who goes to which worker, and how long it waits for one."""

from __future__ import annotations

import pytest

from schedules import picked, ready, scheduler
from vivavoce.runtime.scheduler import LOAD_PATIENCE_S, LOADING_S, PATIENCE_S, Scheduler

pytestmark = pytest.mark.fast


def with_kinds(**kinds: str) -> Scheduler[str, int]:
    """A schedule with a stream of each kind, all of which have something to say."""
    made = scheduler()
    for name, kind in kinds.items():
        made.add(name, 0.0, kind)
        made.ready(name, True, 0.0)
    return made


def test_a_voice_that_nobody_has_may_be_loaded_anywhere() -> None:
    assert picked(with_kinds(a="amy"), 1, 0.0) == "a"


def test_a_stream_goes_to_a_worker_that_has_its_voice() -> None:
    schedule = with_kinds(a="amy", b="bob")
    schedule.settle(0, "bob")
    schedule.settle(1, "amy")
    assert picked(schedule, 0, 0.0) == "b"
    assert picked(schedule, 0, 0.0) is None
    assert schedule.waiting == 1
    assert picked(schedule, 1, 0.0) == "a"


def test_an_impatient_stream_goes_to_any_worker() -> None:
    schedule = with_kinds(a="amy")
    schedule.settle(1, "amy")
    assert picked(schedule, 0, 0.0) is None
    assert schedule.next_wake(0.0) == PATIENCE_S
    assert picked(schedule, 0, PATIENCE_S / 2) is None
    assert schedule.rouse(PATIENCE_S / 2) == []
    assert schedule.rouse(PATIENCE_S) == [None]
    assert schedule.next_wake(PATIENCE_S) is None, "it would be told again and again"
    assert picked(schedule, 0, PATIENCE_S) == "a"


@pytest.mark.parametrize(
    ("in_hand_s", "waited_s", "expected"),
    [
        (LOADING_S - 0.01, 0.0, "here"),
        (LOADING_S + 0.02, 0.0, "new"),
        (LOADING_S - 0.01, LOAD_PATIENCE_S, "new"),
    ],
)
def test_a_worker_loads_no_voice_while_a_listener_of_its_own_would_run_dry(
    in_hand_s: float, waited_s: float, expected: str
) -> None:
    schedule = ready("here")
    assert picked(schedule, 0, 0.0) == "here"
    schedule.delivered("here", waited_s + in_hand_s, 0.0)
    schedule.stepped("here", 0.0, made_s=0.1, cpu_s=0.01, pin=0)
    schedule.add("new", 0.0, "amy")
    schedule.ready("new", True, 0.0)
    assert picked(schedule, 0, waited_s) == expected
    assert picked(schedule, 1, waited_s) == (None if expected == "new" else "new"), (
        "another worker is free to"
    )


def test_the_most_urgent_goes_first_across_voices() -> None:
    schedule = with_kinds(a="amy", b="bob")
    schedule.add("light", 0.0)
    schedule.ready("light", True, 0.0)
    for name, seconds in (("a", 2.0), ("b", 1.0), ("light", 3.0)):
        schedule.delivered(name, seconds, 0.0)
    assert [picked(schedule, 0, 0.0) for _ in range(3)] == ["b", "a", "light"]


def test_a_worker_without_room_passes_a_voice_over() -> None:
    schedule = with_kinds(a="amy", b="bob")
    choice = schedule.pick(0, 0.0, lambda kind: kind == "bob")
    assert choice is not None
    assert choice.stream == "b"
    assert schedule.pick(0, 9.0, lambda kind: False) is None
    assert picked(schedule, 1, 9.0) == "a"


def test_a_worker_that_lost_a_voice_is_no_home_any_more() -> None:
    schedule = with_kinds(a="amy")
    schedule.settle(0, "amy")
    schedule.settle(1, "amy")
    schedule.unsettle(0, "amy")
    assert picked(schedule, 0, 0.0) is None
    schedule.unsettle(1)
    assert picked(schedule, 0, 0.0) == "a"


def test_an_utterance_of_a_loaded_voice_stays_with_its_worker() -> None:
    schedule = with_kinds(a="amy")
    assert picked(schedule, 0, 0.0) == "a"
    schedule.settle(0, "amy")
    schedule.settle(1, "amy")
    schedule.stepped("a", 0.0, made_s=0.1, cpu_s=0.01, pin=0)
    assert picked(schedule, 1, 9.0) is None
    assert picked(schedule, 0, 9.0) == "a"
