"""What flite is given piece by piece, and where audio, pauses and marks of its pieces lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from spoken import Spoken, check_marks
from vivavoce.engines.arpabet import ipa
from vivavoce.engines.flite_library import RATE_HZ, Reading, Segment, Word
from vivavoce.engines.flite_pieces import LEAD_S, Piece, PieceAudio, pieces
from vivavoce.speech import Boundary, Chunk

pytestmark = pytest.mark.fast

# "go on" with "and" behind it, at 16 kHz: sounds from 0.1 s on.
READING = Reading(
    (Word(0.1, 0.2, 0), Word(0.2, 0.4, 3), Word(0.4, 0.5, 6)),
    (
        Segment("pau", 0.0, 0.1),
        Segment("g", 0.1, 0.15),
        Segment("ow", 0.15, 0.2),
        Segment("aa", 0.2, 0.3),
        Segment("n", 0.3, 0.4),
        Segment("ae", 0.4, 0.5),
        Segment("pau", 0.5, 0.6),
    ),
)


def made(
    boundary: Boundary, available_s: float = 0.6, *, size: int = 700, base: int = 0, start: int = 0
) -> list[Chunk]:
    """The chunks of "go on" when the library gives so many seconds of samples, in blocks of ``size``."""
    audio = PieceAudio(Piece("go on", start, boundary), (0, 1, 2, 3, 4), base, 1.0, phonemes=True)
    audio.read(READING)
    chunks: list[Chunk | None] = []
    pcm = b"\1\0" * round(available_s * RATE_HZ)
    for at in range(0, len(pcm), 2 * size):
        chunks.append(audio.feed(pcm[at : at + 2 * size]))
        if audio.complete:
            break
    return [chunk for chunk in [*chunks, audio.finish()] if chunk is not None]


def test_audio_begins_shortly_before_the_first_sound_and_ends_with_the_last_own_one() -> None:
    spoken = Spoken("go on", tuple(made(Boundary.NONE)), 1)
    assert len(spoken.samples) / RATE_HZ == pytest.approx(LEAD_S + 0.3, abs=1e-4)
    assert spoken.samples.all()
    check_marks(spoken)
    assert [(m.value, m.start, m.stop) for m in spoken.words] == [("go", 320, 1920), ("on", 1920, 5120)]
    assert [m.value for m in spoken.phonemes] == ["", "ɡ", "oʊ", "ɑ", "n"]


@pytest.mark.parametrize(("boundary", "pause_s"), [(Boundary.CLAUSE, 0.15), (Boundary.SENTENCE, 0.3)])
def test_the_pause_has_its_length_whatever_the_library_gives(boundary: Boundary, pause_s: float) -> None:
    for available_s in (0.35, 0.4, 0.45, 2.0):
        spoken = Spoken("go on", tuple(made(boundary, available_s)), 1)
        assert len(spoken.samples) / RATE_HZ == pytest.approx(LEAD_S + 0.3 + pause_s, abs=1e-4)
        check_marks(spoken)
        assert spoken.phonemes[-1].value == ""


def test_marks_move_with_the_piece() -> None:
    chunks = made(Boundary.NONE, base=1000, start=40)
    (word, *_) = [mark for chunk in chunks for mark in chunk.marks if mark.kind == "word"]
    assert (word.start, word.text_start, word.text_stop) == (1320, 40, 42)


def test_a_piece_without_words_is_its_pause() -> None:
    audio = PieceAudio(Piece("...", 0, Boundary.SENTENCE), (), 0, 2.0, phonemes=True)
    audio.read(READING)
    assert audio.feed(b"\1\0" * round(0.6 * RATE_HZ)) is None
    chunk = audio.finish()
    assert chunk is not None
    assert chunk.pcm == bytes(2 * round(0.15 * RATE_HZ))
    assert audio.complete


def test_usual_texts_are_one_piece() -> None:
    text = (
        "The quick brown fox jumps over the lazy dog, 12 times, and runs away into the woods. " + "word " * 12
    )
    assert list(pieces(text, Boundary.CLAUSE)) == [Piece(text, 0, Boundary.CLAUSE)]
    assert list(pieces("", Boundary.SENTENCE)) == [Piece("", 0, Boundary.SENTENCE)]


@pytest.mark.parametrize("text", ["x" * 300, "1" * 200, "word " * 100, "да " * 80, "😀" * 60])
def test_long_texts_are_cut(text: str) -> None:
    assert len(list(pieces(text, Boundary.SENTENCE))) > 1


@examples(60)
@given(st.text("ab 1é.\n😀", max_size=150).map(lambda text: text * 4), st.sampled_from(Boundary))
def test_pieces_are_the_text_in_order(text: str, boundary: Boundary) -> None:
    found = list(pieces(text, boundary))
    assert "".join(piece.text for piece in found) == text
    at = 0
    for piece in found:
        assert piece.start == at
        at += len(piece.text)
    assert found[-1].boundary is boundary
    assert all(piece.boundary is Boundary.NONE for piece in found[:-1])
    for piece in found[:-1]:
        words = text.split()
        longest = max(map(len, words), default=0)
        assert piece.text[-1].isspace() or longest > 20


def test_phones_in_ipa() -> None:
    assert [ipa(phone) for phone in ("hh", "ax", "l", "ow", "pau", "zz")] == ["h", "ə", "l", "oʊ", "", "zz"]
