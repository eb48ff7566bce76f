"""flite heard by the judge: its words are understood and its marks are where they are heard."""

from __future__ import annotations

import pytest

import judge
from conftest import missing
from spoken import speak
from vivavoce.engines.flite import FliteEngine
from vivavoce.engines.flite_library import RATE_HZ

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def engine() -> FliteEngine:
    made = FliteEngine()
    if not made.voices():
        missing("libflite", "apt install libflite1")
    return made


@pytest.mark.parametrize(("voice", "most"), [("rms", 0.08), ("slt", 0.10)])
def test_the_words_are_understood(engine: FliteEngine, voice: str, most: float) -> None:
    heard = [
        (text, judge.recognise(judge.prepare(speak(engine, text, voice).samples, RATE_HZ)))
        for text in judge.SENTENCES
    ]
    assert judge.word_error_rate(heard) <= most, heard
    assert all(judge.word_errors(*pair).rate <= 0.5 for pair in heard), heard


@pytest.mark.parametrize("voice", ["rms", "slt", "awb", "kal16"])
def test_the_marks_are_where_the_words_are_heard(engine: FliteEngine, voice: str) -> None:
    starts: list[tuple[float, float]] = []
    for text in judge.SENTENCES:
        spoken = speak(engine, text, voice)
        starts += judge.starts(spoken.samples, RATE_HZ, text, [mark.start for mark in spoken.words])
    judge.check_starts(starts)
