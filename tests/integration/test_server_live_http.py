"""POST /v1/speech over real sockets, with real workers."""

from __future__ import annotations

import base64
import io
import json
import socket
import time
import wave
from collections.abc import Callable, Iterator

import httpx
import pytest

from live import Live, serving
from vivavoce.formats import FORMATS
from wire import eventually, idle

pytestmark = pytest.mark.integration

LONG = "A long story about nothing in particular goes on and on. " * 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("server")) as live:
        yield live


@pytest.fixture
def client(server: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as made:
        yield made


def steady(figure: Callable[[], float], for_s: float = 0.6) -> None:
    """Waits until a figure has not moved for a while."""
    last, since = figure(), time.monotonic()

    def still() -> bool:
        nonlocal last, since
        now = figure()
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since > for_s

    eventually(still, 20.0)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_served(client: httpx.Client, name: str) -> None:
    answer = client.post("/v1/speech", json={"text": "Hello.", "voice": "tone", "format": name})
    assert answer.status_code == 200
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["content-type"].startswith(FORMATS[name].media_type)
    assert len(answer.content) > 500


def test_espeak_speaks_too(client: httpx.Client) -> None:
    answer = client.post("/v1/speech", json={"text": "Hello there.", "voice": "de", "format": "pcm"})
    assert len(answer.content) > 8000


def test_the_same_audio_comes_whole_and_in_lines(client: httpx.Client) -> None:
    request = {"text": "One, two. Three!", "voice": "tone", "format": "pcm", "marks": ["word"]}
    raw = client.post("/v1/speech", json=request).content
    answer = client.post("/v1/speech", json=request, headers={"accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert b"".join(base64.b64decode(line["audio"]) for line in lines if line["type"] == "audio") == raw
    assert [line["value"] for line in lines if line["type"] == "mark"] == ["One,", "two.", "Three!"]
    assert lines[-1] == {"type": "end", "audio_s": pytest.approx(len(raw) / 48000), "characters": 16}


def test_a_complete_wav_has_true_sizes(client: httpx.Client) -> None:
    request = {"text": "Hello.", "voice": "tone", "format": "wav"}
    whole = client.post("/v1/speech?complete=true", json=request)
    assert int(whole.headers["content-length"]) == len(whole.content)
    with wave.open(io.BytesIO(whole.content)) as file:
        assert file.getnframes() * 2 + 44 == len(whole.content)
    streamed = client.post("/v1/speech", json=request)
    assert streamed.content[4:8] == b"\xff\xff\xff\xff"
    assert streamed.content[44:] == whole.content[44:]


def test_audio_comes_while_the_rest_is_still_being_made(server: Live, client: httpx.Client) -> None:
    request = {"text": "First words come. {{delay 3000}} Then more.", "voice": "tone", "format": "pcm"}
    with client.stream("POST", "/v1/speech", json=request) as answer:
        chunks = answer.iter_raw()
        assert next(chunks)
        assert server.look("health")["live_streams"] == 1
    eventually(lambda: idle(server))


def test_a_listener_who_leaves_ends_the_work(server: Live, client: httpx.Client) -> None:
    request = {"text": LONG, "voice": "tone-slow", "format": "pcm"}
    with client.stream("POST", "/v1/speech", json=request) as answer:
        next(answer.iter_raw())
    eventually(lambda: idle(server))
    steady(lambda: server.figure("vivavoce_steps_total"), 0.3)


def test_a_listener_who_leaves_before_the_first_byte_ends_the_work(server: Live) -> None:
    body = json.dumps({"text": "{{delay 5000}} Hello.", "voice": "tone"})
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(head(len(body)) + body.encode())
        eventually(lambda: not idle(server))
    eventually(lambda: idle(server))


def test_a_listener_who_never_reads_is_not_spoken_to_for_ever(server: Live) -> None:
    body = json.dumps({"text": LONG * 4, "voice": "tone", "format": "pcm", "sample_rate_hz": 48000})
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", server.port))
        raw.sendall(head(len(body)) + body.encode())
        eventually(lambda: not idle(server))
        steady(lambda: server.figure("vivavoce_steps_total"))
        assert not idle(server)
        # Others are served meanwhile.
        answer = httpx.post(f"{server.url}/v1/speech", json={"text": "Hi.", "voice": "tone"})
        assert answer.status_code == 200
    eventually(lambda: idle(server))


def test_a_failure_before_the_first_audio_is_a_status(client: httpx.Client) -> None:
    answer = client.post("/v1/speech", json={"text": "{{fail}}", "voice": "tone"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "engine_failed")


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson"])
def test_a_failure_after_it_cuts_the_body(client: httpx.Client, accept: str) -> None:
    request = {"text": "It begins quite well. Then it fails {{fail}} here.", "voice": "tone", "format": "pcm"}
    body = bytearray()

    def read() -> None:
        with client.stream("POST", "/v1/speech", json=request, headers={"accept": accept}) as answer:
            assert answer.status_code == 200
            for chunk in answer.iter_raw():
                body.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        read()
    assert len(body) > 10_000
    if accept != "*/*":
        assert json.loads(body.splitlines()[-1])["code"] == "engine_failed"


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("POST", "/v1/speech", b"{", 400, "malformed_message"),
        ("POST", "/v1/speech", b'{"text":"\xff"}', 400, "malformed_message"),
        ("POST", "/v1/speech", b'{"text":"a","voice":"nobody at all"}', 400, "unknown_voice"),
        ("POST", "/v1/speech", b'{"text":"a","voice":"de","language":"xx"}', 400, "unknown_language"),
        ("POST", "/v1/speech", b'{"text":"a","style":"operatic"}', 400, "out_of_range"),
        ("POST", "/v1/speech", b" " * (9 << 20), 413, "message_too_large"),
        ("GET", "/v1/speech", b"", 405, "method_not_allowed"),
        ("POST", "/v1/speech/health", b"", 405, "method_not_allowed"),
        ("GET", "/v1/speach", b"", 404, "not_found"),
    ],
)
def test_every_refusal_is_ours(
    client: httpx.Client, method: str, path: str, content: bytes, status: int, code: str
) -> None:
    answer = client.request(method, path, content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "text",
    ["...", "\N{GRINNING FACE}", "a\x00b\x07c", "w" * 10_000, "\N{ZERO WIDTH SPACE}.", "<break time='1s'/>"],
)
def test_odd_text_is_spoken_sensibly(server: Live, client: httpx.Client, text: str) -> None:
    # Audio is made ahead of the listener by some seconds only, so ten thousand letters are not waited for.
    request = {"text": text, "voice": "en-us", "format": "pcm"}
    with client.stream("POST", "/v1/speech", json=request) as answer:
        assert answer.status_code == 200
        assert next(answer.iter_raw())
    eventually(lambda: idle(server))


def test_several_requests_share_a_connection(server: Live) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as raw, raw.makefile("rb") as lines:
        for _ in range(3):
            raw.sendall(b"GET /v1/speech/health HTTP/1.1\r\nhost: x\r\n\r\n")
            length = 0
            while (line := lines.readline()) != b"\r\n":
                if line.startswith(b"content-length"):
                    length = int(line.split()[1])
            assert json.loads(lines.read(length))["status"] == "ok"


def test_the_log_has_a_line_a_stream_and_no_text(server: Live, client: httpx.Client) -> None:
    client.post(
        "/v1/speech", json={"text": "Xylophone.", "voice": "tone"}, headers={"x-request-id": "mine-1"}
    )
    eventually(lambda: "id=mine-1" in server.log)
    assert server.log.count("id=mine-1") == 1
    assert "Xylophone" not in server.log
    assert "Traceback" not in server.log


def test_the_pages_are_there(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 200
    assert len(client.get("/v1/speech/voices").json()["voices"]) > 4
    assert "vivavoce_streams" in client.get("/v1/speech/metrics").text


def head(length: int) -> bytes:
    return (
        f"POST /v1/speech HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()
