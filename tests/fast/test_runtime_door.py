"""The door: who comes in is counted by model, and what starting an utterance takes is learnt from all its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from vivavoce.runtime.admission import SETTLED_S
from vivavoce.runtime.door import Door
from vivavoce.runtime.flights import Flights
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.placement import Placement
from vivavoce.runtime.reserve import Slot
from vivavoce.runtime.seats import Flight, Seat
from vivavoce.settings import Settings
from vivavoce.speech import Boundary, Utterance, VoiceInfo

pytestmark = pytest.mark.fast


@dataclass
class StillClock:
    """No time passes."""

    def now(self) -> float:
        return 0.0

    def cpu_s(self) -> float:
        return 0.0


def seat(voice: str) -> Seat:
    info = VoiceInfo(
        id=voice,
        name=voice,
        engine="piper",
        language="en",
        languages=("en",),
        gender="female",
        rate_hz=22_050,
        licence="MIT",
    )
    return Seat(cast(Any, None), cast(Any, None), info)


def door() -> Door:
    return Door(Settings(), 2, StillClock(), Metrics(), lambda seat: None)


def aboard(passenger: Seat) -> Flight:
    flights = Flights(1, 1, Placement(1, 100.0))
    voice = passenger.voice.id
    utterance = Utterance(number=0, voice=voice, language="en", text="Hi.", boundary=Boundary.SENTENCE)
    flight = flights.begin(passenger, utterance)
    flights.board(flight, Slot(0))
    return flight


def test_all_silent_steps_before_the_first_audio_are_the_work_before_it() -> None:
    """A vocoder speaks last: what encodes the text and samples the latents makes no audio, step after step."""
    entrance = door()
    entrance.admission.observe_front(0.0, 1e9)
    for _ in range(60):
        flight = aboard(seat("m"))
        for _ in range(4):
            entrance.worked(flight, 0.05, 0.0)
        for _ in range(10):
            entrance.worked(flight, 0.01, 1.0)
    # 0.20 s of silent work, and what the step of the first audio took above the average of 0.03.
    assert entrance.admission.start_s("m") == pytest.approx(0.18, abs=0.01)
    assert entrance.admission.cost("m") == pytest.approx(0.03, rel=0.05)


def test_an_utterance_without_any_audio_starts_nothing() -> None:
    entrance = door()
    before = entrance.admission.start_s("m")
    entrance.worked(aboard(seat("m")), 5.0, 0.0)
    assert entrance.admission.cost("m") > 1
    assert entrance.admission.start_s("m") == before


def test_speakers_of_a_model_share_what_was_learnt_and_settle_and_leave_as_one_kind() -> None:
    entrance = door()
    passengers = [seat(f"m:{speaker}") for speaker in range(3)]
    for passenger in passengers:
        entrance.enter(passenger)
    for _ in range(100):
        entrance.worked(aboard(passengers[0]), 0.3, 1.0)
    assert entrance.admission.cost("m") == pytest.approx(0.3, rel=0.1)
    assert entrance.admission.load == pytest.approx(3 * 0.3 / 2, rel=0.1)
    passengers[1].made_s = SETTLED_S
    entrance.worked(aboard(passengers[1]), 0.3, 1.0)
    assert [passenger.settled for passenger in passengers] == [False, True, False]
    for passenger in passengers:
        entrance.leave(passenger)
    assert (entrance.admission.streams, entrance.admission.load) == (0, 0.0)
