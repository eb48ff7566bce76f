"""The SDK's streams where something fails: refused, tried again, cut for good, too late, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from paper_line import PCM, Scene, heard, play, unreachable
from rehearsal import settle
from vivavoce.errors import (
    EngineError,
    OverloadedError,
    VivavoceAuthError,
    VivavoceConnectionError,
    VivavoceError,
    VivavoceRateLimitError,
    VivavoceServerError,
    VivavoceTimeoutError,
    VivavoceValidationError,
)
from vivavoce.speech import Audio, Cancel, Ended, Failed, Text
from vivavoce.types import Retries, Timeouts

pytestmark = pytest.mark.fast


def test_what_may_pass_is_tried_again_before_any_audio() -> None:
    async def story(scene: Scene) -> None:
        scene.server.down = [unreachable(), unreachable()]
        scene.studio.refuse = OverloadedError("full", retry_after_s=0.0)
        speaking = asyncio.create_task(scene.client.tts("Again.", **PCM))
        await settle()
        assert scene.server.lines
        scene.studio.refuse = None
        assert (await speaking).raw_data == b"Again."

    play(story, retries=Retries(times=50, first_s=0.0, longest_s=0.0))


def test_a_stream_whose_worker_died_unheard_is_said_again_whole() -> None:
    async def story(scene: Scene) -> None:
        async def words() -> AsyncIterator[str]:
            yield "One "
            await gate.wait()
            yield "two."

        gate = asyncio.Event()
        listening = asyncio.create_task(heard(scene.client.tts_stream(words(), **PCM)))
        await settle()
        scene.studio.streams[0].emit(Failed(EngineError("no breath")))
        await settle()
        gate.set()
        await settle()
        second = scene.studio.streams[1]
        assert [c.text for c in second.commands if isinstance(c, Text)] == ["One ", "two."]
        second.emit(Audio(b"ok", 0, 1), Ended(1, 8))
        assert await listening == b"ok"

    play(story, scripted=True)


def test_nothing_is_tried_again_once_audio_was_heard() -> None:
    async def story(scene: Scene) -> None:
        listening = asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM)))
        await settle()
        scene.studio.streams[0].emit(Audio(b"a", 0, 1))
        await settle()
        scene.studio.streams[0].emit(Failed(EngineError("no breath")))
        with pytest.raises(VivavoceServerError, match="no breath") as caught:
            await listening
        assert caught.value.code == "engine_failed"
        assert len(scene.studio.streams) == 1

    play(story, scripted=True)


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        (OverloadedError("full", retry_after_s=0.0), VivavoceRateLimitError),
        (EngineError("no breath"), VivavoceServerError),
    ],
)
def test_tries_are_counted(told: VivavoceError, raised: type[VivavoceError]) -> None:
    async def story(scene: Scene) -> None:
        scene.studio.refuse = told
        with pytest.raises(raised) as caught:
            await scene.client.tts("Never.", **PCM)
        assert (caught.value.code, caught.value.retry_after_s) == (told.code, told.retry_after_s)

    play(story)


def test_a_server_that_asks_for_much_patience_is_not_waited_for() -> None:
    async def story(scene: Scene) -> None:
        scene.studio.refuse = OverloadedError("full", retry_after_s=3600.0)
        with pytest.raises(VivavoceRateLimitError) as caught:
            await scene.client.tts("Never.")
        assert caught.value.retry_after_s == 3600.0

    play(story)


@pytest.mark.parametrize(
    ("options", "code", "param"),
    [
        ({"voice": "nobody"}, "unknown_voice", "voice"),
        ({"output_format": "midi"}, "unknown_format", "format"),
        ({"speed": 9}, "out_of_range", "speed"),
    ],
)
def test_what_is_asked_wrongly_is_told_once(options: dict[str, Any], code: str, param: str) -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(VivavoceValidationError) as caught:
            await scene.client.tts("x", **options)
        assert (caught.value.code, caught.value.param) == (code, param)
        assert (await scene.client.tts("Goes on.", **PCM)).raw_data == b"Goes on."

    play(story)


@pytest.mark.parametrize("text", ["", "  \n", 7, None, b"bytes"])
def test_what_is_no_text_is_refused_here(text: Any) -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(VivavoceValidationError, match="text: expected"):
            await scene.client.tts(text)
        with pytest.raises(VivavoceValidationError, match="text: expected"):
            scene.client.tts_stream(text)
        assert not scene.server.lines

    play(story)


def test_what_the_callers_own_text_raises_comes_out_where_it_listens() -> None:
    async def story(scene: Scene) -> None:
        def words() -> Iterator[str]:
            yield "One "
            raise LookupError("the model is gone")

        with pytest.raises(LookupError, match="the model is gone"):
            await heard(scene.client.tts_stream(words(), **PCM))
        await settle()
        assert Cancel() in scene.studio.streams[0].commands

    play(story, scripted=True)


def test_pieces_that_are_no_text_are_told() -> None:
    async def story(scene: Scene) -> None:
        mistaken: list[Any] = ["One ", 2]
        with pytest.raises(VivavoceValidationError, match="expected a string, got int"):
            await heard(scene.client.tts_stream(mistaken, **PCM))

    play(story)


def test_an_unannounced_close_is_an_error_in_all_streams_with_code_and_reason() -> None:
    async def story(scene: Scene) -> None:
        listening = [asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM))) for _ in range(3)]
        await settle()
        for stream in scene.studio.streams:
            stream.emit(Audio(b"a", 0, 1))
        await settle()
        scene.server.down = [VivavoceAuthError("no longer")]
        scene.server.lines[0].cut()
        for result in await asyncio.gather(*listening, return_exceptions=True):
            assert isinstance(result, VivavoceConnectionError)
            assert (result.close_code, result.code) == (1006, "connection_lost")
        assert len({id(e) for e in await asyncio.gather(*listening, return_exceptions=True)}) == 3

    play(story, scripted=True, resume_window_s=0)


def test_a_server_that_shuts_down_says_so_in_every_stream() -> None:
    async def story(scene: Scene) -> None:
        listening = asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM)))
        await settle()
        scene.studio.streams[0].emit(Audio(b"a", 0, 1))
        await settle()
        scene.server.down = [unreachable()] * 9
        for guest in list(scene.house.guests):
            guest.leave()
        with pytest.raises(VivavoceConnectionError) as caught:
            await listening
        assert (caught.value.code, caught.value.close_code) == ("shutting_down", 1012)
        assert "shutting down" in caught.value.reason

    play(story, scripted=True)


def test_audio_that_is_owed_and_does_not_come_is_a_timeout() -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(VivavoceTimeoutError, match=r"first_audio_s.* within 0\.01 s"):
            await scene.client.tts("Silence.", **PCM)
        await settle()
        assert Cancel() in scene.studio.streams[0].commands
        listening = asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM)))
        await settle()
        scene.studio.streams[1].emit(Audio(b"a", 0, 1))
        with pytest.raises(VivavoceTimeoutError, match="gap_s"):
            await listening

    play(story, scripted=True, timeouts=Timeouts(first_audio_s=0.01, gap_s=0.01))


def test_a_writer_who_thinks_is_waited_for() -> None:
    async def story(scene: Scene) -> None:
        async def words() -> AsyncIterator[str]:
            yield "One "
            await asyncio.sleep(0.05)
            yield "two."

        assert await heard(scene.client.tts_stream(words(), **PCM)) == b"One two."

    play(story, timeouts=Timeouts(first_audio_s=0.02, gap_s=0.02))


def test_after_the_client_was_closed_nothing_begins() -> None:
    async def story(scene: Scene) -> None:
        await scene.client.aclose()
        with pytest.raises(VivavoceConnectionError) as caught:
            await scene.client.tts("Too late.")
        assert caught.value.code == "stream_closed"

    play(story)


def test_closing_the_client_ends_live_streams_with_an_error() -> None:
    async def story(scene: Scene) -> None:
        listening = asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM)))
        await settle()
        await scene.client.aclose()
        with pytest.raises(VivavoceConnectionError, match="closed by this client"):
            await listening

    play(story, scripted=True)
