"""Realtime sessions of the client of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType

from vivavoce.client.core.link import Link, Switchboard
from vivavoce.client.core.realtime import RealtimeCore
from vivavoce.client.core.streams import pieces
from vivavoce.client.threaded import Threads
from vivavoce.client.types import RealtimeTTSConfig, RealtimeTTSEvent


class RealtimeTTSSession:
    """One realtime stream. Send from one thread, receive in another.

    ```python
    from vivavoce import VivavoceClient
    from vivavoce.types import RealtimeTTSConfig

    config = RealtimeTTSConfig(voice="en-us", audio_format="pcm_s16le", sample_rate=16000)
    with VivavoceClient() as client, client.realtime.tts.connect(config=config) as session:
        session.send_text_chunks(["Text goes in, ", "speech comes out."], text_end=True)
        audio = b"".join(session.receive_audio_chunks())
    ```
    """

    def __init__(self, threads: Threads, core: RealtimeCore, *, own_link: bool) -> None:
        self._threads = threads
        self._core = core
        self._own_link = own_link
        threads.leave_with(self, core.speech)

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

    def send_text_chunk(self, text: str, text_end: bool = False) -> None:
        """Says more text; ``text_end`` says that it was the last. Raises VivavoceError."""
        self._threads.run(self._core.chunk(text, text_end))

    def send_text_chunks(self, chunks: str | Iterable[str], text_end: bool = True) -> None:
        """Says all of ``chunks``, one by one, as they come; unless ``text_end`` is false, they are the last.

        Raises VivavoceError, and what ``chunks`` raises.
        """
        if isinstance(chunks, str):
            self.send_text_chunk(chunks, text_end)
        else:
            self._threads.run(self._core.chunks(pieces(chunks), text_end))

    def finish(self) -> None:
        """Says that no more text comes."""
        self._threads.run(self._core.chunk("", True))

    def cancel(self) -> None:
        """Stops at once; ``terminated`` follows."""
        self._threads.run(self._core.cancel())

    def keep_alive(self) -> None:
        """Shows the server that somebody is there. The sockets do so themselves; it is never needed."""
        self._threads.run(self._core.keep_alive())

    def pause(self) -> None:
        """Keeps text here from now on. Audio of what was sent goes on coming."""
        self._core.pause()

    def resume(self) -> None:
        """Sends the text that was kept, in its order. Raises VivavoceError."""
        self._threads.run(self._core.resume())

    def receive_event(self) -> RealtimeTTSEvent | None:
        """The next event; ``None`` after ``terminated``. Raises like :meth:`receive_events`."""
        return self._threads.run(self._core.next())

    def receive_events(self) -> Iterator[RealtimeTTSEvent]:
        """Events until ``terminated``.

        Raises VivavoceRealtimeError when the stream fails, VivavoceConnectionError when its connection does.
        """
        while (event := self.receive_event()) is not None:
            yield event

    def receive_audio_chunks(self) -> Iterator[bytes]:
        """The audio alone. Raises like :meth:`receive_events`."""
        for event in self.receive_events():
            if event.data:
                yield event.data

    def close(self) -> None:
        """Cancels what is left of the stream, and closes the connection if it is the session's own."""
        speech = self._core.speech
        self._threads.do(speech.leave, lambda: speech.link)
        if self._own_link:
            self._threads.run(self._core.link.closing())

    def __enter__(self) -> RealtimeTTSSession:
        self._threads.run(self._core.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class MultiStreamConnection:
    """One socket for many streams. Each stream may have its own threads; none waits for another's.

    ```python
    from vivavoce import VivavoceClient
    from vivavoce.types import RealtimeTTSConfig

    with VivavoceClient() as client, client.realtime.tts.connect_multi_stream() as connection:
        first = connection.open_stream(config=RealtimeTTSConfig(stream_id="a", voice="en-us"))
        second = connection.open_stream(config=RealtimeTTSConfig(stream_id="b", voice="fr"))
        first.send_text_chunk("Good morning.", text_end=True)
        second.send_text_chunk("Bonjour.", text_end=True)
        print(sum(map(len, first.receive_audio_chunks())), sum(map(len, second.receive_audio_chunks())))
    ```
    """

    def __init__(self, threads: Threads, board: Switchboard, link: Link) -> None:
        self._threads = threads
        self._board = board
        self._link = link

    def open_stream(self, config: RealtimeTTSConfig) -> RealtimeTTSSession:
        """A new stream. Raises VivavoceError."""
        core = RealtimeCore(self._board, config, self._link)
        self._threads.run(core.start())
        return RealtimeTTSSession(self._threads, core, own_link=False)

    def close(self) -> None:
        """Closes the socket; streams that live get VivavoceConnectionError."""
        self._threads.run(self._link.closing())

    def __enter__(self) -> MultiStreamConnection:
        self._threads.run(self._link.opened())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RealtimeTTS:
    """``client.realtime.tts``."""

    def __init__(self, threads: Threads, board: Switchboard) -> None:
        self._threads = threads
        self._board = board

    def connect(
        self, config: RealtimeTTSConfig | None = None, *, connect_timeout_sec: float | None = None
    ) -> RealtimeTTSSession:
        """One stream on a socket of its own; opened when the ``with`` block is entered, or with its first use.

        ``connect_timeout_sec`` stands for the client's ``Timeouts.connect_s``.
        """
        link = self._board.new(connect_timeout_sec)
        core = RealtimeCore(self._board, config or RealtimeTTSConfig(), link)
        return RealtimeTTSSession(self._threads, core, own_link=True)

    def connect_multi_stream(self, *, connect_timeout_sec: float | None = None) -> MultiStreamConnection:
        """A socket for many streams; opened when the ``with`` block is entered."""
        return MultiStreamConnection(self._threads, self._board, self._board.new(connect_timeout_sec))


class Realtime:
    """``client.realtime``."""

    def __init__(self, threads: Threads, board: Switchboard) -> None:
        self.tts = RealtimeTTS(threads, board)
        """Text to speech."""
