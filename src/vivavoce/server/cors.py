"""Pages of other origins may use the wires that are made for browsers (the Fetch standard's CORS protocol).

No cookie is ever looked at here, so what a page can do is what its key allows it; on a server without keys, what
anybody on this machine may do. Who wants less names the origins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vivavoce.server.auth import is_loopback

METHODS: Final = "GET, POST, OPTIONS"
ASKED: Final = "authorization, content-type"
"""Headers that are allowed to a page that names none."""
EXPOSED: Final = "content-range, retry-after, x-request-id"
MAX_AGE_S: Final = 7200
"""How long a browser may remember; the longest that Chromium does."""
_PORT: Final = re.compile(r":\d+\Z", re.ASCII)
_NAMES: Final = re.compile(r"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*", re.ASCII)


def origins(setting: str) -> Sequence[str]:
    """The origins that a setting names, in lower case."""
    return tuple(name.strip().rstrip("/").lower() for name in setting.split(",") if name.strip())


def of_another_origin(headers: Headers, *, named: bool) -> bool:
    """Whether a page of another origin asks. What no browser sends, which names neither, comes from no page.

    ``Sec-Fetch-Site`` (Fetch Metadata, W3C) decides where it is: it is true behind proxies, too, which change ``Host``.
    Browsers leave it out where nothing vouches for a page's name. Unless the server is ``named``, reached by other names
    than localhost, such a page has had its own name point at this machine (DNS rebinding).
    """
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    if (origin := headers.get("origin")) is None:
        return False
    place = origin.partition("://")[2].lower()
    return place != headers.get("host", "").lower() or not (
        named or is_loopback(_PORT.sub("", place).strip("[]"))
    )


class Cors:
    """An application, for pages of the given origins too; "*" is every origin."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self.app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or not ("*" in self._allowed or origin.lower() in self._allowed):
            await self.app(scope, receive, send)
            return
        common = [
            (b"access-control-allow-origin", b"*" if "*" in self._allowed else origin.encode("latin-1")),
            (b"vary", b"origin"),
        ]
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _allow(send, common, headers)
            return

        async def with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                exposed = (b"access-control-expose-headers", EXPOSED.encode())
                message = {**message, "headers": [*message["headers"], *common, exposed]}
            await send(message)

        await self.app(scope, receive, with_origin)


async def _allow(send: Send, common: list[tuple[bytes, bytes]], asked: Headers) -> None:
    """Answers a preflight."""
    names = asked.get("access-control-request-headers", "").strip()
    found = [
        *common,
        (b"access-control-allow-methods", METHODS.encode()),
        (b"access-control-allow-headers", (names if _NAMES.fullmatch(names) else ASKED).encode()),
        (b"access-control-max-age", str(MAX_AGE_S).encode()),
    ]
    if asked.get("access-control-request-private-network") == "true":
        # A page of the internet that asks for this machine (Private Network Access).
        found.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": found})
    await send({"type": "http.response.body", "body": b""})
