"""API keys: made and revoked in the database, checked in memory.

A check never asks the database for a key that this process knows. For one that it does not know, :meth:`Keys.resolve`
asks once: that is how a key made a moment ago by the command line or another server works at once. The other two
things that touch the database are making a key and using up a single-use one.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from msgspec.structs import replace
from sqlalchemy import delete, insert, or_, select, update

from vivavoce.errors import (
    AuthenticationError,
    ExpiredKeyError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RevokedKeyError,
    UsedKeyError,
    quoted,
)
from vivavoce.records import SCOPES, UNLIMITED, IssuedKey, Key, KeyLimits, Scope
from vivavoce.store import checks, models, tokens
from vivavoce.store.database import Database, columns, value_of

MAX_TTL_S: Final = 86_400
"""Longest life of a temporary key: a day (Soniox allows an hour)."""
MAX_SESSION_S: Final = 86_400

_REMEMBER_S: Final = 600.0
"""How long an expired temporary key is still told from an unknown one."""
_PRUNE_AT: Final = 1000


class Keys:
    """All keys. Synchronous methods answer from memory; times are Unix seconds."""

    table = models.keys

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._digests: dict[str, str] = {}
        """Hash of the secret, by id."""
        self._ids: dict[str, str] = {}
        """The other way round."""
        self._keys: dict[str, Key] = {}
        self._prune_at = _PRUNE_AT

    # ---- from memory ---------------------------------------------------------------------------------------------

    def any_exist(self) -> bool:
        """Whether a key was ever made with :meth:`create`. Revoking the last one does not open the server again."""
        return any(not key.temporary for key in self._keys.values())

    def all(self) -> tuple[Key, ...]:
        """Every key but temporary ones, revoked and expired ones included, oldest first."""
        lasting = (key for key in self._keys.values() if not key.temporary)
        return tuple(sorted(lasting, key=lambda key: (key.created_at, key.id)))

    def check(self, secret: str, scope: Scope, now: float) -> Key:
        """The key behind ``secret``, if it may do ``scope``.

        Raises AuthenticationError (unknown here), RevokedKeyError, ExpiredKeyError, UsedKeyError or
        PermissionDeniedError. A single-use key stays unused until :meth:`consume`.
        """
        return self._good(self._find(secret), scope, now)

    def _find(self, secret: str) -> Key:
        digest = tokens.digest(secret)
        key_id = self._ids.get(digest, "")
        # The look-up is by hash, so its timing says nothing of use; the comparison is constant-time all the same.
        if not hmac.compare_digest(self._digests.get(key_id, ""), digest):
            raise AuthenticationError("expected a valid API key, got one that does not exist")
        return self._keys[key_id]

    def confirm(self, key: Key) -> None:
        """Raises RevokedKeyError when ``key``, checked before, or the key that made it has been revoked since."""
        known = self._keys.get(key.id, key)
        parent = self._keys.get(key.parent_id) if key.parent_id else None
        if known.revoked_at is not None or (parent is not None and parent.revoked_at is not None):
            raise RevokedKeyError(f"the API key {key.prefix}… has been revoked")

    def _good(self, key: Key, scope: Scope, now: float) -> Key:
        self.confirm(key)
        if key.expires_at is not None and now >= key.expires_at:
            raise ExpiredKeyError(f"the API key {key.prefix}… has expired")
        if key.single_use and key.used_at is not None:
            raise UsedKeyError(f"the API key {key.prefix}… was for one use and has been used")
        if not key.allows(scope):
            raise PermissionDeniedError(
                f"expected a key with scope {scope!r}, got one with {', '.join(key.scopes)}"
            )
        return key

    # ---- with the database ---------------------------------------------------------------------------------------

    async def resolve(self, secret: str, scope: Scope, now: float) -> Key:
        """Like :meth:`check`, but looks in the database for a key that this process does not know yet."""
        try:
            return self.check(secret, scope, now)
        except AuthenticationError:
            digest = tokens.digest(secret)
            if digest in self._ids or not tokens.well_formed(secret):
                raise
        async with self._database.turn:
            parent = select(models.keys.c.parent_id).where(models.keys.c.digest == digest).scalar_subquery()
            mine_or_parents = or_(models.keys.c.digest == digest, models.keys.c.id == parent)
            for row in await self._database.everything(models.keys, mine_or_parents):
                self._remember(value_of(row, Key), row.digest)
        return self.check(secret, scope, now)

    async def create(
        self,
        name: str,
        *,
        scopes: Iterable[Scope] = ("speech", "manage"),
        expires_at: float | None = None,
        limits: KeyLimits = UNLIMITED,
    ) -> IssuedKey:
        """A new key. Raises OutOfRangeError or MissingFieldError for what cannot be."""
        now = self._clock()
        if expires_at is not None and expires_at <= now:
            raise OutOfRangeError(
                "expires_at: expected a time to come, got one that is past", param="expires_at"
            )
        for field in limits.__struct_fields__:
            value = getattr(limits, field)
            if value is not None:
                checks.within(value, field, 0, 10**15)
        return await self._issue(
            Key(
                id=_new_id(),
                name=checks.text(name, "name", 200),
                prefix="",
                scopes=_known(scopes),
                created_at=now,
                expires_at=expires_at,
                limits=limits,
            )
        )

    async def temporary(
        self,
        parent: Key | None,
        *,
        ttl_s: float,
        scope: Scope = "speech",
        single_use: bool = False,
        max_session_s: float | None = None,
        client_reference_id: str | None = None,
    ) -> IssuedKey:
        """A key for a browser, good for ``ttl_s`` seconds but no longer than its parent, whose limits it shares.

        ``parent`` is ``None`` on a server that runs without keys. Raises OutOfRangeError, or PermissionDeniedError
        if the parent is temporary itself or lacks the scope.
        """
        checks.within(ttl_s, "ttl_s", 1, MAX_TTL_S)
        if max_session_s is not None:
            checks.within(max_session_s, "max_session_s", 1, MAX_SESSION_S)
        if client_reference_id is not None:
            checks.text(client_reference_id, "client_reference_id", 256, blank=True)
        if parent is not None and (parent.temporary or not parent.allows(scope)):
            raise PermissionDeniedError(f"this key cannot make a temporary key with scope {scope!r}")
        now = self._clock()
        ends = [now + ttl_s, parent.expires_at if parent and parent.expires_at is not None else now + ttl_s]
        return await self._issue(
            Key(
                id=_new_id(),
                name="temporary",
                prefix="",
                scopes=_known((scope,)),
                created_at=now,
                expires_at=min(ends),
                temporary=True,
                parent_id=parent.id if parent else None,
                single_use=single_use,
                max_session_s=max_session_s,
                client_reference_id=client_reference_id,
                limits=parent.limits if parent else UNLIMITED,
            )
        )

    async def _issue(self, key: Key) -> IssuedKey:
        secret = tokens.new_secret(temporary=key.temporary)
        key = replace(key, prefix=tokens.shown(secret))
        digest = tokens.digest(secret)
        # Other processes find temporary keys by asking; announcing each would make them load all keys again.
        announced = None if key.temporary else models.keys
        async with self._database.turn:
            async with self._database.writing(announced) as connection:
                await connection.execute(insert(models.keys).values(**columns(key), digest=digest))
            self._remember(key, digest)
        return IssuedKey(key, secret)

    async def consume(self, key: Key, now: float) -> None:
        """Use up a single-use key, once among all servers; does nothing for another key.

        Costs one commit, the only one before first audio, and only for such keys. Raises UsedKeyError.
        """
        if not key.single_use:
            return
        mine = (models.keys.c.id == key.id) & models.keys.c.used_at.is_(None)
        async with self._database.turn:
            async with self._database.writing() as connection:
                won = await connection.execute(update(models.keys).where(mine).values(used_at=now))
            if key.id in self._keys:
                self._keys[key.id] = replace(self._keys[key.id], used_at=now)
        if won.rowcount != 1:
            raise UsedKeyError(f"the API key {key.prefix}… was for one use and has been used")

    async def revoke(self, key_id: str) -> Key:
        """Revoke a key and with it every temporary key that it made. Raises NotFoundError.

        This process refuses it from now on, others within ``store_refresh_s``. Revoking twice keeps the first time.
        """
        now = self._clock()
        async with self._database.turn:
            async with self._database.writing(models.keys) as connection:
                unrevoked = (models.keys.c.id == key_id) & models.keys.c.revoked_at.is_(None)
                await connection.execute(update(models.keys).where(unrevoked).values(revoked_at=now))
                row = (
                    await connection.execute(select(models.keys).where(models.keys.c.id == key_id))
                ).first()
            if row is None:
                raise NotFoundError(f"no API key has the id {quoted(key_id)}", param="id")
            self._remember(value_of(row, Key), row.digest)
        return self._keys[key_id]

    async def load(self) -> None:
        """Take everything from the database anew; the caller holds the database's turn."""
        recent = or_(
            models.keys.c.temporary.is_(False), models.keys.c.expires_at > self._clock() - _REMEMBER_S
        )
        rows = await self._database.everything(models.keys, recent)
        self._keys = {row.id: value_of(row, Key) for row in rows}
        self._digests = {row.id: row.digest for row in rows}
        self._ids = {row.digest: row.id for row in rows}

    async def purge(self, before: float) -> None:
        """Delete temporary keys that expired before that time."""
        old = models.keys.c.temporary & (models.keys.c.expires_at < before)
        async with self._database.turn, self._database.writing() as connection:
            await connection.execute(delete(models.keys).where(old))

    def _remember(self, key: Key, digest: str) -> None:
        self._keys[key.id] = key
        self._digests[key.id] = digest
        self._ids[digest] = key.id
        if len(self._keys) > self._prune_at:
            self._forget_expired(self._clock() - _REMEMBER_S)
            self._prune_at = max(_PRUNE_AT, 2 * len(self._keys))

    def _forget_expired(self, before: float) -> None:
        for key in list(self._keys.values()):
            if key.temporary and key.expires_at is not None and key.expires_at < before:
                del self._keys[key.id]
                del self._ids[self._digests.pop(key.id)]


def _new_id() -> str:
    return "key_" + secrets.token_hex(8)


def _known(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """The scopes without repetition, in the order of :data:`SCOPES`."""
    asked = set(scopes)
    if not asked or not asked <= set(SCOPES):
        raise OutOfRangeError(
            f"scopes: expected some of {', '.join(SCOPES)}, got {quoted(', '.join(sorted(asked)))}",
            param="scopes",
        )
    return tuple(scope for scope in SCOPES if scope in asked)
