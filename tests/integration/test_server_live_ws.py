"""WS /v1/speech/stream over real sockets, with real workers."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from live import Live, serving
from wire import NATIVE, dial, eventually, hear, idle, say

pytestmark = pytest.mark.integration

TONE = {"type": "open", "voice": "tone", "format": "pcm"}
LONG = "A long story about nothing in particular goes on and on. " * 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("server"), max_message_bytes=65_536) as live:
        yield live


def until_over(line: ClientConnection, streams: int = 1) -> tuple[dict[int, bytes], list[dict[str, Any]]]:
    """Audio by stream, and every message, until so many streams are over."""
    audio: dict[int, bytes] = {}
    messages: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    while streams:
        match hear(line):
            case (int(stream), int(place), bytes(data)):
                assert place == places.get(stream, place - 1) + 1
                places[stream] = place
                audio[stream] = audio.get(stream, b"") + data
            case message:
                messages.append(message)
                streams -= message["type"] == "ended" or bool(message.get("final"))
    return audio, messages


def test_text_in_pieces_is_the_same_speech_as_in_one_request(server: Live) -> None:
    text = "Streaming is fast, and pieces do not matter. Not at all!"
    whole = httpx.post(f"{server.url}/v1/speech", json={"text": text, "voice": "tone", "format": "pcm"})
    with dial(server) as line:
        assert line.subprotocol == NATIVE
        say(line, {**TONE, "marks": ["word"]})
        for start in range(0, len(text), 3):
            say(line, {"type": "text", "text": text[start : start + 3]})
        say(line, {"type": "end"})
        audio, messages = until_over(line)
    assert audio[1] == whole.content
    assert messages[0] == {
        "type": "opened",
        "stream": 1,
        "voice": "tone",
        "format": "pcm_s16le",
        "rate_hz": 24000,
    }
    assert [m["value"] for m in messages if m["type"] == "mark"] == text.split()
    assert messages[-1]["characters"] == len(text)


def test_the_first_audio_comes_before_the_text_has_ended(server: Live) -> None:
    with dial(server) as line:
        say(line, TONE, {"type": "text", "text": "Four words come first, and the rest "})
        assert hear(line)["type"] == "opened"
        assert hear(line)[0] == 1
        say(line, {"type": "text", "text": "later."}, {"type": "end"})
        _, messages = until_over(line)
        assert messages[-1]["type"] == "ended"


def test_many_streams_on_one_socket_end_or_fail_alone(server: Live) -> None:
    with dial(server) as line:
        for stream in range(12):
            text = "It goes wrong {{fail}} here." if stream % 3 == 0 else f"Stream number {stream} is well."
            say(line, {**TONE, "stream": stream}, {"type": "text", "stream": stream, "text": text})
            say(line, {"type": "end", "stream": stream})
        audio, messages = until_over(line, 12)
    over = {m["stream"]: m for m in messages if m["type"] in ("ended", "error")}
    assert {stream for stream, m in over.items() if m.get("code") == "engine_failed"} == {0, 3, 6, 9}
    assert {stream for stream, m in over.items() if m["type"] == "ended"} == {1, 2, 4, 5, 7, 8, 10, 11}
    assert all(len(audio[stream]) > 20_000 for stream in (1, 2, 11))


def test_a_flush_speaks_what_is_there(server: Live) -> None:
    with dial(server) as line:
        say(line, TONE, {"type": "text", "text": "Half"}, {"type": "flush", "flush_id": "h"})
        kinds: list[str] = []
        while not kinds or kinds[-1] != "flushed":
            frame = hear(line)
            kinds.append(frame["type"] if isinstance(frame, dict) else "audio")
        assert kinds[0] == "opened"
        assert set(kinds[1:-1]) == {"audio"}
        say(line, {"type": "end"})
        until_over(line)


def test_a_stream_without_credit_waits_while_its_sibling_ends(server: Live) -> None:
    with dial(server) as line:
        say(line, {**TONE, "credit_bytes": 1000}, {"type": "text", "text": "Slow listener."}, {"type": "end"})
        say(line, {**TONE, "stream": 2}, {"type": "text", "stream": 2, "text": "Quick one."})
        say(line, {"type": "end", "stream": 2})
        audio, messages = until_over(line)
        assert messages[-1]["stream"] == 2
        assert len(audio[1]) <= 1000
        say(line, {"type": "credit", "bytes": 10_000_000})
        rest, messages = until_over(line)
        assert (messages[-1]["type"], messages[-1]["stream"]) == ("ended", 1)
        assert len(audio[1] + rest[1]) == round(messages[-1]["audio_s"] * 48_000)


def test_cancel_stops_the_work_and_frees_the_number(server: Live) -> None:
    with dial(server) as line:
        say(line, TONE, {"type": "text", "text": LONG})
        assert hear(line)["type"] == "opened"
        hear(line)
        say(line, {"type": "cancel"}, {"type": "cancel"})
        _, messages = until_over(line)
        assert messages[-1]["cancelled"] is True
        say(line, TONE)
        assert hear(line)["type"] == "opened"
    eventually(lambda: idle(server))


@pytest.mark.parametrize("moment", ["open", "text", "audio", "end"])
@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_socket_that_goes_takes_its_streams_along(server: Live, moment: str, how: str) -> None:
    with dial(server) as line:
        for stream in range(4):
            say(line, {**TONE, "stream": stream})
            if moment != "open":
                say(line, {"type": "text", "stream": stream, "text": LONG})
            if moment == "end":
                say(line, {"type": "end", "stream": stream})
        eventually(lambda: server.look("health")["live_streams"] == 4)
        while moment == "audio" and not isinstance(hear(line), tuple):
            pass
        if how == "close":
            line.close()
        else:
            line.socket.shutdown(socket.SHUT_RDWR)
        eventually(lambda: idle(server))


def test_errors_that_harm_nothing_else(server: Live) -> None:
    with dial(server) as line:
        say(line, TONE)
        assert hear(line)["type"] == "opened"
        for frame, code in (
            ("{", "malformed_message"),
            (b"\x00\x01", "malformed_message"),
            ('{"type":"open"}', "duplicate_stream"),
            ('{"type":"text","stream":9,"text":"a"}', "unknown_stream"),
            ('{"type":"open","stream":9,"speed":99}', "out_of_range"),
            ('{"type":"open","stream":9,"style":"operatic"}', "out_of_range"),
            ('{"type":"open","stream":9,"voice":"nobody at all"}', "unknown_voice"),
        ):
            line.send(frame)
            assert hear(line)["code"] == code
        say(line, {"type": "end"}, {"type": "text", "text": "late"})
        messages = [hear(line), hear(line)]
        assert {m.get("code", m["type"]) for m in messages} <= {"ended", "out_of_order", "unknown_stream"}


def test_a_frame_just_small_enough_harms_nothing_else(server: Live) -> None:
    with dial(server) as line:
        line.socket.sendall(b"\x81\xfe\xff\xff" + b"\x00" * 4 + b" " * 65_535)
        refused = hear(line)
        assert (refused["code"], refused["final"]) == ("malformed_message", False)


@pytest.mark.parametrize("first", [(), ({"type": "open", "voice": "tone-slow"},), ({"type": "session"},)])
@pytest.mark.parametrize(
    ("frame", "code", "closed"),
    [
        (b"\x81\x82\x00\x00\x00\x00\xff\xfe", "malformed_message", 1007),
        (b"\x81\x02hi", "malformed_message", 1002),  # not masked
        (b"\x83\x80\x00\x00\x00\x00", "malformed_message", 1002),  # no such kind of frame
        (b"\x81\xff" + struct.pack(">Q", 70_000) + b"\x00" * 4, "message_too_large", 1009),
    ],
    ids=["no UTF-8", "no mask", "no kind", "too large"],
)
def test_frames_that_break_the_protocol_are_answered_before_the_socket_closes(
    server: Live, first: tuple[dict[str, str], ...], frame: bytes, code: str, closed: int
) -> None:
    with dial(server) as line:
        for message in first:
            say(line, message)
            hear(line)
        line.socket.sendall(frame)
        refused = hear(line)
        assert (refused["type"], refused["code"], refused["final"]) == ("error", code, True)
        assert "stream" not in refused
        with pytest.raises(ConnectionClosedError) as caught:
            line.recv(timeout=10)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == closed
    eventually(lambda: idle(server))


def test_whoever_is_still_sending_a_giant_hears_why_it_is_refused(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "text", "text": "x" * 5_000_000})
        refused = hear(line)
        assert (refused["code"], refused["final"]) == ("message_too_large", True)
        assert "65536" in refused["message"]


def test_another_subprotocol_is_refused_with_a_reason(server: Live) -> None:
    with pytest.raises(InvalidStatus) as caught:
        connect(server.ws_url, subprotocols=[Subprotocol("other")])
    response = caught.value.response
    assert response.status_code == 400
    assert json.loads(response.body or b"")["error"]["param"] == "sec-websocket-protocol"


def test_nothing_is_compressed(server: Live) -> None:
    with connect(server.ws_url, compression="deflate") as line:
        assert line.response is not None
        assert "sec-websocket-extensions" not in line.response.headers
        assert line.subprotocol is None


def test_a_listener_who_never_reads_costs_a_bound_and_nobody_else(server: Live) -> None:
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        raw.sendall(
            f"GET /v1/speech/stream HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += raw.recv(1)
        for message in (TONE, {"type": "text", "text": LONG * 10}, {"type": "end"}):
            raw.sendall(masked(json.dumps({**message}).encode()))
        eventually(lambda: not idle(server))
        figures: list[float] = []
        # Until no step is made for more than half a second.
        eventually(lambda: still(figures, server.figure("vivavoce_steps_total")), 20.0)
        assert not idle(server)
        with dial(server) as line:
            say(line, TONE, {"type": "text", "text": "Hello there."}, {"type": "end"})
            audio, _ = until_over(line)
            assert len(audio[1]) > 20_000
    eventually(lambda: idle(server))


def still(figures: list[float], now: float) -> bool:
    figures.append(now)
    return len(figures) > 30 and len(set(figures[-30:])) == 1


def masked(payload: bytes) -> bytes:
    """A text frame from a client, with a mask of zeros."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return b"\x81" + size + b"\x00" * 4 + payload


def test_the_log_is_quiet(server: Live) -> None:
    assert "Traceback" not in server.log
    assert "uvicorn" not in server.log
