from __future__ import annotations

import random
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.speech import Boundary
from vivavoce.text.clean import leading_blank, level
from vivavoce.text.cut import Place
from vivavoce.text.segment import FlushPoint, Item, Pause, Segmenter, Unit

pytestmark = pytest.mark.fast

MARK = {Boundary.NONE: "~", Boundary.CLAUSE: ",", Boundary.SENTENCE: "."}


def pulled(segmenter: Segmenter) -> list[Item]:
    items: list[Item] = []
    while (item := segmenter.pull()) is not None:
        items.append(item)
    return items


def shown(items: list[Item]) -> list[str]:
    """Items for the eye: a unit with its boundary before it, a pause in seconds, a flush point with its name."""
    out: list[str] = []
    for item in items:
        match item:
            case Unit():
                out.append(f"{MARK[item.boundary]} {item.spoken.text}")
            case Pause():
                out.append(f"<{item.seconds:g}>")
            case FlushPoint():
                out.append(f"[{item.flush_id}]")
    return out


def segmented(*pieces: str, first_words: int = 4, max_chars: int = 300, markup: bool = True) -> list[Item]:
    segmenter = Segmenter(first_words=first_words, max_chars=max_chars, markup=markup)
    items: list[Item] = []
    for piece in pieces:
        segmenter.feed(piece)
        items += pulled(segmenter)
    segmenter.end()
    items += pulled(segmenter)
    assert segmenter.drained
    return items


# ---- what the cut does ------------------------------------------------------------------------------------------

EXAMPLES = {
    "Streaming is fast.": [". Streaming is fast."],
    "Hello there. Dr. Smith paid $3.14 to J. R. R. Tolkien, i.e. nothing. Why?! So... nothing. “Oh!” he said.": [
        ". Hello there.",
        ". Dr. Smith paid $3.14 to J. R. R. Tolkien, i.e. nothing.",
        ". Why?!",
        ". So... nothing.",
        ". “Oh!” he said.",
    ],
    "The quick brown fox jumps. It runs": ["~ The quick brown fox", ". jumps.", ". It runs"],
    "Er kam am 3. Mai an, z.B. per Bahn. Es war 2024. Dann nicht.": [
        "~ Er kam am 3. Mai",
        ". an, z.B. per Bahn.",
        ". Es war 2024.",
        ". Dann nicht.",
    ],
    "你好，世界。今天天气很好！「好吗？」他说。": [". 你好，世界。", ". 今天天气很好！", ". 「好吗？」", ". 他说。"],
    "नमस्ते। कैसे हो॥ مرحبا؟ نعم، نعم. Τι κάνεις; Καλά. ሰላም። ደህና።": [
        ". नमस्ते।", ". कैसे हो॥", ". مرحبا؟", ". نعم، نعم.", ". Τι κάνεις;", ". Καλά.", ". ሰላም።", ". ደህና።",
    ],
    "« Oui. » Quoi ? ! Mail a.b@c.de or www.example.com. See file.txt now": [
        ". « Oui. »",
        ". Quoi ? !",
        ". Mail a.b@c.de or www.example.com.",
        ". See file.txt now",
    ],
    "# Plan\n1. Buy\n2. Sell\nit all\n\nDone": [". # Plan", ". 1. Buy", ". 2. Sell it all", ". Done"],
    "Hello <break time='1s'/> dear<BREAK/>, world<flush>one two three four five": [
        ", Hello",
        "<1>",
        ", dear",
        "<0.5>",
        ". , world",
        "[None]",
        "~ one two three four",
        ". five",
    ],
    "if a <b and <i>x</i>": ["~ if a <b and", ". <i>x</i>"],
    "...": [". ..."],
    "\ufeff \x00 \n": [],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.items())
def test_examples(text: str, expected: list[str]) -> None:
    assert shown(segmented(text)) == expected
    assert shown(segmented(*text)) == expected


def test_without_markup_a_tag_is_text() -> None:
    assert shown(segmented("Go <break/> on", markup=False)) == [". Go <break/> on"]


