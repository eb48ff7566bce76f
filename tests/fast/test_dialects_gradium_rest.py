"""Gradium's plain requests on a desk of paper: voices, the designer, dictionaries, usage, browser tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from paper_desk import KEY, NOW, PaperDesk, ask, voice
from vivavoce.dialects.desk import Answer, Upload
from vivavoce.dialects.gradium import SERVICES, SOCKETS, SPEECH, credential
from vivavoce.dialects.gradium.cast import CATALOG
from vivavoce.dialects.gradium.designer import DRAFT_LIFE_S, understood
from vivavoce.records import Sample, UsageTotal

pytestmark = pytest.mark.fast

WAV = Upload("me.wav", "audio/wav", b"RIFF")


def call(desk: PaperDesk, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    data = b"" if body is None else json.dumps(body).encode()
    return ask(SERVICES, method, path, desk, body=data, **more)


def told(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


def created(desk: PaperDesk, **fields: str) -> str:
    answer = call(desk, "POST", "/api/voices/", fields=fields, files={"audio_file": WAV})
    made = told(answer, 201)
    assert made == {"uid": made["uid"], "error": None, "was_updated": False}
    return str(made["uid"])


def drafts(
    desk: PaperDesk, prompt: str = "A deep male voice", n_samples: int = 1, language: str = "fr-FR"
) -> Any:
    desk.installed = [voice("rms", "en", gender="male"), voice("slt", "en")]
    body = {"prompt": prompt, "language": "en", "n_samples": n_samples}
    return told(call(desk, "POST", "/api/voice-generator/generate", body))["embeddings"]


# ---- voices -------------------------------------------------------------------------------------------------------


def test_a_voice_is_made_from_a_recording() -> None:
    desk = PaperDesk()
    uid = created(desk, name="Me", language="en", start_s="1.5", input_format="wav", description="mine")
    made = desk.custom[uid]
    assert len(uid) == 16
    assert (made.name, made.language, made.description, made.owner) == ("Me", "en", "mine", "k1")
    assert (made.dialect, made.metadata["start_s"]) == ("gradium", 1.5)
    assert desk.samples[uid] == WAV


def test_the_name_of_a_voice_is_its_files_unless_given() -> None:
    desk = PaperDesk()
    assert desk.custom[created(desk)].name == "me.wav"


def test_a_voice_without_a_recording_is_422() -> None:
    answer = call(PaperDesk(), "POST", "/api/voices/", fields={"name": "x"})
    assert told(answer, 422)["detail"] == [
        {"loc": ["body", "audio_file"], "msg": "Field required", "type": "missing"}
    ]


@pytest.mark.parametrize("start", ["soon", "nan", "-1"])
def test_a_start_that_is_no_time_is_422(start: str) -> None:
    answer = call(PaperDesk(), "POST", "/api/voices/", fields={"start_s": start}, files={"audio_file": WAV})
    assert told(answer, 422)["detail"][0]["loc"] == ["body", "start_s"]


def test_trap_8_the_list_is_an_array_and_a_limit_of_0_is_none() -> None:
    desk = PaperDesk()
    uids = [created(desk, name=f"v{n}") for n in range(120)]
    everything = told(call(desk, "GET", "/api/voices/", query=[("limit", "0"), ("include_catalog", "0")]))
    assert [row["uid"] for row in everything] == uids
    assert len(told(call(desk, "GET", "/voices/"))) == 100
    some = told(call(desk, "GET", "/voices/", query=[("limit", "2"), ("skip", "3")]))
    assert [row["uid"] for row in some] == uids[3:5]


def test_the_catalogue_comes_after_ones_own() -> None:
    desk = PaperDesk()
    uid = created(desk, name="Me", language="en")
    rows = told(call(desk, "GET", "/api/voices/", query=[("limit", "0"), ("include_catalog", "1")]))
    assert rows[0] == {
        "uid": uid,
        "name": "Me",
        "description": "",
        "start_s": 0.0,
        "is_catalog": False,
        "is_pro_clone": False,
        "tags": [],
        "language": "en",
    }
    assert {row["uid"] for row in rows[1:]} == {one.uid for one in CATALOG} | {"rms", "siwis"}
    emma = next(row for row in rows if row["name"] == "Emma")
    assert (emma["uid"], emma["language"], emma["is_catalog"]) == ("YTpq7expH9539ERJ", "en", True)
    assert {"category": "gender", "value": "female"} in emma["tags"]


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "-1"), ("limit", "x"), ("skip", "1e3"), ("include_catalog", "maybe")]
)
def test_a_wrong_query_is_422(name: str, value: str) -> None:
    detail = told(call(PaperDesk(), "GET", "/voices/", query=[(name, value)]), 422)["detail"]
    assert detail[0]["loc"] == ["query", name]


def test_one_voice_is_looked_up_with_the_query_of_a_list() -> None:
    desk = PaperDesk()
    uid = created(desk, name="Me")
    query = [("limit", "0"), ("include_catalog", "0")]
    assert told(call(desk, "GET", f"/api/voices/{uid}", query=query))["name"] == "Me"
    assert told(call(desk, "GET", "/api/voices/-uP9MuGtBqAvEyxI", query=query))["name"] == "Mia"
    assert told(call(desk, "GET", "/api/voices/siwis", query=query))["language"] == "fr"
    assert told(call(desk, "GET", "/api/voices/none", query=query), 404) == {
        "detail": "Voice 'none' not found"
    }


def test_another_keys_voice_does_not_exist() -> None:
    desk = PaperDesk()
    uid = created(desk, name="Me")
    other = replace(KEY, id="k2")
    assert told(call(desk, "GET", "/voices/", key=other)) == []
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        assert call(desk, method, f"/voices/{uid}", body, key=other).status == 404


def test_a_voice_is_changed_in_part() -> None:
    desk = PaperDesk()
    uid = created(desk, name="Me", language="en")
    sample = Sample(path="x", filename="me.wav", sha256="", size_bytes=4, duration_s=9.5)
    desk.custom[uid] = replace(desk.custom[uid], sample=sample)
    body = {"name": "You", "start_s": 2.0, "tags": [{"value": "warm"}], "rank": 3, "description": None}
    row = told(call(desk, "PUT", f"/api/voices/{uid}", body))
    assert row == {
        "uid": uid,
        "name": "You",
        "description": "",
        "language": "en",
        "start_s": 2.0,
        "stop_s": 9.5,
        "filename": "me.wav",
        "org_uid": row["org_uid"],
        "is_pending": False,
        "has_audio": True,
        "is_pro_clone": False,
    }
    assert len(row["org_uid"]) == 36
    assert desk.custom[uid].metadata["tags"] == [{"value": "warm"}]


def test_a_voice_cannot_begin_before_its_recording() -> None:
    desk = PaperDesk()
    uid = created(desk)
    answer = call(desk, "PUT", f"/api/voices/{uid}", {"start_s": -0.5})
    assert told(answer, 422)["detail"][0] == {
        "loc": ["body", "start_s"],
        "msg": "start_s: expected a number >= 0.0",
        "type": "value_error",
    }


def test_trap_9_a_delete_is_204_with_a_content_type_of_json() -> None:
    desk = PaperDesk()
    uid = created(desk)
    answer = call(desk, "DELETE", f"/api/voices/{uid}")
    assert (answer.status, answer.headers["content-type"], answer.body) == (204, "application/json", b"")
    assert call(desk, "DELETE", f"/api/voices/{uid}").status == 404


# ---- the designer -------------------------------------------------------------------------------------------------


def test_a_description_becomes_drafts_that_are_ready() -> None:
    desk = PaperDesk()
    (entry,) = drafts(desk)
    assert entry["embedding_id"].startswith("vox_emb_")
    assert entry["ready"] is True
    assert entry["expires_at"].endswith("Z")
    query = [("embedding_id", entry["embedding_id"])]
    (row,) = told(call(desk, "GET", "/api/voice-generator/embeddings", query=query))["embeddings"]
    assert row == {**entry, "prompt": "A deep male voice", "language": "en", "created_at": row["created_at"]}
    made = desk.custom[entry["embedding_id"]]
    assert (made.gender, made.base_voice, made.prosody.pitch_semitones) == ("male", "rms", -2.0)


def test_drafts_are_in_no_list_and_differ() -> None:
    desk = PaperDesk()
    entries = drafts(desk, "A woman", 5)
    assert told(call(desk, "GET", "/voices/")) == []
    assert call(desk, "GET", f"/voices/{entries[0]['embedding_id']}").status == 404
    assert len({(one.base_voice, one.prosody) for one in desk.custom.values()}) == 5


def test_a_draft_becomes_a_voice_once() -> None:
    desk = PaperDesk()
    (entry,) = drafts(desk)
    body = {"voxium_embedding_id": entry["embedding_id"], "name": "Bob", "description": "mine"}
    made = told(call(desk, "POST", "/api/voices/from-embedding", body), 201)
    assert made["name"] == "Bob"
    assert [row["uid"] for row in told(call(desk, "GET", "/voices/"))] == [made["uid"]]
    assert desk.custom[made["uid"]].prosody == desk.custom[entry["embedding_id"]].prosody
    assert call(desk, "POST", "/api/voices/from-embedding", body).status == 409
    missing = {"voxium_embedding_id": "vox_emb_none", "name": "Bob"}
    assert call(desk, "POST", "/api/voices/from-embedding", missing).status == 409


def test_an_expired_draft_is_gone() -> None:
    desk = PaperDesk()
    (entry,) = drafts(desk)
    uid = entry["embedding_id"]
    old = {**desk.custom[uid].metadata, "expires_at": NOW - 1}
    desk.custom[uid] = replace(desk.custom[uid], metadata=old)
    query = [("embedding_id", uid)]
    assert call(desk, "GET", "/api/voice-generator/embeddings", query=query).status == 404
    drafts(desk)
    assert uid not in desk.custom
    assert DRAFT_LIFE_S > 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"prompt": "x", "language": "xx"}, 422),
        ({"prompt": "x", "language": "en", "n_samples": 6}, 422),
        ({"prompt": "x", "language": "en", "n_samples": 0}, 422),
        ({"prompt": " ", "language": "en"}, 400),
        ({"language": "en"}, 422),
        ({"prompt": "x", "language": "pt"}, 404),
    ],
)
def test_a_wrong_wish_is_refused(body: Any, status: int) -> None:
    desk = PaperDesk(voice("rms", "en", gender="male"))
    assert told(call(desk, "POST", "/voice-generator/generate", body), status)["detail"]


def test_an_embedding_has_to_be_named() -> None:
    assert call(PaperDesk(), "GET", "/voice-generator/embeddings").status == 422
    query = [("embedding_id", "vox_emb_x")]
    assert call(PaperDesk(), "GET", "/voice-generator/embeddings", query=query).status == 404


@pytest.mark.parametrize(
    ("prompt", "gender"),
    [
        ("a warm woman", "female"),
        ("an old man", "male"),
        ("a robot", "neutral"),
        ("a man or a woman", "neutral"),
    ],
)
def test_descriptions_tell_the_gender(prompt: str, gender: str) -> None:
    assert understood(prompt)[0] == gender


def test_descriptions_change_the_prosody() -> None:
    fast, deep = understood("a fast and lively voice")[1], understood("a deep, slow voice")[1]
    assert fast.speed > 1 > deep.speed
    assert fast.pitch_range > 1
    assert deep.pitch_semitones < 0


# ---- dictionaries -------------------------------------------------------------------------------------------------

RULES = [
    {"original": "Qdrant", "rewrite": "quadrant"},
    {"original": "SQL", "rewrite": "sequel", "case_sensitive": True},
]


def dictionary(desk: PaperDesk, **fields: Any) -> Any:
    body = {"name": "Brands", "language": "en", "rules": RULES, **fields}
    return told(call(desk, "POST", "/api/pronunciations/", body), 201)


def test_a_dictionary_is_made_and_read() -> None:
    desk = PaperDesk()
    made = dictionary(desk, description="ours")
    assert made == {
        "uid": "d0",
        "name": "Brands",
        "description": "ours",
        "language": "en",
        "org_uid": made["org_uid"],
        "created_at": "2026-09-21T14:13:20.000Z",
        "rules": [
            {"id": 1, "original": "Qdrant", "rewrite": "quadrant", "case_sensitive": False},
            {"id": 2, "original": "SQL", "rewrite": "sequel", "case_sensitive": True},
        ],
    }
    assert told(call(desk, "GET", "/pronunciations/d0")) == made


def test_dictionaries_are_listed_in_pages() -> None:
    desk = PaperDesk()
    for n in range(5):
        dictionary(desk, name=f"n{n}", language="fr" if n == 4 else "en")
    page = told(call(desk, "GET", "/api/pronunciations/", query=[("limit", "2"), ("offset", "1")]))
    assert ([row["name"] for row in page["dictionaries"]], page["total"]) == (["n1", "n2"], 5)
    french = told(call(desk, "GET", "/api/pronunciations/", query=[("language", "fr")]))
    assert ([row["name"] for row in french["dictionaries"]], french["total"]) == (["n4"], 1)
    assert call(desk, "GET", "/api/pronunciations/", query=[("limit", "1001")]).status == 422


def test_a_dictionary_is_changed_in_part_and_rules_replace_all() -> None:
    desk = PaperDesk()
    dictionary(desk)
    assert told(call(desk, "PUT", "/pronunciations/d0", {"name": "New"}))["name"] == "New"
    rules = [{"original": "a", "rewrite": ""}]
    row = told(
        call(desk, "PUT", "/pronunciations/d0", {"rules": rules, "language": "fr", "description": "x"})
    )
    assert [rule["original"] for rule in row["rules"]] == ["a"]
    assert (row["name"], row["language"], row["description"]) == ("New", "fr", "x")
    assert told(call(desk, "PUT", "/pronunciations/d0", {})) == row


def test_a_dictionary_is_deleted() -> None:
    desk = PaperDesk()
    dictionary(desk)
    assert call(desk, "DELETE", "/pronunciations/d0").status == 204
    answer = call(desk, "GET", "/pronunciations/d0")
    assert told(answer, 404) == {"detail": "Pronunciation dictionary d0 not found."}


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"language": "en", "rules": []}, ["body", "name"]),
        (
            {"name": "n", "language": "en", "rules": [{"original": 1, "rewrite": "x"}]},
            ["body", "rules", 0, "original"],
        ),
        ({"name": "n", "language": "en", "rules": "x"}, ["body", "rules"]),
    ],
)
def test_a_wrong_dictionary_is_422_with_its_place(body: Any, loc: list[Any]) -> None:
    detail = told(call(PaperDesk(), "POST", "/pronunciations/", body), 422)["detail"]
    assert detail[0]["loc"] == loc


# ---- usage and tokens ---------------------------------------------------------------------------------------------


def test_credits_are_characters() -> None:
    desk = PaperDesk()
    desk.characters, desk.allowance = 300, 1000
    assert told(call(desk, "GET", "/api/usages/credits")) == {
        "remaining_credits": 700,
        "allocated_credits": 1000,
        "billing_period": "monthly",
        "next_rollover_date": "2026-10-01",
        "plan_name": "limited",
    }


def test_no_limit_is_still_a_number() -> None:
    found = told(call(PaperDesk(), "GET", "/usages/credits"))
    assert (found["remaining_credits"], found["plan_name"]) == (1_000_000_000, "unlimited")


def test_the_summary_has_whole_numbers_where_rust_wants_them() -> None:
    desk = PaperDesk()
    desk.totals = [UsageTotal(starting_at=0, ending_at=1, requests=3, characters=90, audio_s=6.0)]
    body = call(desk, "GET", "/api/usages/summary").body
    assert json.loads(body) == {
        "consumed_credits": 90,
        "sessions": 3,
        "ingress_messages": 3,
        "ingress_text_size": 90,
        "ingress_audio_duration": 0.0,
        "egress_messages": 75,
        "egress_text_size": 90,
        "egress_audio_duration": 6.0,
    }
    assert b'"egress_audio_duration":6.0' in body
    assert b'"sessions":3,' in body
    assert desk.asked[0][2] == "k1"


def test_a_browser_gets_a_key_for_one_socket() -> None:
    desk = PaperDesk()
    found = told(call(desk, "GET", "/api/api-keys/token"))
    assert found == {"token": "vv_tmp_t0", "expires_at": "2026-09-21T14:18:20.000Z"}
    assert desk.issued[0].single_use
    assert desk.issued[0].parent_id == "k1"


@pytest.mark.parametrize(
    ("headers", "query", "key"),
    [
        ({"x-api-key": "gd_1"}, {}, "gd_1"),
        ({"authorization": "Api-Key gsk_2"}, {}, "gsk_2"),
        ({"authorization": "api-key  gsk_2 "}, {}, "gsk_2"),
        ({}, {"token": "t"}, "t"),
        ({"x-api-key": "gd_1"}, {"token": "t"}, "gd_1"),
        ({"x-api-key": ""}, {}, None),
        ({"authorization": "Bearer x"}, {}, None),
        ({}, {}, None),
    ],
)
def test_where_the_key_is(headers: dict[str, str], query: dict[str, str], key: str | None) -> None:
    assert credential(headers, query, ()) == key


def test_every_path_is_served_with_and_without_api() -> None:
    paths = [*SOCKETS, *SPEECH, *(service.path for service in SERVICES)]
    for path in paths:
        if path.startswith("/api/") and not path.startswith("/api-"):
            assert path.removeprefix("/api") in paths
    assert {"/api/speech/tts", "/speech/tts", "/api/", "/"} == SOCKETS.keys()
    assert {"/api/post/speech/tts", "/post/speech/tts"} == SPEECH.keys()
