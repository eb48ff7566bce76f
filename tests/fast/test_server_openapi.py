"""The OpenAPI document describes what the server does."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route, WebSocketRoute

from rehearsal import fetch, house
from vivavoce.dialects.native.errors import HTTP_STATUS
from vivavoce.server import openapi, reference
from vivavoce.server.app import App, routes

pytestmark = pytest.mark.fast

DOCUMENT = openapi.document()


def check(value: Any, schema: str) -> None:
    """Raises when ``value`` is no ``schema``."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(root).validate(value)


def test_every_path_of_the_wire_is_described_and_none_besides() -> None:
    home, _ = house()
    served = set()
    for route in routes(home):
        assert isinstance(route, Route | WebSocketRoute)
        served.add(route.path)
    assert set(DOCUMENT["paths"]) == {path for path in served if path.startswith("/v1/speech")}


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.split('"')[0] in DOCUMENT["components"]["schemas"]
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/speech/health", "Health"),
        ("/v1/speech/ready", "Health"),
        ("/v1/speech/voices", "Voices"),
        ("/v1/speech/formats", "Formats"),
        ("/v1/speech/languages", "Languages"),
        ("/nowhere", "ErrorBody"),
    ],
)
def test_answers_are_as_described(path: str, schema: str) -> None:
    home, _ = house()
    check(json.loads(asyncio.run(fetch(App(home), "GET", path)).body), schema)


def test_a_request_is_as_described() -> None:
    check({"text": "x", "speed": 4, "marks": ["word"], "language": None}, "SpeechRequest")
    for bad in ({}, {"text": "x", "speed": 5}, {"text": "x", "voise": "y"}, {"text": 1}):
        with pytest.raises(jsonschema.ValidationError):
            check(bad, "SpeechRequest")


def test_every_status_of_the_wire_is_told_for_speech_or_the_socket() -> None:
    paths = DOCUMENT["paths"]
    told = "".join(
        response["description"]
        for operation in (paths["/v1/speech"]["post"], paths["/v1/speech/stream"]["get"])
        for response in operation["responses"].values()
    )
    missing = {code for code in HTTP_STATUS if f"`{code}`" not in told}
    # These come inside a socket, from keys, or from other paths.
    assert {HTTP_STATUS[code] for code in missing} <= {403, 404, 405, 409, 415, 501}


def test_the_page_names_every_path_field_and_message() -> None:
    page = reference.page(DOCUMENT, 8080).decode()
    for path in DOCUMENT["paths"]:
        assert path in page
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert f'id="{name}"' in page
        for field in schema.get("properties", ()):
            assert f"<code>{field}</code>" in page
    assert page.count("<script") == 0


def test_the_page_needs_no_address_but_its_own_server() -> None:
    page = reference.page(DOCUMENT, 9123).decode()
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://127.0.0.1:9123/v1/speech"}
    assert "src=" not in page
