"""Pronunciation dictionaries: what counts as a word, which entry wins, and the way back to the caller's text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import EmptyTextError
from vivavoce.text.pronounce import Dictionary, Entry, language_rules
from vivavoce.text.rewrite import rewrite, rules
from vivavoce.text.spans import SpannedText

pytestmark = pytest.mark.fast


def say(text: str, *entries: Entry) -> str:
    return Dictionary(entries).apply(SpannedText.verbatim(text, 0)).text


def test_a_whole_word_is_replaced_wherever_it_stands() -> None:
    assert say("SQL, (SQL) l'SQL SQL's SQL-like.", Entry("SQL", "sequel")) == (
        "sequel, (sequel) l'sequel sequel's sequel-like."
    )


@pytest.mark.parametrize("text", ["MySQL", "SQLite", "SQL2", "_SQL", "SQL\u0301"])
def test_a_part_of_a_word_is_not(text: str) -> None:
    assert say(text, Entry("SQL", "sequel")) == text


def test_a_partial_entry_is_replaced_inside_words() -> None:
    assert say("MySQLite", Entry("SQL", "sequel", partial=True)) == "Mysequelite"


def test_case_matters_only_when_asked() -> None:
    assert say("us US Us", Entry("US", "you ess")) == "you ess you ess you ess"
    assert say("us US Us", Entry("US", "you ess", case_sensitive=True)) == "us you ess Us"
    assert say("ÉLAN élan", Entry("élan", "a-lon")) == "a-lon a-lon"


def test_the_case_sensitive_entry_goes_first_then_the_earlier_one() -> None:
    entries = Entry("us", "them"), Entry("US", "you ess", case_sensitive=True), Entry("US", "never")
    assert say("us US", *entries) == "them you ess"


def test_the_longest_match_wins_and_the_shorter_one_is_the_fallback() -> None:
    entries = Entry("New", "nu"), Entry("New York", "en why"), Entry("New York City", "the city")
    assert say("New York City New York New Yorkers", *entries) == "the city en why nu Yorkers"


def test_a_phrase_matches_over_any_white_space() -> None:
    assert say("New \n York, New\u00a0York", Entry("New York", "en why")) == "en why, en why"
    assert say("Newyork New- York", Entry("New  York", "en why")) == "Newyork New- York"


def test_typographic_and_plain_apostrophes_are_the_same() -> None:
    assert say("L’Oréal L'Oréal", Entry("L'Oréal", "low ray al")) == "low ray al low ray al"
    assert say("L'Oréal", Entry("L’Oréal", "low ray al", case_sensitive=True)) == "low ray al"


def test_what_was_replaced_is_not_read_again() -> None:
    assert say("a b", Entry("a", "b"), Entry("b", "a"), Entry("b a", "x")) == "b a"


@pytest.mark.parametrize(
    ("text", "original"),
    [("我在北京工作", "北京"), ("東京タワーへ", "タワー"), ("서울에서", "서울"), ("ฉันรักกรุงเทพมาก", "กรุงเทพ")],
)
def test_scripts_without_spaces_need_no_edges(text: str, original: str) -> None:
    assert say(text, Entry(original, "X")) == text.replace(original, "X")


def test_a_latin_word_between_han_characters_is_a_whole_word() -> None:
    assert say("使用API接口 APIs", Entry("API", "A P I")) == "使用A P I接口 APIs"


@pytest.mark.parametrize(
    ("text", "said"), [("C++.", "see plus plus."), ("C++x C", "C++x C"), ("xC++", "xC++")]
)
def test_an_entry_may_end_in_signs(text: str, said: str) -> None:
    assert say(text, Entry("C++", "see plus plus")) == said


def test_an_empty_rewrite_takes_the_word_out() -> None:
    assert say("a um b", Entry("um", "")) == "a  b"


@pytest.mark.parametrize("original", ["", " \n"])
def test_a_blank_original_is_refused(original: str) -> None:
    with pytest.raises(EmptyTextError) as caught:
        Dictionary([Entry(original, "x")])
    assert caught.value.param == "original"


def test_without_a_match_the_text_is_returned_itself() -> None:
    text = SpannedText.verbatim("nothing", 0)
    assert Dictionary([Entry("x", "y")]).apply(text) is text
    assert Dictionary([]).apply(text) is text


def test_every_word_said_leads_back_to_the_word_written() -> None:
    said = Dictionary([Entry("API", "A P I")]).apply(SpannedText.verbatim("the API works", 10))
    assert said.text == "the A P I works"
    assert said.source(4, 5) == said.source(8, 9) == (14, 17)
    assert said.source(10, 15) == (18, 23)


def test_the_rewrite_rules_see_the_result() -> None:
    text = Dictionary([Entry("grand", "1000")]).apply(SpannedText.verbatim("two-grand grand", 0))
    assert rewrite(text, rules("en")).text == "two-1000 1 thousand"


def test_language_rules_is_at_hand() -> None:
    assert language_rules("fr-BE") == "fr-be"


def test_a_large_dictionary_looks_no_further_than_the_text() -> None:
    # What is visited is bounded by the text: the entries share no first letter with it.
    dictionary = Dictionary([Entry(f"x{n}", "y") for n in range(5000)])
    assert dictionary.apply(SpannedText.verbatim("a b x4999 " * 200, 0)).text == "a b y " * 200


SMALL = st.text("aAb '’北.\n", max_size=12)


@examples(100)
@given(
    st.lists(st.tuples(SMALL.filter(str.strip), SMALL, st.booleans(), st.booleans()), max_size=5),
    SMALL | st.text(),
)
def test_any_text_is_replaced_and_its_spans_stay_in_order(
    entries: list[tuple[str, str, bool, bool]], text: str
) -> None:
    said = Dictionary([Entry(*entry) for entry in entries]).apply(SpannedText.verbatim(text, 7))
    spans = [(piece.source_start, piece.source_stop) for piece in said.pieces]
    assert all(7 <= start <= stop <= 7 + len(text) for start, stop in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
