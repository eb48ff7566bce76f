"""What ``tts`` gives: a whole recording, with the times of its words."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vivavoce.client.core.effects import Flow
from vivavoce.client.core.speech import Speech
from vivavoce.client.types import Audio, Mark, TimedText

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_WAV_HEADER_BYTES: Final = 44
_RAW: Final = {"pcm_s16le": "<i2", "wav": "<i2", "pcm_f32le": "<f4"}
_CONTAINERS: Final = {
    "mp3": "mp3",
    "opus": "ogg",
    "aac": "aac",
    "flac": "flac",
    "mulaw": "mulaw",
    "alaw": "alaw",
}


class TTSResult:
    """Speech, whole. ``len()`` is its size in bytes."""

    def __init__(
        self, raw_data: bytes, output_format: str, sample_rate: int, request_id: str, marks: list[Mark]
    ) -> None:
        self.raw_data = raw_data
        """The audio, encoded as ``output_format``; mono. A wav header carries true sizes."""
        self.output_format = output_format
        """The format's name as the server has it: ``wav``, ``pcm_s16le``, ``mp3``, …"""
        self.sample_rate = sample_rate
        """Hertz."""
        self.request_id = request_id
        """How the server's log names it."""
        self.marks = marks
        """All marks that were asked for, in the order they came; see :class:`vivavoce.types.Mark`."""

    @property
    def text_with_timestamps(self) -> list[TimedText]:
        """The words of the text with the seconds at which they are heard, and where they stand in it."""
        return [timed(mark) for mark in self.marks if mark.kind == "word"]

    def pcm16(self) -> NDArray[numpy.int16]:
        """The samples: int16, shape (n,), at :attr:`sample_rate`. Compressed formats are decoded (with PyAV)."""
        import numpy

        samples = self._samples()
        if samples.dtype == numpy.int16:
            return samples
        return numpy.clip(numpy.round(samples * 32768.0), -32768, 32767).astype(numpy.int16)

    def pcm(self) -> NDArray[numpy.float32]:
        """The samples: float32 within -1 and 1, shape (n,), at :attr:`sample_rate`."""
        import numpy

        samples = self._samples()
        if samples.dtype == numpy.int16:
            return (samples / numpy.float32(32768.0)).astype(numpy.float32)
        return samples.astype(numpy.float32)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes :attr:`raw_data` to ``path``, whatever its suffix, and gives the path back."""
        target = Path(path)
        target.write_bytes(self.raw_data)
        return target

    def __len__(self) -> int:
        return len(self.raw_data)

    def __repr__(self) -> str:
        return (
            f"TTSResult({self.output_format}, {self.sample_rate} Hz, {len(self)} bytes, "
            f"request_id={self.request_id!r})"
        )

    def _samples(self) -> NDArray[Any]:
        import numpy

        kind = _RAW.get(self.output_format)
        if kind is None:
            return _decoded(self.raw_data, self.output_format, self.sample_rate)
        data = self.raw_data[_WAV_HEADER_BYTES:] if self.output_format == "wav" else self.raw_data
        return numpy.frombuffer(data, dtype=kind)


def timed(mark: Mark) -> TimedText:
    """A mark as a piece of text with its times."""
    return TimedText(mark.value, mark.start_s, mark.stop_s, mark.text_start, mark.text_stop)


def whole(speech: Speech, text: str) -> Flow[TTSResult]:
    """Everything that becomes of ``text``. Raises VivavoceClientError."""
    speech.preset(text)
    audio: list[bytes] = []
    marks: list[Mark] = []
    while (event := (yield from speech.next())) is not None:
        if isinstance(event, Audio):
            audio.append(event.data)
        elif isinstance(event, Mark):
            marks.append(event)
    opened = speech.opened
    assert opened is not None, "a stream ends only after it was opened"
    data = b"".join(audio)
    if opened.format == "wav":
        data = sized(data)
    return TTSResult(data, opened.format, opened.rate_hz, speech.request_id, marks)


def sized(wav: bytes) -> bytes:
    """A streamed wav file with the sizes that its header left open."""
    if len(wav) < _WAV_HEADER_BYTES:
        return wav
    riff, data = (len(wav) - 8).to_bytes(4, "little"), (len(wav) - _WAV_HEADER_BYTES).to_bytes(4, "little")
    return wav[:4] + riff + wav[8:40] + data + wav[_WAV_HEADER_BYTES:]


def _decoded(data: bytes, name: str, rate_hz: int) -> NDArray[Any]:
    """int16 samples of compressed audio, at the rate it was made with."""
    import av
    import numpy

    options = {"sample_rate": str(rate_hz)} if name in ("mulaw", "alaw") else {}
    parts: list[NDArray[numpy.int16]] = []
    with av.open(io.BytesIO(data), mode="r", format=_CONTAINERS[name], options=options) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        for frame in container.decode(audio=0):
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return numpy.concatenate(parts) if parts else numpy.zeros(0, numpy.int16)
