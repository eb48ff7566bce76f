"""A server somewhere else: plain requests by httpx, sockets by websockets, for threads and for asyncio.

Both libraries are imported when they are first needed, so that importing the SDK stays light.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from vivavoce.client.calls import ROOT, Answer, Request
from vivavoce.client.core.faults import DroppedError, answered
from vivavoce.client.core.wire import SUBPROTOCOL
from vivavoce.errors import (
    VivavoceConnectionError,
    VivavoceError,
    VivavoceTimeoutError,
    VivavoceValidationError,
    quoted,
)

if TYPE_CHECKING:
    import httpx
    from websockets.asyncio.client import ClientConnection as AsyncConnection
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import ClientConnection

DEFAULT_URL: Final = "http://127.0.0.1:8080"
CLOSE_S: Final = 2.0
"""How long a closing handshake may take."""


class Address:
    """Where the server is, and the key for it."""

    def __init__(self, base_url: str | None, api_key: str | None) -> None:
        """What is not given comes from ``VIVAVOCE_URL`` and ``VIVAVOCE_API_KEY``. Raises VivavoceValidationError."""
        url = base_url or os.environ.get("VIVAVOCE_URL") or DEFAULT_URL
        scheme, separator, rest = url.partition("://")
        if not separator:
            scheme, rest = "http", url
        rest = rest.rstrip("/")
        if scheme not in ("http", "https") or not _is_place(f"//{rest}"):
            raise VivavoceValidationError(
                f"base_url: expected http://host:port or https://host, got {quoted(url)}", param="base_url"
            )
        self.url = f"{scheme}://{rest}"
        self.socket_url = f"{'wss' if scheme == 'https' else 'ws'}://{rest}{ROOT}/stream"
        key = (api_key if api_key is not None else os.environ.get("VIVAVOCE_API_KEY", "")).strip()
        if not (key.isascii() and key.isprintable()):
            # Not repeated: it may be a secret with a stray character, and errors are written down.
            raise VivavoceValidationError("api_key: expected printable ASCII characters", param="api_key")
        self.headers = {"authorization": f"Bearer {key}"} if key else {}


def _is_place(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port beyond 65535, or that is no number
        return False


class ThreadedServer:
    """The server, for the client of threads."""

    resumable = True

    def __init__(self, address: Address) -> None:
        self._address = address
        self._http: httpx.Client | None = None

    def fetch(self, request: Request, timeout_s: float) -> Answer:
        """The answer, whatever its status. Raises VivavoceConnectionError."""
        import httpx

        if self._http is None:
            self._http = httpx.Client(base_url=self._address.url, headers=self._address.headers)
        try:
            return _answer(self._http.request(**_asked(request), timeout=timeout_s))
        except httpx.HTTPError as fault:
            raise _not_fetched(fault, self._address, timeout_s) from fault

    def dial(self, timeout_s: float) -> tuple[ThreadedSocket, str]:
        """An open socket, and the server's id of it. Raises VivavoceError."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        try:
            socket = connect(
                self._address.socket_url,
                open_timeout=timeout_s,
                close_timeout=CLOSE_S,
                **_handshake(self._address),
            )
        except (OSError, WebSocketException) as fault:
            raise _not_dialled(fault, self._address, timeout_s) from fault
        # Entered, because recent versions warn of connections that are not.
        return ThreadedSocket(socket.__enter__()), _request_id(socket)

    def close(self) -> None:
        """Nothing is left open."""
        if self._http is not None:
            self._http.close()


class ThreadedSocket:
    """One socket, for the client of threads."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def send(self, frame: str) -> None:
        """Blocks while the server does not read. Raises DroppedError."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(frame)
        except ConnectionClosed as fault:
            raise _dropped(fault) from None

    def receive(self) -> str | bytes:
        """The next frame. Raises DroppedError."""
        from websockets.exceptions import ConnectionClosed

        try:
            return self._connection.recv()
        except ConnectionClosed as fault:
            raise _dropped(fault) from None

    def close(self) -> None:
        """Says goodbye."""
        self._connection.close()


