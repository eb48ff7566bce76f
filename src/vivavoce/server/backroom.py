"""The back room: the store of one server, and the desk over it. Open between the house's opening and closing."""

from __future__ import annotations

import logging

from vivavoce.errors import NotFoundError, quoted
from vivavoce.records import CustomVoice
from vivavoce.runtime.studio import Studio
from vivavoce.server.desk import StoreDesk
from vivavoce.settings import Settings
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Dictionary

log = logging.getLogger(__name__)


class Backroom:
    """Keys, dictionaries, custom voices and usage. It is the studio's library."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._missed = False
        """Whether the log has been told that the settings' dictionary is gone."""
        self.store: Store | None = None
        self.desk: StoreDesk | None = None

    async def open(self, studio: Studio) -> Store:
        """Opens the store, migrating it where needed. Raises StorageError, and NotFoundError for a dictionary in the
        settings that there is not."""
        self.store = await Store.open(self._settings)
        self.desk = StoreDesk(studio, self.store)
        self._check_own_dictionary(self.store)
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

    def own_dictionary(self, language: str) -> Dictionary | None:
        """See :class:`~vivavoce.runtime.studio.Library`. Once it has been deleted, streams go without."""
        wanted = self._settings.dictionary
        if not wanted or self.store is None:
            return None
        try:
            one = self.store.dictionaries.get(wanted)
        except NotFoundError:
            if not self._missed:
                log.warning("dictionary %s of the settings has been deleted; streams go without", wanted)
            self._missed = True
            return None
        return self.store.dictionaries.compiled(wanted) if one.suits(language) else None

    def _check_own_dictionary(self, store: Store) -> None:
        wanted = self._settings.dictionary
        if wanted and all(one.id != wanted for one in store.dictionaries.all()):
            raise NotFoundError(
                f"VIVAVOCE_DICTIONARY: there is no dictionary {quoted(wanted)}; "
                "`vivavoce dictionaries list` shows the ids",
                param="dictionary",
            )
