"""Streams of the client of threads."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

from vivavoce.client.core.speech import Speech
from vivavoce.client.core.streams import StreamCore, next_message
from vivavoce.client.results import timed
from vivavoce.client.threaded import Threads
from vivavoce.client.types import Mark, StreamEvent, TimedText


class TTSStream:
    """Speech as it is made: iterate it, or :meth:`iter_bytes`. Leaving the loop early cancels it at the server.

    ```python
    from vivavoce import VivavoceClient

    with VivavoceClient() as client, open("speech.wav", "wb") as file:
        stream = client.tts_stream("Streaming is fast.", voice="en-us")
        for chunk in stream.iter_bytes():
            file.write(chunk)
        print(stream.sample_rate, [word.text for word in stream.text_with_timestamps])
    ```
    """

    def __init__(self, threads: Threads, core: StreamCore) -> None:
        self._threads = threads
        self._core = core
        threads.leave_with(self, core.speech)

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
        """Hertz. Waits until the stream is open. Raises VivavoceError when it cannot be opened."""
        return self._threads.run(self._core.ready()).rate_hz

    @property
    def output_format(self) -> str:
        """The format's name as the server has it. Waits like :attr:`sample_rate`."""
        return self._threads.run(self._core.ready()).format

    @property
    def request_id(self) -> str:
        """How the server's log names this stream."""
        return self._core.speech.request_id

    def iter_bytes(self) -> Iterator[bytes]:
        """The audio, to be joined byte by byte; :attr:`marks` grows meanwhile.

        Raises VivavoceError when the stream fails, and whatever your own iterator of text raised.
        """
        try:
            while (data := self._threads.run(self._core.next_bytes())) is not None:
                yield data
        finally:
            self.close()

    def __iter__(self) -> Iterator[StreamEvent]:
        """Audio, marks and ends of flushes in their order. Raises like :meth:`iter_bytes`."""
        try:
            while (event := self._threads.run(self._core.next())) is not None:
                yield event
        finally:
            self.close()

    def close(self) -> None:
        """Cancels what is left of it. Safe at any time, from any thread, and more than once."""
        speech = self._core.speech
        self._threads.do(speech.leave, lambda: speech.link)

    def __enter__(self) -> TTSStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RealtimeStream:
    """A stream written by hand: send text from one thread, iterate messages in another, or in the same.

    Messages are dictionaries: ``{"type": "ready", "request_id", "voice", "output_format", "sample_rate"}``,
    ``{"type": "audio", "audio": bytes}``, ``{"type": "text", "text", "start_s", "stop_s", "text_start", "text_stop"}`` for
    each word, ``{"type": "flushed", "flush_id", "audio_s"}`` and at last ``{"type": "end_of_stream", "audio_s",
    "characters", "cancelled"}``.

    ```python
    from vivavoce import VivavoceClient

    with VivavoceClient() as client, client.tts_realtime(voice="en-us", output_format="pcm_s16le") as speech:
        speech.send_text("Hello ")
        speech.send_text("there.")
        speech.send_eos()
        audio = b"".join(m["audio"] for m in speech if m["type"] == "audio")
    ```
    """

    def __init__(self, threads: Threads, speech: Speech) -> None:
        self._threads = threads
        self._speech = speech
        threads.leave_with(self, speech)

    @property
    def request_id(self) -> str:
        """How the server's log names this stream."""
        return self._speech.request_id

    @property
    def sample_rate(self) -> int:
        """Hertz. Waits until the stream is open. Raises VivavoceError when it cannot be opened."""
        return self._threads.run(self._speech.ready()).rate_hz

    def send_text(self, text: str) -> None:
        """Says more text; pieces are joined as they are and may end within a word. Raises VivavoceError."""
        self._threads.run(self._speech.text(text))

    def flush(self, flush_id: str | None = None) -> None:
        """Speaks all the text so far without waiting for more; ``flushed`` follows its last audio."""
        self._threads.run(self._speech.flush(flush_id))

    def send_eos(self) -> None:
        """Says that no more text comes."""
        self._threads.run(self._speech.end())

    def cancel(self) -> None:
        """Stops at once: at most a piece on its way still comes, then ``end_of_stream``. From any thread."""
        self._threads.run(self._speech.cancel())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Messages to the end. Raises VivavoceError when the stream fails. It may be left and taken up again."""
        while (message := self._threads.run(next_message(self._speech))) is not None:
            yield message

    def close(self) -> None:
        """Cancels what is left of it."""
        self._threads.do(self._speech.leave, lambda: self._speech.link)

    def __enter__(self) -> RealtimeStream:
        self._threads.run(self._speech.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
