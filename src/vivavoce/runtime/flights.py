"""The utterances under way: each has a number of its own, and is aboard one worker from its first step on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from vivavoce.runtime.frames import MAX_NUMBER
from vivavoce.runtime.placement import Placement
from vivavoce.runtime.reserve import Slot
from vivavoce.runtime.seats import Flight, Seat
from vivavoce.speech import Utterance


class Flights:
    """All flights of a pool with ``workers`` workers, each with ``retries`` tries more than one. ``placement`` hears what
    is aboard."""

    def __init__(self, workers: int, retries: int, placement: Placement) -> None:
        self._retries = retries
        self._placement = placement
        self._flights: dict[int, Flight] = {}
        self._aboard: list[set[Flight]] = [set() for _ in range(workers)]
        self._last_number = 0

    def __contains__(self, flight: Flight) -> bool:
        return flight.number in self._flights

    def __iter__(self) -> Iterator[Flight]:
        """In the order of their numbers. Each may end while they are gone through; what has ended is left out."""
        return self._still(self._flights.values())

    def get(self, number: int) -> Flight | None:
        return self._flights.get(number)

    def begin(self, seat: Seat, utterance: Utterance) -> Flight:
        """``utterance`` is under way for ``seat``, aboard no worker yet."""
        self._last_number = self._last_number % MAX_NUMBER + 1
        flight = Flight(self._last_number, seat, utterance, self._retries)
        self._flights[flight.number] = seat.flight = flight
        return flight

    def board(self, flight: Flight, slot: Slot) -> None:
        """The worker of ``slot`` has ``flight`` from now on."""
        flight.slot, flight.preparing_s = slot, 0.0
        self._aboard[slot.index].add(flight)
        self._placement.board(slot.index, flight.utterance.voice)

    def disembark(self, flight: Flight) -> None:
        """No worker has ``flight`` any more, which is still under way."""
        if flight.slot is not None:
            self._leave(flight, flight.slot)
            flight.slot = None

    def land(self, flight: Flight) -> None:
        """``flight`` is no longer under way; its ``slot`` still tells which worker has it."""
        del self._flights[flight.number]
        flight.seat.flight = None
        if flight.slot is not None:
            self._leave(flight, flight.slot)

    def lost(self, worker: int) -> Iterator[Flight]:
        """``worker`` has ended: what was aboard it, as with :meth:`__iter__`, and is aboard none now."""
        aboard, self._aboard[worker] = self._aboard[worker], set()
        self._placement.clear(worker)
        for flight in aboard:
            flight.slot = None
        return self._still(aboard)

    def _leave(self, flight: Flight, slot: Slot) -> None:
        self._aboard[slot.index].discard(flight)
        self._placement.land(slot.index, flight.utterance.voice)

    def _still(self, flights: Iterable[Flight]) -> Iterator[Flight]:
        return (flight for flight in sorted(flights, key=attrgetter("number")) if flight in self)
