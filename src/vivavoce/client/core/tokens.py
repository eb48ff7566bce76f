"""The text in what language models' SDKs stream, told by its shape: none of their packages is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def token_text(piece: Any) -> str:
    """The text that ``piece`` adds, "" when it adds none.

    Understands plain strings; OpenAI's chat chunks (``choices[0].delta.content``), completion chunks
    (``choices[0].text``) and response events (``response.output_text.delta``); Anthropic's raw events
    (``content_block_delta`` with a ``text_delta``) and the events of its ``messages.stream``; as objects or as
    dictionaries. Only the first choice is spoken; tool calls, thinking and usage add nothing.
    """
    if isinstance(piece, str):
        return piece
    choices = _of(piece, "choices")
    if choices is not None:
        return _chosen(choices)
    kind, delta = _of(piece, "type"), _of(piece, "delta")
    if kind == "response.output_text.delta":
        return _text(delta)
    if kind == "content_block_delta" and _of(delta, "type") in (None, "text_delta"):
        return _text(_of(delta, "text"))
    # Anthropic's helper repeats each raw delta as an event of type "text": one of the two is enough.
    return ""


def _chosen(choices: Any) -> str:
    for choice in choices:
        if _of(choice, "index") in (None, 0):
            delta = _of(choice, "delta")
            return _text(_of(choice, "text") if delta is None else _of(delta, "content"))
    return ""


def _of(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
