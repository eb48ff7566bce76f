"""MP3: whole frames of the rate asked for, and nothing else in the stream."""

from __future__ import annotations

import io

import av
import pytest

from fast.audio_probe import decoded, encoded, lag, level_db, pieces, tone, voiced
from vivavoce.audio.mp3 import Mp3Encoder, frame_bytes
from vivavoce.audio.pcm import silence
from vivavoce.formats import FORMATS

pytestmark = pytest.mark.fast


def frames(data: bytes) -> list[bytes]:
    """``data`` cut at its frame headers; fails where a frame does not begin with a sync word."""
    found, at = [], 0
    while at < len(data):
        assert data[at] == 0xFF
        assert data[at + 1] >> 5 == 7
        size = frame_bytes(data[at : at + 4])
        found.append(data[at : at + size])
        at += size
    assert at == len(data)
    return found


@pytest.mark.parametrize("rate_hz", FORMATS["mp3"].rates_hz)
def test_every_legal_bit_rate_is_what_the_frames_say(rate_hz: int) -> None:
    samples = tone(rate_hz, 0.08)
    for bit_rate_bps in FORMATS["mp3"].bit_rates_at(rate_hz):
        data = encoded(Mp3Encoder(rate_hz, bit_rate_bps), samples)
        with av.open(io.BytesIO(data), "r", format="mp3") as container:
            context = container.streams.audio[0].codec_context
            assert (context.rate, context.bit_rate) == (rate_hz, bit_rate_bps)


def test_frames_are_where_ffmpeg_finds_them_and_none_is_a_tag() -> None:
    data = encoded(Mp3Encoder(22050, 64000), voiced(22050, 0.5))
    assert data[:1] == b"\xff"
    with av.open(io.BytesIO(data), "r", format="mp3") as container:
        sizes = [packet.size for packet in container.demux() if packet.size]
    assert sizes == [len(frame) for frame in frames(data)]
    assert not any(tag in frames(data)[0] for tag in (b"Xing", b"Info", b"VBRI"))


def test_every_piece_holds_whole_frames() -> None:
    encoder = Mp3Encoder(24000, 48000)
    made = [encoder.feed(piece) for piece in pieces(voiced(24000, 0.5), [480])]
    counts = [len(frames(data)) for data in [*made, encoder.flush()]]
    assert counts[:3] == [0, 0, 1], "the first frame is there after 60 ms"
    assert sum(counts) == -(-(12000 + 1152) // 576), "all of the stream and the codec's own padding"


@pytest.mark.parametrize("rate_hz", [8000, 24000, 44100])
def test_a_decoder_plays_it_as_late_as_said_and_to_the_end(rate_hz: int) -> None:
    encoder = Mp3Encoder(rate_hz, 64000)
    samples = voiced(rate_hz, 0.5)
    samples[-rate_hz // 50 :] += tone(rate_hz, 0.02, 600.0)
    found, _ = decoded(encoded(encoder, samples), "mp3", rate_hz)
    late = round(encoder.delay_s * rate_hz)
    assert abs(lag(found, samples, 2000) - late) <= 1
    assert len(found) >= late + len(samples)
    end = found[late : late + len(samples)][-rate_hz // 50 :]
    assert abs(level_db(end) - level_db(samples[-rate_hz // 50 :])) < 2


def test_44100_hz_is_mpeg_1() -> None:
    head = encoded(Mp3Encoder(44100, 128000), silence(4410))[:2]
    assert (head[1] >> 3 & 3, head[1] >> 1 & 3) == (3, 1), "version 1, layer III"


def test_an_empty_stream_is_no_bytes() -> None:
    encoder = Mp3Encoder(24000, 64000)
    assert encoder.feed(silence(0)) == b""
    assert encoder.flush() == b""
