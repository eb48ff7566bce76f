"""uvicorn's WebSocket protocol, which says why before it closes, and lets go of peers that are gone without a word.

uvicorn closes a socket whose frame is too large, or not UTF-8, at once: its application only sees that it is gone, and
the peer, who is still sending, mostly sees a reset. Here the application is told of the *fault* as if it were a
frame, and what it sends then still goes out, before the close frame with the code that RFC 6455 has for the fault.
Meanwhile what the peer goes on to send is dropped unread, within bounds, so that no reset overtakes the answer.

uvicorn closes a socket whose pong is missing, or whose peer does not answer a close, by ``transport.close``. That waits
until everything written has been sent, which with a peer that reads nothing is for ever: its streams would live on.
"""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close, CloseCode, Frame, Opcode

from vivavoce.errors import MalformedMessageError, MessageTooLargeError, VivavoceError
from vivavoce.server.ws import FAULT

LINGER_S: Final = 2.0
"""Time for the application to say why, and for the peer to read it."""
LINGER_BYTES: Final = 8 << 20
"""What a peer may go on sending meanwhile."""


class Protocol(WebSocketsSansIOProtocol):
    """See the module."""

    _closing_frames: bytes | None = None
    """After a fault: what closes the socket, to be sent when the application has spoken."""
    _dropped_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer. What follows a fault is dropped."""
        if self._closing_frames is None:
            super().data_received(data)
            return
        self._dropped_bytes += len(data)
        if self._dropped_bytes > LINGER_BYTES:
            self.transport.abort()

    def handle_parser_exception(self) -> None:
        """A frame breaks the protocol; the library has failed the connection and holds a close frame."""
        closing = self.conn.close_sent
        if closing is None or not self.handshake_complete:
            super().handle_parser_exception()
            return
        self.stop_keepalive()
        self._closing_frames = b"".join(self.conn.data_to_send())
        told: Any = {"type": "websocket.receive", FAULT: self._fault(closing)}
        self.queue.put_nowait(told)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        # As long as this timer is set, uvicorn does not close when the application is done.
        self.close_timer = self.loop.call_later(LINGER_S, self._let_go)

    def keepalive_timeout(self) -> None:
        """No pong has come: the peer has had its time."""
        super().keepalive_timeout()
        self._let_go()

    async def send(self, message: Any) -> None:
        """See ASGI. After a close the peer has ``close_timeout`` to answer it."""
        if self._closing_frames is not None:
            await self._send_after_fault(message, self._closing_frames)
            return
        await super().send(message)
        if self.close_timer is not None and self._closing_frames is None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self._let_go)

    async def _send_after_fault(self, message: Any, closing: bytes) -> None:
        """The library takes no more messages once it has failed the connection, so frames are made here."""
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        if message["type"] == "websocket.send":
            text = message.get("text")
            opcode, data = (Opcode.BINARY, message["bytes"]) if text is None else (Opcode.TEXT, text.encode())
            self.transport.write(Frame(opcode, data).serialize(mask=False))
            return
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})
        self.transport.write(closing)
        if self.transport.can_write_eof():
            self.transport.write_eof()  # the peer need not wait for LINGER_S to pass

    def _fault(self, closing: Close) -> VivavoceError:
        if closing.code == CloseCode.MESSAGE_TOO_BIG:
            most = self.config.ws_max_size
            return MessageTooLargeError(
                f"expected a message of at most {most} bytes, got a larger one: {closing.reason}"
            )
        if closing.code == CloseCode.INVALID_DATA:
            return MalformedMessageError("expected text in UTF-8, got a text frame of other bytes")
        return MalformedMessageError(
            f"expected frames as RFC 6455 has them, got another: {closing.reason or closing.code}"
        )

    def _let_go(self) -> None:
        self.transport.close()
        if self.transport.get_write_buffer_size() > 0:
            self.transport.abort()
