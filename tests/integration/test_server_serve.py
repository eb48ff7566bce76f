"""Starting, closing and refusing to start: the process as an operator sees it."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from live import serving
from vivavoce.errors import OutOfRangeError
from vivavoce.server import serve
from vivavoce.server.serve import address_of, listen, run
from vivavoce.settings import Settings
from wire import eventually

pytestmark = pytest.mark.integration

PATIENCE_S = 60
"""For what another process does on a busy machine; nothing here takes that long by itself."""

# A second and a half of audio, and more than half a second of waiting in the middle.
SLOW = "These are some first words. {{delay 600}} And these are the last."


class Download(threading.Thread):
    """A request in a thread of its own."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__()
        self._url = url
        self._request = {"text": text, "voice": "tone", "format": "pcm"}
        self.begun = threading.Event()
        self.body = b""
        self.cut = False
        self.start()

    def run(self) -> None:
        try:
            with httpx.stream(
                "POST", f"{self._url}/v1/speech", json=self._request, timeout=PATIENCE_S
            ) as answer:
                for chunk in answer.iter_raw():
                    self.body += chunk
                    self.begun.set()
        except httpx.RemoteProtocolError:
            self.cut = True


@contextlib.contextmanager
def streaming(ws_url: str, text: str) -> Iterator[ClientConnection]:
    """A socket on which a stream is being spoken."""
    with connect(ws_url, max_size=None) as line:
        for message in (
            {"type": "open", "voice": "tone", "format": "pcm"},
            {"type": "text", "text": text},
            {"type": "end"},
        ):
            line.send(json.dumps(message))
        assert json.loads(line.recv(timeout=PATIENCE_S))["type"] == "opened"
        line.recv(timeout=PATIENCE_S)
        yield line


def rest(line: ClientConnection) -> list[Any]:
    """All messages until the socket closes, and its close code."""
    messages: list[Any] = []
    with contextlib.suppress(ConnectionClosedError):
        messages.extend(json.loads(frame) for frame in line if isinstance(frame, str))
    return [*messages, line.close_code]


def test_live_streams_finish_and_then_the_process_ends_well(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as server,
        httpx.Client(base_url=server.url) as kept,
        connect(server.ws_url) as idle,
        streaming(server.ws_url, SLOW) as line,
    ):
        assert kept.get("/v1/speech/ready").status_code == 200
        workers = psutil.Process(server.process.pid).children()
        download = Download(server.url, SLOW)
        assert download.begun.wait(PATIENCE_S)
        server.process.send_signal(signal.SIGTERM)

        assert [m if isinstance(m, int) else m["code"] for m in rest(idle)] == ["shutting_down", 1012]
        refused = kept.post("/v1/speech", json={"text": "New."})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
        assert refused.headers["retry-after"] == "1"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/v1/speech/health")

        *_, ended, error, code = rest(line)
        assert (ended["type"], error["code"], code) == ("ended", "shutting_down", 1012)
        download.join(PATIENCE_S)
        assert not download.cut
        assert len(download.body) == round(ended["audio_s"] * 48_000)
        assert server.process.wait(PATIENCE_S) == 0
        assert not psutil.wait_procs(workers, timeout=PATIENCE_S)[1]
        assert "Traceback" not in server.log


def test_what_does_not_finish_in_time_is_told_and_cut(tmp_path: Path) -> None:
    endless = "Some first words to hear. {{hang}}"
    with serving(tmp_path, drain_s=0.1) as server, streaming(server.ws_url, endless) as line:
        download = Download(server.url, endless)
        assert download.begun.wait(PATIENCE_S)
        server.process.send_signal(signal.SIGINT)
        *_, error, code = rest(line)
        assert (error["code"], error["final"], code) == ("shutting_down", True, 1012)
        download.join(PATIENCE_S)
        assert download.cut
        assert server.process.wait(PATIENCE_S) == 0
        assert "Traceback" not in server.log


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    endless = "Some first words to hear. {{hang}}"
    with serving(tmp_path, drain_s=600) as server, streaming(server.ws_url, endless):
        server.process.send_signal(signal.SIGINT)
        eventually(lambda: _refuses(server.port))  # Two signals that nobody has looked at yet would be one.
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE_S) == 0


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_client_that_answers_no_pings_is_let_go(tmp_path: Path) -> None:
    with (
        serving(tmp_path, ws_ping_s=0.5, ws_ping_timeout_s=1.0) as server,
        socket.create_connection(("127.0.0.1", server.port)) as raw,
    ):
        raw.sendall(
            b"GET /v1/speech/stream HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        raw.settimeout(PATIENCE_S)
        received = b""
        while chunk := raw.recv(4096):
            received += chunk
        frames = received.partition(b"\r\n\r\n")[2]
        assert frames.startswith(b"\x89\x04"), "a ping"
        assert frames[6:10] == b"\x88\x18\x03\xf3", "a close frame with code 1011"
        assert server.look("health")["live_streams"] == 0


def test_the_listening_socket_has_a_small_buffer() -> None:
    with listen(Settings(port=0, send_buffer_bytes=65_536)) as listener:
        # Linux doubles what it is asked for.
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in (65_536, 131_072)
        assert address_of(listener).startswith("http://127.0.0.1:")
    with listen(Settings(host="::1", port=0)) as listener:
        assert address_of(listener).startswith("http://[::1]:")


def test_a_system_that_grants_no_more_files_is_served_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def refuse(_: int, limits: tuple[int, int]) -> None:
        asked.append(limits)
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    serve._raise_file_limit()
    assert asked == [(serve.MAX_FILES, resource.RLIM_INFINITY)]


def test_an_address_that_cannot_be_had_is_an_error_with_its_name() -> None:
    with listen(Settings(port=0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OutOfRangeError, match=f"127.0.0.1:{port}: Address already in use"):
            run(Settings(port=port), print)
    with pytest.raises(OutOfRangeError, match="listen on"):
        listen(Settings(host="no.such.host.invalid", insecure=True))


def test_strangers_are_not_served_without_keys(tmp_path: Path) -> None:
    with pytest.raises(OutOfRangeError, match="--insecure"):
        run(Settings(host="0.0.0.0", port=0, data_dir=str(tmp_path)), print)
