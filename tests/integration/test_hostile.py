"""Hostile clients on every wire: what they cost is bounded, nobody else notices, and afterwards nothing of them is left.

While each attack runs, a well-behaved listener hears the same samples over and over, and the front process's memory is
watched.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from live import Live, serving
from raw_lines import RawRequest, RawSocket
from wire import dial, eventually, idle, streamed

pytestmark = pytest.mark.integration

MEGABYTE: Final = 1 << 20
MOST_GROWTH_MB: Final = 48
"""The front process may grow by so much under an attack; more only by :data:`UNREAD_MB` a caller who does not read."""
UNREAD_MB: Final = 0.5
"""What a stream may hold for a listener who does not take it: its outlet and the socket's buffers."""
MAX_MESSAGE_BYTES: Final = 65_536
IDLE_S: Final = 2.0
SENTENCE: Final = ["One two three four five. ", "Six seven eight nine ten."]
LONG: Final = "Many words that nobody will ever listen to. " * 90

SOCKETS: Final[Mapping[str, str]] = {
    "native": "/v1/speech/stream",
    "soniox": "/tts-websocket",
    "gradium": "/api/speech/tts",
}
SPEECH: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "native": ("/v1/speech", {"text": LONG, "voice": "tone", "format": "wav"}),
    "soniox": (
        "/tts",
        {"model": "tts-rt-v2", "language": "en", "voice": "tone", "audio_format": "wav", "text": LONG},
    ),
    "gradium": (
        "/api/post/speech/tts",
        {"text": LONG, "voice_id": "tone", "output_format": "wav", "only_audio": True},
    ),
    "supertone": ("/v1/text-to-speech/tone/stream", {"text": LONG[:300], "language": "en"}),
    "suonora": ("/v1/audio/stream", {"input": LONG, "model": "sonic-speed", "voice": "tone"}),
}
UPLOADS: Final = {
    "native": "/v1/speech/custom-voices",
    "soniox": "/soniox/v1/voices",
    "gradium": "/api/voices/",
    "supertone": "/v1/custom-voices/cloned-voice",
}
LATE: Final = {"native": 408, "soniox": 408, "gradium": 408, "supertone": 408, "suonora": 500}
"""How each wire says that a request took too long to come."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that notices silent peers soon."""
    with serving(
        tmp_path_factory.mktemp("hostile"),
        engines="tone",
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_body_bytes=MEGABYTE,
        idle_timeout_s=IDLE_S,
        ws_ping_s=0.5,
        ws_ping_timeout_s=1.0,
        replay_window_s=1.0,
    ) as live:
        for _ in range(3):  # what is allocated once is no growth
            listened(live)
        yield live


def listened(server: Live) -> bytes:
    """What a well-behaved listener hears."""
    with dial(server) as line:
        return streamed(line, SENTENCE, voice="tone", format="pcm").audio


@contextlib.contextmanager
def nobody_harmed(server: Live, most_growth_mb: float = MOST_GROWTH_MB) -> Iterator[None]:
    """An attack happens within."""
    expected = listened(server)
    front = psutil.Process(server.process.pid)
    before = front.memory_info().rss
    heard: list[bytes] = []
    sizes: list[int] = []
    over = threading.Event()
    listener = threading.Thread(target=_repeat, args=(over, lambda: heard.append(listened(server))))
    watcher = threading.Thread(
        target=_repeat, args=(over, lambda: sizes.append(front.memory_info().rss), 0.02)
    )
    for thread in (listener, watcher):
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in (listener, watcher):
            thread.join(30)
    assert heard, "the listener came to an end at least once"
    assert set(heard) == {expected}
    grown_mb = (max(sizes) - before) / MEGABYTE
    assert grown_mb < most_growth_mb
    eventually(lambda: idle(server))
    assert "defect" not in server.log
    assert server.process.poll() is None


def _repeat(over: threading.Event, action: Callable[[], None], pause_s: float = 0.0) -> None:
    while True:
        action()
        if over.wait(pause_s):
            return


def opening(wire: str, number: int) -> str:
    """The message that opens stream ``number``, of a wire whose streams need no text to be open."""
    soniox = {name: value for name, value in SPEECH["soniox"][1].items() if name != "text"}
    return json.dumps(
        {
            "native": {"type": "open", "stream": number, "voice": "tone", "format": "pcm"},
            "soniox": {**soniox, "stream_id": f"s{number}", "audio_format": "pcm_s16le"},
            "gradium": {
                "type": "setup",
                "client_req_id": f"s{number}",
                "voice_id": "tone",
                "output_format": "pcm",
                "close_ws_on_eos": False,
            },
        }[wire]
    )


