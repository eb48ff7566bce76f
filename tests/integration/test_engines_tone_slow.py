"""The slow tone really costs time, so that tests of cancelling have something to cancel."""

from __future__ import annotations

import time

import pytest

from vivavoce.engines import tone
from vivavoce.engines.tone import ToneEngine
from vivavoce.speech import Boundary, Chunk, Utterance

pytestmark = pytest.mark.integration


def test_tone_slow_costs_time() -> None:
    made: list[Chunk] = []

    def keep(chunk: Chunk) -> bool:
        made.append(chunk)
        return True

    voice = "tone-slow"
    utterance = Utterance(number=0, voice=voice, language="en", text="abcd", boundary=Boundary.NONE)
    job = ToneEngine().plan(utterance)
    began = time.perf_counter()
    while not job.step(24_000, keep):
        pass
    audio_s = sum(len(chunk.pcm) for chunk in made) / 2 / 24_000
    assert audio_s > 0.2
    # A lower bound holds on any machine, however loaded.
    assert time.perf_counter() - began >= 0.9 * tone.BUSY_SHARE * audio_s
