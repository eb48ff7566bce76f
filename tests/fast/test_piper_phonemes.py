"""Symbols and numbers: everything about phonemes that needs no library."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.engines.piper.config import Audio, VoiceConfig
from vivavoce.engines.piper.phonemes import SILENT, Part, Symbol, ids_of, parts_of, read, shortened

pytestmark = pytest.mark.fast

MAP = {"_": [0], "^": [1], "$": [2], " ": [3], "a": [4], "b": [5, 6], "é": [7], "e": [8], "\u0301": [9]}
LETTERS = VoiceConfig(audio=Audio(22_050), phoneme_id_map=MAP, phoneme_type="text")


def symbols(text: str) -> list[Symbol]:
    return [Symbol(c, SILENT if c == " " else 0) for c in text]


def test_numbers_begin_and_end_the_sentence_and_pad_every_symbol() -> None:
    ids = ids_of(symbols("ab a"), LETTERS)
    assert ids.numbers == (1, 0, 4, 0, 5, 6, 0, 3, 0, 4, 0, 2)
    assert ids.starts == (2, 4, 7, 9)


def test_what_the_map_lacks_is_left_out() -> None:
    ids = ids_of(symbols("axb"), LETTERS)
    assert ids.numbers == (1, 0, 4, 0, 5, 6, 0, 2)
    assert [symbol.value for symbol in ids.symbols] == ["a", "b"]


def test_an_empty_sentence_is_its_ends() -> None:
    assert ids_of([], LETTERS).numbers == (1, 0, 2)


def test_a_voice_that_reads_letters_gets_them_decomposed() -> None:
    reading = read("bé a", LETTERS, None)
    assert [[(s.value, s.word) for s in sentence] for sentence in reading.sentences] == [
        [("b", 0), ("e", 0), ("\u0301", 0), (" ", SILENT), ("a", 1)]
    ]
    assert [word.ipa for word in reading.words] == ["be\u0301", "a"]
    assert read("", LETTERS, None).sentences == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", [Part(0, "plain", False)]),
        ("", [Part(0, "", False)]),
        ("go [[aɪ]] on", [Part(0, "go ", False), Part(5, "aɪ", True), Part(9, " on", False)]),
        ("[[a]][[b]]", [Part(2, "a", True), Part(7, "b", True)]),
        ("[[open", [Part(0, "[[open", False)]),
        ("[[]]", [Part(2, "", True)]),
    ],
)
def test_blocks_of_phonemes_are_parts_of_their_own(text: str, parts: list[Part]) -> None:
    assert list(parts_of(text)) == parts


@examples(60)
@given(st.text("[]a b", max_size=30))
def test_every_character_is_in_one_part_or_is_a_bracket(text: str) -> None:
    parts = list(parts_of(text))
    assert all(text[part.start : part.start + len(part.text)] == part.text for part in parts)
    assert sum(len(part.text) + 4 * part.given for part in parts) == len(text)


@examples(60)
@given(st.text("ab ", min_size=1, max_size=80), st.integers(2, 20))
def test_long_sentences_are_cut_at_spaces_where_there_are_any(text: str, limit: int) -> None:
    pieces = list(shortened(symbols(text), limit))
    assert "".join(symbol.value for piece in pieces for symbol in piece) == text
    assert all(len(piece) <= limit for piece in pieces)
    for before, piece in itertools.pairwise(pieces):
        assert piece[0].value == " " or len(before) == limit
