"""How Gradium's text messages become one text, and how words come back from it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from stage import chop
from vivavoce.dialects.gradium.joining import Joiner
from vivavoce.dialects.gradium.words import Word, Words
from vivavoce.speech import Mark

pytestmark = pytest.mark.fast


def joined(*messages: str) -> str:
    joiner = Joiner()
    return "".join([*(joiner.feed(message) for message in messages), joiner.end()])


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (["foo", "bar"], "foo bar "),
        (["foo", "."], "foo . "),
        (["foo.", "bar"], "foo. bar "),
        (["foo ", "bar"], "foo bar "),
        (["foo ", " bar"], "foo bar "),
        (["foo\n\n", "\tbar"], "foo bar "),
        (["Hello, ", "world"], "Hello, world "),
        (["foo", "", "   ", "bar"], "foo bar "),
        (["a  b"], "a  b "),
        ([], ""),
        (["", " "], ""),
    ],
)
def test_messages_are_joined_by_exactly_one_space(messages: list[str], text: str) -> None:
    assert joined(*messages) == text


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        (['a <break time="1.5s" /> b'], 'a <break time="1.5s"/> b '),
        (['a <break time="15s" /> b'], 'a <break time="2s"/> b '),
        (['a <break time="10ms" /> b'], 'a <break time="0.1s"/> b '),
        (["a ", "<break ", 'time="9s" ', "/> ", "b"], 'a <break time="2s"/> b '),
        (["a<flush>b"], "a<flush>b "),
        (["1 < 2 <b>x</b>"], "1 < 2 <b>x</b> "),
        (["a <break", 'time="3'], 'a <break time="3 '),
    ],
)
def test_breaks_last_a_tenth_to_two_seconds(messages: list[str], text: str) -> None:
    assert joined(*messages) == text


def test_only_what_may_be_a_tag_is_held_back() -> None:
    joiner = Joiner()
    assert joiner.feed("Hello world.") == "Hello world. "
    assert joiner.feed("wait <break") == "wait "
    assert joiner.feed("dance") == "<break dance "
    assert joiner.end() == ""


@given(st.lists(st.text("ab .\n\t<>&", max_size=12), max_size=8))
@examples(60)
def test_no_word_is_lost_or_glued(messages: list[str]) -> None:
    assert joined(*messages).split() == " ".join(messages).split()


def marks(text: str, *words: str) -> list[Mark]:
    """A mark for each of ``words`` in ``text``, half a second each."""
    found, at = [], 0
    for index, word in enumerate(words):
        at = text.index(word, at)
        found.append(Mark("word", word, index / 2, index / 2 + 0.5, at, at + len(word)))
        at += len(word)
    return found


def words(text: str, *spoken: str) -> list[str]:
    made = Words()
    made.feed(text)
    return [word.text for word in made.heard(marks(text, *spoken))]


@pytest.mark.parametrize(
    ("text", "spoken", "expected"),
    [
        ("Hello, world! ", ["Hello", "world"], ["Hello,", "world!"]),
        ("Hello - world ", ["Hello", "world"], ["Hello", "world"]),
        ("Hello<flush>world ", ["Hello", "world"], ["Hello", "world"]),
        ('one <break time="1s"/>two ', ["one", "two"], ["one", "two"]),
        ("$1500. Yes ", ["$1500.", "Yes"], ["$1500.", "Yes"]),
        ("a<b c ", ["a<b", "c"], ["a<b", "c"]),
        ("twenty-one ", ["twenty", "one"], ["twenty-one"]),
        ("你好，世界。 ", ["你好", "世界"], ["你好，", "世界。"]),
        ("“Stop!” ", ["Stop"], ["“Stop!”"]),
    ],
)
def test_a_word_has_its_punctuation_and_no_tag(text: str, spoken: list[str], expected: list[str]) -> None:
    assert words(text, *spoken) == expected


def test_several_spoken_words_of_one_are_one_word() -> None:
    made = Words()
    made.feed("1234 apples ")
    found = made.heard(
        [
            Mark("word", "1234", 0.0, 0.2, 0, 4),
            Mark("word", "1234", 0.2, 0.9, 0, 4),
            Mark("word", "apples", 0.9, 1.4, 5, 11),
        ]
    )
    assert found == [Word("1234", 0.0, 0.9), Word("apples", 0.9, 1.4)]


def test_times_never_go_back_and_are_shifted() -> None:
    made = Words()
    made.feed("a b ")
    found = made.heard([Mark("word", "a", 0.5, 0.4, 0, 1), Mark("word", "b", 0.3, 0.6, 2, 3)], 0.08)
    assert found == [Word("a", 0.58, 0.58), Word("b", 0.58, 0.68)]


@given(st.integers(0, 10_000))
@examples(40)
def test_any_chopping_gives_the_same_words(seed: int) -> None:
    text = "“One,” two <flush>three - 1,234 four<five 你好，世界。 six " * 40
    spoken = [found for found in re.finditer(r"[^\W_]+", text) if found.group() != "flush"]
    whole, pieces = Words(), Words()
    told = [Mark("word", f.group(), i, i + 1, *f.span()) for i, f in enumerate(spoken)]
    whole.feed(text)
    expected = whole.heard(told)
    found: list[Word] = []
    fed = 0
    for piece in chop(text, seed):
        pieces.feed(piece)
        fed += len(piece)
    for mark in told:
        found += pieces.heard([mark])
    assert [word.text for word in found] == [word.text for word in expected]
    assert [word.start_s for word in found] == sorted(word.start_s for word in found)


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=12))
@examples(60)
def test_any_marks_of_any_text_give_words(text: str, spans: list[tuple[int, int]]) -> None:
    made = Words()
    made.feed(text)
    for start, stop in spans:
        for word in made.heard([Mark("word", "x", 0.0, 1.0, start, stop)]):
            assert word.text
            assert word.text == word.text.strip()
