"""Whole recordings: their bytes, samples and words."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from vivavoce.client.results import sized
from vivavoce.speech import Mark
from vivavoce.types import TimedText, TTSResult

pytestmark = pytest.mark.fast

SAMPLES = numpy.array([0, 16384, -32768, 32767], numpy.int16)


def result(data: bytes, name: str) -> TTSResult:
    marks = [Mark("word", "Hi", 0.1, 0.2, 0, 2), Mark("phoneme", "h", 0.1, 0.15, 0, 1)]
    return TTSResult(data, name, 8000, "id/1", marks)


def test_pcm_as_integers_and_as_floats() -> None:
    whole = result(SAMPLES.tobytes(), "pcm_s16le")
    assert whole.pcm16().tolist() == SAMPLES.tolist()
    assert whole.pcm().dtype == numpy.float32
    assert whole.pcm().tolist() == [0.0, 0.5, -1.0, 32767 / 32768]


def test_floats_are_rounded_and_never_wrap() -> None:
    whole = result(numpy.array([0.5, 1.0, -1.5], "<f4").tobytes(), "pcm_f32le")
    assert whole.pcm16().tolist() == [16384, 32767, -32768]
    assert whole.pcm().tolist() == [0.5, 1.0, -1.5]


def test_a_wav_gets_its_sizes() -> None:
    header = b"RIFF\xff\xff\xff\xffWAVE" + b"." * 28 + b"\xff\xff\xff\xff"
    wav = sized(header + SAMPLES.tobytes())
    assert len(wav) == 52
    assert (wav[4:8], wav[40:44]) == ((44).to_bytes(4, "little"), (8).to_bytes(4, "little"))
    assert result(wav, "wav").pcm16().tolist() == SAMPLES.tolist()
    assert sized(b"RIFF") == b"RIFF"


@pytest.mark.parametrize("name", ["mulaw", "alaw"])
def test_telephony_is_decoded(name: str) -> None:
    quiet = {"mulaw": b"\xff", "alaw": b"\xd5"}[name]
    assert numpy.abs(result(quiet * 160, name).pcm16()).max() <= 8
    assert len(result(quiet * 160, name).pcm16()) == 160


def test_words_and_what_it_says_of_itself(tmp_path: Path) -> None:
    whole = result(b"abcd", "pcm_s16le")
    assert whole.text_with_timestamps == [TimedText("Hi", 0.1, 0.2, 0, 2)]
    assert repr(whole) == "TTSResult(pcm_s16le, 8000 Hz, 4 bytes, request_id='id/1')"
    assert len(whole) == 4
    assert whole.save(str(tmp_path / "x.pcm")) == tmp_path / "x.pcm"
    assert (tmp_path / "x.pcm").read_bytes() == b"abcd"
