"""The server as one ASGI application: which path is whose, and what happens to what nobody foresaw.

A new dialect is one line in :func:`routes`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivavoce.dialects.native import errors
from vivavoce.dialects.native.adapter import NativeExchange, NativeSockets
from vivavoce.errors import InternalError, NotFoundError, VivavoceError, quoted
from vivavoce.runtime.defects import told
from vivavoce.server import lookups, openapi, reference, table
from vivavoce.server.elsewhere import SocketsOnly
from vivavoce.server.house import House
from vivavoce.server.http import SpeechEndpoint, request_id_of, respond
from vivavoce.server.lookups import LookupEndpoint
from vivavoce.server.playground_pages import playground
from vivavoce.server.reconnect import Lines
from vivavoce.server.replay import Replays
from vivavoce.server.resume import RangedEndpoint, ResumingEndpoint
from vivavoce.server.ws import SocketEndpoint, deny
from vivavoce.settings import Settings

log = logging.getLogger(__name__)


def routes(house: House) -> list[BaseRoute]:
    """Every path of the server."""
    replays = Replays(house.settings.replay_window_s, house.settings.replay_bytes, house.guests)
    return [
        *_pages(house),
        *_native(house, replays),
        *table.native_services(house),
        *table.routes(house, replays),
    ]


class App:
    """The ASGI application. Under a server that knows no lifespan, call ``house.open`` and ``house.close``."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._router = Router(routes(house), redirect_slashes=False, default=_unknown)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        sent = _Sent(send)
        try:
            await self._router(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - uvicorn would answer in no dialect, and its log is off
            # Neither the path's query nor a body nor the error's words are logged: all may hold the caller's text.
            log.error("%s %s failed; this is a defect: %s", scope["type"], quoted(scope["path"]), told(error))
            await _apologise(scope, sent)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.house.open()
        except (
            Exception
        ) as failure:  # ASGI takes one that escapes for "no lifespan", and would serve a closed house.
            log.exception("the server could not start")
            await send({"type": "lifespan.startup.failed", "message": str(failure)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.house.close()
        await send({"type": "lifespan.shutdown.complete"})


class _Sent:
    """A ``send`` that remembers whether anything was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


def _pages(house: House) -> list[BaseRoute]:
    page, document = _described(house.settings.port or Settings().port)
    return [
        *playground(),
        _page(house, "/docs", lookups.document(page, "text/html; charset=utf-8")),
        _page(house, "/openapi.json", lookups.document(document, "application/json")),
    ]


@cache
def _described(port: int) -> tuple[bytes, bytes]:
    """The reference as a page and as OpenAPI; the same for every application on ``port``, and made once."""
    document = openapi.document()
    return reference.page(document, port), openapi.encoded(document)


def _native(house: House, replays: Replays) -> list[BaseRoute]:
    resolve = house.voice
    sockets = NativeSockets(resolve, house.settings.idle_timeout_s)
    lines = Lines(house.settings)
    plain = SpeechEndpoint(house, lambda path: NativeExchange(resolve), "native")
    resuming = ResumingEndpoint(house, lambda path: NativeExchange(resolve), "native", replays)
    return [
        _speech("/v1/speech", RangedEndpoint(plain, resuming)),
        WebSocketRoute("/v1/speech/stream", SocketEndpoint(house, sockets, "native", lines=lines)),
        Route("/v1/speech/stream", SocketsOnly("native", table.NATIVE.refuse)),
        _page(house, "/v1/speech/health", lookups.health),
        _page(house, "/v1/speech/ready", lookups.ready),
        Route("/v1/speech/voices", LookupEndpoint(house, lookups.voices, ("language",))),
        Route("/v1/speech/formats", LookupEndpoint(house, lookups.formats)),
        Route("/v1/speech/languages", LookupEndpoint(house, lookups.languages)),
        Route("/v1/speech/metrics", LookupEndpoint(house, lookups.figures)),
    ]


def _page(house: House, path: str, lookup: lookups.Lookup) -> Route:
    return Route(path, LookupEndpoint(house, lookup, public=True))


def _speech(path: str, endpoint: ASGIApp) -> Route:
    # No methods here: Starlette would answer others itself, in its own words.
    return Route(path, endpoint)


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
    await _answer(
        scope, send, NotFoundError(f"there is no {quoted(scope['path'])}; /docs lists what there is")
    )


async def _apologise(scope: Scope, sent: _Sent) -> None:
    """Says that it is our fault where something can still be said; an HTTP body that has begun is cut."""
    error = InternalError("the server failed on this request; its log says more")
    try:
        if not sent.begun and scope["type"] == "http":
            await respond(sent, *_words(scope, error), request_id_of(scope))
        elif not sent.begun:
            await _answer(scope, sent, error)
        elif scope["type"] == "websocket":
            await sent({"type": "websocket.close", "code": errors.CLOSE_CODE[error.code]})
    except (OSError, RuntimeError):
        log.debug("the client had left")


def _words(scope: Scope, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body as the wire says them whose endpoint was chosen."""
    endpoint = scope.get("endpoint")
    name = getattr(getattr(endpoint, "app", endpoint), "name", None)
    wire = next((wire for wire in table.WIRES if wire.name == name), None)
    if wire is None:
        return errors.http(error)
    answer = wire.refuse(error)
    return answer.status, answer.headers, answer.body


async def _answer(scope: Scope, send: Send, error: VivavoceError) -> None:
    parts: tuple[Any, ...] = (*errors.http(error), request_id_of(scope))
    if scope["type"] == "websocket":
        await deny(scope, send, *parts)
    else:
        await respond(send, *parts)
