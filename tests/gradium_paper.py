"""Gradium's socket in the hands of a test: a connection without a socket, and its messages decoded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from vivavoce.dialects.contract import Action, Close, Handshake, Reply, Start, Welcome
from vivavoce.dialects.gradium.adapter import GradiumConnection, GradiumSockets
from vivavoce.errors import VivavoceError
from vivavoce.speech import Audio, Ended

SETUP = '{"voice_id": "v", "output_format": "pcm_8000", "type": "setup"}'
STAYING = '{"type":"setup","output_format":"pcm_8000","close_ws_on_eos":false,"client_req_id":"a"}'
HELLO = '{"type":"text","text":"Hello"}'
END = '{"type":"end_of_stream"}'
EMPTY = Ended(0.0, 0)


def greeted(error: VivavoceError | None = None) -> tuple[GradiumConnection, Sequence[Action]]:
    """A connection and what it says at once, about ``error`` where the key was refused."""
    ids = count(1)
    sockets = GradiumSockets(300.0, lambda: f"req_{next(ids)}")
    welcome = sockets.greet(Handshake({}, {}, ()), error)
    assert isinstance(welcome, Welcome)
    assert isinstance(welcome.connection, GradiumConnection)
    return welcome.connection, welcome.actions


def begun(*setups: str) -> GradiumConnection:
    """A connection with requests that are open."""
    made, actions = greeted()
    assert actions == ()
    for setup in setups:
        (start,) = made.receive(setup)
        assert isinstance(start, Start)
        made.opened(start.stream, start.open.format.rate_hz)
    return made


def said(actions: Sequence[Action]) -> list[Any]:
    """The replies among ``actions``, decoded, and closes as ``("close", code)``."""
    found: list[Any] = []
    for action in actions:
        match action:
            case Reply():
                assert isinstance(action.frame, str)
                found.append(json.loads(action.frame))
            case Close():
                found.append(("close", action.code))
    return found


def sound(seconds: float) -> Audio:
    """Sound at 8 kHz; its times do not matter here."""
    return Audio(b"\1\0" * round(seconds * 8000), 0.0, 0.0)


def closing(actions: Sequence[Action]) -> Any:
    """The error message, after checking that a close with its code and message follows it."""
    reply, close = actions
    (message,) = said((reply,))
    assert message["type"] == "error"
    assert isinstance(close, Close)
    assert close.code == message["code"]
    assert message["message"].encode().startswith(close.reason.encode())
    return message
