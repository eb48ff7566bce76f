"""What Gradium's plain requests share: how they read their query and how they answer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from vivavoce.dialects.desk import Answer, Call
from vivavoce.errors import OutOfRangeError, WrongTypeError, quoted

HEADERS: Final = {"content-type": "application/json"}
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


def answer(value: Any, status: int = 200) -> Answer:
    """``value`` as JSON."""
    return Answer(status, HEADERS, orjson.dumps(value))


def nothing() -> Answer:
    """The answer to a DELETE. The SDK reads every answer as JSON and fails on another content type."""
    return Answer(204, HEADERS)


def number(call: Call, name: str, default: int, highest: int) -> int:
    """A whole number from 0 to ``highest`` in the query. Raises WrongTypeError or OutOfRangeError."""
    text = dict(call.query).get(name)
    if text is None or text == "":
        return default
    param = f"query.{name}"
    if not text.lstrip("-").isdecimal():
        raise WrongTypeError(f"{name}: expected a whole number, got {quoted(text)}", param=param)
    value = int(text[:20])
    if not 0 <= value <= highest:
        raise OutOfRangeError(f"{name}: expected 0 to {highest}, got {value}", param=param)
    return value


def truth(call: Call, name: str) -> bool:
    """A truth value in the query, which the SDK writes as 0 or 1. Raises WrongTypeError."""
    text = dict(call.query).get(name, "").lower()
    if text and text not in _TRUE | _FALSE:
        raise WrongTypeError(f"{name}: expected true or false, got {quoted(text)}", param=f"query.{name}")
    return text in _TRUE


def organisation(account: str | None) -> str:
    """The UUID that stands for whoever owns something."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:vivavoce:account:{account or ''}"))


def moment(at: float) -> str:
    """Unix seconds as RFC 3339."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
