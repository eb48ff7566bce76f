"""Gradium's plain requests on a desk of paper: dictionaries, usage, browser tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradium_desk import call, told
from paper_desk import PaperDesk
from vivavoce.dialects.gradium import SERVICES, SOCKETS, SPEECH, credential
from vivavoce.records import UsageTotal

pytestmark = pytest.mark.fast

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
