"""Which bit rates a format allows at a sample rate: exactly those that its encoder keeps to."""

from __future__ import annotations

import pytest

from vivavoce.errors import UnknownFormatError
from vivavoce.formats import FORMATS, audio_format

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("name", "rate_hz", "lowest", "highest"),
    [
        ("mp3", 8000, 16000, 64000),
        ("mp3", 12000, 16000, 64000),
        ("mp3", 16000, 16000, 160000),
        ("mp3", 24000, 16000, 160000),
        ("mp3", 32000, 32000, 320000),
        ("mp3", 44100, 32000, 320000),
        ("aac", 8000, 16000, 48000),
        ("aac", 24000, 16000, 128000),
        ("aac", 48000, 16000, 192000),
        ("opus", 8000, 8000, 256000),
    ],
)
def test_limits_follow_the_sample_rate(name: str, rate_hz: int, lowest: int, highest: int) -> None:
    legal = FORMATS[name].bit_rates_at(rate_hz)
    assert (legal[0], legal[-1]) == (lowest, highest)
    assert list(legal) == sorted(legal)


@pytest.mark.parametrize(
    ("name", "rate_hz", "bit_rate_bps", "legal"),
    [("mp3", 8000, 320000, "64000"), ("mp3", 44100, 16000, "32000"), ("aac", 8000, 64000, "48000")],
)
def test_an_illegal_pair_is_refused_with_the_legal_ones(
    name: str, rate_hz: int, bit_rate_bps: int, legal: str
) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        audio_format(name, rate_hz=rate_hz, bit_rate_bps=bit_rate_bps)
    assert f"{name} at {rate_hz} Hz" in caught.value.message
    assert legal in caught.value.message
    assert caught.value.param == "bit_rate_bps"


def test_a_bit_rate_where_there_is_none_to_choose() -> None:
    with pytest.raises(UnknownFormatError, match="follows from the sample rate"):
        audio_format("wav", bit_rate_bps=64000)


@pytest.mark.parametrize("name", ["mp3", "aac", "opus"])
def test_the_default_is_legal_at_every_rate(name: str) -> None:
    for rate_hz in FORMATS[name].rates_hz:
        chosen = audio_format(name, rate_hz=rate_hz).bit_rate_bps
        assert chosen in FORMATS[name].bit_rates_at(rate_hz)
    assert audio_format("aac", rate_hz=8000).bit_rate_bps == 48000
    assert audio_format("mp3", rate_hz=24000).bit_rate_bps == 64000
