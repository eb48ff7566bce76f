"""Ogg Opus, page by page: a strict reader of its own, then two decoders."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fast.audio_probe import decoded, encoded, lag, level_db, pieces, voiced
from vivavoce.audio.ogg_opus import OpusEncoder, Pages, checksum
from vivavoce.audio.pcm import silence

pytestmark = pytest.mark.fast

RATES_HZ = [8000, 12000, 16000, 24000, 48000]
BEGIN, END = 2, 4


class Page(NamedTuple):
    flags: int
    granule: int
    serial: int
    number: int
    packet: bytes


def slow_checksum(data: bytes) -> int:
    """Bit by bit, as RFC 3533 describes it: polynomial 0x04C11DB7, no reflection, start and end 0."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def read(data: bytes) -> list[Page]:
    """The pages of ``data``, each of which must be whole, right, and hold exactly one whole packet."""
    pages, at = [], 0
    while at < len(data):
        magic, version, flags, granule, serial, number, crc, segments = struct.unpack_from(
            "<4sBBqIIIB", data, at
        )
        lacing = data[at + 27 : at + 27 + segments]
        stop = at + 27 + segments + sum(lacing)
        assert (magic, version, len(lacing)) == (b"OggS", 0, segments)
        assert stop <= len(data)
        assert all(value == 255 for value in lacing[:-1])
        assert lacing[-1] < 255, "the packet ends on this page"
        assert crc == slow_checksum(data[at : at + 22] + bytes(4) + data[at + 26 : stop])
        pages.append(Page(flags, granule, serial, number, data[at + 27 + segments : stop]))
        at = stop
    return pages


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_stream_is_what_rfc_7845_asks_for(rate_hz: int) -> None:
    samples = voiced(rate_hz, 0.13)
    pages = read(encoded(OpusEncoder(rate_hz, 24000), samples, (160,)))
    head, tags, *audio = pages
    assert [page.number for page in pages] == list(range(len(pages)))
    assert len({page.serial for page in pages}) == 1
    assert [page.flags for page in pages] == [BEGIN] + [0] * len(audio) + [END]
    magic, version, channels, skip, rate, gain, mapping = struct.unpack("<8sBBHIhB", head.packet)
    assert (magic, version, channels, rate, gain, mapping) == (b"OpusHead", 1, 1, rate_hz, 0, 0)
    assert tags.packet == b"OpusTags" + struct.pack("<I8sI", 8, b"vivavoce", 0)
    assert head.granule == tags.granule == 0
    assert [page.granule for page in audio[:-1]] == [960 * n for n in range(1, len(audio))]
    assert audio[-1].granule == skip + len(samples) * 48000 // rate_hz
    assert 960 * (len(audio) - 1) < audio[-1].granule <= 960 * len(audio)
    assert all(page.packet[0] & 3 == 0 for page in audio), "one frame a packet"


@examples(25)
@given(length=st.integers(0, 3000), rate_hz=st.sampled_from(RATES_HZ))
def test_the_decoded_length_is_the_length_that_went_in(length: int, rate_hz: int) -> None:
    data = encoded(OpusEncoder(rate_hz, 32000), voiced(rate_hz, 0.4)[:length])
    fed_s = min(length, round(0.4 * rate_hz)) / rate_hz
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert abs(file.frames / file.samplerate - fed_s) < 0.001
    if length:
        found, found_hz = decoded(data, "opus", rate_hz)
        assert abs(len(found) / found_hz - fed_s) < 0.001


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_both_decoders_hear_it_in_place_and_to_the_end(rate_hz: int) -> None:
    samples = voiced(rate_hz, 0.45)
    encoder = OpusEncoder(rate_hz, 48000)
    data = encoded(encoder, samples)
    found, found_hz = decoded(data, "opus", rate_hz)
    assert encoder.delay_s == 0
    at_rate = found[:: found_hz // rate_hz]
    assert lag(at_rate, samples, 200) <= rate_hz // 1000
    assert abs(level_db(at_rate[-rate_hz // 25 :]) - level_db(samples[-rate_hz // 25 :])) < 2
    by_sndfile, read_hz = soundfile.read(io.BytesIO(data))
    assert abs(len(by_sndfile) / read_hz - 0.45) < 0.001
    assert abs(level_db(by_sndfile) - level_db(samples)) < 1


def test_every_packet_leaves_with_its_last_sample() -> None:
    encoder = OpusEncoder(24000, 32000)
    made = [encoder.feed(piece) for piece in pieces(voiced(24000, 0.1), [480])]
    assert [len(read(data)) for data in made] == [3, 1, 1, 1, 1, 0], "two header pages with the first"
    assert [page.flags for page in read(encoder.flush())] == [END]


def test_an_empty_stream_is_a_valid_one() -> None:
    encoder = OpusEncoder(48000, 32000)
    assert encoder.feed(silence(0)) == b""
    data = encoder.flush()
    assert [page.flags for page in read(data)] == [BEGIN, 0, END]
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert file.frames == 0


@examples(30)
@given(st.binary(max_size=400))
def test_the_fast_checksum_is_the_slow_one(data: bytes) -> None:
    assert checksum(data) == slow_checksum(data)


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 509, 510, 1275])
def test_packets_of_any_size_fit_a_page(size: int) -> None:
    packet = bytes(range(256)) * 5
    pages = Pages(serial=7)
    first, second = pages.page(packet[:size], 960), pages.page(b"", 1920, END)
    assert read(first + second) == [Page(0, 960, 7, 0, packet[:size]), Page(END, 1920, 7, 1, b"")]
