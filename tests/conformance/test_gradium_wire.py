"""Gradium's wire from raw sockets: what voice agents do, what hostile clients do, and what browsers do."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from gradium_live import dial, end, hear, piece, say, the_end, until_context
from live import Live, make_key, serving
from scripted import FAIL
from vendors import vendor_python

pytestmark = pytest.mark.conformance

AGENTS = Path(__file__).parent / "clients" / "gradium_agents.py"
PIPECAT = {"type": "setup", "output_format": "pcm", "voice_id": "_6Aslh2DxfmnRLmP", "close_ws_on_eos": False}
TONE = {"voice_id": "tone", "output_format": "pcm", "json_config": {"rewrite_rules": "none"}}
"""Rewriting would make other brackets of those that the tone engine obeys."""
READY_FIELDS = {"type", "request_id", "model_name", "sample_rate", "frame_size", "audio_stream_names"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("gradium"), ws_ping_s=0.5, max_message_bytes=65_536) as live:
        yield live


def context(name: str) -> dict[str, Any]:
    return {**PIPECAT, "client_req_id": name}


def test_a_request_ends_with_a_close_frame_of_1000(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "setup", "output_format": "pcm"}, piece("Hello."), end())
        messages, code, _ = the_end(line)
    assert code == 1000
    assert messages[0]["type"] == "ready"
    assert messages[0].keys() >= READY_FIELDS
    assert messages[-1] == {"type": "end_of_stream"}
    stops = [message["stop_s"] for message in messages if message["type"] == "audio"]
    assert stops == sorted(stops)


def test_words_come_before_the_audio_they_are_heard_in(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "setup", "output_format": "pcm"}, piece("One two three, four five six."), end())
        messages, _, _ = the_end(line)
    sent_s = 0.0
    words = []
    for message in messages:
        if message["type"] == "audio":
            sent_s = message["stop_s"]
        elif message["type"] == "text":
            words.append(message["text"])
            assert message["start_s"] >= sent_s - 0.08
    assert words == ["One", "two", "three,", "four", "five", "six."]


def test_pipecat_abandons_ends_twice_and_ends_what_never_began(server: Live) -> None:
    """A turn that is interrupted, one of which nothing was said, and one that is spoken, on one socket."""
    with dial(server, **{"x-api-key": "gd_any", "x-api-source": "pipecat"}) as line:
        say(line, context("turn-1"), piece("An answer that nobody will hear to its end. " * 20, "turn-1"))
        ready = hear(line)
        assert (ready["type"], ready["client_req_id"]) == ("ready", "turn-1")
        say(line, end("turn-2"))
        say(line, context("turn-3"), piece("Yes, of course.", "turn-3"), end("turn-3"), end("turn-3"))
        third = [m for m in until_context(line, "turn-3") if m["client_req_id"] == "turn-3"]
        say(line, end("turn-3"))
        say(line, context("turn-4"), end("turn-4"))
        fourth = [m for m in until_context(line, "turn-4") if m["client_req_id"] == "turn-4"]
    assert [m["text"] for m in third if m["type"] == "text"] == ["Yes,", "of", "course."]
    assert [m["type"] for m in fourth] == ["ready", "end_of_stream"]


def test_livekit_waits_as_long_as_there_are_pings(server: Live) -> None:
    url = server.url.replace("http", "ws", 1) + "/api/speech/tts"
    done = subprocess.run([vendor_python(), AGENTS, url], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["livekit"]
    assert found["words"] == ["The", "agent", "has", "thought", "about", "it", "for", "a", "while."]
    assert found["audio"] > 96_000
    assert found["types"] == ["audio", "end_of_stream", "ready", "text"]
    assert "closed" not in found


def test_flush_brings_words_without_punctuation_and_goes_on(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "setup", "output_format": "pcm"}, piece("no end in sight <flush>"))
        words: list[str] = []
        while words != ["no", "end", "in", "sight"]:
            message = hear(line)
            words += [message["text"]] if message["type"] == "text" else []
        say(line, piece("and on"), end())
        rest, code, _ = the_end(line)
    assert [m["text"] for m in rest if m["type"] == "text"] == ["and", "on"]
    sizes = [len(base64.b64decode(m["audio"])) for m in rest if m["type"] == "audio"]
    assert set(sizes[:-1]) == {7680}
    assert code == 1000


def test_a_break_is_a_pause(server: Live) -> None:
    def seconds(text: str) -> float:
        with dial(server) as line:
            say(line, {"type": "setup", "output_format": "pcm_8000"}, piece(text), end())
            return float(the_end(line)[0][-2]["stop_s"])

    without, two = seconds("One, two."), seconds('One, <break time="2s" /> two.')
    assert two - without == pytest.approx(2.0, abs=0.4)
    assert seconds('One, <break time="9s" /> two.') == pytest.approx(two, abs=0.01)


def test_a_failing_engine_is_an_error_and_a_close_of_its_code(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "setup", **TONE}, piece(f"a {FAIL} b."), end())
        messages, code, reason = the_end(line)
    assert (messages[-1]["type"], messages[-1]["code"], code) == ("error", 1011, 1011)
    assert messages[-1]["message"].startswith(reason[:50])


def test_a_failing_request_leaves_its_siblings_alone(server: Live) -> None:
    with dial(server) as line:
        say(line, {**context("bad"), **TONE}, context("good"))
        say(line, piece("Still here.", "good"), piece(f"a {FAIL} b.", "bad"), end("bad"))
        messages = [hear(line)]
        while messages[-1]["type"] != "error":
            messages.append(hear(line))
        assert (messages[-1]["client_req_id"], messages[-1]["code"]) == ("bad", 1011)
        say(line, end("good"))
        until_context(line, "good")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("garbage", 1002),
        ('{"type":"text","text":"no setup"}', 1002),
        ('{"type":"setup","voice_id":"unknown"}', 1011),
        ('{"type":"setup","model_name":"unknown"}', 1003),
        (b"\x00", 1003),
    ],
)
def test_what_cannot_be_served_is_told_and_closed(server: Live, frame: str | bytes, code: int) -> None:
    with dial(server) as line:
        line.send(frame)
        messages, found, reason = the_end(line)
    assert (messages[-1]["type"], messages[-1]["code"], found) == ("error", code, code)
    assert reason


def test_a_thousand_requests_at_once_are_refused_one_by_one(server: Live) -> None:
    """And the socket goes on."""
    with dial(server) as line:
        for number in range(1000):
            say(line, context(f"n{number}"))
        answers: dict[str, str] = {}
        while len(answers) < 1000:
            message = hear(line)
            answers[message["client_req_id"]] = message["type"]
        assert sum(kind == "ready" for kind in answers.values()) == 64
        say(line, piece("Hello.", "n0"), end("n0"))
        until_context(line, "n0")
    assert server.look("health")["status"] == "ok"


def test_a_giant_message_ends_its_socket_only(server: Live) -> None:
    with dial(server) as line:
        say(line, {"type": "setup"}, piece("x" * 100_000))
        messages, code, _ = the_end(line)
    assert (messages[-1]["type"], messages[-1]["code"], code) == ("error", 1009, 1009)
    with dial(server) as line:
        say(line, {"type": "setup"}, end())
        assert the_end(line)[1] == 1000


# ---- one shot -----------------------------------------------------------------------------------------------------


def post(server: Live, **fields: Any) -> httpx.Response:
    body = {"text": "Hello there.", "voice_id": "default", "output_format": "pcm_16000", **fields}
    return httpx.post(f"{server.url}/api/post/speech/tts", json=body, timeout=30)


def test_one_shot_audio_is_the_lines_audio(server: Live) -> None:
    # Tones: espeak-ng's breath is another one every time.
    same = {**TONE, "output_format": "pcm_16000"}
    raw = post(server, **same, only_audio=True)
    assert (raw.status_code, raw.headers["content-type"]) == (200, "audio/pcm")
    lines = post(server, **same)
    assert lines.headers["content-type"] == "application/x-ndjson"
    messages = [json.loads(line) for line in lines.text.splitlines()]
    assert [messages[0]["type"], messages[-1]["type"]] == ["ready", "end_of_stream"]
    audio = [base64.b64decode(m["audio"]) for m in messages if m["type"] == "audio"]
    assert {len(data) for data in audio[:-1]} == {2560}
    joined = np.frombuffer(b"".join(audio), np.int16).astype(int)
    # The last bit may differ: resampling adds up floats in the portions in which they come.
    assert np.abs(joined - np.frombuffer(raw.content, np.int16)).max() <= 1


def test_one_shot_errors_are_told_before_the_first_byte(server: Live) -> None:
    assert post(server, voice_id="unknown").json() == {"detail": "Embeddings not found for unknown"}
    assert post(server, voice_id="unknown").status_code == 404
    assert post(server, **TONE, text=FAIL).status_code == 500
    answer = httpx.get(f"{server.url}/post/speech/tts")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["detail"]


def test_one_shot_lines_that_fail_later_are_cut_after_the_error(server: Live) -> None:
    body = {"text": f"a b c d e f. g {FAIL}", **TONE}
    lines: list[Any] = []

    def read() -> None:
        with httpx.stream("POST", f"{server.url}/api/post/speech/tts", json=body, timeout=30) as answer:
            assert answer.status_code == 200
            lines.extend(map(json.loads, answer.iter_lines()))

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    assert (lines[-1]["type"], lines[-1]["code"]) == ("error", 1011)


# ---- keys ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A server with a key, and the key."""
    folder = tmp_path_factory.mktemp("guarded")
    key = make_key(folder)
    with serving(folder) as live:
        yield live, key


