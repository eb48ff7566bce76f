"""Who goes first: earliest playback deadline, a step at a time. Pure; time comes in as ``now``, in seconds.

Theory. A stream's *deadline* is the moment the audio already on its way to the listener runs out. A worker that is
free makes the next step of the stream whose deadline comes first. That order misses no deadline that any order
could keep, up to the length of one step, which is why work comes in steps and steps are short.

* A newcomer has nothing to run out. Its deadline is its arrival plus ``first_deadline_s``, widened with the number
  of streams that want a worker now. Absolute priority instead would let a burst of newcomers starve those who
  listen already.
* A listener who ran dry plays again from the next audio on; the gap is counted once and the debt is forgotten, for
  old debts would crowd out those who are still on time. A stream that had nothing to say, or whose listener took
  nothing, is no debtor: it comes back as a newcomer.
* Audio that is made but not sent on yet (a session that holds everything to fit a duration) moves the *rank*, not
  the deadline: such a stream uses what the others leave and never gets in front of them for good.
* A stream more than ``lead_s`` ahead of its listener rests until there is room for a large step again.
* The first step is small, so that it is heard soon, and larger when many wait, so that everybody's start lasts a
  round. The next ones double while half of the listener's buffer covers them at the present contention, and while
  one step stays under ``MAX_STEP_CPU_S`` of work at the measured cost of this stream.
* An utterance that is partly made lives in one worker: its stream waits for that worker, others for any.
* A voice that takes memory and time to load is a *kind*. Streams of a kind go to the workers that have it at hand
  (its *homes*); another worker that is idle takes one over once it has waited for ``PATIENCE_S``, and from then on
  is a home too. So a voice lives in as few workers as carry its streams, and no worker is idle while others queue.
  A worker does nothing else while it loads one, so it does not load while a listener of its own would run dry
  meanwhile, unless the voice has waited for ``LOAD_PATIENCE_S``.

Starvation is impossible: every turn moves its stream's rank to at least ``now`` plus what it made, so the rank of a
waiting stream is passed sooner or later by all others. Each call is O(log n); nothing walks over all streams.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

S = TypeVar("S", bound=Hashable)
"""What names a stream."""
W = TypeVar("W", bound=Hashable)
"""What names a worker."""
Kind: TypeAlias = Hashable
"""What names the voices that are loaded together."""

SMALLEST_STEP_S: Final = 0.08
LARGEST_STEP_S: Final = 1.0
MAX_STEP_CPU_S: Final = 0.06
"""A cancel, or a more urgent stream, waits at most about this long."""
WIDEST: Final = 8.0
"""How often ``first_deadline_s`` fits into the deadline of a newcomer on a crowded machine (decisions/004)."""
PATIENCE_S: Final = 0.03
"""How long a stream waits for a worker that has its voice before any may load it: a few steps of the others."""
LOADING_S: Final = 0.2
"""What a voice takes to load: 0.09 s for a medium neural one, 0.2 for a high one (docs/benchmarks.md)."""
LOAD_PATIENCE_S: Final = 1.0
"""How long a voice that has to be loaded waits for workers whose listeners have hardly any audio in hand."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[S]):
    """A turn: whose it is, and how much audio to make in it."""

    stream: S
    seconds: float


