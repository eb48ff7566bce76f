"""Our errors as Gradium says them: a code that is both the message's and the close's, and HTTP answers with a
``detail``.

The vendor's pages contradict each other on REST failures; its own SDK reads ``detail`` first, and the vendor's
"skills" repository, which says it tested against the live service, saw 400, 401 and 422 with it. So that is what is
served. A 422 has the list of ``loc``, ``msg`` and ``type`` that its OpenAPI document describes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

from vivavoce.dialects.desk import Answer
from vivavoce.errors import (
    AuthenticationError,
    MissingFieldError,
    MissingKeyError,
    SessionExpiredError,
    VivavoceError,
)

PROTOCOL: Final = 1002
UNSUPPORTED: Final = 1003
POLICY: Final = 1008
TOO_LARGE: Final = 1009
"""What the server's WebSocket itself closes with, before this wire is asked."""
FAILURE: Final = 1011
"""A worker's failure, an unknown voice, and everything that is ours."""

CLOSE_CODE: Final[Mapping[str, int]] = {
    "malformed_message": PROTOCOL,
    "out_of_order": PROTOCOL,
    "duplicate_stream": PROTOCOL,
    "unknown_stream": PROTOCOL,
    "wrong_type": UNSUPPORTED,
    "missing_field": UNSUPPORTED,
    "out_of_range": UNSUPPORTED,
    "unknown_model": UNSUPPORTED,
    "unknown_language": UNSUPPORTED,
    "not_found": UNSUPPORTED,
    "invalid_request": UNSUPPORTED,
    "unknown_format": POLICY,
    "unauthorized": POLICY,
    "key_missing": POLICY,
    "key_expired": POLICY,
    "key_revoked": POLICY,
    "key_used": POLICY,
    "session_expired": POLICY,
    "permission_denied": POLICY,
    "quota_exceeded": POLICY,
    "rate_limited": POLICY,
    "concurrency_limit": POLICY,
    "too_many_streams": POLICY,
    "text_too_long": POLICY,
    "message_too_large": TOO_LARGE,
    "idle_timeout": POLICY,
}
"""Code by our code; all others are :data:`FAILURE`. LiveKit tries again after 1008 and 1011, never after the others."""

HTTP_STATUS: Final[Mapping[str, int]] = {
    "wrong_type": 422,
    "missing_field": 422,
    "out_of_range": 422,
    "unauthorized": 401,
    "key_missing": 401,
    "key_expired": 401,
    "key_revoked": 401,
    "key_used": 401,
    "session_expired": 401,
    "quota_exceeded": 402,
    "permission_denied": 403,
    "not_found": 404,
    "unknown_voice": 404,
    "method_not_allowed": 405,
    "idle_timeout": 408,
    "already_exists": 409,
    "text_too_long": 413,
    "message_too_large": 413,
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
"""Status by our code; all others are 400."""

CONFIG: Final = "json_config"
"""Errors about this field are the model's, not those of the request's shape: 400 with a sentence."""
_REASON_BYTES: Final = 123
_JSON: Final = {"content-type": "application/json"}


def close_code(error: VivavoceError) -> int:
    """The code of the error message, and of the close after it."""
    return CLOSE_CODE.get(error.code, FAILURE)


def said(error: VivavoceError, *, voice: str = "", dictionary: str = "") -> str:
    """The vendor's sentence for an error, where one is known, or our own."""
    match error.code:
        case "unknown_voice" if voice:
            return f"Embeddings not found for {voice}"
        case "not_found" if dictionary:
            return f"Pronunciation dictionary {dictionary} not found."
    if isinstance(error, MissingKeyError):
        return "API key is missing"
    if isinstance(error, AuthenticationError) and not isinstance(error, SessionExpiredError):
        return "API key is revoked or expired"
    return error.message


def reason(message: str) -> str:
    """``message`` cut to what a close frame holds."""
    return message.encode()[:_REASON_BYTES].decode(errors="ignore")


def http(error: VivavoceError, *, voice: str = "", dictionary: str = "") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    status = HTTP_STATUS.get(error.code, 400)
    detail: str | list[dict[str, Any]] = said(error, voice=voice, dictionary=dictionary)
    if status == 422 and (error.param or "").startswith(CONFIG):
        status = 400
    if status == 422:
        detail = [_place(error)]
    headers = dict(_JSON)
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    return status, headers, orjson.dumps({"detail": detail})


def refuse(error: VivavoceError) -> Answer:
    """The answer to a plain request that failed."""
    return Answer(*http(error))


def _place(error: VivavoceError) -> dict[str, Any]:
    """Where in the request the error is; ``param`` is a path whose first step may be the part of the request."""
    steps = (error.param or "").split(".") if error.param else []
    if not steps or steps[0] not in ("body", "query", "path"):
        steps.insert(0, "body")
    loc = [int(step) if step.isdecimal() else step for step in steps]
    if isinstance(error, MissingFieldError):
        return {"loc": loc, "msg": "Field required", "type": "missing"}
    return {"loc": loc, "msg": error.message, "type": "value_error"}
