"""Servers that speak with Piper voices, ours among them, as one listener sees each: ask with a text, hear audio.

The peers are installed by name from the package index into an environment of their own, ``.venv-peers``, when they are
first needed; nothing of theirs is in this repository. All serve the same voice file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import psutil

from bench.client import Heard, ask_http, listen_socket, read_chunks, request
from bench.server import free_port, serving

ENVIRONMENT: Final = Path(__file__).parents[1] / ".venv-peers"
PACKAGES: Final = ("piper-tts[http]", "wyoming-piper")
START_S: Final = 60.0

Pieces = Sequence[tuple[float, str]]
"""Seconds after the first, and text."""


class Refused(Exception):  # noqa: N818 (not an error: an answer)
    """The server said that it is full."""


@dataclass
class Rival:
    """A running server."""

    name: str
    pid: int
    listen: Callable[[str], Awaitable[Heard]]
    """Asks for a text and reads to the end. Raises Refused."""
    write: Callable[[Pieces], Awaitable[Heard]] | None
    """The same for a text that comes in pieces; ``None`` when the server takes only whole ones."""
    ask: Callable[[str], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
    """Asks for a text, and leaves the reading to the caller."""

    def processes(self) -> list[psutil.Process]:
        main = psutil.Process(self.pid)
        return [main, *main.children(recursive=True)]

    def cpu_s(self) -> float:
        """CPU seconds of all its processes so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def memory_mb(self) -> float:
        """Proportional resident memory of all its processes: shared pages count once."""
        return float(sum(process.memory_full_info().pss for process in self.processes())) / 1e6


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


UNCUT: Final = """
import json, sys, time
from piper import PiperVoice
voice = PiperVoice.load(sys.argv[1])
def speak(text):
    began, cpu, first, audio = time.perf_counter(), time.process_time(), None, 0.0
    for chunk in voice.synthesize(text):
        first = first or time.perf_counter() - began
        audio += len(chunk.audio_int16_bytes) / 2 / chunk.sample_rate
    return first, audio, time.process_time() - cpu
texts = json.loads(sys.argv[2])
for text in texts.values():
    speak(text)
print(json.dumps({name: [speak(text) for _ in range(int(sys.argv[3]))] for name, text in texts.items()}))
"""
"""The voice as it was published, by its own library, alone in a process: first chunk, audio and CPU seconds."""


async def uncut(
    voice: Path, texts: dict[str, str], rounds: int
) -> dict[str, list[tuple[float, float, float]]]:
    """``rounds`` of every text by the peers' library."""
    process = await asyncio.create_subprocess_exec(
        str(install()), "-c", UNCUT, str(voice), orjson.dumps(texts).decode(), str(rounds),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    found: dict[str, list[tuple[float, float, float]]] = orjson.loads(out)
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


@asynccontextmanager
async def ours(voice: Path, folder: Path, **settings: str) -> AsyncIterator[Rival]:
    """Vivavoce with ``voice`` added; its state is in ``folder``."""
    script = Path(sys.executable).with_name("vivavoce")
    if not (folder / "voices" / "piper" / voice.stem).exists():
        add = [str(script), "voices", "add", str(voice), "--data-dir", str(folder)]
        await asyncio.to_thread(subprocess.run, add, check=True, capture_output=True)
    async with serving(data_dir=str(folder), **settings) as server:
        port, name = server.port, voice.stem

        async def listen(text: str) -> Heard:
            reader, writer, asked = await ask_http(port, request(text, name))
            heard = Heard()
            try:
                async for data in read_chunks(reader):
                    heard.arrivals.append((time.perf_counter() - asked, len(data) / _bytes_per_s(voice)))
            except RuntimeError as error:
                if " 429 " in str(error):
                    raise Refused from None
                raise
            finally:
                writer.close()
            return heard

        async def write(pieces: Pieces) -> Heard:
            return await listen_socket(port, request("", name), pieces)

        async def ask(text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer, _ = await ask_http(port, request(text, name))
            return reader, writer

        yield Rival("vivavoce", server.front.pid, listen, write, ask)


def _bytes_per_s(voice: Path) -> int:
    """Ours resamples to one rate; the peers send the voice's own."""
    return 2 * 22_050


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

    async def listen(text: str) -> Heard:
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
        finally:
            writer.close()
        return heard

    async with _running(command, port) as pid:
        yield Rival("piper http", pid, listen, None, ask)


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

    async def listen(text: str) -> Heard:
        asked = time.perf_counter()
        reader, writer = await ask(text)
        try:
            return await _hear(reader, asked, over="audio-stop")
        finally:
            writer.close()

    async def write(pieces: Pieces) -> Heard:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked = time.perf_counter()
        writer.write(_event("synthesize-start"))
        hearing = asyncio.create_task(_hear(reader, asked, over="synthesize-stopped"))
        for when_s, text in pieces:
            await asyncio.sleep(max(0.0, asked + when_s - time.perf_counter()))
            writer.write(_event("synthesize-chunk", text=text))
        writer.write(_event("synthesize-stop"))
        try:
            return await hearing
        finally:
            writer.close()

    async with _running(command, port) as pid:
        yield Rival("wyoming-piper", pid, listen, write, ask)


def _event(kind: str, **data: Any) -> bytes:
    return orjson.dumps({"type": kind, "data": data}) + b"\n"


async def _hear(reader: asyncio.StreamReader, asked: float, over: str) -> Heard:
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
        elif event["type"] in (over, "error"):
            break
    return heard
