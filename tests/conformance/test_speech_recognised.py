"""What a listener of the running server gets, judged by a recogniser that has never heard of us (see ``judge``).

Text goes in in random pieces over the WebSocket and whole over HTTP; the audio comes out in a container, is decoded by
FFmpeg or libsndfile, and has to hold the words, at the times that the marks told, without gap, repetition or click.
The limits are those at which the recogniser never raised a false alarm on right audio and found every gap of 300 ms,
every repetition of 200 ms and every truncation. The utterances of espeak-ng are never twice quite the same, so a test
that compares bytes has flite or tones speak.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from websockets.sync.client import ClientConnection

import judge
from conftest import missing
from live import Live, serving
from vivavoce.engines.flite import FliteEngine
from vivavoce.formats import FORMATS, audio_format
from wire import Delivered, chopped, dial, posted, streamed

pytestmark = pytest.mark.conformance

Wave: TypeAlias = NDArray[np.float64]
Deliver: TypeAlias = Callable[[str, str], list[Delivered]]

CONTAINERS: Final[dict[str, dict[str, Any]]] = {
    "mp3": {"format": "mp3", "bit_rate_bps": 64000},
    "opus": {"format": "opus", "bit_rate_bps": 24000},
    "mulaw": {"format": "mulaw"},
    "wav": {"format": "wav"},
}
RECOGNISED: Final = [
    ("rms", "mp3", 0.08, 0.5),
    ("rms", "opus", 0.08, 0.5),
    ("rms", "mulaw", 0.12, 0.5),
    ("en-us+edward", "opus", 0.15, 0.75),
]
"""Voice, container, and the limits of word errors, of all sentences and of the worst. Other voices than rms are not
understood over the telephone; there only the times of their words are judged."""
RAW: Final = {"pcm_s16le": "s16le", "pcm_f32le": "f32le", "mulaw": "mulaw", "alaw": "alaw"}
"""FFmpeg's names of what has no header."""
WORST_START_S: Final = {"rms": 0.12, "en-us+edward": 0.16}
PAGE: Final = " ".join(judge.SENTENCES[:5])
"""One stream of several units. Not all ten: before the ninth the judge takes a pause for a part of "the"."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    # Speech is made as fast as it goes, not as it is played.
    with serving(tmp_path_factory.mktemp("recognised"), engines="flite,espeak", lead_s=600) as live:
        yield live


@pytest.fixture(scope="module")
def line(server: Live) -> Iterator[ClientConnection]:
    with dial(server) as opened:
        yield opened


@pytest.fixture(autouse=True)
def fresh_judge() -> None:
    """The judge adapts to what it hears; each test begins with the same one."""
    judge._listener.cache_clear()
    judge._aligner.cache_clear()


@cache
def flite_is_here() -> bool:
    return bool(FliteEngine().voices())


def speakable(voice: str) -> str:
    if voice == "rms" and not flite_is_here():
        missing("libflite", "apt install libflite1")
    return voice


@pytest.fixture(scope="module")
def deliver(server: Live, line: ClientConnection) -> Deliver:
    """The judge's sentences, by turns over the WebSocket in random pieces and over HTTP; once for each container."""

    @cache
    def delivered(voice: str, container: str) -> list[Delivered]:
        request = {"voice": speakable(voice), **CONTAINERS[container]}
        return [
            # A machine under load must not make the writer seem to pause.
            streamed(line, chopped(text, seed), idle_flush_s=20, **request)
            if seed % 2
            else posted(server, text, **request)
            for seed, text in enumerate(judge.SENTENCES)
        ]

    return delivered


def decoded(data: bytes, name: str, rate_hz: int = 8000) -> tuple[judge.Samples, int]:
    return judge.decode(data, RAW.get(name), rate_hz if name in RAW else None)


def starts(delivered: Delivered, container: str, text: str) -> list[tuple[float, float]]:
    """Marked and heard starts of every word."""
    heard = judge.align(judge.prepare(*decoded(delivered.audio, container)), text)
    assert heard is not None, f"the audio is not this text: {text}"
    assert len(heard) == len(delivered.marks)
    return [(mark["start_s"], word.start_s) for mark, word in zip(delivered.marks, heard, strict=True)]


@pytest.mark.parametrize(("voice", "container", "most", "worst"), RECOGNISED)
def test_the_words_are_heard(deliver: Deliver, voice: str, container: str, most: float, worst: float) -> None:
    heard = [
        judge.recognise(judge.prepare(*decoded(delivered.audio, container)))
        for delivered in deliver(voice, container)
    ]
    pairs = list(zip(judge.SENTENCES, heard, strict=True))
    assert judge.word_error_rate(pairs) <= most, pairs
    assert max(judge.word_errors(*pair).rate for pair in pairs) <= worst, pairs


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("voice", WORST_START_S)
def test_the_marks_say_when_words_are_heard(deliver: Deliver, voice: str, container: str) -> None:
    found = deliver(voice, container)
    for text, delivered in zip(judge.SENTENCES, found, strict=True):
        assert [text[m["text_start"] : m["text_stop"]] for m in delivered.marks] == text.split()
    off = judge.start_errors(
        [
            pair
            for text, delivered in zip(judge.SENTENCES, found, strict=True)
            for pair in starts(delivered, container, text)
        ]
    )
    assert off.count == sum(len(judge.words(text)) for text in judge.SENTENCES)
    assert off.mean <= 0.025
    assert off.p95 <= 0.08
    assert abs(off.bias) <= 0.02, "a constant shift, such as a codec's delay that the marks do not know"
    assert off.worst <= WORST_START_S[voice]


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_page_in_pieces_has_no_gap_and_no_repetition(line: ClientConnection, container: str) -> None:
    request = {"voice": speakable("rms"), **CONTAINERS[container]}
    delivered = streamed(line, chopped(PAGE, 7), idle_flush_s=20, **request)
    off = judge.start_errors(starts(delivered, container, PAGE))
    assert off.worst <= WORST_START_S["rms"]
    assert abs(off.bias) <= 0.02


