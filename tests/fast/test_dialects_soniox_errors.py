"""Every code of the error tree has its place on Soniox's wire, in both bodies."""

from __future__ import annotations

import json

import pytest

from vivavoce.dialects.soniox import errors
from vivavoce.errors import NotFoundError, OutOfRangeError, OverloadedError, UnknownModelError, error_classes

pytestmark = pytest.mark.fast

TAXONOMY = {
    400: {"invalid_request", "model_not_available", "invalid_stream_state"},
    401: {"unauthenticated"},
    402: {"project_monthly_budget_exhausted"},
    403: {"permission_denied", "temp_api_key_session_expired"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    408: {"request_timeout"},
    409: {"invalid_state"},
    413: {"max_duration_reached"},
    429: {"limit_exceeded"},
    500: {"internal_error"},
    503: {"service_unavailable"},
}
"""Status and type belong together on every surface (Soniox "Errors" page)."""


def test_every_code_has_a_row_of_the_taxonomy() -> None:
    assert set(errors.TABLE) == {cls.code for cls in error_classes()}
    assert all(saying.type in TAXONOMY[saying.status] for saying in errors.TABLE.values())
    assert {saying.status for saying in errors.TABLE.values()} == set(TAXONOMY)


@pytest.mark.parametrize("cls", error_classes(), ids=lambda cls: cls.code)
def test_no_body_holds_null_and_every_code_is_a_number(cls: type[OverloadedError]) -> None:
    error = cls("what \ud83d is wrong", retry_after_s=0.1)
    status, headers, body = errors.speech_answer(error, "id")
    fields = json.loads(body)
    assert set(fields) == {"error_code", "error_type", "error_message", "more_info", "request_id"}
    assert (fields["error_code"], headers["retry-after"]) == (status, "1")
    assert headers["x-request-id"] == fields["request_id"]
    assert fields["error_message"]
    status, headers, body = errors.management_answer(error, "id")
    fields = json.loads(body)
    assert set(fields) == {
        "status_code",
        "error_type",
        "message",
        "validation_errors",
        "request_id",
        "more_info",
    }
    assert (fields["status_code"], fields["validation_errors"]) == (status, [])
    assert headers["x-request-id"] == fields["request_id"]
    assert None not in fields.values()


def test_a_management_fault_says_where_it_is() -> None:
    body = json.loads(errors.management_answer(OutOfRangeError("limit: 0", param="query.limit"), "id")[2])
    assert body["validation_errors"] == [
        {"error_type": "out_of_range", "location": "query.limit", "message": "limit: 0"}
    ]


def test_what_is_not_found_is_named() -> None:
    body = json.loads(errors.management_answer(NotFoundError("no"), "id", "voice")[2])
    assert (body["status_code"], body["error_type"]) == (404, "voice_not_found")
    assert body["more_info"].endswith("#voice-not-found")
    assert json.loads(errors.management_answer(NotFoundError("no"), "id")[2])["error_type"] == "not_found"
    assert json.loads(errors.management_answer(UnknownModelError("no"), "id", "voice")[2])["error_type"] == (
        "model_not_available"
    )


def test_a_bad_cursor_has_its_type() -> None:
    body = json.loads(errors.management_answer(OutOfRangeError("no", param="cursor"), "id")[2])
    assert (body["status_code"], body["error_type"]) == (400, "invalid_cursor")
