"""Realtime sessions of the client of asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType

from vivavoce.client.core.link import Link, Switchboard
from vivavoce.client.core.realtime import RealtimeCore
from vivavoce.client.core.streams import async_pieces
from vivavoce.client.looped import Loop
from vivavoce.client.types import RealtimeTTSConfig, RealtimeTTSEvent


class AsyncRealtimeTTSSession:
    """One realtime stream. Send from one task, receive in another.

    ```python
    from vivavoce import AsyncVivavoceClient
    from vivavoce.types import RealtimeTTSConfig

    config = RealtimeTTSConfig(voice="en-us", audio_format="pcm_s16le", sample_rate=16000)
    async with AsyncVivavoceClient() as client, client.realtime.tts.connect(config=config) as session:
        await session.send_text_chunks(["Text goes in, ", "speech comes out."], text_end=True)
        audio = b"".join([chunk async for chunk in session.receive_audio_chunks()])
    ```
    """

    def __init__(self, loop: Loop, core: RealtimeCore, *, own_link: bool) -> None:
        self._loop = loop
        self._core = core
        self._own_link = own_link
        loop.leave_with(self, core.speech)

    @property
    def config(self) -> RealtimeTTSConfig:
        """What it was opened with."""
        return self._core.config

    @property
    def stream_id(self) -> str:
        """The name that its config gave it."""
        return self._core.config.stream_id

    @property
    def last_message(self) -> RealtimeTTSEvent | None:
        """The latest event that was received, also one that was raised as an error."""
        return self._core.last

    @property
    def paused(self) -> bool:
        """Whether text is kept here."""
        return self._core.paused

    async def send_text_chunk(self, text: str, text_end: bool = False) -> None:
        """Says more text; ``text_end`` says that it was the last. Raises VivavoceError."""
        await self._loop.run(self._core.chunk(text, text_end))

    async def send_text_chunks(
        self, chunks: str | Iterable[str] | AsyncIterable[str], text_end: bool = True
    ) -> None:
        """Says all of ``chunks``, one by one, as they come; unless ``text_end`` is false, they are the last.

        Raises VivavoceError, and what ``chunks`` raises.
        """
        if isinstance(chunks, str):
            await self.send_text_chunk(chunks, text_end)
        else:
            await self._loop.run(self._core.chunks(async_pieces(chunks), text_end))

    async def finish(self) -> None:
        """Says that no more text comes."""
        await self._loop.run(self._core.chunk("", True))

    async def cancel(self) -> None:
        """Stops at once; ``terminated`` follows."""
        await self._loop.run(self._core.cancel())

    async def keep_alive(self) -> None:
        """Shows the server that somebody is there. The sockets do so themselves; it is never needed."""
        await self._loop.run(self._core.keep_alive())

    async def pause(self) -> None:
        """Keeps text here from now on. Audio of what was sent goes on coming."""
        self._core.pause()

    async def resume(self) -> None:
        """Sends the text that was kept, in its order. Raises VivavoceError."""
        await self._loop.run(self._core.resume())

    async def receive_event(self) -> RealtimeTTSEvent | None:
        """The next event; ``None`` after ``terminated``. Raises like :meth:`receive_events`."""
        return await self._loop.run(self._core.next())

    async def receive_events(self) -> AsyncIterator[RealtimeTTSEvent]:
        """Events until ``terminated``.

        Raises VivavoceRealtimeError when the stream fails, VivavoceConnectionError when its connection does.
        """
        while (event := await self.receive_event()) is not None:
            yield event

    async def receive_audio_chunks(self) -> AsyncIterator[bytes]:
        """The audio alone. Raises like :meth:`receive_events`."""
        async for event in self.receive_events():
            if event.data:
                yield event.data

    async def aclose(self) -> None:
        """Cancels what is left of the stream, and closes the connection if it is the session's own."""
        speech = self._core.speech
        self._loop.do(speech.leave, lambda: speech.link)
        if self._own_link:
            await self._loop.run(self._core.link.closing())

    async def close(self) -> None:
        """The same as :meth:`aclose`, by the name that other SDKs have for it."""
        await self.aclose()

    async def __aenter__(self) -> AsyncRealtimeTTSSession:
        await self._loop.run(self._core.start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncMultiStreamConnection:
    """One socket for many streams. Each stream may have its own tasks; none waits for another's.

    ```python
    from vivavoce import AsyncVivavoceClient
    from vivavoce.types import RealtimeTTSConfig

    async with AsyncVivavoceClient() as client, client.realtime.tts.connect_multi_stream() as connection:
        first = await connection.open_stream(config=RealtimeTTSConfig(stream_id="a", voice="en-us"))
        second = await connection.open_stream(config=RealtimeTTSConfig(stream_id="b", voice="fr"))
        await first.send_text_chunk("Good morning.", text_end=True)
        await second.send_text_chunk("Bonjour.", text_end=True)
        print(sum([len(chunk) async for chunk in first.receive_audio_chunks()]))
        print(sum([len(chunk) async for chunk in second.receive_audio_chunks()]))
    ```
    """

    def __init__(self, loop: Loop, board: Switchboard, link: Link) -> None:
        self._loop = loop
        self._board = board
        self._link = link

    async def open_stream(self, config: RealtimeTTSConfig) -> AsyncRealtimeTTSSession:
        """A new stream. Raises VivavoceError."""
        core = RealtimeCore(self._board, config, self._link)
        await self._loop.run(core.start())
        return AsyncRealtimeTTSSession(self._loop, core, own_link=False)

    async def aclose(self) -> None:
        """Closes the socket; streams that live get VivavoceConnectionError."""
        await self._loop.run(self._link.closing())

    async def close(self) -> None:
        """The same as :meth:`aclose`, by the name that other SDKs have for it."""
        await self.aclose()

    async def __aenter__(self) -> AsyncMultiStreamConnection:
        await self._loop.run(self._link.opened())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncRealtimeTTS:
    """``client.realtime.tts``."""

    def __init__(self, loop: Loop, board: Switchboard) -> None:
        self._loop = loop
        self._board = board

    def connect(
        self, config: RealtimeTTSConfig | None = None, *, connect_timeout_sec: float | None = None
    ) -> AsyncRealtimeTTSSession:
        """One stream on a socket of its own; opened when the ``async with`` block is entered, or with its first use.

        ``connect_timeout_sec`` stands for the client's ``Timeouts.connect_s``.
        """
        link = self._board.new(connect_timeout_sec)
        core = RealtimeCore(self._board, config or RealtimeTTSConfig(), link)
        return AsyncRealtimeTTSSession(self._loop, core, own_link=True)

    def connect_multi_stream(self, *, connect_timeout_sec: float | None = None) -> AsyncMultiStreamConnection:
        """A socket for many streams; opened when the ``async with`` block is entered."""
        return AsyncMultiStreamConnection(self._loop, self._board, self._board.new(connect_timeout_sec))


class AsyncRealtime:
    """``client.realtime``."""

    def __init__(self, loop: Loop, board: Switchboard) -> None:
        self.tts = AsyncRealtimeTTS(loop, board)
        """Text to speech."""
