"""From phoneme words to the words of the text, and their times."""

from __future__ import annotations

import pytest

from vivavoce.engines.espeak_library import Event
from vivavoce.engines.piper.phonemes import SILENT, Ids, Symbol
from vivavoce.engines.piper.script import Section, marks_of, worded
from vivavoce.engines.piper.words import phoneme_marks, places, timed
from vivavoce.speech import Boundary, SampleMark

pytestmark = pytest.mark.fast

ALONE = {"for": "fɔː", "the": "ðə", "men": "mɛn", "25": "twɛntifaɪv"}


def alone(token: str) -> str:
    return ALONE.get(token, token)


def told(*words: tuple[int, str]) -> list[Event]:
    """Events of words at places, with their phonemes."""
    found: list[Event] = []
    for at, ipa in words:
        found.append(Event("word", 0, at, ""))
        found += [Event("phoneme", 0, at, c) for c in ipa]
    return found


def test_words_are_told_off_against_events() -> None:
    text = "go, men go"
    assert places(text, ["ɡoʊ", "mɛn", "ɡoʊ"], told((0, "ɡoʊ"), (4, "mɛn"), (8, "ɡoʊ")), alone) == [0, 4, 8]


def test_a_place_that_points_before_its_word_is_settled() -> None:
    text = "X. - “men” go"
    assert places(text, ["ɛks", "mɛn", "ɡoʊ"], told((0, "ɛks"), (1, "mɛn"), (11, "ɡoʊ")), alone) == [0, 6, 11]


def test_a_number_has_several_words_at_one_token() -> None:
    text = "25 men"
    found = places(text, ["twɛnti", "faɪv", "mɛn"], told((0, "twɛnti"), (1, "faɪv"), (3, "mɛn")), alone)
    assert [text[at:].split()[0] for at in (found[0], found[2])] == ["25", "men"]
    assert found[1] < 3


def test_events_without_phonemes_are_dropped_when_there_are_too_many() -> None:
    text = "1 000 men"
    assert places(text, ["wʌn", "mɛn"], told((0, "wʌn"), (2, ""), (6, "mɛn")), alone) == [0, 6]


def test_words_are_aligned_by_their_sound_when_numbers_differ() -> None:
    text = "men go the"
    found = places(text, ["mɛn", "ðə"], told((0, "mɛn"), (4, "ɡoʊ"), (7, "ðə")), alone)
    assert found == [0, 7]
    assert places(text, ["mɛn"], [], alone) == [0]


def test_words_of_a_token_that_was_run_together_are_divided_by_their_sound() -> None:
    text = "for the men"
    found = places(text, ["fɔː", "ðə", "mɛn"], told((0, "fɔː"), (0, "ðə"), (8, "mɛn")), alone)
    assert found == [0, 4, 8]


def test_no_words_and_no_tokens_have_places_too() -> None:
    assert places("...", [], [], alone) == []
    assert places(" ", ["x"], [], alone) == [0]


def ids(spelled: str) -> Ids:
    """Two numbers for each symbol, the word counted at spaces; ``.`` belongs to no word."""
    symbols: list[Symbol] = []
    word = 0
    for c in spelled:
        symbols.append(Symbol(c, SILENT if c in " ." else word))
        word += c == " "
    numbers = 2 + 2 * len(symbols) + 1
    return Ids((0,) * numbers, tuple(symbols), tuple(range(2, numbers - 1, 2)))


def test_a_symbol_is_heard_in_its_own_numbers_and_the_padding_behind_them() -> None:
    heard = timed(ids("ab"), (10, 10, 1, 2, 3, 4, 99), 1000)
    assert [(t.start, t.stop) for t in heard] == [(1020, 1023), (1023, 1030)]


def test_words_do_not_reach_into_the_pause_behind_them() -> None:
    made = ids("go on.")
    section = Section(made, 5, "go on.", {0: 0, 1: 3})
    marks = marks_of(section, [10] * len(made.numbers), 100, 400, phonemes=True)
    words = [mark for mark in marks.marks if mark.kind == "word"]
    assert words == [
        SampleMark("word", "go", 120, 160, 5, 7),
        SampleMark("word", "on.", 180, 220, 8, 11),
    ]
    assert marks.voiced == 220
    sounds = [mark for mark in marks.marks if mark.kind == "phoneme"]
    assert [mark.value for mark in sounds] == ["", "g", "o", "", "o", "n", ""]
    assert [sounds[0].start, *(mark.stop for mark in sounds)] == [100, 120, 140, 160, 180, 200, 220, 400]


def test_stress_and_length_belong_to_their_sound() -> None:
    made = ids("ˈuː")
    heard = timed(made, [10] * len(made.numbers), 0)
    sounds = list(phoneme_marks(heard, [], 0, 90))
    assert [(mark.value, mark.start, mark.stop) for mark in sounds] == [
        ("", 0, 20),
        ("uː", 20, 80),
        ("", 80, 90),
    ]


@pytest.mark.parametrize(
    ("text", "boundary", "expected"),
    [
        ("go on.", Boundary.NONE, "go on"),
        ("go on", Boundary.NONE, "go on"),
        ("go on", Boundary.CLAUSE, "go on,"),
        ("go on:", Boundary.CLAUSE, "go on:"),
        ("go on.", Boundary.CLAUSE, "go on,"),
        ("go on,", Boundary.SENTENCE, "go on."),
        ("go on?", Boundary.SENTENCE, "go on?"),
        ("go on", Boundary.SENTENCE, "go on"),
        ("say [[a.]]", Boundary.CLAUSE, "say [[a.]]"),
    ],
)
def test_the_mark_at_the_end_says_how_the_unit_ends(text: str, boundary: Boundary, expected: str) -> None:
    assert worded(text, boundary) == expected
