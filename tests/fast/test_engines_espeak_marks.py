"""Marks never come after the audio they belong to, in whatever blocks espeak-ng gives it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from spoken import Spoken, check_marks
from vivavoce.engines.espeak_library import Event
from vivavoce.engines.espeak_marks import Transcript
from vivavoce.speech import Chunk

pytestmark = pytest.mark.fast

TEXT = "go on, go"
EVENTS = [
    Event("word", 0, 0, ""),
    Event("phoneme", 10, 0, "ɡ"),
    Event("phoneme", 40, 0, "oʊ"),
    Event("word", 90, 3, ""),
    Event("phoneme", 100, 3, "ɔ"),
    Event("phoneme", 130, 3, "n"),
    Event("phoneme", 160, 3, ""),
    Event("phoneme", 180, 3, ""),
    Event("word", 200, 7, ""),
    Event("phoneme", 205, 7, "ɡoʊ"),
    Event("phoneme", 280, 7, ""),
]
PCM = b"\1\0" * 290 + bytes(2 * 30)


def transcribed(cuts: list[int], *, pause: int = 50, phonemes: bool = True) -> Spoken:
    """The utterance in blocks that end at ``cuts``, each with the events of its samples."""
    transcript = Transcript(TEXT, phonemes=phonemes)
    chunks: list[Chunk] = []
    edges = sorted({0, *cuts, len(PCM) // 2})
    for start, stop in itertools.pairwise(edges):
        chunks += transcript.feed(PCM[2 * start : 2 * stop], [e for e in EVENTS if start <= e.sample < stop])
    chunks += transcript.finish(pause)
    return Spoken(TEXT, tuple(chunks), 1)


def test_words_and_phonemes_of_a_small_text() -> None:
    spoken = transcribed([100, 200])
    assert [(m.value, m.start, m.stop) for m in spoken.words] == [
        ("go", 0, 90),
        ("on,", 90, 160),
        ("go", 200, 280),
    ]
    assert [(m.value, m.start, m.stop, m.text_start) for m in spoken.phonemes] == [
        ("ɡ", 0, 40, 0),
        ("oʊ", 40, 90, 0),
        ("ɔ", 90, 130, 3),
        ("n", 130, 160, 3),
        ("", 160, 200, 6),
        ("ɡoʊ", 200, 280, 7),
        ("", 280, 290, 9),
        ("", 290, 340, 9),
    ]
    check_marks(spoken)


def test_audio_is_let_out_up_to_the_word_being_spoken() -> None:
    transcript = Transcript(TEXT, phonemes=False)
    assert list(transcript.feed(PCM[:160], EVENTS[:3])) == []
    (chunk,) = transcript.feed(PCM[160:240], EVENTS[3:5])
    assert len(chunk.pcm) == 2 * 90
    assert [mark.value for mark in chunk.marks] == ["go"]


@examples(30)
@given(st.lists(st.integers(1, 319), max_size=8))
def test_blocks_make_no_difference(cuts: list[int]) -> None:
    spoken, whole = transcribed(cuts), transcribed([])
    assert spoken.pcm == whole.pcm
    assert spoken.marks == whole.marks
    check_marks(spoken)


def test_trailing_zeros_are_replaced_by_the_pause() -> None:
    assert len(transcribed([], pause=0).samples) == 290
    assert len(transcribed([], pause=70).samples) == 360
    assert not transcribed([], pause=70).samples[290:].any()


def test_phonemes_only_when_wanted() -> None:
    assert transcribed([], phonemes=False).phonemes == []


def test_an_utterance_without_sound_is_its_pause() -> None:
    (chunk,) = Transcript("…", phonemes=True).finish(20)
    assert chunk.pcm == bytes(40)
    assert [(m.kind, m.start, m.stop) for m in chunk.marks] == [("phoneme", 0, 20)]
    assert list(Transcript("…", phonemes=True).finish(0)) == []
