"""What a dialect is: pure translations, driven by the one WebSocket loop and the one HTTP exchange in ``server/``.

A WebSocket dialect is a :class:`SocketDialect`: it greets every handshake with a :class:`Connection` or a
:class:`Denial`. The loop calls ``receive`` for every frame and carries out the actions it returns, in order; for
every batch of a stream's events it calls ``render`` and sends the frames. Stream keys are the connection's own,
unique among its live streams.

An HTTP dialect is an :data:`HttpDialect`: it gives an :class:`Exchange` per request, which has everything that the
streaming responder needs. Every method is free of I/O and of the clock; none raises anything but
:class:`~vivavoce.errors.VivavoceError`, and only where it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from vivavoce.errors import VivavoceError
from vivavoce.settings import Settings
from vivavoce.speech import Command, Event, Gender, Open, VoiceInfo

Frame: TypeAlias = str | bytes
StreamKey: TypeAlias = int | str


class Start(Struct, frozen=True):
    """Open a stream. On success the loop sends ``Connection.opened``; on failure ``Connection.refused``."""

    stream: StreamKey
    open: Open
    credit_bytes: int | None = None
    """Audio bytes that may be sent before more credit comes; ``None`` means no bound but the socket's own."""
    credential: str | None = None
    """A key that came with this message instead of the handshake; the stream is refused when it is not valid."""


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


class Tick(Struct, frozen=True):
    """What time alone brings about."""

    actions: Sequence[Action] = ()
    again_at: float | None = None
    """When to ask again, on the clock of ``now``; ``None`` means never."""
    signs: Sequence[Reply] = ()
    """Frames that only help a client that reads: left out while others still wait to be sent."""


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
        """What to send for a stream's events. After ``Ended`` or ``Failed`` the stream's key is free again.

        One call brings at most 64 KiB of audio; an ``Audio`` event may be a part of what the session gave.
        """
        ...

    def tick(self, now: float) -> Tick:
        """Asked once when the socket opens, after each stream is opened, and when the last ``again_at`` has come.

        The connection learns the time here and nowhere else: what came since the last tick came just now.
        """
        ...

    def farewell(self, error: VivavoceError) -> Sequence[Action]:
        """What to say when the server itself ends the connection; ends with :class:`Close`."""
        ...


class Handshake(Struct, frozen=True):
    """A client that asks for a socket. Header names are lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    subprotocols: tuple[str, ...]


class Welcome(Struct, frozen=True):
    """The socket is accepted. A refusal that the client is to read inside the socket is a welcome as well, whose
    actions are an error frame and a :class:`Close`."""

    connection: Connection
    subprotocol: str | None = None
    actions: Sequence[Action] = ()


class Denial(Struct, frozen=True):
    """The handshake is answered with this HTTP response instead of a socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class SocketDialect(Protocol):
    """All sockets of one path."""

    def greet(self, handshake: Handshake, error: VivavoceError | None) -> Welcome | Denial:
        """The answer to a handshake. ``error`` says why the server would refuse it, if it would: no valid key, or
        shutting down."""
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
        """Headers of the answer, ``content-type`` among them. Asked just before the answer starts: with its
        first audio, or, when it is made whole, after the last ``render``. Where answers can be resumed it is asked
        earlier too, for the type alone, and again for everybody who joins."""
        ...

    def render(self, events: Sequence[Event]) -> bytes:
        """Body bytes for the next events, in order. For ``Failed`` after the first byte: what the wire can still
        say, possibly nothing; the responder then cuts the body instead of ending it."""
        ...

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body for a failure before the first byte."""
        ...


HttpDialect: TypeAlias = Callable[[Mapping[str, str]], Exchange]
"""Makes the exchange of one request from the parameters in its path."""

Resolve: TypeAlias = Callable[[str, str | None], VoiceInfo]
"""The installed voice behind a name and language. Raises UnknownVoiceError or UnknownLanguageError."""
SocketFactory: TypeAlias = Callable[[Resolve, Settings], SocketDialect]
"""Makes what greets the sockets of one path."""
HttpFactory: TypeAlias = Callable[[Resolve], HttpDialect]
"""Makes what answers the requests of one path."""


class VoiceAlias(Struct, frozen=True, kw_only=True):
    """A voice name or id that a vendor's clients know. It is spoken by an installed voice of its gender in whatever
    language is asked for; aliases of one vendor and gender differ from each other as far as there are voices."""

    gender: Gender
    language: str = "en-US"
    """What it speaks when a request names no language."""
    description: str = ""
