"""The judge judged: it catches what it is there for, and nothing else."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import judge
from conftest import missing
from examples import examples
from spoken import Spoken, speak
from vivavoce.engines.flite import FliteEngine
from vivavoce.engines.flite_library import RATE_HZ

pytestmark = pytest.mark.conformance

TEXT = judge.SENTENCES[3]


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    engine = FliteEngine()
    if not engine.voices():
        missing("libflite", "apt install libflite1")
    return speak(engine, TEXT, "rms")


def starts(spoken: Spoken, samples: judge.Samples, text: str = TEXT) -> list[tuple[float, float]] | None:
    """(marked, heard) when ``samples`` are taken for the speech of ``text``."""
    heard = judge.align(judge.prepare(samples, RATE_HZ), text)
    if heard is None or len(heard) != len(spoken.words):
        return None
    return [(mark.start / RATE_HZ, word.start_s) for mark, word in zip(spoken.words, heard, strict=True)]


def caught(spoken: Spoken, samples: judge.Samples, text: str = TEXT) -> bool:
    found = starts(spoken, samples, text)
    return found is None or judge.start_errors(found).worst > judge.OFF_S


def test_right_speech_is_not_blamed(spoken: Spoken) -> None:
    found = starts(spoken, spoken.samples)
    assert found is not None
    judge.check_starts(found)
    assert judge.words(judge.recognise(judge.prepare(spoken.samples, RATE_HZ))) == judge.words(TEXT)


def test_a_gap_a_repetition_a_cut_and_another_text_are_caught(spoken: Spoken) -> None:
    samples, middle = spoken.samples, len(spoken.samples) // 2
    gap = np.concatenate([samples[:middle], np.zeros(RATE_HZ * 3 // 10, np.int16), samples[middle:]])
    twice = np.concatenate([samples[:middle], samples[middle - RATE_HZ // 5 :]])
    assert caught(spoken, gap)
    assert caught(spoken, twice)
    assert caught(spoken, samples[: len(samples) * 6 // 10])
    assert caught(spoken, samples, TEXT.replace("oil", "oil and water"))
    assert judge.word_errors(judge.SENTENCES[0], judge.recognise(judge.prepare(samples, RATE_HZ))).rate > 0.5


def test_a_constant_shift_is_caught(spoken: Spoken) -> None:
    found = starts(spoken, spoken.samples)
    assert found is not None
    with pytest.raises(AssertionError):
        judge.check_starts([(marked + 0.05, heard) for marked, heard in found])


def test_times_survive_another_rate(spoken: Spoken) -> None:
    there = judge.resample(spoken.samples, 8000)  # taken for 8 kHz: twice as long
    assert len(there) == pytest.approx(2 * len(spoken.samples), abs=50)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        out.writeframes(spoken.pcm)
    decoded, rate = judge.decode(file.getvalue())
    assert rate == RATE_HZ
    assert np.array_equal(decoded, spoken.samples)
    companded, rate = judge.decode(b"\xff" * 800, "mulaw", 8000)
    assert (len(companded), rate, int(abs(companded).max())) == (800, 8000, 0)


def test_its_sentences_are_in_its_dictionary() -> None:
    assert len(judge.SENTENCES) >= 10
    assert [judge.unknown_words(text) for text in judge.SENTENCES] == [[]] * len(judge.SENTENCES)
    assert judge.unknown_words("hello xqzzy") == ["xqzzy"]


@pytest.mark.parametrize(
    ("expected", "heard", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "", 3),
        ("a b c", "a x c", 1),
        ("a b", "a b c d", 2),
        ("It's a", "it's", 1),
    ],
)
def test_word_errors(expected: str, heard: str, errors: int) -> None:
    assert judge.word_errors(expected, heard).errors == errors


@examples(30)
@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_word_errors_are_a_distance(a: list[str], b: list[str]) -> None:
    there, back = (judge.word_errors(" ".join(x), " ".join(y)).errors for x, y in ((a, b), (b, a)))
    assert there == back
    assert abs(len(a) - len(b)) <= there <= max(len(a), len(b))
    assert (there == 0) == (a == b)


def test_start_statistics() -> None:
    found = judge.start_errors([(0.0, 0.0), (1.0, 1.1), (2.0, 1.8)])
    assert (found.count, round(found.mean, 3), round(found.worst, 3), found.bias) == (3, 0.1, 0.2, 0.0)
    with pytest.raises(ValueError, match="at least one"):
        judge.start_errors([])
