"""Supertone's credits and usage: what is left, and what was used by whom and when."""

from __future__ import annotations

import json

import pytest

from paper_desk import KEY, PaperDesk, ask
from supertone_desk import ADAM, get, refusal
from vivavoce.dialects.supertone.routes import SERVICES
from vivavoce.records import UsageTotal

pytestmark = pytest.mark.fast


def test_credits_are_the_characters_left() -> None:
    desk = PaperDesk()
    assert get("/v1/credits", desk) == {"balance": None}
    desk.allowance, desk.characters = 1000, 250
    assert get("/v1/credits", desk) == {"balance": 750}
    desk.characters = 1200
    assert get("/v1/credits", desk) == {"balance": 0}


def total(day: int, audio_s: float, **by: str) -> UsageTotal:
    start = 86_400.0 * day
    return UsageTotal(
        starting_at=start, ending_at=start + 86_400, requests=1, characters=9, audio_s=audio_s, **by
    )


def test_usage_by_the_day_has_the_empty_days_too() -> None:
    desk = PaperDesk()
    desk.totals = [total(20_000, 90.0, voice=ADAM, model="sona_speech_1")]
    query = [
        ("start_time", "2024-10-04T00:00:00Z"),
        ("end_time", "2024-10-05T12:00:00+09:00"),
        ("breakdown_type", "voice_id"),
        ("breakdown_type", "voice_name"),
        ("breakdown_type", "model"),
        ("page_size", "10.0"),
    ]
    answer = ask(SERVICES, "GET", "/v1/usage", desk, query=query)
    assert json.loads(answer.body) == {
        "data": [
            {
                "starting_at": "2024-10-04T00:00:00Z",
                "ending_at": "2024-10-05T00:00:00Z",
                "results": [
                    {
                        "minutes_used": 1.5,
                        "voice_id": ADAM,
                        "voice_name": "Adam",
                        "model": "sona_speech_1",
                    }
                ],
            },
            {
                "starting_at": "2024-10-05T00:00:00Z",
                "ending_at": "2024-10-06T00:00:00Z",
                "results": [],
            },
        ],
        "total": 2,
        "next_page_token": None,
    }
    start, stop = 20_000 * 86_400, 20_001 * 86_400 + 3 * 3600
    assert desk.asked == [(start, stop, KEY.account, "day", ("voice", "model"))]


def test_usage_by_the_hour_asks_for_its_page_only() -> None:
    desk = PaperDesk()
    page = get(
        "/v1/usage",
        desk,
        start_time="2024-01-01T00:00:00Z",
        end_time="2025-01-01T00:00:00Z",
        bucket_width="hour",
        page_size=20,
        next_page_token=40,
    )
    assert (page["total"], len(page["data"]), page["next_page_token"]) == (366 * 24, 20, "60")
    assert page["data"][0]["starting_at"] == "2024-01-02T16:00:00Z"
    (asked,) = desk.asked
    assert asked[1] - asked[0] == 20 * 3600


@pytest.mark.parametrize(
    "query",
    [
        {"start_time": "2024-01-01", "end_time": "2024-01-02"},
        {"start_time": "2024-01-01T00:00:00", "end_time": "2024-01-02T00:00:00Z"},
        {"start_time": "2024-13-01T00:00:00Z", "end_time": "2024-01-02T00:00:00Z"},
        {"start_time": "0001-01-01T00:00:00+14:00", "end_time": "2024-01-02T00:00:00Z"},
        {"start_time": "2024-01-01T00:00:00Z", "end_time": "9999-12-31T23:59:59Z"},
        {"start_time": "2024-01-02T00:00:00Z", "end_time": "2024-01-02T00:00:00Z"},
        {"start_time": "2024-01-02T00:00:00Z"},
        {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-02T00:00:00Z", "bucket_width": "week"},
        {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-01-02T00:00:00Z", "breakdown_type": "mood"},
    ],
)
def test_a_bad_usage_query_is_400(query: dict[str, str]) -> None:
    answer = ask(SERVICES, "GET", "/v1/usage", PaperDesk(), query=list(query.items()))
    assert refusal(answer)[0] == 400


def test_voice_usage_is_by_day_with_both_dates() -> None:
    desk = PaperDesk()
    desk.totals = [total(20_000, 60.0, voice=ADAM, model="sona_speech_1"), total(20_001, 30.0, voice="gone")]
    found = get("/v1/voice-usage", desk, start_date="2024-10-04", end_date="2024-10-05")
    assert found == {
        "usages": [
            {
                "date": "2024-10-04",
                "voice_id": ADAM,
                "total_minutes_used": 1.0,
                "name": "Adam",
                "model": "sona_speech_1",
            },
            {"date": "2024-10-05", "voice_id": "gone", "total_minutes_used": 0.5},
        ]
    }
    assert desk.asked == [(20_000 * 86_400, 20_002 * 86_400, KEY.account, "day", ("voice", "model"))]


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2024-01-01", "2024-01-31", 200),
        ("2024-01-01", "2024-02-01", 400),
        ("2024-01-02", "2024-01-01", 400),
        ("2024-1-1", "2024-01-02", 400),
        ("2024-01-01T00:00:00Z", "2024-01-02", 400),
        ("", "2024-01-02", 400),
        ("9999-12-31", "9999-12-31", 200),
    ],
)
def test_voice_usage_takes_30_days_of_plain_dates(start: str, end: str, status: int) -> None:
    query = [("start_date", start), ("end_date", end)]
    assert ask(SERVICES, "GET", "/v1/voice-usage", PaperDesk(), query=query).status == status
