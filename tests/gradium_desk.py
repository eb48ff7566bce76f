"""Gradium's plain calls in the hands of a test: what a desk of paper answers, decoded."""

from __future__ import annotations

import json
from typing import Any

from paper_desk import PaperDesk, ask
from vivavoce.dialects.desk import Answer
from vivavoce.dialects.gradium import SERVICES


def call(desk: PaperDesk, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    """The answer to ``body`` as JSON."""
    data = b"" if body is None else json.dumps(body).encode()
    return ask(SERVICES, method, path, desk, body=data, **more)


def told(answer: Answer, status: int = 200) -> Any:
    """The decoded body of an answer with this ``status``."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)
