"""What a command that runs without a server has of the store: the dictionaries and voices that ``say`` may name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from vivavoce.errors import NotFoundError, quoted
from vivavoce.records import CustomVoice
from vivavoce.records import Dictionary as Entries
from vivavoce.settings import Settings
from vivavoce.store.glance import Holdings, glance
from vivavoce.text.pronounce import Dictionary

Kept = TypeVar("Kept", CustomVoice, Entries)
WORDS: Final = {
    CustomVoice: ("preset", "presets", "voices preset", "voice"),
    Entries: ("dictionary", "dictionaries", "dictionaries", "dictionary"),
}
"""One, several, the command that lists them, and the option that names one."""


class Shelf:
    """See :class:`vivavoce.runtime.studio.Library`. Whoever may read the store may use all of it."""

    def __init__(self, holdings: Holdings, own: str = "") -> None:
        """``own`` is the id or name of the dictionary for texts that name none."""
        self._voices = {voice.id: voice for voice in holdings.voices}
        self._dictionaries = holdings.dictionaries
        self._own = own

    def custom_voice(self, name: str, account: str | None) -> CustomVoice | None:
        return self._voices.get(name)

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        return Dictionary(named(Entries, self._dictionaries, dictionary_id).entries)

    def own_dictionary(self, language: str) -> Dictionary | None:
        if not self._own:
            return None
        found = named(Entries, self._dictionaries, self._own)
        return Dictionary(found.entries) if found.suits(language) else None


async def shelf(settings: Settings) -> Shelf:
    """The shelf of the store of ``settings``. Raises StorageError, OutOfRangeError or MissingDependencyError."""
    return Shelf(await glance(settings), settings.dictionary)


def named(kind: type[Kept], found: Sequence[Kept], given: str) -> Kept:
    """The one with this id, or the only one with this name. Raises NotFoundError."""
    matches = [one for one in found if one.id == given] or [one for one in found if one.name == given]
    if len(matches) != 1:
        one, several, command, param = WORDS[kind]
        count = f"no {one} is" if not matches else f"{len(matches)} {several} are"
        raise NotFoundError(
            f"{count} called {quoted(given)}; `vivavoce {command} list` shows the ids", param=param
        )
    return matches[0]