def greeting(server: Live, path: str = "/api/speech/tts", **headers: str) -> Any:
    """The first message for a setup."""
    with dial(server, path, **headers) as line:
        with contextlib.suppress(ConnectionClosed):  # refused already
            say(line, {"type": "setup", "voice_id": "default", "output_format": "pcm"})
        return hear(line)


def test_a_browser_opens_one_socket_with_its_token(guarded: tuple[Live, str]) -> None:
    server, key = guarded
    answer = httpx.get(f"{server.url}/api/api-keys/token", headers={"x-api-key": key})
    token = answer.json()["token"]
    path = f"/api/speech/tts?token={token}"
    assert greeting(server, path)["type"] == "ready"
    with dial(server, path) as line:
        messages, code, reason = the_end(line)
    assert messages == [{"type": "error", "message": "API key is revoked or expired", "code": 1008}]
    assert (code, reason) == (1008, "API key is revoked or expired")


def test_every_way_to_give_a_key(guarded: tuple[Live, str]) -> None:
    server, key = guarded
    assert greeting(server, **{"x-api-key": key})["type"] == "ready"
    # The vendor's self-hosted example: another header, and a socket on the base address.
    assert greeting(server, "/api/", authorization=f"Api-Key {key}")["type"] == "ready"
    assert greeting(server)["message"] == "API key is missing"
    assert greeting(server, **{"x-api-key": "gd_wrong"})["code"] == 1008


