"""The schedule, on a clock of our own: nobody starves, nobody waits behind a crowd, nobody is made too much."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.runtime.scheduler import (
    LARGEST_STEP_S,
    LOAD_PATIENCE_S,
    LOADING_S,
    MAX_STEP_CPU_S,
    PATIENCE_S,
    SMALLEST_STEP_S,
    Choice,
    Scheduler,
)

pytestmark = pytest.mark.fast

LEAD_S = 10.0
FIRST_S = 0.1


def scheduler(workers: int = 2, lead_s: float = LEAD_S) -> Scheduler[str, int]:
    return Scheduler(lead_s=lead_s, first_deadline_s=FIRST_S, workers=workers)


def ready(*names: str, workers: int = 2, now: float = 0.0) -> Scheduler[str, int]:
    """A schedule with these streams, all of which have something to say."""
    made = scheduler(workers)
    for name in names:
        made.add(name, now)
        made.ready(name, True, now)
    return made


def picked(schedule: Scheduler[str, int], worker: int, now: float) -> str | None:
    choice = schedule.pick(worker, now)
    return None if choice is None else choice.stream


def turn(
    schedule: Scheduler[str, int], now: float, *, seconds: float | None = None, cpu_s: float = 0.0
) -> str:
    """One whole turn in which all the audio asked for (or ``seconds`` of it) is made and goes on."""
    choice = schedule.pick(0, now)
    assert choice is not None
    made_s = choice.seconds if seconds is None else seconds
    if made_s:
        schedule.delivered(choice.stream, made_s, now)
    schedule.stepped(choice.stream, now, made_s=made_s, cpu_s=cpu_s, pin=None)
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


# ---- voices that have to be loaded --------------------------------------------------------------------------------------


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


# ---- at work ------------------------------------------------------------------------------------------------------------


class Policy(Protocol):
    """What the simulation asks of a schedule."""

    def wake(self, stream: int, now: float) -> None: ...
    def take(self, worker: int, now: float) -> tuple[int, float] | None: ...
    def done(self, stream: int, worker: int, now: float, made_s: float, cost: float, rest: bool) -> None: ...
    def next_wake(self, now: float) -> float | None: ...


class EarliestDeadline:
    def __init__(self, workers: int) -> None:
        self.schedule: Scheduler[int, int] = Scheduler(
            lead_s=LEAD_S, first_deadline_s=FIRST_S, workers=workers
        )

    def wake(self, stream: int, now: float) -> None:
        self.schedule.add(stream, now)
        self.schedule.ready(stream, True, now)

    def take(self, worker: int, now: float) -> tuple[int, float] | None:
        choice = self.schedule.pick(worker, now)
        return None if choice is None else (choice.stream, choice.seconds)

    def done(self, stream: int, worker: int, now: float, made_s: float, cost: float, rest: bool) -> None:
        self.schedule.delivered(stream, made_s, now)
        pin = worker if rest else None
        self.schedule.stepped(stream, now, made_s=made_s, cpu_s=cost * made_s, pin=pin)

    def next_wake(self, now: float) -> float | None:
        return self.schedule.next_wake(now)


class FirstComeFirstServed:
    """What most servers do: whole utterances, in the order in which they were asked for."""

    def __init__(self, workers: int) -> None:
        self.queue: list[int] = []

    def wake(self, stream: int, now: float) -> None:
        self.queue.append(stream)

    def take(self, worker: int, now: float) -> tuple[int, float] | None:
        return (self.queue.pop(0), 1e9) if self.queue else None

    def done(self, stream: int, worker: int, now: float, made_s: float, cost: float, rest: bool) -> None:
        self.queue.append(stream)

    def next_wake(self, now: float) -> float | None:
        return None


@dataclass
class Listener:
    arrival: float
    utterances: list[float]
    """Seconds of audio still to be made of each."""
    runs_out: float = 0.0
    first_after: float | None = None
    late: list[float] = field(default_factory=list)

    def hear(self, seconds: float, now: float) -> None:
        if self.first_after is None:
            self.first_after = now - self.arrival
        elif now > self.runs_out + 1e-9:
            self.late.append(now - self.runs_out)
        self.runs_out = max(self.runs_out, now) + seconds


def simulate(policy: Policy, listeners: list[Listener], workers: int, cost: float) -> None:
    """Let ``workers`` make all that ``listeners`` are to hear, ``cost`` seconds of work a second of audio."""
    events = [(listener.arrival, 0, stream, -1, 0.0) for stream, listener in enumerate(listeners)]
    heapq.heapify(events)
    idle = set(range(workers))
    while events:
        now, kind, stream, worker, made_s = heapq.heappop(events)
        if kind == 0:
            policy.wake(stream, now)
        elif kind == 1:
            finish(policy, listeners[stream], stream, worker, now, made_s, cost)
            idle.add(worker)
        for free in sorted(idle):
            taken = next_work(policy, listeners, free, now)
            if taken is not None:
                idle.discard(free)
                heapq.heappush(events, (now + cost * taken[1], 1, taken[0], free, taken[1]))
        wake = policy.next_wake(now) if idle else None
        if wake is not None:
            heapq.heappush(events, (wake, 2, -1, -1, 0.0))


def finish(
    policy: Policy, listener: Listener, stream: int, worker: int, now: float, made_s: float, cost: float
) -> None:
    listener.utterances[0] -= made_s
    rest = listener.utterances[0] > 1e-9
    if not rest:
        listener.utterances.pop(0)
    listener.hear(made_s, now)
    policy.done(stream, worker, now, made_s, cost, rest)


def next_work(policy: Policy, listeners: list[Listener], worker: int, now: float) -> tuple[int, float] | None:
    while (taken := policy.take(worker, now)) is not None:
        stream, seconds = taken
        if listeners[stream].utterances:
            return stream, min(seconds, listeners[stream].utterances[0])
        if isinstance(policy, EarliestDeadline):
            policy.schedule.remove(stream)
    return None


def audience(count: int, over_s: float, talk_s: float, seed: int = 0) -> list[Listener]:
    """``count`` listeners who come within ``over_s`` seconds and hear about ``talk_s`` seconds each."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        utterances: list[float] = []
        while sum(utterances) < talk_s:
            utterances.append(rng.uniform(1.0, 8.0))
        made.append(Listener(rng.uniform(0.0, over_s), utterances))
    return made


