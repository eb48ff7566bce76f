"""The socket of ``speech/tts``: one request after another, or several at once.

Theory. A request lives from its ``setup`` to its ``end_of_stream`` or ``error``. Clients send setup, text and end
without waiting for ``ready``; what comes before the stream is open waits in it. What happens to the socket afterwards
is the request's ``close_ws_on_eos``: unless that was false the socket closes with the request, with code 1000 after
``end_of_stream`` and with the error's own code after an error. A request that keeps the socket open fails alone, and
what its client still sends for it is passed over; a message that no request explains ends the socket with 1002.

There is no cancel on this wire: agents that are interrupted abandon the request's id and start another (Pipecat). A
request that is followed by others and then silent for :data:`ABANDONED_S` is ended here; should its client come back
after all, that is told and the socket lives on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from msgspec import Struct

from vivavoce.dialects.contract import (
    Action,
    Close,
    Denial,
    Feed,
    Frame,
    Handshake,
    Reply,
    Start,
    StreamKey,
    Tick,
    Welcome,
)
from vivavoce.dialects.gradium import errors, reading
from vivavoce.dialects.gradium import messages as wire
from vivavoce.dialects.gradium.opening import opening, voice_of
from vivavoce.dialects.gradium.request import Request
from vivavoce.errors import (
    DuplicateStreamError,
    IdleTimeoutError,
    OutOfOrderError,
    UnknownStreamError,
    VivavoceError,
    quoted,
)
from vivavoce.speech import Cancel, End, Ended, Event, Failed, Flush, Text

UNNAMED: Final = 0
"""Stream key of the request without a ``client_req_id``; the others' keys are their ids."""
ABANDONED_S: Final = 30.0
TICK_S: Final = 15.0
MAX_REMEMBERED: Final = 64
"""Failed requests, and abandoned ones, whose late messages are known for what they are."""


def new_request_id() -> str:
    """A name for a request that no other has."""
    return str(uuid.uuid4())


class GradiumSockets:
    """Greets the sockets of ``WS speech/tts``."""

    def __init__(self, idle_timeout_s: float, new_id: Callable[[], str] = new_request_id) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._new_id = new_id

    def greet(self, handshake: Handshake, error: VivavoceError | None) -> Welcome | Denial:
        """See :class:`~vivavoce.dialects.contract.SocketDialect`. A refusal is told inside the socket: the clients
        take one of the handshake for a network failure."""
        connection = GradiumConnection(self._idle_timeout_s, self._new_id)
        return Welcome(connection, actions=connection.farewell(error) if error else ())


class _Live(Struct):
    """What a connection knows of one of its requests."""

    request: Request
    voice: str
    closes: bool
    """Whether the socket ends with it."""
    opened: bool = False
    ended: bool = False
    """No more text comes."""
    failed: bool = False
    """Its error has been told; nothing else is."""
    followed: bool = False
    """Another request has begun since."""
    quiet_s: float = 0.0
    active: bool = True
    """Whether anything was said or heard since the last tick."""


