"""Gradium's designer on a desk of paper: descriptions become drafts, a draft becomes a voice."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gradium_desk import call, told
from paper_desk import NOW, PaperDesk, voice
from vivavoce.dialects.gradium.designer import DRAFT_LIFE_S, understood

pytestmark = pytest.mark.fast


def drafts(desk: PaperDesk, prompt: str = "A deep male voice", n_samples: int = 1) -> Any:
    desk.installed = [voice("rms", "en", gender="male"), voice("slt", "en")]
    body = {"prompt": prompt, "language": "en", "n_samples": n_samples}
    return told(call(desk, "POST", "/api/voice-generator/generate", body))["embeddings"]


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
