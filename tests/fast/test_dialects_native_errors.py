"""Every code of the error tree has its place on the native wire."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest

from vivavoce.dialects.native import errors
from vivavoce.errors import OverloadedError, error_classes

pytestmark = pytest.mark.fast

CODES = {cls.code for cls in error_classes()}


def test_every_code_has_a_status_and_no_status_is_for_nothing() -> None:
    assert set(errors.HTTP_STATUS) == CODES
    assert set(errors.CLOSE_CODE) <= CODES
    assert all(HTTPStatus(status) >= 400 for status in errors.HTTP_STATUS.values())


@pytest.mark.parametrize(("wait_s", "header"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.1, "2")])
def test_when_to_try_again_is_rounded_up(wait_s: float, header: str) -> None:
    status, headers, body = errors.http(OverloadedError("full", retry_after_s=wait_s))
    assert (status, headers["retry-after"]) == (429, header)
    assert json.loads(body) == {
        "error": {"code": "overloaded", "message": "full", "param": None, "retry_after_s": wait_s}
    }
