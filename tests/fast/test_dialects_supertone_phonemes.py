"""Phonemes tile the clip, whatever the marks were."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.supertone.messages import Phonemes
from vivavoce.dialects.supertone.phonemes import Tiles
from vivavoce.speech import Mark

pytestmark = pytest.mark.fast


def mark(value: str, start_s: float, stop_s: float) -> Mark:
    return Mark("phoneme", value, start_s, stop_s, 0, 1)


def tiled(marks: list[Mark], audio_s: float, *, silent: bool = False) -> Phonemes:
    tiles = Tiles(silent=silent)
    for one in marks:
        tiles.feed(one)
    tiles.finish(audio_s)
    return tiles.take() or Phonemes([], [], [])


def test_gaps_become_silence_and_the_last_tile_ends_the_clip() -> None:
    made = tiled([mark("h", 0.1, 0.2), mark("i", 0.2, 0.3), mark("", 0.3, 0.35), mark("a", 0.5, 0.6)], 0.75)
    assert made == Phonemes(
        ["", "h", "i", "", "a", ""], [0.0, 0.1, 0.2, 0.3, 0.5, 0.6], [0.1, 0.1, 0.1, 0.2, 0.1, 0.15]
    )


def test_silences_that_touch_are_one() -> None:
    made = tiled([mark("", 0.0, 0.1), mark("", 0.1, 0.2), mark("a", 0.2, 0.3)], 0.3)
    assert made == Phonemes(["", "a"], [0.0, 0.2], [0.2, 0.1])


def test_a_clip_of_nothing_is_silence_and_one_of_a_voice_without_phonemes_is_not() -> None:
    assert tiled([], 0.2, silent=True) == Phonemes([""], [0.0], [0.2])
    assert tiled([], 0.0, silent=True) == Phonemes([], [], [])
    assert tiled([], 0.2) == Phonemes([], [], [])


def test_a_rounding_is_no_silence() -> None:
    made = tiled([mark("a", 0.0, 0.1), mark("b", 0.1000004, 0.2)], 0.2000004)
    assert made == Phonemes(["a", "b"], [0.0, 0.1], [0.1, 0.1])


MARKS = st.lists(
    st.builds(mark, st.sampled_from(["", "a", "ʃ"]), st.floats(0, 3), st.floats(0, 3)), max_size=12
)


@examples(60)
@given(MARKS, st.floats(0, 4), st.lists(st.booleans(), max_size=12))
def test_any_marks_taken_at_any_time_tile_the_clip(
    marks: list[Mark], audio_s: float, taken: list[bool]
) -> None:
    tiles, groups = Tiles(), []
    for i, one in enumerate(marks):
        tiles.feed(one)
        if i < len(taken) and taken[i]:
            groups.append(tiles.take())
    tiles.finish(audio_s)
    groups.append(tiles.take())
    starts = [start for group in groups if group for start in group.start_times_seconds]
    lengths = [length for group in groups if group for length in group.durations_seconds]
    assert all(length > 0 for length in lengths)
    for (start, length), (following, _) in pairwise(zip(starts, lengths, strict=True)):
        assert start + length == pytest.approx(following, abs=1e-9)
    if starts:
        assert starts[0] == 0
        assert starts[-1] + lengths[-1] >= audio_s - 1e-6
