"""Servers that speak with Piper voices, ours among them, as one listener sees each: ask with a text, hear audio.

The peers are installed by name from the package index into an environment of their own, ``.venv-peers``, when they are
first needed; nothing of theirs is in this repository. All serve the same voice file.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import orjson
import psutil

from bench.client import BYTES_PER_S, Heard, ask_http, listen_socket, read_chunks, request
from bench.memory import anonymous_mb, files_mb
from bench.server import free_port, serving

ENVIRONMENT: Final = Path(__file__).parents[1] / ".venv-peers"
PACKAGES: Final = ("piper-tts[http]", "wyoming-piper")
START_S: Final = 120.0

Pieces = Sequence[tuple[float, str]]
"""Seconds after the first, and text."""


class Refused(Exception):  # noqa: N818 (not an error: an answer)
    """The server said that it is full."""


class Listen(Protocol):
    """Asks for a text and reads to the end, or leaves at the first audio. Raises Refused."""

    def __call__(self, text: str, first_only: bool = False) -> Awaitable[Heard]: ...


EVERYTHING: Final = frozenset({"alone", "one", "many", "units"})
"""Kinds of measurement: one listener's first audio, the whole speech of one, many at once, and many at once who show
what a short first unit of text is worth."""


@dataclass(kw_only=True)
class Rival:
    """A running server."""

    name: str
    pid: int
    listen: Listen
    write: Callable[[Pieces], Awaitable[Heard]] | None = None
    """The same for a text that comes in pieces; ``None`` when the server takes only whole ones."""
    ask: Callable[[str], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] | None = None
    """Asks for a text, and leaves the reading to the caller; ``None`` for what is no server."""
    peer: bool = True
    """Whether somebody else made it."""
    rows: frozenset[str] = EVERYTHING
    """What it takes part in, of :data:`EVERYTHING`."""

    def processes(self) -> list[psutil.Process]:
        """The main one first."""
        main = psutil.Process(self.pid)
        return [main, *main.children(recursive=True)]

    def cpu_s(self) -> tuple[float, float]:
        """CPU seconds so far of all its processes, and of those that speak: the workers where there are any."""
        main, *workers = (sum(process.cpu_times()[:2]) for process in self.processes())
        return main + sum(workers), sum(workers) if workers else main

    def anonymous_mb(self) -> float:
        """The part of its memory that changes; see :mod:`bench.memory`."""
        return anonymous_mb(process.pid for process in self.processes())

    def files_mb(self) -> float:
        """The rest."""
        return files_mb([process.pid for process in self.processes()])


def install() -> Path:
    """The Python of the peers' environment, made now if there is none."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    probe = subprocess.run([str(python), "-c", "import piper, wyoming_piper"], capture_output=True)
    if probe.returncode:
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", *PACKAGES], check=True)
    return python


def versions() -> dict[str, str]:
    """What is installed there."""
    code = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({n: m.version(n) for n in ('piper-tts', 'wyoming-piper', 'onnxruntime')}))"
    )
    done = subprocess.run([str(install()), "-c", code], capture_output=True, check=True)
    found: dict[str, str] = orjson.loads(done.stdout)
    return found


@asynccontextmanager
async def _running(command: Sequence[str], port: int) -> AsyncIterator[int]:
    """A server process that listens on ``port``; its id."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        give_up = time.monotonic() + START_S
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                if time.monotonic() > give_up or process.returncode is not None:
                    raise RuntimeError(f"{command[2]} did not start") from None
                await asyncio.sleep(0.1)
        yield process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# ---- ours -------------------------------------------------------------------------------------------------------------


def added(voice: Path, folder: Path) -> Path:
    """A data folder of Vivavoce in ``folder`` with ``voice`` and those that were added before it."""
    data = folder / "cut"
    script = str(Path(sys.executable).with_name("vivavoce"))
    add = [script, "voices", "add", str(voice), "--data-dir", str(data)]
    subprocess.run(add, check=True, capture_output=True)
    return data


def uncut(voice: Path, data: Path) -> Path:
    """A copy of the data folder ``data``, beside it, with ``voice`` on the rung of whole sentences."""
    copy = data.with_name("uncut")
    shutil.copytree(data, copy)
    kept = copy / "voices" / "piper" / voice.stem
    again = [sys.executable, "-m", "vivavoce.engines.piper.convert", str(kept), "sentences"]
    subprocess.run(again, check=True, capture_output=True)
    return copy


@asynccontextmanager
async def ours(
    voice: str, data: Path, name: str = "vivavoce", rows: frozenset[str] = EVERYTHING, **settings: str
) -> AsyncIterator[Rival]:
    """Vivavoce with a copy of the data folder ``data``, in which ``voice`` is."""
    copy = Path(tempfile.mkdtemp(prefix="data-", dir=data.parent))
    shutil.copytree(data, copy, dirs_exist_ok=True)
    async with serving(data_dir=str(copy), **settings) as server:
        port = server.port

        async def listen(text: str, first_only: bool = False) -> Heard:
            reader, writer, asked = await ask_http(port, request(text, voice))
            heard = Heard()
            try:
                with _refusals(" 429 "):
                    async for data in read_chunks(reader):
                        heard.arrivals.append((time.perf_counter() - asked, len(data) / BYTES_PER_S))
                        if first_only:
                            writer.transport.abort()
                            break
            finally:
                writer.close()
            return heard

        async def write(pieces: Pieces) -> Heard:
            with _refusals("overloaded"):
                return await listen_socket(port, request("", voice), pieces)

        async def ask(text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer, _ = await ask_http(port, request(text, voice))
            return reader, writer

        pid = server.front.pid
        yield Rival(name=name, pid=pid, listen=listen, write=write, ask=ask, peer=False, rows=rows)
    shutil.rmtree(copy, ignore_errors=True)


@contextlib.contextmanager
def _refusals(mark: str) -> Iterator[None]:
    """Makes Refused of the errors that say so."""
    try:
        yield
    except RuntimeError as error:
        if mark in str(error):
            raise Refused from None
        raise


# ---- the voice's own library ------------------------------------------------------------------------------------------

LIBRARY_NAME: Final = "the library alone, un-cut"
LIBRARY: Final = """
import json, sys, time
from piper import PiperVoice
voice = PiperVoice.load(sys.argv[1])
for line in sys.stdin:
    for chunk in voice.synthesize(json.loads(line)):
        print(len(chunk.audio_int16_bytes) / 2 / chunk.sample_rate, flush=True)
    print(flush=True)
