"""Soniox's usage: its log, its summary by day, and how many streams there were at once."""

from __future__ import annotations

from typing import Any

import pytest

from paper_desk import NOW
from soniox_desk import Desk, get
from vivavoce.records import UsageRow, UsageTotal

pytestmark = pytest.mark.fast

DAY_S = 86_400.0


ROW = UsageRow(
    id="u1",
    account="k1",
    dialect="soniox",
    voice="slt",
    model="tts-rt-v2",
    characters=40,
    audio_s=2.4,
    started_at=NOW,
    ended_at=NOW + 2,
    client_reference_id="mine",
)
TODAY: dict[str, Any] = {"start_time": "2026-09-21T00:00:00Z", "end_time": "2026-09-22T00:00:00Z"}


def test_usage_logs() -> None:
    desk = Desk()
    desk.rows = [ROW]
    status, body = get("/v1/usage-logs", desk, sort="end_time_desc", limit="10", **TODAY)
    assert (status, body["next_page_cursor"]) == (200, "next")
    (log,) = body["usage_logs"]
    assert (log["uuid"], log["client_reference_id"], log["model"]) == ("u1", "mine", "tts-rt-v2")
    assert (log["start_time"], log["end_time"]) == ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:22.000Z")
    assert (log["input_text_tokens"], log["output_audio_tokens"], log["output_audio_duration_ms"]) == (
        40,
        20,
        2400,
    )
    assert {value for name, value in log.items() if name.endswith("_usd")} == {"0"}
    assert sum(name.endswith("_usd") for name in log) == 7
    start_at, stop_at, fields = desk.asked[0]
    assert (stop_at - start_at, fields["limit"], fields["newest_first"]) == (DAY_S, 10, True)
    get("/v1/usage-logs", desk, **TODAY, cursor="next")
    assert (desk.asked[1][2]["newest_first"], desk.asked[1][2]["cursor"]) == (False, "next")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/usage-logs", {}),
        ("/v1/usage-logs", {"start_time": "2026-09-21T00:00:00Z"}),
        ("/v1/usage-logs", {"start_time": "yesterday", "end_time": "2026-09-22"}),
        ("/v1/usage-logs", {"start_time": "2026-09-22", "end_time": "2026-09-22"}),
        ("/v1/usage-logs", {"start_time": "2026-09-01", "end_time": "2026-10-03"}),
        ("/v1/usage-logs", {**TODAY, "sort": "up"}),
        ("/v1/usage-logs", {**TODAY, "limit": "1001"}),
        ("/v1/usage/summary", {"start_time": "2025-01-01", "end_time": "2026-01-03"}),
        ("/v1/concurrent-streams-history", {**TODAY, "kind": "tts"}),
        ("/v1/concurrent-streams-history", {**TODAY, "kind": "tts", "period_sec": "61"}),
        ("/v1/concurrent-streams-history", {**TODAY, "period_sec": "60"}),
        (
            "/v1/concurrent-streams-history",
            {"start_time": "2026-09-01", "end_time": "2026-09-09", "period_sec": "60", "kind": "tts"},
        ),
    ],
)
def test_a_bad_question_about_usage(path: str, query: dict[str, Any]) -> None:
    status, body = get(path, **query)
    assert (status, body["error_type"], len(body["validation_errors"])) == (400, "invalid_request", 1)


@pytest.mark.parametrize(
    "start", ["2026-09-21", "2026-09-21T00:00:00", "2026-09-21T02:00:00+02:00", "2026-09-21T02:00:00 02:00"]
)
def test_times_in_every_shape(start: str) -> None:
    desk = Desk()
    get("/v1/usage-logs", desk, start_time=start, end_time="2026-09-22")
    assert desk.asked[0][0] == 1_789_948_800.0


def test_the_summary_has_every_day_of_the_window() -> None:
    desk = Desk()
    day = NOW // DAY_S * DAY_S
    counted: dict[str, Any] = {"starting_at": day, "ending_at": day + DAY_S, "characters": 10, "audio_s": 1.2}
    desk.totals = [
        UsageTotal(requests=2, model="tts-rt-v2", dialect="soniox", **counted),
        UsageTotal(requests=1, model="", dialect="native", **counted),
    ]
    status, body = get(
        "/v1/usage/summary", desk, start_time="2026-09-20T12:00:00Z", end_time="2026-09-22T00:00:00Z"
    )
    assert status == 200
    assert desk.asked == [(day - DAY_S, day + DAY_S, "k1", "day", ("model", "dialect"))]
    total = body["total"]
    assert (total["model"], total["days"]) == (None, ["2026-09-20", "2026-09-21"])
    assert (total["num_requests"], total["total_num_requests"]) == ([0, 3], 3)
    assert (total["input_text_tokens"], total["output_audio_duration_ms"]) == ([0, 20], [0, 2400])
    assert (total["cost_usd"], total["total_cost_usd"]) == (["0", "0"], "0")
    assert [(entry["model"], entry["num_requests"]) for entry in body["models"]] == [
        ("native", [0, 1]),
        ("tts-rt-v2", [0, 2]),
    ]
    assert all(len(value) == 2 for entry in body["models"] for value in entry.values() if type(value) is list)


def test_the_history_of_streams() -> None:
    desk = Desk()
    desk.rows = [ROW, ROW]
    query: dict[str, Any] = {
        "start_time": "2026-09-21T14:12:00Z",
        "end_time": "2026-09-21T14:15:00Z",
        "period_sec": "60",
    }
    status, body = get("/v1/concurrent-streams-history", desk, kind="tts", **query)
    assert (status, body["kind"], len(body["entries"])) == (200, "tts", 3)
    # Two pages of the same two rows.
    assert body["entries"][1] == {
        "period_start": "2026-09-21T14:13:00.000Z",
        "period_sec": 60,
        "sample_min": 0,
        "sample_max": 4,
        "sample_sum": 4,
        "sample_count": 1,
        "total_count": 1,
    }
    assert {entry["sample_max"] for entry in body["entries"]} == {0, 4}
    assert (
        get("/v1/concurrent-streams-history", desk, kind="stt", **query)[1]["entries"][1]["sample_max"] == 0
    )
