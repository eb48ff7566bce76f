"""From the client's bytes to Gradium's messages; every fault becomes one clear error of ours."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from vivavoce.dialects.gradium import messages as wire
from vivavoce.dialects.halves import decoded
from vivavoce.dialects.wording import in_json
from vivavoce.errors import (
    MalformedMessageError,
    MissingFieldError,
    RequestError,
    VivavoceError,
    WrongTypeError,
    quoted,
)

T = TypeVar("T")

_CLIENT: Final = msgspec.json.Decoder(wire.ClientMessage)
_TYPES: Final = tuple(str(cls.__struct_config__.tag) for cls in wire.ClientMessage.__args__)
_MISSING: Final = re.compile(r"missing required field `([^`]*)`")
_PATH: Final = re.compile(r"(?:, got `.*`)? - at `\$\.?([^`]*)`$")
MAX_ID_CHARS: Final = 256


def message(frame: str | bytes) -> wire.ClientMessage:
    """A frame from the client. Raises MalformedMessageError, MissingFieldError or WrongTypeError."""
    if isinstance(frame, bytes):
        raise RequestError("Expected a text frame, got a binary one")
    try:
        said: wire.ClientMessage = decoded(frame, _CLIENT.decode)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        value = loosely(frame) if isinstance(fault, msgspec.ValidationError) else {}
        if not isinstance(value.get("type"), str) or value["type"] not in _TYPES:
            raise _unknown(value) from None
        raise explained(fault) from None
    if said.client_req_id is not None and len(said.client_req_id) > MAX_ID_CHARS:
        raise WrongTypeError(
            f"client_req_id: expected at most {MAX_ID_CHARS} characters", param="client_req_id"
        )
    return said


def body(data: bytes, cls: type[T]) -> T:
    """A JSON body that has to be a ``cls``; unknown fields are ignored. Raises as :func:`message` does."""
    try:
        return decoded(data, lambda text: msgspec.json.decode(text, type=cls))
    except msgspec.ValidationError as fault:
        raise explained(fault) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise MalformedMessageError("Expected a JSON object as the body") from None


def loosely(frame: str | bytes) -> dict[str, Any]:
    """The object in a faulty frame, as far as there is one."""
    try:
        value = decoded(frame, msgspec.json.decode)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def explained(fault: Exception) -> VivavoceError:
    """The error behind msgspec's words: a field that is missing or of the wrong type."""
    said = str(fault)
    if missing := _MISSING.search(said):
        return MissingFieldError(f"{missing[1]}: field required", param=missing[1])
    found = _PATH.search(said)
    path = (found[1] if found else "").replace("[", ".").replace("]", "")
    expected = in_json(_PATH.sub("", said))
    return WrongTypeError(f"{path}: {expected}" if path else expected, param=path or None)


def _unknown(value: dict[str, Any]) -> VivavoceError:
    expected = f"expected a JSON object whose type is one of {', '.join(_TYPES)}"
    if "type" not in value:
        return MalformedMessageError(f"Invalid message: {expected}")
    return MalformedMessageError(f"Unknown message type {quoted(value['type'])}: {expected}", param="type")
