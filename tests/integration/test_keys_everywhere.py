"""Keys on every wire: each way a key can fail has the wire's own status, body or close code, and a key that is good
works in every place where the wire's clients put it."""

from __future__ import annotations

import contextlib
import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from key_office import (
    FAULTS,
    SAID,
    SONIOX_TYPE,
    STATUS,
    TEXT,
    WAYS,
    Fault,
    Office,
    check_refusal,
    config,
    dial,
    headers_of,
    hear_out,
    soniox_stream,
    speak,
)
from wire import eventually

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("wire", WAYS)
def test_speech_is_refused_in_the_wires_own_words(office: Office, wire: str, fault: Fault) -> None:
    with office.failing(fault) as secret:
        answer = speak(office.server, wire, secret)
    check_refusal(answer, wire, fault)
    assert secret is None or secret not in answer.text


@pytest.mark.parametrize("wire", WAYS)
def test_a_good_key_speaks_and_a_stream_that_ends_makes_room(office: Office, wire: str) -> None:
    with office.failing("streams") as secret:
        assert speak(office.server, wire, secret).status_code == 429
    eventually(lambda: speak(office.server, wire, secret).status_code == 200)


@pytest.mark.parametrize("fault", ["none", "wrong", "expired", "revoked", "scope"])
@pytest.mark.parametrize("wire", [wire for wire, way in WAYS.items() if way.look])
def test_plain_requests_are_refused_as_well(office: Office, wire: str, fault: Fault) -> None:
    with office.failing(fault) as secret:
        answer = httpx.get(office.server.url + WAYS[wire].look, headers=headers_of(wire, secret))
    if wire != "soniox":
        check_refusal(answer, wire, fault)
        return
    # Management calls have a body of their own.
    body = answer.json()
    status = 403 if fault == "scope" else 401
    assert (answer.status_code, body["status_code"], body["error_type"]) == (
        status,
        status,
        SONIOX_TYPE[status],
    )
    assert body["validation_errors"] == []
    assert SAID["soniox"].get(fault) in (None, body["message"])


# ---- sockets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["wrong", "expired", "revoked", "scope"])
def test_soniox_refuses_a_handshake_with_a_bad_key(office: Office, fault: Fault) -> None:
    with (
        office.failing(fault) as secret,
        pytest.raises(InvalidStatus) as refused,
        dial(office, "/tts-websocket", additional_headers=headers_of("soniox", secret)),
    ):
        pass
    response = refused.value.response
    answer = httpx.Response(
        response.status_code, headers=list(response.headers.raw_items()), content=bytes(response.body)
    )
    check_refusal(answer, "soniox", fault)


@pytest.mark.parametrize("fault", ["wrong", "expired", "revoked"])
def test_soniox_tells_a_browser_inside_the_socket(office: Office, fault: Fault) -> None:
    with (
        office.failing(fault) as secret,
        dial(office, "/tts-websocket", subprotocols=["soniox-api-key", secret]) as line,
    ):
        assert line.subprotocol == "soniox-api-key"
        messages, code = hear_out(line)
    assert [(m["error_code"], m["error_message"]) for m in messages] == [(401, SAID["soniox"][fault])]
    assert "stream_id" not in messages[0]
    assert code == 1008


@pytest.mark.parametrize("fault", FAULTS)
def test_soniox_refuses_a_stream_whose_config_brings_a_bad_key_and_the_socket_goes_on(
    office: Office, fault: Fault
) -> None:
    with office.failing(fault) as secret, dial(office, "/tts-websocket") as line:
        error = soniox_stream(line, "bad", **({} if secret is None else {"api_key": secret}))
        status = 401 if fault in SAID["soniox"] else STATUS["soniox"].get(fault, 429)
        assert (error["error_code"], error["error_type"]) == (status, SONIOX_TYPE[status])
        assert SAID["soniox"].get(fault) in (None, error["error_message"])
        good = soniox_stream(line, "good", api_key=office.admin)
        assert "audio" in good


@pytest.mark.parametrize("fault", FAULTS)
def test_gradium_tells_and_closes_with_the_same_code(office: Office, fault: Fault) -> None:
    with (
        office.failing(fault) as secret,
        dial(office, "/api/speech/tts", additional_headers=headers_of("gradium", secret)) as line,
    ):
        with contextlib.suppress(ConnectionClosed):  # refused already
            line.send('{"type":"setup","voice_id":"tone","output_format":"pcm"}')
            line.send(json.dumps({"type": "text", "text": TEXT}))
            line.send('{"type":"end_of_stream"}')
        messages, code = hear_out(line)
    assert messages[-1]["type"] == "error"
    assert (messages[-1]["code"], code) == (1008, 1008)
    assert SAID["gradium"].get(fault) in (None, messages[-1]["message"])
    assert not any(message["type"] == "audio" for message in messages)


@pytest.mark.parametrize(
    ("wire", "path"),
    [("native", "/v1/speech/stream"), ("soniox", "/tts-websocket"), ("gradium", "/speech/tts")],
)
def test_a_key_that_is_revoked_opens_no_more_streams_on_its_socket(
    office: Office, wire: str, path: str
) -> None:
    secret = office.key()
    with dial(office, path, additional_headers=headers_of(wire, secret)) as line:
        opening = {
            "native": '{"type":"open","voice":"tone","format":"pcm"}',
            "soniox": config("s1"),
            "gradium": '{"type":"setup","voice_id":"tone","output_format":"pcm"}',
        }[wire]
        office.revoke(secret)
        line.send(opening)
        said = json.loads(line.recv(timeout=20))
    told = {"native": said.get("code"), "soniox": said.get("error_code"), "gradium": said.get("code")}
    assert told[wire] == {"native": "key_revoked", "soniox": 401, "gradium": 1008}[wire]