class LoopServer:
    """The server, for the client of asyncio."""

    resumable = True

    def __init__(self, address: Address) -> None:
        self._address = address
        self._http: httpx.AsyncClient | None = None

    async def fetch(self, request: Request, timeout_s: float) -> Answer:
        """The answer, whatever its status. Raises VivavoceConnectionError."""
        import httpx

        if self._http is None:
            self._http = httpx.AsyncClient(base_url=self._address.url, headers=self._address.headers)
        try:
            return _answer(await self._http.request(**_asked(request), timeout=timeout_s))
        except httpx.HTTPError as fault:
            raise _not_fetched(fault, self._address, timeout_s) from fault

    async def dial(self, timeout_s: float) -> tuple[LoopSocket, str]:
        """An open socket, and the server's id of it. Raises VivavoceError."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            socket = await connect(
                self._address.socket_url,
                open_timeout=timeout_s,
                close_timeout=CLOSE_S,
                **_handshake(self._address),
            )
        except (OSError, WebSocketException) as fault:
            raise _not_dialled(fault, self._address, timeout_s) from fault
        return LoopSocket(socket), _request_id(socket)

    async def close(self) -> None:
        """Nothing is left open."""
        if self._http is not None:
            await self._http.aclose()


class LoopSocket:
    """One socket, for the client of asyncio."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def send(self, frame: str) -> None:
        """Waits while the server does not read. Raises DroppedError."""
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(frame)
        except ConnectionClosed as fault:
            raise _dropped(fault) from None

    async def receive(self) -> str | bytes:
        """The next frame. Raises DroppedError."""
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as fault:
            raise _dropped(fault) from None

    async def close(self) -> None:
        """Says goodbye."""
        await self._connection.close()


def _asked(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.query) or None,
        "json": request.body,
    }


def _answer(response: httpx.Response) -> Answer:
    headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def _handshake(address: Address) -> dict[str, Any]:
    return {
        "subprotocols": [SUBPROTOCOL],
        "additional_headers": address.headers,
        "compression": None,  # audio does not get smaller, only later
    }


def _request_id(connection: Any) -> str:
    response = connection.response
    return "" if response is None else str(response.headers.get("x-request-id", ""))


def _dropped(fault: ConnectionClosed) -> DroppedError:
    if fault.rcvd is not None:
        return DroppedError(fault.rcvd.code, fault.rcvd.reason)
    return DroppedError(1006, fault.sent.reason if fault.sent is not None else "")


def _not_fetched(fault: Exception, address: Address, timeout_s: float) -> VivavoceError:
    import httpx

    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        return _unreachable(fault, address)
    if isinstance(fault, httpx.TimeoutException):
        return VivavoceTimeoutError(f"request_s: expected an answer of {address.url} within {timeout_s:g} s")
    return VivavoceConnectionError(f"the connection to {address.url} was lost: {_words(fault)}")


def _not_dialled(fault: Exception, address: Address, timeout_s: float) -> VivavoceError:
    from websockets.exceptions import InvalidStatus

    if isinstance(fault, InvalidStatus):
        headers = {name.lower(): value for name, value in fault.response.headers.raw_items()}
        return answered(fault.response.status_code, headers, bytes(fault.response.body or b""))
    if isinstance(fault, TimeoutError):
        return VivavoceConnectionError(
            f"connect_s: expected a connection to {address.url} within {timeout_s:g} s",
            code="connection_failed",
        )
    return _unreachable(fault, address)


def _unreachable(fault: Exception, address: Address) -> VivavoceConnectionError:
    return VivavoceConnectionError(
        f"no server could be reached at {address.url}: {_words(fault)}; is `vivavoce serve` running there?",
        code="connection_failed",
    )


def _words(fault: Exception) -> str:
    return str(fault) or fault.__class__.__name__
