"""Our error codes as Suonora says them: ``{"success": false, "message": "…"}`` and a status; 400 for what is no row."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from vivavoce.dialects.desk import Answer
from vivavoce.dialects.suonora import messages as wire
from vivavoce.errors import VivavoceError

JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}

STATUS: Final[dict[str, int]] = {
    "unauthorized": 401,
    "key_missing": 401,
    "key_expired": 401,
    "key_revoked": 401,
    "key_used": 401,
    "session_expired": 401,
    "permission_denied": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "quota_exceeded": 429,
    "rate_limited": 429,
    "concurrency_limit": 429,
    "too_many_streams": 429,
    "overloaded": 503,
    "voice_quarantined": 503,
    "shutting_down": 503,
    "idle_timeout": 500,
    "internal_error": 500,
    "engine_failed": 500,
    "worker_died": 500,
    "storage_failed": 500,
    "missing_dependency": 500,
}
"""HTTP status by code; any other code is :data:`DEFAULT_STATUS`. The vendor has 503 for a full queue."""
DEFAULT_STATUS: Final = 400
DEFAULT_RETRY_S: Final = 1.0

INVALID_KEY: Final = "The provided API key is invalid."
OUR_FAULT: Final = "The server could not synthesize this request."


def answer(error: VivavoceError) -> Answer:
    """The answer for any failure."""
    status = STATUS.get(error.code, DEFAULT_STATUS)
    headers = dict(JSON)
    if status in (429, 503):
        # Clients are told to respect it.
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s or DEFAULT_RETRY_S)))
    message = {401: INVALID_KEY, 500: OUR_FAULT}.get(status, error.message)
    return Answer(status, headers, msgspec.json.encode(wire.ErrorBody(False, message)))
