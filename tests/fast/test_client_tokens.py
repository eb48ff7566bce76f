"""What language models stream, by its shape."""

from __future__ import annotations

from types import SimpleNamespace as Thing
from typing import Any

import pytest

from vivavoce.client.core.tokens import token_text

pytestmark = pytest.mark.fast


def things(value: Any) -> Any:
    """Dictionaries as objects, as SDKs have them."""
    if isinstance(value, dict):
        return Thing(**{name: things(inner) for name, inner in value.items()})
    return [things(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ({"choices": [{"index": 0, "delta": {"content": "Hi"}}]}, "Hi"),
        ({"choices": [{"index": 0, "delta": {"content": None, "tool_calls": []}}]}, ""),
        ({"choices": [{"index": 1, "delta": {"content": "other"}}]}, ""),
        ({"choices": [{"index": 0, "text": "old"}]}, "old"),
        ({"choices": [], "usage": {"total_tokens": 3}}, ""),
        ({"type": "response.output_text.delta", "delta": "Hi"}, "Hi"),
        ({"type": "response.reasoning_text.delta", "delta": "hm"}, ""),
        ({"type": "response.completed", "response": {}}, ""),
        ({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}, "Hi"),
        (
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "thinking_delta", "thinking": "hm"},
            },
            "",
        ),
        ({"type": "text", "text": "Hi", "snapshot": "Hi"}, ""),
        ({"type": "message_start", "message": {}}, ""),
    ],
)
def test_each_shape(piece: dict[str, Any], text: str) -> None:
    assert token_text(piece) == text
    assert token_text(things(piece)) == text


@pytest.mark.parametrize(("piece", "text"), [("plain", "plain"), (None, ""), (7, "")])
def test_what_is_none_of_them(piece: Any, text: str) -> None:
    assert token_text(piece) == text
