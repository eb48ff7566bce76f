"""A day at a large server in a minute: the real scheduler and the real admission on a virtual clock.

Nothing is synthesised. A step costs what it was measured to cost (or what is given), listeners come, play, read slowly
and barge in by a seeded plan, and time jumps from event to event. So the same policy that serves this machine can be
watched on 512 cores with 10,000 streams, against the two that servers of this field use:

* ``fifo``: whole utterances, first come first served, each by one worker to its end;
* ``round robin``: small steps, streams in turn, whoever needs it or not.

What the simulation leaves out: the front process, memory bandwidth, caches, and the operating system's own schedule.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from bench.costs import HIGH, MEDIUM, Costs, Voice
from bench.figures import quantile
from bench.policies import POLICIES, TURN_S, Policy
from vivavoce.errors import OverloadedError
from vivavoce.runtime.admission import SETTLED_S, Admission

MAX_LOAD: Final = 0.95
STARVED_S: Final = 0.02
"""Silence that counts: one packet of 20 ms, as in the measurements with sockets."""


class Scene(Struct, frozen=True):
    """Who comes when, and what they want. All times in seconds."""

    name: str
    cores: int
    streams: int
    over_s: float
    """Arrivals are spread evenly over so long; 0 is all at once."""
    voice: Voice = MEDIUM
    talk_s: tuple[float, float] = (6.0, 30.0)
    """Audio of one stream, shortest and longest."""
    utterance_s: tuple[float, float] = (1.0, 8.0)
    slow_share: float = 0.0
    """Listeners who read at half of playback, so that their sockets fill."""
    barge_share: float = 0.0
    """Listeners who leave at a random moment of their speech."""
    admitting: bool = True
    """Whether streams for which there is no room are refused; else everybody comes in."""
    seed: int = 1


@dataclass(eq=False, slots=True)
class Listener:
    """One stream, and what became of it."""

    number: int
    arrives: float
    utterances: deque[float]
    leaves: float
    reads: float
    """Audio seconds it takes in a second."""
    refused: bool = False
    gone: bool = False
    first_s: float | None = None
    runs_out: float = 0.0
    stalled_s: float = 0.0
    got_s: float = 0.0
    begun: bool = False
    """Whether the front of the utterance at hand has run."""
    settled: bool = False
    """Whether admission takes it for a newcomer no more."""

    def hear(self, seconds: float, now: float) -> None:
        """More audio arrives; playback that ran out before has stalled until now."""
        if self.first_s is None:
            self.first_s = now - self.arrives
            self.runs_out = now
        self.stalled_s += max(0.0, now - self.runs_out)
        self.runs_out = max(self.runs_out, now) + seconds
        self.got_s += seconds


class Outcome(Struct, frozen=True):
    """What a scene came to under a policy."""

    policy: str
    scene: str
    cores: int
    streams: int
    refused: int
    heard: int
    first_p50_ms: float
    first_p95_ms: float
    starved: int
    stalled_s: float
    """Silence of all listeners together, but those who read too slowly to play."""
    wasted_share: float
    """Work for those who had left, of all work."""
    busy: float
    """Share of the cores' time in work, until the last arrival or the end of work, whichever is later."""


def audience(scene: Scene) -> list[Listener]:
    """Those who come, in the order of arrival."""
    rng = random.Random(scene.seed)
    made: list[Listener] = []
    for number in range(scene.streams):
        arrives = scene.over_s * number / scene.streams
        want_s = rng.uniform(*scene.talk_s)
        utterances: deque[float] = deque()
        while (left := want_s - sum(utterances)) > 0.2:
            utterances.append(min(left, rng.uniform(*scene.utterance_s)))
        leaves = arrives + rng.uniform(0.2, want_s) if rng.random() < scene.barge_share else float("inf")
        reads = 0.5 if rng.random() < scene.slow_share else float("inf")
        made.append(Listener(number, arrives, utterances, leaves, reads))
    return made


_COME, _LEAVE, _DONE, _WAKE, _RELEASE = range(5)
_SOCKET_S: Final = 7.0
"""Audio that the buffers between a server and a listener who does not read take (0.3 MB of 16-bit PCM at 22 kHz)."""


