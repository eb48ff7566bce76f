"""Gradium's voices on a desk of paper: made from a recording, listed, changed, deleted."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gradium_desk import call, told
from paper_desk import KEY, PaperDesk
from vivavoce.dialects.desk import Upload
from vivavoce.dialects.gradium.cast import CATALOG
from vivavoce.records import Sample

pytestmark = pytest.mark.fast

WAV = Upload("me.wav", "audio/wav", b"RIFF")


def created(desk: PaperDesk, **fields: str) -> str:
    answer = call(desk, "POST", "/api/voices/", fields=fields, files={"audio_file": WAV})
    made = told(answer, 201)
    assert made == {"uid": made["uid"], "error": None, "was_updated": False}
    return str(made["uid"])


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
