"""The client of threads."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, TypeVar, Unpack

from vivavoce.client import calls
from vivavoce.client.calls import Call
from vivavoce.client.core import options
from vivavoce.client.core.link import Switchboard
from vivavoce.client.core.plan import Plan
from vivavoce.client.core.speech import Speech, checked
from vivavoce.client.core.streams import StreamCore, pieces, spoken_tokens
from vivavoce.client.core.tokens import token_text
from vivavoce.client.remote import Address, ThreadedServer
from vivavoce.client.results import TTSResult, whole
from vivavoce.client.sync.account import Dictionaries, Keys
from vivavoce.client.sync.realtime import Realtime
from vivavoce.client.sync.streams import RealtimeStream, TTSStream
from vivavoce.client.threaded import Server, Threads
from vivavoce.client.types import Format, Health, Language, Retries, SpeechOptions, Timeouts, Voice

T = TypeVar("T")


class VivavoceClient:
    """Speech from a Vivavoce server, for code of threads. Safe to use from several threads at once.

    ``base_url`` and ``api_key`` come from ``VIVAVOCE_URL`` (else ``http://127.0.0.1:8080``) and ``VIVAVOCE_API_KEY`` when
    they are not given. Nothing is connected before it is needed. Close it, or use it as a context manager.

    ```python
    from vivavoce import VivavoceClient

    with VivavoceClient() as client:
        result = client.tts("Hello there.", voice="en-us")
        result.save("hello.wav")
        print(result.sample_rate, [(word.text, word.start_s) for word in result.text_with_timestamps])
    ```
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
        buffer_bytes: int = 262_144,
        server: Server | None = None,
    ) -> None:
        """``buffer_bytes`` is the audio that one stream may hold unheard here before the server pauses it; ``server`` is
        who answers instead of an address. Raises VivavoceValidationError for an address that is none."""
        server = server or ThreadedServer(Address(base_url, api_key))
        self._plan = Plan(timeouts or Timeouts(), retries or Retries(), buffer_bytes)
        self._threads = Threads(server)
        self._board = Switchboard(self._plan, self._threads.bell, resumable=server.resumable)
        self.realtime = Realtime(self._threads, self._board)
        """Sessions in the style of realtime SDKs; see :class:`RealtimeTTS`."""
        self.dictionaries = Dictionaries(self._ask)
        """How words are said; see :class:`Dictionaries`."""
        self.keys = Keys(self._ask)
        """Who may use the server; see :class:`Keys`."""

    @classmethod
    def local(
        cls, *, timeouts: Timeouts | None = None, retries: Retries | None = None, **settings: Any
    ) -> VivavoceClient:
        """A client with the engines in worker processes of this machine: no server, no port.

        ``settings`` are those of the server, such as ``workers=2`` or ``engines="espeak"``. The workers start at the first
        use and stop when the client is closed. Dictionaries and keys need a server: they raise VivavoceValidationError
        with the code ``not_local``.

        ```python
        from vivavoce import VivavoceClient

        with VivavoceClient.local(workers=1) as client:
            client.tts("No server, no port.", voice="en-us").save("local.wav")
        ```
        """
        from vivavoce.client.local import ThreadedStudio

        return cls(timeouts=timeouts, retries=retries, server=ThreadedStudio(settings))

    # ---- speech -------------------------------------------------------------------------------------------------

    def tts(self, text: str, **given: Unpack[SpeechOptions]) -> TTSResult:
        """``text``, spoken whole, as fast as it can be made. Any length; see :class:`SpeechOptions` for what may be given.

        Raises VivavoceError: VivavoceValidationError for what is asked wrongly, VivavoceConnectionError,
        VivavoceAuthError, VivavoceRateLimitError, VivavoceServerError.

        ```python
        from vivavoce import VivavoceClient

        with VivavoceClient() as client:
            samples = client.tts("Slow and low.", output_format="mp3", speed=0.8, pitch=-3).pcm16()
            print(samples.dtype, samples.shape)
        ```
        """
        speech = Speech(self._board, options.whole(given))
        try:
            return self._threads.run(whole(speech, checked(text)))
        finally:
            self._threads.do(speech.leave, lambda: speech.link)

    def tts_stream(self, text: str | Iterable[str], **given: Unpack[SpeechOptions]) -> TTSStream:
        """``text``, spoken while it is made, and while it is written if it is an iterable of pieces.

        Pieces are taken by a thread of their own, which ends with the iterable, or with the next piece after the stream
        was left. Raises VivavoceError like :meth:`tts`, here or where the stream is iterated.

        ```python
        from vivavoce import VivavoceClient


        def words():
            yield "Text goes in as it is wri"
            yield "tten, speech comes out as it is made."


        with VivavoceClient() as client:
            for chunk in client.tts_stream(words(), output_format="mp3").iter_bytes():
                print(len(chunk))
        ```
        """
        return self._stream(pieces(text), given)

    def speak_tokens(self, stream: Iterable[Any], **given: Unpack[SpeechOptions]) -> TTSStream:
        """What a language model writes, spoken while it writes.

        ``stream`` is what OpenAI's and Anthropic's SDKs give with ``stream=True``, dictionaries of these shapes, or plain
        strings; none of those packages is needed. Otherwise like :meth:`tts_stream`.

        ```python
        from vivavoce import VivavoceClient


        def model():
            for token in ("Once ", "upon ", "a time."):
                yield {"choices": [{"index": 0, "delta": {"content": token}}]}


        with VivavoceClient() as client:
            audio = b"".join(client.speak_tokens(model(), voice="en-us").iter_bytes())
        ```
        """
        return self._stream(spoken_tokens(pieces(stream), token_text), given)

    def tts_realtime(self, **given: Unpack[SpeechOptions]) -> RealtimeStream:
        """A stream written by hand. It opens when its ``with`` block is entered, or with its first use."""
        return RealtimeStream(self._threads, Speech(self._board, options.opening(given)))

    # ---- what the server has --------------------------------------------------------------------------------------

    def voices(self, language: str | None = None) -> list[Voice]:
        """The installed voices, best first within a language; those of ``language`` if it is given.

        ```python
        from vivavoce import VivavoceClient

        with VivavoceClient() as client:
            print([voice.id for voice in client.voices("en-US")][:3])
            print(len(client.languages()), [format.name for format in client.formats()])
            print(client.health().status)
        ```
        """
        return self._ask(calls.voices(language))

    def languages(self) -> list[Language]:
        """The languages spoken, each with its best voice."""
        return self._ask(calls.languages())

    def formats(self) -> list[Format]:
        """The audio formats, their rates and bit rates."""
        return self._ask(calls.formats())

    def health(self) -> Health:
        """How the server is. Needs no key."""
        return self._ask(calls.health())

    # ---- its end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes every connection; streams that live get VivavoceConnectionError. Safe more than once."""
        self._threads.run(self._board.closing())
        self._threads.close()

    def __enter__(self) -> VivavoceClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- within -------------------------------------------------------------------------------------------------

    def _ask(self, call: Call[T]) -> T:
        self._board.check()
        return self._threads.run(calls.carry_out(call, self._plan))

    def _stream(self, source: object, given: SpeechOptions) -> TTSStream:
        core = StreamCore(Speech(self._board, options.opening(given)), source)
        self._threads.run(core.begin())
        return TTSStream(self._threads, core)
