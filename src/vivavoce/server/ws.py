"""The one WebSocket loop of every dialect.

A socket has one task that receives, always, so that pings are answered, a cancel is heard while audio flows and a
client that leaves is noticed; one task per stream, its pump, that takes events and sends them; and one clerk that
sends what is not bound to a stream's order. All of them send through one lock, which is fair: streams take turns,
frame by frame. A pump that waits for the socket, or for credit, takes no events, and so its stream's work pauses
while its siblings go on. Everything ends with :meth:`Socket.run`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.types import Message, Receive, Scope, Send

from vivavoce.dialects.contract import (
    Action,
    Close,
    Connection,
    Credit,
    Denial,
    Feed,
    Handshake,
    Reply,
    SocketDialect,
    Start,
    StreamKey,
)
from vivavoce.errors import (
    SessionExpiredError,
    TooManyStreamsError,
    UnknownStreamError,
    VivavoceError,
    quoted,
)
from vivavoce.records import Key
from vivavoce.server.auth import Badge, Credential, native_credential
from vivavoce.server.house import House
from vivavoce.server.http import request_id_of, respond
from vivavoce.server.pump import Pump
from vivavoce.server.reconnect import Line, Lines
from vivavoce.speech import Command

MAX_REPLIES: Final = 256
"""Frames that may wait for the clerk; over it the socket is not read, as its client does not read either."""
MAX_LEAVING: Final = 64
"""Streams that are over but for sending their last frames, likewise."""
FRAMES_A_TURN: Final = 64
"""Frames handled before the loop's other tasks get a turn: a burst of small frames arrives as one read."""

FAULT: Final = "vivavoce.fault"
"""In place of a frame: the error by which the peer has broken the protocol. The socket closes when it is answered."""


class SocketEndpoint:
    """The ASGI application of one WebSocket path of one dialect."""

    def __init__(
        self,
        house: House,
        dialect: SocketDialect,
        name: str,
        credential: Credential = native_credential,
        lines: Lines | None = None,
    ) -> None:
        """With ``lines``, a client may ask for a session that outlives its socket."""
        self._lines = lines
        self._house = house
        self._dialect = dialect
        self._name = name
        self._credential = credential

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        request_id = request_id_of(scope)
        handshake = Handshake(
            Headers(scope=scope), QueryParams(scope["query_string"]), tuple(scope.get("subprotocols", ()))
        )
        key, refusal = await self._admit(handshake)
        greeting = self._dialect.greet(handshake, refusal)
        if isinstance(greeting, Denial):
            await deny(scope, send, greeting.status, greeting.headers, greeting.body, request_id)
            return
        headers = [(b"x-request-id", request_id.encode("latin-1"))]
        await send({"type": "websocket.accept", "subprotocol": greeting.subprotocol, "headers": headers})
        caller = Caller(self._name, request_id, key)
        line = None if self._lines is None else Line(self._lines, key and key.id, receive, send)
        ends = (receive, send) if line is None else (line.receive, line.send)
        socket = Socket(self._house, greeting.connection, caller, *ends)
        try:
            with self._house.serving(socket):
                await socket.run(greeting.actions)
        finally:
            if line is not None:
                await line.finish()

    async def _admit(self, handshake: Handshake) -> tuple[Key | None, VivavoceError | None]:
        """The key that opens the socket, or why it stays closed."""
        if error := self._house.closing():
            return None, error
        secret = self._credential(handshake.headers, handshake.query, handshake.subprotocols)
        try:
            return await self._house.gate.admit(secret), None
        except VivavoceError as error:
            return None, error


class Caller(msgspec.Struct, frozen=True):
    """Who is at the other end of a socket."""

    dialect: str
    request_id: str
    key: Key | None


