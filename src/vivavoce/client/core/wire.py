"""One native connection as the client sees it, over as many sockets as it takes. No I/O: frames in, frames out.

Both sides count the frames they have received (all but ``session``, ``resume``, ``resumed`` and ``ack``, which are about
the counting itself). What the server has not confirmed is kept here; after a socket dropped, the new one begins with
``resume`` and the count, the server answers ``resumed`` with its own, and each side sends again what the other lacks.
So a frame is taken exactly once, whenever the socket is cut. A server that knows no ``session`` is spoken to plainly.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from vivavoce.client.core.effects import Bell
from vivavoce.client.core.faults import again, told
from vivavoce.client.types import Audio, Ended, Flushed, Mark, Opened
from vivavoce.errors import VivavoceClientError, VivavoceConnectionError

HEADER: Final = struct.Struct("<II")
SUBPROTOCOL: Final = "vivavoce.v1"
ACK_FRAMES: Final = 64
ACK_BYTES: Final = 65_536
"""What may come unconfirmed: the server's own bound for what it keeps is several times this."""
CROWDED_BYTES: Final = 1 << 20
"""Own frames kept unconfirmed, over which a writer waits."""
FRESH_WINDOW_S: Final = 10.0
"""How long a connection is tried again that broke before the server had said anything."""

Event: TypeAlias = Opened | Audio | Mark | Flushed | Ended
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Channel:
    """One stream: what has come for it and was not taken yet."""

    def __init__(self, number: int, bell: Bell, window: int) -> None:
        self.number = number
        self.bell = bell
        self.inbox: deque[Event | VivavoceClientError] = deque()
        self.over = False
        """Nothing further comes; what is in the inbox may still be taken."""
        self.error: VivavoceClientError | None = None
        """Why, if it failed."""
        self.held_bytes = 0
        """Audio in the inbox."""
        self.deaf = False
        """Nobody listens any more."""
        self.window = window
        self.owed_bytes = 0
        """Audio taken and not yet given back as credit."""
        self.sequence = 0

    @property
    def ready(self) -> bool:
        """Whether there is something to take, or nothing will ever be."""
        return bool(self.inbox) or self.over

    def put(self, event: Event | VivavoceClientError) -> None:
        """Something has come."""
        if self.deaf:
            return
        self.inbox.append(event)
        if isinstance(event, Audio):
            self.held_bytes += len(event.data)
        self.bell.ring()

    def close(self, error: VivavoceClientError | None) -> None:
        """The stream is over."""
        self.over, self.error = True, error
        self.bell.ring()


