"""The server's plain requests as data: what is sent, and how the answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from vivavoce.client.core.effects import Fetch, Flow, Sleep
from vivavoce.client.core.faults import answered
from vivavoce.client.core.link import worth_it
from vivavoce.client.core.plan import Plan
from vivavoce.client.types import ApiKey, Dictionary, DictionaryEntry, Format, Health, Language, Voice
from vivavoce.errors import VivavoceClientError, VivavoceServerError

T = TypeVar("T")
ROOT = "/v1/speech"


class Request(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None


class Answer(Struct, frozen=True):
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Call(Struct, Generic[T], frozen=True):
    """A request, and how to read its answer."""

    request: Request
    read: Callable[[bytes], T]


def carry_out(call: Call[T], plan: Plan) -> Flow[T]:
    """The answer to ``call``, tried again as ``plan`` says. Raises VivavoceClientError."""
    attempt = 0
    while True:
        try:
            answer: Answer = yield Fetch(call.request, plan.timeouts.request_s)
            if answer.status < 400:
                return _read(call, answer)
            raise answered(answer.status, answer.headers, answer.body)
        except VivavoceClientError as error:
            attempt += 1
            # A POST that failed on the way may have been carried out: a second one could make a second key.
            sure = call.request.method != "POST" or error.code in ("connection_failed", "rate_limited")
            if not sure or not worth_it(plan, error, attempt):
                raise
            yield Sleep(plan.delay_s(attempt, error.retry_after_s))


def _read(call: Call[T], answer: Answer) -> T:
    try:
        return call.read(answer.body)
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise VivavoceServerError(
            f"expected an answer of a Vivavoce server to {call.request.path}, got something else: {fault}",
            code="malformed_message",
            request_id=answer.headers.get("x-request-id", ""),
        ) from None


# ---- what there is ----------------------------------------------------------------------------------------------


class _Voices(Struct):
    voices: list[Voice]


class _Formats(Struct):
    formats: list[Format]


class _Languages(Struct):
    languages: list[Language]


class _Dictionaries(Struct):
    dictionaries: list[Dictionary]


class _Keys(Struct):
    keys: list[ApiKey]


def voices(language: str | None) -> Call[list[Voice]]:
    """The installed voices, best first within a language."""
    query = {} if language is None else {"language": language}
    read = msgspec.json.Decoder(_Voices).decode
    return Call(Request("GET", f"{ROOT}/voices", query), lambda body: read(body).voices)


def formats() -> Call[list[Format]]:
    """The audio formats."""
    read = msgspec.json.Decoder(_Formats).decode
    return Call(Request("GET", f"{ROOT}/formats"), lambda body: read(body).formats)


def languages() -> Call[list[Language]]:
    """The languages spoken."""
    read = msgspec.json.Decoder(_Languages).decode
    return Call(Request("GET", f"{ROOT}/languages"), lambda body: read(body).languages)


def health() -> Call[Health]:
    """How the server is."""
    return Call(Request("GET", f"{ROOT}/health"), msgspec.json.Decoder(Health).decode)


def dictionaries() -> Call[list[Dictionary]]:
    """All dictionaries of this account."""
    read = msgspec.json.Decoder(_Dictionaries).decode
    return Call(Request("GET", f"{ROOT}/dictionaries"), lambda body: read(body).dictionaries)


def dictionary(dictionary_id: str) -> Call[Dictionary]:
    """One dictionary."""
    return Call(Request("GET", _one("dictionaries", dictionary_id)), _DICTIONARY)


def create_dictionary(
    name: str, entries: Sequence[DictionaryEntry], language: str | None, description: str | None
) -> Call[Dictionary]:
    """A new dictionary."""
    body = _given(name=name, language=language, description=description, entries=_plain(entries))
    return Call(Request("POST", f"{ROOT}/dictionaries", {}, body), _DICTIONARY)


def update_dictionary(
    dictionary_id: str,
    name: str | None,
    entries: Sequence[DictionaryEntry] | None,
    language: str | None,
    description: str | None,
) -> Call[Dictionary]:
    """A dictionary, changed where something is given."""
    body = _given(name=name, language=language, description=description, entries=_plain(entries))
    return Call(Request("PUT", _one("dictionaries", dictionary_id), {}, body), _DICTIONARY)


def delete_dictionary(dictionary_id: str) -> Call[None]:
    """Gone afterwards."""
    return Call(Request("DELETE", _one("dictionaries", dictionary_id)), _nothing)


def keys() -> Call[list[ApiKey]]:
    """All keys, without their secrets. Wants an admin key."""
    read = msgspec.json.Decoder(_Keys).decode
    return Call(Request("GET", f"{ROOT}/keys"), lambda body: read(body).keys)


def create_key(
    name: str, scopes: Sequence[str] | None, expires_at: float | None, limits: Mapping[str, Any] | None
) -> Call[ApiKey]:
    """A new key, with its secret. Wants an admin key."""
    body = _given(
        name=name,
        scopes=None if scopes is None else list(scopes),
        expires_at=expires_at,
        limits=None if limits is None else dict(limits),
    )
    return Call(Request("POST", f"{ROOT}/keys", {}, body), msgspec.json.Decoder(ApiKey).decode)


def revoke_key(key_id: str) -> Call[None]:
    """Not good for anything afterwards. Wants an admin key."""
    return Call(Request("DELETE", _one("keys", key_id)), _nothing)


_DICTIONARY = msgspec.json.Decoder(Dictionary).decode


def _one(what: str, name: str) -> str:
    return f"{ROOT}/{what}/{quote(name, safe='')}"


def _plain(entries: Sequence[DictionaryEntry] | None) -> Any:
    return None if entries is None else msgspec.to_builtins(list(entries))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _nothing(body: bytes) -> None:
    return None
