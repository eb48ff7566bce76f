"""Our error codes as Supertone says them. What is no row here is 400: this wire has no 422 and hardly any 413.

The SDKs make typed exceptions of 400, 401, 402, 403, 404, 408, 429 and 500; what was asked in the wrong way has to be
one of them. 503 is for a server that is going: the SDKs' retry includes it.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Final

import msgspec

from vivavoce.dialects.desk import Answer
from vivavoce.dialects.supertone import messages as wire
from vivavoce.errors import VivavoceError

JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}

STATUS: Final[dict[str, int]] = {
    "unauthorized": 401,
    "key_missing": 401,
    "key_expired": 401,
    "key_revoked": 401,
    "key_used": 401,
    "session_expired": 401,
    "quota_exceeded": 402,
    "permission_denied": 403,
    "unknown_voice": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "idle_timeout": 408,
    "rate_limited": 429,
    "concurrency_limit": 429,
    "too_many_streams": 429,
    "overloaded": 429,
    "internal_error": 500,
    "engine_failed": 500,
    "worker_died": 500,
    "voice_quarantined": 500,
    "storage_failed": 500,
    "missing_dependency": 500,
    "shutting_down": 503,
}
"""HTTP status by code; any other code is :data:`DEFAULT_STATUS`."""
DEFAULT_STATUS: Final = 400
CLONE_STATUS: Final = {"message_too_large": 413, "unsupported_media": 415}
"""What only uploads are answered with; elsewhere the SDK has no exception for it."""

WORDS: Final[dict[int, str]] = {
    400: "Invalid request data",
    401: "Invalid API Key",
    402: "Not enough credits",
    403: "Permission denied",
    404: "Voice not found",
    408: "Request timed out",
    413: "File too large",
    415: "Unsupported audio format. Supported formats: WAV, MP3",
    429: "rate limit exceeded",
    500: "Failed to convert text to speech",
}
"""The vendor's messages."""
_BARE: Final = frozenset({401, 500})
"""Statuses whose message says no more than the vendor's: not to a stranger, and not of our insides."""
_PHRASES: Final = {408: "Request Timeout", 413: "Payload Too Large"}


def answer(error: VivavoceError) -> Answer:
    """The answer for any failure but an upload's."""
    return _answer(error, STATUS.get(error.code, DEFAULT_STATUS))


def clone_answer(error: VivavoceError) -> Answer:
    """The answer for a failed upload of a voice."""
    return _answer(error, CLONE_STATUS.get(error.code) or STATUS.get(error.code, DEFAULT_STATUS))


def _answer(error: VivavoceError, status: int) -> Answer:
    words = WORDS.get(status)
    if error.code == "not_found":
        words = "Not found"
    said = error.message if words is None else words if status in _BARE else f"{words}: {error.message}"
    phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
    headers = dict(JSON)
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    body = msgspec.json.encode(wire.ErrorBody("error", wire.ErrorDetail(said, phrase, status, status)))
    return Answer(status, headers, body)
