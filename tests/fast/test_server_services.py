"""Plain requests: who may manage a server that has no keys, and forms that take long to read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

import pytest

from paper_desk import PaperDesk
from rehearsal import Call, fetch, house
from vivavoce.errors import StorageError
from vivavoce.records import Dictionary
from vivavoce.server.app import App

pytestmark = pytest.mark.fast

HOST = "127.0.0.1:8080"
DICTIONARY = json.dumps({"name": "mine"}).encode()


class PaperBackroom:
    """A desk of paper and no store: no keys."""

    store = None

    def __init__(self) -> None:
        self.desk = PaperDesk()

    async def close(self) -> None:
        """Nothing was opened."""


def ask(
    method: str, path: str, headers: Mapping[str, str], body: bytes = DICTIONARY, **settings: bool
) -> Call:
    home, _ = house(**settings)
    home.backroom = PaperBackroom()
    return asyncio.run(fetch(App(home), method, path, body, {"host": HOST, **headers}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://evil.example:8080", "host": "evil.example:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": f"http://{HOST}"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/speech/keys"), ("POST", "/v1/speech/dictionaries"), ("POST", "/api/pronunciations")],
)
def test_a_page_of_another_origin_does_not_manage_a_server_without_keys(
    method: str, path: str, headers: Mapping[str, str]
) -> None:
    # A plain form: browsers send it without asking first.
    assert ask(method, path, {"content-type": "text/plain", **headers}).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": f"http://{HOST}"},
        {"origin": "http://localhost:8080", "host": "localhost:8080"},
        {"origin": "http://localhost", "host": "localhost"},
        {"origin": "http://[::1]:8080", "host": "[::1]:8080"},
        {"sec-fetch-site": "same-origin", "origin": "https://voice.example"},
        {"sec-fetch-site": "none"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "no page",
)
def test_its_own_page_and_programs_do(headers: Mapping[str, str]) -> None:
    assert ask("POST", "/v1/speech/dictionaries", headers).status == 201


def test_a_server_for_others_goes_by_any_name() -> None:
    headers = {"origin": "http://voice.lan:8080", "host": "voice.lan:8080"}
    assert ask("POST", "/v1/speech/dictionaries", headers, insecure=True).status == 201


def test_looking_is_left_to_every_page() -> None:
    assert ask("GET", "/v1/speech/dictionaries", {"origin": "https://evil.example"}, b"").status == 200


def test_a_large_form_leaves_turns_to_others() -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n%s\r\n--x--\r\n'
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def story() -> None:
        home, _ = house()
        home.backroom = PaperBackroom()
        beside = asyncio.create_task(neighbour())
        headers = {"host": HOST, "content-type": "multipart/form-data; boundary=x"}
        body = form % (b"\r\n" * (450 << 10))
        call = await fetch(App(home), "POST", "/v1/speech/custom-voices", body, headers)
        assert call.status == 400, call.body  # it names no voice
        beside.cancel()

    asyncio.run(story())
    assert turns > 12


@pytest.mark.parametrize("path", ["/v1/speech/dictionaries", "/api/pronunciations"])
def test_what_the_database_says_is_for_the_operator_alone(
    path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: PaperDesk, account: str | None, language: str | None = None) -> Sequence[Dictionary]:
        raise StorageError("the database failed", reason="no password for u@db.example")

    monkeypatch.setattr(PaperDesk, "dictionaries", broken)
    call = ask("GET", path, {}, b"")
    assert call.status == 500
    assert b"db.example" not in call.body
    assert "the database failed: no password for u@db.example" in caplog.text
