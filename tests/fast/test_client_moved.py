"""What code that moves over from other realtime SDKs relies on, and what a stranger does to a client by mistake."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import pytest

from paper_line import PCM, Scene, heard, play
from rehearsal import settle
from vivavoce import AsyncVivavoceClient, VivavoceClient
from vivavoce.client.aio.streams import AsyncTTSStream
from vivavoce.errors import VivavoceConnectionError, VivavoceValidationError
from vivavoce.speech import Cancel
from vivavoce.types import RealtimeTTSConfig

pytestmark = pytest.mark.fast

CONFIG = RealtimeTTSConfig(
    stream_id="greeting", model="tts-rt-v1-preview", language="en", voice="", speed=1.0
)


def test_chunks_are_all_of_the_text_unless_told_otherwise() -> None:
    async def story(scene: Scene) -> None:
        async with scene.client.realtime.tts.connect(config=CONFIG, connect_timeout_sec=5.0) as session:
            assert session.stream_id == "greeting"
            await session.send_text_chunks(["Good ", "morn"], text_end=False)
            await session.send_text_chunks(["ing."])
            assert b"".join([data async for data in session.receive_audio_chunks()]) == b"Good morning."

    play(story)


def test_events_come_one_by_one_and_pausing_is_awaited() -> None:
    async def story(scene: Scene) -> None:
        connection = scene.client.realtime.tts.connect_multi_stream(connect_timeout_sec=5.0)
        session = await connection.open_stream(config=CONFIG)
        await session.pause()
        await session.send_text_chunk("Kept.", text_end=True)
        assert session.paused
        await session.resume()
        events = []
        while (event := await session.receive_event()) is not None:
            events.append(event)
        assert b"".join(event.data or b"" for event in events) == b"Kept."
        assert events[-1].terminated
        await session.close()
        await connection.close()

    play(story)


@pytest.mark.parametrize("shape", ["stream", "realtime", "session"])
def test_a_stream_that_nobody_holds_any_more_is_cancelled(shape: str) -> None:
    async def story(scene: Scene) -> None:
        held: list[Any] = [await _begun(scene, shape)]
        await settle()
        assert Cancel() not in scene.studio.streams[0].commands
        held.clear()
        gc.collect()
        await settle()
        assert Cancel() in scene.studio.streams[0].commands

    play(story, scripted=True)


async def _begun(scene: Scene, shape: str) -> Any:
    if shape == "stream":
        return await scene.client.tts_stream("Words.")
    if shape == "realtime":
        speech = scene.client.tts_realtime()
        await speech.send_text("Words.")
        return speech
    session = await scene.client.realtime.tts.connect(CONFIG).__aenter__()
    await session.send_text_chunk("Words.")
    return session


def test_what_is_given_as_none_is_not_given() -> None:
    async def story(scene: Scene) -> None:
        mistaken: dict[str, Any] = {"marks": None, "speed": None, "output_format": None}
        result = await scene.client.tts("Words.", **mistaken)
        assert result.output_format == "wav"
        assert scene.studio.streams[0].request.marks == {"word"}

    play(story)


def test_half_a_character_is_refused_in_every_shape() -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(VivavoceValidationError, match="lone surrogate at position 3"):
            await scene.client.tts("Hi \ud83d")
        stream = scene.client.tts_stream(iter(["Hi ", "\ud83d", "\ude00"]))
        with pytest.raises(VivavoceValidationError, match="lone surrogate at position 0"):
            async for _ in stream.iter_bytes():
                pass
        async with scene.client.tts_realtime() as speech:
            with pytest.raises(VivavoceValidationError, match="lone surrogate"):
                await speech.send_text("\udc00")
            await speech.send_text("Goes on.")
            await speech.send_eos()
            assert [message["type"] async for message in speech][-1] == "end_of_stream"

    play(story)


def test_after_the_client_was_closed_nothing_is_asked() -> None:
    async def story(scene: Scene) -> None:
        await scene.client.aclose()
        with pytest.raises(VivavoceConnectionError, match="closed by this client"):
            await scene.client.voices()
        with pytest.raises(VivavoceConnectionError, match="closed by this client"):
            await scene.client.dictionaries.list()

    play(story)


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "https:///x", "http://127.0.0.1:99999", "http://host:port", "http://x:0"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(VivavoceValidationError, match="base_url: expected"):
        VivavoceClient(url)


@pytest.mark.parametrize(
    "url", ["localhost:8080", "http://localhost:8080/", "https://voice.example/speech//", "[::1]:8080"]
)
def test_an_address(url: str) -> None:
    VivavoceClient(url).close()


class _SlowDoor:
    """A server whose first socket takes for ever to open."""

    resumable = True

    def __init__(self, server: Any) -> None:
        self._server = server
        self.dials = 0

    async def dial(self, timeout_s: float) -> Any:
        self.dials += 1
        if self.dials == 1:
            await asyncio.Event().wait()
        return await self._server.dial(timeout_s)

    async def close(self) -> None:
        await self._server.close()


@pytest.mark.parametrize("waiting", [False, True])
def test_a_caller_who_is_stopped_while_the_connection_opens_blocks_nobody(waiting: bool) -> None:
    async def story(scene: Scene) -> None:
        client = AsyncVivavoceClient(server=cast(Any, _SlowDoor(scene.server)))
        impatient = asyncio.create_task(client.tts("Words."))
        await settle()
        sibling = asyncio.create_task(client.tts("Others.")) if waiting else None
        await settle()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        async with asyncio.timeout(5):
            assert (await (sibling or client.tts("Others.", **PCM))).raw_data.endswith(b"Others.")
        await client.aclose()

    play(story)


def test_a_stream_whose_opening_was_cut_short_can_be_opened_again() -> None:
    async def story(scene: Scene) -> None:
        client = AsyncVivavoceClient(server=cast(Any, _SlowDoor(scene.server)))
        stream = client.tts_stream("Words.", **PCM)
        first = asyncio.ensure_future(_opened(stream))
        await settle()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        async with asyncio.timeout(5):
            assert await heard(stream) == b"Words."
        await client.aclose()

    play(story)


async def _opened(stream: AsyncTTSStream) -> None:
    await stream


def test_a_session_that_was_never_entered_opens_with_its_first_use() -> None:
    async def story(scene: Scene) -> None:
        session = scene.client.realtime.tts.connect(CONFIG)
        await session.send_text_chunks("Hello.")
        assert b"".join([data async for data in session.receive_audio_chunks()]) == b"Hello."
        await session.close()
        connection = scene.client.realtime.tts.connect_multi_stream()
        both = await asyncio.gather(*(connection.open_stream(CONFIG) for _ in range(2)))
        assert len(scene.server.lines) == 2
        for each in both:
            await each.send_text_chunks("Hi.")
            assert b"".join([data async for data in each.receive_audio_chunks()]) == b"Hi."
        await connection.close()

    play(story)


@pytest.mark.parametrize("key", ["wr\u00f6ng", "a\nb", "x\x00"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(VivavoceValidationError, match="api_key: expected") as caught:
        VivavoceClient(api_key=key)
    assert key not in str(caught.value)
    VivavoceClient(api_key="from-a-file\n").close()
