"""Soniox's audio formats: names, rates, bit rates, bytes."""

from __future__ import annotations

import pytest

from vivavoce.audio.encoder import encoder
from vivavoce.dialects.soniox.audio import WIRE_FORMATS, output
from vivavoce.errors import UnknownFormatError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("wire", WIRE_FORMATS.values(), ids=lambda wire: wire.name)
def test_every_rate_and_bit_rate_has_an_encoder(wire: object) -> None:
    assert wire in WIRE_FORMATS.values()
    form = WIRE_FORMATS[getattr(wire, "name", "")]
    for rate_hz in form.rates_hz:
        for bit_rate_bps in form.bit_rates_bps or (None,):
            made = output(form.name, rate_hz, bit_rate_bps).format
            assert (made.name, made.rate_hz) == (form.ours, rate_hz)
            if bit_rate_bps is not None:
                assert made.bit_rate_bps is not None
                assert made.bit_rate_bps <= bit_rate_bps
    assert encoder(output(form.name, None, None).format) is not None


@pytest.mark.parametrize(
    ("name", "rate_hz"),
    [("pcm_s16le", 24_000), ("wav", 24_000), ("mp3", 24_000), ("opus", 24_000), ("pcm_mulaw", 8000), ("pcm_alaw", 8000)],
)  # fmt: skip
def test_the_rate_when_none_is_asked_for(name: str, rate_hz: int) -> None:
    assert output(name, None, None).format.rate_hz == rate_hz


@pytest.mark.parametrize(
    ("name", "rate_hz", "asked", "made"),
    [
        ("mp3", 44_100, 320_000, 320_000),
        ("mp3", 24_000, 320_000, 160_000),  # MPEG-2 layer III ends there
        ("mp3", 24_000, 128_000, 128_000),
        ("aac", 48_000, 256_000, 192_000),
        ("aac", 16_000, 128_000, 96_000),
        ("opus", 48_000, 256_000, 256_000),
    ],
)
def test_a_bit_rate_that_cannot_be_made_becomes_the_nearest_below(
    name: str, rate_hz: int, asked: int, made: int
) -> None:
    assert output(name, rate_hz, asked).format.bit_rate_bps == made


@pytest.mark.parametrize("name", ["pcm_s16le", "wav", "flac", "pcm_mulaw"])
def test_a_bit_rate_means_nothing_to_what_is_not_compressed(name: str) -> None:
    assert output(name, None, 123).format.bit_rate_bps is None


@pytest.mark.parametrize(
    ("name", "rate_hz", "bit_rate_bps", "message"),
    [
        ("midi", None, None, "Invalid audio format 'midi'. Supported formats: pcm_s16le, "),
        ("MP3", None, None, "Invalid audio format 'MP3'. "),
        ("mp3", 8000, None, "Invalid sample rate 8000 for audio format 'mp3'. Supported: 16000, "),
        ("pcm_alaw", 16_000, None, "Invalid sample rate 16000 for audio format 'pcm_alaw'. Supported: 8000."),
        ("mp3", None, 48_000, "Invalid bitrate 48000 for audio format 'mp3'. Supported: 32000, "),
        ("opus", None, 320_000, "Invalid bitrate 320000 for audio format 'opus'. Supported: 16000, "),
    ],
)
def test_what_the_wire_does_not_have(
    name: str, rate_hz: int | None, bit_rate_bps: int | None, message: str
) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        output(name, rate_hz, bit_rate_bps)
    assert caught.value.message.startswith(message)
