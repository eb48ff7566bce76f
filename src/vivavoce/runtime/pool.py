"""The local backend: a worker process per core, and the schedule that feeds them.

Every worker has at most one step to do; what it answers decides nothing but the next pick. So no queue here grows
with the work: a stream has at most one utterance under way, pulled when it is its turn, and a worker at most the
chunks of one step. All state changes happen on the event loop's thread, in callbacks that never wait.

An utterance under way is a *flight*. A flight whose worker ends is flown again elsewhere if nobody heard any of it;
else its stream fails. The voice at work when a worker ends is to blame; after ``quarantine_after`` times it is not
used again. Others that were under way in that worker are neither blamed nor charged a try.

A stream for which there is no room may wait for it, if the settings say so: it has its seat, and is not scheduled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from vivavoce.engines.base import model_of
from vivavoce.errors import ShuttingDownError, VivavoceError, WorkerDiedError
from vivavoce.runtime.admission import HEAVY_COST
from vivavoce.runtime.alarm import Alarm
from vivavoce.runtime.backend import Source
from vivavoce.runtime.clock import Clock
from vivavoce.runtime.crew import Crew, cores
from vivavoce.runtime.door import Door
from vivavoce.runtime.flights import Flights
from vivavoce.runtime.frames import Broken, Drop, Loaded, Message, Plan, Ready, Step, Stepped
from vivavoce.runtime.looks import Looks
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.placement import Placement
from vivavoce.runtime.quarantine import Quarantine
from vivavoce.runtime.repertoire import Repertoire
from vivavoce.runtime.reserve import Slot
from vivavoce.runtime.scheduler import Scheduler
from vivavoce.runtime.seats import Flight, Seat
from vivavoce.settings import Settings, exported
from vivavoce.speech import Chunk, Gender, VoiceInfo


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
        self._stepping: dict[int, Flight] = {}
        """By slot, whose step its worker is at; a listener who leaves does not end the step at once."""
        self._scheduler: Scheduler[Seat, int] = Scheduler(
            lead_s=settings.lead_s, first_deadline_s=settings.first_deadline_s, workers=count
        )
        self._door = Door(settings, min(count, cores()), clock, self.metrics, self._seat)
        self._placement = Placement(count, settings.voice_memory_mb)
        self._flights = Flights(count, settings.worker_retries, self._placement)
        self._quarantine = Quarantine(settings.quarantine_after)
        self._repertoire = Repertoire(self._quarantine)
        self._alarm = Alarm(clock, self._on_alarm)
        self._looks = Looks()
        self._closing = False
        self._steps = self._cancelled = 0
        self._wasted_s = 0.0

    # ---- Backend --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """See :class:`~vivavoce.runtime.backend.Backend`. Raises WorkerDiedError when a worker cannot be started."""
        await self._crew.start()
        self._crew.keep_spares(max(0, self._settings.spare_workers))

    async def close(self) -> None:
        """See :class:`~vivavoce.runtime.backend.Backend`. What is under way fails with ShuttingDownError."""
        self._closing = True
        self._alarm.cancel()
        self._looks.over()
        self._door.close(self._shutting_down())
        for flight in self._flights:
            self._fail(flight, self._shutting_down())
        await self._crew.close()

    def voices(self) -> Sequence[VoiceInfo]:
        return self._repertoire.voices

    def speakers(self) -> Mapping[str, Gender]:
        return self._repertoire.speakers

    def attach(self, source: Source, voice: VoiceInfo, dialect: str = "") -> Seat:
        """See :class:`~vivavoce.runtime.backend.Backend`. Raises UnknownVoiceError, EngineError and ShuttingDownError,
        too."""
        seat = Seat(self, source, voice, dialect)
        try:
            self._check(voice)
        except VivavoceError as error:
            self._door.count_refusal(seat, error)
            raise
        self._door.enter(seat)
        return seat

    def status(self) -> Mapping[str, float]:
        """As the contract says, and ``underruns``, ``refused``, ``quarantined``, ``after_disconnect_s``, ``waiting``,
        ``spares``, ``lead_seconds``."""
        return {
            "streams": len(self._scheduler),
            "running": self._scheduler.running,
            "workers": self._crew.ready,
            "worker_deaths": self._crew.deaths,
            "steps": self._steps,
            "cancelled": self._cancelled,
            "load": self._door.admission.load,
            "underruns": self._scheduler.underruns,
            "refused": self._door.refused,
            "quarantined": len(self._quarantine),
            "after_disconnect_s": self._wasted_s,
            "waiting": self._door.waiting,
            "spares": self._crew.spares,
            "lead_seconds": self._scheduler.lead_s(self._clock.now()),
        }

    async def load(self, voice: str) -> None:
        """Make ``voice`` ready in every worker that runs. Raises EngineError."""
        await self._crew.load(voice)

    async def look(self) -> None:
        """See :class:`~vivavoce.runtime.backend.Changing`."""
        await self._looks.wait(self._crew.look())

    # ---- what seats ask for ---------------------------------------------------------------------------------------

    def wake(self, seat: Seat) -> None:
        now = self._clock.now()
        if seat.woken_at is None:
            seat.woken_at = now
        if seat.admitted:
            self._scheduler.ready(seat, True, now)
            self._offer(seat)

    def delivered(self, seat: Seat, seconds: float) -> None:
        now = self._clock.now()
        dry = self._scheduler.underruns
        self._scheduler.delivered(seat, seconds, now)
        if self._scheduler.underruns > dry:
            seat.metrics.underrun()
        if self._idle:
            self._arm(now)

    def hold(self, seat: Seat, held: bool) -> None:
        if not seat.admitted:
            return  # There is nothing yet that its listener could refuse to take.
        self._scheduler.hold(seat, held, self._clock.now())
        if not held:
            self._offer(seat)

    def leave(self, seat: Seat) -> None:
        if seat.admitted:
            seat.metrics.over(seat.made_s, seat.cpu_s, self._scheduler.least_lead_s(seat))
            self._scheduler.remove(seat)
        if seat.flight is not None:
            self._cancelled += 1
            self._drop(seat.flight)
        self._door.leave(seat)

    def _seat(self, seat: Seat) -> None:
        """``seat`` was admitted: it takes part from now on."""
        seat.admitted = True
        self._scheduler.add(seat, self._clock.now(), self._placement.heavy(seat.voice.id))
        if seat.woken_at is not None:
            self.wake(seat)

    def _check(self, voice: VoiceInfo) -> None:
        if self._closing:
            raise self._shutting_down()
        self._repertoire.check(voice)
        self._placement.check(voice.id)

    # ---- the schedule at work -------------------------------------------------------------------------------------

    def _offer(self, seat: Seat) -> None:
        """``seat`` may have become the most urgent: if a worker that may serve it is idle, let it pick."""
        flight = seat.flight
        if flight is not None and flight.slot is not None:
            if flight.slot.index in self._idle:
                self._dispatch(flight.slot)
        elif self._idle:
            at_hand = next((slot for slot in self._idle.values() if seat.model in slot.at_hand), None)
            # Where it has to be loaded, the emptiest worker has to unload least for it.
            held_mb = self._placement.held_mb
            self._dispatch(at_hand or min(self._idle.values(), key=lambda slot: held_mb(slot.at_hand)))

    def _dispatch(self, slot: Slot) -> None:
        """Give the worker of ``slot``, which has nothing to do, the most urgent step."""
        if self._closing or slot.process is None:
            return
        now = self._clock.now()
        self._idle.pop(slot.index, None)  # Pulling may wake other streams: they must not pick this worker.
        fits = partial(self._fits, slot)
        while (choice := self._scheduler.pick(slot.index, now, fits)) is not None:
            seat = choice.stream
            flight = seat.flight or self._pull(seat, now)
            if flight is None:
                self._scheduler.pass_turn(seat, now)
            elif flight.utterance.voice in self._quarantine:
                self._fail(flight, self._quarantine.error(flight.utterance.voice))
            else:
                self._step(slot, flight, choice.seconds, now)
                return
        self._idle[slot.index] = slot
        self._arm(now)

    def _fits(self, slot: Slot, model: object) -> bool:
        reachable = self._placement.reachable(model, slot.at_hand, self._crew.at_hand())
        return reachable and self._placement.fits(slot.index, model)

    def _pull(self, seat: Seat, now: float) -> Flight | None:
        utterance = seat.source.pull()
        if utterance is None or seat.gone:
            return None
        seat.turn(now)
        return self._flights.begin(seat, utterance)

    def _step(self, slot: Slot, flight: Flight, seconds: float, now: float) -> None:
        assert slot.process is not None
        if flight.slot is None:
            self._flights.board(flight, slot)
            voice = flight.utterance.voice
            if self._placement.heavy(voice) is None:
                slot.at_hand.add(model_of(voice))
            slot.process.send(flight.number, Plan(flight.utterance))
        slot.busy_since = now
        self._stepping[slot.index] = flight
        slot.process.send(flight.number, Step(max(1, round(seconds * flight.seat.voice.rate_hz))))

    def _arm(self, now: float) -> None:
        """See to it that idle workers pick again when the first resting stream may go on."""
        due = self._scheduler.next_wake(now)
        if not self._closing and due is not None:
            self._alarm.set(due)

    def _on_alarm(self) -> None:
        now = self._clock.now()
        for worker in self._scheduler.rouse(now):
            if self._idle and (worker is None or worker in self._idle):
                self._dispatch(self._idle[worker] if worker is not None else next(iter(self._idle.values())))
        if self._idle:
            self._arm(now)

    # ---- what workers say -----------------------------------------------------------------------------------------

    def _on_message(self, slot: Slot, number: int, message: Message) -> None:
        match message:
            case Chunk():
                self._on_chunk(slot, number, message)
            case Stepped():
                self._on_stepped(slot, message)
            case Broken():
                self._on_broken(slot, message)
            case Loaded():
                self._on_loaded(slot, message)
            case Ready():
                self._on_looked(slot, message)
            case _:
                raise AssertionError(f"a worker said {type(message).__name__}")

    def _on_chunk(self, slot: Slot, number: int, chunk: Chunk) -> None:
        flight = self._flights.get(number)
        if flight is None:
            left = self._stepping[slot.index].seat
            wasted_s = len(chunk.pcm) / 2 / left.voice.rate_hz
            self._wasted_s += wasted_s
            left.metrics.after_disconnect(wasted_s)
            return
        flight.heard = True
        flight.seat.heard(self._clock.now())
        flight.seat.source.take(flight.utterance.number, chunk)

    def _on_loaded(self, slot: Slot, loaded: Loaded) -> None:
        """The crew knows already; the schedule and the reserve are to know, too."""
        for unloaded in loaded.unloaded:
            self._scheduler.unsettle(slot.index, unloaded)
        if loaded.error is None and (model := self._placement.heavy(loaded.voice)) is not None:
            self._scheduler.settle(slot.index, model)
            if self._settings.spare_workers < 0 and self._placement.wants_spare(model, loaded.took_s):
                self._crew.keep_spares(1)

    def _on_looked(self, slot: Slot, found: Ready) -> None:
        """All workers see the same voices: what one says now is what there is."""
        self._repertoire.replace(found.voices)
        self._learn(found.memory_mb)
        self._placement.keep(self._repertoire.ids)
        self._looks.over(slot.index)

    def _on_stepped(self, slot: Slot, report: Stepped) -> None:
        flight = self._end_step(slot, report)
        if report.done and flight in self._flights:
            self._flights.land(flight)
            self._quarantine.spoken(flight.utterance.voice)
            flight.seat.source.finish(flight.utterance.number)
        self._dispatch(slot)
        if report.done and self._idle and not flight.seat.gone:
            self._offer(flight.seat)  # Its next utterance may be made anywhere.
        self._door.let_in()

    def _on_broken(self, slot: Slot, report: Broken) -> None:
        flight = self._end_step(slot, Stepped(True, report.cpu_s, 0))
        if flight in self._flights:
            model = model_of(flight.utterance.voice)
            lacks = model not in slot.at_hand and any(model in other for other in self._crew.at_hand())
            if lacks and flight.tries_left and not flight.heard:
                # Its files were removed, say, while another worker has the voice loaded: its streams stay with that one.
                self._placement.lose(model)
                self._crew.look()
                self._flights.disembark(flight)
                self._recover(flight, charged=True)
            else:
                self._fail(flight, report.error())
        self._dispatch(slot)

    def _end_step(self, slot: Slot, report: Stepped) -> Flight:
        flight = self._stepping.pop(slot.index)
        slot.busy_since = None
        made_s = report.samples / flight.seat.voice.rate_hz
        # Where others use the cores as well, a worker is busy for longer than it computes, and carries less.
        busy_s = max(report.cpu_s, report.took_s)
        self._steps += 1
        flight.seat.worked(made_s, report.cpu_s)
        self._door.worked(flight, busy_s, made_s)
        if flight in self._flights:
            pin = None if report.done else slot.index
            now = self._clock.now()
            self._scheduler.stepped(flight.seat, now, made_s=made_s, cpu_s=busy_s, pin=pin)
        return flight

    # ---- how flights end ------------------------------------------------------------------------------------------

    def _drop(self, flight: Flight) -> None:
        """End ``flight`` here and in its worker."""
        self._flights.land(flight)
        if flight.slot is not None and flight.slot.process is not None:
            flight.slot.process.send(flight.number, Drop())

    def _fail(self, flight: Flight, error: VivavoceError) -> None:
        self._drop(flight)
        self._scheduler.unpin(flight.seat, self._clock.now())
        flight.seat.source.fail(flight.utterance.number, error)

    def _recover(self, flight: Flight, *, charged: bool) -> None:
        """``flight`` is aboard no worker now: fly it again if nobody heard any of it, else fail it."""
        voice = flight.utterance.voice
        if voice in self._quarantine:
            self._fail(flight, self._quarantine.error(voice))
        elif flight.heard or (charged and flight.tries_left == 0):
            self._fail(flight, WorkerDiedError("the engine worker ended in the middle of this stream"))
        else:
            flight.tries_left -= charged
            self._scheduler.unpin(flight.seat, self._clock.now())
            self._offer(flight.seat)

    # ---- how workers come and go ----------------------------------------------------------------------------------

    def _on_ready(self, slot: Slot) -> None:
        assert slot.process is not None
        for model in slot.at_hand:  # A spare's.
            self._scheduler.settle(slot.index, model)
        self._repertoire.add(slot.process.voices, slot.process.speakers)
        self._learn(slot.process.memory_mb)
        self._dispatch(slot)

    def _learn(self, memory_mb: Mapping[str, float]) -> None:
        """``memory_mb`` tells which models have to be loaded, and what they take."""
        self._placement.learn(memory_mb)
        for model in memory_mb:
            self._door.admission.expect(model, HEAVY_COST)

    def _on_lost(self, slot: Slot) -> None:
        """``slot`` has no worker now: blame the voice at work, and see to what was under way."""
        self._idle.pop(slot.index, None)
        self._scheduler.unsettle(slot.index)
        self._looks.over(slot.index)
        stepping = self._stepping.pop(slot.index, None)
        self._quarantine.blame(slot.loads if stepping is None else (stepping.utterance.voice,))
        for flight in self._flights.lost(slot.index):
            self._recover(flight, charged=flight is stepping)

    def _shutting_down(self) -> ShuttingDownError:
        return ShuttingDownError("the server is shutting down", retry_after_s=self._settings.retry_after_s)