class _Line(Generic[S]):
    """Streams by rank. Moving or removing one leaves a dead entry behind, dropped when it comes up."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, S]] = []
        self._live: dict[S, int] = {}
        self._tickets = 0

    def __len__(self) -> int:
        return len(self._live)

    def put(self, stream: S, rank: float) -> None:
        self._tickets += 1
        self._live[stream] = self._tickets
        heapq.heappush(self._heap, (rank, self._tickets, stream))
        if len(self._heap) > 64 + 2 * len(self._live):
            self._heap = [entry for entry in self._heap if self._live.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def drop(self, stream: S) -> None:
        self._live.pop(stream, None)

    def first(self) -> tuple[float, S] | None:
        """The lowest rank and its stream, which stays in line."""
        while self._heap:
            rank, ticket, stream = self._heap[0]
            if self._live.get(stream) == ticket:
                return rank, stream
            heapq.heappop(self._heap)
        return None


@dataclass(slots=True)
class _Stream(Generic[S, W]):
    deadline: float
    rank: float
    kind: Kind | None = None
    line: _Line[S] | None = None
    since: float = 0.0
    """When it got into the line it is in, or was in last."""
    least_lead_s: float = float("inf")
    """The shortest time it was ahead of its listener when audio came; 0 after a gap."""
    pin: W | None = None
    ready: bool = False
    held: bool = False
    running: bool = False
    playing: bool = False
    """Whether its listener has audio, so that the deadline is real."""
    sent_in_turn: bool = False
    """Whether audio went on since it was picked last."""
    keeping: bool = False
    """Whether audio was made that has not gone on."""
    last_step_s: float = 0.0
    cost: float = 0.0
    """CPU seconds per audio second; 0 until measured."""


class Scheduler(Generic[S, W]):
    """The order of work for ``workers`` equal workers."""

    def __init__(self, *, lead_s: float, first_deadline_s: float, workers: int) -> None:
        self._lead_s = lead_s
        self._first_deadline_s = first_deadline_s
        self._workers = workers
        # Room that ends a rest; waking for every few milliseconds of it would be all overhead.
        self._room_s = min(LARGEST_STEP_S, lead_s / 2)
        self._streams: dict[S, _Stream[S, W]] = {}
        self._anywhere: _Line[S] = _Line()
        self._pinned: dict[W, _Line[S]] = {}
        self._near: dict[Kind, _Line[S]] = {}
        self._homes: dict[Kind, set[W]] = {}
        self._resting: _Line[S] = _Line()
        self._roused: set[W | None] = set()
        """Workers for which a rest has ended since :meth:`rouse`."""
        self._wanting = 0
        self.underruns = 0
        """Times that a listener ran dry although there was something to say."""

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def running(self) -> int:
        """Streams whose turn is on now."""
        return self._wanting - self.waiting

    @property
    def waiting(self) -> int:
        """Streams in line for a worker; those that rest, are held or have nothing to say are not."""
        lines = (self._anywhere, *self._pinned.values(), *self._near.values())
        return sum(map(len, lines))

    def lead_s(self, now: float) -> float:
        """How far those who have audio are ahead of their listeners, on average; 0 when nobody has any."""
        leads = [max(0.0, entry.deadline - now) for entry in self._streams.values() if entry.playing]
        return sum(leads) / len(leads) if leads else 0.0

    def least_lead_s(self, stream: S) -> float | None:
        """The shortest time that ``stream`` was ahead of its listener when more audio came; 0 if it ran dry, ``None``
        if it got audio no more than once."""
        entry = self._streams.get(stream)
        return None if entry is None or entry.least_lead_s == float("inf") else entry.least_lead_s

    def add(self, stream: S, now: float, kind: Kind | None = None) -> None:
        """A new stream, with nothing to do yet; ``kind`` if its voice has to be loaded. Raises ValueError if it is
        there already."""
        if stream in self._streams:
            raise ValueError(f"{stream!r} is scheduled already")
        deadline = now + self._first_deadline_s
        self._streams[stream] = _Stream(deadline, deadline, kind)

    def settle(self, worker: W, kind: Kind) -> None:
        """``worker`` has ``kind`` at hand."""
        self._homes.setdefault(kind, set()).add(worker)

    def unsettle(self, worker: W, kind: Kind | None = None) -> None:
        """``worker`` has ``kind`` no longer, or nothing at all."""
        for homes in self._homes.values() if kind is None else (self._homes.get(kind, set()),):
            homes.discard(worker)

    def remove(self, stream: S) -> None:
        """Forget ``stream``, in whatever state; unknown ones are no error."""
        entry = self._streams.pop(stream, None)
        if entry is not None:
            self._leave_line(stream, entry)
            self._wanting -= entry.running

    def ready(self, stream: S, is_ready: bool, now: float) -> None:
        """Whether there is, or may be, work for ``stream``."""
        entry = self._streams[stream]
        if is_ready and not entry.ready and not (entry.playing and now <= entry.deadline):
            self._welcome(entry, now)
        entry.ready = is_ready
        self._place(stream, entry, now)

    def hold(self, stream: S, held: bool, now: float) -> None:
        """While held, ``stream`` is not picked; a turn that is on is not interrupted."""
        entry = self._streams[stream]
        if entry.held and not held and entry.playing and now > entry.deadline:
            self._welcome(entry, now)
        entry.held = held
        self._place(stream, entry, now)

    def delivered(self, stream: S, seconds: float, now: float) -> None:
        """``seconds`` more audio is on its way to the listener."""
        entry = self._streams[stream]
        if entry.playing:
            entry.least_lead_s = min(entry.least_lead_s, max(0.0, entry.deadline - now))
        if entry.playing and now <= entry.deadline:
            entry.deadline += seconds
        else:
            self.underruns += entry.playing
            entry.playing = True
            entry.deadline = now + seconds
        entry.rank = entry.deadline
        entry.sent_in_turn = True
        entry.keeping = False
        self._place(stream, entry, now)

    def pick(self, worker: W, now: float, fits: Callable[[Kind], bool] | None = None) -> Choice[S] | None:
        """The stream whose step ``worker`` is to make now, or ``None``; ``fits`` tells of a kind whether the worker
        has room for it.

        Its turn lasts until :meth:`stepped` or :meth:`pass_turn`.
        """
        self._end_rests(now)
        lines = [self._anywhere, self._pinned.get(worker)]
        lines += [line for kind, line in self._near.items() if self._may(worker, kind, line, now, fits)]
        candidates = [first for line in lines if line and (first := line.first())]
        if not candidates:
            return None
        _, stream = min(candidates, key=_rank)
        entry = self._streams[stream]
        entry.last_step_s = self._step_s(entry, now)
        self._leave_line(stream, entry)
        entry.running = True
        self._wanting += 1
        entry.sent_in_turn = False
        return Choice(stream, entry.last_step_s)

    def stepped(self, stream: S, now: float, *, made_s: float, cpu_s: float, pin: W | None) -> None:
        """The turn is over: ``made_s`` of audio in ``cpu_s`` of work. ``pin`` is the worker that holds the rest of
        the utterance, if there is a rest. Unknown streams (removed meanwhile) are no error."""
        entry = self._streams.get(stream)
        if entry is None:
            return
        if made_s > 0:
            measured = cpu_s / made_s
            entry.cost = measured if entry.cost == 0 else (entry.cost + measured) / 2
        if not entry.sent_in_turn:
            entry.rank = max(entry.rank, now) + made_s
            entry.keeping |= made_s > 0
        self._end_turn(entry, made_s)
        entry.pin = pin
        self._place(stream, entry, now)

    def pass_turn(self, stream: S, now: float) -> None:
        """There was nothing to do in this turn; ``stream`` is not ready until :meth:`ready` says so."""
        entry = self._streams.get(stream)
        if entry is not None:
            self._end_turn(entry, 0.0)
            entry.ready = False
            self._place(stream, entry, now)

    def unpin(self, stream: S, now: float) -> None:
        """The worker of ``stream`` is lost: its turn, if on, is over and any worker may have the next one."""
        entry = self._streams.get(stream)
        if entry is not None:
            self._end_turn(entry, 0.0)
            entry.pin = None
            self._place(stream, entry, now)

    def next_wake(self, now: float) -> float | None:
        """When the first resting stream may be picked again (``now`` if it may already), or one that waits for a worker
        with its voice may go to any; ``None`` if there is no such moment."""
        moments = [first[0]] if (first := self._resting.first()) is not None else []
        for line in self._near.values():
            if (head := line.first()) is not None:
                until = self._streams[head[1]].since + PATIENCE_S
                # A stream whose patience is over was offered then: there is nothing more to wait for.
                moments += [until] if until > now else []
        return max(now, min(moments)) if moments else None

    # ---- inside ---------------------------------------------------------------------------------------------------

    def _may(
        self, worker: W, kind: Kind, line: _Line[S], now: float, fits: Callable[[Kind], bool] | None
    ) -> bool:
        """Whether ``worker`` may serve those who wait in ``line`` for a worker with ``kind``."""
        first = line.first()
        if first is None or not (fits is None or fits(kind)):
            return False
        homes, since = self._homes.get(kind, ()), self._streams[first[1]].since
        if worker in homes:
            return True
        return now >= since + (PATIENCE_S if homes else 0.0) and self._may_load(worker, now, since)

    def _may_load(self, worker: W, now: float, since: float) -> bool:
        """Whether ``worker`` may stop its other streams for as long as it loads a voice wanted ``since`` then."""
        line = self._pinned.get(worker)
        nearest = line.first() if line is not None else None
        return nearest is None or nearest[0] >= now + LOADING_S or now >= since + LOAD_PATIENCE_S

    def _crowd(self) -> float:
        """Streams that want a worker, per worker; at least 1."""
        return max(1.0, self._wanting / self._workers)

    def _welcome(self, entry: _Stream[S, W], now: float) -> None:
        """Make a stream that comes for the first time, or comes back with nothing left to play, a newcomer."""
        entry.playing = False
        entry.deadline = now + self._first_deadline_s * min(self._crowd(), WIDEST)
        entry.rank = max(entry.rank, entry.deadline) if entry.keeping else entry.deadline
        entry.last_step_s = 0.0

    def _step_s(self, entry: _Stream[S, W], now: float) -> float:
        """How much audio to make in the next turn, by the rules in the module's docstring."""
        crowd = self._crowd()
        if entry.last_step_s == 0.0:
            size = SMALLEST_STEP_S * (1 if crowd < 2 else 2 if crowd < 6 else 4)
        else:
            size = min(2 * entry.last_step_s, LARGEST_STEP_S)
        if entry.cost > 0:
            size = min(size, MAX_STEP_CPU_S / entry.cost)
        if entry.playing:
            slack = max(0.0, entry.deadline - now)
            size = min(size, self._lead_s - slack)
            if entry.cost > 0:
                size = min(size, 0.5 * slack / (entry.cost * crowd))
        return max(size, SMALLEST_STEP_S)

    def _place(self, stream: S, entry: _Stream[S, W], now: float) -> None:
        """Put ``stream`` where its state says: into a line, to rest, or nowhere."""
        self._leave_line(stream, entry)
        if entry.running or entry.held or not entry.ready:
            return
        if entry.playing and entry.deadline - now > self._lead_s - SMALLEST_STEP_S:
            entry.line = self._resting
            self._resting.put(stream, entry.deadline - self._lead_s + self._room_s)
        else:
            self._queue(stream, entry, now)

    def _queue(self, stream: S, entry: _Stream[S, W], now: float) -> None:
        if entry.pin is not None:
            entry.line = self._pinned.setdefault(entry.pin, _Line())
        elif entry.kind is not None:
            entry.line = self._near.setdefault(entry.kind, _Line())
        else:
            entry.line = self._anywhere
        entry.line.put(stream, entry.rank)
        entry.since = now
        self._wanting += 1

    def _leave_line(self, stream: S, entry: _Stream[S, W]) -> None:
        if entry.line is not None:
            entry.line.drop(stream)
            self._wanting -= entry.line is not self._resting
            entry.line = None

    def _end_turn(self, entry: _Stream[S, W], made_s: float) -> None:
        self._wanting -= entry.running
        entry.running = False
        if made_s == 0:
            entry.last_step_s /= 2  # Nothing came of it: doubling it next time restores the size.

    def rouse(self, now: float) -> list[W | None]:
        """Workers that may find something to do since the last call, because rest is over or patience is: ``None`` is
        any. What :meth:`next_wake` was armed for."""
        self._end_rests(now)
        # Another worker's pick may have ended the rest of a stream that waits for an idle one: it is told here.
        wanted = list(self._roused)
        self._roused.clear()
        heads = [head[1] for line in self._near.values() if (head := line.first()) is not None]
        wanted += [None for head in heads if now >= self._streams[head].since + PATIENCE_S]
        return wanted

    def _end_rests(self, now: float) -> None:
        """Take those whose rest is over back into line."""
        while (first := self._resting.first()) is not None and first[0] <= now:
            stream = first[1]
            entry = self._streams[stream]
            self._leave_line(stream, entry)
            self._queue(stream, entry, now)
            self._roused.add(entry.pin)


def _rank(candidate: tuple[float, object]) -> float:
    return candidate[0]
