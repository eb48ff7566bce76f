"""A server without a network for the SDK: its sockets end in the real server's application, over queues, and are cut
where a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from starlette.types import Message

from jumping_clock import JumpingLoop
from rehearsal import Call, PaperStudio, house
from vivavoce.client.aio.client import AsyncVivavoceClient
from vivavoce.client.calls import Answer, Request
from vivavoce.client.core.faults import DroppedError, answered
from vivavoce.client.types import Retries, Timeouts
from vivavoce.errors import VivavoceConnectionError, VivavoceError
from vivavoce.server.app import App
from vivavoce.server.house import House

AT_ONCE = Retries(times=3, first_s=0.0, longest_s=0.0)
PCM: dict[str, Any] = {"output_format": "pcm_s16le"}


class PaperLine:
    """A client socket of an ASGI application."""

    def __init__(self, app: App, frames: int | None) -> None:
        """It is cut after so many ``frames``, counted in both directions."""
        self._left = frames
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._to_client: asyncio.Queue[str | bytes | None] = asyncio.Queue(4)
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._refusal = b""
        self._code = 1006
        self._reason = ""
        self._cut = asyncio.Event()
        self._to_app.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": "/v1/speech/stream",
            "query_string": b"",
            "headers": [(b"x-request-id", b"paper")],
            "subprotocols": ["vivavoce.v1"],
            "extensions": {"websocket.http.response": {}},
        }
        self.task = asyncio.create_task(app(scope, self._to_app.get, self._from_app))

    async def accepted(self) -> PaperLine:
        """Raises VivavoceError when the handshake is refused."""
        status = await self._status
        if status != 101:
            await self.task
            raise answered(status, {}, self._refusal)
        return self

    async def send(self, frame: str) -> None:
        """From the client."""
        self._spend()
        self._to_app.put_nowait({"type": "websocket.receive", "text": frame})

    async def receive(self) -> str | bytes:
        """To the client."""
        while not self._cut.is_set():
            getting = asyncio.ensure_future(self._to_client.get())
            cutting = asyncio.ensure_future(self._cut.wait())
            await asyncio.wait({getting, cutting}, return_when=asyncio.FIRST_COMPLETED)
            cutting.cancel()
            if not getting.done():
                getting.cancel()
                break
            frame = getting.result()
            if frame is None:
                break
            self._spend()
            return frame
        raise DroppedError(self._code, self._reason)

    async def close(self) -> None:
        """By the client."""
        self._hang_up(1000)
        await self.task

    def cut(self) -> None:
        """By the network."""
        self._hang_up(1006)

    def _spend(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.cut()
        if self._cut.is_set():
            raise DroppedError(self._code, self._reason)

    def _hang_up(self, code: int) -> None:
        if not self._cut.is_set():
            self._code = code
            self._cut.set()
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def _from_app(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._status.set_result(101)
            case "websocket.http.response.start":
                self._status.set_result(message["status"])
            case "websocket.http.response.body":
                self._refusal += message["body"]
            case "websocket.close":
                self._code, self._reason = message["code"], message.get("reason", "")
                await self._put(None)
                self._to_app.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            case _:
                frame = message.get("text")
                await self._put(message["bytes"] if frame is None else frame)

    async def _put(self, frame: str | bytes | None) -> None:
        """Waits while the client does not read, like a full socket, which a cut releases with an error."""
        putting = asyncio.ensure_future(self._to_client.put(frame))
        cutting = asyncio.ensure_future(self._cut.wait())
        await asyncio.wait({putting, cutting}, return_when=asyncio.FIRST_COMPLETED)
        cutting.cancel()
        if not putting.done():
            putting.cancel()
            raise OSError("the connection was cut")


class PaperServer:
    """See :class:`vivavoce.client.looped.Server`."""

    resumable = True

    def __init__(self, app: App, cuts: Iterable[int] = ()) -> None:
        """The first socket is cut after ``cuts[0]`` frames, the second after ``cuts[1]``, those after the last never."""
        self._app = app
        self._cuts = iter(cuts)
        self.lines: list[PaperLine] = []
        self.down: list[VivavoceError] = []
        """What the next dials fail with."""
        self.answers: list[Answer | VivavoceError] = []
        """What the next plain requests get, before the application is asked."""
        self.requests: list[Request] = []

    async def dial(self, timeout_s: float) -> tuple[PaperLine, str]:
        if self.down:
            raise self.down.pop(0)
        line = PaperLine(self._app, next(self._cuts, None))
        self.lines.append(line)
        return await line.accepted(), "paper"

    async def fetch(self, request: Request, timeout_s: float) -> Answer:
        self.requests.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, VivavoceError):
                raise answer
            return answer
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        call = await Call(self._app, request.method, f"{request.path}?{query}").run()
        return Answer(call.status, call.headers, call.body)

    async def close(self) -> None:
        for line in self.lines:
            line.cut()
        await asyncio.gather(*(line.task for line in self.lines))


class Scene:
    """A client, the server it talks to, and the studio behind that."""

    def __init__(
        self, client: AsyncVivavoceClient, server: PaperServer, studio: PaperStudio, home: House
    ) -> None:
        self.client = client
        self.server = server
        self.studio = studio
        self.house = home


def play(
    story: Callable[[Scene], Any],
    *,
    scripted: bool = False,
    cuts: Iterable[int] = (),
    buffer_bytes: int = 262_144,
    timeouts: Timeouts | None = None,
    retries: Retries = AT_ONCE,
    **settings: Any,
) -> Scene:
    """Runs ``story`` with a client of a server of paper; afterwards nothing is left running there. Waiting costs no time."""

    async def whole() -> Scene:
        home, studio = house(scripted=scripted, **settings)
        server = PaperServer(App(home), cuts)
        async with AsyncVivavoceClient(
            server=server, retries=retries, timeouts=timeouts, buffer_bytes=buffer_bytes
        ) as client:
            scene = Scene(client, server, studio, home)
            async with asyncio.timeout(20):
                try:
                    await story(scene)
                finally:
                    # Sessions whose client never learned of them would wait for it.
                    for guest in list(home.guests):
                        guest.leave()
        assert not home.guests
        assert all(stream.cancelled for stream in studio.streams)
        return scene

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(whole())


def unreachable() -> VivavoceConnectionError:
    """What a dial gets where nobody listens."""
    return VivavoceConnectionError("nobody there", code="connection_failed")


async def heard(stream: Any, pause: int = 0) -> bytes:
    """All bytes of a stream, by a listener who lets others go ``pause`` times between two pieces."""
    found = b""
    async for data in stream.iter_bytes():
        found += data
        for _ in range(pause):
            await asyncio.sleep(0)
    return found
