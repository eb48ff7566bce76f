"""One worker process, as the event loop sees it: started, spoken to, watched, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Final, cast

from vivavoce.errors import InternalError, WorkerDiedError
from vivavoce.runtime.frames import FrameReader, Message, Ready, encode
from vivavoce.speech import Gender, VoiceInfo

START_S: Final = 60.0
"""A worker that has not told its voices by then is given up."""
STOP_S: Final = 1.0
"""Time a worker has to end by itself once its socket is closed."""


class WorkerProcess(asyncio.Protocol):
    """A running worker. Make it with :meth:`start`, end it with :meth:`stop`."""

    def __init__(self, on_message: Callable[[int, Message], None], on_lost: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_lost = on_lost
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = asyncio.Event()
        self._stopping = False
        self.lost = asyncio.Event()
        """Set when the worker has ended, or its bytes made no sense; ``on_lost`` was called then, unless it ended
        before it was ready or because of :meth:`stop`."""
        self.voices: tuple[VoiceInfo, ...] = ()
        self.speakers: dict[str, Gender] = {}
        self.memory_mb: dict[str, float] = {}

    @classmethod
    async def start(
        cls,
        engines: str,
        on_message: Callable[[int, Message], None],
        on_lost: Callable[[], None],
        environment: Mapping[str, str] | None = None,
    ) -> WorkerProcess:
        """A worker that has told its voices. ``engines`` as in the settings; ``environment`` is added to ours.

        Raises WorkerDiedError when it ends first or takes longer than ``START_S``, OSError when the machine has no
        process or descriptor left. Cancelling leaves nothing behind.
        """
        worker = cls(on_message, on_lost)
        try:
            await worker._spawn(engines, environment or {})
            await asyncio.wait_for(worker._is_ready.wait(), START_S)
        except BaseException as error:
            await worker.stop(patience_s=0)
            if isinstance(error, TimeoutError):
                raise WorkerDiedError(f"an engine worker was not ready after {START_S:g} s") from None
            raise
        if worker.lost.is_set():
            await worker.stop()
            raise WorkerDiedError(f"an engine worker ended before it was ready, {worker.ending}")
        return worker

    async def _spawn(self, engines: str, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "vivavoce.runtime.worker",
                str(theirs.fileno()),
                str(os.getpid()),
                engines,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=2,  # What a library prints must not get into audio on our stdout.
            )
            await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()  # While we hold it, the end of the worker is no end of the socket.

    @property
    def pid(self) -> int:
        """The process id; 0 before the process runs."""
        return self._process.pid if self._process else 0

    @property
    def ending(self) -> str:
        """How the process ended, for a message."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "for an unknown reason"
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"

    def send(self, number: int, message: Message) -> None:
        """Say ``message``; lost without a word if the worker has ended."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(number, message))

    def kill(self) -> None:
        """End the process at once; ``lost`` follows."""
        if self._process is not None and self._process.returncode is None:
            try:
                self._process.kill()
            except ProcessLookupError:
                return  # It ended in this very moment.

    async def stop(self, patience_s: float = STOP_S) -> None:
        """Close the socket, wait until the process has ended, kill it if that takes longer than ``patience_s``."""
        self._stopping = True
        if self._transport is not None:
            self._transport.abort()
        if self._process is None:
            return
        try:
            await asyncio.wait_for(self._process.wait(), patience_s)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    # ---- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its bases.

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._reader.feed(data)
        except InternalError:
            self.kill()
            return
        for number, message in messages:
            if isinstance(message, Ready):
                self.voices = message.voices
                self.speakers = message.speakers
                self.memory_mb = message.memory_mb
                if not self._is_ready.is_set():
                    self._is_ready.set()
                    continue
            if not self._stopping:
                self._on_message(number, message)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        if not self._is_ready.is_set():
            self._is_ready.set()  # Lets start() look at what became of it.
        elif not self._stopping:
            self._on_lost()
