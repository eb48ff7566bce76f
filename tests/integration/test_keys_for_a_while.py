"""Keys for a while, of the wires that have them: Soniox's temporary keys and Gradium's tokens."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from key_office import (
    SAID,
    TEXT,
    WAYS,
    Office,
    config,
    dial,
    headers_of,
    hear_out,
    soniox_stream,
    speak,
)
from wire import eventually

pytestmark = pytest.mark.integration


def temporary(office: Office, parent: str | None = None, **fields: Any) -> str:
    """A temporary key of Soniox's wire."""
    body = {"usage_type": "tts_rt", "expires_in_seconds": 60, **fields}
    headers = headers_of("soniox", parent or office.admin)
    answer = httpx.post(f"{office.server.url}/v1/auth/temporary-api-key", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    assert made.keys() == {"api_key", "expires_at"}
    return made["api_key"]


def test_a_temporary_key_of_soniox_speaks_until_it_expires(office: Office) -> None:
    secret = temporary(office, expires_in_seconds=1)
    assert speak(office.server, "soniox", secret).status_code == 200
    eventually(lambda: speak(office.server, "soniox", secret).status_code == 401)
    assert speak(office.server, "soniox", secret).json()["error_message"] == SAID["soniox"]["expired"]


def test_a_temporary_key_is_worth_what_its_parent_is(office: Office) -> None:
    parent = office.key(limits={"characters_per_month": len(TEXT)})
    secret = temporary(office, parent)
    assert speak(office.server, "soniox", secret).status_code == 200
    assert speak(office.server, "soniox", parent).status_code == 402
    office.revoke(parent)
    assert speak(office.server, "soniox", secret).json()["error_message"] == "Invalid API key."


def test_a_temporary_key_manages_nothing(office: Office) -> None:
    headers = headers_of("soniox", temporary(office))
    answer = httpx.get(f"{office.server.url}/v1/usage-logs", headers=headers)
    assert (answer.status_code, answer.json()["error_type"]) == (403, "permission_denied")


def test_a_single_use_key_is_used_once_whichever_way_it_comes(office: Office) -> None:
    secret = temporary(office, single_use=True)
    assert speak(office.server, "soniox", secret).status_code == 200
    again = speak(office.server, "soniox", secret)
    assert (again.status_code, again.json()["error_message"]) == (401, SAID["soniox"]["expired"])
    secret = temporary(office, single_use=True)
    with dial(office, "/tts-websocket", subprotocols=["soniox-api-key", secret]) as line:
        for stream in ("s1", "s2"):
            assert "audio" in soniox_stream(line, stream)
    with dial(office, "/tts-websocket", subprotocols=["soniox-api-key", secret]) as line:
        assert hear_out(line)[0][0]["error_code"] == 401


def test_a_single_use_key_in_configs_is_good_for_one_socket(office: Office) -> None:
    """The Node client repeats the key in every config."""
    secret = temporary(office, single_use=True)
    with dial(office, "/tts-websocket") as line:
        for stream in ("s1", "s2"):
            assert "audio" in soniox_stream(line, stream, api_key=secret)
        with dial(office, "/tts-websocket") as other:
            error = soniox_stream(other, "s1", api_key=secret)
            assert (error["error_code"], error["error_message"]) == (401, SAID["soniox"]["expired"])
        assert "audio" in soniox_stream(line, "s3", api_key=secret)
    assert speak(office.server, "soniox", secret).status_code == 401


@pytest.mark.parametrize("place", ["handshake", "config"])
def test_a_session_is_no_longer_than_its_key_allows(office: Office, place: str) -> None:
    secret = temporary(office, max_session_duration_seconds=1)
    given = {"additional_headers": headers_of("soniox", secret)} if place == "handshake" else {}
    with dial(office, "/tts-websocket", **given) as line:
        line.send(config("s1", **({"api_key": secret} if place == "config" else {})))
        messages, code = hear_out(line)
    last = messages[-1]
    assert (last["error_code"], last["error_type"]) == (403, "temp_api_key_session_expired")
    assert ("stream_id" in last, code) == (False, 1008)


def test_the_caller_of_a_temporary_key_is_named_in_the_books(office: Office) -> None:
    secret = temporary(office, client_reference_id="kiosk-7")
    assert speak(office.server, "soniox", secret).status_code == 200
    now = time.time()
    window = {
        name: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + offset_s))
        for name, offset_s in (("start_time", -3600), ("end_time", 3600))
    }
    headers = headers_of("soniox", office.admin)
    answer = httpx.get(f"{office.server.url}/v1/usage-logs", params=window, headers=headers)
    assert "kiosk-7" in [row["client_reference_id"] for row in answer.json()["usage_logs"]]


def test_a_token_of_gradium_opens_one_socket_or_one_request(office: Office) -> None:
    def token() -> str:
        url = f"{office.server.url}/api/api-keys/token"
        made = httpx.get(url, headers=headers_of("gradium", office.admin)).json()
        assert made.keys() == {"token", "expires_at"}
        return str(made["token"])

    one = token()
    url = f"{office.server.url}{WAYS['gradium'].path}?token={one}"
    assert httpx.post(url, json=WAYS["gradium"].body).status_code == 200
    again = httpx.post(url, json=WAYS["gradium"].body)
    assert (again.status_code, again.json()) == (401, {"detail": "API key is revoked or expired"})
    path = f"/api/speech/tts?token={token()}"
    with dial(office, path) as line:
        line.send('{"type":"setup","voice_id":"tone"}')
        assert json.loads(line.recv(timeout=20))["type"] == "ready"
    with dial(office, path) as line:
        messages, code = hear_out(line)
    assert (messages[0]["message"], code) == ("API key is revoked or expired", 1008)
