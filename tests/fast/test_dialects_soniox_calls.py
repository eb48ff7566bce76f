"""Soniox's management calls: models, voices, keys, concurrency."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from paper_desk import KEY, ask
from soniox_desk import Desk, get, post
from vivavoce.dialects.desk import Answer, Upload
from vivavoce.dialects.soniox import SERVICES, VOICES
from vivavoce.records import Key, KeyLimits

pytestmark = pytest.mark.fast

UPLOAD = Upload("me.wav", "audio/wav", b"RIFF")


def make_voice(desk: Desk, name: str = "Me") -> tuple[int, Any]:
    return post("/v1/voices", desk, fields={"name": name}, files={"file": UPLOAD})


# ---- models and shared voices -----------------------------------------------------------------------------------


def test_the_models_have_every_member_that_clients_read() -> None:
    status, body = get("/v1/tts-models")
    assert status == 200
    by_id = {model["id"]: model for model in body["models"]}
    assert list(by_id) == ["tts-rt-v2", "tts-rt-v1", "tts-rt-v1-preview"]
    preview = by_id["tts-rt-v1-preview"]
    assert (preview["aliased_model_id"], by_id["tts-rt-v1"]["aliased_model_id"]) == ("tts-rt-v1", None)
    assert [voice["id"] for voice in preview["voices"]] == (
        [
            "Maya",
            "Daniel",
            "Noah",
            "Nina",
            "Emma",
            "Jack",
            "Adrian",
            "Claire",
            "Grace",
            "Owen",
            "Mina",
            "Kenji",
        ]
    )
    assert all(set(voice) == {"id", "description", "gender"} for voice in preview["voices"])
    assert {voice["id"] for voice in by_id["tts-rt-v2"]["voices"]} == {*VOICES, "rms", "siwis"}
    assert preview["languages"] == [{"code": "en", "name": "English"}]
    silence = [model["supports_silence_reduction"] for model in body["models"]]
    assert silence == [True, False, False]
    assert (preview["speed_min"], preview["speed_max"]) == (0.7, 1.3)


def test_there_are_no_transcription_models() -> None:
    assert get("/v1/models") == (200, {"models": []})


def test_shared_voices_are_filtered_by_everything_at_once() -> None:
    everyone = get("/v1/shared-voices", model="tts-rt-v1")[1]["voices"]
    assert len(everyone) == 12
    assert set(everyone[0]) == {"id", "description", "gender", "age", "accent", "use_case", "style"}
    wanted: dict[str, Any] = {"gender": "male", "age": "middle_aged", "style": "warm", "accent": "american"}
    found = get("/v1/shared-voices", model="tts-rt-v1", **wanted)[1]["voices"]
    assert [voice["id"] for voice in found] == ["Adrian"]
    both = [("model", "tts-rt-v1"), ("use_case", "narration"), ("use_case", "conversational")]
    answer = ask(SERVICES, "GET", "/v1/shared-voices", Desk(), query=both)
    assert json.loads(answer.body)["voices"] == []


def test_pages_of_shared_voices_follow_each_other() -> None:
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        _, body = get("/v1/shared-voices", model="tts-rt-v1", limit="5", **cursor)
        seen += [voice["id"] for voice in body["voices"]]
        if body["next_page_cursor"] is None:
            break
        cursor = {"cursor": body["next_page_cursor"]}
    assert len(seen) == len(set(seen)) == 12


@pytest.mark.parametrize(
    ("query", "kind", "where"),
    [
        ({}, "invalid_request", "query.model"),
        ({"model": "x"}, "model_not_available", "query.model"),
        ({"model": "tts-rt-v2", "gender": "other"}, "invalid_request", "query.gender"),
        ({"model": "tts-rt-v2", "limit": "0"}, "invalid_request", "query.limit"),
        ({"model": "tts-rt-v2", "limit": "201"}, "invalid_request", "query.limit"),
        ({"model": "tts-rt-v2", "limit": "many"}, "invalid_request", "query.limit"),
        ({"model": "tts-rt-v2", "cursor": "!"}, "invalid_cursor", "cursor"),
        ({"model": "tts-rt-v2", "cursor": "é"}, "invalid_cursor", "cursor"),
    ],
)
def test_a_bad_question_about_shared_voices(query: dict[str, Any], kind: str, where: str) -> None:
    status, body = get("/v1/shared-voices", **query)
    assert (status, body["status_code"], body["error_type"]) == (400, 400, kind)
    assert body["validation_errors"][0]["location"] == where


# ---- voices of one's own ----------------------------------------------------------------------------------------


def test_the_life_of_a_voice() -> None:
    desk = Desk()
    assert get("/v1/voices", desk) == (200, {"voices": [], "next_page_cursor": None})
    status, made = make_voice(desk)
    assert (status, made["name"], made["filename"]) == (201, "Me", "me.wav")
    assert made["created_at"] == "2026-09-21T14:13:20.000Z"
    assert made["models"] == [
        {"model": "tts-rt-v2", "status": "ready"},
        {"model": "tts-rt-v1", "status": "ready"},
    ]
    assert len(made["id"]) == 36
    assert desk.custom[made["id"]].dialect == "soniox"
    assert get("/v1/voices/count", desk) == (200, {"total": 1})
    assert get("/v1/voices", desk)[1]["voices"] == [made]
    assert get(f"/v1/voices/{made['id']}", desk) == (200, made)
    assert post(f"/v1/voices/{made['id']}/recompute", desk, {"model": "tts-rt-v2"}) == (200, made)
    assert post(f"/v1/voices/{made['id']}/recompute", desk) == (200, made)
    gone = ask(SERVICES, "DELETE", f"/v1/voices/{made['id']}", desk)
    assert gone == Answer(204, {})
    assert get(f"/v1/voices/{made['id']}", desk)[1]["error_type"] == "voice_not_found"
    assert ask(SERVICES, "DELETE", f"/v1/voices/{made['id']}", desk).status == 404


@pytest.mark.parametrize(
    ("fields", "files", "message"),
    [
        ({}, {"file": UPLOAD}, "Missing required field: name"),
        ({"name": " "}, {"file": UPLOAD}, "Missing required field: name"),
        ({"name": "Me"}, {}, "Missing required field: file"),
        ({"name": "Me"}, {"file": Upload("x", "", b"")}, "Missing required field: file"),
    ],
)
def test_a_voice_that_cannot_be_made(fields: dict[str, str], files: dict[str, Upload], message: str) -> None:
    status, body = post("/v1/voices", Desk(), fields=fields, files=files)
    assert (status, body["message"]) == (400, message)


def test_names_of_voices_are_unique() -> None:
    desk = Desk()
    make_voice(desk)
    status, body = make_voice(desk)
    assert (status, body["error_type"]) == (409, "invalid_state")


def test_a_voice_is_not_recomputed_for_an_unknown_model() -> None:
    desk = Desk()
    _, made = make_voice(desk)
    assert post(f"/v1/voices/{made['id']}/recompute", desk, {"model": "x"})[1]["error_type"] == (
        "model_not_available"
    )
    assert post("/v1/voices/none/recompute", desk)[1]["error_type"] == "voice_not_found"


# ---- keys and concurrency ---------------------------------------------------------------------------------------


def test_a_temporary_key() -> None:
    desk = Desk()
    members = {
        "usage_type": "tts_rt",
        "expires_in_seconds": 60,
        "client_reference_id": "r",
        "single_use": True,
        "max_session_duration_seconds": 18_000,
    }
    assert post("/v1/auth/temporary-api-key", desk, members) == (
        201,
        {"api_key": "vvt_secret", "expires_at": "2026-09-21T14:14:20.000Z"},
    )
    assert desk.key_wanted == {
        "parent": KEY,
        "ttl_s": 60,
        "single_use": True,
        "max_session_s": 18_000,
        "client_reference_id": "r",
    }


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"expires_in_seconds": 60}, "body.usage_type"),
        ({"usage_type": "tts_rt"}, "body.expires_in_seconds"),
        ({"usage_type": "x", "expires_in_seconds": 60}, "body.usage_type"),
        ({"usage_type": 5, "expires_in_seconds": 60}, "body.usage_type"),
        ({"usage_type": "tts_rt", "expires_in_seconds": 0}, "body.expires_in_seconds"),
        ({"usage_type": "tts_rt", "expires_in_seconds": 3601}, "body.expires_in_seconds"),
        ({"usage_type": "tts_rt", "expires_in_seconds": "60"}, "body.expires_in_seconds"),
        ({"usage_type": "tts_rt", "expires_in_seconds": 60, "single_use": 1}, "body.single_use"),
        (
            {"usage_type": "tts_rt", "expires_in_seconds": 60, "max_session_duration_seconds": 18_001},
            "body.max_session_duration_seconds",
        ),
        (
            {"usage_type": "tts_rt", "expires_in_seconds": 60, "client_reference_id": "x" * 257},
            "body.client_reference_id",
        ),
    ],
)
def test_a_temporary_key_that_cannot_be_made(members: dict[str, Any], where: str) -> None:
    status, body = post("/v1/auth/temporary-api-key", Desk(), members)
    assert (status, body["error_type"]) == (400, "invalid_request")
    assert body["validation_errors"][0]["location"] == where


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    answer = ask(SERVICES, "POST", "/v1/auth/temporary-api-key", Desk(), body=body)
    assert (answer.status, json.loads(answer.body)["message"]) == (400, "Invalid JSON body")


@pytest.mark.parametrize(
    ("key", "most"), [(None, None), (msgspec.structs.replace(KEY, limits=KeyLimits(concurrent_streams=7)), 7)]
)
def test_concurrency(key: Key | None, most: int | None) -> None:
    scope = {
        "current": {"transcribe_concurrent": 0, "tts_concurrent": 3},
        "limits": {"transcribe_concurrent": 0, "tts_concurrent": most},
    }
    assert get("/v1/concurrency-limits", key=key) == (200, {"project": scope, "organization": scope})


def test_every_handler_is_a_coroutine() -> None:
    assert all(asyncio.iscoroutinefunction(service.handler) for service in SERVICES)
