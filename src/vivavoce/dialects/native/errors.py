"""Our error codes as the native wire says them: HTTP status, close code, body."""

from __future__ import annotations

import math
from typing import Any, Final

import orjson

from vivavoce.errors import VivavoceError

HTTP_STATUS: Final[dict[str, int]] = {
    "invalid_request": 400,
    "malformed_message": 400,
    "wrong_type": 400,
    "missing_field": 400,
    "unknown_option": 400,
    "out_of_range": 400,
    "empty_text": 400,
    "unknown_voice": 400,
    "unknown_language": 400,
    "unknown_model": 400,
    "unknown_format": 400,
    "unauthorized": 401,
    "key_missing": 401,
    "key_expired": 401,
    "key_revoked": 401,
    "key_used": 401,
    "session_expired": 403,
    "permission_denied": 403,
    "not_found": 404,
    "unknown_stream": 404,
    "method_not_allowed": 405,
    "idle_timeout": 408,
    "out_of_order": 409,
    "duplicate_stream": 409,
    "already_exists": 409,
    "text_too_long": 413,
    "message_too_large": 413,
    "unsupported_media": 415,
    "quota_exceeded": 429,
    "rate_limited": 429,
    "concurrency_limit": 429,
    "too_many_streams": 429,
    "overloaded": 429,
    "internal_error": 500,
    "engine_failed": 500,
    "storage_failed": 500,
    "missing_dependency": 501,
    "worker_died": 503,
    "voice_quarantined": 503,
    "shutting_down": 503,
}
"""HTTP status by code; every code of the tree has a row."""

CLOSE_CODE: Final[dict[str, int]] = {
    "idle_timeout": 1001,
    "shutting_down": 1012,
    "overloaded": 1013,
    "message_too_large": 1009,
    "internal_error": 1011,
}
"""Close code of a socket that the server ends, by code; all others are 1008, "policy violation"."""

DEFAULT_CLOSE_CODE: Final = 1008
MAX_REASON_BYTES: Final = 123
"""What fits into a close frame beside the code (RFC 6455, 5.5)."""


def fields(error: VivavoceError) -> dict[str, Any]:
    """The members that every native error has; ``retry_after_s`` only where trying again may help."""
    found: dict[str, Any] = {"code": error.code, "message": error.message, "param": error.param}
    if error.retry_after_s is not None:
        found["retry_after_s"] = error.retry_after_s
    return found


def http(error: VivavoceError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and JSON body."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    status = HTTP_STATUS[error.code]
    if error.retry_after_s is not None:
        # The header takes whole seconds only.
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return status, headers, orjson.dumps({"error": fields(error)})


def reason(error: VivavoceError) -> str:
    """The error's message, cut to what a close frame holds."""
    return error.message.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
