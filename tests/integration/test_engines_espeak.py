"""espeak-ng itself, in this process."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spoken import STRANGE, Samples, check_marks, f0_hz, keeping, speak, utterance
from vivavoce.engines.base import Job
from vivavoce.engines.espeak import EspeakEngine
from vivavoce.engines.espeak_library import RATE_HZ
from vivavoce.errors import EngineError
from vivavoce.speech import Boundary, Chunk

pytestmark = pytest.mark.integration

MAN, WOMAN = "en-us+edward", "en-us+f5"
SENTENCE = "The weather is nice today and we are going to the park"


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


def final_f0(engine: EspeakEngine, text: str, boundary: Boundary, last_word: int = -1) -> NDArray[np.float64]:
    """The pitch in the last 250 ms of the word numbered ``last_word``."""
    spoken = speak(engine, text, MAN, boundary)
    stop = spoken.words[last_word].stop
    return f0_hz(spoken.samples[max(0, stop - RATE_HZ // 4) : stop], RATE_HZ)


def semitones(a: float, b: float) -> float:
    return float(12 * np.log2(a / b))


def sounding(samples: Samples) -> Samples:
    return samples[: np.flatnonzero(samples)[-1] + 1]


@pytest.mark.parametrize("voice", [MAN, WOMAN, "de+edward", "fr+f5", "en-us", "en-us+klatt4"])
@pytest.mark.parametrize("boundary", Boundary)
def test_marks_are_right_for_every_kind_of_end(engine: EspeakEngine, voice: str, boundary: Boundary) -> None:
    spoken = speak(
        engine, "Well, 25 of the 1,234 men - and “Dr. X” (too) - left", voice, boundary, phonemes=True
    )
    check_marks(spoken)
    assert [mark.value for mark in spoken.words] == [
        *("Well,", "25", "of", "the", "1,234", "men"),
        *("and", "“Dr.", "X”", "(too)", "left"),
    ]
    assert spoken.samples.any()


def test_numbers_get_one_mark_for_all_of_their_words(engine: EspeakEngine) -> None:
    spoken = speak(engine, "He paid $1,234.56 in 1999.", MAN)
    check_marks(spoken)
    assert [mark.value for mark in spoken.words] == ["He", "paid", "$1,234.56", "in", "1999."]
    seconds = {mark.value: (mark.stop - mark.start) / RATE_HZ for mark in spoken.words}
    assert seconds["$1,234.56"] > 2.0 > 0.5 > seconds["in"]


def test_merged_words_each_have_a_mark(engine: EspeakEngine) -> None:
    spoken = speak(engine, "this is for the man", MAN)
    check_marks(spoken)
    assert [mark.value for mark in spoken.words] == ["this", "is", "for", "the", "man"]
    assert all(mark.stop > mark.start for mark in spoken.words)


def test_mandarin_is_marked_by_its_own_words(engine: EspeakEngine) -> None:
    spoken = speak(engine, "今天天气好，去公园。", "cmn+edward", phonemes=True)
    check_marks(spoken)
    assert "".join(mark.value for mark in spoken.words) == "今天天气好，去公园。"
    assert len(spoken.words) >= 6


def test_phonemes_are_ipa(engine: EspeakEngine) -> None:
    spoken = speak(engine, "hello", MAN, Boundary.NONE, phonemes=True)
    assert [mark.value for mark in spoken.phonemes] == ["h", "ə", "l", "ˈoʊ"]
    assert not speak(engine, "hello", MAN).phonemes


def test_audio_comes_word_by_word(engine: EspeakEngine) -> None:
    spoken = speak(engine, SENTENCE, MAN)
    assert len(spoken.chunks) >= len(SENTENCE.split())
    assert len(spoken.chunks[0].pcm) < RATE_HZ
    assert spoken.steps == 1


@pytest.mark.parametrize(
    ("boundary", "pause_s"), [(Boundary.NONE, 0.0), (Boundary.CLAUSE, 0.15), (Boundary.SENTENCE, 0.3)]
)
@pytest.mark.parametrize("text", ["I went to the garden", "Stop it!", "so that", "一二三"])
def test_the_pause_at_the_end_is_the_documented_one(
    engine: EspeakEngine, text: str, boundary: Boundary, pause_s: float
) -> None:
    samples = speak(engine, text, MAN, boundary).samples
    silent = len(samples) - len(sounding(samples))
    assert silent == round(pause_s * RATE_HZ)
    fast = speak(engine, text, MAN, boundary, speed=2.0).samples
    assert len(fast) - len(sounding(fast)) == round(pause_s / 2 * RATE_HZ)


@pytest.mark.parametrize(
    "text", ["I went to the garden", "Then we saw that the new man", "and she gave me a melon"]
)
def test_a_cut_in_mid_phrase_does_not_sound_like_an_end(engine: EspeakEngine, text: str) -> None:
    words = len(text.split())
    goes_on = np.median(final_f0(engine, text + " and then came home.", Boundary.SENTENCE, words - 1))
    cut, falls, rises = (
        final_f0(engine, text, boundary) for boundary in (Boundary.NONE, *list(Boundary)[:0:-1])
    )
    assert abs(semitones(float(np.median(cut)), float(goes_on))) < 2.5
    assert semitones(float(np.median(cut)), float(np.median(falls))) > 2
    assert semitones(float(cut[-1]), float(falls[-1])) > 2
    assert semitones(float(rises[-1]), float(falls[-1])) > 1.5
    assert rises[-1] > rises.min()


def test_a_question_keeps_its_own_tone(engine: EspeakEngine) -> None:
    asked, said = (final_f0(engine, f"You went to the garden{mark}", Boundary.SENTENCE) for mark in "?.")
    assert semitones(float(asked[-1]), float(said[-1])) > 3


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 1.5, 2.0, 2.5])
def test_speed_divides_the_duration(engine: EspeakEngine, speed: float) -> None:
    plain, other = (len(speak(engine, SENTENCE, MAN, speed=s).samples) for s in (1.0, speed))
    assert plain / other == pytest.approx(speed, rel=0.06)


@pytest.mark.parametrize("voice", [MAN, WOMAN])
@pytest.mark.parametrize("shift", [-6.0, -3.0, 3.0, 8.0])
def test_pitch_shifts_by_the_semitones_asked_for(engine: EspeakEngine, voice: str, shift: float) -> None:
    plain, other = (speak(engine, SENTENCE, voice, pitch_semitones=s).samples for s in (0.0, shift))
    found = semitones(float(np.median(f0_hz(other, RATE_HZ))), float(np.median(f0_hz(plain, RATE_HZ))))
    assert found == pytest.approx(shift, abs=0.7)
    assert len(other) == pytest.approx(len(plain), rel=0.02)


def test_pitch_range_scales_intonation_about_the_same_pitch(engine: EspeakEngine) -> None:
    spread: list[float] = []
    middle: list[float] = []
    for scale in (0.0, 1.0, 2.0):
        found = f0_hz(speak(engine, SENTENCE, "en-us", pitch_range=scale).samples, RATE_HZ)
        low, mid, high = np.percentile(found, [10, 50, 90])
        spread.append(semitones(float(high), float(low)))
        middle.append(float(mid))
    assert spread[0] < 1.0 < spread[1] < 0.75 * spread[2]
    assert abs(semitones(middle[0], middle[1])) < 1.0
    assert abs(semitones(middle[2], middle[1])) < 1.0


def test_settings_of_one_utterance_are_not_those_of_the_next(engine: EspeakEngine) -> None:
    before = speak(engine, SENTENCE, MAN).samples
    speak(engine, SENTENCE, "de+f5", speed=2.0, pitch_semitones=5, pitch_range=0.0)
    after = speak(engine, SENTENCE, MAN).samples
    assert abs(len(after) - len(before)) < RATE_HZ // 100
    assert np.median(f0_hz(after, RATE_HZ)) == pytest.approx(
        float(np.median(f0_hz(before, RATE_HZ))), rel=0.02
    )


@pytest.mark.parametrize(
    "text", ["5 < 6 & 7 > 2", "<speak>hi</speak>", "<break time='9s'/> done", "AT&amp;T"]
)
def test_markup_is_text(engine: EspeakEngine, text: str) -> None:
    spoken = speak(engine, text, MAN)
    check_marks(spoken)
    # The library has no word for a lone "<" or ">".
    assert [mark.value for mark in spoken.words] == [word for word in text.split() if word not in "<>"]
    assert len(spoken.samples) < 6 * RATE_HZ


def test_phonemes_can_be_written(engine: EspeakEngine) -> None:
    spoken = speak(engine, "say [[h@l'oU]] now", MAN, phonemes=True)
    check_marks(spoken)
    said = "".join(mark.value for mark in spoken.phonemes)
    assert "həlˈoʊ" in said
    assert [mark.value for mark in spoken.words] == ["say", "[[h@l'oU]]", "now"]


@pytest.mark.parametrize(
    "text",
    [
        *STRANGE,
        *("👩‍👩‍👧", "\x01Vde x", "\x1b[31mred", "\ufeffhi"),
        *(
            "a" * 10_000,
            "1" * 2_000,
            "ñ" * 3_000,
            "a." * 500,
            "\u202e" * 50 + "abc",
            "[[" * 100,
        ),
    ],
)
def test_strange_texts_are_spoken_or_silent(engine: EspeakEngine, text: str) -> None:
    for boundary in Boundary:
        check_marks(speak(engine, text, MAN, boundary, phonemes=True))
    after = speak(engine, "hello", MAN, phonemes=True)
    assert [mark.value for mark in after.phonemes] == ["h", "ə", "l", "ˈoʊ", ""]


@pytest.mark.parametrize("voice", ["da", "hi", "vi", "fr", "de", "kok", "ml", "as", "cmn"])
@pytest.mark.parametrize(
    "text", ["'-a", "_-字", '"-字', "(-Ⅷ", "'-्", "a." * 500, ".w." * 500, " .Ⅷ" * 400, "#-/a"]
)
def test_texts_that_crash_the_bare_library_do_not(engine: EspeakEngine, voice: str, text: str) -> None:
    check_marks(speak(engine, text, f"{voice}+f5"))


@pytest.mark.parametrize("voice", ["ar", "fi", "mto", "ti", "tn", "hi"])
@pytest.mark.parametrize("text", ["\u28ff", "\u28df", "\u287f", "\u283f", "x\u28ff\u28feb"])
def test_large_braille_cells_are_spoken_by_their_first_six_dots(
    engine: EspeakEngine, voice: str, text: str
) -> None:
    spoken = speak(engine, text, f"{voice}+f5")
    check_marks(spoken)
    assert len(spoken.samples) > RATE_HZ


def test_long_words_are_not_lost(engine: EspeakEngine) -> None:
    spoken = speak(engine, "x" * 10_000, MAN)
    assert len(spoken.samples) > 60 * RATE_HZ
    assert all(len(chunk.pcm) <= RATE_HZ for chunk in spoken.chunks)
    assert [mark.text_stop for mark in spoken.words] == [10_000]


@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("voice", [MAN, WOMAN])
def test_a_listener_who_leaves_stops_it_and_leaves_nothing_behind(
    engine: EspeakEngine, most: int, voice: str
) -> None:
    whole = speak(engine, SENTENCE, voice)
    job = engine.plan(utterance(SENTENCE + ". " + SENTENCE, voice))
    chunks: list[Chunk] = []
    assert job.step(1, keeping(chunks, most=most))
    assert job.step(1, keeping([], most=0))
    after = speak(engine, SENTENCE, voice)
    assert abs(len(after.samples) - len(whole.samples)) < RATE_HZ // 100
    assert [m.value for m in after.words] == [m.value for m in whole.words]
    assert max(abs(a.start - b.start) for a, b in zip(after.words, whole.words, strict=True)) < RATE_HZ // 100
    quiet = speak(engine, "...", voice).samples
    assert not quiet.any()


def test_an_error_of_the_listener_is_raised_to_who_steps(engine: EspeakEngine) -> None:
    def emit(chunk: Chunk) -> bool:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        engine.plan(utterance(SENTENCE, MAN)).step(1, emit)
    assert speak(engine, "hello", MAN).words


def test_a_cancelled_job_says_nothing(engine: EspeakEngine) -> None:
    job: Job = engine.plan(utterance(SENTENCE, MAN))
    job.cancel()
    job.cancel()
    assert job.step(1, keeping([], most=0))


@pytest.mark.parametrize("voice", ["tlh+f5", "en-us+nobody", "", "+f5", "en-us+"])
def test_unknown_voices_are_refused(engine: EspeakEngine, voice: str) -> None:
    with pytest.raises(EngineError, match=r"en-us\+edward"):
        engine.plan(utterance("x", voice))
    with pytest.raises(EngineError):
        engine.load(voice)
