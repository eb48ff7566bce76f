"""What holds of the schedule whatever happens: who may be picked is, nobody starves, a crowd costs nothing extra."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from schedules import FIRST_S, LEAD_S, ready, scheduler
from vivavoce.runtime.scheduler import LARGEST_STEP_S, Scheduler

pytestmark = pytest.mark.fast

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


@examples(120)
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


@examples(25)
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
