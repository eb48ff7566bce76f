"""Recordings are read as sound and as nothing else."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from vivavoce.errors import UnsupportedMediaError
from vivavoce.voices import matching

pytestmark = pytest.mark.fast


def recording(hz: float, seconds: float = 0.5) -> bytes:
    """A WAV file with a buzz of that pitch."""
    at = np.arange(int(matching.RATE_HZ * seconds)) * hz / matching.RATE_HZ
    samples = ((at % 1.0 - 0.5) * 16_000).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(matching.RATE_HZ)
        file.writeframes(samples.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("hz", [100.0, 210.0])
def test_the_pitch_of_a_recording_is_measured(hz: float) -> None:
    assert matching.median_pitch_hz(matching.samples(recording(hz))) == pytest.approx(hz, rel=0.03)


@pytest.mark.parametrize(
    "listing",
    [
        b"ffconcat version 1.0\nfile secret.wav\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nsecret.wav\n#EXT-X-ENDLIST\n",
    ],
    ids=["concat", "hls"],
)
def test_an_upload_that_lists_files_of_this_machine_is_no_recording(
    listing: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.wav").write_bytes(recording(100.0))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsupportedMediaError):
        matching.samples(listing)
