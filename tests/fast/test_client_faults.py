"""Errors as the SDK tells them, and which of them are tried again after how long."""

from __future__ import annotations

import pytest

from vivavoce.client.core import faults
from vivavoce.client.core.link import worth_it
from vivavoce.client.core.plan import Plan
from vivavoce.dialects.native.errors import HTTP_STATUS, http
from vivavoce.errors import (
    CLIENT_CODES,
    OverloadedError,
    VivavoceAuthError,
    VivavoceClientError,
    VivavoceConnectionError,
    VivavoceNotFoundError,
    VivavoceRateLimitError,
    VivavoceServerError,
    VivavoceTimeoutError,
    VivavoceValidationError,
)
from vivavoce.types import Retries

pytestmark = pytest.mark.fast

CLASSES = {
    400: VivavoceValidationError,
    401: VivavoceAuthError,
    403: VivavoceAuthError,
    404: VivavoceValidationError,
    405: VivavoceValidationError,
    408: VivavoceServerError,
    409: VivavoceValidationError,
    413: VivavoceValidationError,
    415: VivavoceValidationError,
    429: VivavoceRateLimitError,
}


@pytest.mark.parametrize(("code", "status"), HTTP_STATUS.items())
def test_every_code_of_the_server_has_its_class(code: str, status: int) -> None:
    error = faults.told({"code": code, "message": "m", "param": "p", "retry_after_s": 1})
    assert isinstance(error, CLASSES.get(status, VivavoceServerError))
    assert (error.code, error.message, error.param, error.retry_after_s) == (code, "m", "p", 1.0)
    # What is the caller's own fault, or will not pass, is asked once.
    passing = status in (429, 500, 503) and code not in ("quota_exceeded", "voice_quarantined")
    assert faults.passing(error) is passing


def test_an_answer_of_the_server_is_understood() -> None:
    status, headers, body = http(OverloadedError("full", retry_after_s=0.5))
    error = faults.answered(status, {**headers, "x-request-id": "id"}, body)
    assert isinstance(error, VivavoceRateLimitError)
    assert (error.code, error.retry_after_s, error.request_id) == ("overloaded", 0.5, "id")


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (401, VivavoceAuthError),
        (404, VivavoceNotFoundError),
        (418, VivavoceValidationError),
        (429, VivavoceRateLimitError),
        (502, VivavoceServerError),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"error":"text"}', b"[1]", b"\xff", b'{"error":{"code":7}}']
)
def test_an_answer_of_somebody_else_too(status: int, cls: type[VivavoceClientError], body: bytes) -> None:
    error = faults.answered(status, {"retry-after": "3"}, body)
    assert isinstance(error, cls)
    assert error.retry_after_s == 3.0
    assert str(status) in error.message


def test_a_copy_is_the_same_error_and_another_object() -> None:
    error = VivavoceConnectionError(
        "gone", close_code=1012, reason="r", code="shutting_down", retry_after_s=1
    )
    copy = faults.again(error)
    assert copy is not error
    assert isinstance(copy, VivavoceConnectionError)
    assert (copy.message, copy.close_code, copy.reason, copy.code) == ("gone", 1012, "r", "shutting_down")
    assert copy.args == error.args


def test_codes_of_the_client_are_none_of_the_servers() -> None:
    assert not set(CLIENT_CODES) & set(HTTP_STATUS)
    assert VivavoceTimeoutError("t").code in CLIENT_CODES
    assert VivavoceConnectionError("t").code in CLIENT_CODES


def test_waits_double_up_to_the_longest_with_jitter() -> None:
    steady = Plan(retries=Retries(first_s=0.25, longest_s=3.0), dice=lambda: 0.0)
    assert [steady.delay_s(attempt) for attempt in (1, 2, 3, 4, 5, 5000)] == [0.25, 0.5, 1.0, 2.0, 3.0, 3.0]
    wild = Plan(retries=Retries(first_s=0.25, longest_s=3.0), dice=lambda: 1.0)
    assert wild.delay_s(1) == pytest.approx(0.375)
    # At least what the server asks for, and not all at once.
    assert steady.delay_s(1, 5.0) == 5.0
    assert 5.0 < wild.delay_s(1, 5.0) <= 5.5


def test_tries_and_patience_have_an_end() -> None:
    plan = Plan(retries=Retries(times=2, patience_s=10))
    lost = VivavoceConnectionError("lost")
    assert [worth_it(plan, lost, attempt) for attempt in (1, 2, 3)] == [True, True, False]
    assert not worth_it(plan, VivavoceRateLimitError("limit", retry_after_s=11), 1)
    assert not worth_it(plan, VivavoceTimeoutError("late"), 1)
    assert not worth_it(plan, VivavoceValidationError("wrong"), 1)
