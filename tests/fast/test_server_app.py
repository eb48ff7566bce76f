"""Paths, pages and lookups; what nobody foresaw."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from rehearsal import Line, fetch, house
from vivavoce import __version__
from vivavoce.formats import FORMATS
from vivavoce.server.app import App

pytestmark = pytest.mark.fast


def get(target: str, **more: Any) -> Any:
    home, _ = house()
    return asyncio.run(fetch(App(home), "GET", target, **more))


@pytest.mark.parametrize(("state", "status"), [("starting", 503), ("ok", 200), ("draining", 503)])
def test_health_is_always_well_and_ready_is_not(state: Any, status: int) -> None:
    home, _ = house()
    home.state = state
    health = asyncio.run(fetch(App(home), "GET", "/v1/speech/health"))
    ready = asyncio.run(fetch(App(home), "GET", "/v1/speech/ready"))
    assert (health.status, ready.status) == (200, status)
    assert json.loads(health.body) == {"status": state, "version": __version__, "live_streams": 0}


def test_voices_of_a_language() -> None:
    (voice,) = json.loads(get("/v1/speech/voices").body)["voices"]
    assert (voice["id"], voice["languages"], voice["capabilities"]) == (
        "paper",
        ["en-US", "fr-FR"],
        ["speed", "words"],
    )
    assert json.loads(get("/v1/speech/voices?language=fr-FR").body)["voices"] == [voice]
    assert json.loads(get("/v1/speech/voices?language=de").body)["voices"] == []


def test_a_lookup_refuses_a_query_it_does_not_know() -> None:
    call = get("/v1/speech/voices?langauge=fr")
    assert (call.status, call.error["code"]) == (400, "unknown_option")
    assert "did you mean language" in call.error["message"]


def test_languages_name_their_best_voice() -> None:
    assert json.loads(get("/v1/speech/languages").body) == {
        "languages": [
            {"language": "en-US", "voice": "paper", "voices": 1},
            {"language": "fr-FR", "voice": "paper", "voices": 1},
        ]
    }


def test_every_format_is_listed() -> None:
    rows = json.loads(get("/v1/speech/formats").body)["formats"]
    assert [row["name"] for row in rows] == list(FORMATS)
    assert rows[0]["aliases"] == ["pcm", "pcm16", "s16le"]


def test_figures() -> None:
    assert get("/v1/speech/metrics").body == b"figures\n"


@pytest.mark.parametrize("target", ["/nowhere", "/v1/speech/", "/v1//speech", "/V1/speech", "/docs/"])
def test_an_unknown_path_is_told_in_our_words(target: str) -> None:
    call = get(target)
    assert (call.status, call.error["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("target", ["/", "/v1/speech/voices", "/openapi.json"])
def test_another_method_for_a_lookup(method: str, target: str) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), method, target))
    assert (call.status, call.error["code"], call.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD",
    )


def test_a_plain_request_for_the_socket_is_told_so() -> None:
    call = get("/v1/speech/stream")
    assert call.status == 400
    assert "WebSocket" in call.error["message"]


@pytest.mark.parametrize("target", ["/", "/docs"])
def test_pages_load_nothing_from_outside(target: str) -> None:
    call = get(target)
    assert call.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", call.body.decode())
    scripts = re.findall(r"<script[^>]*>", call.body.decode())
    assert [tag for tag in scripts if 'src="/playground/' not in tag] == []


def test_a_defect_is_an_answer_and_a_log_line_without_the_query(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        home, studio = house()
        monkeypatch.setattr(studio, "voice", lambda *_: 1 / 0)
        call = await fetch(App(home), "POST", "/v1/speech?complete=true", b'{"text":"Secret."}')
        assert (call.status, call.error["code"]) == (500, "internal_error")
        async with Line(App(home)) as line:
            await line.say({"type": "open"})
            assert line.hear()[-1] == ("close", 1011)

    asyncio.run(story())
    assert len(caplog.records) == 2
    assert "Secret" not in caplog.text
    assert "complete=true" not in caplog.text


DEFECTS = {
    "/tts": ({"model": "tts-rt-v2", "language": "en", "voice": "paper", "audio_format": "wav", "text": "Hi."}, "error_type"),
    "/api/post/speech/tts": ({"text": "Hi.", "voice_id": "paper", "output_format": "wav"}, "detail"),
    "/v1/text-to-speech/paper": ({"text": "Hi.", "language": "en"}, "status"),
    "/v1/audio/speech": ({"input": "Hi.", "model": "legacy-v2.5", "voice": "paper"}, "success"),
}  # fmt: skip


@pytest.mark.parametrize("path", DEFECTS)
def test_a_defect_on_a_vendors_path_is_told_in_the_vendors_shape(
    path: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        home, studio = house()
        monkeypatch.setattr(studio, "open", lambda *_: 1 / 0)
        body, member = DEFECTS[path]
        call = await fetch(App(home), "POST", path, json.dumps(body).encode())
        assert (call.status, call.headers["content-type"]) == (500, "application/json")
        assert member in json.loads(call.body)

    asyncio.run(story())
    assert len(caplog.records) == 1


def test_a_defects_own_words_are_not_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "Secret."

    def broken(*_: object) -> None:
        try:
            raise KeyError(words)
        except KeyError as missing:
            raise ExceptionGroup(words, [ValueError(words)]) from missing

    home, studio = house()
    monkeypatch.setattr(studio, "voice", broken)
    call = asyncio.run(fetch(App(home), "POST", "/v1/speech", b'{"text":"Hello."}'))
    assert (call.status, call.error["code"]) == (500, "internal_error")
    assert words not in caplog.text
    assert "ExceptionGroup" in caplog.text
    assert "behind it: ValueError" in caplog.text


def test_the_lifespan_opens_and_closes_the_house() -> None:
    async def story() -> None:
        home, studio = house()
        home.state = "starting"
        incoming: asyncio.Queue[Any] = asyncio.Queue()
        sent: list[str] = []

        async def send(message: Any) -> None:
            sent.append(message["type"])
            assert studio.running is (message["type"] == "lifespan.startup.complete")
            assert home.state == ("ok" if studio.running else "draining")
            incoming.put_nowait({"type": "lifespan.shutdown"})

        incoming.put_nowait({"type": "lifespan.startup"})
        await App(home)({"type": "lifespan"}, incoming.get, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    asyncio.run(story())


def test_a_house_that_cannot_open_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        home, studio = house()
        studio.refuse = RuntimeError("no engines")
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "lifespan.startup"}

        async def send(message: Any) -> None:
            sent.append(message)

        await App(home)({"type": "lifespan"}, receive, send)
        assert sent == [{"type": "lifespan.startup.failed", "message": "no engines"}]

    asyncio.run(story())
    assert "could not start" in caplog.text
