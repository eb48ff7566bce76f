"""The driver of the client of asyncio: carries out what flows ask for, awaiting. All of it runs on one event loop."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar, assert_never

from vivavoce.client.calls import Answer, Request
from vivavoce.client.core.effects import (
    END,
    Catch,
    Dial,
    Effect,
    Fetch,
    Flow,
    Hang,
    Launch,
    Now,
    Pull,
    Receive,
    Sleep,
    Transmit,
    Wait,
)
from vivavoce.client.core.faults import DroppedError
from vivavoce.client.core.link import Link
from vivavoce.client.core.speech import Speech
from vivavoce.errors import VivavoceError

T = TypeVar("T")


class Socket(Protocol):
    """An open socket."""

    async def send(self, frame: str) -> None: ...

    async def receive(self) -> str | bytes: ...

    async def close(self) -> None: ...


class Server(Protocol):
    """Whoever answers; see :class:`vivavoce.client.remote.LoopServer`."""

    @property
    def resumable(self) -> bool:
        """Whether its sockets can be cut, and so are worth numbering."""
        ...

    async def fetch(self, request: Request, timeout_s: float) -> Answer: ...

    async def dial(self, timeout_s: float) -> tuple[Socket, str]: ...

    async def close(self) -> None: ...


class LoopBell:
    """See :class:`~vivavoce.client.core.effects.Bell`."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, ready: Callable[[], bool], timeout_s: float | None) -> bool:
        """Whether ``ready()`` became true within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not ready():
                    waiter = asyncio.get_running_loop().create_future()
                    self._waiting.add(waiter)
                    try:
                        await waiter
                    finally:
                        self._waiting.discard(waiter)
        except TimeoutError:
            return ready()
        return True


class _Port:
    """A link's socket, and whose turn it is to send."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.socket: Socket | None = None


class Loop:
    """Runs flows in whichever task awaits, and background flows in tasks of their own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ports: weakref.WeakKeyDictionary[Link, _Port] = weakref.WeakKeyDictionary()
        self._tasks: set[asyncio.Task[None]] = set()
        self._home: asyncio.AbstractEventLoop | None = None
        """The loop that runs it, once there is one."""

    def bell(self) -> LoopBell:
        """A new bell."""
        return LoopBell()

    async def run(self, flow: Flow[T]) -> T:
        """Runs ``flow`` to its end. Cancelling ends it where it waits."""
        self._home = asyncio.get_running_loop()
        value: Any = None
        error: VivavoceError | None = None
        try:
            while True:
                try:
                    effect = flow.send(value) if error is None else flow.throw(error)
                except StopIteration as done:
                    result: T = done.value
                    return result
                value = error = None
                try:
                    value = await self._perform(effect)
                except VivavoceError as failure:
                    error = failure
        finally:
            flow.close()

    def do(self, step: Callable[[], None], link: Callable[[], Link | None]) -> None:
        """A step without effects, and then, in the background, what it left to send. Needs a running loop."""
        step()
        if (touched := link()) is not None and touched.wire.pending and touched.state == "up":
            self._background(self._transmit(touched))

    def leave_with(self, owner: object, speech: Speech) -> None:
        """Leaves ``speech`` when the collector takes ``owner``: nobody can listen to it any more."""
        weakref.finalize(owner, self._drop, speech).atexit = False

    async def close(self) -> None:
        """Ends the background, after everything was hung up, and lets go of the server."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.close()

    def _drop(self, speech: Speech) -> None:
        # The collector may be in any thread, and may come after the loop's end.
        if not speech.left and self._home is not None and not self._home.is_closed():
            self._home.call_soon_threadsafe(self.do, speech.leave, lambda: speech.link)

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Wait(bell=LoopBell() as bell):
                return await bell.until(effect.ready, effect.timeout_s)
            case Receive():
                socket = self._port(effect.link).socket
                if socket is None:
                    raise DroppedError(1006, "")
                return await socket.receive()
            case Transmit():
                # Frames that were begun are sent, even if the caller is cancelled meanwhile.
                return await asyncio.shield(self._background(self._transmit(effect.link)))
            case Dial():
                return await self._dial(effect)
            case Hang():
                return await self._hang(effect.link)
            case Fetch():
                return await self._server.fetch(effect.request, effect.timeout_s)
            case Sleep():
                return await asyncio.sleep(effect.seconds)
            case Now():
                return time.monotonic()
            case Pull():
                return await _pull(effect.source)
            case Launch():
                self._background(self.run(effect.flow))
                return None
            case Wait():
                raise TypeError(f"expected a bell of this driver, got {effect.bell!r}")
            case _:
                assert_never(effect)

    def _port(self, link: Link) -> _Port:
        return self._ports.setdefault(link, _Port())

    async def _dial(self, dial: Dial) -> str:
        socket, request_id = await self._server.dial(dial.timeout_s)
        if dial.link.leaving:
            await socket.close()
            raise DroppedError(1000, "closed by this client")
        self._port(dial.link).socket = socket
        return request_id

    async def _transmit(self, link: Link) -> None:
        port = self._port(link)
        async with port.turn:
            while (socket := port.socket) is not None and (frames := link.wire.frames()):
                try:
                    for frame in frames:
                        await socket.send(frame)
                except DroppedError:
                    return  # the reader notices as well, and it is its business

    async def _hang(self, link: Link) -> None:
        port = self._ports.get(link)
        if port is not None and port.socket is not None:
            await port.socket.close()

    def _background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _pull(source: Any) -> Any:
    with Catch() as catch:
        if isinstance(source, AsyncIterator):
            return await anext(source, END)
        iterator: Iterator[Any] = source
        return next(iterator, END)
    return catch.fault
