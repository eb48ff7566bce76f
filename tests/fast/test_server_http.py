"""The HTTP exchange, driven by an ASGI client made of queues."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import Any

import pytest

from rehearsal import Call, fetch, house, settle
from vivavoce.errors import EngineError, OverloadedError, TextTooLongError
from vivavoce.server.app import App
from vivavoce.speech import Audio, End, Ended, Failed, Mark, Text

pytestmark = pytest.mark.fast


def body(**fields: Any) -> bytes:
    return json.dumps({"text": "Hello.", **fields}).encode()


def test_a_text_becomes_audio_with_the_headers_of_its_format() -> None:
    home, studio = house()
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body(format="pcm", sample_rate_hz=16000)))
    assert (call.status, call.body, call.ended) == (200, b"Hello.", True)
    assert call.headers["content-type"] == "audio/pcm;rate=16000;channels=1;encoding=s16le"
    assert call.headers["x-sample-rate"] == "16000"
    assert call.headers["x-accel-buffering"] == "no"
    assert call.headers["cache-control"] == "no-store"
    assert uuid.UUID(call.headers["x-request-id"]).version == 4
    assert "content-length" not in call.headers
    assert studio.streams[0].commands == [Text("Hello."), End()]


@pytest.mark.parametrize("target", ["/tts", "/v1/voices/none", "/soniox/nothing"])
def test_the_request_id_in_a_body_is_that_of_the_header(target: str) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "PATCH", target))
    assert json.loads(call.body)["request_id"] == call.headers["x-request-id"]
    assert uuid.UUID(call.headers["x-request-id"])


def test_the_first_audio_leaves_before_the_rest_is_made() -> None:
    async def story() -> None:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body())
        task = asyncio.create_task(call.run())
        await settle()
        assert call.status == 0
        studio.streams[0].emit(Audio(b"one", 0.0, 0.1))
        await settle()
        assert (call.status, call.body) == (200, b"one")
        studio.streams[0].emit(Audio(b"two", 0.1, 0.2), Ended(0.2, 6))
        await task
        assert (call.body, call.ended) == (b"onetwo", True)

    asyncio.run(story())


def test_lines_carry_marks_audio_and_the_end() -> None:
    async def story() -> list[Any]:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body(), {"accept": "application/x-ndjson"})
        task = asyncio.create_task(call.run())
        await settle()
        studio.streams[0].emit(Mark("word", "Hello", 0.0, 0.5, 0, 5), Audio(b"\x00\xff", 0.0, 0.5))
        studio.streams[0].emit(Ended(0.5, 6))
        await task
        assert call.headers["content-type"] == "application/x-ndjson"
        assert call.ended
        return [json.loads(line) for line in call.body.splitlines()]

    assert asyncio.run(story()) == [
        {
            "type": "mark",
            "kind": "word",
            "value": "Hello",
            "start_s": 0.0,
            "stop_s": 0.5,
            "text_start": 0,
            "text_stop": 5,
        },
        {"type": "audio", "audio": base64.b64encode(b"\x00\xff").decode(), "start_s": 0.0, "stop_s": 0.5},
        {"type": "end", "audio_s": 0.5, "characters": 6},
    ]


@pytest.mark.parametrize("target", ["/v1/speech?complete=true", "/v1/speech"])
def test_a_complete_answer_has_its_length(target: str) -> None:
    home, studio = house()
    call = asyncio.run(fetch(App(home), "POST", target, body(complete="?" not in target)))
    assert call.headers["content-length"] == "6"
    assert studio.streams[0].request.known_length


def test_a_complete_answer_over_the_bound_is_refused_whole() -> None:
    home, studio = house(max_complete_bytes=1024)
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body(text="x" * 2000, complete=True)))
    assert (call.status, call.error["code"]) == (413, "text_too_long")
    assert studio.streams[0].cancelled


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson"])
def test_a_failure_before_the_first_byte_has_a_status(accept: str) -> None:
    async def story() -> Call:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body(), {"accept": accept})
        task = asyncio.create_task(call.run())
        await settle()
        # Audio that has not left yet does not count.
        studio.streams[0].emit(Audio(b"x", 0, 1), failed())
        return await task

    call = asyncio.run(story())
    assert (call.status, call.error["code"], call.ended) == (500, "engine_failed", True)


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson"])
def test_a_failure_after_the_first_byte_cuts_the_body(accept: str) -> None:
    async def story() -> Call:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body(), {"accept": accept})
        task = asyncio.create_task(call.run())
        await settle()
        studio.streams[0].emit(Audio(b"x", 0, 1))
        studio.streams[0].emit(failed())
        await task
        assert studio.streams[0].cancelled
        return call

    call = asyncio.run(story())
    assert (call.status, call.ended) == (200, False)
    if accept != "*/*":
        last = json.loads(call.body.splitlines()[-1])
        assert last == {"type": "error", "code": "engine_failed", "message": "no breath", "param": None}


def failed() -> Failed:
    return Failed(EngineError("no breath"))


@pytest.mark.parametrize("batches", [0, 1])
def test_a_listener_who_leaves_stops_the_work(batches: int) -> None:
    async def story() -> None:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body())
        task = asyncio.create_task(call.run())
        await settle()
        for _ in range(batches):
            studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        assert not studio.streams[0].cancelled
        call.leave()
        await settle()
        assert studio.streams[0].cancelled
        assert task.done()
        assert not call.ended
        assert not home.guests

    asyncio.run(story())


def test_a_listener_who_does_not_take_gets_no_more_events_taken() -> None:
    async def story() -> None:
        home, studio = house(scripted=True)
        call = Call(App(home), "POST", "/v1/speech", body())
        task = asyncio.create_task(call.run())
        await settle()
        call.writable.clear()
        for _ in range(5):
            studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        assert studio.streams[0].taken == 1
        call.writable.set()
        studio.streams[0].emit(Ended(5, 6))
        await task
        assert call.body == b"xxxxx"

    asyncio.run(story())


BAD_BODIES = [
    (b"", 400, "malformed_message", None),
    (b"{", 400, "malformed_message", None),
    (b"[]", 400, "malformed_message", None),
    (b'{"text":"\xff"}', 400, "malformed_message", None),
    (b'{"text":"\\ud800"}', 400, "malformed_message", None),
    (b"{}", 400, "missing_field", "text"),
    (b'{"text":1}', 400, "wrong_type", "text"),
    (b'{"text":" \\n\\t"}', 400, "empty_text", "text"),
    (b'{"text":"a","speed":9}', 400, "out_of_range", "speed"),
    (b'{"text":"a","voise":"x"}', 400, "unknown_option", "voise"),
    (b'{"text":"a","voice":"nobody"}', 400, "unknown_voice", "voice"),
    (b'{"text":"a","format":"midi"}', 400, "unknown_format", "format"),
    (b'{"text":"a","format":"wav","sample_rate_hz":7}', 400, "unknown_format", "sample_rate_hz"),
    (b" " * 1025, 413, "message_too_large", None),
]


@pytest.mark.parametrize(("sent", "status", "code", "param"), BAD_BODIES)
def test_a_bad_body_gets_one_clear_error(sent: bytes, status: int, code: str, param: str | None) -> None:
    home, studio = house(max_body_bytes=1024)
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", sent))
    assert (call.status, call.error["code"], call.error["param"]) == (status, code, param)
    assert call.headers["content-type"] == "application/json"
    assert not studio.streams
    assert not home.guests


def test_a_declared_length_over_the_bound_is_refused_unread() -> None:
    home, _ = house(max_body_bytes=1024)
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body(), {"content-length": "1025"}))
    assert (call.status, call.error["code"]) == (413, "message_too_large")


def test_a_client_that_leaves_while_writing_its_request_costs_nothing() -> None:
    async def story() -> None:
        home, studio = house()
        call = Call(App(home), "POST", "/v1/speech", b"{")
        call._incoming = asyncio.Queue()
        call.leave()
        await call.run()
        assert (call.status, studio.streams, len(home.guests)) == (0, [], 0)

    asyncio.run(story())


def test_a_full_server_says_when_to_try_again() -> None:
    home, studio = house()
    studio.refuse = OverloadedError("full", retry_after_s=1.2)
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body()))
    assert (call.status, call.headers["retry-after"], call.error["retry_after_s"]) == (429, "2", 1.2)


def test_text_that_the_stream_refuses_lets_go_of_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> Call:
        home, studio = house()
        opened = studio.open

        def refusing(request: Any) -> Any:
            stream = opened(request)
            stream.refuse = TextTooLongError("too long", param="text")
            return stream

        # The stream does not exist before it is opened.
        monkeypatch.setattr(studio, "open", refusing)
        call = await fetch(App(home), "POST", "/v1/speech", body())
        assert studio.streams[0].cancelled
        return call

    call = asyncio.run(story())
    assert (call.status, call.error["code"]) == (413, "text_too_long")


@pytest.mark.parametrize("state", ["starting", "draining"])
def test_a_house_that_is_not_open_takes_no_work(state: Any) -> None:
    home, _ = house()
    home.state = state
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body()))
    assert (call.status, call.error["code"], call.headers["retry-after"]) == (503, "shutting_down", "1")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused_with_the_right_one(method: str) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), method, "/v1/speech"))
    assert (call.status, call.error["code"], call.headers["allow"]) == (405, "method_not_allowed", "POST")


@pytest.mark.parametrize(("target", "param"), [("?complet=true", "complet"), ("?complete=1", "complete")])
def test_the_query_is_checked_too(target: str, param: str) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "POST", f"/v1/speech{target}", body()))
    assert (call.status, call.error["param"]) == (400, param)


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1", True), ("a" * 129, False), ("bad\x01", False), ("", False)]
)
def test_a_usable_request_id_is_kept(given: str, kept: bool) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", body(), {"x-request-id": given}))
    assert (call.headers["x-request-id"] == given) is kept


def test_the_log_says_how_it_went_and_not_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "vivavoce")
    home, _ = house()
    asyncio.run(fetch(App(home), "POST", "/v1/speech", body(text="Secret.")))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "outcome=spoken" in line
    assert "format=mp3" in line
    assert "Secret" not in line
