"""Keys on every wire: each way a key can fail has the wire's own status, body or close code, and a key that is good
works in every place where the wire's clients put it. Sources are those of ``docs/reference``."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import httpx
import pytest
from msgspec import Struct
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from live import Live, serving
from wire import eventually

pytestmark = pytest.mark.integration

Fault = Literal["none", "wrong", "expired", "revoked", "scope", "quota", "rate", "streams"]
FAULTS: Final[tuple[Fault, ...]] = (
    "none",
    "wrong",
    "expired",
    "revoked",
    "scope",
    "quota",
    "rate",
    "streams",
)
TEXT = "One two three."
WRONG = "vv_0123456789abcdefghijklmnopqrstuvwxyz"


class Way(Struct, frozen=True):
    """How one wire is asked for speech."""

    path: str
    body: dict[str, Any]
    header: str
    scheme: str = ""
    look: str = ""
    """A plain request of it that needs no more than the scope speech."""


WAYS: Final[Mapping[str, Way]] = {
    "native": Way("/v1/speech", {"text": TEXT, "voice": "tone", "format": "wav"}, "authorization", "Bearer "),
    "soniox": Way(
        "/soniox/tts",
        {"model": "tts-rt-v2", "language": "en", "voice": "tone", "audio_format": "wav", "text": TEXT},
        "authorization",
        "Bearer ",
        "/soniox/v1/voices",
    ),
    "gradium": Way(
        "/gradium/api/post/speech/tts",
        {"text": TEXT, "voice_id": "tone", "output_format": "wav", "only_audio": True},
        "x-api-key",
        look="/gradium/api/voices/",
    ),
    "supertone": Way(
        "/supertone/v1/text-to-speech/tone",
        {"text": TEXT, "language": "en"},
        "x-sup-api-key",
        look="/supertone/v1/voices",
    ),
    "suonora": Way(
        "/suonora/v1/audio/speech",
        {"input": TEXT, "model": "sonic-speed", "voice": "tone"},
        "authorization",
        "Bearer ",
        "/suonora/v1/voices/list",
    ),
}
STATUS: Final[Mapping[str, Mapping[Fault, int]]] = {
    "native": {"scope": 403, "quota": 429},
    "soniox": {"scope": 403, "quota": 402},
    "gradium": {"scope": 403, "quota": 402},
    "supertone": {"scope": 403, "quota": 402},
    "suonora": {"scope": 403, "quota": 429},
}
"""Where wires differ; too many of anything is 429 and no good key 401 on all."""
SAID: Final[Mapping[str, Mapping[Fault, str]]] = {
    "soniox": {
        "none": "Missing API key.",
        "wrong": "Invalid API key.",
        "expired": "Invalid/expired temporary API key.",
        "revoked": "Invalid API key.",
    },
    "gradium": {
        "none": "API key is missing",
        "wrong": "API key is revoked or expired",
        "expired": "API key is revoked or expired",
        "revoked": "API key is revoked or expired",
    },
    "supertone": dict.fromkeys(("none", "wrong", "expired", "revoked"), "Invalid API Key"),
    "suonora": dict.fromkeys(("none", "wrong", "expired", "revoked"), "The provided API key is invalid."),
}
"""The vendor's sentence, where one is known."""
PHRASE: Final = {
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    429: "Too Many Requests",
}
SONIOX_TYPE: Final = {
    401: "unauthenticated",
    402: "project_monthly_budget_exhausted",
    403: "permission_denied",
    429: "limit_exceeded",
}
CODE: Final[Mapping[Fault, str]] = {
    "none": "key_missing",
    "wrong": "unauthorized",
    "expired": "key_expired",
    "revoked": "key_revoked",
    "scope": "permission_denied",
    "quota": "quota_exceeded",
    "rate": "rate_limited",
    "streams": "concurrency_limit",
}


