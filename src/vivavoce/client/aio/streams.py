"""Streams of the client of asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import Any

from vivavoce.client.core.speech import Speech
from vivavoce.client.core.streams import StreamCore, next_message
from vivavoce.client.looped import Loop
from vivavoce.client.results import timed
from vivavoce.client.types import Mark, Opened, StreamEvent, TimedText
from vivavoce.errors import VivavoceValidationError


class AsyncTTSStream:
    """Speech as it is made: iterate it, or :meth:`iter_bytes`. Leaving the loop early cancels it at the server.

    Awaiting the stream waits until it is open; iterating it does so too.

    ```python
    from vivavoce import AsyncVivavoceClient

    async with AsyncVivavoceClient() as client:
        stream = await client.tts_stream("Streaming is fast.", voice="en-us")
        print(stream.sample_rate)
        async for chunk in stream.iter_bytes():
            print(len(chunk))
        print([word.text for word in stream.text_with_timestamps])
    ```
    """

    def __init__(self, loop: Loop, core: StreamCore) -> None:
        self._loop = loop
        self._core = core
        loop.leave_with(self, core.speech)

    @property
    def marks(self) -> list[Mark]:
        """The marks that have come so far, each before the audio it lies in. The list is yours: clear it to save
        memory in a stream of hours."""
        return self._core.marks

    @property
    def text_with_timestamps(self) -> list[TimedText]:
        """The words among :attr:`marks`."""
        return [timed(mark) for mark in self.marks if mark.kind == "word"]

    @property
    def sample_rate(self) -> int:
        """Hertz, once the stream is open. Raises VivavoceValidationError before."""
        return _open(self._core.speech).rate_hz

    @property
    def output_format(self) -> str:
        """The format's name as the server has it. Known like :attr:`sample_rate`."""
        return _open(self._core.speech).format

    @property
    def request_id(self) -> str:
        """How the server's log names this stream."""
        return self._core.speech.request_id

    def __await__(self) -> Generator[Any, None, AsyncTTSStream]:
        """Waits until it is open. Raises VivavoceError when it cannot be opened."""
        yield from self._loop.run(self._core.ready()).__await__()
        return self

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """The audio, to be joined byte by byte; :attr:`marks` grows meanwhile.

        Raises VivavoceError when the stream fails, and whatever your own iterator of text raised.
        """
        try:
            while (data := await self._loop.run(self._core.next_bytes())) is not None:
                yield data
        finally:
            await self.aclose()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """Audio, marks and ends of flushes in their order. Raises like :meth:`iter_bytes`."""
        try:
            while (event := await self._loop.run(self._core.next())) is not None:
                yield event
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancels what is left of it. Safe at any time, and more than once."""
        speech = self._core.speech
        self._loop.do(speech.leave, lambda: speech.link)

    async def __aenter__(self) -> AsyncTTSStream:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncRealtimeStream:
    """A stream written by hand: send text from one task, iterate messages in another, or in the same.

    Messages are dictionaries: ``{"type": "ready", "request_id", "voice", "output_format", "sample_rate"}``,
    ``{"type": "audio", "audio": bytes}``, ``{"type": "text", "text", "start_s", "stop_s", "text_start", "text_stop"}`` for
    each word, ``{"type": "flushed", "flush_id", "audio_s"}`` and at last ``{"type": "end_of_stream", "audio_s",
    "characters", "cancelled"}``.

    ```python
    from vivavoce import AsyncVivavoceClient

    async with (
        AsyncVivavoceClient() as client,
        client.tts_realtime(voice="en-us", output_format="pcm_s16le") as speech,
    ):
        await speech.send_text("Hello ")
        await speech.send_text("there.")
        await speech.send_eos()
        audio = b"".join([m["audio"] async for m in speech if m["type"] == "audio"])
    ```
    """

    def __init__(self, loop: Loop, speech: Speech) -> None:
        self._loop = loop
        self._speech = speech
        loop.leave_with(self, speech)

    @property
    def request_id(self) -> str:
        """How the server's log names this stream."""
        return self._speech.request_id

    @property
    def sample_rate(self) -> int:
        """Hertz, once the stream is open, as its ``ready`` tells too. Raises VivavoceValidationError before."""
        return _open(self._speech).rate_hz

    async def send_text(self, text: str) -> None:
        """Says more text; pieces are joined as they are and may end within a word. Raises VivavoceError."""
        await self._loop.run(self._speech.text(text))

    async def flush(self, flush_id: str | None = None) -> None:
        """Speaks all the text so far without waiting for more; ``flushed`` follows its last audio."""
        await self._loop.run(self._speech.flush(flush_id))

    async def send_eos(self) -> None:
        """Says that no more text comes."""
        await self._loop.run(self._speech.end())

    async def cancel(self) -> None:
        """Stops at once: at most a piece on its way still comes, then ``end_of_stream``."""
        await self._loop.run(self._speech.cancel())

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Messages to the end. Raises VivavoceError when the stream fails. It may be left and taken up again."""
        while (message := await self._loop.run(next_message(self._speech))) is not None:
            yield message

    async def aclose(self) -> None:
        """Cancels what is left of it."""
        self._loop.do(self._speech.leave, lambda: self._speech.link)

    async def __aenter__(self) -> AsyncRealtimeStream:
        await self._loop.run(self._speech.start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _open(speech: Speech) -> Opened:
    if (opened := speech.known) is None:
        raise VivavoceValidationError(
            "expected a stream that is open; await it, or iterate it, first", code="out_of_order"
        )
    return opened
