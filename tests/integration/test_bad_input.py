"""Whatever comes in: one clear error with a stable code, or sensible speech; then nothing is left running.

Every row is tried against a running server over HTTP and over WebSocket, and what a command line can say over
``vivavoce say`` too. Text that has nothing to be spoken in it ends well and without a word; text is never lost in silence:
the number of characters that the end of a stream tells is the number that was sent.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import httpx
import psutil
import pytest
from websockets.sync.client import ClientConnection

from integration.cli_runs import TIMEOUT_S, VIVAVOCE, environment, vivavoce
from live import Live, serving
from wire import dial, eventually, hear, idle, say

pytestmark = pytest.mark.integration

MEGABYTE: Final = "All work and no play makes Jack a dull boy. " * 23_832
WORD: Final = "w" * 10_000
ODD_TEXTS: Final = {
    "punctuation": "?! ... --- ()",
    "emoji": "\N{GRINNING FACE}\N{ROCKET}",
    "zero width": "\N{ZERO WIDTH SPACE}.",
    "NUL and controls": "a\x00b\x07c\x1b[31m d\x7f\x9f",
    "a long word": WORD,
    "one megabyte": MEGABYTE,
    "only markup": "<flush><break time='0.2s'/>",
    "broken markup": "<break time='99999999999s'/><brea <speak>& < >",
    "not a character": "\ufffe\uffff\U0010ffff",
    "both directions": "\u202eabc \u05d0\u05d1\u05d2\u202c",
}
REFUSED_FIELDS: Final = [
    ("voice", "nobody at all", "unknown_voice"),
    ("voice", 7, "wrong_type"),
    ("voice", "v" * 300, "out_of_range"),
    ("language", "tlh", "unknown_language"),
    ("language", ["en"], "wrong_type"),
    ("format", "mp4", "unknown_format"),
    ("format", None, "wrong_type"),
    ("sample_rate_hz", 1, "unknown_format"),
    ("sample_rate_hz", "24000", "wrong_type"),
    ("sample_rate_hz", -(2**70), "unknown_format"),
    ("bit_rate_bps", 1, "unknown_format"),
    ("speed", 0.1, "out_of_range"),
    ("speed", 99, "out_of_range"),
    ("speed", "fast", "wrong_type"),
    ("speed", True, "wrong_type"),
    ("pitch", 25, "out_of_range"),
    ("pitch_range", -1, "out_of_range"),
    ("volume", 5, "out_of_range"),
    ("style", "operatic", "out_of_range"),
    ("style_degree", 3, "out_of_range"),
    ("duration_s", 0, "out_of_range"),
    ("duration_s", 1e9, "out_of_range"),
    ("seed", 0.5, "wrong_type"),
    ("markup", "yes", "wrong_type"),
    ("marks", ["letter"], "out_of_range"),
    ("marks", "word", "wrong_type"),
    ("voise", "en-us", "unknown_option"),
    ("", 1, "unknown_option"),
]
"""A field that both wires have, a value that is wrong there, and the code."""
BROKEN: Final[list[tuple[bytes, str]]] = [
    (b"", "malformed_message"),
    (b"{", "malformed_message"),
    (b"null", "malformed_message"),
    (b"[]", "malformed_message"),
    (b'"text"', "malformed_message"),
    (b"{'text': 'a'}", "malformed_message"),
    (b'{"text": NaN}', "malformed_message"),
    (b'{"type": "text", "text": "\\ud800"}', "malformed_message"),
    (b'{"type": "text", "text": "\\udc00 x"}', "malformed_message"),
    (b"[" * 100_000, "malformed_message"),
    (b'{"type": "text", "text": "a"} {}', "malformed_message"),
]
"""Bytes that are no message, of either wire."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("bad"), max_message_bytes=2 << 20) as live:
        yield live
        assert "Traceback" not in live.log


@pytest.fixture(autouse=True)
def nothing_is_left(server: Live) -> Iterator[None]:
    """After each row no stream lives and the workers are those that were there before."""
    before = workers(server)
    yield
    eventually(lambda: idle(server))
    assert workers(server) == before


