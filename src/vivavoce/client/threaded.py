"""The driver of the client of threads: carries out what flows ask for, blocking.

One lock guards all of a client's pure state: a flow runs under it from effect to effect, and effects are carried out
without it. Every connection is read by a thread of its own, so that a listener never has to read for another.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
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
JOIN_S = 5.0


class Socket(Protocol):
    """An open socket."""

    def send(self, frame: str) -> None: ...

    def receive(self) -> str | bytes: ...

    def close(self) -> None: ...


class Server(Protocol):
    """Whoever answers; see :class:`vivavoce.client.remote.ThreadedServer`."""

    @property
    def resumable(self) -> bool:
        """Whether its sockets can be cut, and so are worth numbering."""
        ...

    def fetch(self, request: Request, timeout_s: float) -> Answer: ...

    def dial(self, timeout_s: float) -> tuple[Socket, str]: ...

    def close(self) -> None: ...


class ThreadBell:
    """See :class:`~vivavoce.client.core.effects.Bell`."""

    def __init__(self, lock: threading.RLock) -> None:
        self.condition = threading.Condition(lock)

    def ring(self) -> None:
        self.condition.notify_all()


class _Port:
    """A link's socket, and whose turn it is to send."""

    def __init__(self) -> None:
        # Re-entrant for the same reason as the lock of the state.
        self.turn = threading.RLock()
        self.sender = 0
        """The thread whose turn it is."""
        self.socket: Socket | None = None


class Threads:
    """Runs flows in whichever thread calls, and background flows in threads of their own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # Re-entrant: the collector may end an abandoned stream in the middle of a flow of the same thread.
        self._lock = threading.RLock()
        self._ports: weakref.WeakKeyDictionary[Link, _Port] = weakref.WeakKeyDictionary()
        self._threads: set[threading.Thread] = set()

    def bell(self) -> ThreadBell:
        """A new bell."""
        return ThreadBell(self._lock)

    def run(self, flow: Flow[T]) -> T:
        """Runs ``flow`` to its end."""
        value: Any = None
        error: VivavoceError | None = None
        try:
            while True:
                with self._lock:
                    try:
                        effect = flow.send(value) if error is None else flow.throw(error)
                    except StopIteration as done:
                        result: T = done.value
                        return result
                value = error = None
                try:
                    value = self._perform(effect)
                except VivavoceError as failure:
                    error = failure
        finally:
            with self._lock:
                flow.close()

    def do(self, step: Callable[[], None], link: Callable[[], Link | None]) -> None:
        """A step without effects, and then what it left to send."""
        with self._lock:
            step()
            touched = link()
        if touched is not None:
            self._transmit(touched)

    def leave_with(self, owner: object, speech: Speech) -> None:
        """Leaves ``speech`` when the collector takes ``owner``: nobody can listen to it any more."""
        weakref.finalize(owner, self._drop, speech).atexit = False

    def close(self) -> None:
        """Waits for the background, after everything was hung up, and lets go of the server."""
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(JOIN_S)
        self._server.close()

    def _drop(self, speech: Speech) -> None:
        with self._lock:
            left = speech.left
            speech.leave()
            link = speech.link
        if not left and link is not None:
            # In a thread of its own: the collector may be in any, and nobody there expects to wait for a socket.
            threading.Thread(target=self._transmit, args=(link,), name="vivavoce", daemon=True).start()

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Wait(bell=ThreadBell() as bell):
                with bell.condition:
                    return bell.condition.wait_for(effect.ready, effect.timeout_s)
            case Receive():
                socket = self._port(effect.link).socket
                if socket is None:
                    raise DroppedError(1006, "")
                return socket.receive()
            case Transmit():
                return self._transmit(effect.link)
            case Dial():
                return self._dial(effect)
            case Hang():
                return self._hang(effect.link)
            case Fetch():
                return self._server.fetch(effect.request, effect.timeout_s)
            case Sleep():
                return time.sleep(effect.seconds)
            case Now():
                return time.monotonic()
            case Pull():
                return _pull(effect.source)
            case Launch():
                return self._launch(effect)
            case Wait():
                raise TypeError(f"expected a bell of this driver, got {effect.bell!r}")
            case _:
                assert_never(effect)

    def _port(self, link: Link) -> _Port:
        with self._lock:
            return self._ports.setdefault(link, _Port())

    def _dial(self, dial: Dial) -> str:
        socket, request_id = self._server.dial(dial.timeout_s)
        with self._lock:
            port = self._port(dial.link)
            port.socket = None if dial.link.leaving else socket
        if port.socket is None:
            socket.close()
            raise DroppedError(1000, "closed by this client")
        return request_id

    def _transmit(self, link: Link) -> None:
        port = self._port(link)
        if port.sender == threading.get_ident():
            return  # the collector ended a stream while this very thread was sending: that goes on below
        with port.turn:
            port.sender = threading.get_ident()
            try:
                while frames := self._to_send(link, port):
                    socket, texts = frames
                    for text in texts:
                        socket.send(text)
            except DroppedError:
                pass  # the reader notices as well, and it is its business
            finally:
                port.sender = 0

    def _to_send(self, link: Link, port: _Port) -> tuple[Socket, list[str]] | None:
        with self._lock:
            if port.socket is None or not link.wire.pending:
                return None
            return port.socket, link.wire.frames()

    def _hang(self, link: Link) -> None:
        with self._lock:
            port = self._ports.get(link)
            socket = None if port is None else port.socket
        if socket is not None:
            socket.close()

    def _launch(self, launch: Launch) -> None:
        thread = threading.Thread(target=self._background, args=(launch.flow,), name="vivavoce", daemon=True)
        if launch.waited_for:
            self._threads.add(thread)
        thread.start()

    def _background(self, flow: Flow[None]) -> None:
        try:
            self.run(flow)
        finally:
            self._threads.discard(threading.current_thread())


def _pull(source: Any) -> Any:
    iterator: Iterator[Any] = source
    with Catch() as catch:
        return next(iterator, END)
    return catch.fault
