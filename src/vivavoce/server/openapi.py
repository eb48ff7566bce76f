"""The OpenAPI document, read off the structs that the server decodes with and encodes from."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec
import orjson

from vivavoce import __version__
from vivavoce.dialects.native import library
from vivavoce.dialects.native import messages as wire
from vivavoce.dialects.native.errors import HTTP_STATUS
from vivavoce.formats import FORMATS

REF: Final = "#/components/schemas/{name}"
_STRUCTS: Final = (
    wire.SpeechRequest,
    wire.SpeechLine,
    wire.ErrorBody,
    wire.Health,
    wire.Voices,
    wire.Formats,
    wire.Languages,
    wire.ClientMessage,
    wire.ServerMessage,
    library.DictionaryDraft,
    library.DictionaryChange,
    library.DictionaryRow,
    library.Dictionaries,
    library.OwnVoiceDraft,
    library.OwnVoiceRow,
    library.OwnVoices,
    library.KeyDraft,
    library.KeyRow,
    library.Keys,
)
SPEECH_ERRORS: Final = (400, 401, 408, 413, 429, 500, 503)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document, made once and not to be changed. The socket's messages are among the schemas; OpenAPI has no sockets."""
    types, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=REF)
    for union, name in (
        (wire.SpeechLine, "SpeechLine"),
        (wire.ClientMessage, "ClientMessage"),
        (wire.ServerMessage, "ServerMessage"),
    ):
        schemas[name] = types[_STRUCTS.index(union)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vivavoce",
            "version": __version__,
            "summary": "Live speech: text goes in as it is written, speech comes out as it is made.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "components": {"schemas": schemas},
    }


def encoded(described: dict[str, Any]) -> bytes:
    """The document as it is served."""
    return orjson.dumps(described, option=orjson.OPT_INDENT_2)


def _paths() -> dict[str, Any]:
    return {
        "/v1/speech": {"post": _speech()},
        "/v1/speech/stream": {"get": _socket()},
        "/v1/speech/voices": {"get": _lookup("Installed voices, best first", "Voices", ("language",))},
        "/v1/speech/formats": {"get": _lookup("Audio formats", "Formats")},
        "/v1/speech/languages": {"get": _lookup("Languages spoken, each with its best voice", "Languages")},
        "/v1/speech/health": {"get": _lookup("Whether the server is alive: always 200", "Health")},
        "/v1/speech/ready": {"get": _ready()},
        "/v1/speech/metrics": {"get": _figures()},
        **_library(),
    }


def _library() -> dict[str, Any]:
    return {
        "/v1/speech/dictionaries": {
            "get": _call("list_dictionaries", "Pronunciation dictionaries", "Dictionaries"),
            "post": _call("create_dictionary", "Make a dictionary", "DictionaryRow", "DictionaryDraft", 201),
        },
        "/v1/speech/dictionaries/{id}": {
            "get": _call("get_dictionary", "One dictionary", "DictionaryRow", named=True),
            "put": _call("update_dictionary", "Change it", "DictionaryRow", "DictionaryChange", named=True),
            "delete": _call("delete_dictionary", "Delete it", status=204, named=True),
        },
        "/v1/speech/custom-voices": {
            "get": _call("list_custom_voices", "Voices of one's own", "OwnVoices"),
            "post": _call(
                "create_custom_voice",
                "Make a preset (JSON), or a voice matched to a recording (a form with `file`); matched, not cloned",
                "OwnVoiceRow",
                "OwnVoiceDraft",
                201,
            ),
        },
        "/v1/speech/custom-voices/{id}": {
            "get": _call("get_custom_voice", "One of them", "OwnVoiceRow", named=True),
            "delete": _call("delete_custom_voice", "Delete it", status=204, named=True),
        },
        "/v1/speech/keys": {
            "get": _call("list_keys", "API keys (scope admin)", "Keys"),
            "post": _call("create_key", "Make a key; its secret comes once", "KeyRow", "KeyDraft", 201),
        },
        "/v1/speech/keys/{id}": {"delete": _call("revoke_key", "Revoke a key", "KeyRow", named=True)},
    }


def _call(
    operation: str,
    summary: str,
    answer: str | None = None,
    body: str | None = None,
    status: int = 200,
    *,
    named: bool = False,
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation,
        "summary": summary,
        "responses": {
            str(status): {"description": summary, **({"content": _content(answer)} if answer else {})},
            **{str(s): _error(s) for s in (400, 401, 403, 404)},
        },
    }
    if named:
        described["parameters"] = [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        ]
    if body is not None:
        described["requestBody"] = {"required": True, "content": _content(body)}
    return described


def _speech() -> dict[str, Any]:
    media = sorted({kind.media_type for kind in FORMATS.values()})
    binary = {name: {"schema": {"type": "string", "contentMediaType": name}} for name in media}
    return {
        "operationId": "speak",
        "summary": "Speak a text; the body is sent as it is made",
        "description": "With `Accept: application/x-ndjson` the body is one JSON object a line: audio in base64, "
        "and marks. A failure after the first byte cuts the body.",
        "parameters": [
            {
                "name": "complete",
                "in": "query",
                "description": "The same as `complete` in the body, and goes before it.",
                "schema": {"type": "boolean"},
            }
        ],
        "requestBody": {"required": True, "content": _content("SpeechRequest")},
        "responses": {
            "200": {
                "description": "Audio in the format asked for, or lines.",
                "headers": {
                    "X-Sample-Rate": {"description": "Samples a second.", "schema": {"type": "integer"}},
                    "X-Request-Id": {
                        "description": "The request's id, as in the log.",
                        "schema": {"type": "string"},
                    },
                },
                "content": {**binary, "application/x-ndjson": {"schema": _ref("SpeechLine")}},
            },
            **{str(status): _error(status) for status in SPEECH_ERRORS},
        },
    }


def _socket() -> dict[str, Any]:
    return {
        "operationId": "stream",
        "summary": "WebSocket, subprotocol vivavoce.v1: text goes in as it is written",
        "description": "The client sends `ClientMessage` as text frames; the server sends `ServerMessage` as text "
        "frames and audio as binary frames, each begun by the stream's number and the frame's place, two "
        "little-endian 32-bit numbers. docs/reference/native.md tells the rest.",
        "responses": {
            "101": {"description": "The socket is open."},
            **{str(s): _error(s) for s in (400, 401, 503)},
        },
    }


def _lookup(summary: str, schema: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "operationId": schema.lower(),
        "summary": summary,
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in options],
        "responses": {"200": {"description": summary, "content": _content(schema)}},
    }


def _ready() -> dict[str, Any]:
    described = _lookup("Whether new work is taken", "Health")
    described["operationId"] = "ready"
    described["responses"]["503"] = {"description": "Starting or draining", "content": _content("Health")}
    return described


def _figures() -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "operationId": "metrics",
        "summary": "Figures for Prometheus",
        "responses": {"200": {"description": "The text format of Prometheus", "content": text}},
    }


def _error(status: int) -> dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code, its in HTTP_STATUS.items() if its == status)
    return {"description": f"One of {codes}", "content": _content("ErrorBody")}


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(schema)}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}
