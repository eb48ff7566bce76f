"""The ten things that a server for Soniox's clients is likely to get wrong, each by its number in our notes."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jumping_clock import JumpingLoop
from rehearsal import Line, PaperStudio, fetch, house, settle
from soniox_paper import CONFIG, OVER, connection, said
from vivavoce.dialects.contract import Close
from vivavoce.dialects.soniox.signs import EVENTS, LIVELY_FOR_S, LIVELY_S, QUIET_S
from vivavoce.errors import EngineError, ShuttingDownError, UnknownVoiceError
from vivavoce.server.app import App
from vivavoce.server.portion import MAX_AUDIO_BYTES
from vivavoce.settings import Settings
from vivavoce.speech import Audio, Cancel, Ended, Failed, Mark, Text

pytestmark = pytest.mark.fast

Story = Callable[[Line, PaperStudio], Awaitable[None]]
PAPER = {**CONFIG, "voice": "paper"}


def play(story: Story) -> None:
    """Runs ``story`` on the socket of a server of paper."""

    async def whole() -> None:
        home, studio = house(scripted=True)
        home.now = asyncio.get_running_loop().time
        async with Line(App(home), "/tts-websocket") as line:
            await story(line, studio)

    # Nothing here waits for more than the next turn, unless a story is about time.
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(whole())


def test_trap_1_a_key_may_travel_in_the_config_of_every_stream() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say({"keep_alive": True}, {**PAPER, "api_key": "any"})
        await line.say({**PAPER, "stream_id": "s2", "api_key": "any"})
        assert line.hear() == []
        assert len(studio.streams) == 2

    play(story)


def test_trap_2_nothing_is_null() -> None:
    made = connection("s1", return_timestamps=True)
    stories: list[list[Any]] = [
        [Mark("character", "H", 0.0, 0.1, 0, 1), Audio(b"ab", 0.0, 0.1)],
        [Failed(EngineError("no breath"))],
    ]
    frames = [frame for events in stories for frame in said(made.render("s1", events))]
    frames += said(connection().receive("{}")) + said(connection().receive('{"stream_id":"x","text":"y"}'))
    assert len(frames) == 6
    assert not any(value is None for frame in frames for value in frame.values())


def test_trap_3_an_error_of_the_connection_has_no_stream_id_and_is_followed_by_a_close() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, "no JSON at all")
        error, close = line.hear()
        assert "stream_id" not in error
        assert error["error_code"] == 400
        assert close == ("close", 1008)

    play(story)
    for error in (ShuttingDownError("closing"), EngineError("broken")):
        reply, close = connection("s1").farewell(error)
        assert "stream_id" not in said([reply])[0]
        assert isinstance(close, Close)


def test_trap_4_audio_end_comes_even_when_no_audio_does() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, {"stream_id": "s1", "text": "  \n", "text_end": True})
        studio.streams[0].emit(Ended(0.0, 3))
        await settle()
        assert line.hear() == [{"stream_id": "s1", "audio_end": True}, OVER]

    play(story)


def test_trap_5_terminated_is_a_message_of_its_own_and_the_last() -> None:
    for last in (Ended(0.1, 1), Ended(0.1, 1, cancelled=True), Failed(EngineError("no breath"))):
        frames = said(connection("s1").render("s1", [Audio(b"ab", 0.0, 0.1), last]))
        assert frames[-1] == OVER
        assert not any("terminated" in frame for frame in frames[:-1])


def test_trap_6_the_id_and_the_slot_are_free_before_anybody_hears_of_it() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        for number in range(5):
            await line.say({**PAPER, "stream_id": str(number)})
        line.writable.clear()  # nothing of what follows leaves before the next stream is opened
        studio.streams[0].emit(Failed(EngineError("no breath")))
        await settle()
        await line.say({**PAPER, "stream_id": "0"})
        assert len(studio.streams) == 6
        line.writable.set()
        studio.streams[5].emit(Audio(b"ab", 0.0, 0.1))
        await settle()
        error, over, audio = (frame for frame in line.hear() if len(frame) > 1)
        assert (error["error_type"], over["terminated"], audio["audio"]) == ("internal_error", True, "YWI=")

    play(story)


def alive(*streams: str) -> list[dict[str, str]]:
    """What signs of life for ``streams`` look like."""
    return [{"stream_id": stream} for stream in streams for _ in range(EVENTS)]


def test_trap_7_streams_of_a_shared_socket_hear_something_while_they_wait() -> None:
    alone = connection("s1")
    assert [alone.tick(now).signs for now in (0.0, 0.5, 1.0)] == [(), (), ()]
    made = connection("s1", "s2")
    made.tick(0.0)
    assert said(made.tick(0.5).signs) == alive("s1", "s2")
    made.render("s2", [Audio(b"ab", 0.0, 0.1)])
    assert said(made.tick(1.0).signs) == alive("s1")
    made.receive('{"stream_id":"s2","cancel":true}')
    assert said(made.tick(1.5).signs) == alive("s1")
    made.render("s2", [Ended(0.1, 1, cancelled=True)])
    # The receiver of s2 may still stand behind the one that waits for s1.
    assert said(made.tick(2.0).signs) == alive("s1")
    made.render("s1", [Ended(0.1, 1)])
    assert said(made.tick(2.5).signs) == []


def test_trap_7_signs_are_many_while_something_is_said_and_few_later() -> None:
    made = connection("s1", "s2")

    def rounds(start_s: float, stop_s: float) -> int:
        """How often s1 is told something."""
        ticks = [made.tick(start_s + n * LIVELY_S) for n in range(round((stop_s - start_s) / LIVELY_S))]
        return sum(said(tick.signs).count({"stream_id": "s1"}) for tick in ticks) // EVENTS

    assert made.tick(0.0).again_at == LIVELY_S
    assert rounds(0.025, 3.025) == pytest.approx(3.0 / QUIET_S, abs=1)
    made.render("s2", [Audio(b"ab", 0.0, 0.1)])
    assert rounds(3.025, 3.025 + LIVELY_FOR_S) == pytest.approx(LIVELY_FOR_S / LIVELY_S, abs=1)
    assert rounds(5.025, 8.025) == pytest.approx(3.0 / QUIET_S, abs=1)


def test_trap_7_signs_begin_with_the_second_stream_and_not_with_the_next_tick_of_one() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, {**PAPER, "stream_id": "s2"})
        studio.streams[1].emit(Audio(b"ab", 0.0, 0.1))
        await asyncio.sleep(3.5 * LIVELY_S)
        assert [frame for frame in line.hear() if len(frame) == 1][:EVENTS] == alive("s1")

    play(story)


def test_trap_7_no_signs_pile_up_before_a_client_that_does_not_read() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, {**PAPER, "stream_id": "s2"})
        line.writable.clear()
        await asyncio.sleep(60)
        line.writable.set()
        await settle()
        assert 0 < len(line.hear()) <= 4 * EVENTS

    play(story)


def test_trap_7_streams_take_turns() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, {**PAPER, "stream_id": "s2"})
        line.writable.clear()
        big = b"\0" * (4 * MAX_AUDIO_BYTES)
        for stream in studio.streams:
            stream.emit(Audio(big, 0.0, 4.0))
        await settle()
        line.writable.set()
        await settle()
        assert [message["stream_id"] for message in line.hear()] == ["s1", "s2"] * 4

    play(story)


def test_trap_8_no_message_is_too_long_for_a_client() -> None:
    made = connection("s1", audio_format="pcm_f32le", sample_rate=48_000, return_timestamps=True)
    marks = [Mark("character", "\u00e9", 0.0, 0.1, i, i + 1) for i in range(2000)]
    (message,) = made.render("s1", [*marks, Audio(bytes(range(256)) * (MAX_AUDIO_BYTES // 256), 0.0, 0.4)])
    frame = getattr(message, "frame", "")
    assert MAX_AUDIO_BYTES < len(frame.encode()) < 1 << 19
    assert len(base64.b64decode(json.loads(frame)["audio"], validate=True)) == MAX_AUDIO_BYTES


def test_trap_9_a_client_that_does_not_read_is_still_heard_and_not_hurried() -> None:
    assert Settings().ws_ping_timeout_s >= 60

    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER)
        line.writable.clear()
        studio.streams[0].emit(Audio(b"ab", 0.0, 0.1))
        await line.say({"stream_id": "s1", "text": "more"}, {"stream_id": "s1", "cancel": True})
        assert studio.streams[0].commands == [Text("more"), Cancel()]
        line.writable.set()

    play(story)


@pytest.mark.parametrize("prefix", ["", "/soniox"])
def test_trap_10_every_path_is_at_the_root_and_under_the_prefix_and_nothing_is_redirected(
    prefix: str,
) -> None:
    async def story() -> None:
        home, studio = house()
        app = App(home)
        answer = await fetch(app, "POST", f"{prefix}/tts", b"{}")
        assert (answer.status, json.loads(answer.body)["error_message"]) == (
            400,
            "Missing required field: model",
        )
        body = json.dumps({**PAPER, "text": "Hi."}).encode()
        spoken = await fetch(app, "POST", f"{prefix}/tts", body, {"authorization": "Bearer any"})
        assert (spoken.status, spoken.body, spoken.headers["content-type"]) == (200, b"Hi.", "audio/wav")
        for path in ("/tts/", "/v1/tts-models/", "/v1/voices/"):
            assert (await fetch(app, "GET", prefix + path)).status == 404
        assert json.loads((await fetch(app, "GET", f"{prefix}/tts")).body)["error_code"] == 405
        async with Line(app, f"{prefix}/tts-websocket") as line:
            studio.refuse = UnknownVoiceError("nobody of that name")
            await line.say({**PAPER, "voice": "nobody"})
            assert line.hear()[0]["error_message"] == "Invalid voice 'nobody' for model 'tts-rt-v1-preview'."

    asyncio.run(story())


def test_a_stream_from_config_to_terminated() -> None:
    async def story(line: Line, studio: PaperStudio) -> None:
        await line.say(PAPER, {"stream_id": "s1", "text": "Hi."}, {"stream_id": "s1", "text_end": True})
        studio.streams[0].emit(Audio(b"ab", 0.0, 0.1))
        await settle()
        studio.streams[0].emit(Audio(b"cd", 0.1, 0.2), Ended(0.2, 3))
        await settle()
        assert line.hear() == [
            {"stream_id": "s1", "audio": "YWI=", "audio_end": False},
            {"stream_id": "s1", "audio": "Y2Q=", "audio_end": True},
            OVER,
        ]

    play(story)
