"""The SDK's shapes over the real server's loop, without a network: chopped, cut, slow, refused, left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_line import AT_ONCE, Scene, play, unreachable
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
from vivavoce.speech import Audio, Cancel, Ended, Failed, Flush, Flushed, Mark, Open, Text
from vivavoce.types import Retries, Timeouts

pytestmark = pytest.mark.fast

PCM: dict[str, Any] = {"output_format": "pcm_s16le"}


async def heard(stream: Any, pause: int = 0) -> bytes:
    """All bytes of a stream, by a listener who lets others go ``pause`` times between two pieces."""
    found = b""
    async for data in stream.iter_bytes():
        found += data
        for _ in range(pause):
            await asyncio.sleep(0)
    return found


def test_whole_stream_and_realtime_say_the_same() -> None:
    async def story(scene: Scene) -> None:
        result = await scene.client.tts("One two.", **PCM)
        assert (result.raw_data, result.sample_rate, result.output_format) == (
            b"One two.",
            22_050,
            "pcm_s16le",
        )
        assert result.request_id == "paper/1"
        stream = await scene.client.tts_stream(["One ", "two."], **PCM)
        assert (stream.sample_rate, stream.output_format) == (22_050, "pcm_s16le")
        assert await heard(stream) == b"One two."
        async with scene.client.tts_realtime(**PCM) as speech:
            await speech.send_text("One ")
            await speech.send_text("two.")
            await speech.send_eos()
            messages = [message async for message in speech]
        assert [message["type"] for message in messages] == ["ready", "audio", "end_of_stream"]
        assert messages[0] == {
            "type": "ready",
            "request_id": "paper/3",
            "voice": "paper",
            "output_format": "pcm_s16le",
            "sample_rate": 22_050,
        }
        assert messages[1]["audio"] == b"One two."
        assert messages[2]["characters"] == 8
        assert len(scene.server.lines) == 1, "one socket carries all of it"

    play(story)


def test_options_reach_the_server_by_its_names() -> None:
    async def story(scene: Scene) -> None:
        await scene.client.tts(
            "x", voice="paper", language="fr-FR", output_format="mp3", sample_rate=44_100, bitrate=128_000,
            speed=2, pitch=-3, marks=("word", "phoneme"), seed=7, duration_s=2.0, markup=False,
        )  # fmt: skip
        request: Open = scene.studio.streams[0].request
        assert (request.format.name, request.format.rate_hz, request.format.bit_rate_bps) == (
            "mp3",
            44_100,
            128_000,
        )
        assert (request.prosody.speed, request.prosody.pitch_semitones) == (2, -3)
        assert (request.voice, request.language, set(request.marks)) == (
            "paper",
            "fr-FR",
            {"word", "phoneme"},
        )
        assert (request.seed, request.duration_s, request.markup) == (7, 2.0, False)
        with pytest.raises(VivavoceValidationError, match="did you mean pitch") as caught:
            await scene.client.tts("x", pich=1)  # type: ignore[call-arg]  # what a caller mistypes
        assert (caught.value.code, caught.value.param) == ("unknown_option", "pich")

    play(story)


texts = st.lists(st.text(alphabet="abc é—", max_size=6), min_size=1, max_size=8).filter(
    lambda t: "".join(t).strip()
)


@settings(max_examples=15, deadline=None)
@given(
    pieces=texts,
    cuts=st.lists(st.integers(1, 12), max_size=6),
    buffer_bytes=st.integers(1, 40),
    pause=st.integers(0, 12),
    asynchronous=st.booleans(),
)
def test_any_chopping_consumer_and_cuts_give_the_same_bytes(
    pieces: list[str], cuts: list[int], buffer_bytes: int, pause: int, asynchronous: bool
) -> None:
    async def written() -> AsyncIterator[str]:
        for piece in pieces:
            await asyncio.sleep(0)
            yield piece

    async def story(scene: Scene) -> None:
        stream = scene.client.tts_stream(written() if asynchronous else pieces, **PCM)
        assert await heard(stream, pause) == "".join(pieces).encode()

    play(story, cuts=cuts, buffer_bytes=buffer_bytes)


@pytest.mark.parametrize("frames", range(1, 14))
def test_a_cut_at_every_frame_loses_nothing_doubles_nothing_and_keeps_the_order(frames: int) -> None:
    """Three streams at once; the first socket is cut after ``frames``, the next one after as many again."""

    async def story(scene: Scene) -> None:
        async def speak(name: str) -> list[dict[str, Any]]:
            async with scene.client.tts_realtime(**PCM) as speech:
                await speech.send_text(f"{name} one ")
                await speech.send_text("two")
                await speech.send_eos()
                return [message async for message in speech]

        for name, messages in zip("abc", await asyncio.gather(*map(speak, "abc")), strict=True):
            audio = b"".join(m["audio"] for m in messages if m["type"] == "audio")
            assert audio == f"{name} one two".encode()
            kinds = [m["type"] for m in messages if m["type"] != "audio"]
            assert kinds == ["ready", "end_of_stream"]

    play(story, cuts=[frames, frames], buffer_bytes=5)


def test_a_resumed_stream_is_not_spoken_again() -> None:
    async def story(scene: Scene) -> None:
        listening = asyncio.create_task(heard(scene.client.tts_stream("One.", **PCM)))
        await settle()
        paper = scene.studio.streams[0]
        paper.emit(Audio(b"a", 0, 1))
        await settle()
        scene.server.down = [unreachable(), unreachable()]
        scene.server.lines[0].cut()
        paper.emit(Audio(b"b", 1, 2))
        await settle()
        paper.emit(Audio(b"c", 2, 3), Ended(3, 4))
        assert await listening == b"abc"
        assert (len(scene.studio.streams), len(scene.server.lines)) == (1, 2)

    play(story, scripted=True)


def test_a_slow_listener_holds_its_stream_and_not_its_sibling() -> None:
    async def story(scene: Scene) -> None:
        slow, quick = scene.client.tts_realtime(**PCM), scene.client.tts_realtime(**PCM)
        async with slow, quick:
            await slow.send_text("s")
            await quick.send_text("q")
            await settle()
            paper_slow, paper_quick = scene.studio.streams
            for _ in range(50):
                paper_slow.emit(Audio(b"s" * 10, 0, 1))
            paper_quick.emit(Audio(b"quick", 0, 1))
            await settle()
            found = []
            async for message in quick:
                found.append(message["type"])
                if message["type"] == "audio":
                    break
            assert found == ["ready", "audio"]
            assert paper_slow.taken <= 4, "30 bytes of credit are three pieces of ten, and one waits"

    play(story, scripted=True, buffer_bytes=30)


def test_leaving_the_loop_early_cancels_at_the_server() -> None:
    async def story(scene: Scene) -> None:
        stream = scene.client.tts_stream("Words.", **PCM)
        task = asyncio.create_task(_first(stream))
        await settle()
        scene.studio.streams[0].emit(Audio(b"a", 0, 1))
        assert await task == b"a"
        await settle()
        assert Cancel() in scene.studio.streams[0].commands
        assert await heard(stream) == b""

    play(story, scripted=True)


def test_cancel_ends_a_realtime_stream() -> None:
    async def story(scene: Scene) -> None:
        async with scene.client.tts_realtime(**PCM) as speech:
            await speech.send_text("Words.")
            await speech.cancel()
            messages = [message async for message in speech]
            assert messages[-1] == {
                "type": "end_of_stream",
                "audio_s": 0.0,
                "characters": 0,
                "cancelled": True,
            }
            with pytest.raises(VivavoceValidationError, match="over"):
                await speech.send_text("more")

    play(story, scripted=True)


def test_marks_flushes_and_messages() -> None:
    async def story(scene: Scene) -> None:
        async with scene.client.tts_realtime(**PCM, marks=("word", "phoneme")) as speech:
            await speech.send_text("Hi.")
            await speech.flush("a")
            await settle()
            paper = scene.studio.streams[0]
            assert paper.commands == [Text("Hi."), Flush("a")]
            paper.emit(Mark("word", "Hi.", 0.0, 0.1, 0, 3), Mark("phoneme", "h", 0.0, 0.05, 0, 1))
            paper.emit(Audio(b"ab", 0, 0.1), Flushed("a", 0.1), Ended(0.1, 3))
            messages = [message async for message in speech][1:]
        times = {"start_s": 0.0, "text_start": 0}
        assert messages == [
            {"type": "text", "text": "Hi.", "stop_s": 0.1, "text_stop": 3, **times},
            {"type": "phoneme", "value": "h", "stop_s": 0.05, "text_stop": 1, **times},
            {"type": "audio", "audio": b"ab"},
            {"type": "flushed", "flush_id": "a", "audio_s": 0.1},
            {"type": "end_of_stream", "audio_s": 0.1, "characters": 3, "cancelled": False},
        ]

    play(story, scripted=True)


def test_a_stream_keeps_its_words_as_they_come() -> None:
    async def story(scene: Scene) -> None:
        stream = scene.client.tts_stream("Hi you.", **PCM)
        events = asyncio.create_task(_all(stream))
        await settle()
        paper = scene.studio.streams[0]
        paper.emit(Mark("word", "Hi", 0.0, 0.1, 0, 2), Audio(b"a", 0, 0.1), Ended(0.1, 7))
        assert await events == [Mark("word", "Hi", 0.0, 0.1, 0, 2), b"a"]
        (word,) = stream.text_with_timestamps
        assert (word.text, word.start_s, word.stop_s, word.text_start, word.text_stop) == (
            "Hi",
            0.0,
            0.1,
            0,
            2,
        )

    play(story, scripted=True)


async def _first(stream: Any) -> bytes:
    async for data in stream.iter_bytes():
        return bytes(data)
    return b""


async def _all(stream: Any) -> list[Any]:
    return [getattr(event, "data", event) async for event in stream]


# ---- failures -----------------------------------------------------------------------------------------------------


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
        with pytest.raises(VivavoceValidationError, match="expected a string, got int"):
            await heard(scene.client.tts_stream(["One ", 2], **PCM))  # type: ignore[list-item]  # what callers do

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


def test_more_streams_than_a_socket_takes_use_another() -> None:
    async def story(scene: Scene) -> None:
        results = await asyncio.gather(*(scene.client.tts(f"{i}", **PCM) for i in range(70)))
        assert [result.raw_data for result in results] == [str(i).encode() for i in range(70)]
        assert len(scene.server.lines) == 3

    play(story)


def test_a_token_by_token_writer() -> None:
    async def story(scene: Scene) -> None:
        async def model() -> AsyncIterator[Any]:
            yield {"choices": [{"index": 0, "delta": {"role": "assistant"}}]}
            yield {"choices": [{"index": 0, "delta": {"content": "Once "}}]}
            yield {"choices": [{"index": 0, "delta": {"content": "upon."}}]}
            yield {"choices": [], "usage": {}}

        assert await heard(scene.client.speak_tokens(model(), **PCM)) == b"Once upon."
        assert await heard(scene.client.speak_tokens(["plain ", "strings"], **PCM)) == b"plain strings"

    play(story, retries=AT_ONCE)