def test_a_tag_split_over_two_pieces_is_held_until_it_is_one() -> None:
    segmenter = Segmenter()
    segmenter.feed("Hello there <bre")
    assert pulled(segmenter) == []
    segmenter.feed("ak time=")
    assert pulled(segmenter) == []
    segmenter.feed('"2s"')
    assert pulled(segmenter) == []
    segmenter.feed(">on")
    assert shown(pulled(segmenter)) == [", Hello there", "<2>"]


def test_what_cannot_become_a_tag_is_let_go_at_once() -> None:
    segmenter = Segmenter()
    segmenter.feed("so one two three <")
    assert pulled(segmenter) == []
    segmenter.feed("b")
    assert pulled(segmenter) == []
    segmenter.feed(">")
    assert shown(pulled(segmenter)) == ["~ so one two three"]


def test_items_say_where_they_were_in_the_callers_text() -> None:
    text = "  One\u200b  two! <break/> \x07Three \n"
    one, pause, three = segmented(text)
    assert isinstance(one, Unit)
    assert isinstance(pause, Pause)
    assert isinstance(three, Unit)
    assert text[one.source_start : one.source_stop] == "One\u200b  two!"
    assert one.spoken.text == "One two!"
    assert one.spoken.source(4, 7) == (8, 11)
    assert text[pause.source_start : pause.source_stop] == "<break/>"
    assert text[three.source_start : three.source_stop] == "Three"


def test_only_what_a_voice_has_words_for_is_speakable() -> None:
    items = segmented("— ! 😀 ... <break/>***<break/>3 % <break/>你")
    assert [item.speakable for item in items if isinstance(item, Unit)] == [False, True, False, True, True]


def test_text_without_words_does_not_use_up_the_early_cut() -> None:
    assert shown(segmented("?! one two three four five")) == [". ?!", "~ one two three four", ". five"]


def test_half_characters_of_utf16_find_each_other() -> None:
    (unit,) = segmented("ok \ud83d", "\ude00 \ud83d.")
    assert isinstance(unit, Unit)
    assert unit.spoken.text == "ok 😀 ."


def test_a_word_of_10_000_letters_is_cut_at_the_bound() -> None:
    units = [item for item in segmented("x" * 10_000) if isinstance(item, Unit)]
    assert [len(unit.spoken.text) for unit in units] == [300, 160, *[300] * 31, 240]
    assert {unit.boundary for unit in units[:-1]} == {Boundary.NONE}


# ---- flush, release, end ------------------------------------------------------------------------------------------


def test_a_flush_lets_everything_out_and_its_point_follows() -> None:
    segmenter = Segmenter()
    segmenter.feed("Dr")
    segmenter.flush("a")
    segmenter.flush()
    segmenter.feed(". No")
    segmenter.flush("b")
    assert shown(pulled(segmenter)) == [". Dr", "[a]", "[None]", ". .", ". No", "[b]"]
    assert not segmenter.drained


def test_a_flush_in_a_tag_makes_it_text() -> None:
    segmenter = Segmenter()
    segmenter.feed("a <flu")
    segmenter.flush("x")
    segmenter.feed("sh>")
    segmenter.end()
    assert shown(pulled(segmenter)) == [". a <flu", "[x]", ". sh>"]


def test_a_silent_writers_whole_words_are_let_out() -> None:
    segmenter = Segmenter()
    segmenter.feed("I th")
    assert segmenter.pull() is None
    assert segmenter.pending_chars > 0
    segmenter.release()
    assert segmenter.pending_chars == 0
    assert shown(pulled(segmenter)) == ["~ I"]
    assert segmenter.pending_chars == 0
    segmenter.feed("ink so, wel")
    assert shown(pulled(segmenter)) == [", think so,"]
    assert segmenter.pending_chars == 0
    segmenter.release()
    assert pulled(segmenter) == []
    segmenter.feed("l. ")
    assert shown(pulled(segmenter)) == [". well."]


