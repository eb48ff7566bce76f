"""The vendors' wires against the native one: first audio, and CPU per audio second, in one run and in turn.

Clients are raw sockets and raw HTTP again; each asks for 16-bit PCM where the wire has it, or else for what it has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from websockets.asyncio.client import connect

from bench.client import read_chunks
from bench.figures import figures
from bench.server import Server, serving
from bench.speech import SENTENCE, STORY, VOICE, summary_ms

Listener = Callable[[int, str], Awaitable[float]]
"""Asks one wire at that port for a text, reads it to the end, and gives seconds to the first audio."""
PCM = {"format": "pcm_s16le", "sample_rate_hz": 24_000}
MP3 = {"format": "mp3", "sample_rate_hz": 44_100, "bit_rate_bps": 128_000}
"""What Suonora's wire speaks; a frame of it holds 26 ms, and the encoder looks one ahead."""


async def _post(port: int, path: str, body: dict[str, Any], headers: dict[str, str]) -> float:
    data = orjson.dumps(body)
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    lines += [f"content-length: {len(data)}", *(f"{k}: {v}" for k, v in headers.items())]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = time.perf_counter()
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
    first = 0.0
    try:
        async for _ in read_chunks(reader):
            first = first or time.perf_counter() - asked
    finally:
        writer.close()
    return first


async def _socket(
    port: int, path: str, opening: list[dict[str, Any]], texts: list[dict[str, Any]], heard: str, over: str
) -> float:
    """Opens a stream, then writes; ``heard`` and ``over`` are found in frames that hold audio and end the stream."""
    url = f"ws://127.0.0.1:{port}{path}"
    async with connect(url, compression=None, max_size=None) as socket:
        for message in opening:
            await socket.send(orjson.dumps(message).decode())
        asked = time.perf_counter()
        for message in texts:
            await socket.send(orjson.dumps(message).decode())
        first = 0.0
        async for frame in socket:
            if isinstance(frame, bytes) or heard in frame:
                first = first or time.perf_counter() - asked
            if isinstance(frame, str) and over in frame:
                break
    return first


async def native_http(port: int, text: str) -> float:
    return await _post(port, "/v1/speech", {"text": text, "voice": VOICE, **PCM}, {})


async def native_mp3(port: int, text: str) -> float:
    return await _post(port, "/v1/speech", {"text": text, "voice": VOICE, **MP3}, {})


async def native_socket(port: int, text: str) -> float:
    opening = [{"type": "open", "voice": VOICE, **PCM}]
    texts = [{"type": "text", "text": text}, {"type": "end"}]
    return await _socket(port, "/v1/speech/stream", opening, texts, "\0", '"ended"')


async def soniox_socket(port: int, text: str) -> float:
    config = {
        "stream_id": "s", "model": "tts-rt-v1-preview", "language": "en", "voice": VOICE,
        "audio_format": "pcm_s16le", "sample_rate": 24_000, "api_key": "k",
    }  # fmt: skip
    texts = [{"stream_id": "s", "text": text, "text_end": True}]
    return await _socket(port, "/tts-websocket", [config], texts, '"audio":', '"terminated"')


async def soniox_http(port: int, text: str) -> float:
    body = {
        "model": "tts-rt-v1-preview", "language": "en", "voice": VOICE, "text": text,
        "audio_format": "pcm_s16le", "sample_rate": 24_000,
    }  # fmt: skip
    return await _post(port, "/tts", body, {"authorization": "Bearer k"})


async def gradium_socket(port: int, text: str) -> float:
    opening = [{"type": "setup", "voice_id": VOICE, "output_format": "pcm_24000"}]
    texts = [{"type": "text", "text": text}, {"type": "end_of_stream"}]
    return await _socket(port, "/api/speech/tts", opening, texts, '"audio":', '"end_of_stream"')


async def supertone_http(port: int, text: str) -> float:
    body = {"text": text[:300], "language": "en", "output_format": "wav"}
    return await _post(port, f"/v1/text-to-speech/{VOICE}/stream", body, {"x-sup-api-key": "k"})


async def suonora_http(port: int, text: str) -> float:
    body = {"input": text, "model": "legacy-v2.5", "voice": VOICE}
    return await _post(port, "/v1/audio/stream", body, {"authorization": "Bearer k"})


WIRES: dict[str, tuple[Listener, str]] = {
    "native http": (native_http, "native http"),
    "native socket": (native_socket, "native socket"),
    "native http, mp3": (native_mp3, "native http, mp3"),
    "soniox socket": (soniox_socket, "native socket"),
    "soniox http": (soniox_http, "native http"),
    "gradium socket": (gradium_socket, "native socket"),
    "supertone http": (supertone_http, "native http"),
    "suonora http": (suonora_http, "native http, mp3"),
}
"""Each wire's listener, and the native one that it is compared with: of the same format, for what a wire costs is asked."""


async def first_audio(rounds: int) -> dict[str, Any]:
    """First audio on every wire, one listener at a time, the wires in turn."""
    times: dict[str, list[float]] = {name: [] for name in WIRES}
    async with serving() as server:
        for turn in range(rounds + 5):
            for name, (listen, _) in WIRES.items():
                first = await listen(server.port, f"{SENTENCE} {turn}.")
                if turn >= 5:
                    times[name].append(first)
    table: dict[str, Any] = {name: summary_ms(values) for name, values in times.items()}
    for name, (_, base) in WIRES.items():
        table[name]["more_p50"] = figures(times[name]).p50 * 1e3 - figures(times[base]).p50 * 1e3
    return table


async def cost(streams: int) -> dict[str, Any]:
    """CPU of the whole server per audio second with that many listeners at once, wire after wire."""
    table: dict[str, Any] = {}
    async with serving() as server:
        for name, (listen, _) in WIRES.items():
            table[name] = await _cost(server, listen, streams)
    return table


async def _cost(server: Server, listen: Listener, streams: int) -> dict[str, float]:
    from bench.client import get, metric

    text = STORY[:300]
    await listen(server.port, text)
    made = metric(await get(server.port, "/v1/speech/metrics"), "vivavoce_audio_seconds_total")
    cpu_s = server.cpu_s()
    # Different texts: a wire that resumes broken requests would give equal ones the same audio.
    firsts = await asyncio.gather(
        *(listen(server.port, f"{number}. {text}"[:300]) for number in range(streams))
    )
    used_s = server.cpu_s() - cpu_s
    audio_s = metric(await get(server.port, "/v1/speech/metrics"), "vivavoce_audio_seconds_total") - made
    return {
        "cpu_ms_per_audio_s": used_s * 1e3 / audio_s,
        "first_audio_p50_ms": figures(firsts).p50 * 1e3,
        "audio_s": audio_s,
    }


async def start_up(rounds: int) -> dict[str, Any]:
    """Seconds from starting the process to being ready, on an empty data folder: migrations included."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        async with serving():
            times.append(time.perf_counter() - began)
    return {"ready_ms": summary_ms(times)}