BUSY = 0.85
"""Share of its time that the worker with the most listeners needs for them."""


def share(count: int, workers: int) -> float:
    """The cost of a second of audio that makes ``count`` listeners keep ``workers`` so busy."""
    return BUSY / math.ceil(count / workers)


@pytest.mark.parametrize("over_s", [0.0, 3.0])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 16, 50])
def test_nobody_runs_dry_below_capacity(count: int, over_s: float) -> None:
    workers = 2
    policy, listeners = EarliestDeadline(workers), audience(count, over_s, talk_s=12)
    simulate(policy, listeners, workers, share(count, workers))
    assert [listener.late for listener in listeners] == [[]] * count
    assert policy.schedule.underruns == 0
    assert all(listener.first_after is not None and not listener.utterances for listener in listeners)


def test_nobody_runs_dry_among_two_hundred() -> None:
    policy, listeners = EarliestDeadline(2), audience(200, over_s=5, talk_s=6)
    simulate(policy, listeners, 2, share(200, 2))
    assert [listener.late for listener in listeners if listener.late] == []


def test_whole_utterances_in_order_of_arrival_leave_listeners_dry() -> None:
    """The same audience and the same machine: the order alone makes the difference."""

    def outcome(make: Callable[[int], Policy]) -> tuple[int, float]:
        listeners = audience(16, over_s=0.0, talk_s=12)
        simulate(make(2), listeners, 2, share(16, 2))
        firsts = sorted(listener.first_after or 0.0 for listener in listeners)
        return sum(len(listener.late) for listener in listeners), firsts[8]

    dry, first_s = outcome(EarliestDeadline)
    dry_in_order, first_in_order_s = outcome(FirstComeFirstServed)
    assert dry == 0
    assert dry_in_order > 0
    assert first_s < first_in_order_s / 3


def test_a_burst_of_newcomers_does_not_starve_those_who_listen() -> None:
    early = audience(8, over_s=0.0, talk_s=20)
    burst = audience(8, over_s=0.0, talk_s=6, seed=1)
    for listener in burst:
        listener.arrival = 2.0
    simulate(EarliestDeadline(2), early + burst, 2, share(16, 2))
    assert [listener.late for listener in early + burst if listener.late] == []


# ---- whatever happens ---------------------------------------------------------------------------------------------------

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "remove", "ready", "idle", "hold", "release", "deliver", "pick", "step", "pass", "unpin"]
        ),
        st.sampled_from("abcd"),
        st.floats(0.0, 3.0),
    ),
    max_size=60,
)