def test_released_words_keep_their_mark_and_an_abbreviation_has_none() -> None:
    for text, expected in (
        ("Oh, ", ", Oh,"),
        ("Yes.", ". Yes."),
        ("Dr. ", "~ Dr."),
        ("So...", ", So..."),
        ("a <br", "~ a"),
    ):
        segmenter = Segmenter()
        segmenter.feed(text)
        assert pulled(segmenter) == []
        segmenter.release()
        assert shown(pulled(segmenter)) == [expected]


def test_after_released_words_somebody_waits_again() -> None:
    segmenter = Segmenter()
    segmenter.feed("First of all. Now ")
    assert shown(pulled(segmenter)) == [". First of all."]
    segmenter.release()
    segmenter.feed("one two three four five")
    assert shown(pulled(segmenter)) == ["~ Now", "~ one two three four"]


def test_after_words_released_to_a_hungry_listener_comes_no_short_unit() -> None:
    segmenter = Segmenter()
    segmenter.feed("one two three four five six sev")
    assert shown(pulled(segmenter)) == ["~ one two three four"]
    segmenter.release(Place.SECOND)
    assert shown(pulled(segmenter)) == ["~ five six"]
    segmenter.feed("en eight nine ten eleven twelve")
    assert pulled(segmenter) == []
    segmenter.feed(". The")
    assert shown(pulled(segmenter)) == [". seven eight nine ten eleven twelve."]


def test_pending_chars_while_items_wait() -> None:
    segmenter = Segmenter()
    assert segmenter.pending_chars == 0
    segmenter.feed("...")
    assert segmenter.pending_chars == 0
    segmenter.feed("x" * 5000)
    assert segmenter.pending_chars > 0
    segmenter.flush()
    assert segmenter.pending_chars == 0
    segmenter.feed("y ")
    assert segmenter.pending_chars > 0
    segmenter.end()
    assert segmenter.pending_chars == 0


def test_the_end_drains() -> None:
    segmenter = Segmenter()
    segmenter.feed("One. Two. \n ")
    assert not segmenter.drained
    segmenter.end()
    segmenter.end()
    segmenter.release()
    assert [segmenter.drained, segmenter.pull() is None, segmenter.drained] == [False, False, False]
    assert segmenter.pull() is not None
    assert segmenter.drained
    assert segmenter.pull() is None
    assert segmenter.characters == 12


def test_a_flush_point_that_waits_is_not_drained() -> None:
    segmenter = Segmenter()
    segmenter.flush("x")
    segmenter.end()
    assert not segmenter.drained
    assert shown(pulled(segmenter)) == ["[x]"]
    assert segmenter.drained


def test_writing_after_the_end_is_a_defect() -> None:
    segmenter = Segmenter()
    segmenter.end()
    with pytest.raises(AssertionError):
        segmenter.feed("x")
    with pytest.raises(AssertionError):
        segmenter.flush()


# ---- the law ------------------------------------------------------------------------------------------------------

FRAGMENTS = [
    " ", "  ", "\n", "\n\n", "\r\n", ". ", "... ", "…", "!", "?", "3.14", "3. ", "3", "1. ", "- ", "Mai", "U.S.", "J.",
    "Dr.", "e.g. ", "etc.", "No. ", "The", "the ", "word", "go ", ", ", ",", "; ", ": ", " – ", "—", "-", "«", " »", "»",
    "“", "”", '"', "'", "(", ")", "<", "<flush>", "<br", "eak/>", "<break time='1s' />", "你好", "。", "，", "！", "か",
    "ー", "เก", "।", "؟", "ς;", "😀", "👍🏽", "👨\u200d👩", "🇩🇪", "\ud83d", "\ude00", "\0", "\ufeff", "\u200b", "\u00a0",
    "\u0301", "\u2029", "x" * 30,
]  # fmt: skip
CALLS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["release", "flush"])), max_size=3)


