"""Supertone's credits and usage. Credits here are characters of the month; usage is minutes of audio.

A page of usage asks the store for its own hours or days only, so that a year by the hour costs no more than a week.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.supertone import messages as wire
from vivavoce.dialects.supertone.cast import CAST
from vivavoce.dialects.supertone.paging import span
from vivavoce.dialects.supertone.voices import answered
from vivavoce.errors import MissingFieldError, OutOfRangeError, quoted
from vivavoce.records import UsageField, UsageTotal

Width = Literal["hour", "day"]
WIDTHS: Final[dict[str, tuple[Width, int]]] = {"hour": ("hour", 3600), "day": ("day", 86_400)}
FIELDS: Final[dict[str, UsageField]] = {
    "voice_id": "voice",
    "voice_name": "voice",
    "api_key": "account",
    "model": "model",
}
MAX_DAYS: Final = 30
LAST_MOMENT: Final = 253_370_764_800
"""The year 9999 in Unix seconds: the calendar ends soon after."""
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


async def credits(call: Call, desk: Desk) -> Answer:
    """``GET /v1/credits``: what is left of this month's characters; null is no limit."""
    allowance = desk.character_allowance(call.account)
    if allowance is None:
        return answered(wire.Balance(None))
    return answered(wire.Balance(max(0, allowance - desk.characters_this_month(call.account))))


async def usage(call: Call, desk: Desk) -> Answer:
    """``GET /v1/usage``: one row an hour or day, the empty ones too, aligned to UTC."""
    query = dict(call.query)
    start, stop = _moment(query, "start_time"), _moment(query, "end_time")
    if stop <= start:
        raise OutOfRangeError("end_time: expected a time after start_time", param="end_time")
    width, width_s = _choice(query)
    asked = _breakdown([value for name, value in call.query if name == "breakdown_type"])
    first, last = int(start // width_s), math.ceil(stop / width_s)
    at = span(query, default=10, low=1, high=20)
    shown = range(first, last)[at.start : at.stop]
    totals: Sequence[UsageTotal] = ()
    if shown:
        totals = await desk.usage_totals(
            max(start, shown.start * width_s),
            min(stop, shown.stop * width_s),
            account=call.account,
            bucket=width,
            by=tuple(dict.fromkeys(FIELDS[name] for name in asked)),
        )
    names = _names(desk, call.account)
    buckets = [_bucket(index * width_s, width_s, totals, asked, names) for index in shown]
    return answered(wire.UsagePage(buckets, last - first, at.next_token(last - first)))


async def voice_usage(call: Call, desk: Desk) -> Answer:
    """``GET /v1/voice-usage``: minutes by day, voice and model, both dates included."""
    query = dict(call.query)
    first, last = _day(query, "start_date"), _day(query, "end_date")
    if last < first:
        raise OutOfRangeError("end_date: expected a day not before start_date", param="end_date")
    if (last - first).days >= MAX_DAYS + 1:
        raise OutOfRangeError(f"end_date: expected at most {MAX_DAYS} days", param="end_date")
    totals = await desk.usage_totals(
        _midnight(first),
        _midnight(last) + 86_400,
        account=call.account,
        bucket="day",
        by=("voice", "model"),
    )
    names = _names(desk, call.account)
    return answered(wire.VoiceUsages([_voice_usage(total, names) for total in totals]))


def _voice_usage(total: UsageTotal, names: dict[str, str]) -> wire.VoiceUsage:
    voice = total.voice or ""
    return wire.VoiceUsage(
        date=_utc(total.starting_at).date().isoformat(),
        voice_id=voice,
        total_minutes_used=total.audio_s / 60,
        name=names.get(voice.lower()),
        model=total.model or None,
    )


def _bucket(
    start: int, width_s: int, totals: Sequence[UsageTotal], asked: Sequence[str], names: dict[str, str]
) -> wire.UsageBucket:
    """The hour or day from ``start``. Those at the ends of the time asked for begin or end within theirs."""
    inside = [total for total in totals if start <= total.starting_at < start + width_s]
    results = [_result(total, asked, names) for total in inside]
    return wire.UsageBucket(_stamp(start), _stamp(start + width_s), results)


def _result(total: UsageTotal, asked: Sequence[str], names: dict[str, str]) -> wire.UsageResult:
    voice = total.voice or ""
    return wire.UsageResult(
        minutes_used=total.audio_s / 60,
        voice_id=voice if "voice_id" in asked else None,
        voice_name=names.get(voice.lower(), voice) if "voice_name" in asked else None,
        api_key=(total.account or "") if "api_key" in asked else None,
        model=(total.model or "") if "model" in asked else None,
    )


def _names(desk: Desk, account: str | None) -> dict[str, str]:
    """Voices' names by their ids in lower case."""
    installed = {voice.id.lower(): voice.name for voice in desk.voices()}
    custom = {voice.id.lower(): voice.name for voice in desk.custom_voices(account)}
    return {**installed, **custom, **{voice_id: one.name for voice_id, one in CAST.items()}}


def _choice(query: dict[str, str]) -> tuple[Width, int]:
    name = query.get("bucket_width") or "day"
    if name not in WIDTHS:
        raise OutOfRangeError(f"bucket_width: expected day or hour, got {quoted(name)}", param="bucket_width")
    return WIDTHS[name]


def _breakdown(asked: Sequence[str]) -> Sequence[str]:
    for name in asked:
        if name not in FIELDS:
            raise OutOfRangeError(
                f"breakdown_type: expected one of {', '.join(FIELDS)}, got {quoted(name)}",
                param="breakdown_type",
            )
    return asked


def _moment(query: dict[str, str], name: str) -> float:
    """Unix seconds of an RFC 3339 time. Raises for a plain date, as the vendor does."""
    text = query.get(name, "")
    if not text:
        raise MissingFieldError(f"{name}: this field is required", param=name)
    try:
        moment = datetime.fromisoformat(text.upper()).timestamp() if _RFC3339.fullmatch(text) else -1.0
        if not 0 <= moment <= LAST_MOMENT:
            raise ValueError
        return moment
    except ValueError:
        raise OutOfRangeError(
            f"{name}: expected an RFC 3339 time such as 2026-01-31T00:00:00Z, got {quoted(text)}", param=name
        ) from None


def _day(query: dict[str, str], name: str) -> date:
    text = query.get(name, "")
    if not text:
        raise MissingFieldError(f"{name}: this field is required", param=name)
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise OutOfRangeError(f"{name}: expected YYYY-MM-DD, got {quoted(text)}", param=name) from None


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _utc(moment: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)


def _stamp(moment: float) -> str:
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
