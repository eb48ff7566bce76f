"""Reading and answering management calls: queries, JSON bodies, pages, times, refusals.

Faults name where they are ("query.limit", "body.name"), which becomes ``location`` among the validation errors.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from msgspec import Struct

from vivavoce.dialects.desk import Answer, Call
from vivavoce.dialects.soniox import errors
from vivavoce.dialects.soniox.adapter import new_id
from vivavoce.errors import (
    MalformedMessageError,
    MissingFieldError,
    OutOfRangeError,
    VivavoceError,
    WrongTypeError,
    quoted,
)

Item = TypeVar("Item")
DAY_S: Final = 86_400


class Window(Struct, frozen=True):
    """A range of time, half open, Unix seconds."""

    start_at: float
    stop_at: float


def answer(status: int, body: Any) -> Answer:
    """``body`` as JSON."""
    return Answer(status, errors.JSON, orjson.dumps(body))


def refuse(error: VivavoceError) -> Answer:
    """The management body of a failure."""
    return Answer(*errors.management_answer(error, new_id()))


def refuse_voice(error: VivavoceError) -> Answer:
    """The same for calls about one voice, which may not be found."""
    return Answer(*errors.management_answer(error, new_id(), "voice"))


def one(call: Call, name: str) -> str | None:
    """The last value of a query parameter."""
    values = many(call, name)
    return values[-1] if values else None


def many(call: Call, name: str) -> list[str]:
    """All values of a query parameter, in order."""
    return [value for key, value in call.query if key == name]


def needed(call: Call, name: str) -> str:
    """A query parameter that has to be there. Raises MissingFieldError."""
    found = one(call, name)
    if not found:
        raise MissingFieldError(f"Missing required parameter: {name}", param=f"query.{name}")
    return found


def choice(call: Call, name: str, allowed: Sequence[str]) -> str | None:
    """A query parameter with few values. Raises OutOfRangeError."""
    found = one(call, name)
    if found is not None and found not in allowed:
        raise OutOfRangeError(
            f"{name}: expected one of {', '.join(allowed)}, got {quoted(found)}", param=f"query.{name}"
        )
    return found


def limit(call: Call, default: int, most: int) -> int:
    """How many items a page may have. Raises OutOfRangeError."""
    found = one(call, "limit")
    if found is None:
        return default
    if not found.isascii() or not found.isdecimal() or len(found) > 9 or not 1 <= int(found) <= most:
        raise OutOfRangeError(f"limit: expected 1 to {most}, got {quoted(found)}", param="query.limit")
    return int(found)


def paged(call: Call, items: Sequence[Item], default: int, most: int) -> tuple[Sequence[Item], str | None]:
    """The page of ``items`` that is asked for, and the next page's cursor. Raises OutOfRangeError."""
    size = limit(call, default, most)
    start = _position(one(call, "cursor"))
    following = start + size
    return items[start:following], _cursor(following) if following < len(items) else None


def window(call: Call, most_days: int) -> Window:
    """``start_time`` and ``end_time``. Raises RequestError."""
    start_at, stop_at = (_time(needed(call, name), name) for name in ("start_time", "end_time"))
    if stop_at <= start_at:
        raise OutOfRangeError("end_time: expected a time after start_time", param="query.end_time")
    if stop_at - start_at > most_days * DAY_S:
        raise OutOfRangeError(
            f"end_time: expected at most {most_days} days after start_time", param="query.end_time"
        )
    return Window(start_at, stop_at)


def body(call: Call) -> dict[str, Any]:
    """The members of a JSON body that are not null; an empty body has none. Raises MalformedMessageError."""
    try:
        value = orjson.loads(call.body or b"{}")
    except orjson.JSONDecodeError:
        raise MalformedMessageError("Invalid JSON body") from None
    if not isinstance(value, dict):
        raise MalformedMessageError("Invalid JSON body")
    return {name: member for name, member in value.items() if member is not None}


def whole(members: dict[str, Any], name: str, low: int, high: int) -> int | None:
    """A whole number of a body. Raises WrongTypeError or OutOfRangeError."""
    found = members.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int):
        raise WrongTypeError(f"{name}: expected a whole number", param=f"body.{name}")
    if not low <= found <= high:
        raise OutOfRangeError(f"{name}: expected {low} to {high}, got {found}", param=f"body.{name}")
    return found


def written(members: dict[str, Any], name: str, most: int) -> str | None:
    """A string of a body. Raises WrongTypeError or OutOfRangeError."""
    found = members.get(name)
    if found is None:
        return None
    if not isinstance(found, str):
        raise WrongTypeError(f"{name}: expected a string", param=f"body.{name}")
    if len(found) > most:
        raise OutOfRangeError(f"{name}: expected at most {most} characters", param=f"body.{name}")
    return found


def iso(seconds: float) -> str:
    """A time as the wire writes it: UTC, milliseconds, "Z"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(value: str, name: str) -> float:
    # A "+" of an offset that a client did not escape arrives as a space.
    text = value[:-6] + "+" + value[-5:] if value[-6:-5] == " " and len(value) > 16 else value
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise OutOfRangeError(
            f"{name}: expected an ISO 8601 time, got {quoted(value)}", param=f"query.{name}"
        ) from None


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"==").decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    if not text.isdecimal() or len(text) > 9:
        raise OutOfRangeError("cursor: expected one that this server gave", param="cursor")
    return int(text)
