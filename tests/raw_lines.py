"""Bare sockets for clients that misbehave: a WebSocket and a request that do no more than they are told to."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
from collections.abc import Mapping

from live import Live


class RawSocket:
    """A WebSocket client that does no more than it is told to: reads nothing, answers no ping."""

    def __init__(self, server: Live, path: str) -> None:
        self._line = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.sent_bytes = 0
        key = base64.b64encode(os.urandom(16)).decode()
        self._line.sendall(
            f"GET {path} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"sec-websocket-key: {key}\r\nsec-websocket-version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._line.recv(1)
        assert b" 101 " in answer, answer

    def __enter__(self) -> RawSocket:
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.close()

    def drop(self) -> None:
        """Gone, without a close frame."""
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._line.close()

    def send(self, data: bytes) -> None:
        self._line.sendall(data)
        self.sent_bytes += len(data)

    def text(self, text: str) -> None:
        self.frame(text.encode(), opcode=1)

    def frame(self, data: bytes, *, opcode: int, final: bool = True) -> None:
        """One masked frame, the mask being nothing."""
        first = opcode | (0x80 if final else 0)
        if len(data) < 126:
            head = struct.pack("!BB", first, 0x80 | len(data))
        else:
            head = struct.pack("!BBH", first, 0xFE, len(data))
        self.send(head + bytes(4) + data)

    def close_code(self) -> int | None:
        """The code of the server's close frame; ``None`` when the connection is cut instead."""
        data = b""
        with contextlib.suppress(OSError):
            while piece := self._line.recv(65_536):
                data += piece
        while len(data) >= 2:
            opcode, size, start = data[0] & 15, data[1] & 127, 2
            if size == 126:
                size, start = struct.unpack_from("!H", data, 2)[0], 4
            elif size == 127:
                size, start = struct.unpack_from("!Q", data, 2)[0], 10
            if opcode == 8:
                return int(struct.unpack_from("!H", data, start)[0])
            data = data[start + size :]
        return None


class RawRequest:
    """A POST whose body comes as the test sends it; ``length`` is what it declares, ``None`` is chunked."""

    def __init__(
        self, server: Live, path: str, length: int | None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._line = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        size = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._line.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{more}{size}\r\n\r\n".encode())

    def __enter__(self) -> RawRequest:
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.close()

    def send(self, data: bytes) -> None:
        self._line.sendall(data)

    def status(self, *, wait: bool = False) -> int | None:
        """The status of the answer; ``None`` when there is none yet, or none will come."""
        self._line.settimeout(20.0 if wait else 0.001)
        try:
            head = self._line.recv(64, socket.MSG_PEEK)
        except OSError:
            return None
        finally:
            self._line.settimeout(20.0)
        return int(head.split()[1]) if head else None
