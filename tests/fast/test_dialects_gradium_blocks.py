"""Gradium's 80 ms: the same messages for every way the audio may come in."""

from __future__ import annotations

import io
import itertools
import wave

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.audio.encoder import encoder
from vivavoce.dialects.gradium.blocks import Block, Blocks
from vivavoce.dialects.gradium.opening import OUTPUTS

pytestmark = pytest.mark.fast

FRAME_BYTES = {
    "pcm": 7680,
    "pcm_48000": 7680,
    "pcm_44100": 7056,
    "pcm_24000": 3840,
    "pcm_22050": 3528,
    "pcm_16000": 2560,
    "pcm_8000": 1280,
    "ulaw_8000": 640,
    "mulaw_8000": 640,
    "alaw_8000": 640,
}
"""Bytes in 80 ms, from the vendor's table of output formats."""


def all_of(blocks: Blocks, data: bytes, cuts: list[int] | None = None) -> list[Block]:
    places = [0, *sorted(cuts or ()), len(data)]
    out = [b for i, j in itertools.pairwise(places) for b in blocks.feed(data[i:j])]
    return out + blocks.finish()


def spoken(name: str, seconds: float) -> bytes:
    """A tone of that length in that output format."""
    form = OUTPUTS[name].format
    made = encoder(form)
    tone = np.sin(np.arange(round(seconds * form.rate_hz)) * 0.05).astype(np.float32) * 0.3
    return made.feed(tone) + made.flush()


@pytest.mark.parametrize("name", FRAME_BYTES)
def test_every_message_but_the_last_holds_80_ms(name: str) -> None:
    size = FRAME_BYTES[name]
    blocks = all_of(OUTPUTS[name].blocks(), spoken(name, 0.5))
    assert [len(block.data) for block in blocks[:-1]] == [size] * 6
    assert len(blocks[-1].data) == size // 4
    assert [block.start_s for block in blocks] == pytest.approx([i * 0.08 for i in range(7)])
    assert blocks[-1].stop_s == 0.5
    assert all(a.stop_s == b.start_s for a, b in itertools.pairwise(blocks))


def test_a_wav_has_one_header_before_the_first_80_ms() -> None:
    blocks = all_of(OUTPUTS["wav"].blocks(), spoken("wav", 0.3))
    assert [len(block.data) for block in blocks] == [7724, 7680, 7680, 5760]
    assert blocks[0].data[:4] == b"RIFF"
    assert (blocks[0].stop_s, blocks[-1].stop_s) == (0.08, 0.3)
    whole = b"".join(block.data for block in blocks)
    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
    # Sizes of zero make Python's wave refuse the file, and libsndfile read nothing.
    assert whole[4:8] == whole[40:44] == b"\xff\xff\xff\xff"


def test_a_wav_of_nothing_is_its_header() -> None:
    (block,) = all_of(OUTPUTS["wav"].blocks(), spoken("wav", 0.0))
    assert (len(block.data), block.start_s, block.stop_s) == (44, 0.0, 0.0)


def test_opus_comes_in_whole_pages_of_one_file() -> None:
    data = spoken("opus", 0.5)
    blocks = all_of(OUTPUTS["opus"].blocks(), data)
    assert all(block.data.startswith(b"OggS") for block in blocks)
    assert b"OpusHead" in blocks[0].data
    assert b"".join(block.data for block in blocks) == data
    assert blocks[-1].stop_s == 0.5
    assert all(a.stop_s == b.start_s for a, b in itertools.pairwise(blocks))
    with av.open(io.BytesIO(data), "r") as file:
        assert sum(int(frame.samples) for frame in file.decode(audio=0)) == 24000


@pytest.mark.parametrize("name", ["pcm_8000", "wav", "opus", "alaw_8000"])
@given(cuts=st.lists(st.integers(0, 3000), max_size=20))
@examples(15)
def test_the_messages_do_not_depend_on_how_the_audio_came(name: str, cuts: list[int]) -> None:
    data = spoken(name, 0.21)
    assert all_of(OUTPUTS[name].blocks(), data, cuts) == all_of(OUTPUTS[name].blocks(), data)


@pytest.mark.parametrize(
    ("name", "silent"),
    [("pcm_8000", b"\0\0"), ("ulaw_8000", b"\xff"), ("alaw_8000", b"\xd5"), ("wav", b"\0\0")],
)
def test_a_flush_fills_the_message_up_with_silence(name: str, silent: bytes) -> None:
    blocks = OUTPUTS[name].blocks()
    data = spoken(name, 0.03)
    assert blocks.feed(data) == []
    (block,) = blocks.flush()
    assert block.data.startswith(data)
    assert set(block.data[len(data) :]) == set(silent)
    assert (block.start_s, block.stop_s) == (0.0, 0.08)
    assert blocks.shift_s == pytest.approx(0.05)
    assert blocks.flush() == []
    assert blocks.finish() == []


def test_a_flush_of_opus_sends_the_pages_at_hand() -> None:
    blocks = OUTPUTS["opus"].blocks()
    data = spoken("opus", 0.1)
    found = blocks.feed(data) + blocks.flush()
    assert b"".join(block.data for block in found) == data
    assert blocks.shift_s == 0.0
