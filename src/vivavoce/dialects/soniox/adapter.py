"""Soniox's socket and its ``POST /tts``: one JSON message a text frame, up to five streams a socket.

Theory. A stream lives from its config to its ``terminated``, which comes exactly once and last. What fails a live
stream cancels it first: the error is said when the session has let go of it, so that the slot and the id are free
before a client can hear of it. Anything that names a stream concerns that stream only; what names none ends the
connection, after an error without ``stream_id``, because clients take a bare close for a quiet end.

The whole wire is written down in ``docs/reference/soniox.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final
from uuid import uuid4

from msgspec import Struct

from vivavoce.dialects.contract import (
    Action,
    Close,
    Denial,
    Feed,
    Frame,
    Handshake,
    Reading,
    Reply,
    Resolve,
    Start,
    StreamKey,
    Tick,
    Welcome,
)
from vivavoce.dialects.soniox import errors, messages, reading
from vivavoce.dialects.soniox.signs import EVENTS, LIVELY_S, SignsOfLife
from vivavoce.dialects.soniox.timestamps import Timestamps
from vivavoce.errors import (
    AuthenticationError,
    DuplicateStreamError,
    IdleTimeoutError,
    MissingKeyError,
    OutOfOrderError,
    OutOfRangeError,
    RequestError,
    TooManyStreamsError,
    UnknownStreamError,
    VivavoceError,
)
from vivavoce.speech import Audio, Cancel, End, Ended, Event, Failed, Flushed, Mark, Text

SUBPROTOCOL: Final = "soniox-api-key"
MAX_STREAMS: Final = 5
KEY_WITHIN_S: Final = 10.0
"""How long a socket that came without a key may wait with its first config."""
TICK_S: Final = 0.5
"""How often a socket that no two streams have shared looks whether it is late."""

NewId = Callable[[], str]


def new_id() -> str:
    """A request id as the vendor's look."""
    return str(uuid4())


def credential(
    headers: Mapping[str, str], query: Mapping[str, str], subprotocols: Sequence[str]
) -> str | None:
    """The key that a handshake or request carries: a bearer token, or what follows our subprotocol's name."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if SUBPROTOCOL in subprotocols:
        after = subprotocols[subprotocols.index(SUBPROTOCOL) + 1 :]
        return after[0] if after else None
    return None


class SonioxSockets:
    """Greets the sockets of ``WS /tts-websocket``."""

    def __init__(self, resolve: Resolve, idle_timeout_s: float, ids: NewId = new_id) -> None:
        self._resolve = resolve
        self._idle_timeout_s = idle_timeout_s
        self._ids = ids

    def greet(self, handshake: Handshake, error: VivavoceError | None) -> Welcome | Denial:
        """See :class:`~vivavoce.dialects.contract.SocketDialect`.

        A socket without a key is welcome: older clients put theirs into the config. A browser cannot see why a
        handshake is refused, so one that offers the subprotocol is told inside the socket.
        """
        request_id = handshake.headers.get("x-request-id") or self._ids()
        key = credential(handshake.headers, handshake.query, handshake.subprotocols)
        browser = SUBPROTOCOL in handshake.subprotocols
        if key is not None and len(key) > reading.MAX_KEY:
            error = OutOfRangeError(f"API key is too long (max length {reading.MAX_KEY}).")
        keyless = key is None and not browser and isinstance(error, AuthenticationError)
        connection = SonioxConnection(
            self._resolve, self._idle_timeout_s, request_id, key=key, needs_key=keyless
        )
        subprotocol = SUBPROTOCOL if browser else None
        if error is None or keyless:
            return Welcome(connection, subprotocol)
        if browser:
            return Welcome(connection, subprotocol, connection.farewell(error))
        return Denial(*errors.speech_answer(error, request_id))


class _Live(Struct):
    """What a connection knows of one of its streams."""

    config: messages.Config
    timestamps: Timestamps | None
    opened: bool = False
    text_ended: bool = False
    cancelled: bool = False
    failure: VivavoceError | None = None
    """What it is being cancelled for, when that is not the client's wish."""