@dataclass
class Play:
    """One scene under one policy."""

    scene: Scene
    policy: Policy
    listeners: list[Listener] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listeners = audience(self.scene)
        self._admission = Admission(self.scene.cores, MAX_LOAD)
        # The front process is left out; in the server it bounds the streams to some 600.
        self._admission.observe_front(0.0, 1e9)
        # As after the first minute of service: the price of the voice is known.
        for _ in range(20):
            self._admission.observe(self.scene.voice.name, self._price() * 60.0, 60.0)
            self._admission.observe(self.scene.voice.name, self.scene.voice.front_s, 0.0)
            self._admission.observe_start(self.scene.voice.name, self.scene.voice.front_s)
        self._idle = set(range(self.scene.cores))
        self._live: set[int] = set()
        self._events: list[tuple[float, int, int, int, float, float]] = []
        self._woken_for = float("inf")
        self.busy_s = self.wasted_s = self.now = 0.0

    def _price(self) -> float:
        """CPU seconds per audio second, all in."""
        voice, mean_s = self.scene.voice, sum(self.scene.utterance_s) / 2
        return voice.cost + voice.front_s / mean_s + voice.step_s / TURN_S

    def run(self) -> None:
        """From the first arrival until nothing moves any more."""
        for listener in self.listeners:
            self._at(listener.arrives, _COME, listener.number)
            if listener.leaves < float("inf"):
                self._at(listener.leaves, _LEAVE, listener.number)
        while self._events:
            self.now, kind, number, worker, made_s, cpu_s = heapq.heappop(self._events)
            self._feed(self._happen(kind, number, worker, made_s, cpu_s))

    def _happen(
        self, kind: int, number: int, worker: int, made_s: float, cpu_s: float
    ) -> Sequence[int | None]:
        """Returns the workers for which there may be something to do now; ``None`` is any."""
        if kind == _COME:
            self._come(self.listeners[number])
        elif kind == _LEAVE:
            self._over(self.listeners[number])
        elif kind == _DONE:
            self._done(self.listeners[number], worker, made_s, cpu_s)
            return (worker, None)
        elif kind == _RELEASE and number in self._live:
            self.policy.hold(number, False, self.now)
            return tuple(self._idle)
        elif kind == _WAKE:
            self._woken_for = float("inf")
            return self.policy.rouse(self.now)
        return (None,)

    def _at(
        self, when: float, kind: int, number: int, worker: int = -1, made_s: float = 0.0, cpu_s: float = 0.0
    ) -> None:
        heapq.heappush(self._events, (when, kind, number, worker, made_s, cpu_s))

    def _come(self, listener: Listener) -> None:
        if self.scene.admitting:
            try:
                self._admission.admit(self.scene.voice.name)
            except OverloadedError:
                listener.refused = True
                return
        self._live.add(listener.number)
        self.policy.come(listener.number, self.now)

    def _over(self, listener: Listener) -> None:
        listener.gone = True
        if listener.number in self._live:
            self._live.discard(listener.number)
            self.policy.go(listener.number)
            self._release(listener)

    def _release(self, listener: Listener) -> None:
        if self.scene.admitting:
            self._admission.release(self.scene.voice.name, settled=listener.settled)

    def _settle(self, listener: Listener) -> None:
        if self.scene.admitting and not listener.settled and listener.got_s >= SETTLED_S:
            listener.settled = True
            self._admission.settle(self.scene.voice.name)

    def _feed(self, workers: Sequence[int | None]) -> None:
        """Give ``workers`` what there is to do (``None`` is any that is idle), and look again in time."""
        for wanted in workers:
            worker = wanted if wanted is not None else next(iter(self._idle), None)
            if worker is None or worker not in self._idle:
                continue
            choice = self.policy.pick(worker, self.now)
            if choice is not None:
                self._idle.discard(worker)
                self._step(self.listeners[choice[0]], worker, choice[1])
        wake = self.policy.next_wake(self.now) if self._idle else None
        if wake is not None and wake < self._woken_for:
            self._woken_for = wake
            self._at(max(wake, self.now + 1e-6), _WAKE, -1)

    def _step(self, listener: Listener, worker: int, seconds: float) -> None:
        voice = self.scene.voice
        made_s = min(seconds, listener.utterances[0])
        cpu_s = voice.step_s + voice.cost * made_s + (0.0 if listener.begun else voice.front_s)
        listener.begun = True
        self.busy_s += cpu_s
        self._at(self.now + cpu_s, _DONE, listener.number, worker, made_s, cpu_s)

    def _done(self, listener: Listener, worker: int, made_s: float, cpu_s: float) -> None:
        self._idle.add(worker)
        number = listener.number
        if listener.gone:
            self.wasted_s += cpu_s
            self.policy.done(number, worker, self.now, made_s, cpu_s, False)
            return
        listener.utterances[0] -= made_s
        rest = listener.utterances[0] > 1e-9
        if not rest:
            listener.utterances.popleft()
            listener.begun = False
        listener.hear(made_s, self.now)
        self.policy.heard(number, made_s, self.now)
        self.policy.done(number, worker, self.now, made_s, cpu_s, rest)
        if not rest and not listener.utterances:
            self.policy.go(number)
            self._live.discard(number)
            self._release(listener)
            return
        self._settle(listener)
        self._press_back(listener)

    def _press_back(self, listener: Listener) -> None:
        """A listener who reads slowly fills the buffers before it, and its stream is held until there is room."""
        if listener.reads < float("inf") and listener.first_s is not None:
            taken_s = listener.reads * (self.now - listener.arrives - listener.first_s)
            over_s = listener.got_s - taken_s - _SOCKET_S
            if over_s > 0:
                self.policy.hold(listener.number, True, self.now)
                self._at(self.now + (over_s + 0.5) / listener.reads, _RELEASE, listener.number)


