"""The table of paths: every wire under its prefix and at the root, and who answers where paths collide."""

from __future__ import annotations

import asyncio
import itertools
import json
from functools import cache
from typing import Any

import pytest
from starlette.routing import BaseRoute, Match, Route

from rehearsal import Line, fetch, house
from vivavoce.server import table
from vivavoce.server.app import App, routes

pytestmark = pytest.mark.fast

SAMPLES = {"{voice_id}": "v1", "{uid}": "u1", "{id}": "i1"}


def _paths(wire: table.Wire) -> list[str]:
    home, _ = house()
    settings = home.settings
    found = [*wire.speech(settings), *(service.path for service in wire.services(settings))]
    return sorted(set(found))


def _filled(path: str) -> str:
    for name, value in SAMPLES.items():
        path = path.replace(name, value)
    assert "{" not in path, path
    return path


@cache
def _routes() -> tuple[BaseRoute, ...]:
    home, _ = house()
    return tuple(routes(home))


def _answerer(path: str, headers: dict[str, str]) -> str:
    """Which wire answers ``path`` with ``headers``."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "method": "GET", "root_path": "", "headers": raw}
    for route in _routes():
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            endpoint: Any = route.endpoint
            return str(getattr(endpoint, "app", endpoint).name)
    raise AssertionError(f"nothing at {path}")


@pytest.mark.parametrize("wire", table.WIRES, ids=lambda wire: wire.name)
def test_every_path_is_served_under_the_prefix_by_its_own_wire(wire: table.Wire) -> None:
    for path in _paths(wire):
        assert _answerer(f"/{wire.name}{_filled(path)}", {}) == wire.name


@pytest.mark.parametrize(
    ("one", "other"), list(itertools.combinations(table.WIRES, 2)), ids=lambda wire: wire.name
)
def test_wires_collide_only_where_the_table_says_who_answers(one: table.Wire, other: table.Wire) -> None:
    for path in set(_paths(one)) & set(_paths(other)):
        undecided = _answerer(_filled(path), {})
        assert undecided == one.name, "the earlier wire answers what no header decides"
        if other.name == "supertone":
            assert _answerer(_filled(path), {"x-sup-api-key": "k"}) == "supertone"


def test_a_literal_path_of_one_vendor_is_no_id_of_another() -> None:
    assert _answerer("/v1/voices/list", {}) == "suonora"
    assert _answerer("/v1/voices/count", {}) == "soniox"
    assert _answerer("/v1/voices/search", {"x-sup-api-key": "k"}) == "supertone"


@pytest.mark.parametrize("name", ["list", "count"])
def test_a_literal_path_of_one_vendor_is_an_id_to_a_client_that_is_surely_anothers(name: str) -> None:
    assert _answerer(f"/v1/voices/{name}", {"x-sup-api-key": "k"}) == "supertone"


@pytest.mark.parametrize(
    ("headers", "wire"),
    [
        ({"authorization": "Bearer k"}, "soniox"),
        ({}, "soniox"),
        ({"x-sup-api-key": "k"}, "supertone"),
        ({"user-agent": "speakeasy-sdk/python 0.2.3 2.686.7 0.9.6 supertone"}, "supertone"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/voices", "/v1/voices/v1"])
def test_the_voices_of_soniox_and_supertone_are_told_apart_by_header(
    path: str, headers: dict[str, str], wire: str
) -> None:
    assert _answerer(path, headers) == wire


def _shape(body: bytes) -> set[str]:
    return set(json.loads(body))


SHAPES = {
    "soniox": {"status_code", "error_type", "message", "validation_errors", "request_id", "more_info"},
    "gradium": {"detail"},
    "supertone": {"status", "message"},
    "suonora": {"success", "message"},
    "native": {"error"},
}


@pytest.mark.parametrize(
    ("target", "headers", "status", "wire"),
    [
        ("/soniox/nothing", {}, 404, "soniox"),
        ("/soniox/tts-websocket", {}, 400, "soniox"),
        ("/tts-websocket", {}, 400, "soniox"),
        ("/gradium/nothing", {}, 404, "gradium"),
        ("/api/nothing", {}, 404, "gradium"),
        ("/api/speech/asr", {}, 404, "gradium"),
        ("/api/speech/tts", {}, 400, "gradium"),
        ("/gradium/speech/tts", {}, 400, "gradium"),
        ("/supertone/v1/nothing", {}, 404, "supertone"),
        ("/v1/nothing", {"x-sup-api-key": "k"}, 404, "supertone"),
        ("/v1/text-to-speech/v1/streams", {}, 404, "supertone"),
        ("/suonora/v1/nothing", {}, 404, "suonora"),
        ("/v1/audio/nothing", {}, 404, "suonora"),
        ("/v1/nothing", {}, 404, "native"),
    ],
)
def test_what_is_not_there_is_told_in_the_words_of_the_wire_that_was_meant(
    target: str, headers: dict[str, str], status: int, wire: str
) -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "GET", target, headers=headers))
    assert (call.status, call.headers["content-type"]) == (status, "application/json")
    assert _shape(call.body) == SHAPES[wire]


@pytest.mark.parametrize("wire", table.WIRES, ids=lambda wire: wire.name)
def test_a_folder_of_a_wires_own_has_nothing_of_another(wire: table.Wire) -> None:
    others = [path for other in table.WIRES if other is not wire for path in _paths(other)]
    for folder in wire.own:
        assert [path for path in others if path.startswith(f"{folder}/")] == []


@pytest.mark.parametrize(("path", "wire"), [("/soniox/tts", "soniox"), ("/api/speech/asr", "gradium")])
def test_a_socket_that_is_not_there_is_denied_in_the_words_of_its_wire(path: str, wire: str) -> None:
    async def story() -> None:
        home, _ = house()
        async with Line(App(home), path) as line:
            head, body = line.sent
            assert (head["type"], head["status"]) == ("websocket.http.response.start", 404)
            assert _shape(body["body"]) == SHAPES[wire]

    asyncio.run(story())


def test_the_front_page_is_no_socket() -> None:
    home, _ = house()
    call = asyncio.run(fetch(App(home), "GET", "/"))
    assert (call.status, call.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_voice_names_of_one_vendor_and_gender_are_numbered_and_the_first_vendor_has_a_name() -> None:
    personas = table.personas()
    for wire in table.WIRES:
        for gender in ("male", "female"):
            mine = [n.lower() for n, alias in wire.voices.items() if alias.gender == gender]
            numbers = [personas[name].number for name in mine if personas[name].gender == gender]
            assert len(numbers) <= len(mine)
    assert all(name == name.lower() for name in personas)
    assert personas["axel"].gender == "male"
