"""A worker that is killed while the server speaks: who was with it is told, everybody else hears every sample."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from live import Live, serving
from wire import dial, eventually, hear, idle, posted, say, streamed

pytestmark = pytest.mark.integration

TEXT = "The first of several sentences. The second one is longer than the first. And the third ends it."
FADE_BYTES = 2 * 72
"""What is cut off in the middle is faded out over its last 3 ms."""
SLOW: dict[str, Any] = {"voice": "tone-slow", "format": "pcm"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = {"quarantine_after": 1000, "worker_retries": 0, "lead_s": 600}
    with serving(tmp_path_factory.mktemp("killed"), **settings) as live:
        yield live


def workers(server: Live) -> set[int]:
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def test_a_crash_on_the_same_socket_changes_no_sample_of_a_sibling(server: Live) -> None:
    undisturbed = posted(server, TEXT, voice="tone", format="pcm").audio
    before = workers(server)
    heard = bytearray()
    over: dict[int, str] = {}
    with dial(server) as line:
        for stream, text in ((1, TEXT), (2, "Some words, and then it is killed. {{crash}} Never said.")):
            say(line, {"type": "open", "stream": stream, "voice": "tone", "format": "pcm"})
            say(line, {"type": "text", "stream": stream, "text": text}, {"type": "end", "stream": stream})
        while len(over) < 2:
            match hear(line):
                case (1, int(), bytes(audio)):
                    heard += audio
                case {"type": "ended" | "error" as kind, "stream": int(stream), **rest}:
                    over[stream] = str(rest.get("code", kind))
    assert over == {1: "ended", 2: "worker_died"}
    assert bytes(heard) == undisturbed
    eventually(lambda: len(workers(server)) == 2 and workers(server) != before)


def test_a_crash_before_the_first_audio_is_a_status_and_after_it_a_cut_body(server: Live) -> None:
    early = httpx.post(f"{server.url}/v1/speech", json={"text": "{{crash}} No.", "voice": "tone"}, timeout=20)
    assert (early.status_code, early.json()["error"]["code"]) == (503, "worker_died")
    lines = bytearray()

    def read() -> None:
        request = {"text": "Here it begins quite well. And here it is {{crash}} over.", "voice": "tone"}
        accept = {"accept": "application/x-ndjson"}
        url = f"{server.url}/v1/speech"
        with httpx.stream("POST", url, json=request, headers=accept, timeout=20) as answer:
            assert answer.status_code == 200
            for chunk in answer.iter_raw():
                lines.extend(chunk)

    with pytest.raises(httpx.RemoteProtocolError):
        read()
    assert json.loads(lines.splitlines()[-1])["code"] == "worker_died"


def test_of_many_streams_only_the_killed_workers_fail(server: Live) -> None:
    eventually(lambda: len(workers(server)) == 2)
    undisturbed = posted(server, TEXT, **SLOW).audio
    streams = range(1, 7)
    heard = {stream: bytearray() for stream in streams}
    over: dict[int, str] = {}
    with dial(server) as line:
        for stream in streams:
            say(line, {"type": "open", "stream": stream, **SLOW})
            say(line, {"type": "text", "stream": stream, "text": TEXT}, {"type": "end", "stream": stream})
        victim: int | None = None
        while len(over) < len(streams):
            match hear(line):
                case (int(stream), int(), bytes(audio)):
                    heard[stream] += audio
                    if victim is None and all(heard.values()):
                        victim = min(workers(server))
                        os.kill(victim, signal.SIGKILL)
                case {"type": "ended" | "error" as kind, "stream": int(stream), **rest}:
                    over[stream] = str(rest.get("code", kind))
    assert victim is not None
    assert set(over.values()) == {"ended", "worker_died"}
    for stream, how in over.items():
        if how == "ended":
            assert bytes(heard[stream]) == undisturbed
        else:
            assert undisturbed.startswith(bytes(heard[stream][:-FADE_BYTES]))
    eventually(lambda: len(workers(server)) == 2 and victim not in workers(server))


def test_afterwards_all_is_as_before(server: Live) -> None:
    eventually(lambda: idle(server))
    with dial(server) as line:
        assert streamed(line, [TEXT], **SLOW).audio == posted(server, TEXT, **SLOW).audio
    assert "Traceback" not in server.log
