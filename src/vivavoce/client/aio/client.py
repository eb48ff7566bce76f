"""The client of asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from types import TracebackType
from typing import Any, TypeVar, Unpack

from vivavoce.client import calls
from vivavoce.client.aio.account import AsyncDictionaries, AsyncKeys
from vivavoce.client.aio.realtime import AsyncRealtime
from vivavoce.client.aio.streams import AsyncRealtimeStream, AsyncTTSStream
from vivavoce.client.calls import Call
from vivavoce.client.core import options
from vivavoce.client.core.link import Switchboard
from vivavoce.client.core.plan import Plan
from vivavoce.client.core.speech import Speech, checked
from vivavoce.client.core.streams import StreamCore, async_pieces, spoken_tokens
from vivavoce.client.core.tokens import token_text
from vivavoce.client.looped import Loop, Server
from vivavoce.client.remote import Address, LoopServer
from vivavoce.client.results import TTSResult, whole
from vivavoce.client.types import Format, Health, Language, Retries, SpeechOptions, Timeouts, Voice

T = TypeVar("T")


class AsyncVivavoceClient:
    """Speech from a Vivavoce server, for code of asyncio. Use it from the tasks of one event loop.

    ``base_url`` and ``api_key`` come from ``VIVAVOCE_URL`` (else ``http://127.0.0.1:8080``) and ``VIVAVOCE_API_KEY`` when
    they are not given. Nothing is connected before it is needed. Close it, or use it as a context manager.

    ```python
    from vivavoce import AsyncVivavoceClient

    async with AsyncVivavoceClient() as client:
        result = await client.tts("Hello there.", voice="en-us")
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
        server = server or LoopServer(Address(base_url, api_key))
        self._plan = Plan(timeouts or Timeouts(), retries or Retries(), buffer_bytes)
        self._loop = Loop(server)
        self._board = Switchboard(self._plan, self._loop.bell, resumable=server.resumable)
        self.realtime = AsyncRealtime(self._loop, self._board)
        """Sessions in the style of realtime SDKs; see :class:`AsyncRealtimeTTS`."""
        self.dictionaries = AsyncDictionaries(self._ask)
        """How words are said; see :class:`AsyncDictionaries`."""
        self.keys = AsyncKeys(self._ask)
        """Who may use the server; see :class:`AsyncKeys`."""

    @classmethod
    def local(
        cls, *, timeouts: Timeouts | None = None, retries: Retries | None = None, **settings: Any
    ) -> AsyncVivavoceClient:
        """A client with the engines in worker processes of this machine: no server, no port.

        ``settings`` are those of the server, such as ``workers=2`` or ``engines="espeak"``. The workers start at the first
        use and stop when the client is closed. AsyncDictionaries and keys need a server: they raise VivavoceValidationError
        with the code ``not_local``.

        ```python
        from vivavoce import AsyncVivavoceClient

        async with AsyncVivavoceClient.local(workers=1) as client:
            (await client.tts("No server, no port.", voice="en-us")).save("local.wav")
        ```
        """
        from vivavoce.client.local import LoopStudio

        return cls(timeouts=timeouts, retries=retries, server=LoopStudio(settings))

    # ---- speech -------------------------------------------------------------------------------------------------

    async def tts(self, text: str, **given: Unpack[SpeechOptions]) -> TTSResult:
        """``text``, spoken whole, as fast as it can be made. Any length; see :class:`SpeechOptions` for what may be given.

        Raises VivavoceError: VivavoceValidationError for what is asked wrongly, VivavoceConnectionError,
        VivavoceAuthError, VivavoceRateLimitError, VivavoceServerError.

        ```python
        from vivavoce import AsyncVivavoceClient

        async with AsyncVivavoceClient() as client:
            result = await client.tts("Slow and low.", output_format="mp3", speed=0.8, pitch=-3)
            samples = result.pcm16()
            print(samples.dtype, samples.shape)
        ```
        """
        speech = Speech(self._board, options.whole(given))
        try:
            return await self._loop.run(whole(speech, checked(text)))
        finally:
            self._loop.do(speech.leave, lambda: speech.link)

    def tts_stream(
        self, text: str | Iterable[str] | AsyncIterable[str], **given: Unpack[SpeechOptions]
    ) -> AsyncTTSStream:
        """``text``, spoken while it is made, and while it is written if it is an iterable, async or plain, of pieces.

        It begins when it is awaited or iterated; pieces are then taken by a task of their own. Raises VivavoceError like
        :meth:`tts` where the stream is awaited or iterated. A plain iterable that blocks, blocks the event loop.

        ```python
        from vivavoce import AsyncVivavoceClient


        async def words():
            yield "Text goes in as it is wri"
            yield "tten, speech comes out as it is made."


        async with AsyncVivavoceClient() as client:
            async for chunk in client.tts_stream(words(), output_format="mp3").iter_bytes():
                print(len(chunk))
        ```
        """
        return self._stream(async_pieces(text), given)

    def speak_tokens(
        self, stream: Iterable[Any] | AsyncIterable[Any], **given: Unpack[SpeechOptions]
    ) -> AsyncTTSStream:
        """What a language model writes, spoken while it writes.

        ``stream`` is what OpenAI's and Anthropic's SDKs give with ``stream=True``, dictionaries of these shapes, or plain
        strings; none of those packages is needed. Otherwise like :meth:`tts_stream`.

        ```python
        from vivavoce import AsyncVivavoceClient


        async def model():
            for token in ("Once ", "upon ", "a time."):
                yield {"choices": [{"index": 0, "delta": {"content": token}}]}


        async with AsyncVivavoceClient() as client:
            stream = client.speak_tokens(model(), voice="en-us")
            audio = b"".join([chunk async for chunk in stream.iter_bytes()])
        ```
        """
        return self._stream(spoken_tokens(async_pieces(stream), token_text), given)

    def tts_realtime(self, **given: Unpack[SpeechOptions]) -> AsyncRealtimeStream:
        """A stream written by hand. It opens when its ``with`` block is entered, or with its first use."""
        return AsyncRealtimeStream(self._loop, Speech(self._board, options.opening(given)))

    # ---- what the server has --------------------------------------------------------------------------------------

    async def voices(self, language: str | None = None) -> list[Voice]:
        """The installed voices, best first within a language; those of ``language`` if it is given.

        ```python
        from vivavoce import AsyncVivavoceClient

        async with AsyncVivavoceClient() as client:
            print([voice.id for voice in await client.voices("en-US")][:3])
            print(len(await client.languages()), [format.name for format in await client.formats()])
            print((await client.health()).status)
        ```
        """
        return await self._ask(calls.voices(language))

    async def languages(self) -> list[Language]:
        """The languages spoken, each with its best voice."""
        return await self._ask(calls.languages())

    async def formats(self) -> list[Format]:
        """The audio formats, their rates and bit rates."""
        return await self._ask(calls.formats())

    async def health(self) -> Health:
        """How the server is. Needs no key."""
        return await self._ask(calls.health())

    # ---- its end ------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Closes every connection; streams that live get VivavoceConnectionError. Safe more than once."""
        await self._loop.run(self._board.closing())
        await self._loop.close()

    async def __aenter__(self) -> AsyncVivavoceClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # ---- within -------------------------------------------------------------------------------------------------

    async def _ask(self, call: Call[T]) -> T:
        self._board.check()
        return await self._loop.run(calls.carry_out(call, self._plan))

    def _stream(self, source: object, given: SpeechOptions) -> AsyncTTSStream:
        return AsyncTTSStream(self._loop, StreamCore(Speech(self._board, options.opening(given)), source))