@pytest.fixture
def client(server: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as made:
        yield made


@pytest.fixture
def line(server: Live) -> Iterator[ClientConnection]:
    """A socket on which a stream of another number goes on while things go wrong, and ends well."""
    with dial(server) as opened:
        say(opened, {"type": "open", "stream": 99, "voice": "tone", "format": "pcm"})
        assert hear(opened)["type"] == "opened"
        yield opened
        say(opened, {"type": "text", "stream": 99, "text": "Still here."}, {"type": "end", "stream": 99})
        assert end_of(opened, 99)["type"] == "ended"


def workers(server: Live) -> set[int]:
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def end_of(line: ClientConnection, stream: int = 1) -> Any:
    """The message that ends a stream."""
    while True:
        frame = hear(line)
        mine = isinstance(frame, dict) and frame.get("stream") == stream
        if mine and (frame["type"] == "ended" or frame.get("final")):
            return frame


def error_of(line: ClientConnection) -> Any:
    """The next error, whatever else comes before it."""
    while True:
        frame = hear(line)
        if isinstance(frame, dict) and frame["type"] == "error":
            return frame


def refusal(answer: httpx.Response) -> str:
    """The code of an error answer, which has all that errors have."""
    error = answer.json()["error"]
    assert answer.status_code >= 400
    assert len(error["message"]) > 10
    assert "param" in error
    return str(error["code"])


# ---- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t\u2003\u00a0"], ids=["empty", "blank", "white"])
def test_nothing_to_say(client: httpx.Client, line: ClientConnection, text: str) -> None:
    assert refusal(client.post("/v1/speech", json={"text": text})) == "empty_text"
    # A writer who has not written anything yet is no error; its stream is silent.
    say(line, {"type": "open"}, {"type": "text", "text": text}, {"type": "end"})
    ended = end_of(line)
    assert (ended["type"], ended["audio_s"]) == ("ended", 0.0)
    done = vivavoce("say", text, "--format", "pcm")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ")


@pytest.mark.parametrize("voice", ["tone", "en-us"])
@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_text_over_http(client: httpx.Client, name: str, voice: str) -> None:
    request = {"text": ODD_TEXTS[name], "voice": voice, "format": "pcm"}
    with client.stream("POST", "/v1/speech", json=request) as answer:
        assert answer.status_code == 200
        size = 0
        for chunk in answer.iter_raw():
            size += len(chunk)
            if size > 100_000:  # what is long is not waited for
                break
    assert size > 0
    assert size % 2 == 0 or size > 100_000


@pytest.mark.parametrize("voice", ["tone", "en-us"])
@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_text_over_a_socket(line: ClientConnection, name: str, voice: str) -> None:
    text = ODD_TEXTS[name]
    say(line, {"type": "open", "voice": voice, "format": "pcm"}, {"type": "text", "text": text})
    if len(text) < 1000:
        say(line, {"type": "end"})
        ended = end_of(line)
        assert (ended["type"], ended["characters"]) == ("ended", len(text))
    else:
        while not isinstance(hear(line), tuple):
            pass
        say(line, {"type": "cancel"})
        assert end_of(line)["cancelled"]


@pytest.mark.parametrize("name", [name for name, text in ODD_TEXTS.items() if len(text) < 1000])
def test_odd_text_on_the_command_line(name: str) -> None:
    done = vivavoce("say", "--stdin", "--format", "pcm", stdin=ODD_TEXTS[name].encode())
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_megabyte_on_the_command_line_whose_reader_leaves() -> None:
    shell = f"head -c 1000000 /dev/zero | tr '\\0' w | '{VIVAVOCE}' say --stdin --format pcm | head -c 9999 | wc -c"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, env=environment(), timeout=TIMEOUT_S, check=True
    )
    assert (done.stdout.strip(), done.stderr) == (b"9999", b"")


def test_a_command_line_without_end_is_spoken_as_far_as_its_reader_goes() -> None:
    shell = f"yes | '{VIVAVOCE}' say --stdin --format pcm | head -c 99999 | wc -c"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, env=environment(), timeout=TIMEOUT_S, check=True
    )
    assert (done.stdout.strip(), done.stderr) == (b"99999", b"")


def test_more_text_than_a_stream_may_carry(client: httpx.Client, line: ClientConnection) -> None:
    assert refusal(client.post("/v1/speech", json={"text": "a b " * 500_001})) == "text_too_long"
    say(line, {"type": "open", "voice": "tone", "format": "pcm", "credit_bytes": 0})
    for _ in range(3):
        say(line, {"type": "text", "text": "a b " * 200_000})
    refused = error_of(line)
    assert (refused["code"], refused["final"]) == ("text_too_long", False)
    say(line, {"type": "cancel"})
    end_of(line)


