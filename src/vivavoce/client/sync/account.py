"""Dictionaries and keys of the client of threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from vivavoce.client import calls
from vivavoce.client.calls import Call
from vivavoce.client.types import ApiKey, Dictionary, DictionaryEntry

T = TypeVar("T")
List = list


class Dictionaries:
    """``client.dictionaries``: how words are said.

    ```python
    from vivavoce import VivavoceClient
    from vivavoce.types import DictionaryEntry

    with VivavoceClient() as client:
        made = client.dictionaries.create("names", [DictionaryEntry(original="Nguyen", rewrite="Win")])
        print([dictionary.name for dictionary in client.dictionaries.list()])
        client.dictionaries.delete(made.id)
    ```
    """

    def __init__(self, ask: Callable[[Call[Any]], Any]) -> None:
        self._ask = ask

    def list(self) -> List[Dictionary]:
        """All of this account. Raises VivavoceError."""
        found: List[Dictionary] = self._ask(calls.dictionaries())
        return found

    def get(self, dictionary_id: str) -> Dictionary:
        """One of them. Raises VivavoceNotFoundError."""
        found: Dictionary = self._ask(calls.dictionary(dictionary_id))
        return found

    def create(
        self,
        name: str,
        entries: Sequence[DictionaryEntry] = (),
        *,
        language: str | None = None,
        description: str | None = None,
    ) -> Dictionary:
        """A new one. Raises VivavoceValidationError."""
        made: Dictionary = self._ask(calls.create_dictionary(name, entries, language, description))
        return made

    def update(
        self,
        dictionary_id: str,
        *,
        name: str | None = None,
        entries: Sequence[DictionaryEntry] | None = None,
        language: str | None = None,
        description: str | None = None,
    ) -> Dictionary:
        """Changes what is given; ``entries`` replaces all of them. Raises VivavoceNotFoundError."""
        call = calls.update_dictionary(dictionary_id, name, entries, language, description)
        changed: Dictionary = self._ask(call)
        return changed

    def delete(self, dictionary_id: str) -> None:
        """Deletes it. Raises VivavoceNotFoundError."""
        self._ask(calls.delete_dictionary(dictionary_id))


class Keys:
    """``client.keys``: who may use the server. Wants a key with the scope ``admin``.

    ```python
    from vivavoce import VivavoceClient

    with VivavoceClient() as client:
        key = client.keys.create("radio", scopes=["speech"])
        print(key.prefix, bool(key.secret))
        client.keys.revoke(key.id)
    ```
    """

    def __init__(self, ask: Callable[[Call[Any]], Any]) -> None:
        self._ask = ask

    def list(self) -> List[ApiKey]:
        """All keys, without their secrets. Raises VivavoceAuthError."""
        found: List[ApiKey] = self._ask(calls.keys())
        return found

    def create(
        self,
        name: str,
        *,
        scopes: Sequence[str] | None = None,
        expires_at: float | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> ApiKey:
        """A new key; its ``secret`` is told here and never again. ``expires_at`` is in Unix seconds.

        Raises VivavoceAuthError, VivavoceValidationError.
        """
        made: ApiKey = self._ask(calls.create_key(name, scopes, expires_at, limits))
        return made

    def revoke(self, key_id: str) -> None:
        """Takes a key back. Raises VivavoceNotFoundError."""
        self._ask(calls.revoke_key(key_id))
