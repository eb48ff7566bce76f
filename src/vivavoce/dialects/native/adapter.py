"""The native wire: JSON text frames for control and marks, binary frames for audio, many streams a socket.

A binary frame is a header of two little-endian unsigned 32-bit numbers, the stream and the frame's place among that
stream's audio frames (from 0, wrapping), followed by audio bytes. The whole wire is written down in
``docs/reference/native.md``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import msgspec
import orjson
import pybase64
from msgspec import Struct

from vivavoce.dialects.contract import (
    Action,
    Close,
    Credit,
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
from vivavoce.dialects.native import errors, reading
from vivavoce.dialects.native import messages as wire
from vivavoce.errors import (
    DuplicateStreamError,
    EmptyTextError,
    IdleTimeoutError,
    OutOfOrderError,
    RequestError,
    UnknownStreamError,
    VivavoceError,
    WrongTypeError,
    quoted,
)
from vivavoce.speech import Audio, Cancel, End, Ended, Event, Failed, Flush, Flushed, Mark, Text

HEADER: Final = struct.Struct("<II")
NDJSON: Final = "application/x-ndjson"

_encode = msgspec.json.Encoder().encode


class NativeSockets:
    """Greets the sockets of ``WS /v1/speech/stream``."""

    def __init__(self, resolve: Resolve, idle_timeout_s: float) -> None:
        self._resolve = resolve
        self._idle_timeout_s = idle_timeout_s

    def greet(self, handshake: Handshake, error: VivavoceError | None) -> Welcome | Denial:
        """See :class:`~vivavoce.dialects.contract.SocketDialect`."""
        offered = handshake.subprotocols
        if error is None and offered and wire.SUBPROTOCOL not in offered:
            error = RequestError(
                f"expected the subprotocol {wire.SUBPROTOCOL} or none, got {quoted(', '.join(offered))}",
                param="sec-websocket-protocol",
            )
        if error is not None:
            return Denial(*errors.http(error))
        connection = NativeConnection(self._resolve, self._idle_timeout_s)
        return Welcome(connection, wire.SUBPROTOCOL if offered else None)


class _Live(Struct):
    """What a connection knows of one of its streams."""

    format: str
    voice: str
    opened: bool = False
    frames: int = 0
    """Audio frames so far; the next one's sequence number."""


