"""An hour of mixed load on one server: ``python -m bench hour``.

A medium and a high voice of random weights and the embedded engine; guests of :mod:`bench.guests` come at random, so
many that they need 60 % of the cores on average. Once in every window of ten minutes the busiest worker is killed.
Results are written after every window. Not part of a plain ``python -m bench``, because of the hour.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from bench import random_voices, rivals
from bench.client import get, listen_http, metric, request
from bench.guests import Guest, VoicePrice, guests
from bench.hour_figures import COUNTED, Told
from bench.hour_load import Gone
from bench.server import Server, serving
from bench.speech import STORY, VOICE

Keep = Callable[[dict[str, Any]], None]

SEED: Final = 5
WINDOWS: Final = 6
SAMPLE_S: Final = 20.0
SIZES: Final = ("medium", "high")
SHARES: Final = (0.62, 0.08, 0.30)
"""Of the guests: those two voices, and the embedded engine."""


async def run(seconds: float, load: float, keep: Keep, sizes: tuple[str, str] = SIZES) -> dict[str, Any]:
    """The whole hour, or so many seconds; ``keep`` gets all figures so far after every window and at the end."""
    with tempfile.TemporaryDirectory(prefix="vivavoce-hour-") as folder:
        data = await asyncio.to_thread(_prepared, Path(folder), sizes)
        # A voice that was speaking when its worker was killed from outside is not to blame.
        async with serving(data_dir=str(data), quarantine_after="1000") as server:
            prices = {voice: await _price(server, voice, share) for voice, share in _shares(sizes).items()}
            cores = os.cpu_count() or 1
            window_s = seconds / WINDOWS
            coming = guests(prices, seconds, load, cores, window_s, SEED)
            told = Told(seconds=seconds, load=load, prices=prices, guests=len(coming))
            await _play(server, coming, told, keep)
    keep(told.figures())
    return told.figures()


def _shares(sizes: tuple[str, str]) -> dict[str, float]:
    return dict(zip((*(f"random-{size}" for size in sizes), VOICE), SHARES, strict=True))


def _prepared(folder: Path, sizes: tuple[str, str]) -> Path:
    """A data folder with both random voices."""
    for size in sizes:
        data = rivals.added(random_voices.write(size, folder), folder)
    return data


async def _price(server: Server, voice: str, share: float) -> VoicePrice:
    """What a voice costs on this machine, when it is warm."""
    text = " ".join(STORY.split()[:50])
    for _ in range(2):  # the last one counts
        before = server.cpu_s()
        heard = await listen_http(server.port, request(text, voice))
    cpu_s = (server.cpu_s() - before) / heard.audio_s
    return VoicePrice(share, cpu_s, heard.audio_s / 50, costly=cpu_s > 0.2)


async def _play(server: Server, coming: Sequence[Guest], told: Told, keep: Keep) -> None:
    begin = time.monotonic() + 2.0
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.hour_load", str(server.port), str(begin)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(coming))
    process.stdin.write_eof()
    try:
        async with asyncio.TaskGroup() as others:
            tasks = (
                others.create_task(_watch(server, psutil.Process(process.pid), told, begin, keep)),
                others.create_task(_kill(server, told, begin)),
            )
            async for line in process.stdout:
                told.gone.append(msgspec.json.decode(line, type=Gone))
            await process.wait()
            for task in tasks:
                task.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ticks(begin: float, every_s: float, until_s: float) -> AsyncIterator[float]:
    """Seconds since ``begin``, at multiples of ``every_s``."""
    tick = 0
    while (at_s := tick * every_s) <= until_s:
        await asyncio.sleep(max(0.0, begin + at_s - time.monotonic()))
        yield at_s
        tick += 1


async def _watch(server: Server, load: psutil.Process, told: Told, begin: float, keep: Keep) -> None:
    """Takes samples, and writes what there is when a window is over."""
    windows = 0
    async for at_s in _ticks(begin, min(SAMPLE_S, told.window_s / 10), told.seconds + 200.0):
        told.samples.append(await _sample(server, load, at_s))
        if at_s // told.window_s > windows:
            windows = int(at_s // told.window_s)
            keep(told.figures())


async def _sample(server: Server, load: psutil.Process, at_s: float) -> dict[str, float]:
    """What the operating system and the metrics say."""
    metrics = await get(server.port, "/v1/speech/metrics")
    front, *workers = server.processes()
    found = {"at_s": at_s, "front_mb": _mb(front), "workers": float(len(workers))}
    found["workers_mb"] = sum(map(_mb, workers))
    found["front_fds"] = float(front.num_fds())
    # Of workers that were killed, too: whoever waits for them has their time.
    found["cpu_s"] = _cpu_s(front, 4) + sum(_cpu_s(worker, 2) for worker in workers)
    found["load_cpu_s"] = _cpu_s(load, 2)
    found |= {name: metric(metrics, f"vivavoce_{name}") for name in COUNTED}
    return {name: round(value, 3) for name, value in found.items()}


def _cpu_s(process: psutil.Process, times: int) -> float:
    """CPU seconds: its own (2 times), or with those of its children that have ended (4); 0 when it has just gone."""
    try:
        return float(sum(process.cpu_times()[:times]))
    except psutil.NoSuchProcess:
        return 0.0


def _mb(process: psutil.Process) -> float:
    """Proportional memory; 0 of a process that has just gone."""
    try:
        return float(process.memory_full_info().pss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


async def _kill(server: Server, told: Told, begin: float) -> None:
    """The worker that worked most in the second before is killed, in the middle of every window."""
    async for at_s in _ticks(
        begin + told.window_s / 2, told.window_s, told.seconds - told.window_s / 2 - 1e-6
    ):
        workers = server.front.children(recursive=True)
        before = {worker.pid: _cpu_s(worker, 2) for worker in workers}
        await asyncio.sleep(1.0)
        used = {worker.pid: _cpu_s(worker, 2) - before[worker.pid] for worker in workers}
        os.kill(max(used, key=lambda pid: used[pid]), signal.SIGKILL)
        told.kills.append(at_s + told.window_s / 2 + 1.0)
