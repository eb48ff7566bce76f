"""Who goes next, in three ways: the server's own schedule, and the two that others use, behind one shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from vivavoce.runtime.scheduler import Scheduler

LEAD_S: Final = 10.0
FIRST_DEADLINE_S: Final = 0.1
TURN_S: Final = 0.25
"""Audio of one turn of round robin."""


class Policy(Protocol):
    """Who goes next. Streams are told by number."""

    def come(self, stream: int, now: float) -> None: ...

    def go(self, stream: int) -> None: ...

    def pick(self, worker: int, now: float) -> tuple[int, float] | None:
        """Stream, and the audio seconds to make."""
        ...

    def heard(self, stream: int, seconds: float, now: float) -> None: ...

    def hold(self, stream: int, held: bool, now: float) -> None: ...

    def done(self, stream: int, worker: int, now: float, made_s: float, cpu_s: float, rest: bool) -> None: ...

    def next_wake(self, now: float) -> float | None: ...

    def rouse(self, now: float) -> Sequence[int | None]:
        """Workers that may find something to do at the time :meth:`next_wake` said; ``None`` is any."""
        ...


class EarliestDeadline:
    """The server's own."""

    def __init__(self, workers: int) -> None:
        self._schedule: Scheduler[int, int] = Scheduler(
            lead_s=LEAD_S, first_deadline_s=FIRST_DEADLINE_S, workers=workers
        )

    def come(self, stream: int, now: float) -> None:
        self._schedule.add(stream, now)
        self._schedule.ready(stream, True, now)

    def go(self, stream: int) -> None:
        self._schedule.remove(stream)

    def pick(self, worker: int, now: float) -> tuple[int, float] | None:
        choice = self._schedule.pick(worker, now)
        return None if choice is None else (choice.stream, choice.seconds)

    def heard(self, stream: int, seconds: float, now: float) -> None:
        self._schedule.delivered(stream, seconds, now)

    def hold(self, stream: int, held: bool, now: float) -> None:
        self._schedule.hold(stream, held, now)

    def done(self, stream: int, worker: int, now: float, made_s: float, cpu_s: float, rest: bool) -> None:
        pin = worker if rest else None
        self._schedule.stepped(stream, now, made_s=made_s, cpu_s=cpu_s, pin=pin)

    def next_wake(self, now: float) -> float | None:
        return self._schedule.next_wake(now)

    def rouse(self, now: float) -> Sequence[int | None]:
        return self._schedule.rouse(now)


class InTurn:
    """Streams one after the other, ``turn_s`` of audio each; an utterance stays with its worker. Held ones are passed
    over, and nobody is limited in lead: that is what the servers that work so do."""

    def __init__(self, workers: int, turn_s: float) -> None:
        self._turn_s = turn_s
        self._anywhere: deque[int] = deque()
        self._pinned: list[deque[int]] = [deque() for _ in range(workers)]
        self._pin: dict[int, int | None] = {}
        self._held: set[int] = set()
        self._busy: set[int] = set()

    def come(self, stream: int, now: float) -> None:
        self._pin[stream] = None
        self._anywhere.append(stream)

    def go(self, stream: int) -> None:
        self._pin.pop(stream, None)
        self._held.discard(stream)

    def pick(self, worker: int, now: float) -> tuple[int, float] | None:
        for line in (self._pinned[worker], self._anywhere):
            while line:
                stream = line.popleft()
                if stream in self._pin and stream not in self._held and stream not in self._busy:
                    self._busy.add(stream)
                    return stream, self._turn_s
        return None

    def heard(self, stream: int, seconds: float, now: float) -> None:
        return

    def hold(self, stream: int, held: bool, now: float) -> None:
        if stream not in self._pin or held == (stream in self._held):
            return
        if held:
            self._held.add(stream)
        else:
            self._held.discard(stream)
            self._queue(stream)

    def done(self, stream: int, worker: int, now: float, made_s: float, cpu_s: float, rest: bool) -> None:
        self._busy.discard(stream)
        if stream in self._pin:
            self._pin[stream] = worker if rest else None
            self._queue(stream)

    def next_wake(self, now: float) -> float | None:
        return None

    def rouse(self, now: float) -> Sequence[int | None]:
        return ()

    def _queue(self, stream: int) -> None:
        pin = self._pin[stream]
        if stream not in self._held and stream not in self._busy:
            (self._anywhere if pin is None else self._pinned[pin]).append(stream)


POLICIES: Final[dict[str, Callable[[int], Policy]]] = {
    "edf": EarliestDeadline,
    "fifo": lambda workers: InTurn(workers, 1e9),
    "round robin": lambda workers: InTurn(workers, TURN_S),
}
