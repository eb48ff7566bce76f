"""Who may use the server. Until a key is made, everybody on this machine may, and nobody else."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from vivavoce.errors import MissingKeyError, OutOfRangeError, quoted
from vivavoce.records import Key, Scope
from vivavoce.settings import Settings
from vivavoce.store.store import Store

Credential: TypeAlias = Callable[[Mapping[str, str], Mapping[str, str], Sequence[str]], str | None]
"""Finds the key of a request among its headers (lower-case names), query and subprotocols, as one wire puts it."""

KEY_SUBPROTOCOL: Final = "vivavoce.key."


def is_loopback(host: str) -> bool:
    """Whether listening on ``host`` is open to this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings, *, keys_exist: bool = False) -> None:
    """Raises OutOfRangeError when strangers could use a server that has no keys."""
    if not is_loopback(settings.host) and not settings.insecure and not keys_exist:
        raise OutOfRangeError(
            f"host: expected a loopback address, as no keys exist, got {quoted(settings.host)}; "
            "make a key with `vivavoce keys create`, or serve other addresses without keys with --insecure",
            param="host",
        )


def native_credential(
    headers: Mapping[str, str], query: Mapping[str, str], subprotocols: Sequence[str]
) -> str | None:
    """The key as the native wire carries it: ``Authorization: Bearer``, ``X-Api-Key``, ``?token=``, or, for browsers'
    sockets, the subprotocol ``vivavoce.key.<key>``."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    offered = (name[len(KEY_SUBPROTOCOL) :] for name in subprotocols if name.startswith(KEY_SUBPROTOCOL))
    return headers.get("x-api-key") or query.get("token") or next(offered, None) or None


class Gate:
    """Checks keys. While there are none, any key or none is accepted."""

    def __init__(self) -> None:
        self.store: Store | None = None
        """Set once it is open; without one there are no keys."""

    @property
    def open(self) -> bool:
        """Whether anybody may come in."""
        return self.store is None or not self.store.keys.any_exist()

    async def admit(self, secret: str | None, scope: Scope = "speech") -> Key | None:
        """The key that ``secret`` is; ``None`` where none is needed. A single-use key is used up.

        Raises AuthenticationError, one of its kinds, or PermissionDeniedError. Suspends only for a key that this
        process has not seen yet, or that is for one use.
        """
        if self.store is None or self.open:
            return None
        now = time.time()
        key = await self.store.keys.resolve(_given(secret), scope, now)
        if key.single_use:
            await self.store.keys.consume(key, now)
        return key

    def known(self, secret: str | None, scope: Scope = "speech") -> Key | None:
        """Like :meth:`admit` for a key inside a message, from memory: a key that another process made is known
        after ``store_refresh_s`` at the latest."""
        if self.store is None or self.open:
            return None
        return self.store.keys.check(_given(secret), scope, time.time())

    def confirm(self, key: Key) -> None:
        """``key`` was admitted before, and may go on. Raises RevokedKeyError when it has been revoked since; one that
        has expired since holds as long as its connection."""
        if self.store is not None:
            self.store.keys.confirm(key)

    async def use_up(self, key: Key) -> None:
        """A single-use key is used now. Raises UsedKeyError when it was before, and StorageError."""
        if self.store is not None:
            await self.store.keys.consume(key, time.time())


class Badge:
    """The keys of one socket: that of its handshake, or else those that its messages bring."""

    def __init__(self, gate: Gate, key: Key | None, brought: Callable[[Key], None]) -> None:
        """``brought`` is told of every limited key that a message brings, once."""
        self._gate = gate
        self._key = key
        self._brought = brought
        self._known: dict[str, Key] = {}
        """Single-use keys of this socket by their secrets: its own uses are one."""

    def key(self, secret: str | None) -> Key | None:
        """The key of one more stream, whose message brought ``secret``. Raises what :meth:`Gate.known` raises."""
        if self._key is not None:
            self._gate.confirm(self._key)
            return self._key
        if secret is not None and secret in self._known:
            return self._known[secret]
        key = self._gate.known(secret)
        if key is not None and (key.single_use or key.max_session_s is not None):
            if key.single_use and secret is not None:
                self._known[secret] = key
            self._brought(key)
        return key


def _given(secret: str | None) -> str:
    if not secret:
        raise MissingKeyError("expected an API key, got none; `vivavoce keys create` makes one")
    return secret
