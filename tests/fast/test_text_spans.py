"""Spans lead from a changed text back to the caller's, whatever was replaced, deleted or inserted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.text.spans import Piece, SpannedText

pytestmark = pytest.mark.fast


def test_verbatim_text_maps_character_by_character() -> None:
    text = SpannedText.verbatim("hello world", 100)
    assert text.source(0, 11) == (100, 111)
    assert text.source(6, 11) == (106, 111)


def test_replaced_text_maps_as_a_whole_and_what_follows_moves() -> None:
    text = SpannedText.verbatim("pay $5 now", 10).replace([(4, 6, "five dollars")])
    assert text.text == "pay five dollars now"
    assert text.source(4, 8) == text.source(9, 16) == (14, 16)
    assert text.source(17, 20) == (17, 20)


def test_a_span_over_a_replacement_covers_all_behind_it() -> None:
    text = SpannedText.verbatim("pay $5 now", 0).replace([(4, 6, "five dollars")])
    assert text.source(0, 20) == (0, 10)
    assert text.source(6, 20) == (4, 10)


def test_deleted_text_leaves_its_neighbours_where_they_were() -> None:
    text = SpannedText.verbatim("ab--cd", 0).replace([(2, 4, "")])
    assert (text.text, text.source(1, 2), text.source(2, 3), text.source(0, 4)) == (
        "abcd",
        (1, 2),
        (4, 5),
        (0, 6),
    )


def test_an_insertion_has_an_empty_span_in_its_place() -> None:
    text = SpannedText.verbatim("ab", 7).replace([(1, 1, "-"), (2, 2, "!")])
    assert (text.text, text.source(1, 2), text.source(3, 4)) == ("a-b!", (8, 8), (9, 9))


def test_an_insertion_within_a_replacement_belongs_to_it() -> None:
    text = SpannedText.verbatim("a b", 0).replace([(0, 1, "yz")]).replace([(1, 1, "x")])
    assert text.text == "yxz b"
    assert [text.source(i, i + 1) for i in range(3)] == [(0, 1)] * 3
    assert text.source(1, 1) == (0, 1)


def test_ends_are_clamped_and_an_empty_stretch_has_an_empty_span() -> None:
    text = SpannedText.verbatim("abc", 5)
    assert text.source(-3, 99) == (5, 8)
    assert text.source(1, 1) == (6, 6)
    assert text.source(3, 3) == text.source(9, 9) == (8, 8)
    assert text.source(2, 1) == (7, 7)


def test_an_empty_text_knows_its_place() -> None:
    assert SpannedText.verbatim("", 4).source(0, 0) == (4, 4)
    assert SpannedText("", ()).source(0, 5) == (0, 0)


def test_nothing_replaced_is_the_same_text() -> None:
    text = SpannedText.verbatim("one two", 3).replace([(0, 3, "1")])
    assert text.replace([]) == text


def test_a_replacement_of_a_replacement_leads_back_to_the_caller() -> None:
    once = SpannedText.verbatim("Dr. No", 0).replace([(0, 3, "Doctor")])
    twice = once.replace([(0, 3, "DOC"), (7, 9, "Know")])
    assert twice.text == "DOCtor Know"
    assert twice.source(0, 3) == twice.source(3, 6) == (0, 3)
    assert twice.source(7, 11) == (4, 6)


@pytest.mark.parametrize("changes", [[(2, 1, "")], [(0, 9, "")], [(2, 3, ""), (1, 2, "")]])
def test_changes_out_of_order_are_a_defect(changes: list[tuple[int, int, str]]) -> None:
    with pytest.raises(AssertionError):
        SpannedText.verbatim("abcd", 0).replace(changes)


_steps = st.lists(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["", "x", "yz"])), max_size=4),
    max_size=3,
)


def _applied(text: SpannedText, changes: list[tuple[int, int, str]]) -> tuple[SpannedText, str]:
    ordered: list[tuple[int, int, str]] = []
    cursor = 0
    for a, b, new in sorted((min(a, b), max(a, b), new) for a, b, new in changes):
        if cursor <= a and b <= len(text.text):
            ordered.append((a, b, new))
            cursor = b
    expected = text.text
    for a, b, new in reversed(ordered):
        expected = expected[:a] + new + expected[b:]
    return text.replace(ordered), expected


@given(_steps)
@examples(60)
def test_after_any_changes_pieces_tile_the_text_and_spans_ascend(
    steps: list[list[tuple[int, int, str]]],
) -> None:
    source = "abcdefghijkl"
    text = SpannedText.verbatim(source, 0)
    for changes in steps:
        text, expected = _applied(text, changes)
        assert text.text == expected
    starts = [piece.start for piece in text.pieces]
    assert starts == sorted(set(starts))
    assert not text.text or starts[0] == 0
    spans = [text.source(i, i + 1) for i in range(len(text.text))]
    assert spans == sorted(spans)
    assert all(source[a:b] == c for (a, b), c in zip(spans, text.text, strict=True) if c in source)


def test_pieces_of_a_replacement_are_not_literal() -> None:
    text = SpannedText.verbatim("a1b", 0).replace([(1, 2, "one")])
    assert text.pieces == (Piece(0, 0, 1, True), Piece(1, 1, 2, False), Piece(4, 2, 3, True))
