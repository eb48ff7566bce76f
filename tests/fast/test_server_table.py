"""The table of paths: every wire under its prefix and at the root, and who answers where paths collide."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.routing import Match, Route

from rehearsal import house
from vivavoce.server import table
from vivavoce.server.app import routes

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


def _endpoint(path: str) -> Any:
    home, _ = house()
    scope = {"type": "http", "path": path, "method": "GET", "root_path": "", "headers": []}
    for route in routes(home):
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return route.endpoint
    raise AssertionError(f"nothing at {path}")


def _answerer(path: str, headers: dict[str, str]) -> str:
    """Which wire answers ``path`` with ``headers``."""
    endpoint = _endpoint(path)
    endpoint = getattr(endpoint, "app", endpoint)
    if isinstance(endpoint, table.Crossroads):
        return endpoint.choose(Headers(headers)).name
    return str(endpoint.name)


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


def test_voice_names_of_one_vendor_and_gender_are_numbered_and_the_first_vendor_has_a_name() -> None:
    personas = table.personas()
    for wire in table.WIRES:
        for gender in ("male", "female"):
            mine = [n.lower() for n, alias in wire.voices.items() if alias.gender == gender]
            numbers = [personas[name].number for name in mine if personas[name].gender == gender]
            assert len(numbers) <= len(mine)
    assert all(name == name.lower() for name in personas)
    assert personas["axel"].gender == "male"
