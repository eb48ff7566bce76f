"""G.711 against FFmpeg's decoder and encoder: no input is coded with a larger error than theirs."""

from __future__ import annotations

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from fast.audio_probe import decoded
from vivavoce.audio import g711
from vivavoce.audio.g711 import Law
from vivavoce.audio.pcm import from_int16

pytestmark = pytest.mark.fast

EVERY_INPUT = np.arange(-32768, 32768)


def heard(data: bytes, law: Law) -> NDArray[np.int64]:
    return np.rint(decoded(data, law, 8000)[0] * 32768).astype(np.int64)


def by_ffmpeg(law: Law) -> bytes:
    context = av.CodecContext.create(f"pcm_{law}", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(EVERY_INPUT.astype(np.int16)[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = 8000
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_the_decoding_table_is_the_standards(law: Law) -> None:
    assert heard(bytes(range(256)), law).tolist() == g711.decoded(law).tolist()


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_no_input_has_a_larger_error_than_elsewhere(law: Law) -> None:
    data = g711.encode(from_int16(EVERY_INPUT.astype("<i2").tobytes()), law)
    ours = np.abs(heard(data, law) - EVERY_INPUT)
    theirs = np.abs(heard(by_ffmpeg(law), law) - EVERY_INPUT)
    assert len(ours) == len(theirs) == 65536
    assert np.all(ours <= theirs)


def test_silence_is_the_usual_byte() -> None:
    assert g711.encode(np.zeros(2, np.float32), "mulaw") == b"\xff\xff"
    assert g711.encode(np.zeros(2, np.float32), "alaw") == b"\xd5\xd5"


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_too_loud_saturates(law: Law) -> None:
    high, low = heard(g711.encode(np.array([9.0, -9.0], np.float32), law), law)
    assert (high, low) == (g711.decoded(law).max(), g711.decoded(law).min())