"""
"""The voice as it was published, by its own library, without a server: a line for every sentence made."""


@asynccontextmanager
async def library(voice: Path) -> AsyncIterator[Rival]:
    """``piper.PiperVoice`` alone in a process; one text after the other."""
    process = await asyncio.create_subprocess_exec(
        str(install()),
        "-c",
        LIBRARY,
        str(voice),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    write, read = process.stdin.write, process.stdout.readline

    async def listen(text: str, first_only: bool = False) -> Heard:
        """It cannot be left: what comes after the first audio is waited for and not told."""
        asked = time.perf_counter()
        write(orjson.dumps(text) + b"\n")
        heard = Heard()
        while line := (await read()).strip():
            heard.arrivals.append((time.perf_counter() - asked, float(line)))
        return Heard(heard.arrivals[:1]) if first_only else heard

    try:
        yield Rival(name=LIBRARY_NAME, pid=process.pid, listen=listen, rows=frozenset({"alone", "one"}))
    finally:
        process.kill()
        await process.wait()


# ---- piper's own server ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def piper_http(voice: Path) -> AsyncIterator[Rival]:
    """``piper.http_server``: makes the whole answer, then sends it as a WAV file."""
    port = free_port()
    command = [str(install()), "-m", "piper.http_server", "-m", str(voice), "--port", str(port)]
    rate = int(orjson.loads(Path(f"{voice}.json").read_bytes())["audio"]["sample_rate"])

    async def ask(text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = orjson.dumps({"text": text})
        head = f"POST /synthesize HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        return reader, writer

    async def listen(text: str, first_only: bool = False) -> Heard:
        asked = time.perf_counter()
        reader, writer = await ask(text)
        heard = Heard()
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(head.decode(errors="replace"))
            await reader.readexactly(44)  # the header of the WAV file
            while data := await reader.read(65_536):
                heard.arrivals.append((time.perf_counter() - asked, len(data) / 2 / rate))
                if first_only:
                    break
        finally:
            writer.close()
        return heard

    async with _running(command, port) as pid:
        yield Rival(name="piper http", pid=pid, listen=listen, ask=ask)


# ---- wyoming-piper -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def wyoming(voice: Path) -> AsyncIterator[Rival]:
    """``wyoming_piper``: sends a sentence at a time, one listener after the other."""
    port = free_port()
    command = [
        str(install()),
        "-m",
        "wyoming_piper",
        "--voice",
        str(voice),
        "--uri",
        f"tcp://127.0.0.1:{port}",
    ]
    command += ["--data-dir", str(voice.parent), "--local-files-only"]

    async def ask(text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_event("synthesize", text=text))
        return reader, writer

    async def listen(text: str, first_only: bool = False) -> Heard:
        asked = time.perf_counter()
        reader, writer = await ask(text)
        try:
            return await _hear(reader, asked, "audio-stop", first_only)
        finally:
            writer.close()

    async def write(pieces: Pieces) -> Heard:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked = time.perf_counter()
        writer.write(_event("synthesize-start"))
        hearing = asyncio.create_task(_hear(reader, asked, "synthesize-stopped"))
        for when_s, text in pieces:
            await asyncio.sleep(max(0.0, asked + when_s - time.perf_counter()))
            writer.write(_event("synthesize-chunk", text=text))
        writer.write(_event("synthesize-stop"))
        try:
            return await hearing
        finally:
            writer.close()

    async with _running(command, port) as pid:
        yield Rival(name="wyoming-piper", pid=pid, listen=listen, write=write, ask=ask)


def _event(kind: str, **data: Any) -> bytes:
    return orjson.dumps({"type": kind, "data": data}) + b"\n"


async def _hear(reader: asyncio.StreamReader, asked: float, over: str, first_only: bool = False) -> Heard:
    """Events to the one of type ``over``: a line of JSON, then more JSON, then samples, with their lengths in the line."""
    heard = Heard()
    while line := await reader.readline():
        event = orjson.loads(line)
        data = event.get("data") or {}
        if size := event.get("data_length"):
            data |= orjson.loads(await reader.readexactly(size))
        samples = await reader.readexactly(event.get("payload_length") or 0)
        if event["type"] == "audio-chunk":
            seconds = len(samples) / data["width"] / data["rate"]
            heard.arrivals.append((time.perf_counter() - asked, seconds))
            if first_only:
                break
        elif event["type"] in (over, "error"):
            break
    return heard
