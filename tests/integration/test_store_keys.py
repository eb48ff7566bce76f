"""API keys on real databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from databases import HandClock, in_loop
from vivavoce.errors import (
    AuthenticationError,
    ExpiredKeyError,
    MissingFieldError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    RevokedKeyError,
    UsedKeyError,
)
from vivavoce.records import KeyLimits
from vivavoce.settings import Settings
from vivavoce.store import keys, tokens
from vivavoce.store.store import Store

pytestmark = pytest.mark.integration

NOW = 1_790_000_000.0


async def opened(settings: Settings, clock: HandClock | None = None) -> Store:
    return await Store.open(settings, clock or HandClock(NOW))


@in_loop
async def test_a_key_is_good_at_once_and_after_opening_again(store_settings: Settings) -> None:
    limits = KeyLimits(concurrent_streams=2, characters_per_month=10**12)
    async with await opened(store_settings) as store:
        assert not store.keys.any_exist()
        issued = await store.keys.create("laptop", limits=limits, expires_at=NOW + 60)
        assert store.keys.any_exist()
        assert store.keys.check(issued.secret, "speech", NOW) == issued.key
    async with await opened(store_settings) as store:
        assert store.keys.any_exist()
        assert store.keys.all() == (issued.key,)
        found = store.keys.check(issued.secret, "manage", NOW)
        assert found == issued.key
        assert (found.name, found.limits, found.account) == ("laptop", limits, found.id)


@in_loop
async def test_unknown_keys(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        secret = (await store.keys.create("a")).secret
        for wrong in ("", "x", secret[:-1], secret + "x", secret.upper(), tokens.new_secret(), "\ud800"):
            with pytest.raises(AuthenticationError) as caught:
                await store.keys.resolve(wrong, "speech", NOW)
            assert type(caught.value) is AuthenticationError
            with pytest.raises(AuthenticationError):
                store.keys.check(wrong, "speech", NOW)


@in_loop
async def test_a_key_expires_at_its_time(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        secret = (await store.keys.create("a", expires_at=NOW + 10)).secret
        store.keys.check(secret, "speech", NOW + 9.999)
        with pytest.raises(ExpiredKeyError):
            store.keys.check(secret, "speech", NOW + 10)


@in_loop
async def test_revoking(store_settings: Settings) -> None:
    clock = HandClock(NOW)
    async with await opened(store_settings, clock) as store:
        issued = await store.keys.create("a")
        child = await store.keys.temporary(issued.key, ttl_s=60)
        assert (await store.keys.revoke(issued.key.id)).revoked_at == NOW
        clock.now += 5
        assert (await store.keys.revoke(issued.key.id)).revoked_at == NOW
        for secret in (issued.secret, child.secret):
            with pytest.raises(RevokedKeyError):
                store.keys.check(secret, "speech", NOW)
        with pytest.raises(NotFoundError):
            await store.keys.revoke("key_none")
        assert store.keys.any_exist(), "revoking the last key must not open the server"


@in_loop
async def test_scopes(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        speech = (await store.keys.create("a", scopes=["speech", "speech"])).secret
        admin = (await store.keys.create("b", scopes=["admin"])).secret
        assert store.keys.check(speech, "speech", NOW).scopes == ("speech",)
        for scope in ("manage", "admin"):
            with pytest.raises(PermissionDeniedError):
                store.keys.check(speech, scope, NOW)
            store.keys.check(admin, scope, NOW)
        store.keys.check(admin, "speech", NOW)


@in_loop
async def test_what_no_key_can_be(store_settings: Settings) -> None:
    a_wires_wish: Any = ["root"]
    async with await opened(store_settings) as store:
        with pytest.raises(MissingFieldError):
            await store.keys.create(" ")
        with pytest.raises(OutOfRangeError, match="name"):
            await store.keys.create("a\0")
        with pytest.raises(OutOfRangeError, match="scopes"):
            await store.keys.create("a", scopes=a_wires_wish)
        with pytest.raises(OutOfRangeError, match="scopes"):
            await store.keys.create("a", scopes=[])
        with pytest.raises(OutOfRangeError, match="expires_at"):
            await store.keys.create("a", expires_at=NOW)
        with pytest.raises(OutOfRangeError, match="requests_per_minute"):
            await store.keys.create("a", limits=KeyLimits(requests_per_minute=-1))
        assert store.keys.all() == ()


@in_loop
async def test_temporary_keys(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        parent = (
            await store.keys.create("a", expires_at=NOW + 100, limits=KeyLimits(concurrent_streams=1))
        ).key
        short = await store.keys.temporary(parent, ttl_s=60, max_session_s=30, client_reference_id="user 7")
        assert short.secret.startswith("vvt_")
        assert store.keys.check(short.secret, "speech", NOW) == short.key
        assert (short.key.account, short.key.limits) == (parent.id, parent.limits)
        assert (short.key.max_session_s, short.key.client_reference_id) == (30, "user 7")
        assert short.key.expires_at == NOW + 60
        assert (await store.keys.temporary(parent, ttl_s=3600)).key.expires_at == NOW + 100
        with pytest.raises(PermissionDeniedError):
            store.keys.check(short.secret, "manage", NOW)
        with pytest.raises(ExpiredKeyError):
            store.keys.check(short.secret, "speech", NOW + 60)
        assert store.keys.all() == (parent,)


@in_loop
async def test_what_no_temporary_key_can_be(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        parent = (await store.keys.create("a", scopes=["speech"])).key
        child = (await store.keys.temporary(parent, ttl_s=60)).key
        with pytest.raises(PermissionDeniedError):
            await store.keys.temporary(child, ttl_s=60)
        with pytest.raises(PermissionDeniedError):
            await store.keys.temporary(parent, ttl_s=60, scope="manage")
        for wrong in (0, keys.MAX_TTL_S + 1, float("nan")):
            with pytest.raises(OutOfRangeError, match="ttl_s"):
                await store.keys.temporary(parent, ttl_s=wrong)
        with pytest.raises(OutOfRangeError, match="max_session_s"):
            await store.keys.temporary(parent, ttl_s=60, max_session_s=0)
        with pytest.raises(OutOfRangeError, match="client_reference_id"):
            await store.keys.temporary(parent, ttl_s=60, client_reference_id="x" * 257)


@in_loop
async def test_a_server_without_keys_can_make_temporary_ones_and_stays_open(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        issued = await store.keys.temporary(None, ttl_s=60)
        assert store.keys.check(issued.secret, "speech", NOW).account == issued.key.id
        assert not store.keys.any_exist()


@in_loop
async def test_single_use_is_once_among_all_servers(store_settings: Settings) -> None:
    async with await opened(store_settings) as one, await opened(store_settings) as other:
        issued = await one.keys.temporary(None, ttl_s=60, single_use=True)
        here = await one.keys.resolve(issued.secret, "speech", NOW)
        there = await other.keys.resolve(issued.secret, "speech", NOW)
        await one.keys.consume(here, NOW + 1)
        with pytest.raises(UsedKeyError):
            await other.keys.consume(there, NOW + 1)
        for store in (one, other):
            with pytest.raises(UsedKeyError):
                store.keys.check(issued.secret, "speech", NOW + 2)
    async with await opened(store_settings) as again:
        with pytest.raises(UsedKeyError):
            again.keys.check(issued.secret, "speech", NOW + 2)


@in_loop
async def test_other_keys_can_be_consumed_any_number_of_times(store_settings: Settings) -> None:
    async with await opened(store_settings) as store:
        issued = await store.keys.create("a")
        for _ in range(2):
            await store.keys.consume(issued.key, NOW)
        assert store.keys.check(issued.secret, "speech", NOW).used_at is None


@in_loop
async def test_a_key_made_elsewhere_works_at_once(store_settings: Settings) -> None:
    async with await opened(store_settings) as server, await opened(store_settings) as elsewhere:
        issued = await elsewhere.keys.create("a")
        child = await elsewhere.keys.temporary(issued.key, ttl_s=60)
        assert await server.keys.resolve(child.secret, "speech", NOW) == child.key
        assert server.keys.all() == (issued.key,), (
            "the parent comes along, so that revoking it reaches the child"
        )
        assert await server.keys.resolve(issued.secret, "speech", NOW) == issued.key


@in_loop
async def test_a_key_revoked_elsewhere_is_refused_after_refresh(store_settings: Settings) -> None:
    async with await opened(store_settings) as server, await opened(store_settings) as elsewhere:
        issued = await server.keys.create("a")
        await server.refresh()
        await elsewhere.refresh()
        await elsewhere.keys.revoke(issued.key.id)
        await server.refresh()
        with pytest.raises(RevokedKeyError):
            server.keys.check(issued.secret, "speech", NOW)


@in_loop
async def test_a_known_key_costs_no_query(store_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await opened(store_settings) as store:
        issued = await store.keys.create("a")
        revoked = await store.keys.create("b")
        await store.keys.revoke(revoked.key.id)
        monkeypatch.setattr(store.keys, "_database", None)
        await store.keys.resolve(issued.secret, "speech", NOW)
        for secret in (revoked.secret, "nonsense"):
            with pytest.raises(AuthenticationError):
                await store.keys.resolve(secret, "speech", NOW)


@in_loop
async def test_expired_temporary_keys_are_forgotten(
    store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_PRUNE_AT", 4)
    clock = HandClock(NOW)
    async with await opened(store_settings, clock) as store:
        lasting = await store.keys.create("a")
        old = [await store.keys.temporary(None, ttl_s=60) for _ in range(3)]
        clock.now += 60 + 599
        with pytest.raises(ExpiredKeyError):
            store.keys.check(old[0].secret, "speech", clock.now)
        clock.now += 2
        await store.keys.temporary(None, ttl_s=60)
        with pytest.raises(AuthenticationError, match="does not exist"):
            store.keys.check(old[0].secret, "speech", clock.now)
        with pytest.raises(ExpiredKeyError):
            await store.keys.resolve(old[0].secret, "speech", clock.now)
        clock.now += 86_400
        await store.tidy()
        with pytest.raises(AuthenticationError, match="does not exist"):
            await store.keys.resolve(old[1].secret, "speech", clock.now)
        store.keys.check(lasting.secret, "speech", clock.now)


@in_loop
async def test_secrets_are_not_on_the_disk(tmp_path: Path) -> None:
    async with await opened(Settings(data_dir=str(tmp_path))) as store:
        issued = await store.keys.create("a")
        found = b"".join((tmp_path / f"vivavoce.db{part}").read_bytes() for part in ("", "-wal"))
    assert tokens.digest(issued.secret).encode() in found
    assert issued.secret.encode() not in found
    assert issued.secret[12:30].encode() not in found
