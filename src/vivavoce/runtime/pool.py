"""The local backend: a worker process per core, and the schedule that feeds them.

Every worker has at most one step to do; what it answers decides nothing but the next pick. So no queue here grows
with the work: a stream has at most one utterance under way, pulled when it is its turn, and a worker at most the
chunks of one step. All state changes happen on the event loop's thread, in callbacks that never wait.

An utterance under way is a *flight*. A flight whose worker ends is flown again elsewhere if nobody heard any of it;
else its stream fails. The voice at work when a worker ends is to blame; after ``quarantine_after`` times it is not
used again. Others that were under way in that worker are neither blamed nor charged a try.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from vivavoce.errors import (
    EngineError,
    ShuttingDownError,
    UnknownVoiceError,
    VivavoceError,
    VoiceQuarantinedError,
    WorkerDiedError,
    error_classes,
    quoted,
)
from vivavoce.runtime.admission import Admission
from vivavoce.runtime.backend import Source
from vivavoce.runtime.clock import Clock
from vivavoce.runtime.crew import Crew, Slot, cores
from vivavoce.runtime.frames import MAX_NUMBER, Broken, Drop, Message, Plan, Step, Stepped
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.scheduler import Scheduler
from vivavoce.settings import Settings, exported
from vivavoce.speech import Chunk, Gender, Utterance, VoiceInfo

_ERRORS: Final = {cls.code: cls for cls in error_classes()}


@dataclass(eq=False, slots=True)
class _Flight:
    """An utterance under way."""

    number: int
    seat: _Seat
    utterance: Utterance
    tries_left: int
    slot: Slot | None = None
    """Where the worker is that has it; ``None`` before its first step."""
    heard: bool = False


class _Seat:
    """A stream's place; see :class:`~vivavoce.runtime.backend.Seat`. Everything is a no-op after ``leave``."""

    def __init__(self, pool: LocalPool, source: Source, voice: VoiceInfo, metrics: Metrics) -> None:
        self._pool = pool
        self.source = source
        self.voice = voice
        self.metrics = metrics.stream(voice.engine)
        self.flight: _Flight | None = None
        self.gone = False
        self.woken_at: float | None = None
        self.waits = self.unheard = True

    def wake(self) -> None:
        if not self.gone:
            self._pool._wake(self)

    def delivered(self, seconds: float) -> None:
        if not self.gone:
            self._pool._delivered(self, seconds)

    def hold(self, held: bool) -> None:
        if not self.gone:
            self._pool._hold(self, held)

    def leave(self) -> None:
        if not self.gone:
            self.gone = True
            self._pool._leave(self)


