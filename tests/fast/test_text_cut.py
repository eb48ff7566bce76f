"""Where the next unit stops: the first, the second and later ones, and those that are too long."""

from __future__ import annotations

import pytest

from vivavoce.speech import Boundary
from vivavoce.text.cut import LOOKAHEAD, SECOND_CHARS, Cut, Cutter, Place, whole_words

pytestmark = pytest.mark.fast

NONE, CLAUSE, SENTENCE = Boundary.NONE, Boundary.CLAUSE, Boundary.SENTENCE


def cut(
    text: str, *, place: Place = Place.LATER, end: Boundary | None = None, max_chars: int = 40
) -> tuple[str, Boundary] | None:
    cutter = Cutter(4, max_chars)
    cutter.begin(place)
    found = cutter.decide(text, end)
    return (text[: found.stop], found.boundary) if found else None


@pytest.mark.parametrize(
    ("text", "unit", "boundary"),
    [
        ("one two three four f", "one two three four", NONE),
        ("one two, t", "one two,", CLAUSE),
        ("one, two three four f", "one, two three four", NONE),
        ("one. T", "one.", SENTENCE),
        ('"so they say," he', '"so they say,"', CLAUSE),
        ("one two—t", "one two—", CLAUSE),
        ("one two -- t", "one two --", CLAUSE),
        ("one two – t", "one two –", CLAUSE),
        ("one two three four – f", "one two three four –", CLAUSE),
        ("one two three four !\u00a0F", "one two three four !", SENTENCE),
        ("an old friend, Dr. Jo", "an old friend,", CLAUSE),
        ("I saw old Dr. Smith to", "I saw old Dr. Smith", NONE),
        ("call us at 0800 123 456 to", "call us at 0800 123 456", NONE),
        ("it is about 20 % of", "it is about 20 %", NONE),
        ("a b c d\u00a0e f", "a b c d\u00a0e", NONE),
        ("- one two three four f", "- one two three four", NONE),
        ("今天天气很好我们一起去公园", "今天天气很好我们一起去公", NONE),
        ("今天天气很好我们一起去コーヒー", "今天天气很好我们一起去コー", NONE),
        ("今天天气很好，我们", "今天天气很好，", CLAUSE),
        ("你好，今天天气很好啊我们一起去公园", "你好，今天天气很好啊我们一", NONE),
        ("AI模型是什么东西我们一起", "AI模型是什么东西我们", NONE),
        ("one\n\ntwo", "one", SENTENCE),
        ("one\n- two", "one", SENTENCE),
    ],
)
def test_somebody_waits(text: str, unit: str, boundary: Boundary) -> None:
    assert cut(text, place=Place.FIRST) == (unit, boundary)
    assert cut(text[: len(unit)], place=Place.FIRST) is None, "not before its end is certain"


@pytest.mark.parametrize(
    "text",
    [
        "one two three four ",
        "one two three four",
        "one two three four )",
        "a, b c",
        "well... maybe it",
        "你好，世界",
    ],
)
def test_not_yet(text: str) -> None:
    assert cut(text, place=Place.FIRST) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("one two, three four five six. S", "one two, three four five six."),
        ("one two\nthree four.\nF", "one two\nthree four."),
        ("one two\r\n \r\nthree", "one two"),
        ("one two\u2029three", "one two"),
        ("one two\n* three", "one two"),
        ("one two\n12. three", "one two"),
        ("one two\n## Three", "one two"),
        ("one\n2024 was good. T", "one\n2024 was good."),
        ("one\n-5 degrees. T", "one\n-5 degrees."),
        ("1. Buy milk. T", "1. Buy milk."),
        ("Τι κάνεις; Κ", "Τι κάνεις;"),
    ],
)
def test_later_units_are_sentences(text: str, unit: str) -> None:
    assert cut(text) == (unit, SENTENCE)


@pytest.mark.parametrize("text", ["one\n", "one\n1", "one\n1."])
def test_a_line_may_yet_be_a_list_item(text: str) -> None:
    cutter = Cutter(1, 40)
    assert cutter.decide(text, None) is None
    assert cutter.decide("one\n1. two", None) == Cut(3, SENTENCE)