def test_a_custom_voice_of_a_key_is_spoken_in_its_own_language(guarded: tuple[Live, str]) -> None:
    server, key = guarded
    headers = {"x-api-key": key}
    sample = httpx.post(
        f"{server.url}/api/post/speech/tts",
        json={
            "text": "Bonjour à tous.",
            "voice_id": "b35yykvVppLXyw_l",
            "output_format": "wav",
            "only_audio": True,
        },
        headers=headers,
        timeout=30,
    ).content
    made = httpx.post(
        f"{server.url}/api/voices/",
        headers=headers,
        files={"audio_file": ("me.wav", sample, "audio/wav")},
        data={"language": "fr", "name": "Moi"},
        timeout=30,
    )
    assert made.status_code == 201
    with dial(server, **headers) as line:
        say(line, {"type": "setup", "voice_id": made.json()["uid"], "output_format": "pcm"})
        say(line, piece("Cela coûte 1234 euros."), end())
        messages, code, _ = the_end(line)
    assert code == 1000
    assert [m["text"] for m in messages if m["type"] == "text"] == ["Cela", "coûte", "1234", "euros."]
    deleted = httpx.delete(f"{server.url}/api/voices/{made.json()['uid']}", headers=headers)
    assert (deleted.status_code, deleted.headers["content-type"]) == (204, "application/json")
