"""A glance into a store: what it holds, read once. Nothing is made, migrated, kept or written.

For commands that run without a server, beside one, or with another user's store.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from vivavoce.records import CustomVoice, Dictionary
from vivavoce.settings import Settings


class Holdings(Struct, frozen=True):
    """Dictionaries and custom voices, in no order."""

    dictionaries: tuple[Dictionary, ...] = ()
    voices: tuple[CustomVoice, ...] = ()


async def glance(settings: Settings) -> Holdings:
    """What the store of ``settings`` holds; nothing where there is none yet.

    Raises StorageError, OutOfRangeError or MissingDependencyError.
    """
    from vivavoce.store import database, models  # load SQLAlchemy, most of a second

    if not settings.database_url and not (Path(settings.data_dir) / database.FILE).exists():
        return Holdings()
    door = database.Database(database.address(settings))
    try:
        dictionaries = await door.everything(models.dictionaries)
        voices = await door.everything(models.voices)
    finally:
        await door.close()
    return Holdings(
        tuple(database.value_of(row, Dictionary) for row in dictionaries),
        tuple(database.value_of(row, CustomVoice) for row in voices),
    )
