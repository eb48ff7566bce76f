"""Which path is which vendor's: the one table of all wires, and who answers where paths collide.

Every wire is served at the root and again under its own prefix. Where a path at the root means something on two
wires, also as one's name and another's parameter, a header decides that only one vendor's clients send; else the first
wire in the table has it. Nothing is ever redirected: vendors' clients do not follow redirects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from vivavoce.dialects import gradium, soniox
from vivavoce.dialects.contract import HttpDialect, HttpFactory, SocketFactory, VoiceAlias
from vivavoce.dialects.desk import Refuse, Service
from vivavoce.dialects.features import Features
from vivavoce.dialects.gradium.opening import OUTPUTS
from vivavoce.dialects.native import library
from vivavoce.dialects.soniox.adapter import MAX_STREAMS
from vivavoce.dialects.soniox.audio import WIRE_FORMATS
from vivavoce.dialects.suonora import routes as suonora
from vivavoce.dialects.supertone import routes as supertone
from vivavoce.formats import FORMATS
from vivavoce.server.auth import Credential, native_credential
from vivavoce.server.cors import Cors, origins
from vivavoce.server.elsewhere import Claim, ClaimedRoute, Nowhere, SocketsOnly
from vivavoce.server.house import House
from vivavoce.server.http import SpeechEndpoint
from vivavoce.server.replay import Replays
from vivavoce.server.resume import ResumingEndpoint
from vivavoce.server.services import ServiceEndpoint
from vivavoce.server.ws import SocketEndpoint
from vivavoce.settings import Settings
from vivavoce.voices.casting import Persona


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One vendor's wire, as its package offers it."""

    name: str
    sockets: Mapping[str, SocketFactory]
    speech: Callable[[Settings], Mapping[str, HttpFactory]]
    services: Callable[[Settings], Sequence[Service]]
    voices: Mapping[str, VoiceAlias]
    credential: Credential
    refuse: Refuse
    """Its own words for a path that it does not have."""
    features: Features
    claims: Claim | None = None
    """Whether a request is surely this vendor's, for paths that others have as well; without one, none is."""
    own: tuple[str, ...] = ()
    """Folders of the root in which no other wire has anything."""
    browsers: bool = False
    """Whether pages of other origins may use it: the vendor's own examples are such pages."""


def _supertone_client(headers: Headers) -> bool:
    return "x-sup-api-key" in headers or "supertone" in headers.get("user-agent", "").lower()


def _supertone(settings: Settings) -> supertone.Manner:
    return supertone.Manner(
        speed_divides=settings.supertone_speed_divides,
        any_model_streams=settings.supertone_any_model_streams,
    )


WIRES: Final = (
    Wire(
        name="soniox",
        sockets=soniox.SOCKETS,
        speech=lambda settings: soniox.SPEECH,
        services=lambda settings: soniox.SERVICES,
        voices=soniox.VOICES,
        credential=soniox.credential,
        refuse=soniox.refuse,
        features=Features(
            formats=tuple(WIRE_FORMATS),
            marks=("character",),
            streams_a_socket=MAX_STREAMS,
            means=("speed", "short pauses"),
            keys=("bearer", "subprotocol", "message"),
            temporary_keys="POST /v1/auth/temporary-api-key",
            uploads="/v1/voices",
        ),
    ),
    Wire(
        name="gradium",
        sockets=gradium.SOCKETS,
        speech=lambda settings: gradium.SPEECH,
        services=lambda settings: gradium.SERVICES,
        voices=gradium.VOICES,
        credential=gradium.credential,
        refuse=gradium.refuse,
        features=Features(
            formats=tuple(OUTPUTS),
            marks=("word",),
            means=("speed", "intonation"),
            keys=("x-api-key", "api-key", "token"),
            temporary_keys="GET /api/api-keys/token",
            uploads="/api/voices/",
            dictionary="pronunciation_id",
            rewrite="json_config.rewrite_rules",
        ),
        own=("/api",),
    ),
    Wire(
        name="supertone",
        sockets=supertone.SOCKETS,
        speech=lambda settings: supertone.speech(_supertone(settings)),
        services=lambda settings: supertone.services(_supertone(settings)),
        voices=supertone.VOICES,
        credential=supertone.credential,
        refuse=supertone.refuse,
        claims=_supertone_client,
        features=Features(
            formats=("wav", "mp3"),
            marks=("phoneme",),
            means=("speed", "pitch", "intonation", "style", "duration"),
            keys=("x-sup-api-key",),
            uploads="/v1/custom-voices/cloned-voice",
        ),
        own=("/v1/text-to-speech", "/v1/predict-duration", "/v1/custom-voices"),
    ),
    Wire(
        name="suonora",
        sockets=suonora.SOCKETS,
        speech=lambda settings: suonora.SPEECH,
        services=lambda settings: suonora.SERVICES,
        voices=suonora.VOICES,
        credential=suonora.credential,
        refuse=suonora.refuse,
        features=Features(
            formats=("mp3",), means=("pitch", "style"), keys=("bearer",), resumes=("download",)
        ),
        own=("/v1/audio",),
        browsers=True,
    ),
)
"""Earlier ones answer what no header decides."""


