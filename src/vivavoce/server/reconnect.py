"""Native sessions that outlive their sockets: what a :class:`~vivavoce.server.ws.Socket` holds instead of the network.

A :class:`Line` is plain at first: frames pass through it. When the first frame is ``session``, it numbers what passes
from then on, keeps what the client has not confirmed, and survives the drop of its socket for a while; work pauses
when what is kept has reached its bound. When the first frame of another socket is ``resume``, that socket is given over
to the line whose token it names. The counting is :mod:`vivavoce.dialects.native.tally`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Final

from starlette.types import Message, Receive, Send

from vivavoce.dialects.native import errors, reading
from vivavoce.dialects.native import messages as wire
from vivavoce.dialects.native.adapter import encoded
from vivavoce.dialects.native.tally import Tally
from vivavoce.errors import NotFoundError, RequestError, VivavoceError
from vivavoce.settings import Settings

GOODBYES: Final = (1000, 1001)
"""Close codes of a client that means it: nothing is kept for it."""
WAITING_FRAMES: Final = 64
"""Frames read and not yet handled."""
WAITING_NOTES: Final = 64
"""Notes that the socket has not taken; over it the socket is not read, as its client does not read either."""
_GONE: Final[Message] = {"type": "websocket.disconnect", "code": 1006}


class Lines:
    """The sessions of one server, by their tokens."""

    def __init__(self, settings: Settings) -> None:
        self.window_s = settings.resume_window_s
        self.limit_bytes = settings.resume_bytes
        self._lines: dict[str, Line] = {}

    def add(self, line: Line) -> str:
        """A token for ``line``, that nobody can guess."""
        token = secrets.token_urlsafe(18)
        self._lines[token] = line
        return token

    def find(self, token: str) -> Line:
        """Raises NotFoundError."""
        if (line := self._lines.get(token)) is None:
            raise NotFoundError(
                "no session has this token: it has ended, or was not resumed in time", param="token"
            )
        return line

    def forget(self, token: str) -> None:
        """The session is over."""
        self._lines.pop(token, None)


class Line:
    """The two ends of one socket, or of one session over several sockets in turn."""

    def __init__(self, lines: Lines, owner: object, receive: Receive, send: Send) -> None:
        """``owner`` is whose key opened the socket: a session is resumed by nobody else."""
        self._lines = lines
        self._owner = owner
        self._first: tuple[Receive, Send] | None = (receive, send)
        self._receive = receive
        self._send = send
        self._session: _Session | None = None
        self._guest_of: tuple[_Session, int] | None = None

    async def receive(self) -> Message:
        """See :class:`~starlette.types.Receive`."""
        if self._session is not None:
            return await self._session.incoming()
        message = await self._receive()
        if self._first is None:
            return message
        self._first = None
        return await self._begin(message)

    async def send(self, message: Message) -> None:
        """See :class:`~starlette.types.Send`. In a session: waits until it is sent, or kept for a client to come back."""
        if self._session is not None:
            await self._session.send(message)
        else:
            await self._send(message)

    async def finish(self) -> None:
        """To be awaited when whoever used this line is done: serves the session it resumed, to the end of this socket."""
        if self._session is not None:
            await self._session.close()
        elif self._guest_of is not None:
            session, after = self._guest_of
            await session.attach(self._receive, self._send, after)

    async def _begin(self, message: Message) -> Message:
        """What the first frame makes of this line."""
        said = _about_sessions(message)
        if isinstance(said, wire.SessionMessage):
            self._session = _Session(self._lines, self, self._owner)
            self._session.start(self._receive, self._send)
            return await self._session.incoming()
        if isinstance(said, wire.ResumeMessage):
            try:
                self._guest_of = (self._lines.find(said.token).resumable(self._owner), said.after)
            except VivavoceError as error:
                await refuse(self._send, error)
            return _GONE
        return message

    def resumable(self, owner: object) -> _Session:
        """The session, for its owner. Raises NotFoundError."""
        if self._session is None or owner != self._owner:
            raise NotFoundError("no session of this key has this token", param="token")
        return self._session


class _Session:
    """What lasts over several sockets."""

    def __init__(self, lines: Lines, line: Line, owner: object) -> None:
        self._lines = lines
        self._token = lines.add(line)
        self._tally: Tally[Message] = Tally(lines.limit_bytes)
        self._inbox: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._notes: deque[str] = deque()
        """What is said about the counting, and not counted."""
        self._writing = False
        """Whether somebody sends the notes."""
        self._posted = asyncio.Event()
        self._moved = asyncio.Event()
        self._over = False
        self._serving: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # ---- for the socket's loop ------------------------------------------------------------------------------------

    async def incoming(self) -> Message:
        """The next frame of the client, on whichever socket; the end when it does not come back."""
        while not self._inbox:
            if self._over:
                return _GONE
            self._arrived.clear()
            await self._arrived.wait()
        self._room.set()
        return self._inbox.popleft()

    async def send(self, message: Message) -> None:
        """Waits until ``message`` is sent, and, for audio, until there is room to keep more."""
        if self._over:
            return
        self._tally.keep(message, _size(message))
        self._posted.set()
        if message["type"] == "websocket.close" and self._serving is None:
            self._end()
        # Only audio waits for room: it is what there is much of, and a farewell must not wait for a silent client.
        audio = message.get("bytes") is not None
        while not self._over and (
            (audio and self._tally.full) or (self._serving is not None and self._tally.unsent > 0)
        ):
            self._moved.clear()
            await self._moved.wait()

    async def close(self) -> None:
        """The socket's loop is done: nothing is resumed any more."""
        self._end()
        await self._stop_serving()

    # ---- for sockets ----------------------------------------------------------------------------------------------

    def start(self, receive: Receive, send: Send) -> None:
        """The first socket, which has said ``session``."""
        self._notes.append(encoded(wire.SessionStarted(self._token, self._lines.window_s)))
        self._serve(receive, send)

    async def attach(self, receive: Receive, send: Send, after: int) -> None:
        """Serves a further socket, from behind frame ``after`` on, until it is gone or another takes over."""
        await self._stop_serving()  # the server may not have noticed yet that the last one is gone
        try:
            if self._over:
                raise NotFoundError("the session has ended", param="token")
            self._tally.rewind(after)
        except VivavoceError as error:
            await refuse(send, error)
            self._wait_for_client()
            return
        self._notes.clear()
        self._notes.append(encoded(wire.ResumedMessage(self._tally.told())))
        await asyncio.wait({self._serve(receive, send)})

    def _serve(self, receive: Receive, send: Send) -> asyncio.Task[None]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._serving = asyncio.get_running_loop().create_task(self._serve_socket(receive, send))
        self._posted.set()
        return self._serving

    async def _serve_socket(self, receive: Receive, send: Send) -> None:
        """Both ways, until the socket is gone."""
        code = 1006
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write(send))
                code = await self._read(receive)
                writing.cancel()
        finally:
            self._serving = None
            self._moved.set()
        if code in GOODBYES:
            self._end()
        self._wait_for_client()

    def _wait_for_client(self) -> None:
        """Without a socket the session lasts for the window."""
        if not self._over and self._serving is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._lines.window_s, self._end)

    async def _stop_serving(self) -> None:
        if (serving := self._serving) is not None:
            serving.cancel()
            await asyncio.wait({serving})
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _read(self, receive: Receive) -> int:
        """Takes frames; gives the close code when there are no more."""
        while True:
            while self._writing and len(self._notes) >= WAITING_NOTES:
                await self._wait_for_room()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code: int = message.get("code", 1006)
                return code
            said = _about_sessions(message)
            if isinstance(said, wire.AckMessage):
                self._confirm(said.after)
                continue
            while len(self._inbox) >= WAITING_FRAMES:
                await self._wait_for_room()
            # Counted only now: what a cut keeps from being handled comes again.
            self._inbox.append(message)
            self._arrived.set()
            if self._tally.count(_size(message)):
                self._notes.append(encoded(wire.AckMessage(self._tally.told())))
                self._posted.set()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        await self._room.wait()

    def _confirm(self, after: int) -> None:
        try:
            self._tally.confirm(after)
        except RequestError as error:
            self._notes.append(encoded(wire.ErrorMessage(**errors.fields(error), final=False)))
            self._posted.set()
        self._moved.set()

    async def _write(self, send: Send) -> None:
        """Sends what is due, in order. Ends when the socket is gone, which the reader is told as well."""
        self._writing = True
        try:
            while True:
                while self._notes:
                    await send({"type": "websocket.send", "text": self._notes.popleft()})
                    self._room.set()
                if (message := self._tally.take()) is not None:
                    await send(message)
                    self._moved.set()
                    if message["type"] == "websocket.close":
                        self._end()
                        return
                    continue
                self._posted.clear()
                await self._posted.wait()
        except (OSError, RuntimeError):
            return
        finally:
            self._writing = False
            self._room.set()

    def _end(self) -> None:
        self._over = True
        self._moved.set()
        self._arrived.set()
        self._lines.forget(self._token)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _about_sessions(message: Message) -> wire.SessionMessage | wire.ResumeMessage | wire.AckMessage | None:
    """The frame, if it is about the session itself."""
    text = message.get("text")
    if text is None or ('"session"' not in text and '"resume"' not in text and '"ack"' not in text):
        return None
    try:
        said = reading.message(text)
    except VivavoceError:
        return None  # the socket's loop says what is wrong with it
    return said if isinstance(said, wire.SessionMessage | wire.ResumeMessage | wire.AckMessage) else None


def _size(message: Message) -> int:
    return len(message.get("text") or message.get("bytes") or "")


async def refuse(send: Send, error: VivavoceError) -> None:
    """Says why a socket is not taken, and closes it."""
    said = wire.ErrorMessage(**errors.fields(error), final=True)
    try:
        await send({"type": "websocket.send", "text": encoded(said)})
        await send(
            {
                "type": "websocket.close",
                "code": errors.CLOSE_CODE.get(error.code, errors.DEFAULT_CLOSE_CODE),
                "reason": errors.reason(error),
            }
        )
    except (OSError, RuntimeError):
        return  # it is gone already
