"""Our error codes as Soniox says them: status, type and text, in the body of a stream and of a management call.

Source: Soniox "Errors" and "Generate speech" pages, read 2026-11-21. A code and its type belong together on every
surface, so one table serves all of them. Where the vendor documents a sentence it stands here; where it does not,
the error speaks for itself.
"""

from __future__ import annotations

import math
from typing import Any, Final

import orjson
from msgspec import Struct

from vivavoce.errors import VivavoceError

JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}
_MORE: Final = "https://soniox.com/docs/api-reference/errors#"
_AGAIN: Final = "Cannot continue request (code {}). Please restart the request."


class Saying(Struct, frozen=True):
    """How one code is said. Without ``text`` the error's own message is."""

    status: int
    type: str
    text: str | None = None


TABLE: Final[dict[str, Saying]] = {
    **dict.fromkeys(
        (
            "invalid_request",
            "malformed_message",
            "wrong_type",
            "missing_field",
            "unknown_option",
            "out_of_range",
            "empty_text",
            "unknown_voice",
            "unknown_language",
            "unknown_format",
            "message_too_large",
            "unsupported_media",
        ),
        Saying(400, "invalid_request"),
    ),
    "unknown_model": Saying(
        400,
        "model_not_available",
        "The requested model is not available. "
        "See https://soniox.com/docs/tts/models for the list of supported TTS models.",
    ),
    "out_of_order": Saying(400, "invalid_stream_state"),
    "unknown_stream": Saying(400, "invalid_stream_state"),
    "duplicate_stream": Saying(400, "invalid_stream_state"),
    "key_missing": Saying(401, "unauthenticated", "Missing API key."),
    "unauthorized": Saying(401, "unauthenticated", "Invalid API key."),
    "key_revoked": Saying(401, "unauthenticated", "Invalid API key."),
    "key_expired": Saying(401, "unauthenticated", "Invalid/expired temporary API key."),
    "key_used": Saying(401, "unauthenticated", "Invalid/expired temporary API key."),
    "quota_exceeded": Saying(402, "project_monthly_budget_exhausted"),
    "permission_denied": Saying(403, "permission_denied"),
    "session_expired": Saying(403, "temp_api_key_session_expired"),
    "not_found": Saying(404, "not_found"),
    "method_not_allowed": Saying(405, "method_not_allowed"),
    "idle_timeout": Saying(408, "request_timeout", "Request timeout"),
    "already_exists": Saying(409, "invalid_state"),
    "text_too_long": Saying(413, "max_duration_reached"),
    "too_many_streams": Saying(429, "limit_exceeded"),
    "rate_limited": Saying(429, "limit_exceeded"),
    "concurrency_limit": Saying(429, "limit_exceeded"),
    "overloaded": Saying(429, "limit_exceeded"),
    "internal_error": Saying(500, "internal_error"),
    "engine_failed": Saying(500, "internal_error"),
    "storage_failed": Saying(500, "internal_error"),
    "missing_dependency": Saying(500, "internal_error"),
    "worker_died": Saying(503, "service_unavailable", _AGAIN.format(1)),
    "voice_quarantined": Saying(503, "service_unavailable", _AGAIN.format(2)),
    "shutting_down": Saying(503, "service_unavailable", _AGAIN.format(3)),
}
"""Every code of the tree has a row."""

CLOSE_CODE: Final[dict[str, int]] = {"idle_timeout": 1001, "shutting_down": 1001, "internal_error": 1011}
"""Close code of a socket by our code; all others are 1008. No client reads it."""

CLOSE_REASON: Final[dict[str, str]] = {"idle_timeout": "Timeout"}
DEFAULT_CLOSE_CODE: Final = 1008


def stream_fields(error: VivavoceError, request_id: str) -> dict[str, Any]:
    """The members of an error on a socket, and of the body that ``POST /tts`` answers with."""
    saying = TABLE[error.code]
    return {
        "error_code": saying.status,
        "error_type": saying.type,
        "error_message": _text(error, saying),
        "more_info": _more(saying.type),
        "request_id": request_id,
    }


def speech_answer(error: VivavoceError, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a refused ``POST /tts`` or handshake."""
    body = orjson.dumps(stream_fields(error, request_id))
    return TABLE[error.code].status, _headers(error, request_id), body


def management_answer(
    error: VivavoceError, request_id: str, thing: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a refused management call. ``thing`` is what may not have been found."""
    saying = TABLE[error.code]
    kind = saying.type
    if thing is not None and saying.status == 404:
        kind = f"{thing}_not_found"
    elif error.param == "cursor":
        kind = "invalid_cursor"
    message = _text(error, saying)
    faults = []
    if saying.status == 400 and error.param is not None:
        faults.append({"error_type": error.code, "location": error.param, "message": message})
    body = {
        "status_code": saying.status,
        "error_type": kind,
        "message": message,
        "validation_errors": faults,
        "request_id": request_id,
        "more_info": _more(kind),
    }
    return saying.status, _headers(error, request_id), orjson.dumps(body)


def _text(error: VivavoceError, saying: Saying) -> str:
    # A name quoted from the request may hold half a surrogate pair, which no JSON writer takes.
    return saying.text or error.message.encode("utf-8", "replace").decode("utf-8")


def _more(kind: str) -> str:
    return _MORE + kind.replace("_", "-")


def _headers(error: VivavoceError, request_id: str) -> dict[str, str]:
    headers = {**JSON, "x-request-id": request_id}
    if error.retry_after_s is not None:
        # The header takes whole seconds only.
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    if TABLE[error.code].status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers
