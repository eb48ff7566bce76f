"""Styles, measured in what is heard: rate of speech, median pitch and energy follow the profile, scaled by the degree.

Two voices that change rate and pitch in the engine (espeak-ng, flite's slt) and one whose pitch is moved in the samples
(flite's rms).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import numpy as np
import pytest
from msgspec import Struct

from conftest import missing
from live import Live, serving
from vivavoce.session.styles import STYLES
from vivavoce.voices import matching

pytestmark = pytest.mark.integration

TEXT = "The weather was fine all day, and we walked along the river until it was dark."
VOICES = ("en-us+edward", "slt", "rms")
MOVING = ("cheerful", "calm", "angry", "sad", "excited", "whispering")
LEAST = {"rate": 0.02, "semitones": 0.2, "decibels": 0.5}
"""A change below this would be none that anybody hears, nor one that can be measured here."""


class Heard(Struct, frozen=True):
    """What a clip sounds like."""

    seconds: float
    pitch_hz: float
    rms: float


class Change(Struct, frozen=True):
    """How it differs from neutral, each in the logarithm in which a degree is a factor."""

    rate: float
    semitones: float
    decibels: float


Listen = Callable[[str, str, float], Heard]


def clip(content: bytes) -> Heard:
    audio = matching.samples(content)
    pitch_hz = matching.median_pitch_hz(audio)
    assert pitch_hz is not None
    return Heard(len(audio) / matching.RATE_HZ, pitch_hz, float(np.sqrt(np.mean(audio**2))))


def change(one: Heard, neutral: Heard) -> Change:
    return Change(
        rate=math.log(neutral.seconds / one.seconds),
        semitones=12 * math.log2(one.pitch_hz / neutral.pitch_hz),
        decibels=20 * math.log10(one.rms / neutral.rms),
    )


def profile(style: str) -> Change:
    """What the style's row promises at degree 1."""
    row = STYLES[style]
    return Change(
        rate=math.log(row.speed), semitones=row.pitch_semitones, decibels=20 * math.log10(row.volume)
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("styles"), engines="espeak,flite") as live:
        if not any(voice["engine"] == "flite" for voice in live.look("voices")["voices"]):
            missing("flite", "apt install libflite1")
        yield live


@pytest.fixture(scope="module")
def listen(server: Live) -> Listen:
    @cache
    def speak(voice: str, style: str, degree: float) -> Heard:
        body = {"text": TEXT, "voice": voice, "style": style, "style_degree": degree}
        return clip(said(server, "/v1/speech", {**body, "format": "wav", "complete": True}))

    return speak


def said(server: Live, path: str, body: dict[str, Any]) -> bytes:
    answer = httpx.post(f"{server.url}{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("style", MOVING)
def test_a_style_moves_rate_pitch_and_energy_as_its_profile_says(
    listen: Listen, voice: str, style: str
) -> None:
    neutral = listen(voice, "neutral", 1.0)
    for degree in (1.0, 2.0):
        found, promised = change(listen(voice, style, degree), neutral), profile(style)
        assert found.rate == pytest.approx(promised.rate * degree, abs=0.03)
        assert found.semitones == pytest.approx(promised.semitones * degree, abs=0.6)
        # Pitch and range move the engines' own energy a little as well.
        assert found.decibels == pytest.approx(promised.decibels * degree, abs=2.2)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("style", MOVING)
def test_the_degree_scales_a_style_from_nothing_to_double(listen: Listen, voice: str, style: str) -> None:
    neutral, promised = listen(voice, "neutral", 1.0), profile(style)
    none, once, twice = (change(listen(voice, style, degree), neutral) for degree in (0.0, 1.0, 2.0))
    for name, least in LEAST.items():
        side = math.copysign(1.0, getattr(promised, name))
        assert abs(getattr(none, name)) < least
        assert getattr(once, name) * side > least
        assert getattr(twice, name) * side > getattr(once, name) * side + least


@pytest.mark.parametrize("voice", VOICES)
def test_neutral_is_neutral_at_any_degree(listen: Listen, voice: str) -> None:
    found = change(listen(voice, "neutral", 2.0), listen(voice, "neutral", 1.0))
    for name, least in LEAST.items():
        assert abs(getattr(found, name)) < least


def test_styles_are_heard_on_the_wires_that_have_them(server: Live) -> None:
    def suonora(**fields: Any) -> Heard:
        body = {"input": TEXT, "model": "sonic-speed", "voice": "rms", **fields}
        return clip(said(server, "/suonora/v1/audio/speech", body))

    def supertone(style: str) -> Heard:
        body = {"text": TEXT, "language": "en", "style": style}
        return clip(said(server, "/supertone/v1/text-to-speech/rms", body))

    excited = profile("excited")
    plain = suonora(style="neutral")
    for degree in (0.5, 1.0, 2.0):
        found = change(suonora(style="excited", styleDegree=degree), plain)
        assert found.rate == pytest.approx(excited.rate * degree, abs=0.03)
        assert found.semitones == pytest.approx(excited.semitones * degree, abs=0.6)
    calm = change(suonora(), plain)
    assert calm.rate == pytest.approx(1.5 * profile("calm").rate, abs=0.03), "calm at 1.5 is its default"
    found = change(supertone("excited"), supertone("neutral"))
    assert found.rate == pytest.approx(excited.rate, abs=0.03)
    assert found.semitones == pytest.approx(excited.semitones, abs=0.6)