class GradiumConnection:
    """One socket."""

    def __init__(self, idle_timeout_s: float, new_id: Callable[[], str]) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._new_id = new_id
        self._live: dict[StreamKey, _Live] = {}
        self._failed: dict[StreamKey, None] = {}
        self._abandoned: dict[StreamKey, None] = {}
        self._stays = False
        """Whether some request has asked for the socket to stay open."""
        self._active = True
        self._ticked_at: float | None = None
        self._quiet_s = 0.0

    def receive(self, frame: Frame) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        self._active = True
        try:
            said = reading.message(frame)
        except VivavoceError as error:
            return self._unreadable(frame, error)
        key: StreamKey = UNNAMED if said.client_req_id is None else said.client_req_id
        if isinstance(said, wire.Setup):
            return self._setup(key, said)
        live = self._live.get(key)
        if live is None or live.failed:
            return self._unexplained(key, said)
        live.active = True
        return self._spoken(key, live, said)

    def opened(self, stream: StreamKey, rate_hz: int) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        live = self._live[stream]
        live.opened = True
        return (Reply(wire.encoded(live.request.ready())),)

    def refused(self, stream: StreamKey, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`. A request is over with its first refusal."""
        live = self._live.get(stream)
        if live is None or live.failed:
            return ()
        if not live.opened:
            del self._live[stream]
            return self._failure(stream, live, error)
        live.failed = True
        return (*self._failure(stream, live, error), Feed(stream, Cancel()))

    def render(self, stream: StreamKey, events: Sequence[Event]) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        self._active = True
        live = self._live[stream]
        live.active = True
        last = events[-1]
        if isinstance(last, (Ended, Failed)):
            del self._live[stream]
        if live.failed:
            return ()
        actions: list[Action] = [Reply(wire.encoded(message)) for message in live.request.said(events)]
        if isinstance(last, Ended) and live.closes:
            actions.append(Close(1000))
        elif isinstance(last, Failed):
            actions += self._lost(stream, live, last.error)
        return actions

    def tick(self, now: float) -> Tick:
        """Ends requests that were abandoned, and a socket that nobody uses; see
        :class:`~vivavoce.dialects.contract.Connection`."""
        passed_s = 0.0 if self._ticked_at is None else now - self._ticked_at
        self._ticked_at = now
        self._quiet_s = 0.0 if self._active or self._live else self._quiet_s + passed_s
        self._active = False
        if self._quiet_s >= self._idle_timeout_s:
            error = IdleTimeoutError(f"No request and no message for {self._idle_timeout_s:g} s")
            return Tick(self.farewell(error))
        actions: list[Action] = []
        for key, live in self._live.items():
            live.quiet_s = 0.0 if live.active else live.quiet_s + passed_s
            live.active = False
            if live.followed and not live.closes and not live.ended and live.quiet_s >= ABANDONED_S:
                actions += self._end(key, live)
                _remember(self._abandoned, key)
        return Tick(actions, now + min(TICK_S, self._idle_timeout_s))

    def farewell(self, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        return _ending(errors.said(error), errors.close_code(error), None)

    # ---- requests -----------------------------------------------------------------------------------------------

    def _setup(self, key: StreamKey, said: wire.Setup) -> Sequence[Action]:
        if key in self._live:
            name = "" if said.client_req_id is None else f" ({quoted(said.client_req_id)[1:-1]})"
            error: VivavoceError = DuplicateStreamError(f"Session already active{name}")
            return _ending(error.message, errors.close_code(error), said.client_req_id)
        closes = said.close_ws_on_eos is not False
        self._stays = self._stays or not closes
        self._failed.pop(key, None)
        self._abandoned.pop(key, None)
        try:
            understood = opening(said)
        except VivavoceError as error:
            _remember(self._failed, key)
            return _told(error, said, closes=closes)
        for other in self._live.values():
            other.followed = True
        request = Request(understood, self._new_id(), said.client_req_id)
        self._live[key] = _Live(request, voice_of(said), closes)
        return (Start(key, understood.open),)

    def _spoken(
        self, key: StreamKey, live: _Live, said: wire.TextPiece | wire.EndOfStream | wire.FlushRequest
    ) -> Sequence[Action]:
        match said:
            case wire.EndOfStream():
                # Agents end a request when its reply ends, and once more when they tidy up.
                return () if live.ended else self._end(key, live)
            case wire.TextPiece() | wire.FlushRequest() if live.ended:
                error = OutOfOrderError("Session already ended by end_of_stream")
                if key in self._abandoned:
                    return (_error(error.message, errors.close_code(error), said.client_req_id),)
                return _ending(error.message, errors.close_code(error), said.client_req_id)
            case wire.TextPiece():
                text = live.request.text(said.text)
                return (Feed(key, Text(text)),) if text else ()
            case wire.FlushRequest():
                return (Feed(key, Flush()),)
            case _:
                assert_never(said)

    def _end(self, key: StreamKey, live: _Live) -> list[Action]:
        live.ended = True
        rest = live.request.end()
        return [*([Feed(key, Text(rest))] if rest else []), Feed(key, End())]

    # ---- what goes wrong ----------------------------------------------------------------------------------------

    def _unexplained(
        self, key: StreamKey, said: wire.TextPiece | wire.EndOfStream | wire.FlushRequest
    ) -> Sequence[Action]:
        """A message for a request that there is not."""
        if key in self._failed or key in self._live:
            return ()
        if isinstance(said, wire.EndOfStream) and self._stays:
            return ()  # Pipecat ends contexts for which it had nothing to say, and those that have ended
        error = UnknownStreamError("Session not found. Send setup first.")
        if key in self._abandoned:
            return (_error(error.message, errors.close_code(error), said.client_req_id),)
        return _ending(error.message, errors.close_code(error), said.client_req_id)

    def _unreadable(self, frame: Frame, error: VivavoceError) -> Sequence[Action]:
        value = reading.loosely(frame)
        client_req_id = value.get("client_req_id")
        named = client_req_id if isinstance(client_req_id, str) else None
        if value.get("type") == "setup" and value.get("close_ws_on_eos") is False:
            self._stays = True
            _remember(self._failed, UNNAMED if named is None else named)
            return (_error(error.message, errors.close_code(error), named),)
        return _ending(error.message, errors.close_code(error), named)

    def _failure(self, key: StreamKey, live: _Live, error: VivavoceError) -> list[Action]:
        """What is said when a request has failed."""
        request = live.request
        message = errors.said(error, voice=live.voice, dictionary=request.opening.open.dictionary_id or "")
        code = errors.close_code(error)
        if live.closes:
            return list(_ending(message, code, request.client_req_id))
        _remember(self._failed, key)
        return [_error(message, code, request.client_req_id)]

    def _lost(self, key: StreamKey, live: _Live, error: VivavoceError) -> list[Action]:
        if isinstance(error, IdleTimeoutError) and not live.closes:
            # Abandoned; an error would be reported to people by the agent that abandoned it.
            return [Reply(wire.encoded(wire.end_of_stream(live.request.client_req_id)))]
        return self._failure(key, live, error)


def _remember(among: dict[StreamKey, None], key: StreamKey) -> None:
    among[key] = None
    if len(among) > MAX_REMEMBERED:
        del among[next(iter(among))]


def _told(error: VivavoceError, said: wire.Setup, *, closes: bool) -> Sequence[Action]:
    """What is said when a setup cannot be understood."""
    message = errors.said(error, voice=voice_of(said), dictionary=said.pronunciation_id or "")
    code = errors.close_code(error)
    if closes:
        return _ending(message, code, said.client_req_id)
    return (_error(message, code, said.client_req_id),)


def _ending(message: str, code: int, client_req_id: str | None) -> Sequence[Action]:
    return (_error(message, code, client_req_id), Close(code, errors.reason(message)))


def _error(message: str, code: int, client_req_id: str | None) -> Reply:
    return Reply(wire.encoded(wire.error(message, code, client_req_id)))
