"""The one HTTP exchange of every dialect: a request with text goes in, a body of audio comes out as it is made.

Nothing is sent before the first audio, so that whatever fails until then is answered with a status. What fails later
cuts the body: it is never ended as if it were whole. A watcher waits for the client to leave all the while, because
an ASGI server tells it only to those who ask.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Final

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.types import Message, Receive, Scope, Send

from vivavoce.dialects.contract import Exchange, HttpDialect, Reading
from vivavoce.errors import (
    IdleTimeoutError,
    MessageTooLargeError,
    MethodNotAllowedError,
    TextTooLongError,
    VivavoceError,
)
from vivavoce.records import Key
from vivavoce.server.auth import Credential, native_credential
from vivavoce.server.house import MAX_REQUEST_ID, House
from vivavoce.server.speaking import Speaking
from vivavoce.speech import Audio, End, Event, Text

METHOD: Final = "POST"


class ClientLeftError(Exception):
    """The client went away before its request was whole, or takes nothing any more; there is nobody to tell."""


class SpeechEndpoint:
    """The ASGI application of one speech path of one dialect."""

    def __init__(
        self, house: House, dialect: HttpDialect, name: str, credential: Credential = native_credential
    ) -> None:
        self._house = house
        self._dialect = dialect
        self.name = name
        self._credential = credential

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._dialect(scope.get("path_params", {}))
        request_id = request_id_of(scope)
        with self._house.serving(Requester(asyncio.current_task())):
            try:
                key = await self.admit(scope)
                reading = await self.read(exchange, scope, receive)
                speaking = self.begin(reading, key, request_id)
            except ClientLeftError:
                return
            except VivavoceError as error:
                await refuse(send, exchange, error, request_id)
                return
            try:
                listener = patient(send, self._house.settings.idle_timeout_s)
                answer = Answer(self._house, exchange, reading, speaking, request_id, listener)
                await until_gone(receive, answer.run())
            finally:
                speaking.close()

    async def admit(self, scope: Scope) -> Key | None:
        """The key that a request came with. Raises VivavoceError when it is not served."""
        if scope["method"] != METHOD:
            raise MethodNotAllowedError(f"expected {METHOD}, got {scope['method']}")
        if error := self._house.closing():
            raise error
        headers, query = Headers(scope=scope), QueryParams(scope["query_string"])
        return await self._house.gate.admit(self._credential(headers, query, ()))

    async def read(self, exchange: Exchange, scope: Scope, receive: Receive) -> Reading:
        """What a request asks for. Raises VivavoceError, and ClientLeftError when nobody is there any more."""
        headers = Headers(scope=scope)
        body = await read_body(
            receive, headers, self._house.settings.max_body_bytes, self._house.settings.idle_timeout_s
        )
        return exchange.read(body, headers, QueryParams(scope["query_string"]))

    def begin(self, reading: Reading, key: Key | None, request_id: str) -> Speaking:
        """The stream for a request, with all of its text. Raises VivavoceError."""
        label = f"http {self.name} id={request_id}"
        request = reading.open
        if reading.complete:
            request = msgspec.structs.replace(request, known_length=True)
        speaking = self._house.speak(request, key, self.name, request_id, label)
        try:
            speaking.send(Text(reading.text))
            speaking.send(End())
        except VivavoceError:
            speaking.close()
            raise
        return speaking


class Answer:
    """The answer to one request, sent as its stream is spoken."""

    def __init__(
        self,
        house: House,
        exchange: Exchange,
        reading: Reading,
        speaking: Speaking,
        request_id: str,
        send: Send,
    ) -> None:
        self._limit = house.settings.max_complete_bytes
        self._exchange = exchange
        self._reading = reading
        self._speaking = speaking
        self._request_id = request_id
        self._send = send

    async def run(self) -> None:
        """Sends everything; returns without ending the body when the stream failed after its first byte."""
        try:
            if self._reading.complete:
                body, more = await whole(self._piece, self._limit), False
                length = {"content-length": str(len(body))}
            else:
                body, length = self._exchange.render(await self._first()), {}
                more = not self._speaking.over
        except VivavoceError as error:
            await refuse(self._send, self._exchange, error, self._request_id)
            return
        headers = {
            **self._exchange.headers(self._reading.open.format.rate_hz),
            **timing(self._speaking),
            **length,
        }
        await start(self._send, 200, headers, self._request_id)
        await self._body(body, more=more)
        while not self._speaking.over:
            body = self._exchange.render(await self._speaking.events())
            failed = self._speaking.failure is not None
            await self._body(body, more=failed or not self._speaking.over)

    async def _first(self) -> list[Event]:
        """Events up to the first audio. Raises what the stream failed of before anything was sent."""
        events: list[Event] = []
        while not self._speaking.over and not any(isinstance(event, Audio) for event in events):
            events.extend(await self._speaking.events())
        if error := self._speaking.failure:
            raise error
        return events

    async def _piece(self) -> bytes | None:
        """The next of the body, ``None`` behind its end. Raises what the stream failed of."""
        if self._speaking.over:
            return None
        events = await self._speaking.events()
        if error := self._speaking.failure:
            raise error
        return self._exchange.render(events)

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


async def whole(piece: Callable[[], Awaitable[bytes | None]], limit: int) -> bytes:
    """All that ``piece`` gives until ``None``. Raises TextTooLongError over ``limit`` bytes."""
    parts: list[bytes] = []
    size = 0
    while (part := await piece()) is not None:
        parts.append(part)
        size += len(part)
        if size > limit:
            raise TextTooLongError(
                f"text: its audio passed {limit} bytes, the most that is made whole; ask for a streamed answer",
                param="text",
            )
    return b"".join(parts)


def timing(speaking: Speaking) -> Mapping[str, str]:
    """The header that tells how long a request waited for its turn and for its first audio."""
    value = speaking.server_timing
    return {"server-timing": value} if value else {}


async def until_gone(receive: Receive, work: Coroutine[object, object, None]) -> None:
    """Runs ``work`` until it is done or the client goes away, whichever comes first."""
    try:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(work)
            watching = group.create_task(_gone(receive))
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            watching.cancel()
    except* ClientLeftError:
        pass


def patient(send: Send, patience_s: float) -> Send:
    """``send`` for a client who has to take something every ``patience_s``: one that is gone without a word looks like
    one that is slow. Raises ClientLeftError then."""

    async def sending(message: Message) -> None:
        try:
            async with asyncio.timeout(patience_s):
                await send(message)
        except TimeoutError:
            raise ClientLeftError from None

    return sending


async def read_body(receive: Receive, headers: Headers, limit: int, patience_s: float) -> bytes:
    """The request's body.

    Raises MessageTooLargeError over ``limit`` bytes, IdleTimeoutError when it takes longer than ``patience_s``,
    ClientLeftError when the client goes away.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeftError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large(limit)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise IdleTimeoutError(f"expected the whole request within {patience_s:g} s") from None


