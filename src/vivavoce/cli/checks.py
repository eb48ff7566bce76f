"""What ``vivavoce doctor`` looks at. Every check really does the thing, and says what to do when it fails."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from typing import Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct

from vivavoce import __version__
from vivavoce.audio.encoder import encoder
from vivavoce.cli.installed import catalogue, count_languages, default_voice
from vivavoce.cli.output import counted
from vivavoce.cli.playback import INSTALL_A_PLAYER, players
from vivavoce.engines import registry
from vivavoce.errors import VivavoceError
from vivavoce.formats import FORMATS, audio_format
from vivavoce.runtime.studio import Studio
from vivavoce.settings import Settings
from vivavoce.speech import Audio, End, Ended, Failed, Open, Text
from vivavoce.voices.catalogue import Catalogue

State: TypeAlias = Literal["ok", "warning", "failed"]

LIBRARIES: Final = (
    "numpy",
    "av",
    "lameenc",
    "espeakng-loader",
    "uvicorn",
    "starlette",
    "websockets",
    "msgspec",
)
OLDEST_PYTHON: Final = (3, 11)
CODEC_S: Final = 0.5
RUNS: Final = 5
TOO_LONG_S: Final = 30.0
TRY_TEXT: Final = "The first words are heard before the last ones are written."
LANGUAGE: Final = "en-US"


class Check(Struct, frozen=True, kw_only=True):
    """One line of the report. ``failed`` means that the server cannot do its work; a warning costs something less."""

    topic: str
    name: str
    state: State = "ok"
    detail: str
    advice: str = ""
    """What to do about it; never empty unless all is well."""
    figures: dict[str, float] = {}
    """The numbers in ``detail``, for programs. Times in milliseconds."""


def all_checks(settings: Settings) -> Iterator[Check]:
    """Every check, in the order of dependence, each made when it is drawn."""
    yield python()
    yield libraries()
    yield playing()
    yield folder(settings.data_dir)
    yield port(settings.host, settings.port)
    known = None
    try:
        known = catalogue(settings)
    except VivavoceError as error:
        yield Check(topic="voices", name="engines", state="failed", detail="none", advice=error.message)
    if known is not None:
        yield from engines(known)
    for name in FORMATS:
        yield codec(name)
    if known is not None:
        yield from speech(settings, known)


def python() -> Check:
    """The interpreter and the machine."""
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    old = sys.version_info < OLDEST_PYTHON
    return Check(
        topic="system",
        name="python",
        state="failed" if old else "ok",
        detail=f"{version} on {system}, {os.cpu_count()} cores; vivavoce {__version__}",
        advice="install Python 3.11 or newer" if old else "",
    )


def libraries() -> Check:
    """Versions of what we stand on."""
    found: list[str] = []
    absent: list[str] = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            absent.append(name)
    return Check(
        topic="system",
        name="libraries",
        state="warning" if absent else "ok",
        detail=", ".join(found),
        advice=f"pip install {' '.join(absent)}" if absent else "",
    )


def engines(known: Catalogue) -> Iterator[Check]:
    """One line for each engine that is installed, whether or not it has voices here."""
    voices = known.listing(None)
    for name in sorted((registry.installed().keys() - registry.ON_REQUEST) | {v.engine for v in voices}):
        own = [voice for voice in voices if voice.engine == name]
        yield Check(
            topic="voices",
            name=name,
            state="ok" if own else "warning",
            detail=f"{counted(len(own), 'voice')}, {counted(count_languages(own), 'language')}"
            if own
            else "no voices here",
            advice="" if own else ABSENT_ENGINE.get(name, f"install what the {name} engine needs"),
            figures={"voices": len(own), "languages": count_languages(own)},
        )


_NEURAL: Final = "for neural voices: `pip install 'vivavoce[neural]'`, then `vivavoce voices add NAME`"
ABSENT_ENGINE: Final = {
    "espeak": "pip install espeakng-loader",
    "flite": "install the system's flite library, such as `apt install libflite1`, for better English",
    "piper": _NEURAL,
    "supertonic": _NEURAL,
}


def codec(name: str) -> Check:
    """Half a second of a tone, encoded as ``name``."""
    format = audio_format(name)
    times = np.arange(int(CODEC_S * format.rate_hz)) / format.rate_hz
    tone = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    try:
        made = encoder(format)
        size = len(made.feed(tone)) + len(made.flush())
    except VivavoceError as error:
        return Check(topic="formats", name=name, state="failed", detail="does not work", advice=error.message)
    return Check(
        topic="formats",
        name=name,
        state="ok" if size else "failed",
        detail=f"{size} bytes for {CODEC_S:g} s at {format.rate_hz} Hz",
        advice="" if size else "reinstall PyAV and lameenc: pip install --force-reinstall av lameenc",
        figures={"bytes": size},
    )


def playing() -> Check:
    """What `vivavoce say` can be heard with."""
    found = players()
    return Check(
        topic="system",
        name="players",
        state="ok" if found else "warning",
        detail=", ".join(found) or "none",
        advice="" if found else INSTALL_A_PLAYER,
    )


def folder(path: str) -> Check:
    """Whether the data folder, or the place where it would be made, can be written to."""
    place = path
    while not os.path.exists(place):
        place = os.path.dirname(place) or "."
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check(
            topic="system",
            name="data folder",
            state="failed",
            detail=f"{path}: {error.strerror}",
            advice="choose another with --data-dir or VIVAVOCE_DATA_DIR",
        )
    detail = path if place == path else f"{path} (will be made)"
    return Check(topic="system", name="data folder", detail=detail)


def port(host: str, number: int) -> Check:
    """Whether `vivavoce serve` could listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return Check(
                topic="system",
                name="port",
                state="warning",
                detail=f"{host}:{number}: {error.strerror}",
                advice="stop what listens there, or use `vivavoce serve --port 0` for a free one",
            )
    return Check(topic="system", name="port", detail=f"{host}:{number} is free")


