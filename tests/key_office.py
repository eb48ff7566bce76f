"""Keys that are good and keys that fail in each way, and what every wire says to them.

Sources are those of ``docs/reference``.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import httpx
from msgspec import Struct
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from live import Live
from wire import eventually

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
