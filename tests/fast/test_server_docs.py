"""docs/reference/native.md says what the wire does: its messages are valid and its tables complete."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from vivavoce.dialects.native import messages as wire
from vivavoce.dialects.native import reading
from vivavoce.dialects.native.errors import HTTP_STATUS
from vivavoce.server import openapi

pytestmark = pytest.mark.fast

PAGE = (Path(__file__).parents[2] / "docs/reference/native.md").read_text()
COMPONENTS = openapi.document()["components"]
EXAMPLES = [
    (schema, line)
    for schema, block in re.findall(r"```json (\w+)\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize(("schema", "line"), EXAMPLES)
def test_each_message_in_the_docs_is_valid(schema: str, line: str) -> None:
    root = {"$ref": f"#/components/schemas/{schema}", "components": COMPONENTS}
    jsonschema.Draft202012Validator(root).validate(json.loads(line))
    if schema == "SpeechRequest":
        assert reading.request(line.encode())
    if schema == "ClientMessage":
        assert reading.message(line)


@pytest.mark.parametrize(
    ("union", "schema"),
    [
        (wire.ClientMessage, "ClientMessage"),
        (wire.ServerMessage, "ServerMessage"),
        (wire.SpeechLine, "SpeechLine"),
    ],
)
def test_every_kind_of_message_has_an_example(union: Any, schema: str) -> None:
    shown = {json.loads(line)["type"] for found, line in EXAMPLES if found == schema}
    assert shown == {cls.__struct_config__.tag for cls in union.__args__}


def test_every_code_is_told_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {code: int(status) for status, code in rows} == HTTP_STATUS
    assert len(rows) == len(HTTP_STATUS)


def test_every_field_of_a_request_is_told_with_its_default() -> None:
    schema = COMPONENTS["schemas"]["SpeechRequest"]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", PAGE, re.MULTILINE))
    for field, rule in schema["properties"].items():
        told = rows[field].strip("`")
        assert told == ("required" if field in schema["required"] else json.dumps(rule["default"])), field


def test_every_path_is_told() -> None:
    for path in openapi.document()["paths"]:
        assert f" {path}`" in PAGE
