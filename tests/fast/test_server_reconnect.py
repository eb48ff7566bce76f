"""Native sessions that outlive their socket, driven by ASGI clients made of queues."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rehearsal import Line, PaperStudio, house, settle
from vivavoce.server.app import App
from vivavoce.server.house import House
from vivavoce.server.reconnect import WAITING_NOTES
from vivavoce.speech import Audio, Ended, Text

pytestmark = pytest.mark.fast

Story = Callable[[App, PaperStudio, House], Awaitable[None]]
OPEN = {"type": "open", "format": "pcm", "sample_rate_hz": 16000}


def play(story: Story, **settings: Any) -> None:
    async def whole() -> None:
        home, studio = house(scripted=True, **settings)
        async with asyncio.timeout(10):
            await story(App(home), studio, home)
            for guest in list(home.guests):
                guest.leave()
            await settle()
        assert not home.guests
        assert all(stream.cancelled for stream in studio.streams)

    asyncio.run(whole())


async def begun(app: App) -> tuple[Line, str]:
    """A line that has a session and a stream, and its token."""
    line = await Line(app).__aenter__()
    await line.say({"type": "session"}, OPEN)
    session, opened = line.hear()
    assert (session["type"], session["window_s"], opened["type"]) == ("session", 15.0, "opened")
    return line, session["token"]


def lost(line: Line) -> None:
    """The connection is cut."""
    line.writable.set()
    line._incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})


async def back(app: App, token: str, after: int) -> Line:
    """The client comes back."""
    line = await Line(app).__aenter__()
    await line.say({"type": "resume", "token": token, "after": after})
    return line


def heard(line: Line) -> list[Any]:
    return [frame[8:] if isinstance(frame, bytes) else frame["type"] for frame in line.hear()]


def test_what_was_missed_comes_again_and_nothing_else() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        stream = studio.streams[0]
        stream.emit(Audio(b"a", 0, 1))
        await settle()
        stream.emit(Audio(b"b", 1, 2))
        await settle()
        assert heard(first) == [b"a", b"b"]
        lost(first)
        stream.emit(Audio(b"c", 2, 3))
        await settle()
        assert not stream.cancelled
        # "opened" and one piece had come.
        second = await back(app, token, after=2)
        assert heard(second) == ["resumed", b"b", b"c"]
        await second.say({"type": "text", "text": "On."}, {"type": "ack", "after": 4})
        assert stream.commands == [Text("On.")]
        stream.emit(Audio(b"d", 3, 4), Ended(4, 3))
        await settle()
        assert heard(second) == [b"d", "ended"]
        second.hang_up()

    play(story)


def test_the_server_says_what_it_has_of_the_client() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        await first.say({"type": "text", "text": "one"})
        lost(first)
        await settle()
        second = await back(app, token, after=1)
        assert second.hear() == [{"type": "resumed", "after": 2}]

    play(story)


def test_a_new_socket_takes_over_from_one_that_is_not_known_to_be_gone() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        first.writable.clear()
        studio.streams[0].emit(Audio(b"a", 0, 1))
        await settle()
        second = await back(app, token, after=1)
        assert heard(second) == ["resumed", b"a"]
        first.writable.set()
        studio.streams[0].emit(Audio(b"b", 1, 2))
        await settle()
        assert heard(second) == [b"b"]
        assert heard(first) == []

    play(story)


def test_work_pauses_when_what_is_kept_is_full() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        lost(first)
        await settle()
        stream = studio.streams[0]
        for _ in range(10):
            stream.emit(Audio(b"x" * 30_000, 0, 1))
        await settle()
        assert stream.taken <= 4, "65,536 bytes are two pieces and a bit"
        second = await back(app, token, after=1)
        await settle()
        assert stream.taken <= 4, "unconfirmed still"
        await second.say({"type": "ack", "after": 3})
        await settle()
        assert stream.taken > 4

    play(story, resume_bytes=65_536)


def test_a_session_that_nobody_resumes_ends() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun_without_window(app)
        lost(first)
        await settle()
        await first.task
        assert studio.streams[0].cancelled
        second = await back(app, token, after=1)
        refused, closed = second.hear()
        assert (refused["code"], refused["final"], closed) == ("not_found", True, ("close", 1008))

    play(story, resume_window_s=0)


async def begun_without_window(app: App) -> tuple[Line, str]:
    line = await Line(app).__aenter__()
    await line.say({"type": "session"}, OPEN)
    return line, line.hear()[0]["token"]


@pytest.mark.parametrize("code", [1000, 1001])
def test_a_client_that_says_goodbye_is_not_waited_for(code: int) -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, _ = await begun(app)
        first._incoming.put_nowait({"type": "websocket.disconnect", "code": code})
        await first.task
        assert studio.streams[0].cancelled

    play(story)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "resume", "token": "guessed", "after": 0}, "not_found"),
        ({"type": "ack", "after": 0}, "out_of_order"),
        ({"type": "resume", "after": 0}, "missing_field"),
        ({"type": "session", "more": 1}, "unknown_option"),
    ],
)
def test_what_is_wrong_is_told(message: dict[str, Any], code: str) -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        async with Line(app) as line:
            await line.say(message)
            assert line.hear()[0]["code"] == code

    play(story)


def test_counts_that_cannot_be_are_refused_and_the_session_waits_on() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        await first.say({"type": "ack", "after": 99})
        (error,) = first.hear()
        assert (error["code"], error["final"]) == ("out_of_range", False)
        lost(first)
        await settle()
        wrong = await back(app, token, after=99)
        assert wrong.hear()[0]["code"] == "out_of_range"
        right = await back(app, token, after=1)
        assert right.hear() == [{"type": "resumed", "after": 1}]

    play(story)


@pytest.mark.parametrize("then", ["reads on", "is lost"])
def test_a_client_that_reads_nothing_is_not_told_without_end(then: str) -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        first.writable.clear()
        wrong = 4 * WAITING_NOTES
        await first.say(*({"type": "ack", "after": 99} for _ in range(wrong)))
        for _ in range(20):
            await settle()
        assert first._incoming.qsize() >= 2 * WAITING_NOTES
        if then == "reads on":
            first.writable.set()
            for _ in range(20 * wrong):
                await asyncio.sleep(0)
            assert heard(first) == ["error"] * wrong
        lost(first)
        for _ in range(20 * wrong):
            await asyncio.sleep(0)
        second = await back(app, token, after=1)
        assert heard(second) == ["resumed"]

    play(story)


def test_a_second_session_or_resume_on_a_socket_is_an_error_and_no_more() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, token = await begun(app)
        await first.say({"type": "session"}, {"type": "resume", "token": token, "after": 0})
        assert [error["code"] for error in first.hear()] == ["out_of_order"] * 2

    play(story)


def test_a_house_that_closes_ends_sessions_without_a_socket() -> None:
    async def story(app: App, studio: PaperStudio, home: House) -> None:
        first, _ = await begun(app)
        lost(first)
        await settle()
        home.last_call()
        for guest in list(home.guests):
            guest.leave()
        await first.task

    play(story)