@pytest.mark.parametrize(
    ("text", "end", "unit", "boundary"),
    [
        ("one two", NONE, "one two", NONE),
        ("one two ", SENTENCE, "one two", SENTENCE),
        ("one two,", SENTENCE, "one two,", CLAUSE),
        ("one two", CLAUSE, "one two", CLAUSE),
        ("one two. ", CLAUSE, "one two.", SENTENCE),
        ("one. Two", CLAUSE, "one.", SENTENCE),
    ],
)
def test_text_that_ends(text: str, end: Boundary, unit: str, boundary: Boundary) -> None:
    assert cut(text, end=end) == (unit, boundary)


FILL = "x" * (40 + LOOKAHEAD)


@pytest.mark.parametrize(
    ("text", "unit", "boundary"),
    [
        ("a clause that ends here, and words that " + FILL, "a clause that ends here,", CLAUSE),
        ("early, and then words and words " + FILL, "early, and then words and words", NONE),
        ("early,but—" + FILL, "early,but—", CLAUSE),
        ("a " + FILL, "a", NONE),
        ("Dr. " + FILL, "Dr.", NONE),
        (FILL + " a", FILL[:40], NONE),
        (FILL[:39] + "e\u0301" + FILL, FILL[:39], NONE),
        (FILL[:39] + "\ud83d\ude00" + FILL, FILL[:39], NONE),
        ("x" + "\u0301" * 120, "x" + "\u0301" * 39, NONE),
        (FILL[:40] + ". " + FILL, FILL[:40], NONE),
        (FILL[:39] + ". " + FILL, FILL[:39] + ".", SENTENCE),
        (FILL[:40] + " " + FILL, FILL[:40], NONE),
        ("go." + " " * 120, "go.", SENTENCE),
        ("!" * 120, "!" * 40, NONE),
    ],
)
def test_a_sentence_that_is_too_long(text: str, unit: str, boundary: Boundary) -> None:
    assert cut(text) == (unit, boundary)
    assert cut(text, end=SENTENCE) == (unit, boundary)
    assert all(cut(text[:stop]) in (None, (unit, boundary)) for stop in range(len(text)))


def test_looking_again_goes_on_where_it_stood() -> None:
    cutter = Cutter(4, 40)
    text = "one two three four five"
    assert [cutter.decide(text[:stop], None) for stop in range(1, 20)] == [None] * 19
    assert cutter.decide(text[:20], None) == Cut(18, NONE)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("one two", "one"),
        ("one two ", "one two"),
        ("one two.", "one two."),
        ('he said "', "he said"),
        ('he said "no"', 'he said "no"'),
        ("(one)", "(one)"),
        ("one", ""),
        ("", ""),
        (" ", ""),
        ("- ", ""),
        ("... ", ""),
        ("don'", ""),
        ("you don’", "you"),
        ("你好", "你好"),
        ("สวัสดี", ""),
    ],
)
def test_whole_words(text: str, whole: str) -> None:
    assert text[: whole_words(text)] == whole


LONG = ", ".join(["a clause of six words more"] * 20)


@pytest.mark.parametrize(("place", "bound"), [(Place.SECOND, SECOND_CHARS), (Place.LATER, 300)])
def test_the_second_unit_has_a_bound_of_its_own(place: Place, bound: int) -> None:
    found = cut(LONG, place=place, max_chars=300)
    assert found is not None
    unit, boundary = found
    assert boundary is CLAUSE
    assert unit == LONG[: LONG.rindex(",", 0, bound) + 1]


def test_the_second_unit_waits_for_no_more_than_its_own_bound() -> None:
    text = "x" * (SECOND_CHARS + LOOKAHEAD)
    assert cut(text, place=Place.SECOND, max_chars=300) == ("x" * SECOND_CHARS, NONE)
    assert cut(text[:-1], place=Place.SECOND, max_chars=300) is None
    assert cut(text, place=Place.LATER, max_chars=300) is None


def test_a_bound_smaller_than_the_second_unit_holds_for_it_too() -> None:
    found = cut(LONG, place=Place.SECOND, max_chars=40)
    assert found is not None
    assert len(found[0]) <= 40


def test_the_second_unit_ends_at_a_clause_that_would_be_too_short_for_a_later_one() -> None:
    text = "and here is a clause of quite some length, " + "then words without any mark " * 20
    assert cut(text, place=Place.SECOND, max_chars=160) == (
        "and here is a clause of quite some length,",
        CLAUSE,
    )
    found = cut(text, place=Place.LATER, max_chars=160)
    assert found is not None
    assert (len(found[0]) > 140, found[1]) == (True, NONE)
