"""espeak-ng heard by the judge.

Its man is understood; its woman, the best of sixteen, is so in three words of four, with noise from run to run, so
there the recogniser only has to hear the better part and the alignment is the test.
"""

from __future__ import annotations

import pytest

import judge
from spoken import speak
from vivavoce.engines.espeak import EspeakEngine
from vivavoce.engines.espeak_library import RATE_HZ
from vivavoce.engines.espeak_voices import MAN, WOMAN
from vivavoce.speech import Boundary

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


@pytest.mark.parametrize(("voice", "most"), [(f"en-us+{MAN}", 0.15), (f"en-us+{WOMAN}", 0.45)])
def test_the_words_are_understood(engine: EspeakEngine, voice: str, most: float) -> None:
    heard = [
        (text, judge.recognise(judge.prepare(speak(engine, text, voice).samples, RATE_HZ)))
        for text in judge.SENTENCES
    ]
    assert judge.word_error_rate(heard) <= most, heard


@pytest.mark.parametrize("voice", [f"en-us+{MAN}", f"en-us+{WOMAN}", "en-us+f2", "en-us+klatt4"])
def test_the_marks_are_where_the_words_are_heard(engine: EspeakEngine, voice: str) -> None:
    starts: list[tuple[float, float]] = []
    for text in judge.SENTENCES:
        spoken = speak(engine, text, voice)
        starts += judge.starts(spoken.samples, RATE_HZ, text, [mark.start for mark in spoken.words])
    judge.check_starts(starts)


def test_units_cut_in_mid_phrase_are_heard_as_one_sentence(engine: EspeakEngine) -> None:
    starts: list[tuple[float, float]] = []
    for text in judge.SENTENCES[:5]:
        words = text.split()
        first, rest = " ".join(words[:4]), " ".join(words[4:])
        one = speak(engine, first, f"en-us+{MAN}", Boundary.NONE)
        two = speak(engine, rest, f"en-us+{MAN}", Boundary.SENTENCE)
        marked = [m.start for m in one.words] + [len(one.samples) + m.start for m in two.words]
        starts += judge.starts(judge.from_pcm(one.pcm + two.pcm), RATE_HZ, text, marked)
    judge.check_starts(starts)
