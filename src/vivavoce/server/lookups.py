"""The native wire's questions that are answered at once: health, voices, formats, languages, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from vivavoce import __version__
from vivavoce.dialects.native import errors, reading
from vivavoce.dialects.native import messages as wire
from vivavoce.errors import MethodNotAllowedError, NotFoundError, VivavoceError
from vivavoce.formats import ALIASES, FORMATS, FormatKind
from vivavoce.server.auth import native_credential
from vivavoce.server.house import House
from vivavoce.server.http import request_id_of, respond
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue

Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
Lookup: TypeAlias = Callable[[House, Mapping[str, str]], Answer]
"""From the query to status, headers and body. Raises VivavoceError."""

METHODS: Final = ("GET", "HEAD")


class LookupEndpoint:
    """The ASGI application of one question. ``options`` are the names its query may have."""

    def __init__(
        self, house: House, lookup: Lookup, options: tuple[str, ...] = (), *, public: bool = False
    ) -> None:
        """``public`` ones are answered without a key."""
        self._house = house
        self._lookup = lookup
        self._options = options
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope)
        except VivavoceError as error:
            status, headers, body = errors.http(error)
            if isinstance(error, MethodNotAllowedError):
                headers = {**headers, "allow": ", ".join(METHODS)}
        await respond(send, status, headers, body, request_id_of(scope))

    async def _answer(self, scope: Scope) -> Answer:
        if scope["method"] not in METHODS:
            raise MethodNotAllowedError(f"expected {' or '.join(METHODS)}, got {scope['method']}")
        query = QueryParams(scope["query_string"])
        if not self._public:
            await self._house.gate.admit(native_credential(Headers(scope=scope), query, ()))
        for name in query:
            if name not in self._options and name != "token":
                raise reading.unknown_option(name, self._options, "the query of this request")
        return self._lookup(self._house, query)


def document(body: bytes, media_type: str) -> Lookup:
    """A lookup that always gives ``body``."""
    headers = {"content-type": media_type, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return lambda house, query: (200, headers, body)


def health(house: House, query: Mapping[str, str]) -> Answer:
    """200 as long as the process answers."""
    return _json(200, wire.Health(house.state, __version__, house.studio.live))


def ready(house: House, query: Mapping[str, str]) -> Answer:
    """200 when new work is taken, else 503."""
    body = wire.Health(house.state, __version__, house.studio.live)
    return _json(200 if house.state == "ok" else 503, body)


def voices(house: House, query: Mapping[str, str]) -> Answer:
    """The installed voices, best first within a language, or those of ``?language=``."""
    found = house.studio.catalogue.listing(query.get("language"))
    return _json(200, wire.Voices([_voice_row(voice) for voice in found]))


def formats(house: House, query: Mapping[str, str]) -> Answer:
    """The audio formats."""
    return _json(200, wire.Formats([_format_row(kind) for kind in FORMATS.values()]))


def languages(house: House, query: Mapping[str, str]) -> Answer:
    """The languages spoken, each with its best voice."""
    speakers: dict[str, list[VoiceInfo]] = {}
    for voice in house.studio.catalogue.listing(None):
        for language in voice.languages:
            speakers.setdefault(language, []).append(voice)
    # Asking among a language's own speakers only is 30 times faster than asking among all, and this runs on the loop.
    rows = [
        wire.LanguageRow(language, Catalogue(found).best(language).id, len(found))
        for language, found in sorted(speakers.items())
    ]
    return _json(200, wire.Languages(rows))


def figures(house: House, query: Mapping[str, str]) -> Answer:
    """What Prometheus reads."""
    if house.figures is None:
        raise NotFoundError("this server keeps no figures")
    return 200, {"content-type": "text/plain; version=0.0.4; charset=utf-8"}, house.figures()


def _json(status: int, body: Struct) -> Answer:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return status, headers, msgspec.json.encode(body)


def _voice_row(voice: VoiceInfo) -> wire.VoiceRow:
    return wire.VoiceRow(**_fields(voice, wire.VoiceRow))


def _format_row(kind: FormatKind) -> wire.FormatRow:
    aliases = [alias for alias, name in ALIASES.items() if name == kind.name]
    return wire.FormatRow(**_fields(kind, wire.FormatRow), aliases=aliases)


def _fields(value: Struct, row: type[Struct]) -> dict[str, Any]:
    """What ``value`` has of the fields of ``row``, sets in order."""
    found = {name: getattr(value, name) for name in row.__struct_fields__ if hasattr(value, name)}
    return {
        name: sorted(given)
        if isinstance(given, frozenset)
        else list(given)
        if isinstance(given, tuple)
        else given
        for name, given in found.items()
    }