def play(scene: Scene, policy: str) -> Outcome:
    """``scene`` under the policy of that name."""
    run = Play(scene, POLICIES[policy](scene.cores))
    run.run()
    heard = [one for one in run.listeners if one.first_s is not None]
    # Whoever reads slower than playback starves by itself.
    eager = [one for one in heard if one.reads == float("inf")]
    firsts = [1e3 * one.first_s for one in heard if one.first_s is not None] or [0.0]
    return Outcome(
        policy=policy,
        scene=scene.name,
        cores=scene.cores,
        streams=scene.streams,
        refused=sum(one.refused for one in run.listeners),
        heard=len(heard),
        first_p50_ms=quantile(firsts, 0.5),
        first_p95_ms=quantile(firsts, 0.95),
        starved=sum(one.stalled_s > STARVED_S for one in eager),
        stalled_s=sum(one.stalled_s for one in eager),
        wasted_share=run.wasted_s / run.busy_s if run.busy_s else 0.0,
        busy=run.busy_s / (scene.cores * max(run.now, scene.over_s)) if run.now else 0.0,
    )


SCENES: Final = (
    Scene("16 at once", 2, 16, 0.0),
    Scene("a minute of arrivals", 2, 150, 60.0),
    Scene("the same, everybody let in", 2, 150, 60.0, admitting=False),
    Scene("short texts", 2, 300, 30.0, talk_s=(0.5, 3.0), utterance_s=(0.5, 2.0)),
    Scene("long texts", 4, 60, 60.0, talk_s=(60.0, 180.0)),
    Scene("slow readers and barge-ins", 8, 400, 60.0, slow_share=0.3, barge_share=0.4),
    Scene("a costly voice", 8, 30, 60.0, voice=HIGH),
    Scene("a burst of 400", 32, 400, 1.0),
    Scene("a burst of 1,000", 128, 1000, 2.0),
    Scene("10,000 in 20 s", 512, 10_000, 20.0, slow_share=0.05, barge_share=0.1),
)


def compare(scenes: Sequence[Scene]) -> list[Outcome]:
    """Every scene under every policy."""
    return [play(scene, policy) for scene in scenes for policy in POLICIES]


def priced(scenes: Sequence[Scene], costs: Costs) -> list[Scene]:
    """The scenes with voices of these costs."""
    voices = {MEDIUM: costs.medium, HIGH: costs.high}
    return [structs.replace(scene, voice=voices[scene.voice]) for scene in scenes]


def sweep(counts: Sequence[int]) -> list[Scene]:
    """So many streams in a minute on 32 cores, everybody let in."""
    return [Scene("sweep", 32, count, 60.0, barge_share=0.1, admitting=False) for count in counts]


def run(quick: bool, costs: Costs) -> dict[str, Any]:
    """The whole suite; about two minutes, or two seconds."""
    scenes = SCENES[:2] if quick else SCENES
    sweeps = sweep((200,) if quick else (400, 800, 1200, 1400, 1600, 1800, 2200))
    return {
        "costs_from": costs.source,
        "voices": msgspec.to_builtins([costs.medium, costs.high]),
        "outcomes": msgspec.to_builtins(compare(priced(scenes, costs))),
        "sweep": msgspec.to_builtins(compare(priced(sweeps, costs))),
    }
