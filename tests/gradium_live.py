"""A client of Gradium's socket made of bare messages, for tests of a running server."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from live import Live


def dial(server: Live, path: str = "/api/speech/tts", **headers: str) -> ClientConnection:
    url = server.url.replace("http", "ws", 1) + path
    return connect(url, additional_headers=headers, open_timeout=20, close_timeout=1)


def say(line: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        line.send(json.dumps(message))


def hear(line: ClientConnection) -> Any:
    return json.loads(line.recv(timeout=20))


def the_end(line: ClientConnection) -> tuple[list[Any], int, str]:
    """Everything up to the close, its code and its reason."""
    found: list[Any] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            found.append(hear(line))
    close = line.protocol.close_rcvd
    assert close is not None, "the socket was dropped without a close frame"
    return found, close.code, close.reason


def piece(text: str, name: str | None = None) -> dict[str, Any]:
    message = {"type": "text", "text": text}
    return message if name is None else {**message, "client_req_id": name}


def end(name: str | None = None) -> dict[str, Any]:
    return {"type": "end_of_stream"} if name is None else {"type": "end_of_stream", "client_req_id": name}


def until_context(line: ClientConnection, name: str) -> list[Any]:
    """Messages up to the end of one request; none of them is an error."""
    found: list[Any] = []
    while not found or found[-1] != {"type": "end_of_stream", "client_req_id": name}:
        found.append(hear(line))
        assert found[-1]["type"] != "error", found[-1]
    return found