def written(
    text: str, calls: list[tuple[int, str]], options: dict[str, int], luck: random.Random | None
) -> list[Item]:
    """All items of ``text`` with ``calls`` at their offsets; with ``luck`` chopped and pulled at random moments."""
    segmenter = Segmenter(first_words=options["first_words"], max_chars=options["max_chars"])
    items: list[Item] = []
    at = 0
    for offset, call in [*sorted(calls), (len(text), "end")]:
        while at < min(offset, len(text)):
            size = luck.randint(1, 4) if luck else len(text)
            segmenter.feed(text[at : min(at + size, offset)])
            at = min(at + size, offset, len(text))
            if luck and luck.random() < 0.6:
                items += (
                    pulled(segmenter)
                    if luck.random() < 0.7
                    else [item for item in [segmenter.pull()] if item]
                )
        getattr(segmenter, call)()
        if luck and luck.random() < 0.5:
            assert segmenter.pending_chars >= 0
            items += pulled(segmenter)
    items += pulled(segmenter)
    assert segmenter.drained
    return items


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join),
    CALLS,
    st.fixed_dictionaries({"first_words": st.integers(1, 5), "max_chars": st.sampled_from([16, 25, 300])}),
    st.randoms(use_true_random=False),
)
@settings(max_examples=90, deadline=None)
def test_any_chopping_and_any_moment_of_pulling_give_the_same_items(
    text: str, calls: list[tuple[int, str]], options: dict[str, int], luck: random.Random
) -> None:
    assert written(text, calls, options, luck) == written(text, calls, options, None)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join), st.sampled_from([16, 40, 300]))
@settings(max_examples=80, deadline=None)
def test_units_are_in_order_bounded_clean_and_nothing_sayable_is_lost(text: str, max_chars: int) -> None:
    rest = list(level(text))
    before = 0
    for item in segmented(text, max_chars=max_chars, markup=False):
        assert isinstance(item, Unit)
        assert before <= item.source_start < item.source_stop
        before = item.source_stop
        said = item.spoken
        assert said.text == said.text.strip() != ""
        assert len(said.text) <= max_chars
        assert said.source(0, len(said.text))[0] >= item.source_start
        assert said.source(0, len(said.text))[1] <= item.source_stop
        rest[item.source_start : item.source_stop] = " " * (item.source_stop - item.source_start)
    left = "".join(rest)
    assert leading_blank(left, complete=True) == len(left)


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_pending_chars_are_there_exactly_when_a_release_lets_something_out(before: str, more: str) -> None:
    segmenter = Segmenter()
    segmenter.feed(before)
    pulled(segmenter)
    segmenter.feed(more)
    pulled(segmenter)
    pending = segmenter.pending_chars > 0
    segmenter.release()
    assert bool(pulled(segmenter)) == pending


# ---- the cost -----------------------------------------------------------------------------------------------------


def calls_made(text: str, piece: int) -> int:
    """Function calls, Python's and built-in ones, that it takes to cut ``text`` fed in pieces."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    segmenter = Segmenter()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for at in range(0, len(text), piece):
            segmenter.feed(text[at : at + piece])
            while segmenter.pull() is not None:
                pass
        segmenter.end()
        while segmenter.pull() is not None:
            pass
    finally:
        sys.setprofile(before)
    assert segmenter.drained
    return count


@pytest.mark.parametrize(
    "unit", ["Fast, and Dr. No paid 3.14 for it. ", "x", " ", "<", "word ", "你", "!", "a\n", "<break "]
)
@pytest.mark.parametrize("piece", [3, 1_000_000])
def test_the_cost_is_linear(unit: str, piece: int) -> None:
    small, large = (calls_made(unit * (chars // len(unit)), piece) for chars in (1500, 4500))
    assert large < 3.5 * small


def test_a_megabyte_in_one_piece_is_worked_on_only_as_it_is_pulled() -> None:
    once = Segmenter()
    once.feed("Fast, and then faster. " * 45_000)
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        assert once.pull() is not None
    finally:
        sys.setprofile(before)
    assert count < 500