def speech(settings: Settings, known: Catalogue) -> Iterator[Check]:
    """Worker start and first audio, measured with the voice that speaks English, or the first one."""
    voice = default_voice(known, LANGUAGE) or known.listing(None)[0]
    try:
        start_ms, first_ms = asyncio.run(asyncio.wait_for(_measure(settings, voice.id), TOO_LONG_S))
    except (VivavoceError, OSError, TimeoutError) as error:
        yield Check(
            topic="speech",
            name="first audio",
            state="failed",
            detail=f"{voice.id} did not speak: {error or f'nothing within {TOO_LONG_S:g} s'}",
            advice="try another engine with VIVAVOCE_ENGINES=espeak",
        )
        return
    yield Check(
        topic="speech", name="workers", detail=f"ready in {start_ms:.0f} ms", figures={"start_ms": start_ms}
    )
    median, worst = statistics.median(first_ms), max(first_ms)
    yield Check(
        topic="speech",
        name="first audio",
        detail=f"{median:.1f} ms with {voice.id} (median of {len(first_ms)}, slowest {worst:.1f} ms)",
        figures={"median_ms": median, "slowest_ms": worst},
    )


async def _measure(settings: Settings, voice: str) -> tuple[float, list[float]]:
    """Milliseconds until the workers ran, and from text to first audio of each run."""
    begun = time.perf_counter()
    async with Studio(settings) as studio:
        start_ms = (time.perf_counter() - begun) * 1000
        return start_ms, [await _first_audio_ms(studio, voice) for _ in range(RUNS)]


async def _first_audio_ms(studio: Studio, voice: str) -> float:
    stream = studio.open(Open(voice=voice, format=audio_format("pcm_s16le")))
    begun = time.perf_counter()
    stream.send(Text(TRY_TEXT))
    stream.send(End())
    try:
        while True:
            for event in await stream.events():
                match event:
                    case Audio() if event.data:
                        return (time.perf_counter() - begun) * 1000
                    case Failed():
                        raise event.error
                    case Ended():
                        raise VivavoceError("the stream ended without any audio")
    finally:
        stream.cancel()