def saying(wire: str, number: int, text: str) -> str:
    return json.dumps(
        {
            "native": {"type": "text", "stream": number, "text": text},
            "soniox": {"stream_id": f"s{number}", "text": text},
            "gradium": {"type": "text", "client_req_id": f"s{number}", "text": text},
        }[wire]
    )


def dialled(server: Live, wire: str) -> ClientConnection:
    url = server.url.replace("http", "ws", 1) + SOCKETS[wire]
    line: ClientConnection = connect(url, max_size=None, open_timeout=20, close_timeout=1)
    return line


# ---- sockets ------------------------------------------------------------------------------------------------------


def garbage(seed: int) -> str | bytes:
    """A frame that is nothing, or nearly something."""
    pick = random.Random(seed)
    noise = pick.randbytes(pick.randint(1, 2000))
    near = json.dumps(
        {
            pick.choice(["type", "stream_id", "text", "stream", "cancel", "client_req_id"]): pick.choice(
                ["open", "setup", "s1", 7, None, [], {"a": [{}]}, "\ud800", "x" * 5000]
            )
            for _ in range(pick.randint(0, 4))
        }
    )
    frames: list[str | bytes] = [noise, noise.decode("latin-1"), near, near[: len(near) // 2], "[" * 3000, ""]
    return pick.choice(frames)


@pytest.mark.parametrize("wire", SOCKETS)
def test_garbage_frames(server: Live, wire: str) -> None:
    with nobody_harmed(server):
        for caller in range(60):
            with contextlib.suppress(ConnectionClosed), dialled(server, wire) as line:
                for number in range(30):
                    line.send(garbage(caller * 1000 + number))


@pytest.mark.parametrize("wire", SOCKETS)
def test_a_thousand_opens_on_one_socket(server: Live, wire: str) -> None:
    with nobody_harmed(server), dialled(server, wire) as line:
        for number in range(1000):
            line.send(opening(wire, number))
            if number % 100 == 0:
                line.send(saying(wire, number, "Words. "))
        most = 64 if wire != "soniox" else 5
        eventually(lambda: 0 < server.look("health")["live_streams"] <= most + 1)


@pytest.mark.parametrize("wire", SOCKETS)
def test_hundreds_of_sockets_that_open_a_stream_and_leave(server: Live, wire: str) -> None:
    with nobody_harmed(server, MOST_GROWTH_MB + 200 * UNREAD_MB), contextlib.ExitStack() as lines:
        for number in range(200):
            line = lines.enter_context(RawSocket(server, SOCKETS[wire]))
            line.text(opening(wire, 1))
            line.text(saying(wire, 1, "Words and more words. " * 5))
            if number % 2:
                line.drop()


@pytest.mark.parametrize("wire", SOCKETS)
def test_giant_messages(server: Live, wire: str) -> None:
    with nobody_harmed(server):
        for _ in range(5):
            with dialled(server, wire) as line:
                with contextlib.suppress(ConnectionClosed):
                    line.send(opening(wire, 1))
                    line.send("x" * (8 * MEGABYTE))
                code = closed_with(line)
            assert code in (1009, None), "told, or cut while it went on"


@pytest.mark.parametrize("wire", SOCKETS)
@pytest.mark.parametrize("declared", [1 << 40, (1 << 63) - 1, MAX_MESSAGE_BYTES + 1])
def test_a_giant_is_refused_by_its_first_bytes(server: Live, wire: str, declared: int) -> None:
    with nobody_harmed(server), RawSocket(server, SOCKETS[wire]) as line:
        line.send(struct.pack("!BBQ", 0x81, 0xFF, declared) + bytes(4) + b"x" * 100)
        assert line.close_code() == 1009


@pytest.mark.parametrize("wire", SOCKETS)
def test_a_message_in_endless_fragments(server: Live, wire: str) -> None:
    with nobody_harmed(server), RawSocket(server, SOCKETS[wire]) as line:
        line.frame(b"x" * 1000, opcode=1, final=False)
        with contextlib.suppress(OSError):
            for _ in range(20_000):
                line.frame(b"x" * 1000, opcode=0, final=False)
        assert line.close_code() in (1009, None), "told, or cut when it went on all the same"
        assert line.sent_bytes < 40 * MAX_MESSAGE_BYTES + 16 * MEGABYTE


@pytest.mark.parametrize("wire", SOCKETS)
def test_half_open_sockets_are_given_up(server: Live, wire: str) -> None:
    """Peers that are gone without a word: they neither read nor answer pings, and their streams end."""
    with nobody_harmed(server), contextlib.ExitStack() as lines:
        for _ in range(40):
            line = lines.enter_context(RawSocket(server, SOCKETS[wire]))
            line.text(opening(wire, 1))
            line.text(saying(wire, 1, LONG))
        eventually(lambda: server.look("health")["live_streams"] > 20)
        eventually(lambda: server.look("health")["live_streams"] <= 1, 20.0)


def closed_with(line: ClientConnection) -> int | None:
    """The code that the server closes with."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            line.recv(timeout=20)
    return line.protocol.close_rcvd.code if line.protocol.close_rcvd else None


# ---- requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", SPEECH)
def test_slow_bodies_are_told_that_they_are_late(server: Live, wire: str) -> None:
    path, _ = SPEECH[wire]
    with nobody_harmed(server), contextlib.ExitStack() as lines:
        callers = [lines.enter_context(RawRequest(server, prefixed(wire, path), 100_000)) for _ in range(40)]
        until = time.monotonic() + 10 * IDLE_S
        while callers[-1].status() is None:
            assert time.monotonic() < until
            for caller in callers:
                if caller.status() is None:
                    with contextlib.suppress(ConnectionError):  # It was answered just now.
                        caller.send(b" ")
            time.sleep(0.1)
        assert {caller.status(wait=True) for caller in callers} == {LATE[wire]}


@pytest.mark.parametrize("wire", SPEECH)
def test_giant_bodies_are_refused_by_their_length_or_their_first_megabyte(server: Live, wire: str) -> None:
    path, _ = SPEECH[wire]
    with nobody_harmed(server):
        with RawRequest(server, prefixed(wire, path), 1 << 40) as caller:
            assert 400 <= (caller.status(wait=True) or 0) < 500
        with RawRequest(server, prefixed(wire, path), None) as caller:
            with contextlib.suppress(OSError):
                for _ in range(400):
                    caller.send(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            assert caller.status(wait=True) in (400, 413, None), "told, or cut when it went on all the same"


@pytest.mark.parametrize("wire", UPLOADS)
def test_giant_and_slow_uploads(server: Live, wire: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b", "x-sup-api-key": "k"}
    with nobody_harmed(server), contextlib.ExitStack() as lines:
        with RawRequest(server, UPLOADS[wire], 1 << 34, headers) as caller:
            assert 400 <= (caller.status(wait=True) or 0) < 500
        slow = [lines.enter_context(RawRequest(server, UPLOADS[wire], 1_000_000, headers)) for _ in range(20)]
        for caller in slow:
            caller.send(b"--b\r\n" * 100)
        assert {caller.status(wait=True) for caller in slow} == {408}


@pytest.mark.parametrize("wire", SPEECH)
def test_garbage_bodies(server: Live, wire: str) -> None:
    path, body = SPEECH[wire]
    good = json.dumps(body).encode()
    with nobody_harmed(server), httpx.Client(base_url=server.url, timeout=30) as client:
        for seed in range(150):
            pick = random.Random(seed)
            bad = bytearray(good)
            for _ in range(pick.randint(1, 20)):
                bad[pick.randrange(len(bad))] = pick.randrange(256)
            noise = pick.choice([bytes(bad[: pick.randrange(40)]), pick.randbytes(500), b"[" * 50_000, b""])
            answer = client.post(prefixed(wire, path), content=noise)
            assert 400 <= answer.status_code < 500, answer.text
            assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("wire", SPEECH)
def test_requests_whose_callers_never_read(server: Live, wire: str) -> None:
    path, body = SPEECH[wire]
    data = json.dumps(body).encode()
    with nobody_harmed(server), contextlib.ExitStack() as lines:
        for _ in range(30):
            caller = lines.enter_context(RawRequest(server, prefixed(wire, path), len(data)))
            caller.send(data)
        # With its callers still there: those that take nothing are given up.
        eventually(lambda: server.look("health")["live_streams"] <= 1, 10 * IDLE_S)


def test_half_a_header_holds_nobody_up(server: Live) -> None:
    with nobody_harmed(server), contextlib.ExitStack() as lines:
        for _ in range(200):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(b"POST /v1/speech HTTP/1.1\r\nhost: x\r\nx-endless: " + b"x" * 2000)
        assert server.look("health")["status"] == "ok"


def prefixed(wire: str, path: str) -> str:
    return path if wire == "native" else f"/{wire}{path}"
