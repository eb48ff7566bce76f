"""Samples and 16-bit PCM: exact both ways, saturated at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fast.audio_probe import SIZES, pieces
from vivavoce.audio.pcm import Blocks, from_int16, join, resized, silence, to_int16

pytestmark = pytest.mark.fast


def test_every_int16_survives() -> None:
    pcm = np.arange(-32768, 32768).astype("<i2").tobytes()
    samples = from_int16(pcm)
    assert samples.dtype == np.float32
    assert samples.min() == -1.0
    assert samples.max() == 32767 / 32768
    assert to_int16(samples) == pcm


def test_too_loud_saturates_and_never_wraps() -> None:
    loud = np.array([1.0, 1.001, 7.0, 1e9, -1.0, -1.001, -7.0, -1e9], np.float32)
    assert np.frombuffer(to_int16(loud), "<i2").tolist() == [32767] * 4 + [-32768] * 4


def test_the_nearest_step_is_taken() -> None:
    between = np.array([0.4, 0.6, -0.4, -0.6, 100.4, -100.6], np.float32) / np.float32(32768)
    assert np.frombuffer(to_int16(between), "<i2").tolist() == [0, 1, 0, -1, 100, -101]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of element size"):
        from_int16(b"\0\0\0")


def test_silence_and_empty() -> None:
    assert to_int16(silence(3)) == bytes(6)
    assert to_int16(silence(0)) == b""
    assert len(from_int16(b"")) == 0


def test_resized_trims_and_pads() -> None:
    samples = np.array([1, 2, 3], np.float32)
    assert resized(samples, 2).tolist() == [1, 2]
    assert resized(samples, 5).tolist() == [1, 2, 3, 0, 0]


@examples(30)
@given(length=st.integers(0, 4000), size=st.integers(1, 700), sizes=SIZES)
def test_blocks_keep_every_sample_in_order(length: int, size: int, sizes: list[int]) -> None:
    samples = np.arange(length, dtype=np.float32)
    blocks = Blocks(size)
    cut = [block for piece in pieces(samples, sizes) for block in blocks.feed(piece)]
    assert all(len(block) == size for block in cut)
    rest = blocks.flush()
    assert len(rest) == length % size
    assert np.array_equal(join([*cut, rest]), samples)
    assert len(blocks.flush()) == 0