class SonioxConnection:
    """One socket."""

    def __init__(
        self,
        resolve: Resolve,
        idle_timeout_s: float,
        request_id: str,
        *,
        key: str | None = None,
        needs_key: bool = False,
    ) -> None:
        """``key`` came with the handshake; ``needs_key`` says that none did and that every config must bring one."""
        self._resolve = resolve
        self._idle_timeout_s = idle_timeout_s
        self._request_id = request_id
        self._key = key
        self._needs_key = needs_key
        self._live: dict[str, _Live] = {}
        self._active = True
        self._signs: SignsOfLife | None = None
        """There is one from the moment two streams are live at once."""
        self._admitted = not needs_key
        self._begun_at: float | None = None
        self._quiet_since = 0.0

    # ---- what comes in ----------------------------------------------------------------------------------------

    def receive(self, frame: Frame) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        self._active = True
        try:
            message = reading.json_object(frame)
            if "keep_alive" in message:
                return ()
            stream = reading.stream_id(message)
        except VivavoceError as error:
            return self.farewell(error)
        try:
            if message.get("cancel"):
                return self._cancel(stream)
            if "text" in message or "text_end" in message:
                return self._text(stream, *reading.text(message))
            return (self._start(stream, reading.config(message)),)
        except VivavoceError as error:
            return self._fail(stream, error)

    def _start(self, stream: str, config: messages.Config) -> Action:
        if stream in self._live:
            raise DuplicateStreamError(f"Stream {stream} is already active.")
        if len(self._live) >= MAX_STREAMS:
            raise TooManyStreamsError(f"Maximum concurrent streams per connection ({MAX_STREAMS}) reached.")
        key = self._key_of(config)
        reading.check_names(config, self._resolve)
        if self._live and self._signs is None:
            self._signs = SignsOfLife()
        self._live[stream] = _Live(config, Timestamps() if config.timestamps else None)
        return Start(stream, reading.opening(config), credential=key)

    def _key_of(self, config: messages.Config) -> str | None:
        """The key that only this config brings. Raises RequestError."""
        if self._key is None:
            if config.api_key is None and self._needs_key:
                raise MissingKeyError("no key in the handshake and none in the config")
            return config.api_key
        if config.api_key is not None and config.api_key != self._key:
            raise RequestError("api_key differs from the API key of the connection.")
        return None

    def _text(self, stream: str, text: str, end: bool) -> Sequence[Action]:
        live = self._known(stream)
        if live.cancelled:
            return ()
        if live.text_ended:
            if text:
                raise OutOfOrderError(f"Stream {stream} has received text_end. Start a new stream.")
            return ()
        live.text_ended = end
        # An empty text says that the writer is still there.
        actions: list[Action] = [Feed(stream, Text(text))] if text or not end else []
        return [*actions, Feed(stream, End())] if end else actions

    def _cancel(self, stream: str) -> Sequence[Action]:
        live = self._known(stream)
        if live.cancelled:
            return ()
        live.cancelled = True
        return (Feed(stream, Cancel()),)

    def _known(self, stream: str) -> _Live:
        live = self._live.get(stream)
        if live is None:
            raise UnknownStreamError(f"Stream {stream} not found. Send a start message first.")
        return live

    def _fail(self, stream: str, error: VivavoceError) -> Sequence[Action]:
        """End ``stream`` with ``error``: at once when it is not live, else when its work has been let go of."""
        live = self._live.get(stream)
        if live is None:
            return self._over(stream, error)
        if live.failure is None:
            live.failure = error
        if live.cancelled:
            return ()
        live.cancelled = True
        return (Feed(stream, Cancel()),)

    # ---- what goes out ----------------------------------------------------------------------------------------

    def opened(self, stream: StreamKey, rate_hz: int) -> Sequence[Action]:
        """Nothing is said; see :class:`~vivavoce.dialects.contract.Connection`."""
        self._live[str(stream)].opened = True
        self._admitted = True
        return ()

    def refused(self, stream: StreamKey, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        name = str(stream)
        live = self._live.get(name)
        if live is not None and not live.opened:
            del self._live[name]
            if isinstance(error, RequestError):
                error = reading.in_its_words(error, live.config)
        return self._fail(name, error)

    def render(self, stream: StreamKey, events: Sequence[Event]) -> Sequence[Action]:
        """All the audio of ``events`` becomes one message: clients read message by message.

        See :class:`~vivavoce.dialects.contract.Connection`.
        """
        name = str(stream)
        live = self._live[name]
        self._active = True
        pieces: list[bytes] = []
        until_s = 0.0
        last: Ended | Failed | None = None
        for event in events:
            match event:
                case Audio():
                    pieces.append(event.data)
                    until_s = event.stop_s
                case Mark():
                    if live.timestamps is not None:
                        live.timestamps.add(event)
                case Flushed():
                    pass  # nobody on this wire asks for it
                case Ended() | Failed():
                    last = event
        if self._signs is not None:
            self._signs.heard(name)
        return [*self._sound(name, live, b"".join(pieces), until_s, last), *self._ending(name, live, last)]

    def _sound(
        self, stream: str, live: _Live, data: bytes, until_s: float, last: Ended | Failed | None
    ) -> Sequence[Action]:
        data = live.config.output.bytes_of(data)
        whole = isinstance(last, Ended) and not last.cancelled and live.failure is None
        stamps = live.timestamps
        if not whole:
            if not data:
                return ()
            spoken = stamps.until(until_s) if stamps else None
            return (Reply(messages.audio(stream, data, last=False, timestamps=spoken)),)
        spoken = stamps.rest() if stamps else None
        if not data:
            return (Reply(messages.audio_end(stream, spoken)),)
        return (Reply(messages.audio(stream, data, last=True, timestamps=spoken)),)

    def _ending(self, stream: str, live: _Live, last: Ended | Failed | None) -> Sequence[Action]:
        if last is None:
            return ()
        del self._live[stream]
        error = last.error if isinstance(last, Failed) else live.failure
        return (Reply(messages.terminated(stream)),) if error is None else self._over(stream, error)

    def _over(self, stream: str, error: VivavoceError) -> Sequence[Action]:
        return (
            Reply(messages.error(error, self._request_id, stream)),
            Reply(messages.terminated(stream)),
        )

    def farewell(self, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        code = errors.CLOSE_CODE.get(error.code, errors.DEFAULT_CLOSE_CODE)
        reason = errors.CLOSE_REASON.get(error.code, "")
        return (Reply(messages.error(error, self._request_id, None)), Close(code, reason))

    # ---- time -------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> Tick:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        if self._begun_at is None:
            self._begun_at = now
        if self._active or self._live:
            self._quiet_since = now
        self._active = False
        late = not self._admitted and not self._live and now - self._begun_at >= KEY_WITHIN_S
        if late or now - self._quiet_since >= self._idle_timeout_s:
            return Tick(self.farewell(IdleTimeoutError("no stream for too long")))
        if self._signs is None:
            return Tick((), now + TICK_S)
        return Tick((), now + LIVELY_S, signs=_still_open(self._signs.due(self._waiting(), now)))

    def _waiting(self) -> Iterator[str]:
        """The streams that a receiver of the client's may wait for."""
        return (stream for stream, live in self._live.items() if live.opened and not live.cancelled)


def _still_open(streams: Iterable[str]) -> Sequence[Reply]:
    return [sign for stream in streams for sign in [Reply(messages.still_open(stream))] * EVENTS]


class SonioxExchange:
    """One ``POST /tts``."""

    def __init__(self, resolve: Resolve, ids: NewId = new_id) -> None:
        self._resolve = resolve
        self._request_id = ""
        self._ids = ids
        self._config: messages.Config | None = None

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        self._request_id = headers.get("x-request-id", "")
        config, text = reading.speech(body)
        self._config = config
        reading.check_names(config, self._resolve)
        return Reading(reading.opening(config), text)

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        assert self._config is not None, "asked for after the request was read"
        return {
            "content-type": self._config.output.wire.media_type,
            "cache-control": "no-store",
            "x-accel-buffering": "no",
        }

    def render(self, events: Sequence[Event]) -> bytes:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        assert self._config is not None, "asked for after the request was read"
        data = b"".join(event.data for event in events if isinstance(event, Audio))
        return self._config.output.bytes_of(data)

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        if self._config is not None and isinstance(error, RequestError):
            error = reading.in_its_words(error, self._config)
        return errors.speech_answer(error, self._request_id or self._ids())
