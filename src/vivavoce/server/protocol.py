"""uvicorn's WebSocket protocol, which lets go of peers that are gone without a word.

uvicorn closes a socket whose pong is missing, or whose peer does not answer a close, by ``transport.close``. That waits
until everything written has been sent, which with a peer that reads nothing is for ever: its streams would live on.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Protocol(WebSocketsSansIOProtocol):
    """See the module."""

    def keepalive_timeout(self) -> None:
        """No pong has come: the peer has had its time."""
        super().keepalive_timeout()
        self._let_go()

    async def send(self, message: Any) -> None:
        """See ASGI. After a close the peer has ``close_timeout`` to answer it."""
        await super().send(message)
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self._let_go)

    def _let_go(self) -> None:
        self.transport.close()
        if self.transport.get_write_buffer_size() > 0:
            self.transport.abort()
