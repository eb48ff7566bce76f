"""What code that moves over from other realtime SDKs relies on, and what a stranger does to a client by mistake."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from paper_line import Scene, play
from rehearsal import settle
from vivavoce import VivavoceClient
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
        result = await scene.client.tts("Words.", marks=None, speed=None, output_format=None)  # type: ignore[arg-type] # a stranger's mistake
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
