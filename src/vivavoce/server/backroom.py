"""The back room: the store of one server, and the desk over it. Open between the house's opening and closing."""

from __future__ import annotations

from vivavoce.errors import NotFoundError, quoted
from vivavoce.records import CustomVoice
from vivavoce.runtime.studio import Studio
from vivavoce.server.desk import StoreDesk
from vivavoce.settings import Settings
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Dictionary


class Backroom:
    """Keys, dictionaries, custom voices and usage. It is the studio's library."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.store: Store | None = None
        self.desk: StoreDesk | None = None

    async def open(self, studio: Studio) -> Store:
        """Opens the store, migrating it where needed. Raises StorageError."""
        self.store = await Store.open(self._settings)
        self.desk = StoreDesk(studio, self.store)
        return self.store

    async def close(self) -> None:
        """Writes what is left to write; safe to call more than once."""
        if self.store is not None:
            store, self.store, self.desk = self.store, None, None
            await store.close()

    def custom_voice(self, name: str, account: str | None) -> CustomVoice | None:
        """See :class:`~vivavoce.runtime.studio.Library`."""
        return self.desk.find_custom_voice(name, account) if self.desk else None

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        """See :class:`~vivavoce.runtime.studio.Library`."""
        if self.desk is None or self.store is None:
            raise NotFoundError(f"there is no dictionary {quoted(dictionary_id)}", param="dictionary_id")
        self.desk.dictionary(dictionary_id, account)
        return self.store.dictionaries.compiled(dictionary_id)
