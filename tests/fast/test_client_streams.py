"""The SDK's shapes over the real server's loop, without a network: chopped, cut, slow, left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from paper_line import AT_ONCE, PCM, Scene, heard, play, unreachable
from rehearsal import settle
from vivavoce.errors import VivavoceValidationError
from vivavoce.speech import Audio, Cancel, Ended, Flush, Flushed, Mark, Open, Text

pytestmark = pytest.mark.fast


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
        assert not request.listened, "what is wanted whole need not keep to a listener's pace"
        await anext(aiter(scene.client.tts_stream("x", **PCM)))
        assert scene.studio.streams[1].request.listened
        mistyped: dict[str, Any] = {"pich": 1}
        with pytest.raises(VivavoceValidationError, match="did you mean pitch") as caught:
            await scene.client.tts("x", **mistyped)
        assert (caught.value.code, caught.value.param) == ("unknown_option", "pich")

    play(story)


texts = st.lists(st.text(alphabet="abc é—", max_size=6), min_size=1, max_size=8).filter(
    lambda t: "".join(t).strip()
)


@examples(15)
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
