"""AAC in ADTS frames, taken apart bit by bit and decoded."""

from __future__ import annotations

import pytest

from fast.audio_probe import decoded, encoded, lag, level_db, tone, voiced
from vivavoce.audio.aac import AacEncoder, adts
from vivavoce.audio.pcm import silence
from vivavoce.formats import FORMATS

pytestmark = pytest.mark.fast

RATES_HZ = FORMATS["aac"].rates_hz


def bits(data: bytes, start: int, count: int) -> int:
    return int.from_bytes(data, "big") >> (8 * len(data) - start - count) & (1 << count) - 1


def frames(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        assert bits(data[at : at + 7], 0, 12) == 0xFFF
        size = bits(data[at : at + 7], 30, 13)
        found.append(data[at : at + size])
        at += size
    assert at == len(data)
    return found


def test_the_header_says_what_it_should() -> None:
    head = adts(bytes(1000), 22050)[:7]
    assert bits(head, 12, 4) == 0b0001, "MPEG-4, layer 0, no checksum"
    assert bits(head, 16, 2) == 1, "AAC-LC"
    assert bits(head, 18, 4) == 7, "22,050 Hz"
    assert bits(head, 23, 3) == 1, "mono"
    assert bits(head, 30, 13) == 1007
    assert (bits(head, 43, 11), bits(head, 54, 2)) == (0x7FF, 0), "variable rate, one block"


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_highest_and_lowest_bit_rates_decode(rate_hz: int) -> None:
    samples = tone(rate_hz, 0.3)
    for bit_rate_bps in {FORMATS["aac"].bit_rates_at(rate_hz)[i] for i in (0, -1)}:
        found, found_hz = decoded(encoded(AacEncoder(rate_hz, bit_rate_bps), samples), "aac", rate_hz)
        assert found_hz == rate_hz
        assert abs(level_db(found[1024 : 1024 + len(samples)]) - level_db(samples)) < 1


@pytest.mark.parametrize("rate_hz", [8000, 24000, 44100])
def test_a_decoder_plays_it_as_late_as_said_and_to_the_end(rate_hz: int) -> None:
    encoder = AacEncoder(rate_hz, 48000)
    samples = voiced(rate_hz, 0.45)
    data = encoded(encoder, samples)
    found, _ = decoded(data, "aac", rate_hz)
    late = round(encoder.delay_s * rate_hz)
    assert abs(lag(found, samples, 2000) - late) <= 1
    assert len(found) == 1024 * len(frames(data)) >= late + len(samples)
    end = found[late : late + len(samples)][-rate_hz // 25 :]
    assert abs(level_db(end) - level_db(samples[-rate_hz // 25 :])) < 2


def test_an_empty_stream_is_no_bytes() -> None:
    encoder = AacEncoder(24000, 64000)
    assert encoder.feed(silence(0)) == b""
    assert encoder.flush() == b""
