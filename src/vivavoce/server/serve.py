"""uvicorn as this server needs it: paused early by a slow listener, never compressing, and closing without cutting
anybody off.

At SIGTERM or SIGINT the listening socket closes, new work on open connections is refused, live streams get
``drain_s`` to finish, what is left is told and cut, and the process exits with 0. A second SIGINT cuts at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from vivavoce.errors import OutOfRangeError
from vivavoce.runtime.clock import SystemClock
from vivavoce.runtime.metrics import Metrics
from vivavoce.runtime.pool import LocalPool
from vivavoce.runtime.studio import Studio
from vivavoce.server.app import App
from vivavoce.server.auth import check_exposure
from vivavoce.server.backroom import Backroom
from vivavoce.server.heads import HttpProtocol
from vivavoce.server.house import House
from vivavoce.server.protocol import Protocol
from vivavoce.server.table import personas
from vivavoce.settings import Settings

POLL_S: Final = 0.05
FAREWELL_S: Final = 0.5
"""How long those who are cut may take to be told."""
KEEP_ALIVE_S: Final = 65
"""An idle connection is kept longer than common proxies and clients keep theirs, so that they close it, not we."""
MAX_FILES: Final = 65_536

OnReady = Callable[[str], None]


def run(settings: Settings, on_ready: OnReady) -> int:
    """Serves until SIGTERM or SIGINT; the exit status. ``on_ready`` gets the address as an ``http://…`` URL.

    Raises OutOfRangeError when the address cannot be listened on, or may not be without keys, and whatever keeps
    the engines from starting.
    """
    _raise_file_limit()
    house = furnished(settings)
    with contextlib.closing(listen(settings)) as listener:
        server = Server(house, listener, on_ready)
        server.run(sockets=[listener])
    return 0


def furnished(settings: Settings) -> House:
    """The house of a whole server: engines in worker processes, a store, every dialect's voice names."""
    clock, metrics = SystemClock(), Metrics()
    backroom = Backroom(settings)
    studio = Studio(
        settings, LocalPool(settings, clock, metrics), clock, library=backroom, personas=personas()
    )
    return House(
        settings,
        studio,
        figures=metrics.render,
        backroom=backroom,
        open_backroom=lambda: backroom.open(studio),
    )


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Its connections inherit the small send buffer, so that a listener who does not take
    is felt after some 0.3 MB instead of the 4 MB that the kernel would grow it to (measured on Linux 6.18)."""
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as failure:
        raise _unusable(settings, failure) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        listener.bind(address)
        listener.setblocking(False)
    except OSError as failure:
        listener.close()
        raise _unusable(settings, failure) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Where ``listener`` is reached, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """A uvicorn server that opens and closes the house around its work."""

    def __init__(self, house: House, listener: socket.socket, on_ready: OnReady) -> None:
        super().__init__(_config(house))
        self._house = house
        self._listener = listener
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the house first, so that no request finds it closed."""
        await self._house.open()
        try:
            check_exposure(self._house.settings, keys_exist=not self._house.gate.open)
        except BaseException:  # a cancel, too; raised again
            await self._house.close()
            raise
        await super().startup(sockets)
        self._on_ready(address_of(self._listener))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets live streams finish, then closes everything."""
        try:
            for server in self.servers:
                server.close()
            self._house.last_call()
            await self._empty(self._house.settings.drain_s)
            for guest in list(self._house.guests):
                guest.leave()
            await self._empty(FAREWELL_S)
            await super().shutdown(sockets)
        finally:
            await self._house.close()

    def handle_exit(self, sig: int, frame: object) -> None:
        """A second SIGINT means now."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles the signals within. Unlike uvicorn it does not raise them again afterwards: being told to stop and
        stopping is success, and the exit status says so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    async def _empty(self, within_s: float) -> None:
        until = self._house.now() + within_s
        # Polling, because a signal handler may end this too.
        while self._house.guests and self._house.now() < until and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)


def _config(house: House) -> uvicorn.Config:
    settings = house.settings
    # uvicorn's own log lines name paths and peers; what matters is logged by this package.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        App(house),
        loop="uvloop",
        http=HttpProtocol,
        ws=Protocol,
        ws_max_size=settings.max_message_bytes,
        ws_ping_interval=settings.ws_ping_s,
        ws_ping_timeout=settings.ws_ping_timeout_s,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )


def _raise_file_limit() -> None:
    """Sockets are files, and the usual soft limit is 1,024 of them. Where the system grants no more, that is it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    if soft < wanted:
        # macOS names no hard limit and then refuses what is over the kernel's own.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _unusable(settings: Settings, failure: OSError) -> OutOfRangeError:
    return OutOfRangeError(
        f"expected an address to listen on, got {settings.host}:{settings.port}: {failure.strerror}",
        param="port",
    )
