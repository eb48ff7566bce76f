"""The door of a pool: who comes in at once, who waits for room and for how long, who is turned away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vivavoce.errors import VivavoceError
from vivavoce.runtime.admission import SETTLED_S, Admission
from vivavoce.runtime.alarm import Alarm
from vivavoce.runtime.clock import Clock
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.seats import Flight, Seat
from vivavoce.runtime.waiting import WaitingRoom
from vivavoce.settings import Settings

_FRONT_EVERY_S: Final = 5.0
"""Seconds of audio between two looks at what the front process takes."""


class Door:
    """All calls are made on the event loop's thread."""

    def __init__(
        self, settings: Settings, cores: int, clock: Clock, metrics: Metrics, seat: Callable[[Seat], None]
    ) -> None:
        """``seat`` is called with everybody who comes in, at once or later."""
        self.admission = Admission(cores, settings.max_load, retry_after_s=settings.retry_after_s)
        self._room: WaitingRoom[Seat] = WaitingRoom(
            self.admission, wait_s=settings.admission_wait_s, places=settings.admission_queue
        )
        self._clock = clock
        self._metrics = metrics
        self._seat = seat
        self._alarm = Alarm(clock, self._on_alarm)
        self._closed: VivavoceError | None = None
        self._front_cpu_s = self._made_s = 0.0
        """CPU seconds of this process at the last look, and audio that was made since."""
        self.refused = 0
        """Streams that were not taken in, for whatever reason."""

    @property
    def waiting(self) -> int:
        """Streams that wait for room."""
        return len(self._room)

    def enter(self, seat: Seat) -> None:
        """``seat`` comes in now, or waits. Raises VivavoceError when it may do neither."""
        if not self.admission.streams:  # Idling is no part of the price of speech.
            self._front_cpu_s, self._made_s = self._clock.cpu_s(), 0.0
        try:
            if self._closed is not None:
                raise self._closed
            at_once = self._room.enter(seat, seat.model, self._clock.now())
        except VivavoceError as error:
            self.count_refusal(seat, error)
            raise
        seat.metrics = self._metrics.stream(seat.voice.engine, seat.voice.id, seat.dialect)
        if at_once:
            self._seat(seat)
        else:
            self._watch()

    def leave(self, seat: Seat) -> None:
        """``seat``, which came in or waits, goes away: there may be room for others."""
        if not self._room.leave(seat):
            self.admission.release(seat.model, settled=seat.settled)
        self.let_in()

    def worked(self, flight: Flight, busy_s: float, made_s: float) -> None:
        """A worker was busy for ``busy_s`` with a step for ``flight`` that made ``made_s`` seconds of audio."""
        seat, model = flight.seat, flight.seat.model
        self.admission.observe(model, busy_s, made_s)
        if flight.preparing_s is not None:
            flight.preparing_s += busy_s
            if made_s:
                self.admission.observe_start(model, flight.preparing_s, made_s)
                flight.preparing_s = None
        if not (seat.settled or seat.gone) and seat.made_s >= SETTLED_S:
            seat.settled = True
            self.admission.settle(model)
        self._made_s += made_s
        if self._made_s >= _FRONT_EVERY_S:
            cpu_s = self._clock.cpu_s()
            self.admission.observe_front(cpu_s - self._front_cpu_s, self._made_s)
            self._front_cpu_s, self._made_s = cpu_s, 0.0

    def let_in(self) -> None:
        """Seat those who waited and for whom there is room now."""
        if len(self._room):
            for seat in self._room.admitted():
                self._seat(seat)

    def close(self, error: VivavoceError) -> None:
        """Nobody comes in any more; who waits hears ``error``."""
        self._closed = error
        self._alarm.cancel()
        for seat in self._room.guests():
            self._turn_away(seat, error)

    def count_refusal(self, seat: Seat, error: VivavoceError) -> None:
        """``seat`` is not taken in because of ``error``."""
        self.refused += 1
        self._metrics.refused(error.code, seat.voice.engine, seat.dialect)

    def _watch(self) -> None:
        """See to it that nobody waits for longer than the settings allow."""
        due = self._room.next_expiry()
        if due is not None:
            self._alarm.set(due)

    def _on_alarm(self) -> None:
        self.let_in()
        for seat, refusal in self._room.expired(self._clock.now()):
            self._turn_away(seat, refusal)
        self._watch()

    def _turn_away(self, seat: Seat, error: VivavoceError) -> None:
        seat.gone = True
        self._room.leave(seat)
        self.count_refusal(seat, error)
        seat.source.refuse(error)
