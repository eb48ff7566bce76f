"""Connections that never say what they want."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from vivavoce.server import heads
from vivavoce.server.heads import MAX_HEAD_BYTES, HttpProtocol

pytestmark = pytest.mark.fast

HEAD = b"GET / HTTP/1.1\r\nhost: here\r\n"


class PaperTransport(asyncio.Transport):
    """Remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.said += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """There is nobody to pause."""

    def resume_reading(self) -> None:
        """Nor to go on."""


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def after(*pieces: bytes) -> PaperTransport:
    """The transport of a connection on which ``pieces`` have come, when every timer that is due has run."""

    async def story() -> PaperTransport:
        state, transport = ServerState(), PaperTransport()
        config = Config(answer, lifespan="off", log_config=None)
        connection = HttpProtocol(config, state, {})
        connection.connection_made(transport)
        for piece in pieces:
            if not transport.closed:
                connection.data_received(piece)
        await asyncio.gather(*state.tasks)
        for _ in range(3):
            await asyncio.sleep(0)
        closed = transport.closed
        connection.connection_lost(None)
        transport.closed = closed  # uvicorn closes what is lost once more
        return transport

    return asyncio.run(story())


@pytest.mark.parametrize(
    "pieces",
    [(), (HEAD[:7],), (HEAD,), (HEAD + b"\r\n", HEAD), (HEAD + b"\r\n" + HEAD[:3],)],
    ids=["nothing", "half a line", "half a head", "half of a second", "half of a second at once"],
)
def test_a_head_that_does_not_come_ends_the_connection(
    pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0)
    assert after(*pieces).closed


def test_a_head_in_time_is_answered_and_the_connection_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0)
    transport = after(HEAD, b"\r\n")
    assert transport.said.startswith(b"HTTP/1.1 204")
    assert not transport.closed


def test_a_head_without_end_is_refused() -> None:
    line = b"x-more: " + b"a" * 8000 + b"\r\n"
    enough = MAX_HEAD_BYTES // len(line)
    assert not after(HEAD, *[line] * (enough - 1)).closed
    refused = after(HEAD, *[line] * (enough + 1))
    assert refused.said.startswith(b"HTTP/1.1 400")
    assert refused.closed


def test_a_long_body_is_no_head() -> None:
    body = HEAD.replace(b"GET", b"POST") + b"content-length: 400000\r\n\r\n"
    transport = after(body + b"x" * 200_000, b"x" * 200_000)
    assert transport.said.startswith(b"HTTP/1.1 204")
    assert not transport.closed
