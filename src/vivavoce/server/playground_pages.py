"""The playground: the static page at ``/`` and its files, under a policy that lets it load nothing from elsewhere.

The files are read once, when the server is made. Each answer carries a tag of its content and must be asked for again
before it is reused, so that a new version of the server is never mixed with an old page from a cache.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from typing import Final

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from vivavoce.dialects.native import errors
from vivavoce.errors import MethodNotAllowedError
from vivavoce.server.http import request_id_of, respond, start

MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""By suffix; a file of another kind in the folder is not served."""

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src blob:",  # what MediaSource and a finished recording are played from
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)

METHODS: Final = ("GET", "HEAD")


class FileEndpoint:
    """The ASGI application of one file. Whatever query it is asked with, it is the same file."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self._body = body
        self._tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self._headers = {
            "content-type": media_type,
            "cache-control": "no-cache",
            "etag": self._tag,
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_id_of(scope)
        if scope["method"] not in METHODS:
            error = MethodNotAllowedError(f"expected {' or '.join(METHODS)}, got {scope['method']}")
            status, headers, body = errors.http(error)
            await respond(send, status, {**headers, "allow": ", ".join(METHODS)}, body, request_id)
        elif _names(Headers(scope=scope).get("if-none-match", ""), self._tag):
            # Not respond(): a length here would have to be that of the file (RFC 9110, 8.6).
            await start(send, 304, self._headers, request_id)
            await send({"type": "http.response.body", "body": b""})
        else:
            await respond(send, 200, self._headers, self._body, request_id)


def playground() -> Sequence[BaseRoute]:
    """``/`` and ``/playground/<file>`` for every file of the folder."""
    folder = importlib.resources.files("vivavoce.server").joinpath("playground")
    files = {file.name: _file(file) for file in folder.iterdir() if _suffix(file.name) in MEDIA_TYPES}
    paths = [Route(f"/playground/{name}", endpoint) for name, endpoint in sorted(files.items())]
    return [Route("/", files["index.html"]), *paths]


def _file(file: Traversable) -> FileEndpoint:
    return FileEndpoint(file.read_bytes(), MEDIA_TYPES[_suffix(file.name)])


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def _names(header: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` header means this tag; a proxy that compresses may have made it weak."""
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in header.split(","))
