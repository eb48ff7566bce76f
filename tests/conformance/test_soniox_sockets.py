"""Soniox's socket as voice-agent frameworks, browsers and older clients use it, from bare sockets.

The habits are those of Pipecat 1.14, LiveKit's plugin 1.8.9, the Python client up to 2.9 and Node's 2.3.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from live import Live, serving
from wire import eventually, idle

pytestmark = pytest.mark.conformance

CONFIG = {
    "model": "tts-rt-v2",
    "language": "en",
    "voice": "Bryce",
    "audio_format": "pcm_s16le",
    "sample_rate": 16_000,
}


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Live]:
    with serving(folder, engines="espeak") as live:
        yield live


@contextlib.contextmanager
def socket(
    server: Live, *, key: str | None = None, protocols: tuple[str, ...] = ()
) -> Iterator[ClientConnection]:
    """A socket with the key in its header, or in its subprotocols, or without one."""
    address = server.url.replace("http", "ws", 1) + "/tts-websocket"
    headers = {"Authorization": f"Bearer {key}"} if key and not protocols else {}
    offered = [Subprotocol(name) for name in protocols] or None
    with connect(address, additional_headers=headers, subprotocols=offered, open_timeout=20) as opened:
        yield opened


def say(ws: ClientConnection, **message: Any) -> None:
    ws.send(json.dumps(message))


def hear(ws: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(ws.recv(timeout=20))
    return message


def until_over(ws: ClientConnection, stream: str) -> list[dict[str, Any]]:
    """Every message of ``stream`` up to its last."""
    found = []
    while True:
        message = hear(ws)
        if message.get("stream_id") == stream:
            found.append(message)
            if message.get("terminated"):
                return found


def sound(messages: list[dict[str, Any]]) -> int:
    """Bytes of audio."""
    return sum(len(base64.b64decode(message.get("audio", ""), validate=True)) for message in messages)


def test_pipecat_opens_early_cancels_what_is_empty_and_splits_words_at_spaces(server: Live, key: str) -> None:
    with socket(server, key=key) as ws:
        say(ws, stream_id="empty", return_timestamps=True, **CONFIG)
        say(ws, keep_alive=True)
        say(ws, stream_id="turn", return_timestamps=True, **CONFIG)
        say(ws, stream_id="empty", cancel=True)
        assert until_over(ws, "empty") == [{"stream_id": "empty", "terminated": True}]
        text = "Well, I am here to help you. What would you like?"
        for at in range(0, len(text), 4):
            say(ws, stream_id="turn", text=text[at : at + 4])
        say(ws, stream_id="turn", text="", text_end=True)
        messages = until_over(ws, "turn")
    assert all("audio" not in message for message in messages if "terminated" in message)
    assert [message.get("audio_end") for message in messages].count(True) == 1
    assert messages[-2]["audio_end"] is True
    stamps = [message["timestamps"] for message in messages if "timestamps" in message]
    words = "".join(c for stamp in stamps for c in stamp["characters"]).split(" ")
    assert words == text.split(" ")
    assert sound(messages) / 32_000 > 1.5


def test_livekit_ends_without_text_and_goes_on_with_the_socket(server: Live, key: str) -> None:
    shape = {**CONFIG, "model": "tts-rt-v1-preview", "voice": "Maya", "speed": 1.0}
    with socket(server, key=key) as ws:
        for stream in ("one", "two"):
            say(ws, stream_id=stream, **shape)
            say(ws, stream_id=stream, text="Whole sentences come. ")
            say(ws, stream_id=stream, text="One by one.")
            say(ws, stream_id=stream, text_end=True)
            messages = until_over(ws, stream)
            assert messages[-2]["audio_end"] is True
            assert sound(messages) > 16_000
            say(ws, keep_alive=True)
        say(ws, stream_id="late", cancel=True)
        error, over = hear(ws), hear(ws)
    assert error["error_message"] == "Stream late not found. Send a start message first."
    assert (error["error_type"], over) == ("invalid_stream_state", {"stream_id": "late", "terminated": True})


def test_an_older_client_brings_its_key_with_every_config(server: Live, key: str) -> None:
    with socket(server) as ws:
        say(ws, keep_alive=True)
        say(ws, stream_id="a", **CONFIG)
        error, over = hear(ws), hear(ws)
        assert (error["error_code"], error["error_message"]) == (401, "Missing API key.")
        assert over == {"stream_id": "a", "terminated": True}
        say(ws, stream_id="a", api_key="vv_wrong", **CONFIG)
        error, over = hear(ws), hear(ws)
        assert (error["error_code"], error["error_message"]) == (401, "Invalid API key.")
        for stream in ("a", "b"):
            say(ws, stream_id=stream, api_key=key, **CONFIG)
            say(ws, stream_id=stream, text="Hi.", text_end=True)
            assert sound(until_over(ws, stream)) > 0


def test_a_browser_brings_its_key_as_a_subprotocol(server: Live, key: str) -> None:
    with socket(server, protocols=("soniox-api-key", key)) as ws:
        assert ws.subprotocol == "soniox-api-key"
        say(ws, stream_id="a", **CONFIG)
        say(ws, stream_id="a", text="Hi.", text_end=True)
        assert sound(until_over(ws, "a")) > 0
    with socket(server, protocols=("soniox-api-key", "vv_wrong")) as ws:
        error = hear(ws)
        assert (error["error_code"], "stream_id" in error) == (401, False)
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=20)


def test_a_wrong_key_in_the_header_is_denied(server: Live) -> None:
    with pytest.raises(InvalidStatus) as caught, socket(server, key="vv_wrong"):
        pass
    answer = caught.value.response
    assert answer.status_code == 401
    assert json.loads(answer.body or b"")["error_type"] == "unauthenticated"


def test_one_fault_is_one_streams(server: Live, key: str) -> None:
    with socket(server, key=key) as ws:
        for number in range(5):
            say(ws, stream_id=str(number), **CONFIG)
        say(ws, stream_id="5", **CONFIG)
        error, over = hear(ws), hear(ws)
        assert (error["stream_id"], error["error_code"], error["error_type"]) == ("5", 429, "limit_exceeded")
        assert over == {"stream_id": "5", "terminated": True}
        say(ws, stream_id="1", text="x" * 5001)
        assert until_over(ws, "1")[0]["error_message"] == "Text is too long (max length 5000)."
        say(ws, stream_id="2", **CONFIG)
        assert until_over(ws, "2")[0]["error_type"] == "invalid_stream_state"
        for number in (0, 3, 4):
            say(ws, stream_id=str(number), text=f"Number {number}.", text_end=True)
        over_by = dict.fromkeys("034", False)
        while not all(over_by.values()):
            message = hear(ws)
            assert "error_code" not in message
            over_by[message["stream_id"]] = over_by[message["stream_id"]] or message.get("terminated", False)


def test_garbage_ends_the_connection_with_an_error_and_the_server_goes_on(server: Live, key: str) -> None:
    for frame in ("garbage", "[]", '{"text":"for nobody"}', b"\xff\x00", "[" * 10_000):
        with socket(server, key=key) as ws:
            say(ws, stream_id="a", **CONFIG)
            ws.send(frame)
            error = hear(ws)
            assert (error["error_code"], "stream_id" in error) == (400, False)
            with pytest.raises(ConnectionClosed) as closed:
                ws.recv(timeout=20)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
    with socket(server, key=key) as ws:
        say(ws, stream_id="a", **CONFIG)
        say(ws, stream_id="a", text="Still here.", text_end=True)
        assert sound(until_over(ws, "a")) > 0


def test_a_client_that_leaves_in_the_middle_frees_everything(server: Live, key: str) -> None:
    with socket(server, key=key) as ws:
        for number in range(5):
            say(ws, stream_id=str(number), **CONFIG)
            say(ws, stream_id=str(number), text="This goes on and on. " * 100, text_end=True)
        hear(ws)
    eventually(lambda: idle(server))


def test_halves_of_an_emoji_may_come_apart(server: Live, key: str) -> None:
    with socket(server, key=key) as ws:
        say(ws, stream_id="a", return_timestamps=True, **CONFIG)
        ws.send('{"stream_id":"a","text":"Fine \\ud83d"}')
        ws.send('{"stream_id":"a","text":"\\ude42 thanks.","text_end":true}')
        messages = until_over(ws, "a")
    assert messages[-2]["audio_end"] is True
    assert sound(messages) > 0


def temporary(server: Live, key: str, **members: Any) -> str:
    """A temporary key with these properties."""
    body = json.dumps({"usage_type": "tts_rt", "expires_in_seconds": 60, **members}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    asked = Request(f"{server.url}/v1/auth/temporary-api-key", body, headers)
    with urlopen(asked, timeout=20) as answer:
        assert answer.status == 201
        return str(json.load(answer)["api_key"])


def test_a_key_for_one_use_opens_one_socket(server: Live, key: str) -> None:
    once = temporary(server, key, single_use=True)
    with socket(server, key=once) as ws:
        say(ws, stream_id="a", **CONFIG)
        say(ws, stream_id="a", text="Hi.", text_end=True)
        assert sound(until_over(ws, "a")) > 0
    with pytest.raises(InvalidStatus) as caught, socket(server, key=once):
        pass
    assert (
        json.loads(caught.value.response.body or b"")["error_message"] == "Invalid/expired temporary API key."
    )


def test_a_session_ends_when_its_key_says_so(server: Live, key: str) -> None:
    short = temporary(server, key, max_session_duration_seconds=1)
    with socket(server, key=short) as ws:
        say(ws, stream_id="a", **CONFIG)
        error = hear(ws)
        assert (error["error_code"], error["error_type"]) == (403, "temp_api_key_session_expired")
        assert "stream_id" not in error
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=20)
