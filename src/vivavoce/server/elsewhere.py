"""Where a wire has nothing: its clients are told so in its own words, for requests and for sockets; and a route that is
for one wire's requests only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vivavoce.dialects.desk import Refuse
from vivavoce.errors import NotFoundError, RequestError, VivavoceError, quoted
from vivavoce.server.http import request_id_of, respond
from vivavoce.server.ws import deny

Claim = Callable[[Headers], bool]
"""Whether a request is surely one wire's."""


class Nowhere:
    """Paths that a wire does not have."""

    def __init__(self, name: str, refuse: Refuse) -> None:
        self.name = name
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _tell(self._refuse, NotFoundError(f"there is no {quoted(scope['path'])}"), scope, receive, send)


class SocketsOnly:
    """A plain request for a path that is for sockets."""

    def __init__(self, name: str, refuse: Refuse) -> None:
        self.name = name
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = RequestError("this path is for WebSocket; expected a request with Upgrade: websocket")
        await _tell(self._refuse, error, scope, receive, send)


class ClaimedRoute(Route):
    """A route that only requests see which ``claim`` recognises."""

    def __init__(self, path: str, endpoint: ASGIApp, claim: Claim) -> None:
        super().__init__(path, endpoint)
        self._claim = claim

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See Starlette."""
        found, more = super().matches(scope)
        if found is not Match.NONE and not self._claim(Headers(scope=scope)):
            return Match.NONE, {}
        return found, more


async def _tell(refuse: Refuse, error: VivavoceError, scope: Scope, receive: Receive, send: Send) -> None:
    answer = refuse(error)
    parts: tuple[Any, ...] = (answer.status, answer.headers, answer.body, request_id_of(scope))
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        await deny(scope, send, *parts)
    else:
        await respond(send, *parts)
