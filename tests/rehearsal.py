"""A studio made of paper and an ASGI client made of queues: the server is tested without sockets, voices or a clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Message

from vivavoce.errors import ShuttingDownError, UnknownVoiceError, VivavoceError
from vivavoce.server.app import App
from vivavoce.server.house import House
from vivavoce.settings import Settings
from vivavoce.speech import Audio, Cancel, Command, End, Ended, Event, Open, Text, VoiceInfo

VOICE = VoiceInfo(
    id="paper",
    name="Paper",
    engine="paper",
    language="en-US",
    languages=("en-US", "fr-FR"),
    gender="neutral",
    rate_hz=22_050,
    licence="Apache-2.0",
    capabilities=frozenset({"words", "speed"}),
)


class PaperStream:
    """A stream that says what the test tells it to, or, told nothing, the bytes of its text once it has ended."""

    def __init__(self, request: Open, *, scripted: bool) -> None:
        self.request = request
        self.commands: list[Command] = []
        self.refuse: VivavoceError | None = None
        self.cancelled = False
        self.queue_s: float | None = None
        self.taken = 0
        self._scripted = scripted
        self._batches: asyncio.Queue[Sequence[Event]] = asyncio.Queue()

    def send(self, command: Command) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.commands.append(command)
        if isinstance(command, Cancel):
            self._batches = asyncio.Queue()
            self.emit(Ended(0.0, 0, cancelled=True))
        elif isinstance(command, End) and not self._scripted:
            text = "".join(c.text for c in self.commands if isinstance(c, Text))
            self.emit(Audio(text.encode(), 0.0, len(text) / 10))
            self.emit(Ended(len(text) / 10, len(text)))

    def emit(self, *events: Event) -> None:
        """The next batch."""
        self._batches.put_nowait(events)

    async def events(self) -> Sequence[Event]:
        batch = await self._batches.get()
        self.taken += 1
        return batch

    def cancel(self) -> None:
        self.cancelled = True


class PaperCatalogue:
    """One voice."""

    def listing(self, language: str | None = None) -> Sequence[VoiceInfo]:
        return [VOICE] if language is None or language in VOICE.languages else []


class PaperStudio:
    """Streams of paper, kept for the test to look at."""

    def __init__(self, *, scripted: bool = False) -> None:
        self.catalogue = PaperCatalogue()
        self.streams: list[PaperStream] = []
        self.refuse: Exception | None = None
        """What the next start or stream fails with: one of our errors, or a defect's."""
        self.draining = False
        self.running = False
        self._scripted = scripted

    @property
    def live(self) -> int:
        return sum(not stream.cancelled for stream in self.streams)

    async def start(self) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.running = True

    async def close(self) -> None:
        self.running = False

    def drain(self) -> None:
        self.draining = True

    def voice(self, name: str, language: str | None = None, account: str | None = None) -> VoiceInfo:
        if name not in ("", VOICE.id, *VOICE.languages):
            raise UnknownVoiceError(f"no voice {name!r}", param="voice")
        return VOICE

    def open(self, request: Open) -> PaperStream:
        if self.draining:
            raise ShuttingDownError("shutting down", retry_after_s=1.0)
        if self.refuse is not None:
            raise self.refuse
        self.streams.append(PaperStream(request, scripted=self._scripted))
        return self.streams[-1]

    def status(self) -> Mapping[str, float]:
        return {"streams": float(self.live)}


def house(*, scripted: bool = False, **settings: Any) -> tuple[House, PaperStudio]:
    """An open house without engines."""
    studio = PaperStudio(scripted=scripted)
    made = House(Settings(**settings), studio, figures=lambda: b"figures\n")
    made.state = "ok"
    return made, studio


async def settle() -> None:
    """Let every task that can move do so."""
    for _ in range(30):
        await asyncio.sleep(0)


class Call:
    """One HTTP request to an application, its answer seen as it comes."""

    def __init__(
        self, app: App, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        path, _, query = target.partition("?")
        self._scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "extensions": {},
        }
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self.ended = False
        """Whether the body was ended, and not cut."""
        self.writable = asyncio.Event()
        self.writable.set()

    async def run(self) -> Call:
        await self._app(self._scope, self._incoming.get, self._send)
        return self

    def leave(self) -> None:
        """The client goes away."""
        self._incoming.put_nowait({"type": "http.disconnect"})

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found

    async def _send(self, message: Message) -> None:
        await self.writable.wait()
        if message["type"] == "http.response.start":
            assert self.status == 0, "two answers"
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            assert not self.ended, "more after the end"
            self.parts.append(message["body"])
            self.ended = not message.get("more_body", False)


async def fetch(
    app: App, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Call:
    """The whole answer to a request."""
    return await Call(app, method, target, body, headers).run()


class Line:
    """A WebSocket to an application: ``say`` and ``hear``."""

    def __init__(self, app: App, path: str = "/v1/speech/stream", subprotocols: Sequence[str] = ()) -> None:
        self._scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": list(subprotocols),
            "extensions": {"websocket.http.response": {}},
        }
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.sent: list[Message] = []
        self.writable = asyncio.Event()
        self.writable.set()
        self.task: asyncio.Task[None]

    async def __aenter__(self) -> Line:
        self.task = asyncio.create_task(self._app(self._scope, self._incoming.get, self._send))
        await settle()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.hang_up()
        await self.task

    def hang_up(self) -> None:
        """The client's connection drops."""
        self.writable.set()
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})

    async def say(self, *messages: Mapping[str, Any] | str | bytes) -> None:
        """Sends frames, then lets the server do what it can."""
        for message in messages:
            if isinstance(message, bytes):
                self._incoming.put_nowait({"type": "websocket.receive", "bytes": message})
            else:
                text = message if isinstance(message, str) else json.dumps(message)
                self._incoming.put_nowait({"type": "websocket.receive", "text": text})
        await settle()

    def hear(self) -> list[Any]:
        """What has come since last asked: dicts, and bytes of audio frames; a close as ``("close", code)``."""
        heard, self.sent = self.sent, []
        return [_heard(message) for message in heard if message["type"] != "websocket.accept"]

    async def _send(self, message: Message) -> None:
        await self.writable.wait()
        self.sent.append(message)
        if message["type"] == "websocket.close":
            # As uvicorn does: the receiver is told of the server's own close.
            self._incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})


def _heard(message: Message) -> Any:
    match message:
        case {"type": "websocket.send", "text": str(text)}:
            return json.loads(text)
        case {"type": "websocket.send", "bytes": bytes(data)}:
            return data
        case {"type": "websocket.close", "code": int(code)}:
            return "close", code
        case _:
            return message
