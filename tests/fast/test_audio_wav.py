"""WAV: read by the standard library, libsndfile and FFmpeg."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from fast.audio_probe import decoded, encoded, tone
from vivavoce.audio.pcm import silence, to_int16
from vivavoce.audio.wav import HEADER_BYTES, UNKNOWN, WavEncoder, header
from vivavoce.errors import InternalError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
def test_a_known_length_stands_in_the_header(rate_hz: int) -> None:
    samples = tone(rate_hz, 0.1)
    data = encoded(WavEncoder(rate_hz, len(samples)), samples)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate_hz, 1, 2)
        assert file.getnframes() == len(samples)
        assert file.readframes(len(samples)) == to_int16(samples)
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8


def test_while_streaming_both_sizes_are_unknown() -> None:
    samples = tone(24000, 0.1)
    data = encoded(WavEncoder(24000, None), samples)
    assert struct.unpack_from("<I", data, 4) == struct.unpack_from("<I", data, 40) == (UNKNOWN,)
    found, rate_hz = decoded(data, "wav", 24000)
    assert (len(found), rate_hz) == (len(samples), 24000)
    read, rate_hz = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (read.astype("<i2").tobytes(), rate_hz) == (to_int16(samples), 24000)


def test_the_header_comes_whole_before_the_first_sample() -> None:
    encoder = WavEncoder(24000, None)
    assert encoder.feed(silence(0)) == b""
    assert encoder.feed(silence(1)) == header(24000, None) + bytes(2)
    assert encoder.feed(silence(1)) == bytes(2)
    assert encoder.flush() == b""


@pytest.mark.parametrize("total", [None, 0])
def test_an_empty_stream_is_a_header(total: int | None) -> None:
    data = WavEncoder(24000, total).flush()
    assert data == header(24000, total)
    assert len(data) == HEADER_BYTES
    assert len(np.frombuffer(data[HEADER_BYTES:], "<i2")) == 0


def test_a_broken_promise_is_an_error() -> None:
    encoder = WavEncoder(24000, 3)
    encoder.feed(silence(2))
    with pytest.raises(InternalError, match="promised 3 samples, but 2"):
        encoder.flush()


def test_more_than_4_gib_is_written_as_unknown() -> None:
    assert struct.unpack_from("<I", header(48000, 1 << 31), 40)[0] == UNKNOWN
    assert struct.unpack_from("<I", header(48000, (1 << 31) - 100), 40)[0] == (1 << 32) - 200
