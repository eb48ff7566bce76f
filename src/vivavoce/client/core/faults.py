"""From what a server says, or does, to the SDK's errors; and which of them another try may mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vivavoce.errors import (
    VivavoceAuthError,
    VivavoceClientError,
    VivavoceConnectionError,
    VivavoceError,
    VivavoceNotFoundError,
    VivavoceRateLimitError,
    VivavoceServerError,
    VivavoceTimeoutError,
    VivavoceValidationError,
)

_AUTH: Final = frozenset(
    {
        "unauthorized",
        "key_missing",
        "key_expired",
        "key_revoked",
        "key_used",
        "session_expired",
        "permission_denied",
    }
)
_LIMITS: Final = frozenset(
    {"overloaded", "too_many_streams", "rate_limited", "concurrency_limit", "quota_exceeded"}
)
_SERVER: Final = frozenset(
    {
        "engine_failed",
        "storage_failed",
        "internal_error",
        "missing_dependency",
        "worker_died",
        "voice_quarantined",
        "shutting_down",
        "idle_timeout",
    }
)
_PASSING: Final = frozenset(
    {
        "overloaded",
        "too_many_streams",
        "rate_limited",
        "concurrency_limit",
        "engine_failed",
        "storage_failed",
        "internal_error",
        "worker_died",
        "shutting_down",
        "connection_failed",
        "connection_lost",
    }
)
"""Codes of failures that may be gone at the next try. A spent quota and a quarantined voice will not be."""


class DroppedError(VivavoceConnectionError):
    """A socket is gone, by whomever. ``close_code`` and ``reason`` are those of its close frame; 1006 without one."""

    def __init__(self, close_code: int, reason: str) -> None:
        said = f"close code {close_code}" + (f", {reason}" if reason else "")
        super().__init__(f"the connection was lost ({said})", close_code=close_code, reason=reason)


def told(fields: Mapping[str, Any], request_id: str = "") -> VivavoceClientError:
    """The error that a server tells with these members: ``code``, ``message``, ``param``, ``retry_after_s``."""
    code = str(fields.get("code", "internal_error"))
    retry_after_s = fields.get("retry_after_s")
    return _class_of(code)(
        str(fields.get("message", code)),
        code=code,
        param=fields.get("param"),
        retry_after_s=None if retry_after_s is None else float(retry_after_s),
        request_id=request_id,
    )


def answered(status: int, headers: Mapping[str, str], body: bytes) -> VivavoceClientError:
    """The error behind an HTTP answer that is no success. Header names are lower case."""
    request_id = headers.get("x-request-id", "")
    fields = _told_in(body) or _guessed(status)
    if fields.get("retry_after_s") is None and headers.get("retry-after", "").isdecimal():
        fields["retry_after_s"] = float(headers["retry-after"])
    return told(fields, request_id)


def passing(error: VivavoceError) -> bool:
    """Whether the same request may succeed when it is tried again."""
    return error.code in _PASSING and not isinstance(error, VivavoceTimeoutError)


def again(error: VivavoceClientError) -> VivavoceClientError:
    """A copy to raise elsewhere: one error raised in two threads would mix their tracebacks."""
    copy = error.__class__.__new__(error.__class__)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy


def _class_of(code: str) -> type[VivavoceClientError]:
    if code in _AUTH:
        return VivavoceAuthError
    if code in _LIMITS:
        return VivavoceRateLimitError
    if code in _SERVER:
        return VivavoceServerError
    return VivavoceNotFoundError if code == "not_found" else VivavoceValidationError


def _told_in(body: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    found = value.get("error") if isinstance(value, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("code"), str) else None


def _guessed(status: int) -> dict[str, Any]:
    """For an answer that is not of our server, such as a proxy's."""
    codes = {401: "unauthorized", 403: "permission_denied", 404: "not_found", 429: "rate_limited"}
    code = codes.get(status, "internal_error" if status >= 500 else "invalid_request")
    return {"code": code, "message": f"expected an answer of the server, got HTTP status {status}"}
