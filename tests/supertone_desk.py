"""Supertone's plain calls in the hands of a test: what a desk of paper answers, decoded."""

from __future__ import annotations

import json
from typing import Any

from paper_desk import PaperDesk, ask
from vivavoce.dialects.desk import Answer
from vivavoce.dialects.supertone.routes import SERVICES

ADAM = "91992bbd4758bdcf9c9b01"


def get(path: str, desk: PaperDesk | None = None, **query: Any) -> Any:
    """The decoded body of what is answered with 200."""
    answer = ask(SERVICES, "GET", path, desk or PaperDesk(), query=[(k, str(v)) for k, v in query.items()])
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and sentence of an error in the vendor's envelope."""
    said = json.loads(answer.body)
    assert said["status"] == "error"
    assert said["message"]["status_code"] == said["message"]["statusCode"] == answer.status
    return answer.status, said["message"]["message"]
