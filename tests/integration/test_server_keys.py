"""Keys, limits, dictionaries and voices of one's own, over real HTTP and sockets."""

from __future__ import annotations

import contextlib
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from live import Live, serving
from vivavoce.errors import VivavoceError
from vivavoce.voices import matching

pytestmark = pytest.mark.integration

SAY = {"text": "One two three.", "voice": "tone", "format": "pcm", "sample_rate_hz": 24000}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data")) as live:
        yield live


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A server with an admin key."""
    with serving(tmp_path_factory.mktemp("locked")) as live:
        draft = {"name": "root", "scopes": ["admin", "speech", "manage"]}
        answer = httpx.post(f"{live.url}/v1/speech/keys", json=draft)
        assert answer.status_code == 201, answer.text
        yield live, answer.json()["secret"]


def _key(server: Live, admin: str, **draft: Any) -> str:
    answer = httpx.post(f"{server.url}/v1/speech/keys", json={"name": "k", **draft}, headers=_bearer(admin))
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_without_keys_any_key_or_none_is_accepted(server: Live) -> None:
    for headers in ({}, _bearer("whatever"), {"x-api-key": "x"}):
        assert httpx.post(f"{server.url}/v1/speech", json=SAY, headers=headers).status_code == 200


def test_once_there_is_a_key_one_is_needed(locked: tuple[Live, str]) -> None:
    server, admin = locked
    speech = f"{server.url}/v1/speech"
    missing = httpx.post(speech, json=SAY)
    assert (missing.status_code, missing.json()["error"]["code"]) == (401, "key_missing")
    wrong = httpx.post(speech, json=SAY, headers=_bearer("vv_wrong"))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "unauthorized")
    for headers in (_bearer(admin), {"x-api-key": admin}):
        assert httpx.post(speech, json=SAY, headers=headers).status_code == 200
    assert httpx.post(f"{speech}?token={admin}", json=SAY).status_code == 200
    assert httpx.get(f"{speech}/health").status_code == 200
    assert httpx.get(f"{speech}/voices").status_code == 401


def test_a_key_does_no_more_than_its_scopes(locked: tuple[Live, str]) -> None:
    server, admin = locked
    secret = _key(server, admin, scopes=["speech"])
    assert httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(secret)).status_code == 200
    for path in ("dictionaries", "keys"):
        answer = httpx.post(f"{server.url}/v1/speech/{path}", json={"name": "x"}, headers=_bearer(secret))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


def test_a_revoked_key_is_told_so(locked: tuple[Live, str]) -> None:
    server, admin = locked
    secret = _key(server, admin)
    rows = httpx.get(f"{server.url}/v1/speech/keys", headers=_bearer(admin)).json()["keys"]
    mine = next(row for row in rows if secret.startswith(row["prefix"]))
    assert "secret" not in mine
    revoked = httpx.delete(f"{server.url}/v1/speech/keys/{mine['id']}", headers=_bearer(admin))
    assert revoked.json()["revoked_at"] is not None
    answer = httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(secret))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "key_revoked")


def test_limits_of_a_key_end_in_their_own_errors(locked: tuple[Live, str]) -> None:
    server, admin = locked
    few = _key(server, admin, limits={"characters_per_month": 20})
    assert httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(few)).status_code == 200
    spent = httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(few))
    assert spent.json()["error"]["code"] == "quota_exceeded"
    slow = _key(server, admin, limits={"requests_per_minute": 1})
    assert httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(slow)).status_code == 200
    limited = httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(slow))
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) >= 1


def test_a_second_stream_of_a_key_for_one_is_refused_and_the_first_goes_on(locked: tuple[Live, str]) -> None:
    server, admin = locked
    secret = _key(server, admin, limits={"concurrent_streams": 1})
    with connect(server.ws_url, additional_headers=_bearer(secret)) as socket:
        for stream in (1, 2):
            socket.send(json.dumps({"type": "open", "stream": stream, "voice": "tone", "format": "pcm"}))
        said = [json.loads(socket.recv(timeout=10)) for _ in range(2)]
        assert {m["type"] for m in said} == {"opened", "error"}
        refused = next(m for m in said if m["type"] == "error")
        assert (refused["stream"], refused["code"]) == (2, "concurrency_limit")
        socket.send(json.dumps({"type": "text", "stream": 1, "text": "Still here."}))
        socket.send(json.dumps({"type": "end", "stream": 1}))
        last: dict[str, Any] = {}
        while last.get("type") != "ended":
            frame = socket.recv(timeout=10)
            last = {} if isinstance(frame, bytes) else json.loads(frame)
    assert last["audio_s"] > 0


def test_a_predicted_duration_is_a_stream_of_its_key_and_costs_no_characters(
    locked: tuple[Live, str],
) -> None:
    server, admin = locked

    def predict(secret: str) -> httpx.Response:
        asked = {"text": SAY["text"], "language": "en"}
        path = f"{server.url}/v1/predict-duration/tone"
        return httpx.post(path, json=asked, headers={"x-sup-api-key": secret})

    short = len(str(SAY["text"]))
    free = _key(server, admin, limits={"characters_per_month": short})
    assert [predict(free).status_code for _ in range(3)] == [200, 200, 200]
    assert httpx.post(f"{server.url}/v1/speech", json=SAY, headers=_bearer(free)).status_code == 200
    slow = _key(server, admin, limits={"requests_per_minute": 1})
    assert predict(slow).status_code == 200
    limited = predict(slow)
    assert (limited.status_code, limited.json()["status"]) == (429, "error")
    assert int(limited.headers["retry-after"]) >= 1
    single = _key(server, admin, limits={"concurrent_streams": 1})
    assert [predict(single).status_code for _ in range(2)] == [200, 200], "the place is given back"
    with connect(server.ws_url, additional_headers=_bearer(single)) as socket:
        socket.send('{"type":"open","stream":1,"voice":"tone","format":"pcm"}')
        assert json.loads(socket.recv(timeout=10))["type"] == "opened"
        assert predict(single).status_code == 429


def test_a_socket_needs_a_key_as_well_and_a_browser_can_bring_it(locked: tuple[Live, str]) -> None:
    server, admin = locked
    with pytest.raises(InvalidStatus) as refused, connect(server.ws_url):
        pass
    assert refused.value.response.status_code == 401
    offered: Any = ["vivavoce.v1", f"vivavoce.key.{admin}"]
    with connect(server.ws_url, subprotocols=offered) as socket:
        assert socket.subprotocol == "vivavoce.v1"
        socket.send('{"type":"ping"}')
        assert json.loads(socket.recv(timeout=10))["type"] == "pong"


def test_a_dictionary_changes_what_is_said_and_marks_keep_the_callers_words(server: Live) -> None:
    base = f"{server.url}/v1/speech"
    draft = {"name": "d", "entries": [{"original": "SQL", "rewrite": "see quel"}]}
    made = httpx.post(f"{base}/dictionaries", json=draft).json()
    ask = {
        "text": "Use SQL now.",
        "voice": "tone",
        "format": "pcm",
        "marks": ["word"],
        "dictionary": made["id"],
    }
    lines = httpx.post(base, json=ask, headers={"accept": "application/x-ndjson"}).text.splitlines()
    marks = [m for m in map(json.loads, lines) if m["type"] == "mark"]
    assert [m["value"] for m in marks] == ["Use", "SQL", "SQL", "now."]
    changed = httpx.put(f"{base}/dictionaries/{made['id']}", json={"description": "words"}).json()
    assert (changed["description"], changed["entries"]) == ("words", made["entries"])
    assert made["id"] in [d["id"] for d in httpx.get(f"{base}/dictionaries").json()["dictionaries"]]
    assert httpx.delete(f"{base}/dictionaries/{made['id']}").status_code == 204
    gone = httpx.post(base, json=ask)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


def test_rewrite_rules_spell_out_what_is_written(server: Live) -> None:
    ask = {"text": "Pay $1500 now.", "voice": "tone", "format": "pcm", "marks": ["word"], "rewrite": "en"}
    answer = httpx.post(f"{server.url}/v1/speech", json=ask, headers={"accept": "application/x-ndjson"})
    values = [m["value"] for m in map(json.loads, answer.text.splitlines()) if m["type"] == "mark"]
    assert values == ["Pay", *["$1500"] * 4, "now."]
    unknown = httpx.post(f"{server.url}/v1/speech", json={**ask, "rewrite": "klingon"})
    assert unknown.status_code == 400


def _spoken(server: Live, **ask: Any) -> bytes:
    body = {"text": "The weather is nice today.", "format": "wav", "complete": True, **ask}
    answer = httpx.post(f"{server.url}/v1/speech", json=body)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("semitones", [-3.0, 4.0])
def test_a_voice_is_matched_to_a_recording_by_its_pitch(server: Live, semitones: float) -> None:
    recording = _spoken(server, voice="en-us+edward", pitch=semitones)
    files = {"file": ("me.wav", recording, "audio/wav")}
    answer = httpx.post(f"{server.url}/v1/speech/custom-voices", data={"name": "Me"}, files=files)
    assert answer.status_code == 201, answer.text
    voice = answer.json()
    assert "not cloned" in voice["description"]
    pitches = []
    for audio in (recording, _spoken(server, voice=voice["id"])):
        pitch = matching.median_pitch_hz(matching.samples(audio))
        assert pitch is not None
        pitches.append(pitch)
    assert pitches[1] == pytest.approx(pitches[0], rel=0.12)
    assert httpx.delete(f"{server.url}/v1/speech/custom-voices/{voice['id']}").status_code == 204


def test_a_preset_speaks_with_its_own_ways(server: Live) -> None:
    preset = {"id": "slowly", "name": "Slowly", "base_voice": "en-us+edward", "speed": 0.5}
    assert httpx.post(f"{server.url}/v1/speech/custom-voices", json=preset).status_code == 201
    lengths = []
    for voice in ("en-us+edward", "slowly"):
        with contextlib.closing(wave.open(io.BytesIO(_spoken(server, voice=voice)))) as clip:
            lengths.append(clip.getnframes() / clip.getframerate())
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.2)


def test_an_upload_that_is_no_audio_is_refused(server: Live) -> None:
    files = {"file": ("me.wav", b"not audio at all", "audio/wav")}
    answer = httpx.post(f"{server.url}/v1/speech/custom-voices", data={"name": "Me"}, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media")
    broken = httpx.post(
        f"{server.url}/v1/speech/custom-voices",
        content=b"--x\r\nbroken",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert broken.status_code == 400


def test_silence_has_no_pitch_and_noise_is_no_voice() -> None:
    import numpy as np

    assert matching.median_pitch_hz(np.zeros(16_000, np.float32)) is None
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    assert matching.median_pitch_hz(noise) is None
    with pytest.raises(VivavoceError):
        matching.samples(b"")


def test_a_server_with_a_key_serves_other_addresses(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        secret = httpx.post(f"{first.url}/v1/speech/keys", json={"name": "k"}).json()["secret"]
    with serving(tmp_path, host="0.0.0.0") as open_to_all:
        local = f"http://127.0.0.1:{open_to_all.port}/v1/speech"
        assert httpx.post(local, json=SAY).status_code == 401
        assert httpx.post(local, json=SAY, headers=_bearer(secret)).status_code == 200


def test_a_keys_own_voice_is_spoken_for_it_and_unknown_to_others(locked: tuple[Live, str]) -> None:
    server, admin = locked
    mine, other = _key(server, admin), _key(server, admin)
    preset = {"name": "Mine", "base_voice": "tone", "speed": 0.5}
    made = httpx.post(f"{server.url}/v1/speech/custom-voices", json=preset, headers=_bearer(mine))
    assert made.status_code == 201, made.text
    ask = {**SAY, "voice": made.json()["id"]}
    assert httpx.post(f"{server.url}/v1/speech", json=ask, headers=_bearer(mine)).status_code == 200
    refused = httpx.post(f"{server.url}/v1/speech", json=ask, headers=_bearer(other))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unknown_voice")


def test_what_is_made_whole_does_not_keep_to_a_listeners_pace(tmp_path: Path) -> None:
    text = "This sentence is spoken again and again. " * 16
    ask = {"text": text, "voice": "tone", "format": "mp3", "complete": True}
    with serving(tmp_path, lead_s=0.5) as server:
        answer = httpx.post(f"{server.url}/v1/speech", json=ask, timeout=20)
        assert answer.status_code == 200
        audio_s = len(answer.content) * 8 / 64_000
        assert audio_s > 30
        assert answer.elapsed.total_seconds() < audio_s / 2