class Wire:
    """The state of one connection."""

    def __init__(self, request_id: Callable[[], str], *, resumable: bool = True) -> None:
        self._request_id = request_id
        self._resumable = resumable
        self.channels: dict[int, Channel] = {}
        self.failure: VivavoceClientError | None = None
        """What the server ended the connection for, once it has said so."""
        self.token = ""
        self.window_s = FRESH_WINDOW_S
        self.received = 0
        self._unconfirmed_bytes = 0
        self._confirmed_to_server = 0
        self._numbers = 0
        self._first: deque[str] = deque()
        self._kept: deque[str] = deque()
        self._kept_bytes = 0
        self._base = 0
        self._next: int | None = 0
        """Number of the frame to send next; ``None`` until the server has said what it has."""
        if resumable:
            self._first.append('{"type":"session"}')

    # ---- to the server ----------------------------------------------------------------------------------------

    def open(self, options: Mapping[str, Any], window: int, bell: Bell) -> Channel:
        """A new stream; ``options`` are the fields of the wire's ``open``."""
        self._numbers += 1
        channel = Channel(self._numbers, bell, window)
        self.channels[channel.number] = channel
        self.say({"type": "open", "stream": channel.number, "credit_bytes": window, **options})
        return channel

    def say(self, message: Mapping[str, Any]) -> None:
        """Queues a message."""
        frame = _encode(message).decode()
        self._kept.append(frame)
        self._kept_bytes += len(frame)

    def abandon(self, channel: Channel) -> None:
        """Nobody listens to this stream any more: it is cancelled, and what still comes is dropped."""
        if not channel.over and not channel.deaf:
            self.say({"type": "cancel", "stream": channel.number})
        channel.deaf = True
        channel.inbox.clear()
        channel.held_bytes = 0

    def take(self, channel: Channel) -> Event | VivavoceClientError | None:
        """The next of what has come, if anything has; audio taken is given back as credit, a quarter at a time."""
        if not channel.inbox:
            return None
        event = channel.inbox.popleft()
        if isinstance(event, Audio):
            channel.held_bytes -= len(event.data)
            channel.owed_bytes += len(event.data)
            if channel.owed_bytes * 4 >= channel.window and not channel.over:
                self.say({"type": "credit", "stream": channel.number, "bytes": channel.owed_bytes})
                channel.owed_bytes = 0
        return event

    def untake(self, channel: Channel, event: Event | VivavoceClientError) -> None:
        """Whoever took ``event`` last was stopped before it was handed on: it is the next again."""
        if channel.deaf:
            return
        channel.inbox.appendleft(event)
        if isinstance(event, Audio):
            channel.held_bytes += len(event.data)
            channel.owed_bytes -= len(event.data)  # below zero, if that credit is on its way already

    @property
    def pending(self) -> bool:
        """Whether there are frames to send."""
        return bool(self._first) or (self._next is not None and self._next < self._base + len(self._kept))

    @property
    def crowded(self) -> bool:
        """Whether so much is unconfirmed that a writer should wait."""
        return self._kept_bytes > CROWDED_BYTES

    def frames(self) -> list[str]:
        """The frames to send now; they count as sent on this socket."""
        found = list(self._first)
        self._first.clear()
        if self._next is not None:
            fresh = self._next - self._base
            found += [frame for at, frame in enumerate(self._kept) if at >= fresh]
            self._next = self._base + len(self._kept)
            if not self._resumable:
                self._confirmed(self._next)
        return found

    # ---- a socket after another ---------------------------------------------------------------------------------

    @property
    def resumes(self) -> bool:
        """Whether a new socket can take up where the last one was cut."""
        return self._resumable and self.failure is None and (bool(self.token) or self.received == 0)

    def redialled(self) -> None:
        """A new socket is open: what it has to begin with is now pending."""
        self._first.clear()
        if self.token:
            resume = {"type": "resume", "token": self.token, "after": self.received}
            self._first.append(_encode(resume).decode())
            self._next = None
        else:
            # The server had said nothing, so nobody has heard anything of what it may have begun.
            self._first.append('{"type":"session"}')
            self._next = self._base

    # ---- from the server ----------------------------------------------------------------------------------------

    def receive(self, frame: str | bytes) -> None:
        """Takes a frame. Raises VivavoceConnectionError when it breaks the wire's own rules."""
        if isinstance(frame, bytes):
            self._count(len(frame))
            self._audio(frame)
            return
        try:
            message = _decode(frame)
            kind = message["type"]
            if kind in ("session", "resumed", "ack"):
                self._about_counting(kind, message)
                return
            self._count(len(frame))
            self._message(kind, message)
        except (KeyError, TypeError, ValueError) as fault:
            raise broken(f"a message that is none of this wire ({fault.__class__.__name__})") from None

    def fail(self, error: VivavoceClientError) -> None:
        """The connection is over, and every stream with it."""
        self.failure = self.failure or error
        channels, self.channels = list(self.channels.values()), {}
        for channel in channels:
            channel.close(again(error))

    def _audio(self, frame: bytes) -> None:
        if len(frame) < HEADER.size:
            raise broken("an audio frame without its header")
        number, sequence = HEADER.unpack_from(frame)
        channel = self.channels.get(number)
        if channel is None:
            return
        if sequence != channel.sequence:
            raise broken(f"audio frame {sequence} of a stream where {channel.sequence} was due")
        channel.sequence = (sequence + 1) & 0xFFFFFFFF
        channel.put(Audio(frame[HEADER.size :]))

    def _about_counting(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "session":
            self.token = str(message["token"])
            self.window_s = float(message["window_s"])
            return
        after = int(message["after"])
        if not self._base <= after <= self._base + len(self._kept):
            raise broken(f"{after} frames confirmed where {self._base + len(self._kept)} were sent")
        self._confirmed(after)
        if kind == "resumed":
            self._next = self._base

    def _message(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "error":
            self._told(message)
            return
        channel = self.channels.get(message.get("stream", -1))
        if channel is None:
            return
        if (event := _event(kind, message)) is None:
            return  # of a newer server
        channel.put(event)
        if isinstance(event, Ended):
            del self.channels[channel.number]
            channel.close(None)

    def _told(self, message: dict[str, Any]) -> None:
        error = told(message, self._request_id())
        number = message.get("stream")
        if number is not None:
            channel = self.channels.get(number)
            if channel is not None and message["final"]:
                del self.channels[number]
                channel.close(error)
            elif channel is not None:
                channel.put(error)
        elif message["final"]:
            self.failure = error
        elif self._resumable and not self.token:
            # It does not know what a session is.
            self._resumable = False
            self._confirmed(self._next or 0)

    def _count(self, size: int) -> None:
        self.received += 1
        self._unconfirmed_bytes += size
        if not self.token:
            return
        if self.received - self._confirmed_to_server >= ACK_FRAMES or self._unconfirmed_bytes >= ACK_BYTES:
            self._confirmed_to_server, self._unconfirmed_bytes = self.received, 0
            self._first.append(f'{{"type":"ack","after":{self.received}}}')

    def _confirmed(self, after: int) -> None:
        while self._base < after:
            self._kept_bytes -= len(self._kept.popleft())
            self._base += 1


def broken(what: str) -> VivavoceConnectionError:
    """The error for a server that breaks the wire's rules."""
    return VivavoceConnectionError(f"the server sent {what}", code="malformed_message", close_code=1002)


def _event(kind: str, message: dict[str, Any]) -> Event | None:
    match kind:
        case "opened":
            return Opened(message["voice"], message["format"], message["rate_hz"])
        case "mark":
            return Mark(
                message["kind"],
                message["value"],
                message["start_s"],
                message["stop_s"],
                message["text_start"],
                message["text_stop"],
            )
        case "flushed":
            return Flushed(message["flush_id"], message["audio_s"])
        case "ended":
            return Ended(message["audio_s"], message["characters"], message["cancelled"])
    return None
