"""What a dialect is: pure translations, driven by the one WebSocket loop and the one HTTP exchange in ``server/``.

A WebSocket dialect gives a :class:`Connection` per socket. The loop calls ``receive`` for every frame and carries
out the actions it returns, in order; for every batch of a stream's events it calls ``render`` and sends the frames.
Stream keys are the connection's own, unique among its live streams.

An HTTP dialect gives an :class:`Exchange` per request, which has everything that the streaming responder needs.
Every method is free of I/O and of the clock; none raises anything but :class:`~vivavoce.errors.VivavoceError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from vivavoce.errors import VivavoceError
from vivavoce.speech import Command, Event, Open

Frame: TypeAlias = str | bytes
StreamKey: TypeAlias = int | str


class Start(Struct, frozen=True):
    """Open a stream. On success the loop sends ``Connection.opened``; on failure ``Connection.refused``."""

    stream: StreamKey
    open: Open
    credit_bytes: int | None = None
    """Audio bytes that may be sent before more credit comes; ``None`` means no bound but the socket's own."""


class Feed(Struct, frozen=True):
    """A command for an open stream."""

    stream: StreamKey
    command: Command


class Credit(Struct, frozen=True):
    """The listener can take so many more audio bytes of this stream."""

    stream: StreamKey
    bytes: int


class Reply(Struct, frozen=True):
    """A frame to send as it is."""

    frame: Frame


class Close(Struct, frozen=True):
    """Close the socket after everything before it has been sent; live streams are cancelled."""

    code: int
    reason: str = ""


Action: TypeAlias = Start | Feed | Credit | Reply | Close


class Connection(Protocol):
    """One socket of one dialect."""

    def receive(self, frame: Frame) -> Sequence[Action]:
        """What a frame from the client asks for. A bad frame gives the dialect's own error as Reply or Close."""
        ...

    def opened(self, stream: StreamKey, rate_hz: int) -> Sequence[Action]:
        """What to say when a stream has been opened; audio comes at ``rate_hz``."""
        ...

    def refused(self, stream: StreamKey, error: VivavoceError) -> Sequence[Action]:
        """What to say when a stream could not be opened, or a command of a live one was refused."""
        ...

    def render(self, stream: StreamKey, events: Sequence[Event]) -> Sequence[Action]:
        """What to send for a stream's events. After ``Ended`` or ``Failed`` the stream's key is free again."""
        ...


class Reading(Struct, frozen=True):
    """What an HTTP request asks for: a stream, and all the text it will have."""

    open: Open
    text: str
    complete: bool = False
    """Whether the body is to be made whole and sent with its length, instead of as it is made."""


class Exchange(Protocol):
    """One HTTP request of one dialect."""

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """The request, understood. Header names are lower case. Raises VivavoceError for anything wrong."""
        ...

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """Headers of the answer, ``content-type`` among them."""
        ...

    def render(self, events: Sequence[Event]) -> bytes:
        """Body bytes for the next events, in order. For ``Failed`` after the first byte: what the wire can still
        say, possibly nothing; the responder then cuts the body instead of ending it."""
        ...

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body for a failure before the first byte."""
        ...