def request_id_of(scope: Scope) -> str:
    """The caller's own ``X-Request-Id`` where it is usable, or a new one; the same for every call on ``scope``.

    A new one is put among the headers of ``scope``, so that a dialect that names it in a body names this one.
    """
    given = Headers(scope=scope).get("x-request-id", "")
    if _usable(given) and " " not in given:
        return given
    made = given.replace(" ", "_") if _usable(given) else str(uuid.uuid4())
    others = [(name, value) for name, value in scope["headers"] if name != b"x-request-id"]
    scope["headers"] = [*others, (b"x-request-id", made.encode("latin-1"))]
    return made


def _usable(request_id: str) -> bool:
    return 0 < len(request_id) <= MAX_REQUEST_ID and request_id.isascii() and request_id.isprintable()


async def start(send: Send, status: int, headers: Mapping[str, str], request_id: str) -> None:
    """Sends status and headers, the request's id among them; ``headers`` may bring another, which the body names."""
    named = {"x-request-id": request_id, **headers}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def respond(send: Send, status: int, headers: Mapping[str, str], body: bytes, request_id: str) -> None:
    """Sends a whole answer."""
    await start(send, status, {**headers, "content-length": str(len(body))}, request_id)
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, exchange: Exchange, error: VivavoceError, request_id: str) -> None:
    """Answers in the words of the exchange's wire that a request is not served."""
    status, headers, body = exchange.error(error)
    if isinstance(error, MethodNotAllowedError):
        headers = {**headers, "allow": METHOD}
    await respond(send, status, headers, body, request_id)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large(limit: int) -> MessageTooLargeError:
    return MessageTooLargeError(f"body: expected at most {limit} bytes, got more")


class Requester:
    """A request as a guest of the house."""

    def __init__(self, task: asyncio.Task[object] | None) -> None:
        self._task = task

    def last_call(self) -> None:
        """A request takes up nothing new anyway."""

    def leave(self) -> None:
        """The body is cut."""
        if self._task is not None:
            self._task.cancel()
