"""A proxy that cuts a WebSocket after so many frames, counted in both directions, without any goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class CuttingProxy:
    """In front of the server on ``port`` of loopback. ``cuts`` says after how many frames each coming connection ends."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cuts: list[int] = []
        self.counted: list[int] = []
        """Frames that each connection has carried."""
        self.url = ""
        self._done = asyncio.Event()

    async def serve(self, ready: threading.Event) -> None:
        """Until :meth:`stop`."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        async with server:
            await self._done.wait()

    def stop(self) -> None:
        """From another thread."""
        self._loop.call_soon_threadsafe(self._done.set)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        index = len(self.counted)
        self.counted.append(0)
        limit = self.cuts.pop(0) if self.cuts else None
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        both = [
            asyncio.create_task(self._pass(reader, up_writer, index, limit)),
            asyncio.create_task(self._pass(up_reader, writer, index, limit)),
        ]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        for one in (writer, up_writer):
            one.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, index: int, limit: int | None
    ) -> None:
        """Frames one way, until the cut or the end."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            writer.write(await reader.readuntil(b"\r\n\r\n"))
            while True:
                frame = await _frame(reader)
                if frame[0] & 0x0F < 8:  # not a ping, a pong or a close
                    self.counted[index] += 1
                if limit is not None and self.counted[index] > limit:
                    return
                writer.write(frame)
                await writer.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """One frame, as it is on the wire (RFC 6455, 5.2)."""
    head = await reader.readexactly(2)
    size = head[1] & 0x7F
    if size >= 126:
        head += await reader.readexactly(2 if size == 126 else 8)
        size = int.from_bytes(head[2:], "big")
    masked = 4 if head[1] & 0x80 else 0
    return head + await reader.readexactly(masked + size)


@contextlib.contextmanager
def cutting(port: int) -> Iterator[CuttingProxy]:
    """A proxy in a thread of its own."""
    ready = threading.Event()
    proxy = CuttingProxy(port)
    thread = threading.Thread(target=lambda: asyncio.run(proxy.serve(ready)))
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()
