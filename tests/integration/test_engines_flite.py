"""The system's libflite, in this process."""

from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest

from conftest import missing
from spoken import STRANGE, check_marks, f0_hz, keeping, speak, utterance
from vivavoce.engines.flite import MAX_UNIT_CHARS, FliteEngine
from vivavoce.engines.flite_library import RATE_HZ
from vivavoce.errors import EngineError
from vivavoce.speech import Boundary, Chunk

pytestmark = pytest.mark.integration

SENTENCE = "The weather is nice today and we are going to the park"
OTHER = "Nobody knows why the train was late again"
VOICES = ("rms", "awb", "slt", "kal16")


@pytest.fixture(scope="module")
def engine() -> FliteEngine:
    made = FliteEngine()
    if not made.voices():
        missing("libflite", "apt install libflite1")
    return made


def threads() -> int:
    return sum(thread.name.startswith("flite") for thread in threading.enumerate())


def until_no_threads() -> bool:
    """Whether all of flite's threads end within a few seconds."""
    limit = time.monotonic() + 20
    while threads() and time.monotonic() < limit:
        time.sleep(0.005)
    return threads() == 0


def interleaved(engine: FliteEngine, texts: tuple[str, ...], voice: str, step: int) -> list[bytes]:
    """The audio of several jobs whose steps take turns, each with its own seed."""
    jobs = [engine.plan(utterance(text, voice, seed=i)) for i, text in enumerate(texts)]
    made: list[list[Chunk]] = [[] for _ in jobs]
    live = list(range(len(jobs)))
    while live:
        live = [i for i in live if not jobs[i].step(step, keeping(made[i]))]
    return [b"".join(chunk.pcm for chunk in chunks) for chunks in made]


def test_voices_are_listed(engine: FliteEngine) -> None:
    assert {voice.id for voice in engine.voices()} == set(VOICES)
    assert all(voice.licence and voice.rate_hz == RATE_HZ for voice in engine.voices())


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("boundary", Boundary)
def test_marks_are_right_for_every_kind_of_end(engine: FliteEngine, voice: str, boundary: Boundary) -> None:
    spoken = speak(
        engine,
        "Well, 25 of the 1,234 naïve men - and “Dr. X” (too) - left",
        voice,
        boundary,
        phonemes=True,
        step=1600,
    )
    check_marks(spoken)
    assert [mark.value for mark in spoken.words] == [
        *("Well,", "25", "of", "the", "1,234", "naïve", "men"),
        *("and", "“Dr.", "X”", "(too)", "left"),
    ]
    assert all(mark.stop > mark.start for mark in spoken.words)
    assert spoken.chunks[0].marks == tuple(spoken.marks)


def test_phonemes_are_ipa(engine: FliteEngine) -> None:
    spoken = speak(engine, "hello", "rms", Boundary.NONE, phonemes=True)
    assert [mark.value for mark in spoken.phonemes] == ["", "h", "ə", "l", "oʊ"]
    assert not speak(engine, "hello", "rms").phonemes


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("step", [100, 1600, 7000])
def test_steps_make_no_difference(engine: FliteEngine, voice: str, step: int) -> None:
    whole, stepped = speak(engine, SENTENCE, voice, seed=3), speak(engine, SENTENCE, voice, seed=3, step=step)
    assert stepped.pcm == whole.pcm
    assert stepped.marks == whole.marks
    assert stepped.steps > len(whole.samples) / max(step, 2000) / 2


@pytest.mark.parametrize("voice", VOICES)
def test_jobs_that_take_turns_sound_as_they_do_alone(engine: FliteEngine, voice: str) -> None:
    texts = (SENTENCE, OTHER, "Hello there.")
    alone = [speak(engine, text, voice, seed=i).pcm for i, text in enumerate(texts)]
    assert interleaved(engine, texts, voice, 1600) == alone


def test_the_seed_is_the_noise(engine: FliteEngine) -> None:
    def pcm(voice: str, seed: int) -> bytes:
        return speak(engine, "Hello there.", voice, seed=seed).pcm

    assert pcm("slt", 0) == pcm("slt", 0)
    assert len({pcm("slt", seed) for seed in (0, 1, 2, -1)}) == 4
    assert pcm("kal16", 0) == pcm("kal16", 1)


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("boundary", "pause_s"), [(Boundary.NONE, 0.0), (Boundary.CLAUSE, 0.15), (Boundary.SENTENCE, 0.3)]
)
def test_the_pause_at_the_end_is_the_documented_one(
    engine: FliteEngine, voice: str, boundary: Boundary, pause_s: float
) -> None:
    spoken = speak(engine, "I went to the garden", voice, boundary)
    assert len(spoken.samples) - spoken.words[-1].stop == round(pause_s * RATE_HZ)
    assert spoken.words[0].start == round(0.02 * RATE_HZ)