class LocalPool:
    """Worker processes on this machine; see :class:`~vivavoce.runtime.backend.Backend`."""

    def __init__(self, settings: Settings, clock: Clock, metrics: Metrics | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self.metrics = metrics or Metrics()
        self.metrics.watch(self.status)
        count = settings.workers or cores()
        self._crew = Crew(
            count,
            settings.engines,
            clock,
            self._on_message,
            self._on_ready,
            self._on_lost,
            self.metrics,
            exported(settings),
        )
        self._idle: dict[int, Slot] = {}
        self._stepping: dict[int, _Flight] = {}
        """By slot, whose step its worker is at; a listener who leaves does not end the step at once."""
        self._aboard: list[set[_Flight]] = [set() for _ in range(count)]
        """By slot, the flights that its worker has."""
        self._scheduler: Scheduler[_Seat, int] = Scheduler(
            lead_s=settings.lead_s, first_deadline_s=settings.first_deadline_s, workers=count
        )
        self._admission = Admission(
            min(count, cores()), settings.max_load, retry_after_s=settings.retry_after_s
        )
        self._voices: dict[str, VoiceInfo] = {}
        self._engines: set[str] = set()
        self._speakers: dict[str, Gender] = {}
        self._flights: dict[int, _Flight] = {}
        self._last_number = 0
        self._crimes: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._closing = False
        self._steps = self._cancelled = self._refused = 0
        self._wasted_s = 0.0

    # ---- Backend --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """See :class:`~vivavoce.runtime.backend.Backend`. Raises WorkerDiedError when a worker cannot be started."""
        await self._crew.start()

    async def close(self) -> None:
        """See :class:`~vivavoce.runtime.backend.Backend`. What is under way fails with ShuttingDownError."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        for flight in list(self._flights.values()):
            if flight.number in self._flights:
                self._fail(flight, self._shutting_down())
        await self._crew.close()

    def voices(self) -> Sequence[VoiceInfo]:
        return [voice for voice in self._voices.values() if not self._quarantined(voice.id)]

    def speakers(self) -> Mapping[str, Gender]:
        return self._speakers

    def attach(self, source: Source, voice: VoiceInfo) -> _Seat:
        """See :class:`~vivavoce.runtime.backend.Backend`. Raises UnknownVoiceError and ShuttingDownError, too."""
        try:
            self._admit(voice)
        except VivavoceError as error:
            self._refused += 1
            self.metrics.refused(error.code)
            raise
        seat = _Seat(self, source, voice, self.metrics)
        self._scheduler.add(seat, self._clock.now())
        return seat

    def status(self) -> Mapping[str, float]:
        """As the contract says, and ``underruns``, ``refused``, ``quarantined``, ``after_disconnect_s``."""
        return {
            "streams": len(self._scheduler),
            "running": self._scheduler.running,
            "workers": self._crew.ready,
            "worker_deaths": self._crew.deaths,
            "steps": self._steps,
            "cancelled": self._cancelled,
            "load": self._admission.load,
            "underruns": self._scheduler.underruns,
            "refused": self._refused,
            "quarantined": sum(map(self._quarantined, self._crimes)),
            "after_disconnect_s": self._wasted_s,
        }

    async def load(self, voice: str) -> None:
        """Make ``voice`` ready in every worker that runs. Raises EngineError."""
        await self._crew.load(voice)

    # ---- what seats ask for ---------------------------------------------------------------------------------------

    def _wake(self, seat: _Seat) -> None:
        now = self._clock.now()
        if seat.woken_at is None:
            seat.woken_at = now
        self._scheduler.ready(seat, True, now)
        self._offer(seat)

    def _delivered(self, seat: _Seat, seconds: float) -> None:
        now = self._clock.now()
        self._scheduler.delivered(seat, seconds, now)
        if self._idle:
            self._arm(now)

    def _hold(self, seat: _Seat, held: bool) -> None:
        self._scheduler.hold(seat, held, self._clock.now())
        if not held:
            self._offer(seat)

    def _leave(self, seat: _Seat) -> None:
        self._scheduler.remove(seat)
        self._admission.release(seat.voice.id)
        if seat.flight is not None:
            self._cancelled += 1
            self._drop(seat.flight)

    def _admit(self, voice: VoiceInfo) -> None:
        if self._closing:
            raise self._shutting_down()
        if voice.engine not in self._engines:
            raise UnknownVoiceError(f"no engine here has the voice {quoted(voice.id)}", param="voice")
        if self._quarantined(voice.id):
            raise self._quarantine_error(voice.id)
        self._admission.admit(voice.id)

    # ---- the schedule at work -------------------------------------------------------------------------------------

    def _offer(self, seat: _Seat) -> None:
        """``seat`` may have become the most urgent: if a worker that may serve it is idle, let it pick."""
        flight = seat.flight
        if flight is not None and flight.slot is not None:
            if flight.slot.index in self._idle:
                self._dispatch(flight.slot)
        elif self._idle:
            idle = self._idle.values()
            self._dispatch(next((slot for slot in idle if seat.voice.id in slot.at_hand), next(iter(idle))))

    def _dispatch(self, slot: Slot) -> None:
        """Give the worker of ``slot``, which has nothing to do, the most urgent step."""
        if self._closing or slot.process is None:
            return
        now = self._clock.now()
        self._idle.pop(slot.index, None)  # Pulling may wake other streams: they must not pick this worker.
        while (choice := self._scheduler.pick(slot.index, now)) is not None:
            seat = choice.stream
            flight = seat.flight or self._pull(seat, now)
            if flight is None:
                self._scheduler.pass_turn(seat, now)
            elif self._quarantined(flight.utterance.voice):
                self._fail(flight, self._quarantine_error(flight.utterance.voice))
            else:
                self._step(slot, flight, choice.seconds, now)
                return
        self._idle[slot.index] = slot
        self._arm(now)

    def _pull(self, seat: _Seat, now: float) -> _Flight | None:
        utterance = seat.source.pull()
        if utterance is None or seat.gone:
            return None
        if seat.waits and seat.woken_at is not None:
            seat.waits = False
            seat.metrics.queue_wait(now - seat.woken_at)
        self._last_number = self._last_number % MAX_NUMBER + 1
        flight = _Flight(self._last_number, seat, utterance, self._settings.worker_retries)
        self._flights[flight.number] = seat.flight = flight
        return flight

    def _step(self, slot: Slot, flight: _Flight, seconds: float, now: float) -> None:
        assert slot.process is not None
        if flight.slot is None:
            flight.slot = slot
            slot.at_hand.add(flight.utterance.voice)
            self._aboard[slot.index].add(flight)
            slot.process.send(flight.number, Plan(flight.utterance))
        slot.busy_since = now
        self._stepping[slot.index] = flight
        slot.process.send(flight.number, Step(max(1, round(seconds * flight.seat.voice.rate_hz))))

    def _arm(self, now: float) -> None:
        """See to it that idle workers pick again when the first resting stream may go on."""
        due = self._scheduler.next_wake(now)
        if self._closing or due is None:
            return
        if self._timer is not None:
            if self._timer_due <= due:
                return
            self._timer.cancel()
        self._timer_due = due
        self._timer = asyncio.get_running_loop().call_later(due - now, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        for slot in list(self._idle.values()):
            if slot.index in self._idle:
                self._dispatch(slot)

    # ---- what workers say -----------------------------------------------------------------------------------------

    def _on_message(self, slot: Slot, number: int, message: Message) -> None:
        match message:
            case Chunk():
                self._on_chunk(slot, number, message)
            case Stepped():
                self._on_stepped(slot, message)
            case Broken():
                self._on_broken(slot, message)
            case _:
                raise AssertionError(f"a worker said {type(message).__name__}")

    def _on_chunk(self, slot: Slot, number: int, chunk: Chunk) -> None:
        flight = self._flights.get(number)
        if flight is None:
            wasted_s = len(chunk.pcm) / 2 / self._stepping[slot.index].seat.voice.rate_hz
            self._wasted_s += wasted_s
            self.metrics.after_disconnect(wasted_s)
            return
        flight.heard = True
        seat = flight.seat
        if seat.unheard and seat.woken_at is not None:
            seat.unheard = False
            seat.metrics.first_audio(self._clock.now() - seat.woken_at)
        seat.source.take(flight.utterance.number, chunk)

    def _on_stepped(self, slot: Slot, report: Stepped) -> None:
        flight = self._end_step(slot, report.cpu_s, report.samples, done=report.done)
        if report.done and flight.number in self._flights:
            self._land(flight)
            flight.seat.source.finish(flight.utterance.number)
        self._dispatch(slot)

    def _on_broken(self, slot: Slot, report: Broken) -> None:
        flight = self._end_step(slot, report.cpu_s, 0, done=True)
        if flight.number in self._flights:
            self._fail(flight, _ERRORS.get(report.code, EngineError)(report.message))
        self._dispatch(slot)

    def _end_step(self, slot: Slot, cpu_s: float, samples: int, *, done: bool) -> _Flight:
        flight = self._stepping.pop(slot.index)
        slot.busy_since = None
        made_s = samples / flight.seat.voice.rate_hz
        self._steps += 1
        flight.seat.metrics.step(made_s)
        self._admission.observe(flight.utterance.voice, cpu_s, made_s)
        if flight.number in self._flights:
            pin = None if done else slot.index
            now = self._clock.now()
            self._scheduler.stepped(flight.seat, now, made_s=made_s, cpu_s=cpu_s, pin=pin)
        return flight

    # ---- how flights end ------------------------------------------------------------------------------------------

    def _land(self, flight: _Flight) -> None:
        """``flight`` is no longer under way."""
        del self._flights[flight.number]
        flight.seat.flight = None
        if flight.slot is not None:
            self._aboard[flight.slot.index].discard(flight)

    def _drop(self, flight: _Flight) -> None:
        """End ``flight`` here and in its worker."""
        self._land(flight)
        if flight.slot is not None and flight.slot.process is not None:
            flight.slot.process.send(flight.number, Drop())

    def _fail(self, flight: _Flight, error: VivavoceError) -> None:
        self._drop(flight)
        self._scheduler.unpin(flight.seat, self._clock.now())
        flight.seat.source.fail(flight.utterance.number, error)

    def _recover(self, flight: _Flight, *, charged: bool) -> None:
        """The worker of ``flight`` has ended: fly it again if nobody heard any of it, else fail it."""
        flight.slot = None
        voice = flight.utterance.voice
        if self._quarantined(voice):
            self._fail(flight, self._quarantine_error(voice))
        elif flight.heard or (charged and flight.tries_left == 0):
            self._fail(flight, WorkerDiedError("the engine worker ended in the middle of this stream"))
        else:
            flight.tries_left -= charged
            self._scheduler.unpin(flight.seat, self._clock.now())
            self._offer(flight.seat)

    # ---- how workers come and go ----------------------------------------------------------------------------------

    def _on_ready(self, slot: Slot) -> None:
        assert slot.process is not None
        for voice in slot.process.voices:
            self._voices.setdefault(voice.id, voice)
            self._engines.add(voice.engine)
        self._speakers |= slot.process.speakers
        self._dispatch(slot)

    def _on_lost(self, slot: Slot) -> None:
        """``slot`` has no worker now: blame the voice at work, and see to what was under way."""
        self._idle.pop(slot.index, None)
        stepping = self._stepping.pop(slot.index, None)
        for voice in slot.loads if stepping is None else (stepping.utterance.voice,):
            self._crimes[voice] += 1
        aboard, self._aboard[slot.index] = self._aboard[slot.index], set()
        for flight in sorted(aboard, key=attrgetter("number")):
            if flight.number in self._flights:
                self._recover(flight, charged=flight is stepping)

    def _quarantined(self, voice: str) -> bool:
        return self._crimes[voice] >= self._settings.quarantine_after

    def _quarantine_error(self, voice: str) -> VoiceQuarantinedError:
        return VoiceQuarantinedError(
            f"the voice {quoted(voice)} ended its worker {self._crimes[voice]} times and is not used until "
            "the server starts again; choose another voice",
            param="voice",
        )

    def _shutting_down(self) -> ShuttingDownError:
        return ShuttingDownError("the server is shutting down", retry_after_s=self._settings.retry_after_s)
