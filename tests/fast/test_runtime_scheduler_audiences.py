"""The schedule at work, on a clock of our own: an audience below capacity never runs dry."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from schedules import FIRST_S, LEAD_S
from vivavoce.runtime.scheduler import Scheduler

pytestmark = pytest.mark.fast


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
