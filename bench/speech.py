"""The measurements of the whole path, from text to the listener, with the embedded engine.

Each suite is an async function that gives a dictionary of plain numbers for the report.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from bench.client import STARVED_S as STARVED
from bench.client import (
    Heard,
    ask_http,
    get,
    health_times,
    listen_http,
    listen_socket,
    metric,
    read_chunks,
    request,
)
from bench.figures import Figures, figures, first_chunk_s
from bench.server import Server, serving
from vivavoce.engines.base import Engine
from vivavoce.engines.registry import load_engines
from vivavoce.speech import Boundary, Chunk, Utterance

VOICE = "en-us+edward"
SENTENCE = "The children are playing in the garden behind the school while their parents talk at home."
STORY = " ".join(
    (
        "The weather is nice today and we are going to the park, as we said we would last week.",
        "She opened the door, walked into the room and looked at all of us for quite a while.",
        "The train was late again this morning, so my brother came to the bank after ten.",
        "They have lived in this town for many years, and the garden behind the house is theirs.",
        "The old man sat down by the river; nobody knew what he had been waiting for since January.",
        "Thank you very much for your help, said the doctor, everything will be fine by the winter.",
    )
)
STREAMS = (1, 8, 32, 64, 128)


class Raw:
    """The engine alone in this process: what everything else is compared with."""

    def __init__(self) -> None:
        self._engine: Engine = load_engines(["espeak"])["espeak"]
        self._engine.load(VOICE)

    def speak(self, text: str, on_chunk: Callable[[Chunk], bool]) -> None:
        utterance = Utterance(number=0, voice=VOICE, language="en-US", text=text, boundary=Boundary.SENTENCE)
        job = self._engine.plan(utterance)
        while not job.step(22_050, on_chunk):
            pass

    def first_chunk_s(self, text: str) -> float:
        """Seconds from asking to the first chunk; the rest is not made."""
        return first_chunk_s(partial(self.speak, text))

    def audio_s_per_cpu_s(self, texts: list[str]) -> float:
        samples = 0

        def on_chunk(chunk: Chunk) -> bool:
            nonlocal samples
            samples += len(chunk.pcm) // 2
            return True

        began = time.process_time()
        for text in texts:
            self.speak(text, on_chunk)
        return samples / 22_050 / (time.process_time() - began)


def summary_ms(values: list[float]) -> dict[str, float]:
    """Quantiles of seconds, in milliseconds."""
    summary: Figures = figures([value * 1e3 for value in values])
    plain: dict[str, float] = msgspec.to_builtins(summary)
    return plain


async def first_audio(rounds: int) -> dict[str, Any]:
    """First audio over HTTP and WebSocket, in turn with the engine's own first chunk."""
    raw = Raw()
    engine, http, socket = [], [], []
    async with serving() as server:
        body = request(SENTENCE, VOICE)
        for turn in range(rounds + 5):
            alone = raw.first_chunk_s(SENTENCE)
            over_http = (await listen_http(server.port, body)).first_s
            over_socket = (await listen_socket(server.port, body, [(0.0, SENTENCE)])).first_s
            if turn >= 5:  # the first few warm caches on both sides
                engine.append(alone)
                http.append(over_http)
                socket.append(over_socket)
    table = {"engine_ms": summary_ms(engine), "http_ms": summary_ms(http), "websocket_ms": summary_ms(socket)}
    for name in ("http", "websocket"):
        table[f"{name}_more_ms"] = {q: table[f"{name}_ms"][q] - table["engine_ms"][q] for q in ("p50", "p95")}
    return table


async def simultaneous(counts: tuple[int, ...]) -> dict[str, Any]:
    """N listeners at once: first audio, starvation at 1x playback, and how long health takes meanwhile."""
    table: dict[str, Any] = {}
    async with serving() as server:
        await listen_http(server.port, request(SENTENCE, VOICE))
        for count in counts:
            table[str(count)] = await _together(server, count)
    return table


async def _together(server: Server, count: int) -> dict[str, Any]:
    stop = asyncio.Event()
    probe = asyncio.create_task(health_times(server.port, stop))
    cpu_s, began = server.cpu_s(), time.perf_counter()
    body = request(STORY, VOICE)
    heard = await asyncio.gather(*(listen_http(server.port, body) for _ in range(count)))
    wall_s, used_s = time.perf_counter() - began, server.cpu_s() - cpu_s
    stop.set()
    return {
        "first_audio_ms": summary_ms([h.first_s for h in heard]),
        "starved": sum(h.stalled_s > STARVED for h in heard),
        "worst_stall_ms": max(h.stalled_s for h in heard) * 1e3,
        "health_ms": summary_ms(await probe),
        "audio_s": sum(h.audio_s for h in heard),
        "wall_s": wall_s,
        "cpu_ms_per_audio_s": used_s * 1e3 / sum(h.audio_s for h in heard),
        "front_mb": server.memory_mb()[0],
        "worker_mb": server.memory_mb()[1],
    }


