"""Pages of other origins: preflights, answers, and who is not let in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from rehearsal import Call, fetch, house
from vivavoce.server.app import App
from vivavoce.server.cors import origins

pytestmark = pytest.mark.fast

PAGE = "https://example.org"
BODY = json.dumps({"input": "Hi.", "model": "legacy-v2.5", "voice": "paper"}).encode()
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


def ask(method: str, headers: Mapping[str, str], path: str = "/v1/audio/stream", allowed: str = "*") -> Call:
    home, _ = house(cors_origins=allowed)
    return asyncio.run(fetch(App(home), method, path, BODY, headers))


@pytest.mark.parametrize("prefix", ["", "/suonora"])
@pytest.mark.parametrize("path", ["/v1/audio/stream", "/v1/audio/speech", "/v1/voices/list", "/v1/balance"])
def test_a_preflight_allows_what_the_vendors_page_asks(path: str, prefix: str) -> None:
    call = ask("OPTIONS", PREFLIGHT, prefix + path)
    assert (call.status, call.body) == (204, b"")
    assert call.headers["access-control-allow-origin"] == "*"
    assert "POST" in call.headers["access-control-allow-methods"]
    assert call.headers["access-control-allow-headers"] == "authorization,content-type"
    assert int(call.headers["access-control-max-age"]) > 0


def test_the_answer_may_be_read_by_the_page() -> None:
    call = ask("POST", {"origin": PAGE})
    assert (call.status, call.body) == (200, b"Hi.")
    assert call.headers["access-control-allow-origin"] == "*"
    assert "content-range" in call.headers["access-control-expose-headers"]


def test_so_may_a_refusal() -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "POST", "/v1/audio/stream", b"{", {"origin": PAGE}))
    assert call.status == 400
    assert call.headers["access-control-allow-origin"] == "*"


def test_named_origins_are_let_in_and_others_are_not() -> None:
    allowed = "https://example.org/, http://localhost:3000"
    call = ask("POST", {"origin": PAGE}, allowed=allowed)
    assert (call.headers["access-control-allow-origin"], call.headers["vary"]) == (PAGE, "origin")
    for origin in ("https://evil.example", "null", "https://example.org.evil"):
        call = ask("POST", {"origin": origin}, allowed=allowed)
        assert "access-control-allow-origin" not in call.headers
        call = ask("OPTIONS", {**PREFLIGHT, "origin": origin}, allowed=allowed)
        assert call.status == 405
    assert ask("OPTIONS", PREFLIGHT, allowed="").status == 405


def test_a_page_of_the_internet_may_ask_for_this_machine() -> None:
    call = ask("OPTIONS", {**PREFLIGHT, "access-control-request-private-network": "true"})
    assert call.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in ask("OPTIONS", PREFLIGHT).headers


def test_names_that_are_none_are_not_echoed() -> None:
    call = ask("OPTIONS", {**PREFLIGHT, "access-control-request-headers": "a: b"})
    assert call.headers["access-control-allow-headers"] == "authorization, content-type"


def test_wires_that_are_not_for_browsers_stay_closed() -> None:
    call = ask("OPTIONS", PREFLIGHT, "/v1/text-to-speech/x")
    assert call.status == 405
    assert "access-control-allow-origin" not in call.headers


def test_without_an_origin_nothing_changes() -> None:
    assert "access-control-allow-origin" not in ask("POST", {}).headers
    assert ask("OPTIONS", {}).status == 405


def test_the_setting_is_a_list() -> None:
    assert origins(" HTTPS://A.example/ ,*,, ") == ("https://a.example", "*")
