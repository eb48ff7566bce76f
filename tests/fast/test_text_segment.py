"""Where text is cut, what a flush, a release and the end let out, and where each item was."""

from __future__ import annotations

import pytest

from segments import pulled, segmented
from vivavoce.speech import Boundary
from vivavoce.text.cut import Place
from vivavoce.text.segment import FlushPoint, Item, Pause, Segmenter, Unit

pytestmark = pytest.mark.fast

MARK = {Boundary.NONE: "~", Boundary.CLAUSE: ",", Boundary.SENTENCE: "."}


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
