"""AsyncDictionaries and keys of the client of asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from vivavoce.client import calls
from vivavoce.client.calls import Call
from vivavoce.client.types import ApiKey, Dictionary, DictionaryEntry

T = TypeVar("T")
List = list


class AsyncDictionaries:
    """``client.dictionaries``: how words are said.

    ```python
    from vivavoce import AsyncVivavoceClient
    from vivavoce.types import DictionaryEntry

    async with AsyncVivavoceClient() as client:
        made = await client.dictionaries.create("names", [DictionaryEntry(original="Nguyen", rewrite="Win")])
        print([dictionary.name for dictionary in await client.dictionaries.list()])
        await client.dictionaries.delete(made.id)
    ```
    """

    def __init__(self, ask: Callable[[Call[Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def list(self) -> List[Dictionary]:
        """All of this account. Raises VivavoceError."""
        found: List[Dictionary] = await self._ask(calls.dictionaries())
        return found

    async def get(self, dictionary_id: str) -> Dictionary:
        """One of them. Raises VivavoceNotFoundError."""
        found: Dictionary = await self._ask(calls.dictionary(dictionary_id))
        return found

    async def create(
        self,
        name: str,
        entries: Sequence[DictionaryEntry] = (),
        *,
        language: str | None = None,
        description: str | None = None,
    ) -> Dictionary:
        """A new one. Raises VivavoceValidationError."""
        made: Dictionary = await self._ask(calls.create_dictionary(name, entries, language, description))
        return made

    async def update(
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
        changed: Dictionary = await self._ask(call)
        return changed

    async def delete(self, dictionary_id: str) -> None:
        """Deletes it. Raises VivavoceNotFoundError."""
        await self._ask(calls.delete_dictionary(dictionary_id))


class AsyncKeys:
    """``client.keys``: who may use the server. Wants a key with the scope ``admin``.

    ```python
    from vivavoce import AsyncVivavoceClient

    async with AsyncVivavoceClient() as client:
        key = await client.keys.create("radio", scopes=["speech"])
        print(key.prefix, bool(key.secret))
        await client.keys.revoke(key.id)
    ```
    """

    def __init__(self, ask: Callable[[Call[Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def list(self) -> List[ApiKey]:
        """All keys, without their secrets. Raises VivavoceAuthError."""
        found: List[ApiKey] = await self._ask(calls.keys())
        return found

    async def create(
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
        made: ApiKey = await self._ask(calls.create_key(name, scopes, expires_at, limits))
        return made

    async def revoke(self, key_id: str) -> None:
        """Takes a key back. Raises VivavoceNotFoundError."""
        await self._ask(calls.revoke_key(key_id))
