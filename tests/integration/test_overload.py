"""A full server: every wire refuses in its own words and says when to come back, or lets its caller wait for room."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from live import Live, serving
from vivavoce.runtime.admission import FRONT_AUDIO_S, FRONT_COST, START_S, UNMEASURED_COST
from wire import dial, eventually, hear, say

pytestmark = pytest.mark.integration

FULL = {"max_load": 0.05, "workers": 1, "retry_after_s": 3.0, "engines": "tone,espeak"}
PLACES = int(0.05 / (UNMEASURED_COST * (1 + FRONT_AUDIO_S / START_S) + FRONT_COST))
"""Newcomers with a voice nobody has heard yet that fit into 0.05 of a core."""


@contextmanager
def crowd(server: Live, count: int = PLACES) -> Iterator[Callable[[], None]]:
    """So many streams that say nothing; gives a call that ends one of them."""
    with ExitStack() as stack:
        line = stack.enter_context(dial(server))
        for number in range(count):
            say(line, {"type": "open", "stream": number, "voice": "en-us", "format": "pcm"})
            assert hear(line)["type"] == "opened"
        numbers = iter(range(count))
        yield lambda: say(line, {"type": "cancel", "stream": next(numbers)})


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server that refuses at once, and is full."""
    with serving(tmp_path_factory.mktemp("full"), **FULL) as live, crowd(live):
        yield live


def post(server: Live, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(server.url + path, json=body, headers=headers, timeout=30)


def speak(server: Live) -> httpx.Response:
    return post(server, "/v1/speech", {"text": "Is there room?", "voice": "en-us", "format": "pcm"})


def test_native_http(full: Live) -> None:
    answer = speak(full)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    error = answer.json()["error"]
    assert (error["code"], error["retry_after_s"]) == ("overloaded", 3.0)


def test_native_socket(full: Live) -> None:
    with dial(full) as line:
        say(line, {"type": "open", "voice": "en-us"})
        error = hear(line)
        assert (error["type"], error["code"], error["retry_after_s"]) == ("error", "overloaded", 3.0)
        assert error["final"]


def test_soniox_http(full: Live) -> None:
    body = {
        "model": "tts-rt-v1-preview", "language": "en", "voice": "en-us", "text": "Is there room?",
        "audio_format": "pcm_s16le", "sample_rate": 24_000,
    }  # fmt: skip
    answer = post(full, "/tts", body, authorization="Bearer k")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["error_type"] == "limit_exceeded"


def test_soniox_socket(full: Live) -> None:
    config = {
        "stream_id": "s", "model": "tts-rt-v1-preview", "language": "en", "voice": "en-us",
        "audio_format": "pcm_s16le", "sample_rate": 24_000, "api_key": "k",
    }  # fmt: skip
    with connect(full.url.replace("http", "ws", 1) + "/tts-websocket") as line:
        line.send(json.dumps(config))
        line.send(json.dumps({"stream_id": "s", "text": "Is there room?", "text_end": True}))
        error = json.loads(line.recv(timeout=20))
        assert (error["error_code"], error["error_type"]) == (429, "limit_exceeded")


def test_gradium_http(full: Live) -> None:
    body = {"text": "Is there room?", "voice_id": "en-us", "output_format": "pcm_24000", "only_audio": True}
    answer = post(full, "/api/post/speech/tts", body, **{"x-api-key": "k"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


def test_gradium_socket(full: Live) -> None:
    with connect(full.url.replace("http", "ws", 1) + "/api/speech/tts") as line:
        line.send(json.dumps({"type": "setup", "voice_id": "en-us", "output_format": "pcm_24000"}))
        heard = [json.loads(line.recv(timeout=20))]
        while heard[-1]["type"] != "error":
            heard.append(json.loads(line.recv(timeout=20)))
        # "No worker available" (LiveKit's plugin 1.8.9, which tries again after it); 1008 is a key's own limit.
        assert heard[-1]["code"] == 1011
        assert "try again in 3 s" in heard[-1]["message"]


@pytest.mark.parametrize("path", ["/v1/text-to-speech/en-us", "/v1/text-to-speech/en-us/stream"])
def test_supertone(full: Live, path: str) -> None:
    body = {"text": "Is there room?", "language": "en"}
    answer = post(full, path, body, **{"x-sup-api-key": "k"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/audio/stream"])
def test_suonora(full: Live, path: str) -> None:
    body = {"input": "Is there room?", "model": "legacy-v2.5", "voice": "en-us"}
    answer = post(full, path, body, authorization="Bearer k")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


def test_refusals_are_counted_by_wire(full: Live) -> None:
    before = full.figure("vivavoce_refusals_total")
    speak(full)
    assert full.figure("vivavoce_refusals_total") == before + 1
    page = httpx.get(f"{full.url}/v1/speech/metrics").text
    assert 'vivavoce_refusals_total{code="overloaded",dialect="native",engine="espeak"}' in page


def test_a_caller_who_may_wait_is_spoken_to_when_there_is_room(tmp_path: Path) -> None:
    with serving(tmp_path, **FULL, admission_wait_s=30.0) as live, crowd(live) as end_one:
        answers: list[httpx.Response] = []
        caller = threading.Thread(target=lambda: answers.append(speak(live)))
        caller.start()
        eventually(lambda: live.figure("vivavoce_waiting") == 1)
        time.sleep(0.2)
        assert answers == []
        end_one()
        caller.join(20)
        (answer,) = answers
        assert answer.status_code == 200
        assert len(answer.content) > 10_000
        waited = float(answer.headers["server-timing"].partition("queue;dur=")[2].partition(",")[0])
        assert waited > 200


def test_a_caller_who_waits_in_vain_is_refused_in_time(tmp_path: Path) -> None:
    with serving(tmp_path, **FULL, admission_wait_s=0.5) as live, crowd(live):
        began = time.monotonic()
        answer = speak(live)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert answer.json()["error"]["code"] == "overloaded"
        assert time.monotonic() - began >= 0.5


def test_a_caller_who_stops_waiting_gives_up_its_place(tmp_path: Path) -> None:
    with serving(tmp_path, **FULL, admission_wait_s=30.0, admission_queue=1) as live, crowd(live) as end_one:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{live.url}/v1/speech",
                json={"text": "Hello.", "voice": "en-us", "format": "pcm"},
                timeout=0.5,
            )
        eventually(lambda: live.figure("vivavoce_waiting") == 0)
        end_one()
        assert speak(live).status_code == 200
