"""What all routes of one server share: the studio, the gate, and who is being served, so that the house can close
without cutting anybody off."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, Protocol

from starlette.types import Scope

from vivavoce.errors import ShuttingDownError, VivavoceError
from vivavoce.server.auth import Gate
from vivavoce.settings import Settings
from vivavoce.speech import Command, Event, Open, VoiceInfo

MAX_REQUEST_ID: Final = 128


class Stream(Protocol):
    """One live stream; see :class:`vivavoce.runtime.driver.Stream`."""

    def send(self, command: Command) -> None: ...

    async def events(self) -> Sequence[Event]: ...

    def cancel(self) -> None: ...


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

    def voice(self, name: str, language: str | None = None) -> VoiceInfo: ...

    def open(self, request: Open) -> Stream: ...

    def status(self) -> Mapping[str, float]: ...


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
        gate: Gate | None = None,
        figures: Callable[[], bytes] | None = None,
    ) -> None:
        """``figures`` gives the text that Prometheus reads, if there is any."""
        self.settings = settings
        self.studio = studio
        self.gate = gate or Gate()
        self.figures = figures
        self.state: Literal["starting", "ok", "draining"] = "starting"
        self.guests: set[Guest] = set()
        self.now = time.monotonic

    async def open(self) -> None:
        """Ready to serve when this returns; on failure nothing is left running."""
        try:
            await self.studio.start()
        except BaseException:
            await self.studio.close()
            raise
        self.state = "ok"

    async def close(self) -> None:
        """Ends everything that is left."""
        self.state = "draining"
        await self.studio.close()

    def last_call(self) -> None:
        """Refuse new work from now on, and let everybody finish."""
        self.state = "draining"
        self.studio.drain()
        for guest in list(self.guests):
            guest.last_call()

    def refusal(self, scope: Scope) -> VivavoceError | None:
        """Why a new request or socket is not served, if it is not."""
        if self.state != "ok":
            return self.closed()
        try:
            self.gate.authorise(scope)
        except VivavoceError as error:
            return error
        return None

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
