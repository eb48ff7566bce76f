"""Every format through the one door, heard by decoders that are not ours."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vivavoce.audio
from examples import examples
from fast.audio_probe import SIZES, decoded, encoded, level_db, peak_hz, roughness, tone, voiced
from vivavoce.audio.encoder import encoder
from vivavoce.audio.pcm import silence
from vivavoce.audio.resample import Resampler
from vivavoce.errors import InternalError, MissingDependencyError
from vivavoce.formats import FORMATS, AudioFormat, audio_format

pytestmark = pytest.mark.fast

FORMS = [
    *(audio_format("pcm_s16le", rate_hz=rate_hz) for rate_hz in (8000, 44100)),
    *(audio_format("pcm_f32le", rate_hz=rate_hz) for rate_hz in (11025, 48000)),
    *(audio_format("wav", rate_hz=rate_hz) for rate_hz in (8000, 22050, 48000)),
    *(audio_format("mulaw", rate_hz=rate_hz) for rate_hz in (8000, 16000)),
    *(audio_format("alaw", rate_hz=rate_hz) for rate_hz in (8000, 16000)),
    *(audio_format("mp3", rate_hz=rate_hz) for rate_hz in (8000, 24000, 44100)),
    *(audio_format("opus", rate_hz=rate_hz) for rate_hz in (8000, 24000, 48000)),
    *(audio_format("aac", rate_hz=rate_hz) for rate_hz in (8000, 24000, 44100)),
    *(audio_format("flac", rate_hz=rate_hz) for rate_hz in (8000, 22050, 48000)),
]
LIVE = [audio_format(name) for name in FORMATS]
each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.rate_hz}")


def heard(
    form: AudioFormat, samples: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a listener hears of ``samples`` sent in 20 ms pieces, delay taken off, at the format's rate."""
    made = encoder(form)
    found, found_hz = decoded(encoded(made, samples, (form.rate_hz // 50,)), form.name, form.rate_hz)
    found = found[round(made.delay_s * found_hz) :]
    assert found_hz % form.rate_hz == 0
    return found[:: found_hz // form.rate_hz]


@each_form
def test_a_tone_arrives_whole_as_loud_as_high_and_without_clicks(form: AudioFormat) -> None:
    samples = tone(form.rate_hz, 0.4)
    found = heard(form, samples)
    padding_s = {"mp3": 0.2, "aac": 0.2}.get(form.name, 0.001)
    assert -0.001 <= (len(found) - len(samples)) / form.rate_hz <= padding_s
    found = found[: len(samples)]
    assert abs(level_db(found) - level_db(samples)) < 1
    assert peak_hz(found, form.rate_hz) == pytest.approx(440, rel=0.005)
    inner = found[form.rate_hz // 20 : -form.rate_hz // 20]  # codecs spread the tone's own hard end
    coding_noise = 0.03 if form.name in ("mulaw", "alaw") else 0.012
    assert roughness(inner) < 1.2 * roughness(samples) + coding_noise


@each_form
def test_a_voice_keeps_its_loudness_over_time(form: AudioFormat) -> None:
    samples = voiced(form.rate_hz, 0.5)
    found = heard(form, samples)[: len(samples)]
    assert abs(level_db(found) - level_db(samples)) < 1
    tenth = form.rate_hz // 10
    for at in range(0, len(samples) - tenth, tenth):
        assert abs(level_db(found[at : at + tenth]) - level_db(samples[at : at + tenth])) < 2


@each_form
def test_too_loud_is_cut_off_and_never_wraps(form: AudioFormat) -> None:
    samples = tone(form.rate_hz, 0.2, 200.0, level=1.6)
    found = heard(form, samples)[: len(samples)]
    wanted = samples if form.name == "pcm_f32le" else np.clip(samples, -1, 1)
    sure = np.abs(wanted) > 0.5
    assert np.all(np.sign(found[sure]) == np.sign(wanted[sure]))
    assert abs(level_db(found) - level_db(wanted)) < 1


@pytest.mark.parametrize("form", LIVE, ids=lambda form: form.name)
@examples(8)
@given(length=st.integers(0, 6000), sizes=SIZES)
def test_the_bytes_depend_on_the_samples_only(form: AudioFormat, length: int, sizes: list[int]) -> None:
    samples = voiced(form.rate_hz, 0.2)[:length]
    assert encoded(encoder(form), samples, sizes) == encoded(encoder(form), samples, (10**6,))


@pytest.mark.parametrize("form", LIVE, ids=lambda form: form.name)
def test_empty_pieces_are_no_bytes(form: AudioFormat) -> None:
    made = encoder(form)
    assert made.feed(silence(0)) == b""
    made.feed(tone(form.rate_hz, 0.1))
    assert made.feed(silence(0)) == b""


def test_a_known_length_reaches_the_headers() -> None:
    samples = tone(8000, 0.1)
    for name in ("wav", "flac"):
        form = audio_format(name, rate_hz=8000)
        assert encoded(encoder(form, total_samples=800), samples) != encoded(encoder(form), samples)


def test_a_format_nobody_makes_is_our_defect() -> None:
    with pytest.raises(InternalError, match="vorbis"):
        encoder(AudioFormat("vorbis", 24000))


@pytest.mark.parametrize(("name", "package"), [("mp3", "lameenc"), ("opus", "av"), ("flac", "av")])
def test_a_missing_library_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=package):
        encoder(audio_format(name))


def test_nothing_heavier_than_numpy_is_loaded_before_it_is_needed() -> None:
    for path in Path(next(iter(vivavoce.audio.__path__))).glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"av", "lameenc"}, path.name


def test_streams_start_no_threads() -> None:
    encoder(audio_format("opus")).feed(silence(960))  # libraries are loaded by now
    before = psutil.Process().num_threads()
    alive = [encoder(form) for form in LIVE]
    resampler = Resampler(22050, 24000)
    for made in alive:
        made.feed(silence(6000))
    resampler.feed(silence(6000))
    assert psutil.Process().num_threads() == before