NATIVE: Final = Wire(
    name="native",
    sockets={},
    speech=lambda settings: {},
    services=lambda settings: library.SERVICES,
    voices={},
    credential=native_credential,
    refuse=library.refuse,
    features=Features(
        formats=tuple(FORMATS),
        marks=("word", "phoneme", "character"),
        means=("speed", "pitch", "intonation", "volume", "style", "duration", "short pauses", "seed"),
        keys=("bearer", "x-api-key", "token", "subprotocol"),
        uploads="/v1/speech/custom-voices",
        dictionary="dictionary",
        rewrite="rewrite",
        resumes=("session", "range"),
    ),
)
"""Of the native wire only the plain requests are here; ``app`` has the rest."""


def native_services(house: House) -> list[BaseRoute]:
    """The native wire's dictionaries, voices and keys."""
    return [Route(path, endpoint) for path, endpoint in _plain(house, NATIVE).items()]


def personas(wires: Sequence[Wire] = WIRES) -> dict[str, Persona]:
    """Every vendor's voice names and ids in lower case. Those of one vendor and gender are numbered, so that they
    differ; a name that two vendors have is the earlier one's."""
    found: dict[str, Persona] = {}
    for wire in wires:
        numbers: dict[str, int] = {}
        for name, alias in wire.voices.items():
            number = numbers.get(alias.gender, 0)
            numbers[alias.gender] = number + 1
            persona = Persona(gender=alias.gender, language=alias.language, number=number)
            found.setdefault(name.lower(), persona)
    return found


def routes(house: House, replays: Replays, wires: Sequence[Wire] = WIRES) -> list[BaseRoute]:
    """Every vendor's paths: under their prefixes, and at the root. Literal paths go before those with parameters."""
    found: list[BaseRoute] = []
    surely: list[BaseRoute] = []
    root: dict[str, ASGIApp] = {}
    house.give_way = replays.let_go
    for wire in wires:
        for path, endpoint in _plain(house, wire, replays).items():
            found.append(Route(f"/{wire.name}{path}", endpoint))
            if wire.claims:
                surely.append(ClaimedRoute(path, endpoint, wire.claims))
            root.setdefault(path, endpoint)
        found += _sockets(house, wire)
    found += surely
    found += [Route(path, root[path]) for path in sorted(root, key=lambda one: one.count("{"))]
    for wire in wires:
        nowhere = Nowhere(wire.name, wire.refuse)
        for folder in (f"/{wire.name}", *wire.own):
            found.append(Route(f"{folder}/{{path:path}}", nowhere))
            found.append(WebSocketRoute(f"{folder}/{{path:path}}", nowhere))
        if wire.claims:
            found.append(ClaimedRoute("/{path:path}", nowhere, wire.claims))
    return found


def _sockets(house: House, wire: Wire) -> Iterator[BaseRoute]:
    for path, factory in wire.sockets.items():
        socket = SocketEndpoint(house, factory(house.voice, house.settings), wire.name, wire.credential)
        for spelling in (f"/{wire.name}{path}", path):
            yield WebSocketRoute(spelling, socket)
            yield Route(spelling, SocketsOnly(wire.name, wire.refuse))


def _plain(house: House, wire: Wire, replays: Replays | None = None) -> dict[str, ASGIApp]:
    """The plain HTTP endpoints of a wire by path, speech and services together."""
    found: dict[str, ASGIApp] = {
        path: _speech(house, wire, factory(house.voice), replays)
        for path, factory in wire.speech(house.settings).items()
    }
    by_path: dict[str, dict[str, Service]] = {}
    for service in wire.services(house.settings):
        by_path.setdefault(service.path, {})[service.method] = service
    for path, services in by_path.items():
        found[path] = ServiceEndpoint(house, services, wire.credential, wire.name)
    if wire.browsers:
        allowed = origins(house.settings.cors_origins)
        found = {path: Cors(endpoint, allowed) for path, endpoint in found.items()}
    return dict(sorted(found.items(), key=lambda one: one[0].count("{")))


def _speech(house: House, wire: Wire, dialect: HttpDialect, replays: Replays | None) -> ASGIApp:
    if "download" in wire.features.resumes and replays is not None:
        return ResumingEndpoint(house, dialect, wire.name, replays, wire.credential)
    return SpeechEndpoint(house, dialect, wire.name, wire.credential)