async def deny(
    scope: Scope, send: Send, status: int, headers: Mapping[str, str], body: bytes, request_id: str
) -> None:
    """Answers a handshake with an HTTP response, where the ASGI server can."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return

    async def as_denial(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await respond(as_denial, status, headers, body, request_id)


class Socket:
    """One accepted socket, from its first frame to its last."""

    def __init__(
        self, house: House, connection: Connection, caller: Caller, receive: Receive, send: Send
    ) -> None:
        self._house = house
        self._connection = connection
        self._caller = caller
        self._badge = Badge(house.gate, caller.key, self._brought)
        self._receive = receive
        self._asgi_send = send
        self._turn = asyncio.Lock()
        self._replies: deque[Reply | Close] = deque()
        self._posted = asyncio.Event()
        self._room = asyncio.Event()
        self._live: dict[StreamKey, Pump] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._last_pump: dict[StreamKey, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._curfew: asyncio.TimerHandle | None = None
        self._draining = False
        self._closing = False

    async def run(self, actions: Sequence[Action]) -> None:
        """Serves the socket until it is closed, by whomever; then nothing of it is left."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                clerk = group.create_task(self._clerk())
                self._act(actions)
                self._tick()
                if self._caller.key is not None:
                    self._bound(self._caller.key)
                if self._house.state == "draining":
                    self.last_call()
                await self._listen()
                self._closing = True
                for task in (clerk, *self._pumps):
                    task.cancel()
        finally:
            self._closing = True
            for timer in (self._timer, self._curfew):
                if timer is not None:
                    timer.cancel()
            for pump in self._live.values():
                pump.speaking.close()

    def last_call(self) -> None:
        """See :class:`~vivavoce.server.house.Guest`."""
        self._draining = True
        self._leave_if_idle()

    def leave(self) -> None:
        """See :class:`~vivavoce.server.house.Guest`."""
        for task in self._pumps:
            task.cancel()
        self._act(self._connection.farewell(self._house.closed()))

    # ---- what comes in ----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Handles frames until the socket is gone."""
        handled = 0
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            self._act(self._answer(message))
            handled += 1
            if handled % FRAMES_A_TURN == 0:
                await asyncio.sleep(0)
            while self._crowded:
                self._room.clear()
                await self._room.wait()

    @property
    def _crowded(self) -> bool:
        """Whether too much waits for a client that takes nothing: replies, or the last words of streams."""
        if self._closing:
            return False
        return len(self._replies) >= MAX_REPLIES or len(self._pumps) - len(self._live) >= MAX_LEAVING

    def _answer(self, message: Message) -> Sequence[Action]:
        if FAULT in message:
            return self._connection.farewell(message[FAULT])
        frame = message.get("text")
        return self._connection.receive(message["bytes"] if frame is None else frame)

    def _act(self, actions: Sequence[Action]) -> None:
        """Carries out ``actions`` in order, as far as the connection is not ending."""
        for action in actions:
            if self._closing:
                return
            match action:
                case Reply() | Close():
                    self._replies.append(action)
                    self._posted.set()
                    self._closing = isinstance(action, Close)
                case Start():
                    self._start(action)
                case Feed():
                    self._feed(action.stream, action.command)
                case Credit():
                    if (pump := self._live.get(action.stream)) is not None:
                        pump.credit(action.bytes)
                case _:
                    assert_never(action)

    def _start(self, start: Start) -> None:
        try:
            pump = self._open(start)
        except VivavoceError as error:
            self._act(self._connection.refused(start.stream, error))
            return
        self._live[start.stream] = pump
        # A stream's frames never mix with those of the one that had its key before.
        before = self._last_pump.get(start.stream)
        opened = self._connection.opened(start.stream, start.open.format.rate_hz)
        task = self._group.create_task(self._run_pump(pump, opened, before))
        self._pumps.add(task)
        self._last_pump[start.stream] = task
        task.add_done_callback(lambda done: self._pump_done(start.stream, done))
        self._tick()  # with one more stream, the connection may want to be asked more often

    def _open(self, start: Start) -> Pump:
        if self._draining:
            raise self._house.closed()
        allowed = self._house.settings.max_streams_per_socket
        if len(self._live) >= allowed:
            raise TooManyStreamsError(
                f"expected at most {allowed} live streams on one socket",
                retry_after_s=self._house.settings.retry_after_s,
            )
        caller = self._caller
        key = self._badge.key(start.credential)
        label = f"ws {caller.dialect} id={caller.request_id} stream={quoted(start.stream)}"
        speaking = self._house.speak(start.open, key, caller.dialect, caller.request_id, label)
        return Pump(start.stream, speaking, start.credit_bytes)

    def _feed(self, key: StreamKey, command: Command) -> None:
        pump = self._live.get(key)
        try:
            if pump is None:
                raise UnknownStreamError(f"stream {key!r} is not open", param="stream")
            pump.command(command)
        except VivavoceError as error:
            self._act(self._connection.refused(key, error))

    # ---- what goes out ----------------------------------------------------------------------------------------

    async def _run_pump(
        self, pump: Pump, opened: Sequence[Action], before: asyncio.Task[None] | None
    ) -> None:
        """Sends a stream's events until its last."""
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._say(opened)
            while not pump.speaking.over:
                events = await pump.speaking.events()
                while events:
                    now, events = await pump.next(events)
                    if pump.speaking.over and not events:
                        # Its key is free before its last frame is out: clients open the next stream at once.
                        del self._live[pump.key]
                    await self._say(self._connection.render(pump.key, now))
        finally:
            pump.speaking.close()

    def _pump_done(self, key: StreamKey, task: asyncio.Task[None]) -> None:
        self._pumps.discard(task)
        self._room.set()
        if self._last_pump.get(key) is task:
            del self._last_pump[key]
        self._leave_if_idle()

    async def _clerk(self) -> None:
        """Sends what was posted, in order."""
        while True:
            await self._posted.wait()
            self._posted.clear()
            while self._replies:
                await self._say((self._replies.popleft(),), closing=True)
                self._room.set()

    async def _say(self, actions: Sequence[Action], *, closing: bool = False) -> None:
        """Sends frames, each in its turn. What else is among ``actions`` is carried out."""
        for action in actions:
            if isinstance(action, Reply):
                frame = action.frame
                kind = "text" if isinstance(frame, str) else "bytes"
                await self._send({"type": "websocket.send", kind: frame})
            elif isinstance(action, Close):
                if not self._closing or closing:
                    self._closing = True
                    await self._send(
                        {"type": "websocket.close", "code": action.code, "reason": action.reason}
                    )
            else:
                self._act((action,))

    async def _send(self, message: Message) -> None:
        async with self._turn:
            try:
                await self._asgi_send(message)
            except (OSError, RuntimeError):
                # The client is gone, or the ASGI server has closed the socket (uvicorn says RuntimeError then). The
                # receiver is told as well, and ends everything.
                self._closing = True
                self._room.set()

    # ---- time -------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now = self._house.now()
        tick = self._connection.tick(now)
        self._act(tick.actions)
        if not self._replies:
            self._act(tick.signs)
        if tick.again_at is not None and not self._closing:
            delay_s = max(0.0, tick.again_at - now)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _bound(self, key: Key) -> None:
        """The socket lives no longer than ``key`` allows."""
        if key.max_session_s is not None and self._curfew is None:
            self._curfew = asyncio.get_running_loop().call_later(key.max_session_s, self._expire)

    def _brought(self, key: Key) -> None:
        """A message has brought a limited key."""
        self._bound(key)
        if key.single_use:
            self._group.create_task(self._use_up(key))

    async def _use_up(self, key: Key) -> None:
        try:
            await self._house.gate.use_up(key)
        except VivavoceError as error:
            # Another socket was faster.
            self._act(self._connection.farewell(error))

    def _expire(self) -> None:
        """The caller's temporary key allows no longer connection."""
        for task in self._pumps:
            task.cancel()
        self._act(
            self._connection.farewell(SessionExpiredError("the key allows no longer session than this"))
        )

    def _leave_if_idle(self) -> None:
        if self._draining and not self._live and not self._pumps:
            self._act(self._connection.farewell(self._house.closed()))
