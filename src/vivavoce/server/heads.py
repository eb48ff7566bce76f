"""uvicorn's HTTP protocol, which lets go of those who never say what they want.

uvicorn waits for ever for the head of a request (its first line and headers), and takes as much of it as there is.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S: Final = 60.0
"""How long a new connection, or a request that has begun, may take until its headers are here."""
MAX_HEAD_BYTES: Final = 65_536
"""Of a request's first line and headers, beside what came in one read."""


class HttpProtocol(HttpToolsProtocol):
    """See the module."""

    _late: asyncio.TimerHandle | None = None
    """Runs as long as a head is waited for."""
    _head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        super().connection_made(cast(asyncio.Transport, transport))  # uvloop's is one in all but its bases
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        awaited = self._late
        super().data_received(data)
        if awaited is not None and self._late is awaited:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._head_is_here()
                self.send_400_response(f"expected at most {MAX_HEAD_BYTES} bytes before the body")

    def on_message_begin(self) -> None:
        """A request's first bytes; the parser calls this."""
        super().on_message_begin()
        if self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The parser calls this."""
        self._head_is_here()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
