"""Which utterances are under way, and aboard which worker."""

from __future__ import annotations

from typing import Any, cast

import pytest

from vivavoce.runtime.flights import Flights
from vivavoce.runtime.frames import MAX_NUMBER
from vivavoce.runtime.placement import Placement
from vivavoce.runtime.reserve import Slot
from vivavoce.runtime.seats import Seat
from vivavoce.speech import Boundary, Utterance

pytestmark = pytest.mark.fast

UTTERANCE = Utterance(number=0, voice="v", language="en", text="Hi.", boundary=Boundary.SENTENCE)


def seat() -> Seat:
    return Seat(cast(Any, None), cast(Any, None), cast(Any, None))


def test_a_flight_is_known_by_its_number_until_it_lands() -> None:
    flights, passenger = Flights(1, 2, Placement(1, 100.0)), seat()
    flight = flights.begin(passenger, UTTERANCE)
    assert (passenger.flight, flight.tries_left, flight.slot) == (flight, 2, None)
    assert flights.get(flight.number) is flight
    flights.land(flight)
    assert passenger.flight is None
    assert flights.get(flight.number) is None
    assert flight not in flights


def test_numbers_start_again_after_the_last_and_are_never_0() -> None:
    flights = Flights(1, 0, Placement(1, 100.0))
    flights._last_number = MAX_NUMBER - 1
    numbers = [flights.begin(seat(), UTTERANCE).number for _ in range(3)]
    assert numbers == [MAX_NUMBER, 1, 2]


def test_what_is_aboard_a_worker_is_lost_with_it_once() -> None:
    flights = Flights(2, 0, Placement(2, 100.0))
    first, second, other, unboarded = (flights.begin(seat(), UTTERANCE) for _ in range(4))
    for flight, slot in ((second, Slot(0)), (first, Slot(0)), (other, Slot(1))):
        flights.board(flight, slot)
    assert list(flights.lost(0)) == [first, second]
    assert list(flights.lost(0)) == []
    assert list(flights) == [first, second, other, unboarded]


def test_flights_that_end_meanwhile_are_left_out() -> None:
    flights = Flights(1, 0, Placement(1, 100.0))
    first, second, third = (flights.begin(seat(), UTTERANCE) for _ in range(3))
    seen = []
    for flight in flights:
        seen.append(flight)
        if flight is first:
            flights.land(second)
    assert seen == [first, third]
    flights.board(third, Slot(0))
    flights.land(third)
    assert list(flights.lost(0)) == []


def test_a_flight_that_is_flown_again_is_prepared_again() -> None:
    flights = Flights(1, 1, Placement(1, 100.0))
    flight = flights.begin(seat(), UTTERANCE)
    flights.board(flight, Slot(0))
    flight.preparing_s = None
    list(flights.lost(0))
    flights.board(flight, Slot(0))
    assert flight.preparing_s == 0.0


def test_what_is_aboard_keeps_its_voice_loaded_until_it_disembarks_lands_or_is_lost() -> None:
    placement = Placement(1, 100.0)
    placement.learn({"v": 80.0, "w": 80.0})
    flights = Flights(1, 0, placement)
    slot = Slot(0)
    moved, landed, gone = (flights.begin(seat(), UTTERANCE) for _ in range(3))
    for flight in (moved, landed, gone):
        assert placement.fits(0, "w")
        flights.board(flight, slot)
        assert not placement.fits(0, "w")
        if flight is moved:
            flights.disembark(flight)
            flights.disembark(flight)
        elif flight is landed:
            flights.land(flight)
        else:
            assert list(flights.lost(0)) == [gone]
    assert placement.fits(0, "w")
    assert list(flights) == [moved, gone]
    assert (moved.slot, landed.slot, gone.slot) == (None, slot, None)
