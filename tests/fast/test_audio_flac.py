"""FLAC: lossless, live, with a length where one is known."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from fast.audio_probe import decoded, encoded, pieces, voiced
from vivavoce.audio.flac import FlacEncoder
from vivavoce.audio.pcm import silence, to_int16
from vivavoce.errors import InternalError
from vivavoce.formats import FORMATS

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("rate_hz", FORMATS["flac"].rates_hz)
def test_a_stream_of_unknown_length_decodes_exactly(rate_hz: int) -> None:
    samples = voiced(rate_hz, 0.333)
    found, found_hz = decoded(encoded(FlacEncoder(rate_hz, None), samples), "flac", rate_hz)
    assert found_hz == rate_hz
    assert np.rint(found * 32768).astype("<i2").tobytes() == to_int16(samples)


@pytest.mark.parametrize("length", [1, 15, 480, 481, 5000])
def test_with_a_known_length_libsndfile_reads_it_too(length: int) -> None:
    samples = voiced(24000, 0.3)[:length]
    data = encoded(FlacEncoder(24000, length), samples)
    found, found_hz = soundfile.read(io.BytesIO(data), dtype="int16")
    assert found_hz == 24000
    assert found.astype("<i2").tobytes() == to_int16(samples)


def test_the_first_20_ms_leave_at_once_behind_the_header() -> None:
    encoder = FlacEncoder(24000, None)
    first, second, *_ = [encoder.feed(piece) for piece in pieces(voiced(24000, 0.1), [480])]
    assert first.startswith(b"fLaC\x80\x00\x00\x22")
    assert len(first) > 42
    assert second[:1] == b"\xff"


def test_an_empty_stream_is_a_header() -> None:
    encoder = FlacEncoder(24000, 0)
    assert encoder.feed(silence(0)) == b""
    data = encoder.flush()
    assert (len(data), data[:4]) == (42, b"fLaC")


def test_a_broken_promise_is_an_error() -> None:
    encoder = FlacEncoder(24000, 100)
    encoder.feed(silence(99))
    with pytest.raises(InternalError, match="promised 100 samples, but 99"):
        encoder.flush()
