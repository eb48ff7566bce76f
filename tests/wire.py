"""Listeners of the native wire, for tests of a running server (see ``live``)."""

from __future__ import annotations

import base64
import json
import random
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from msgspec import Struct
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from live import Live

NATIVE = Subprotocol("vivavoce.v1")
TIMEOUT_S = 30.0


class Delivered(Struct, frozen=True):
    """What a listener got of one stream that ended well."""

    audio: bytes
    marks: list[dict[str, Any]]
    joins_s: list[float]
    """Where the writer's flushes fell in the audio, before any codec's delay."""
    audio_s: float


def dial(server: Live) -> ClientConnection:
    """A socket of the native wire."""
    return connect(server.ws_url, subprotocols=[NATIVE], max_size=None, open_timeout=20, close_timeout=5)


def say(line: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        line.send(json.dumps(message))


def hear(line: ClientConnection) -> Any:
    """The next frame: a message, or stream, sequence number and audio."""
    frame = line.recv(timeout=TIMEOUT_S)
    if isinstance(frame, str):
        return json.loads(frame)
    return (*struct.unpack_from("<II", frame), frame[8:])


def posted(server: Live, text: str, **request: Any) -> Delivered:
    """``text`` by ``POST /v1/speech``, in lines."""
    answer = httpx.post(
        f"{server.url}/v1/speech",
        json={"text": text, "marks": ["word"], **request},
        headers={"accept": "application/x-ndjson"},
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1]["type"] == "end"
    audio = b"".join(base64.b64decode(line["audio"]) for line in lines if line["type"] == "audio")
    return Delivered(audio, _marks(lines), [], lines[-1]["audio_s"])


def streamed(
    line: ClientConnection, pieces: Sequence[str], *, flushing: bool = False, **request: Any
) -> Delivered:
    """The text in ``pieces`` by ``WS /v1/speech/stream`` on an open socket, with a flush between them if asked for."""
    say(line, {"type": "open", "marks": ["word"], **request})
    for i, piece in enumerate(pieces):
        if flushing and i:
            say(line, {"type": "flush"})
        say(line, {"type": "text", "text": piece})
    say(line, {"type": "end"})
    audio = bytearray()
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] not in ("ended", "error"):
        match hear(line):
            case (1, int(), bytes(data)):
                audio += data
            case message:
                messages.append(message)
    assert messages[-1]["type"] == "ended", messages[-1]
    joins = [message["audio_s"] for message in messages if message["type"] == "flushed"]
    return Delivered(bytes(audio), _marks(messages), joins, messages[-1]["audio_s"])


def chopped(text: str, seed: int) -> list[str]:
    """``text`` in pieces of one to nine characters."""
    pick = random.Random(seed)
    pieces, at = [], 0
    while at < len(text):
        size = pick.randint(1, 9)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def idle(server: Live) -> bool:
    """Whether nothing is being spoken."""
    return bool(server.look("health")["live_streams"] == 0)


def eventually(true: Callable[[], bool], within_s: float = 30.0) -> None:
    """Waits for something that another process does."""
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def _marks(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    times = ("value", "start_s", "stop_s", "text_start", "text_stop")
    return [{name: m[name] for name in times} for m in messages if m["type"] == "mark"]
