"""Fed text comes out in order, a bounded piece at a time."""

from __future__ import annotations

import pytest

from vivavoce.text.intake import Intake

pytestmark = pytest.mark.fast


def test_text_comes_out_in_order_however_it_is_taken() -> None:
    intake = Intake()
    for piece in ("abc", "", "d", "efgh"):
        intake.feed(piece)
    assert [intake.take(2), intake.take(3), intake.take(0), intake.take(9), intake.take(1)] == [
        "ab",
        "cde",
        "",
        "fgh",
        "",
    ]
    assert (intake.fed, intake.taken, intake.waiting) == (8, 8, False)


def test_counts_while_text_waits() -> None:
    intake = Intake()
    intake.feed("abc")
    intake.take(1)
    assert (intake.fed, intake.taken, intake.waiting) == (3, 1, True)


def test_white_space_is_left_out_across_pieces_up_to_the_limit() -> None:
    intake = Intake()
    for piece in ("  ", "\n\x00", " a b"):
        intake.feed(piece)
    assert intake.skip_invisible(3) == 3
    assert intake.skip_invisible(99) == 2
    assert intake.skip_invisible(99) == 0
    assert intake.take(9) == "a b"
    assert intake.taken == 8
