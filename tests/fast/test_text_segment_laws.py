"""What holds of every text that is cut: no chopping changes it, nothing is lost, and it costs what its length is."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from segments import pulled, segmented
from vivavoce.text.clean import leading_blank, level
from vivavoce.text.segment import Item, Segmenter, Unit

pytestmark = pytest.mark.fast

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
@examples(90)
def test_any_chopping_and_any_moment_of_pulling_give_the_same_items(
    text: str, calls: list[tuple[int, str]], options: dict[str, int], luck: random.Random
) -> None:
    assert written(text, calls, options, luck) == written(text, calls, options, None)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join), st.sampled_from([16, 40, 300]))
@examples(80)
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
@examples(60)
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


def calls_made(work: Callable[[], object]) -> int:
    """Function calls, Python's and built-in ones, that ``work`` takes."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def calls_of_cutting(text: str, piece: int) -> int:
    """Calls that it takes to cut ``text`` fed in pieces."""
    segmenter = Segmenter()

    def cut() -> None:
        for at in range(0, len(text), piece):
            segmenter.feed(text[at : at + piece])
            while segmenter.pull() is not None:
                pass
        segmenter.end()
        while segmenter.pull() is not None:
            pass

    count = calls_made(cut)
    assert segmenter.drained
    return count


@pytest.mark.parametrize(
    "unit", ["Fast, and Dr. No paid 3.14 for it. ", "x", " ", "<", "word ", "你", "!", "a\n", "<break "]
)
@pytest.mark.parametrize("piece", [3, 1_000_000])
def test_the_cost_is_linear(unit: str, piece: int) -> None:
    small, large = (calls_of_cutting(unit * (chars // len(unit)), piece) for chars in (1500, 4500))
    assert large < 3.5 * small


def test_a_megabyte_in_one_piece_is_worked_on_only_as_it_is_pulled() -> None:
    once = Segmenter()
    once.feed("Fast, and then faster. " * 45_000)
    items: list[Item | None] = []
    assert calls_made(lambda: items.append(once.pull())) < 500
    assert items != [None]