class NativeConnection:
    """One socket of the native wire."""

    def __init__(self, resolve: Resolve, idle_timeout_s: float) -> None:
        self._resolve = resolve
        self._idle_timeout_s = idle_timeout_s
        self._live: dict[StreamKey, _Live] = {}
        self._active = True

    def receive(self, frame: Frame) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        self._active = True
        try:
            return self._understood(reading.message(frame))
        except VivavoceError as error:
            stream = reading.stream_of(frame)
            return (_refusal(error, stream, final=stream is not None and stream not in self._live),)

    def opened(self, stream: StreamKey, rate_hz: int) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        live = self._live[stream]
        live.opened = True
        return (_reply(wire.OpenedMessage(int(stream), live.voice, live.format, rate_hz)),)

    def refused(self, stream: StreamKey, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        live = self._live.get(stream)
        if live is not None and not live.opened:
            del self._live[stream]
        return (_refusal(error, int(stream), final=stream not in self._live),)

    def render(self, stream: StreamKey, events: Sequence[Event]) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        self._active = True
        live = self._live[stream]
        actions: list[Action] = []
        for event in events:
            if isinstance(event, Audio):
                header = HEADER.pack(int(stream), live.frames)
                live.frames = (live.frames + 1) & wire.MAX_U32
                actions.append(Reply(header + event.data))
            else:
                actions.append(self._said(int(stream), event))
        return actions

    def tick(self, now: float) -> Tick:
        """A socket without streams, silent since the last tick, is ended; see
        :class:`~vivavoce.dialects.contract.Connection`."""
        if not self._active and not self._live:
            error = IdleTimeoutError(f"no stream and no message for {self._idle_timeout_s:g} s")
            return Tick(self.farewell(error))
        self._active = False
        return Tick((), now + self._idle_timeout_s)

    def farewell(self, error: VivavoceError) -> Sequence[Action]:
        """See :class:`~vivavoce.dialects.contract.Connection`."""
        code = errors.CLOSE_CODE.get(error.code, errors.DEFAULT_CLOSE_CODE)
        return (_refusal(error, None, final=True), Close(code, errors.reason(error)))

    def _understood(self, said: wire.ClientMessage) -> Sequence[Action]:
        match said:
            case wire.TextMessage():
                return (Feed(self._known(said.stream), Text(said.text)),)
            case wire.OpenMessage():
                return (self._start(said),)
            case wire.FlushMessage():
                return (Feed(self._known(said.stream), Flush(said.flush_id)),)
            case wire.EndMessage():
                return (Feed(self._known(said.stream), End()),)
            # These two race with the end of their stream in every client, so that is no error.
            case wire.CancelMessage():
                return (Feed(said.stream, Cancel()),) if said.stream in self._live else ()
            case wire.CreditMessage():
                return (Credit(said.stream, said.bytes),) if said.stream in self._live else ()
            case wire.PingMessage():
                return (_reply(wire.PongMessage(said.ping_id)),)
            case wire.SessionMessage() | wire.ResumeMessage() | wire.AckMessage():
                raise OutOfOrderError(
                    "expected session or resume as the first message of a socket, if at all"
                )
            case _:
                assert_never(said)

    def _start(self, said: wire.OpenMessage) -> Action:
        if said.stream in self._live:
            raise DuplicateStreamError(f"stream {said.stream} is open already", param="stream")
        voice = self._resolve(said.voice, said.language)
        command = reading.opening(said, voice.rate_hz, idle_flush_s=said.idle_flush_s, listened=said.listened)
        self._live[said.stream] = _Live(command.format.name, voice.id)
        return Start(said.stream, command, said.credit_bytes)

    def _known(self, stream: int) -> int:
        if stream not in self._live:
            raise UnknownStreamError(f"stream {stream} is not open; send open first", param="stream")
        return stream

    def _said(self, stream: int, event: Mark | Flushed | Ended | Failed) -> Action:
        match event:
            case Mark():
                return _reply(wire.MarkMessage(stream, *_mark(event)))
            case Flushed():
                return _reply(wire.FlushedMessage(stream, event.flush_id, event.audio_s))
            case Ended():
                del self._live[stream]
                return _reply(wire.EndedMessage(stream, event.audio_s, event.characters, event.cancelled))
            case Failed():
                del self._live[stream]
                return _refusal(event.error, stream, final=True)


class NativeExchange:
    """One ``POST /v1/speech``."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._lines = False
        self._media_type = ""

    def read(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Reading:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        complete = _complete(query)
        said = reading.request(body)
        if not said.text.strip():
            raise EmptyTextError("text: expected something to say, got only white space", param="text")
        self._lines = _accepts_lines(headers.get("accept", ""))
        complete = said.complete if complete is None else complete
        voice = self._resolve(said.voice, said.language)
        command = reading.opening(said, voice.rate_hz, known_length=complete)
        self._media_type = NDJSON if self._lines else command.format.media_type
        return Reading(command, said.text, complete)

    def headers(self, rate_hz: int) -> Mapping[str, str]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        return {
            "content-type": self._media_type,
            "x-sample-rate": str(rate_hz),
            "x-accel-buffering": "no",
            "cache-control": "no-store",
        }

    def render(self, events: Sequence[Event]) -> bytes:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        if self._lines:
            return b"".join(map(_line, events))
        return b"".join(event.data for event in events if isinstance(event, Audio))

    def error(self, error: VivavoceError) -> tuple[int, Mapping[str, str], bytes]:
        """See :class:`~vivavoce.dialects.contract.Exchange`."""
        return errors.http(error)


def _line(event: Event) -> bytes:
    match event:
        case Audio():
            return orjson.dumps(
                {
                    "type": "audio",
                    "audio": pybase64.b64encode_as_string(event.data),
                    "start_s": event.start_s,
                    "stop_s": event.stop_s,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
        case Mark():
            return _encode(wire.MarkLine(*_mark(event))) + b"\n"
        case Flushed():
            return _encode(wire.FlushedLine(event.flush_id, event.audio_s)) + b"\n"
        case Ended():
            return _encode(wire.EndLine(event.audio_s, event.characters)) + b"\n"
        case Failed():
            return _encode(wire.ErrorLine(**errors.fields(event.error))) + b"\n"


def _mark(mark: Mark) -> tuple[Any, ...]:
    return (mark.kind, mark.value, mark.start_s, mark.stop_s, mark.text_start, mark.text_stop)


def encoded(said: wire.ServerMessage) -> str:
    """A message as its frame."""
    return _encode(said).decode()


def _reply(said: wire.ServerMessage) -> Reply:
    return Reply(encoded(said))


def _refusal(error: VivavoceError, stream: int | None, *, final: bool) -> Reply:
    return _reply(wire.ErrorMessage(**errors.fields(error), final=final, stream=stream))


def _complete(query: Mapping[str, str]) -> bool | None:
    """What ``?complete=`` says, if it is there. Raises for any other name or value."""
    for name in query:
        if name not in ("complete", "token"):  # the token is the key, and was checked
            raise reading.unknown_option(name, ("complete",), "the query of this request")
    value = query.get("complete")
    if value is not None and value not in ("true", "false"):
        raise WrongTypeError(f"complete: expected true or false, got {quoted(value)}", param="complete")
    return None if value is None else value == "true"


def _accepts_lines(accept: str) -> bool:
    return any(part.partition(";")[0].strip().lower() == NDJSON for part in accept.split(","))