def test_a_gap_a_repetition_and_a_shift_would_be_found(line: ClientConnection) -> None:
    text = judge.SENTENCES[1]
    delivered = streamed(line, [text], voice=speakable("rms"), format="wav")
    samples, rate_hz = decoded(delivered.audio, "wav")
    middle, piece = len(samples) // 2, rate_hz // 5
    for wrong in (
        np.concatenate([samples[:middle], np.zeros(3 * piece // 2, np.int16), samples[middle:]]),
        np.concatenate([samples[:middle], samples[middle - piece :]]),
        samples[: round(0.6 * len(samples))],
    ):
        heard = judge.align(judge.prepare(wrong, rate_hz), text)
        pairs = [(m["start_s"], h.start_s) for m, h in zip(delivered.marks, heard or (), strict=False)]
        assert heard is None or judge.start_errors(pairs).worst > WORST_START_S["rms"]
    shifted = np.concatenate([np.zeros(rate_hz // 20, np.int16), samples])
    heard = judge.align(judge.prepare(shifted, rate_hz), text)
    assert heard is not None
    pairs = [(m["start_s"], h.start_s) for m, h in zip(delivered.marks, heard, strict=True)]
    assert abs(judge.start_errors(pairs).bias) > 0.02


@pytest.mark.parametrize("container", CONTAINERS)
def test_both_wires_carry_the_same_bytes(server: Live, line: ClientConnection, container: str) -> None:
    request = {"voice": speakable("rms"), **CONTAINERS[container]}
    text = " ".join(judge.SENTENCES[:3])
    whole = posted(server, text, **request)
    for seed in range(3):
        assert streamed(line, chopped(text, seed), idle_flush_s=20, **request) == whole


@pytest.mark.parametrize("name", FORMATS)
def test_a_container_holds_all_of_the_sound_at_its_level(server: Live, name: str) -> None:
    text, rate_hz = judge.SENTENCES[4], audio_format(name, voice_rate_hz=16000).rate_hz
    request = {"voice": speakable("rms"), "sample_rate_hz": rate_hz}
    original = judge.from_pcm(posted(server, text, format="pcm_s16le", **request).audio)
    delivered = posted(server, text, format=name, **request)
    samples, found_hz = decoded(delivered.audio, name, rate_hz)
    assert found_hz == rate_hz
    padding_s = {"mp3": 0.11, "aac": 0.11}.get(name, 0.0)
    assert 0 <= len(samples) / rate_hz - delivered.audio_s <= padding_s + 1e-3
    assert len(original) / rate_hz == pytest.approx(delivered.audio_s, abs=1e-3)
    assert energy_db(samples) == pytest.approx(energy_db(original), abs=0.6)
    if name in ("wav", "flac", "opus", "mp3"):
        # libsndfile wants to know the length beforehand.
        whole = posted(server, text, format=name, complete=True, **request)
        other, _ = soundfile.read(io.BytesIO(whole.audio))
        assert abs(len(other) - len(samples)) <= 0.1 * rate_hz
        assert energy_db(other * 32768) == pytest.approx(energy_db(samples), abs=0.2)


@pytest.mark.parametrize("container", [*CONTAINERS, "flac", "aac", "alaw", "pcm_s16le", "pcm_f32le"])
@pytest.mark.parametrize("voice", WORST_START_S)
def test_units_are_joined_without_a_click(line: ClientConnection, voice: str, container: str) -> None:
    words = PAGE.split()
    pieces = [" ".join(words[i : i + 4]) + " " for i in range(0, len(words), 4)]
    request = CONTAINERS.get(container, {"format": container})
    delivered = streamed(line, pieces, flushing=True, voice=speakable(voice), **request)
    assert len(delivered.joins_s) == len(pieces) - 1
    assert all(later - earlier > 0.5 for earlier, later in pairwise(delivered.joins_s))
    raw_hz = audio_format(container, voice_rate_hz=16000 if voice == "rms" else 22050).rate_hz
    samples, rate_hz = decoded(delivered.audio, container, raw_hz)
    wave = samples.astype(np.float64)
    delay_s = {"mp3": 1105, "aac": 1024}.get(container, 0) / rate_hz
    speech = float(np.percentile(np.abs(np.diff(wave, 2)), 95))
    for join_s in delivered.joins_s:
        at = round((join_s + delay_s) * rate_hz)
        assert roughness(wave, at, rate_hz) <= speech
        # And a step of an eighth of full scale would be found.
        broken = wave.copy()
        broken[at:] += 4096
        assert roughness(broken, at, rate_hz) > speech


def roughness(wave: Wave, at: int, rate_hz: int) -> float:
    """The largest second difference within 3 ms of a sample."""
    near = 3 * rate_hz // 1000
    return float(np.max(np.abs(np.diff(wave[at - near : at + near], 2))))


def energy_db(samples: NDArray[Any]) -> float:
    """The energy of all samples: silence that a codec adds at the ends does not count."""
    return float(10 * np.log10(np.sum(np.square(samples, dtype=np.float64)) + 1e-9))
