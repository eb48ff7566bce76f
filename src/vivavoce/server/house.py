"""What all routes of one server share: the studio, the gate, and who is being served, so that the house can close
without cutting anybody off."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol, TypeVar

import msgspec

from vivavoce.dialects.desk import Desk
from vivavoce.errors import (
    ConcurrencyLimitError,
    InternalError,
    NotFoundError,
    OverloadedError,
    ShuttingDownError,
    VivavoceError,
)
from vivavoce.records import Key
from vivavoce.server.auth import Gate
from vivavoce.server.ledger import Ledger
from vivavoce.server.speaking import Speaking, Stream
from vivavoce.settings import Settings
from vivavoce.speech import Open, VoiceInfo
from vivavoce.store.store import Store

MAX_REQUEST_ID: Final = 128
Made = TypeVar("Made")


class Catalogue(Protocol):
    """The installed voices; see :class:`vivavoce.voices.catalogue.Catalogue`."""

    def listing(self, language: str | None = None) -> Sequence[VoiceInfo]: ...


class Studio(Protocol):
    """What the server needs of :class:`vivavoce.runtime.studio.Studio`."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def live(self) -> int: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    def drain(self) -> None: ...

    def voice(self, name: str, language: str | None = None, account: str | None = None) -> VoiceInfo: ...

    def open(self, request: Open) -> Stream: ...

    def status(self) -> Mapping[str, float]: ...


class Backroom(Protocol):
    """What lasts; see :class:`vivavoce.server.backroom.Backroom`."""

    @property
    def store(self) -> Store | None: ...

    @property
    def desk(self) -> Desk | None: ...

    async def close(self) -> None: ...


class Guest(Protocol):
    """A request or socket that is being served."""

    def last_call(self) -> None:
        """The house is closing: finish what is live, take up nothing new, and go."""
        ...

    def leave(self) -> None:
        """Time is up: go now."""
        ...


class House:
    """The state of one server, from its opening to its closing."""

    def __init__(
        self,
        settings: Settings,
        studio: Studio,
        figures: Callable[[], bytes] | None = None,
        backroom: Backroom | None = None,
        open_backroom: Callable[[], Awaitable[Store]] | None = None,
    ) -> None:
        """``figures`` gives the text that Prometheus reads, if there is any; ``open_backroom`` opens ``backroom``."""
        self.settings = settings
        self.studio = studio
        self.gate = Gate()
        self.figures = figures
        self.backroom = backroom
        self._open_backroom = open_backroom
        self.state: Literal["starting", "ok", "draining"] = "starting"
        self.guests: set[Guest] = set()
        self.give_way: Callable[[str | None], bool] = lambda owner: False
        """Lets go of a stream (of that account, or anybody's) that nobody listens to at the moment; whether there was
        one. Set by whoever keeps such streams."""
        self.now = time.monotonic

    async def open(self) -> None:
        """Ready to serve when this returns; on failure nothing is left running."""
        try:
            # Both take a while, in other processes and threads.
            async with asyncio.TaskGroup() as group:
                group.create_task(self.studio.start())
                if self._open_backroom is not None:
                    group.create_task(self._unlock(self._open_backroom()))
        except BaseExceptionGroup as failures:
            await self.close()
            raise failures.exceptions[0] from None
        except BaseException:  # cancelled; raised again
            await self.close()
            raise
        self.state = "ok"

    async def close(self) -> None:
        """Ends everything that is left."""
        self.state = "draining"
        await self.studio.close()
        if self.backroom is not None:
            await self.backroom.close()

    @property
    def desk(self) -> Desk:
        """The desk for plain requests. Raises InternalError when this house has none."""
        desk = self.backroom.desk if self.backroom else None
        if desk is None:
            raise InternalError("this server keeps nothing")
        return desk

    def voice(self, name: str, language: str | None = None) -> VoiceInfo:
        """The installed voice behind ``name``, whoever's it is: a dialect reads a request before it knows the caller.
        Opening the stream then refuses what belongs to another account.

        Raises UnknownVoiceError, UnknownLanguageError.
        """
        store = self.backroom.store if self.backroom else None
        owner: str | None = None
        with contextlib.suppress(NotFoundError):
            if store is not None and name:
                owner = store.voices.get(name).owner
        return self.studio.voice(name, language, owner)

    def speak(self, request: Open, key: Key | None, dialect: str, request_id: str, label: str) -> Speaking:
        """A stream for a caller who was let in with ``key``; ``label`` names it in the log.

        Raises what :meth:`Studio.open` raises, and the errors of a key that allows no more.
        """
        request = msgspec.structs.replace(request, account=key.account if key else None, dialect=dialect)
        store = self.backroom.store if self.backroom else None
        ledger = None
        if store is not None:
            books, owner = store, key.account if key else None
            ledger = self._making_room(lambda: Ledger(books, key, dialect, request, request_id), owner)
        try:
            stream = self._making_room(lambda: self.studio.open(request), None)
        except VivavoceError as error:
            if ledger is not None:
                ledger.close(error.code, 0.0)
            raise
        return Speaking(stream, request, label, self.now, ledger)

    def _making_room(self, make: Callable[[], Made], owner: str | None) -> Made:
        """What ``make`` gives; streams that nobody listens to (of ``owner``, or anybody's) give way to it."""
        while True:
            try:
                return make()
            except (OverloadedError, ConcurrencyLimitError):
                if not self.give_way(owner):
                    raise

    def last_call(self) -> None:
        """Refuse new work from now on, and let everybody finish."""
        self.state = "draining"
        self.studio.drain()
        for guest in list(self.guests):
            guest.last_call()

    async def _unlock(self, opening: Awaitable[Store]) -> None:
        self.gate.store = await opening

    def closing(self) -> VivavoceError | None:
        """Why no new request or socket is served now, if none is."""
        return None if self.state == "ok" else self.closed()

    def closed(self) -> ShuttingDownError:
        """The error for whoever comes too early or too late."""
        doing = "starting" if self.state == "starting" else "shutting down"
        return ShuttingDownError(
            f"the server is {doing}; try again soon", retry_after_s=self.settings.retry_after_s
        )

    @contextlib.contextmanager
    def serving(self, guest: Guest) -> Iterator[None]:
        """``guest`` is being served within."""
        self.guests.add(guest)
        try:
            yield
        finally:
            self.guests.discard(guest)