async def leaver(rounds: int) -> dict[str, Any]:
    """A listener leaves after its first audio: what is still made, and when its place is free again."""
    free_s, wasted_s = [], []
    # A slow engine, so that there is work to stop; the embedded one is done before anybody can leave.
    async with serving(engines="tone") as server:
        for _ in range(rounds):
            before = metric(
                await get(server.port, "/v1/speech/metrics"), "vivavoce_work_after_disconnect_seconds_total"
            )
            reader, writer, _ = await ask_http(server.port, request(STORY, "tone-slow"))
            async for _ in read_chunks(reader):
                break
            writer.transport.abort()
            left = time.perf_counter()
            while msgspec.json.decode(await get(server.port, "/v1/speech/health"))["live_streams"]:
                await asyncio.sleep(0.001)
            free_s.append(time.perf_counter() - left)
            await asyncio.sleep(0.2)
            after = metric(
                await get(server.port, "/v1/speech/metrics"), "vivavoce_work_after_disconnect_seconds_total"
            )
            wasted_s.append(after - before)
    return {"free_again_ms": summary_ms(free_s), "audio_made_after_ms": summary_ms(wasted_s)}


async def never_reads(seconds: float) -> dict[str, Any]:
    """A listener that asks for an hour and reads nothing: audio made for it, and memory."""
    async with serving() as server:
        await listen_http(server.port, request(SENTENCE, VOICE))
        before_mb = server.memory_mb()[0]
        made = metric(await get(server.port, "/v1/speech/metrics"), "vivavoce_audio_seconds_total")
        reader, writer, _ = await ask_http(server.port, request(" ".join([STORY] * 100), VOICE))
        await asyncio.sleep(seconds)
        after = metric(await get(server.port, "/v1/speech/metrics"), "vivavoce_audio_seconds_total")
        grown_mb = server.memory_mb()[0] - before_mb
        writer.transport.abort()
        del reader
    return {"watched_s": seconds, "audio_made_s": after - made, "front_grown_mb": grown_mb}


async def writer_at_llm_pace(rounds: int, words_a_second: float = 12.0) -> dict[str, Any]:
    """First audio counted from the first word, when words come as a language model writes them."""
    words = [word + " " for word in SENTENCE.split()]
    pieces = [(i / words_a_second, word) for i, word in enumerate(words)]
    async with serving() as server:
        await listen_http(server.port, request(SENTENCE, VOICE))
        heard = [await listen_socket(server.port, request("", VOICE), pieces) for _ in range(rounds)]
    return {
        "first_audio_ms": summary_ms([h.first_s for h in heard]),
        "four_words_ms": 4 / words_a_second * 1e3,
        "last_word_ms": pieces[-1][0] * 1e3,
        "starved": sum(h.stalled_s > STARVED for h in heard),
    }


async def throughput(requests: int) -> dict[str, Any]:
    """Audio seconds per CPU second, of everything the server runs, against the engine alone."""
    raw = Raw()
    texts = STORY.split(". ")
    async with serving(lead_s="3600", outlet_s="600") as server:
        await listen_http(server.port, request(STORY, VOICE))
        alone, whole = [], []
        for _ in range(3):
            alone.append(raw.audio_s_per_cpu_s(texts * 20))
            began = server.cpu_s()
            heard: list[Heard] = []
            for batch in (
                itertools.batched(range(requests), 8) if hasattr(itertools, "batched") else [range(requests)]
            ):
                heard += await asyncio.gather(
                    *(listen_http(server.port, request(STORY, VOICE)) for _ in batch)
                )
            whole.append(sum(h.audio_s for h in heard) / (server.cpu_s() - began))
    return {
        "engine_audio_s_per_cpu_s": figures(alone).p50,
        "server_audio_s_per_cpu_s": figures(whole).p50,
        "ratio": figures(whole).p50 / figures(alone).p50,
    }


async def memory() -> dict[str, Any]:
    """Resident memory at rest; at 128 streams it is in ``simultaneous``."""
    async with serving() as server:
        await listen_http(server.port, request(SENTENCE, VOICE))
        await asyncio.sleep(0.5)
        front, worker = server.memory_mb()
    return {"front_mb": front, "worker_mb": worker}
