"""The engines in worker processes of this machine, behind the interface of a server: no server, no port.

A socket here is the native wire spoken within the process: frames go straight into the wire's own adapter, and what it
asks for is done by a :class:`~vivavoce.runtime.studio.Studio`. So a local client is the same client.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from vivavoce import __version__
from vivavoce.client.calls import ROOT, Answer, Request
from vivavoce.client.core.faults import DroppedError
from vivavoce.dialects.contract import Action, Close, Credit, Feed, Reply, Start, StreamKey
from vivavoce.dialects.native import errors
from vivavoce.dialects.native.adapter import NativeConnection
from vivavoce.errors import (
    RequestError,
    UnknownStreamError,
    VivavoceError,
    VivavoceValidationError,
)
from vivavoce.formats import ALIASES, FORMATS
from vivavoce.runtime.driver import Stream
from vivavoce.runtime.studio import Studio
from vivavoce.settings import load
from vivavoce.speech import Audio, Cancel, Ended, Failed, VoiceInfo
from vivavoce.voices.catalogue import Catalogue

T = TypeVar("T")
FOR_EVER_S: Final = 86_400.0


class LoopStudio:
    """See :class:`vivavoce.client.looped.Server`. The workers start at the first use."""

    resumable = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """``settings`` are those of the server; the environment's come after them. Raises OutOfRangeError."""
        self._settings = load(**settings)
        self._studio: Studio | None = None
        self._starting = asyncio.Lock()
        self._sockets = 0

    async def fetch(self, request: Request, timeout_s: float) -> Answer:
        """Voices, languages, formats and health. Raises VivavoceValidationError for what needs a server."""
        studio = await self._started()
        try:
            body = _looked_up(studio, request)
        except RequestError as error:
            return Answer(*errors.http(error))
        return Answer(200, {}, msgspec.json.encode(body))

    async def dial(self, timeout_s: float) -> tuple[LocalSocket, str]:
        """A socket to the studio. Raises VivavoceError when the engines do not start."""
        studio = await self._started()
        self._sockets += 1
        return LocalSocket(studio), f"local-{self._sockets}"

    async def close(self) -> None:
        """Stops the workers."""
        if self._studio is not None:
            await self._studio.close()

    async def _started(self) -> Studio:
        async with self._starting:
            if self._studio is None:
                studio = Studio(self._settings)
                try:
                    await studio.start()
                except BaseException:  # a cancel, too; raised again
                    await studio.close()
                    raise
                self._studio = studio
            return self._studio


