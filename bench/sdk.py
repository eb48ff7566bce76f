"""What the SDK costs: against a bare socket, with many streams, and with a listener that is slow."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.client import RATE_HZ, STARVED_S, Heard
from bench.figures import figures
from bench.server import Server, serving
from bench.speech import SENTENCE, STORY, VOICE
from vivavoce import AsyncVivavoceClient, VivavoceClient

OPTIONS: dict[str, Any] = {"voice": VOICE, "output_format": "pcm_s16le", "sample_rate": RATE_HZ}
OPEN = {"type": "open", "voice": VOICE, "format": "pcm_s16le", "sample_rate_hz": RATE_HZ, "marks": ["word"]}
HOUR = " ".join([STORY] * 120)
"""Text of an hour of speech."""


def _ms(values: list[float]) -> dict[str, float]:
    plain: dict[str, float] = msgspec.to_builtins(figures([value * 1e3 for value in values]))
    return plain


async def _bare(socket: ClientConnection, number: int, text: str) -> AsyncIterator[bytes]:
    """One stream on an open socket, with as little code as can be."""
    for message in (
        {**OPEN, "stream": number},
        {"type": "text", "stream": number, "text": text},
        {"type": "end", "stream": number},
    ):
        await socket.send(orjson.dumps(message).decode())
    async for frame in socket:
        if isinstance(frame, bytes):
            assert struct.unpack_from("<I", frame)[0] == number
            yield frame[8:]
        elif orjson.loads(frame)["type"] == "ended":
            return


def _socket(server: Server) -> Any:
    url = f"ws://127.0.0.1:{server.port}/v1/speech/stream"
    return connect(url, compression=None, max_size=None)


async def overhead(rounds: int) -> dict[str, Any]:
    """First audio on an open connection, and CPU for a frame, of a bare socket and of both clients, in turn."""
    async with serving(lead_s="3600", outlet_s="600") as server, _socket(server) as socket:
        url = f"http://127.0.0.1:{server.port}"
        async with AsyncVivavoceClient(url) as client:
            with VivavoceClient(url) as threaded:
                first = await _first_audio(rounds, socket, client, threaded)
                frame = await _frame_cost(max(3, rounds // 20), rounds + 100, socket, client)
    more = {
        name: {q: first[name][q] - first["bare"][q] for q in ("p50", "p95")}
        for name in ("asyncio", "threads")
    }
    return {"first_audio_ms": first, "first_audio_more_ms": more, **frame}


async def _first_audio(
    rounds: int, socket: ClientConnection, client: AsyncVivavoceClient, threaded: VivavoceClient
) -> dict[str, Any]:
    times: dict[str, list[float]] = {"bare": [], "asyncio": [], "threads": []}
    for turn in range(rounds + 5):
        began = time.perf_counter()
        bare = [time.perf_counter() - began async for _ in _bare(socket, turn + 1, SENTENCE)]
        began = time.perf_counter()
        stream = client.tts_stream(SENTENCE, **OPTIONS)
        ours = [time.perf_counter() - began async for _ in stream.iter_bytes()]
        theirs = await asyncio.to_thread(_threaded_first, threaded)
        if turn >= 5:  # the first few warm caches on both sides
            for name, found in (("bare", bare[0]), ("asyncio", ours[0]), ("threads", theirs)):
                times[name].append(found)
    return {name: _ms(found) for name, found in times.items()}


def _threaded_first(client: VivavoceClient) -> float:
    began = time.perf_counter()
    times = [time.perf_counter() - began for _ in client.tts_stream(SENTENCE, **OPTIONS).iter_bytes()]
    return times[0]  # the rest was heard too, so that nothing of it disturbs the next


async def _frame_cost(
    rounds: int, number: int, socket: ClientConnection, client: AsyncVivavoceClient
) -> dict[str, float]:
    """CPU time of this process for an audio frame, in microseconds."""
    bare, ours = [], []
    for turn in range(rounds):
        began = time.process_time()
        frames = len([frame async for frame in _bare(socket, number + turn, STORY)])
        bare.append((time.process_time() - began) / frames)
        began = time.process_time()
        frames = len([chunk async for chunk in client.tts_stream(STORY, **OPTIONS).iter_bytes()])
        ours.append((time.process_time() - began) / frames)
    bare_us, ours_us = figures(bare).p50 * 1e6, figures(ours).p50 * 1e6
    return {"frame_bare_us": bare_us, "frame_sdk_us": ours_us, "frame_more_us": ours_us - bare_us}


async def many(count: int) -> dict[str, Any]:
    """``count`` streams of one asyncio client at once."""
    async with serving() as server, AsyncVivavoceClient(f"http://127.0.0.1:{server.port}") as client:
        await client.tts(SENTENCE, **OPTIONS)
        used_s = time.process_time()
        heard = await asyncio.gather(*(_listen(client) for _ in range(count)))
        used_s = time.process_time() - used_s
    return {
        "streams": count,
        "first_audio_ms": _ms([one.first_s for one in heard]),
        "starved": sum(one.stalled_s > STARVED_S for one in heard),
        "client_cpu_ms_per_audio_s": used_s * 1e3 / sum(one.audio_s for one in heard),
    }


async def _listen(client: AsyncVivavoceClient) -> Heard:
    heard, began = Heard(), time.perf_counter()
    async for chunk in client.tts_stream(STORY, **OPTIONS).iter_bytes():
        heard.arrivals.append((time.perf_counter() - began, len(chunk) / 2 / RATE_HZ))
    return heard


async def slow_consumer(seconds: float) -> dict[str, Any]:
    """A listener at its natural pace asks for an hour: memory here and there, and audio made ahead of it."""
    async with serving() as server, AsyncVivavoceClient(f"http://127.0.0.1:{server.port}") as client:
        await client.tts(SENTENCE, **OPTIONS)
        me = psutil.Process(os.getpid())
        before_mb, server_before_mb = me.memory_info().rss / 1e6, server.memory_mb()[0]
        stream = client.tts_stream(HOUR, **OPTIONS)
        played_s, began, grown_mb = 0.0, time.perf_counter(), 0.0
        async for chunk in stream.iter_bytes():
            played_s += len(chunk) / 2 / RATE_HZ
            grown_mb = max(grown_mb, me.memory_info().rss / 1e6 - before_mb)
            if time.perf_counter() - began > seconds:
                break
            await asyncio.sleep(max(0.0, began + played_s - time.perf_counter()))
        grown_server_mb = server.memory_mb()[0] - server_before_mb
        await stream.aclose()
    return {"watched_s": seconds, "client_grown_mb": grown_mb, "server_grown_mb": grown_server_mb}


def markdown(results: dict[str, Any]) -> list[str]:
    """The tables of this module's suites, as far as they were run."""
    lines: list[str] = []
    if "sdk" in results:
        part = results["sdk"]
        lines += [
            "**The SDK** against a bare socket, on an open connection, in turn",
            "",
            "| | bare | SDK | more |",
            "| --- | --- | --- | --- |",
        ]
        bare = part["first_audio_ms"]["bare"]
        for name in ("asyncio", "threads"):
            ours, more = part["first_audio_ms"][name], part["first_audio_more_ms"][name]
            lines.append(
                f"| first audio, {name}, p50 / p95 (ms) | {bare['p50']:.2f} / {bare['p95']:.2f} "
                f"| {ours['p50']:.2f} / {ours['p95']:.2f} | {more['p50']:.2f} / {more['p95']:.2f} |"
            )
        lines.append(
            f"| CPU for an audio frame and its marks, asyncio (µs) | {part['frame_bare_us']:.0f} "
            f"| {part['frame_sdk_us']:.0f} | {part['frame_more_us']:.0f} |"
        )
    if "sdk_many" in results:
        part = results["sdk_many"]
        first = part["first_audio_ms"]
        lines += [
            "",
            f"{part['streams']} streams of one asyncio client: first audio p50 {first['p50']:.0f} ms, p95 "
            f"{first['p95']:.0f} ms; starved at 1x: {part['starved']}; the client's CPU for a second of audio: "
            f"{part['client_cpu_ms_per_audio_s']:.2f} ms.",
        ]
    if "sdk_slow" in results:
        part = results["sdk_slow"]
        lines += [
            "",
            f"A listener at its natural pace asks for an hour of text, watched for {part['watched_s']:.0f} s: memory of "
            f"the client grows by {part['client_grown_mb']:.1f} MB, of the server's front by {part['server_grown_mb']:.1f} MB.",
        ]
    return [*lines, ""] if lines else []
