"""Management calls about keys, concurrency and usage.

What the vendor counts in tokens is counted here in characters of text and in pieces of 120 ms of audio (the vendor's
price list has 30,000 audio tokens an hour); nothing costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.soniox import rest
from vivavoce.dialects.soniox.rest import DAY_S
from vivavoce.dialects.soniox.streams_history import Peaks
from vivavoce.errors import MissingFieldError, OutOfRangeError, WrongTypeError, quoted
from vivavoce.records import UsageRow, UsageTotal

FREE: Final = "0"
AUDIO_TOKEN_S: Final = 0.12
_USAGE_TYPES: Final = ("tts_rt", "transcribe_websocket")
_PERIODS: Final = {"60": 7, "3600": 366, "86400": 366}
"""Days that a history of each period may cover."""
_SORTS: Final = ("end_time_asc", "end_time_desc")
_LOG_COSTS: Final = ("cost", "input_cost", "input_text_cost", "input_audio_cost", "output_cost")
_LOG_COSTS_OUT: Final = ("output_text_cost", "output_audio_cost")
_DAY_COSTS: Final = ("cost_usd", "input_cost_usd", "output_cost_usd", "duration_cost_usd")
_DAY_COUNTS: Final = (
    "num_requests",
    "input_text_tokens",
    "input_audio_tokens",
    "input_audio_duration_ms",
    "output_text_tokens",
    "output_audio_tokens",
    "output_audio_duration_ms",
    "duration_ms",
)


async def temporary_key(call: Call, desk: Desk) -> Answer:
    """``POST /v1/auth/temporary-api-key``. A key for transcription is made as well, and speaks."""
    members = rest.body(call)
    usage = rest.written(members, "usage_type", 50)
    if usage is None:
        raise MissingFieldError("Missing required field: usage_type", param="body.usage_type")
    if usage not in _USAGE_TYPES:
        raise OutOfRangeError(
            f"usage_type: expected one of {', '.join(_USAGE_TYPES)}, got {quoted(usage)}",
            param="body.usage_type",
        )
    ttl_s = rest.whole(members, "expires_in_seconds", 1, 3600)
    if ttl_s is None:
        raise MissingFieldError("Missing required field: expires_in_seconds", param="body.expires_in_seconds")
    single_use = members.get("single_use", False)
    if not isinstance(single_use, bool):
        raise WrongTypeError("single_use: expected true or false", param="body.single_use")
    issued = await desk.temporary_key(
        call.key,
        ttl_s=ttl_s,
        single_use=single_use,
        max_session_s=rest.whole(members, "max_session_duration_seconds", 1, 18_000),
        client_reference_id=rest.written(members, "client_reference_id", 256),
    )
    expires_at = call.now + ttl_s if issued.key.expires_at is None else issued.key.expires_at
    return rest.answer(201, {"api_key": issued.secret, "expires_at": rest.iso(expires_at)})


async def concurrency_limits(call: Call, desk: Desk) -> Answer:
    """``GET /v1/concurrency-limits``. The account is both the project and the organization."""
    most = call.key.limits.concurrent_streams if call.key else None
    scope = {
        "current": {"transcribe_concurrent": 0, "tts_concurrent": desk.live_streams(call.account)},
        "limits": {"transcribe_concurrent": 0, "tts_concurrent": most},
    }
    return rest.answer(200, {"project": scope, "organization": scope})


async def streams_history(call: Call, desk: Desk) -> Answer:
    """``GET /v1/concurrent-streams-history``, from the times of the requests in the books."""
    rest.needed(call, "period_sec")
    period = rest.choice(call, "period_sec", tuple(_PERIODS)) or ""
    rest.needed(call, "kind")
    kind = rest.choice(call, "kind", ("stt", "tts"))
    window = rest.window(call, _PERIODS[period])
    peaks = Peaks(window.start_at, window.stop_at)
    if kind == "tts":
        for row in await _rows(call, desk, window.start_at, window.stop_at):
            peaks.add(row.started_at, row.ended_at)
    entries = [
        {"period_start": rest.iso(entry.start_at), "period_sec": int(period), **entry.counts()}
        for entry in peaks.entries(int(period))
    ]
    return rest.answer(200, {"kind": kind, "entries": entries})


async def usage_logs(call: Call, desk: Desk) -> Answer:
    """``GET /v1/usage-logs``."""
    window = rest.window(call, 31)
    page = await desk.usage_page(
        window.start_at,
        window.stop_at,
        account=call.account,
        limit=rest.limit(call, 1000, 1000),
        newest_first=rest.choice(call, "sort", _SORTS) == "end_time_desc",
        cursor=rest.one(call, "cursor"),
    )
    body = {"usage_logs": [_log(row) for row in page.rows], "next_page_cursor": page.next_cursor}
    return rest.answer(200, body)


async def usage_summary(call: Call, desk: Desk) -> Answer:
    """``GET /v1/usage/summary``: whole days of UTC, those that the window touches."""
    window = rest.window(call, 366)
    first = int(window.start_at // DAY_S)
    after = -int(-window.stop_at // DAY_S)
    totals = await desk.usage_totals(
        first * DAY_S, after * DAY_S, account=call.account, bucket="day", by=("model", "dialect")
    )
    models: dict[str, list[UsageTotal]] = {}
    for total in totals:
        models.setdefault(total.model or total.dialect or "", []).append(total)
    days = range(first, after)
    body = {
        "total": _entry(None, days, totals),
        "models": [_entry(model, days, its) for model, its in sorted(models.items())],
    }
    return rest.answer(200, body)


async def _rows(call: Call, desk: Desk, start_at: float, stop_at: float) -> Sequence[UsageRow]:
    """Requests that ended in the window or within the hour after it, in which later ones may have begun."""
    rows: list[UsageRow] = []
    cursor: str | None = None
    for _ in range(100):
        page = await desk.usage_page(
            start_at, stop_at + 3600, account=call.account, limit=1000, newest_first=False, cursor=cursor
        )
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    return rows


def _log(row: UsageRow) -> dict[str, Any]:
    return {
        "uuid": row.id,
        "request_scope": "api",
        "client_reference_id": row.client_reference_id,
        "model": row.model or row.dialect,
        "start_time": rest.iso(row.started_at),
        "end_time": rest.iso(row.ended_at),
        "input_text_tokens": row.characters,
        "input_audio_tokens": 0,
        "input_audio_duration_ms": 0,
        "output_text_tokens": 0,
        "output_audio_tokens": round(row.audio_s / AUDIO_TOKEN_S),
        "output_audio_duration_ms": round(row.audio_s * 1000),
        **{f"{name}_usd": FREE for name in (*_LOG_COSTS, *_LOG_COSTS_OUT)},
    }


def _entry(model: str | None, days: range, totals: Sequence[UsageTotal]) -> dict[str, Any]:
    counts: dict[str, list[int]] = {name: [0] * len(days) for name in _DAY_COUNTS}
    for total in totals:
        at = int(total.starting_at // DAY_S) - days.start
        counts["num_requests"][at] += total.requests
        counts["input_text_tokens"][at] += total.characters
        counts["output_audio_tokens"][at] += round(total.audio_s / AUDIO_TOKEN_S)
        counts["output_audio_duration_ms"][at] += round(total.audio_s * 1000)
        counts["duration_ms"][at] += round(total.audio_s * 1000)
    return {
        "model": model,
        "days": [_day(day) for day in days],
        **{f"total_{name}": FREE for name in _DAY_COSTS},
        **{name: [FREE] * len(days) for name in _DAY_COSTS},
        **{f"total_{name}": sum(values) for name, values in counts.items()},
        **counts,
    }


def _day(day: int) -> str:
    found: date = datetime.fromtimestamp(day * DAY_S, UTC).date()
    return found.isoformat()