class LocalSocket:
    """A socket that goes nowhere. See :class:`vivavoce.client.looped.Socket`."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._connection = NativeConnection(studio.voice, FOR_EVER_S)
        self._out: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        """Bounded by the streams' credit."""
        self._live: dict[StreamKey, _Speaking] = {}
        self._pumps: set[asyncio.Task[None]] = set()

    async def send(self, frame: str) -> None:
        """Takes a frame of the client's."""
        self._act(self._connection.receive(frame))

    async def receive(self) -> str | bytes:
        """The next frame. Raises DroppedError once closed."""
        frame = await self._out.get()
        if frame is None:
            self._out.put_nowait(None)
            raise DroppedError(1000, "")
        return frame

    async def close(self) -> None:
        """Cancels what lives."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._out.put_nowait(None)

    def _act(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Reply():
                    self._out.put_nowait(action.frame)
                case Start():
                    self._start(action)
                case Feed():
                    self._feed(action)
                case Credit():
                    if (speaking := self._live.get(action.stream)) is not None:
                        speaking.credit(action.bytes)
                case Close():
                    self._out.put_nowait(None)

    def _start(self, start: Start) -> None:
        try:
            stream = self._studio.open(start.open)
        except VivavoceError as error:
            self._act(self._connection.refused(start.stream, error))
            return
        self._live[start.stream] = speaking = _Speaking(stream, start.credit_bytes)
        self._act(self._connection.opened(start.stream, start.open.format.rate_hz))
        pump = asyncio.get_running_loop().create_task(self._pump(start.stream, speaking))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)

    def _feed(self, feed: Feed) -> None:
        speaking = self._live.get(feed.stream)
        try:
            if speaking is None:
                raise UnknownStreamError(f"stream {feed.stream} is not open", param="stream")
            speaking.stream.send(feed.command)
            if isinstance(feed.command, Cancel):
                speaking.credit(None)
        except VivavoceError as error:
            self._act(self._connection.refused(feed.stream, error))

    async def _pump(self, key: StreamKey, speaking: _Speaking) -> None:
        over = False
        try:
            while not over:
                await speaking.until_credit()
                events = await speaking.stream.events()
                over = isinstance(events[-1], Ended | Failed)
                if over:
                    del self._live[key]
                speaking.spend(sum(len(event.data) for event in events if isinstance(event, Audio)))
                self._act(self._connection.render(key, events))
        finally:
            speaking.stream.cancel()


class _Speaking:
    """A stream and its credit. A batch of events goes whole, so that credit may be overdrawn by one."""

    def __init__(self, stream: Stream, credit: int | None) -> None:
        self.stream = stream
        self._credit = credit
        self._moved = asyncio.Event()

    def credit(self, size: int | None) -> None:
        """So much more may come; ``None`` is whatever is left, without bound."""
        self._credit = None if size is None or self._credit is None else self._credit + size
        self._moved.set()

    def spend(self, size: int) -> None:
        """So much has gone."""
        if self._credit is not None:
            self._credit -= size

    async def until_credit(self) -> None:
        """Waits until something may come."""
        while self._credit is not None and self._credit <= 0:
            self._moved.clear()
            await self._moved.wait()


class ThreadedStudio:
    """See :class:`vivavoce.client.threaded.Server`: a :class:`LoopStudio` on an event loop in a thread of its own."""

    resumable = False

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Raises OutOfRangeError."""
        self._studio = LoopStudio(settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vivavoce-local", daemon=True)

    def fetch(self, request: Request, timeout_s: float) -> Answer:
        """See :class:`LoopStudio`."""
        return self._wait(self._studio.fetch(request, timeout_s))

    def dial(self, timeout_s: float) -> tuple[ThreadedLocalSocket, str]:
        """See :class:`LoopStudio`."""
        socket, request_id = self._wait(self._studio.dial(timeout_s))
        return ThreadedLocalSocket(self, socket), request_id

    def close(self) -> None:
        """Stops the workers and the thread. Safe more than once."""
        if self._loop.is_closed():
            return
        if self._thread.is_alive():
            atexit.unregister(self.close)
            self._wait(self._studio.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work`` on the loop."""
        return self._wait(work)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise DroppedError(1000, "")
        if not self._thread.is_alive():
            # A program that ends without closing must not leave its threads to meet a loop that has stopped.
            atexit.register(self.close)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class ThreadedLocalSocket:
    """See :class:`vivavoce.client.threaded.Socket`."""

    def __init__(self, studio: ThreadedStudio, socket: LocalSocket) -> None:
        self._studio = studio
        self._socket = socket

    def send(self, frame: str) -> None:
        """Takes a frame of the client's."""
        self._studio.wait(self._socket.send(frame))

    def receive(self) -> str | bytes:
        """The next frame. Raises DroppedError once closed."""
        return self._studio.wait(self._socket.receive())

    def close(self) -> None:
        """Cancels what lives."""
        self._studio.wait(self._socket.close())


def _looked_up(studio: Studio, request: Request) -> Any:
    match request.path.removeprefix(ROOT):
        case "/voices":
            voices = studio.catalogue.listing(request.query.get("language"))
            return {"voices": [_row(voice) for voice in voices]}
        case "/languages":
            return {"languages": _languages(studio)}
        case "/formats":
            return {"formats": [_format(name) for name in FORMATS]}
        case "/health":
            return {"status": "ok", "version": __version__, "live_streams": studio.live}
    raise VivavoceValidationError(
        f"{request.path} needs a server: a local client keeps neither dictionaries nor keys", code="not_local"
    )


def _row(voice: VoiceInfo) -> Any:
    return msgspec.to_builtins(voice)


def _format(name: str) -> Any:
    aliases = [alias for alias, meant in ALIASES.items() if meant == name]
    return {**msgspec.to_builtins(FORMATS[name]), "aliases": aliases}


def _languages(studio: Studio) -> list[dict[str, Any]]:
    speakers: dict[str, list[VoiceInfo]] = {}
    for voice in studio.catalogue.listing(None):
        for language in voice.languages:
            speakers.setdefault(language, []).append(voice)
    return [
        {"language": language, "voice": Catalogue(found).best(language).id, "voices": len(found)}
        for language, found in sorted(speakers.items())
    ]
