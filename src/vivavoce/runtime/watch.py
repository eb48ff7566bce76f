"""Noticing that voices were added, replaced or removed, by looking at their folders now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

EVERY_S: Final = 1.0
Sight: TypeAlias = frozenset[tuple[str, str, int]]
"""Families and voices, and which folder each is: a voice that is put into another's place has another one."""


def sight(data_dir: str) -> Sight:
    """The voices in ``data_dir``, in so far as they may have changed. Blocks on the disk."""
    found: set[tuple[str, str, int]] = set()
    for family in _folders(Path(data_dir) / "voices"):
        found |= {(family.name, voice.name, _identity(voice)) for voice in _folders(family)}
    return frozenset(found)


async def watch(data_dir: str, changed: Callable[[], Awaitable[None]], every_s: float = EVERY_S) -> None:
    """Call ``changed`` whenever the voices in ``data_dir`` are others than before. Runs until it is cancelled."""
    seen = await asyncio.to_thread(sight, data_dir)
    while True:
        await asyncio.sleep(every_s)
        now = await asyncio.to_thread(sight, data_dir)
        if now != seen:
            seen = now
            await changed()


def _folders(folder: Path) -> list[Path]:
    """Folders in ``folder`` that are shown; none when it cannot be read."""
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _identity(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0  # It has gone since its name was read.