class Ledger:
    """What must be true of each stream, kept beside the schedule."""

    def __init__(self) -> None:
        self.schedule = scheduler()
        self.now = 0.0
        self.ready: dict[str, bool] = {}
        self.held: set[str] = set()
        self.pins: dict[str, int] = {}
        self.running: dict[str, int] = {}

    def apply(self, what: str, name: str, amount: float) -> None:
        self.now += amount / 10
        worker = int(amount) % 2
        if what == "add" and name not in self.ready:
            self.schedule.add(name, self.now)
            self.ready[name] = False
        elif what == "pick":
            self.pick(worker)
        elif name in self.ready:
            self.change(what, name, amount)

    def change(self, what: str, name: str, amount: float) -> None:
        match what:
            case "remove":
                self.schedule.remove(name)
                for record in (self.ready, self.pins, self.running):
                    record.pop(name, None)
                self.held.discard(name)
            case "ready" | "idle":
                self.schedule.ready(name, what == "ready", self.now)
                self.ready[name] = what == "ready"
            case "hold" | "release":
                self.schedule.hold(name, what == "hold", self.now)
                (self.held.add if what == "hold" else self.held.discard)(name)
            case "deliver":
                self.schedule.delivered(name, amount, self.now)
            case "step" if name in self.running:
                worker = self.running.pop(name)
                self.pins.pop(name, None)
                pin = worker if amount > 1 else None
                if pin is not None:
                    self.pins[name] = pin
                self.schedule.stepped(name, self.now, made_s=amount, cpu_s=amount / 9, pin=pin)
            case "pass" if name in self.running:
                del self.running[name]
                self.ready[name] = False
                self.schedule.pass_turn(name, self.now)
            case "unpin":
                self.schedule.unpin(name, self.now)
                self.running.pop(name, None)
                self.pins.pop(name, None)

    def pick(self, worker: int) -> str | None:
        choice = self.schedule.pick(worker, self.now)
        if choice is None:
            return None
        name = choice.stream
        assert name in self.ready, "a stream that was removed"
        assert self.ready[name], "a stream with nothing to say"
        assert name not in self.held, "a stream that is held"
        assert name not in self.running, "a stream whose turn is on"
        assert self.pins.get(name, worker) == worker, "a stream that waits for another worker"
        assert 0 < choice.seconds <= LARGEST_STEP_S
        self.running[name] = worker
        return name


@settings(max_examples=120, deadline=None)
@given(OPERATIONS)
def test_only_those_who_may_are_picked_and_all_of_them_are(operations: list[tuple[str, str, float]]) -> None:
    ledger = Ledger()
    for operation in operations:
        ledger.apply(*operation)
        assert ledger.schedule.running == len(ledger.running)
    for name in list(ledger.running):
        ledger.change("step", name, 1.0)
    ledger.now += 1000.0  # Every lead has been played by then.
    able = {name for name, is_ready in ledger.ready.items() if is_ready and name not in ledger.held}
    found = set()
    while (last := ledger.pick(0) or ledger.pick(1)) is not None:
        found.add(last)
    assert found == able
    assert ledger.schedule.waiting == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_every_stream_gets_its_turn_even_above_capacity(count: int, seed: int) -> None:
    """Some keep their audio, some get nothing out of a turn, time is short: all are picked again and again."""
    rng = random.Random(seed)
    names = [f"s{i}" for i in range(count)]
    schedule = ready(*names)
    turns = dict.fromkeys(names, 0)
    now = 0.0
    for _ in range(60 * count):
        choice = schedule.pick(0, now)
        assert choice is not None
        turns[choice.stream] += 1
        now += 0.3
        index = names.index(choice.stream)
        if index % 3 == 0:
            schedule.delivered(choice.stream, choice.seconds, now)
        made_s = 0.0 if index % 3 == 2 and rng.random() < 0.5 else choice.seconds
        schedule.stepped(choice.stream, now, made_s=made_s, cpu_s=0.3, pin=None)
    assert min(turns.values()) >= 5


def test_ten_thousand_streams_cost_no_more_a_turn_than_ten() -> None:
    """Counted, not timed: how many streams a turn looks at."""

    class Counted:
        looks = 0

        def __init__(self, number: int) -> None:
            self.number = number

        def __hash__(self) -> int:
            type(self).looks += 1
            return self.number

    def looks(count: int) -> float:
        schedule: Scheduler[Counted, int] = Scheduler(lead_s=LEAD_S, first_deadline_s=FIRST_S, workers=2)
        streams = [Counted(number) for number in range(count)]
        for stream in streams:
            schedule.add(stream, 0.0)
            schedule.ready(stream, True, 0.0)
        Counted.looks = 0
        for step in range(500):
            choice = schedule.pick(0, step / 1000)
            assert choice is not None
            schedule.delivered(choice.stream, 0.01, step / 1000)
            schedule.stepped(choice.stream, step / 1000, made_s=0.01, cpu_s=0.001, pin=None)
        return Counted.looks / 500

    assert looks(10_000) <= 2 * looks(10) + 10
