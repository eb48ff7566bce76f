"""Tones lie where their marks say, whatever the steps, and obey the commands in their text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from spoken import check_marks, f0_hz, keeping, speak, utterance
from vivavoce.engines import tone
from vivavoce.engines.tone import CHARACTER_SAMPLES, GAP_SAMPLES, PAUSE_SAMPLES, RATE_HZ, ToneEngine, pitch_hz
from vivavoce.errors import EngineError
from vivavoce.speech import Boundary, Chunk

pytestmark = pytest.mark.fast

ENGINE = ToneEngine()


def test_words_and_phonemes_lie_where_they_are_heard() -> None:
    spoken = speak(ENGINE, "ab c", "tone", Boundary.CLAUSE, phonemes=True)
    check_marks(spoken)
    gap = 2 * CHARACTER_SAMPLES + GAP_SAMPLES
    assert [(m.value, m.start, m.stop) for m in spoken.words] == [
        ("ab", 0, 2 * CHARACTER_SAMPLES),
        ("c", gap, gap + CHARACTER_SAMPLES),
    ]
    assert [m.value for m in spoken.phonemes] == ["a", "b", "", "c", "", ""]
    assert len(spoken.samples) == gap + CHARACTER_SAMPLES + GAP_SAMPLES + PAUSE_SAMPLES[Boundary.CLAUSE]


@pytest.mark.parametrize("word", ["hello", "world"])
def test_a_word_has_its_own_pitch(word: str) -> None:
    found = f0_hz(speak(ENGINE, word, "tone", Boundary.NONE).samples, RATE_HZ, 150, 1100)
    assert np.median(found) == pytest.approx(pitch_hz(word), rel=0.03)


@examples(25)
@given(st.integers(1, 9000), st.text("abc {}\n", max_size=8))
def test_steps_make_no_difference(step: int, text: str) -> None:
    whole, stepped = speak(ENGINE, text, "tone"), speak(ENGINE, text, "tone", step=step)
    assert stepped.pcm == whole.pcm
    assert stepped.marks == whole.marks
    check_marks(stepped)


def test_a_step_makes_exactly_what_was_asked() -> None:
    job = ENGINE.plan(utterance("abc", "tone"))
    chunks: list[Chunk] = []
    assert not job.step(1000, keeping(chunks))
    assert sum(len(chunk.pcm) for chunk in chunks) == 2000


def test_only_tone_native_follows_speed() -> None:
    plain = len(speak(ENGINE, "hello there", "tone", speed=2.0, boundary=Boundary.NONE).pcm)
    native = len(speak(ENGINE, "hello there", "tone-native", speed=2.0, boundary=Boundary.NONE).pcm)
    assert native == plain // 2
    check_marks(speak(ENGINE, "hello there", "tone-native", speed=1.7, phonemes=True))


def test_only_tone_noise_follows_the_seed() -> None:
    def pcm(voice: str, seed: int) -> bytes:
        return speak(ENGINE, "hi", voice, seed=seed).pcm

    assert pcm("tone", 1) == pcm("tone", 2)
    assert pcm("tone-noise", 1) == pcm("tone-noise", 1)
    assert pcm("tone-noise", 1) != pcm("tone-noise", 2)


def test_failing_is_an_engine_error_after_the_audio_before_it() -> None:
    job = ENGINE.plan(utterance("ab{{fail}} c", "tone"))
    chunks: list[Chunk] = []
    with pytest.raises(EngineError):
        job.step(10**6, keeping(chunks))
    assert sum(len(chunk.pcm) for chunk in chunks) == 2 * (2 * CHARACTER_SAMPLES + GAP_SAMPLES)


def test_commands_make_no_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[int] = []
    monkeypatch.setitem(tone._COMMANDS, "delay", slept.append)
    spoken = speak(ENGINE, "a{{delay 50}} {{delay:7}}b", "tone", Boundary.NONE)
    assert slept == [50, 7]
    assert [(m.value, m.text_start) for m in spoken.words] == [("a", 0), ("b", 25)]
    assert len(spoken.samples) == 2 * (CHARACTER_SAMPLES + GAP_SAMPLES)


def test_a_listener_who_leaves_ends_the_job() -> None:
    job = ENGINE.plan(utterance("one two three", "tone"))
    chunks: list[Chunk] = []
    assert job.step(10**6, keeping(chunks, most=1))
    assert job.step(10**6, keeping([], most=0))


def test_cancel_ends_the_job() -> None:
    job = ENGINE.plan(utterance("one two three", "tone"))
    assert not job.step(100, keeping([]))
    job.cancel()
    job.cancel()
    assert job.step(100, keeping([], most=0))


def test_an_empty_text_is_its_pause() -> None:
    assert len(speak(ENGINE, "", "tone").samples) == PAUSE_SAMPLES[Boundary.SENTENCE]
    assert speak(ENGINE, " ", "tone", Boundary.NONE).chunks == ()


def test_unknown_voices_are_refused() -> None:
    with pytest.raises(EngineError, match="tone-native"):
        ENGINE.load("bell")