@pytest.mark.parametrize(
    "text", ["I went to the garden", "Then we saw that the new man", "and she gave me a melon"]
)
@pytest.mark.parametrize("voice", ["rms", "slt"])
def test_a_cut_in_mid_phrase_does_not_sound_like_an_end(engine: FliteEngine, voice: str, text: str) -> None:
    def end_hz(said: str, boundary: Boundary) -> float:
        spoken = speak(engine, said, voice, boundary)
        stop = spoken.words[len(text.split()) - 1].stop
        return float(np.median(f0_hz(spoken.samples[stop - RATE_HZ // 6 : stop], RATE_HZ)))

    cut, falls = end_hz(text, Boundary.NONE), end_hz(text, Boundary.SENTENCE)
    goes_on = end_hz(text + " and then came home.", Boundary.SENTENCE)
    assert 12 * np.log2(cut / falls) > 0.7
    assert abs(np.log2(cut / goes_on)) < abs(np.log2(falls / goes_on))


@pytest.mark.parametrize("voice", ["rms", "slt", "kal16"])
@pytest.mark.parametrize("speed", [0.5, 1.6, 2.5])
def test_speed_divides_the_duration(engine: FliteEngine, voice: str, speed: float) -> None:
    plain, other = (len(speak(engine, SENTENCE, voice, speed=s).samples) for s in (1.0, speed))
    assert plain / other == pytest.approx(speed, rel=0.15 if voice == "kal16" else 0.05)


@pytest.mark.parametrize("voice", ["slt", "awb", "kal16"])
@pytest.mark.parametrize("shift", [-5.0, 7.0])
def test_pitch_shifts_by_the_semitones_asked_for(engine: FliteEngine, voice: str, shift: float) -> None:
    plain, other = (speak(engine, SENTENCE, voice, pitch_semitones=s).samples for s in (0.0, shift))
    found = 12 * np.log2(np.median(f0_hz(other, RATE_HZ, 45)) / np.median(f0_hz(plain, RATE_HZ, 45)))
    assert found == pytest.approx(shift, abs=1.0)
    assert len(other) == pytest.approx(len(plain), rel=0.01)


def test_the_voice_without_pitch_does_not_claim_it(engine: FliteEngine) -> None:
    for voice in engine.voices():
        shifted = speak(engine, SENTENCE, voice.id, pitch_semitones=5).pcm
        assert ("pitch" in voice.capabilities) == (shifted != speak(engine, SENTENCE, voice.id).pcm)


@pytest.mark.parametrize(
    "text",
    [
        *STRANGE,
        *(
            "<b>&amp;</b>",
            "[[x]]",
            "Привет мир",
            "你好",
            "x" * 120,
            "1" * 60,
            "$5%6@7#8",
            '"""',
            "((((",
            "`{}`",
        ),
    ],
)
@pytest.mark.parametrize("voice", ["kal16", "rms"])
def test_strange_texts_are_spoken_or_silent(engine: FliteEngine, text: str, voice: str) -> None:
    spoken = speak(engine, text, voice, Boundary.CLAUSE, phonemes=True)
    check_marks(spoken)
    sayable = any(c.isalnum() for c in text)
    assert bool(spoken.words) >= sayable
    assert len(spoken.samples) < 40 * RATE_HZ


def test_a_word_of_ten_thousand_letters_is_begun_soon_and_can_be_left(engine: FliteEngine) -> None:
    job = engine.plan(utterance("x" * 10_000, "kal16"))
    chunks: list[Chunk] = []
    for _ in range(200):
        assert not job.step(16000, keeping(chunks))
    stops = [mark.text_stop for chunk in chunks for mark in chunk.marks]
    assert len(stops) > 2
    assert stops == sorted(stops)
    job.cancel()
    assert until_no_threads()


def test_long_texts_are_spoken_whole_in_pieces(engine: FliteEngine) -> None:
    text = ", ".join([SENTENCE] * 8)
    spoken = speak(engine, text, "kal16", phonemes=True, step=16000)
    check_marks(spoken)
    assert [mark.value for mark in spoken.words] == text.split()


def test_the_first_part_of_a_step_cannot_be_long(engine: FliteEngine) -> None:
    text = (SENTENCE + " ") * 5
    times: list[float] = []
    for _ in range(10):
        job = engine.plan(utterance(text[:MAX_UNIT_CHARS], "rms"))
        began = time.thread_time(), time.process_time()
        job.step(1, keeping([]))
        times.append(time.process_time() - began[1])
        job.cancel()
    assert min(times) < 0.15  # processor time: 0.05 on an idle machine


@pytest.mark.parametrize("voice", ["rms", "kal16"])
@pytest.mark.parametrize("way", ["leave", "cancel", "forget", "unborn"])
def test_no_way_of_ending_leaves_a_thread_or_a_trace(engine: FliteEngine, voice: str, way: str) -> None:
    before = speak(engine, OTHER, voice).pcm
    job = engine.plan(utterance(SENTENCE, voice))
    if way == "leave":
        assert job.step(10**6, keeping([], most=2))
        assert job.step(10**6, keeping([], most=0))
    elif way != "unborn":
        assert not job.step(3200, keeping([]))
    if way in ("cancel", "unborn"):
        job.cancel()
        job.cancel()
        assert job.step(10**6, keeping([], most=0))
    del job
    gc.collect()
    assert until_no_threads()
    assert speak(engine, OTHER, voice).pcm == before


def test_an_error_of_the_listener_is_raised_to_who_steps(engine: FliteEngine) -> None:
    def emit(chunk: Chunk) -> bool:
        raise BrokenPipeError

    job = engine.plan(utterance(SENTENCE, "rms"))
    with pytest.raises(BrokenPipeError):
        job.step(1600, emit)
    job.cancel()
    assert until_no_threads()
    assert speak(engine, "hello", "rms").words


def test_unknown_voices_are_refused(engine: FliteEngine) -> None:
    with pytest.raises(EngineError, match="slt"):
        engine.plan(utterance("x", "kal"))
