"""The sizes of the decoder's calls: fixed for a voice, small at first, and never long steps."""

from __future__ import annotations

import pytest

from vivavoce.engines.piper.pace import LARGEST, SMALLEST, frames, largest

pytestmark = pytest.mark.fast

MEDIUM, HIGH = 22.7e6, 307e6
"""Multiplications a frame, counted in voices of these sizes."""


def test_a_sentence_begins_small_and_goes_on_larger() -> None:
    assert [frames(call, LARGEST) for call in range(7)] == [8, 8, 16, 16, 32, 32, 32]
    assert frames(10_000, LARGEST) == LARGEST


@pytest.mark.parametrize(("work", "most"), [(0, 32), (MEDIUM, 32), (3 * MEDIUM, 16), (HIGH, 8), (1e12, 8)])
def test_a_costly_decoder_makes_small_calls_throughout(work: float, most: int) -> None:
    assert largest(work) == most
    assert {frames(call, largest(work)) for call in range(20)} <= {SMALLEST, 16, most}
    assert max(frames(call, largest(work)) for call in range(20)) == most