class Office:
    """A server with an admin key, and keys that fail in each way."""

    def __init__(self, server: Live) -> None:
        self.server = server
        draft = {"name": "root", "scopes": ["admin", "speech", "manage"]}
        answer = httpx.post(f"{server.url}/v1/speech/keys", json=draft)
        assert answer.status_code == 201, answer.text
        self.admin: str = answer.json()["secret"]
        self._expires_at = time.time() + 1.0
        self._expired = self.key(expires_at=self._expires_at)

    def key(self, **draft: Any) -> str:
        """The secret of a new key."""
        headers = {"authorization": f"Bearer {self.admin}"}
        answer = httpx.post(f"{self.server.url}/v1/speech/keys", json={"name": "k", **draft}, headers=headers)
        assert answer.status_code == 201, answer.text
        secret: str = answer.json()["secret"]
        return secret

    def revoke(self, secret: str) -> None:
        headers = {"authorization": f"Bearer {self.admin}"}
        rows = httpx.get(f"{self.server.url}/v1/speech/keys", headers=headers).json()["keys"]
        (mine,) = (row["id"] for row in rows if secret.startswith(row["prefix"]))
        url = f"{self.server.url}/v1/speech/keys/{mine}"
        assert httpx.delete(url, headers=headers).status_code == 200

    @contextlib.contextmanager
    def failing(self, fault: Fault) -> Iterator[str | None]:
        """A key that fails so within."""
        match fault:
            case "none":
                yield None
            case "wrong":
                yield WRONG
            case "expired":
                eventually(lambda: time.time() > self._expires_at)
                yield self._expired
            case "revoked":
                secret = self.key()
                self.revoke(secret)
                yield secret
            case "scope":
                yield self.key(scopes=["manage"])
            case "quota":
                yield self.key(limits={"characters_per_month": len(TEXT) - 1})
            case "rate":
                secret = self.key(limits={"requests_per_minute": 1})
                speak(self.server, "native", secret)
                yield secret
            case "streams":
                secret = self.key(limits={"concurrent_streams": 1})
                headers = headers_of("native", secret)
                with connect(self.server.ws_url, additional_headers=headers, close_timeout=1) as socket:
                    socket.send('{"type":"open","voice":"tone","format":"pcm"}')
                    assert json.loads(socket.recv(timeout=10))["type"] == "opened"
                    yield secret


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with serving(tmp_path_factory.mktemp("keys"), engines="tone") as live:
        yield Office(live)


def headers_of(wire: str, secret: str | None) -> dict[str, str]:
    way = WAYS[wire]
    return {} if secret is None else {way.header: way.scheme + secret}


def speak(server: Live, wire: str, secret: str | None) -> httpx.Response:
    way = WAYS[wire]
    return httpx.post(f"{server.url}{way.path}", json=way.body, headers=headers_of(wire, secret), timeout=30)


def check_refusal(answer: httpx.Response, wire: str, fault: Fault) -> None:
    """The answer is the wire's own for this fault, field for field."""
    expected = 401 if fault in ("none", "wrong", "expired", "revoked") else 429
    expected = STATUS[wire].get(fault, expected)
    assert answer.status_code == expected, answer.text
    assert answer.headers["content-type"] == "application/json"
    said = SAID.get(wire, {}).get(fault)
    body = answer.json()
    match wire:
        case "native":
            assert body["error"].keys() >= {"code", "message", "param"}
            assert body["error"]["code"] == CODE[fault]
        case "soniox":
            assert body.keys() == {"error_code", "error_type", "error_message", "more_info", "request_id"}
            assert (body["error_code"], body["error_type"]) == (expected, SONIOX_TYPE[expected])
            assert said in (None, body["error_message"])
        case "gradium":
            assert body.keys() == {"detail"}
            assert said in (None, body["detail"])
        case "supertone":
            assert (body.keys(), body["status"]) == ({"status", "message"}, "error")
            inner = body["message"]
            assert (inner["status_code"], inner["statusCode"]) == (expected, expected)
            assert inner["error"] == PHRASE[expected]
            assert said in (None, inner["message"])
        case "suonora":
            assert (body.keys(), body["success"]) == ({"success", "message"}, False)
            assert said in (None, body["message"])
            assert ("retry-after" in answer.headers) == (expected == 429)
    if fault in ("rate", "streams"):
        assert int(answer.headers["retry-after"]) >= 1


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


def dial(office: Office, path: str, **given: Any) -> ClientConnection:
    url = office.server.url.replace("http", "ws", 1) + path
    line: ClientConnection = connect(url, open_timeout=20, close_timeout=1, **given)
    return line


def hear_out(line: ClientConnection) -> tuple[list[Any], int]:
    """Every message up to the close, and its code."""
    found: list[Any] = []
    try:
        while True:
            found.append(json.loads(line.recv(timeout=20)))
    except ConnectionClosed:
        pass
    assert line.protocol.close_rcvd is not None, "the socket was dropped without a close frame"
    return found, line.protocol.close_rcvd.code


def config(stream: str, **fields: Any) -> str:
    body = {name: value for name, value in WAYS["soniox"].body.items() if name != "text"}
    return json.dumps({**body, "stream_id": stream, **fields})


def until_over(line: ClientConnection, stream: str) -> list[Any]:
    """Soniox's messages up to the end of a stream."""
    found: list[Any] = []
    while not found or not found[-1].get("terminated"):
        found.append(json.loads(line.recv(timeout=20)))
        assert found[-1]["stream_id"] == stream
    return found


def soniox_stream(line: ClientConnection, stream: str, **fields: Any) -> Any:
    """The first message about a stream that says everything at once."""
    line.send(config(stream, **fields))
    line.send(json.dumps({"stream_id": stream, "text": TEXT, "text_end": True}))
    found = until_over(line, stream)
    if found[0].get("error_code", 402) != 402:
        # Refused with its config, so that its text was one for a stream that is not there; 402 comes of the text.
        assert until_over(line, stream)[0]["error_type"] == "invalid_stream_state"
    return found[0]


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


# ---- keys for a while ---------------------------------------------------------------------------------------------


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