# ---- bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "code"), [*BROKEN, (b'{"text": "\xff"}', "malformed_message")])
def test_bytes_that_are_no_request(client: httpx.Client, body: bytes, code: str) -> None:
    assert refusal(client.post("/v1/speech", content=body)) == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        *((body.decode(), code) for body, code in BROKEN),
        (b"\x00\x01binary", "malformed_message"),
        ('{"text": "a"}', "missing_field"),
        ('{"type": 5}', "wrong_type"),
        ('{"type": "shout"}', "malformed_message"),
        ('{"type": "text"}', "missing_field"),
        ('{"type": "text", "text": 5}', "wrong_type"),
        ('{"type": "text", "text": "a", "lang": "en"}', "unknown_option"),
        ('{"type": "open", "stream": -1}', "out_of_range"),
        ('{"type": "open", "stream": 4294967296}', "out_of_range"),
        ('{"type": "open", "stream": 1.5}', "wrong_type"),
        ('{"type": "open", "credit_bytes": -1}', "out_of_range"),
        ('{"type": "open", "idle_flush_s": 1e9}', "out_of_range"),
        ('{"type": "credit", "bytes": 0}', "out_of_range"),
        ('{"type": "credit"}', "missing_field"),
        # Out of order: nothing of stream 5 is open.
        ('{"type": "text", "stream": 5, "text": "a"}', "unknown_stream"),
        ('{"type": "flush", "stream": 5}', "unknown_stream"),
        ('{"type": "end", "stream": 5}', "unknown_stream"),
        ('{"type": "open", "stream": 99}', "duplicate_stream"),
    ],
)
def test_frames_that_are_no_message(line: ClientConnection, frame: str | bytes, code: str) -> None:
    line.send(frame)
    error = error_of(line)
    assert error["code"] == code
    assert error.get("stream") != 99 or not error["final"]


@pytest.mark.parametrize("name", ["text", "end", "flush"])
def test_nothing_follows_an_end(line: ClientConnection, name: str) -> None:
    # The stream is still being spoken, because it has no credit.
    say(line, {"type": "open", "voice": "tone", "format": "pcm", "credit_bytes": 0})
    say(line, {"type": "text", "text": "Hello."}, {"type": "end"})
    say(line, {"type": name, **({"text": "late"} if name == "text" else {})})
    error = error_of(line)
    assert (error["code"], error["final"]) == ("out_of_order", False)
    say(line, {"type": "credit", "bytes": 1_000_000})
    assert end_of(line)["characters"] == len("Hello.")


@pytest.mark.parametrize(("field", "value", "code"), REFUSED_FIELDS)
def test_a_field_that_is_wrong(
    client: httpx.Client, line: ClientConnection, field: str, value: Any, code: str
) -> None:
    assert refusal(client.post("/v1/speech", json={"text": "Hello.", field: value})) == code
    say(line, {"type": "open", field: value})
    error = error_of(line)
    assert (error["code"], error["stream"], error["final"]) == (code, 1, True)
    # Its number is free again.
    say(line, {"type": "open", "voice": "tone", "format": "pcm"}, {"type": "end"})
    assert end_of(line)["type"] == "ended"


@pytest.mark.parametrize(
    ("arguments", "stdin", "status"),
    [
        (["--stdin"], b"\xff\xfe broken \xc3", 0),
        (["--stdin"], b"\xed\xa0\x80 half a pair", 0),
        (["--stdin"], b"\x00\x00\x00", 0),
        (["--stdin"], b" \n ", 2),
        (["Hi", "--stdin"], b"", 2),
        (["Hi", "--loud"], b"", 2),
        (["Hi", "--voice", "no\x01body"], b"", 2),
        ([os.fsdecode(b"half \xff a word")], b"", 0),
    ],
)
def test_what_a_command_line_is_given(arguments: list[str], stdin: bytes, status: int) -> None:
    done = vivavoce("say", *arguments, *(["--format", "pcm"]), stdin=stdin)
    assert done.returncode == status, done.stderr
    if status:
        assert re.fullmatch(rb"error: [^\n]+\n", done.stderr)
        assert done.stdout == b""
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("query", "code"),
    [("complete=maybe", "wrong_type"), ("speed=2", "unknown_option"), ("%00=%ff", "unknown_option")],
)
def test_a_query_that_is_wrong(client: httpx.Client, query: str, code: str) -> None:
    assert refusal(client.post(f"/v1/speech?{query}", json={"text": "Hello."})) == code


# ---- drops ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [1, 30, 120, 140, None])
def test_a_request_dropped_at_any_moment(server: Live, sent: int | None) -> None:
    body = json.dumps({"text": MEGABYTE, "voice": "tone", "format": "pcm"})
    head = f"POST /v1/speech HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall((head + body).encode()[:sent])
        if sent is None:
            assert raw.recv(1000).startswith(b"HTTP/1.1 200")
        # A reset rather than a goodbye.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("sent", [1, 2, 5, 40, 4000])
def test_a_socket_dropped_within_a_frame(server: Live, sent: int, reset: bool) -> None:
    payload = json.dumps({"type": "text", "text": "a" * 5000}).encode()
    frame = b"\x81\xfe" + struct.pack(">H", len(payload)) + b"\x00" * 4 + payload
    with dial(server) as line:
        say(line, {"type": "open", "voice": "tone-slow"}, {"type": "text", "text": "Some first words. " * 99})
        assert hear(line)["type"] == "opened"
        line.socket.sendall(frame[:sent])
        if reset:
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.socket.close()
        else:
            line.socket.shutdown(socket.SHUT_RDWR)
