"""``vivavoce keys``: make, list and revoke API keys."""

from __future__ import annotations

import re
import time
from typing import Any, Final, cast

import click
from msgspec import to_builtins

from vivavoce.cli.output import console, print_json, table
from vivavoce.cli.storing import moment, store_flags, with_store
from vivavoce.errors import NotFoundError, quoted
from vivavoce.records import SCOPES, IssuedKey, Key, KeyLimits, Scope
from vivavoce.store.store import Store

UNIT_S: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys that clients need.

    On loopback a server without keys accepts any key or none; with the first key made, keys are required.
    """


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Seconds of a duration like ``90d``."""
    if value is None:
        return None
    match = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", value.strip())
    if match is None:
        raise click.BadParameter(f"expected a duration like 30m, 12h, 90d or 52w, got {quoted(value)}")
    return float(int(match[1]) * UNIT_S[match[2]])


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(tuple(SCOPES)),
    default=("speech", "manage"),
    help="What the key may do; can be given several times. [speech and manage]",
)
@click.option(
    "--expires-in", callback=_duration, metavar="TIME", help="Life of the key: 30m, 12h, 90d, 52w. [for ever]"
)
@click.option("--streams", type=click.IntRange(0), metavar="N", help="Streams at once. [no limit]")
@click.option(
    "--requests-per-minute", type=click.IntRange(0), metavar="N", help="New streams in 60 s. [no limit]"
)
@click.option(
    "--characters-per-month",
    type=click.IntRange(0),
    metavar="N",
    help="Text in a calendar month, UTC. [no limit]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def create(
    name: str,
    scopes: tuple[str, ...],
    expires_in: float | None,
    streams: int | None,
    requests_per_minute: int | None,
    characters_per_month: int | None,
    as_json: bool,
    data_dir: str | None,
    database_url: str | None,
) -> None:
    """Make a key called NAME and show its secret, this once.

    \b
    Examples:
      vivavoce keys create laptop
      vivavoce keys create kiosk --scope speech --streams 2 --expires-in 90d
    """
    limits = KeyLimits(
        concurrent_streams=streams,
        requests_per_minute=requests_per_minute,
        characters_per_month=characters_per_month,
    )
    expires_at = None if expires_in is None else time.time() + expires_in

    async def make(store: Store) -> IssuedKey:
        chosen = cast("tuple[Scope, ...]", scopes)
        return await store.keys.create(name, scopes=chosen, expires_at=expires_at, limits=limits)

    issued = with_store(data_dir, database_url, make)
    if as_json:
        print_json({**_as_json(issued.key), "secret": issued.secret})
        return
    click.echo(f"Made key {issued.key.id} ({name}). It is not shown again:", err=True)
    click.echo(issued.secret)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def list_(as_json: bool, data_dir: str | None, database_url: str | None) -> None:
    """List all keys, without their secrets."""

    async def read(store: Store) -> tuple[Key, ...]:
        return store.keys.all()

    found = with_store(data_dir, database_url, read)
    if as_json:
        print_json([_as_json(key) for key in found])
        return
    if not found:
        click.echo("No keys yet; make one with: vivavoce keys create NAME", err=True)
        return
    shown = table("id", "name", "secret", "scopes", "limits", "made", "state")
    for key in found:
        row = (key.id, key.name, f"{key.prefix}…", " ".join(key.scopes), _limits(key.limits))
        shown.add_row(*row, moment(key.created_at)[:10], _state(key))
    console().print(shown)


@keys.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def revoke(key: str, as_json: bool, data_dir: str | None, database_url: str | None) -> None:
    """Revoke KEY, an id or a unique name, and every temporary key it made.

    Running servers refuse it within two seconds (VIVAVOCE_STORE_REFRESH_S).
    """

    async def take(store: Store) -> Key:
        return await store.keys.revoke(_named(store.keys.all(), key).id)

    revoked = with_store(data_dir, database_url, take)
    if as_json:
        print_json(_as_json(revoked))
        return
    click.echo(f"Revoked key {revoked.id} ({revoked.name}).", err=True)


def _named(found: tuple[Key, ...], given: str) -> Key:
    """The key with this id, or the only unrevoked one with this name."""
    matches = [key for key in found if key.id == given] or [
        key for key in found if key.name == given and key.revoked_at is None
    ]
    if len(matches) != 1:
        count = "no key" if not matches else f"{len(matches)} keys"
        raise NotFoundError(
            f"{count} called {quoted(given)}; `vivavoce keys list` shows the ids", param="key"
        )
    return matches[0]


def _as_json(key: Key) -> dict[str, Any]:
    """A lasting key's fields; those of temporary keys say nothing here."""
    fields: dict[str, Any] = to_builtins(key)
    wanted = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "limits")
    return {name: fields[name] for name in wanted}


def _limits(limits: KeyLimits) -> str:
    parts = (
        (limits.concurrent_streams, "streams"),
        (limits.requests_per_minute, "requests/min"),
        (limits.characters_per_month, "characters/month"),
    )
    return ", ".join(f"{number} {unit}" for number, unit in parts if number is not None) or "none"


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return f"revoked {moment(key.revoked_at)}"
    if key.expires_at is not None:
        return f"{'expired' if key.expires_at <= time.time() else 'until'} {moment(key.expires_at)}"
    return "good"
