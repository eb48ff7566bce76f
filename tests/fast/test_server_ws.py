"""The WebSocket loop, driven by an ASGI client made of queues."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rehearsal import Line, PaperStudio, house, settle
from vivavoce.dialects.soniox.adapter import MAX_STREAMS
from vivavoce.errors import EngineError, OverloadedError, RequestError
from vivavoce.server.app import App
from vivavoce.server.house import House
from vivavoce.server.ws import MAX_LEAVING, MAX_REPLIES
from vivavoce.speech import Audio, Cancel, End, Ended, Failed, Flush, Flushed, Mark, Text

pytestmark = pytest.mark.fast

Story = Callable[[Line, PaperStudio, House], Awaitable[None]]
PCM = {"format": "pcm", "sample_rate_hz": 16000}


def play(story: Story, **settings: Any) -> PaperStudio:
    """Runs ``story`` on a scripted studio; afterwards nothing is left running."""

    async def whole() -> PaperStudio:
        home, studio = house(scripted=True, **settings)
        async with Line(App(home)) as line:
            await story(line, studio, home)
        assert not home.guests
        assert all(stream.cancelled for stream in studio.streams)
        return studio

    return asyncio.run(whole())


def header(stream: int, sequence: int) -> bytes:
    return stream.to_bytes(4, "little") + sequence.to_bytes(4, "little")


def test_a_stream_from_open_to_ended() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", **PCM})
        assert line.hear() == [
            {"type": "opened", "stream": 1, "voice": "paper", "format": "pcm_s16le", "rate_hz": 16000}
        ]
        await line.say({"type": "text", "text": "Hi."}, {"type": "flush", "flush_id": "a"}, {"type": "end"})
        stream = studio.streams[0]
        assert stream.commands == [Text("Hi."), Flush("a"), End()]
        stream.emit(Mark("word", "Hi", 0.0, 0.1, 0, 2), Audio(b"abcd", 0.0, 0.1))
        stream.emit(Audio(b"ef", 0.1, 0.2), Flushed("a", 0.2), Ended(0.2, 3))
        await settle()
        mark, first, second, flushed, ended = line.hear()
        assert (mark["type"], mark["value"], mark["stream"]) == ("mark", "Hi", 1)
        assert first == header(1, 0) + b"abcd"
        assert second == header(1, 1) + b"ef"
        assert flushed == {"type": "flushed", "stream": 1, "flush_id": "a", "audio_s": 0.2}
        assert ended == {"type": "ended", "stream": 1, "audio_s": 0.2, "characters": 3, "cancelled": False}

    play(story)


def test_streams_take_turns_and_fail_alone() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", "stream": 1}, {"type": "open", "stream": 2})
        line.hear()
        studio.streams[0].emit(Audio(b"x", 0, 1))
        studio.streams[0].emit(Failed(EngineError("no breath")))
        await settle()
        studio.streams[1].emit(Audio(b"y", 0, 1), Ended(1, 0))
        await settle()
        audio, failed, other, ended = line.hear()
        assert (audio, other) == (header(1, 0) + b"x", header(2, 0) + b"y")
        assert (failed["code"], failed["stream"], failed["final"]) == ("engine_failed", 1, True)
        assert (ended["type"], ended["stream"]) == ("ended", 2)

    play(story)


def test_big_audio_is_cut_so_that_siblings_wait_little() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", "stream": 1}, {"type": "open", "stream": 2})
        line.hear()
        line.writable.clear()
        studio.streams[0].emit(Audio(b"x" * 200_000, 0, 1), Ended(1, 0))
        await settle()
        studio.streams[1].emit(Audio(b"y", 0, 1), Ended(1, 0))
        await settle()
        line.writable.set()
        await settle()
        frames = [frame for frame in line.hear() if isinstance(frame, bytes)]
        assert max(map(len, frames)) == 65_536 + 8
        # The second stream's frame goes in its turn, not after all of the first's.
        assert [frame[0] for frame in frames].index(2) <= 1
        assert b"".join(frame[8:] for frame in frames if frame[0] == 1) == b"x" * 200_000

    play(story)


def test_without_credit_a_stream_pauses_and_its_sibling_goes_on() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", "stream": 1, "credit_bytes": 4}, {"type": "open", "stream": 2})
        line.hear()
        slow, quick = studio.streams
        slow.emit(Audio(b"abcdef", 0, 6), Mark("word", "a", 6, 7, 0, 1), Ended(7, 1))
        for _ in range(3):
            slow.emit(Audio(b"never", 6, 7))
            quick.emit(Audio(b"q", 0, 1))
        await settle()
        heard = line.hear()
        assert [f[8:] for f in heard if f[0] == 1] == [b"abcd"]
        assert len([f for f in heard if f[0] == 2]) == 3
        assert slow.taken == 1
        await line.say({"type": "credit", "stream": 1, "bytes": 1})
        assert line.hear() == [header(1, 1) + b"e"]
        # Exactly enough: the mark and the end behind the last byte need no credit.
        await line.say({"type": "credit", "stream": 1, "bytes": 1})
        assert [m if isinstance(m, bytes) else m["type"] for m in line.hear()] == [
            header(1, 2) + b"f",
            "mark",
            "ended",
        ]

    play(story)


@pytest.mark.parametrize("held", ["more to come", "all taken"])
def test_a_cancel_is_heard_while_audio_waits_for_credit(held: str) -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", "credit_bytes": 0})
        line.hear()
        stream = studio.streams[0]
        stream.emit(Audio(b"abc", 0, 1), *([Ended(1, 0)] if held == "all taken" else []))
        await settle()
        await line.say({"type": "cancel"})
        (ended,) = line.hear()
        assert (ended["type"], ended["cancelled"]) == ("ended", True)
        assert (Cancel() in stream.commands) is (held == "more to come")
        # The number is free again.
        await line.say({"type": "open"})
        assert line.hear()[0]["type"] == "opened"

    play(story)


def test_a_stream_that_fails_while_audio_waits_and_is_cancelled_says_that_it_failed() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open", "credit_bytes": 0})
        studio.streams[0].emit(Audio(b"abc", 0, 1), Failed(EngineError("no breath")))
        await line.say({"type": "cancel"})
        assert [m["type"] for m in line.hear()] == ["opened", "error"]

    play(story)


def test_a_reused_number_never_mixes_with_its_predecessor() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open"})
        line.writable.clear()
        studio.streams[0].emit(Audio(b"old", 0, 1), Ended(1, 0))
        await line.say({"type": "open"})
        assert len(studio.streams) == 2
        studio.streams[1].emit(Audio(b"new", 0, 1))
        await settle()
        line.writable.set()
        await settle()
        kinds = [m[8:] if isinstance(m, bytes) else m["type"] for m in line.hear()]
        assert kinds == ["opened", b"old", "ended", "opened", b"new"]

    play(story)


def test_a_refused_open_leaves_its_number_free() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        studio.refuse = OverloadedError("full", retry_after_s=2.0)
        await line.say({"type": "open"})
        (error,) = line.hear()
        assert (error["code"], error["stream"], error["final"]) == ("overloaded", 1, True)
        assert error["retry_after_s"] == 2.0
        studio.refuse = None
        await line.say({"type": "open"})
        assert line.hear()[0]["type"] == "opened"

    play(story)


def test_a_refused_command_does_not_end_the_stream() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open"})
        line.hear()
        studio.streams[0].refuse = RequestError("not now")
        await line.say({"type": "text", "text": "x"})
        (error,) = line.hear()
        assert (error["code"], error["stream"], error["final"]) == ("invalid_request", 1, False)
        studio.streams[0].emit(Ended(0, 0))
        await settle()
        assert line.hear()[0]["type"] == "ended"

    play(story)


def test_a_socket_has_a_bounded_number_of_streams() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say(*({"type": "open", "stream": n} for n in range(3)))
        errors = [m for m in line.hear() if m["type"] == "error"]
        assert [(m["code"], m["stream"]) for m in errors] == [("too_many_streams", 2)]
        studio.streams[0].emit(Ended(0, 0))
        await settle()
        await line.say({"type": "open", "stream": 2})
        assert [m["type"] for m in line.hear()] == ["ended", "opened"]

    play(story, max_streams_per_socket=2)


def test_garbage_keeps_the_socket_and_its_streams() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open"})
        line.hear()
        await line.say("{", b"\x00", "[]", {"type": "sing"}, {"type": "text", "stream": 9, "text": "x"})
        assert [(m["code"], m.get("stream"), m["final"]) for m in line.hear()] == [
            ("malformed_message", None, False),
            ("malformed_message", None, False),
            ("malformed_message", None, False),
            ("malformed_message", None, False),
            ("unknown_stream", 9, True),
        ]
        studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        assert line.hear() == [header(1, 0) + b"x"]

    play(story)


def test_a_client_that_never_reads_is_not_read_for_ever() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        line.writable.clear()
        await line.say(*({"type": "ping"} for _ in range(4 * MAX_REPLIES)))
        for _ in range(10):
            await settle()
        assert line._incoming.qsize() >= 2 * MAX_REPLIES
        line.writable.set()
        for _ in range(40 * MAX_REPLIES):
            await asyncio.sleep(0)
        assert len(line.hear()) == 4 * MAX_REPLIES

    play(story)


def test_streams_begun_and_cancelled_do_not_pile_up_before_a_client_that_never_reads() -> None:
    async def story() -> None:
        home, studio = house(scripted=True)
        async with Line(App(home), "/soniox/tts-websocket") as line:
            line.writable.clear()
            for number in range(4 * MAX_LEAVING):
                config = {"stream_id": f"s{number}", "model": "tts-rt-v1", "voice": "paper", "language": "en"}
                await line.say({**config, "audio_format": "wav"}, {"stream_id": f"s{number}", "cancel": True})
            assert MAX_LEAVING <= len(studio.streams) <= MAX_LEAVING + MAX_STREAMS
            line.writable.set()
            while line._incoming.qsize() or studio.live:
                await settle()
            await settle()
            told = {frame["stream_id"] for frame in line.hear() if frame.get("terminated")}
            assert len(told) == 4 * MAX_LEAVING

    asyncio.run(story())


@pytest.mark.parametrize("after", ["open", "audio", "blocked", "no credit"])
def test_a_dropped_socket_leaves_nothing_running(after: str) -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        opening = json.dumps({"type": "open", "credit_bytes": int(after != "no credit")})
        line._incoming.put_nowait({"type": "websocket.receive", "text": opening})
        if after != "open":
            await settle()
            if after == "blocked":
                line.writable.clear()
            studio.streams[0].emit(Audio(b"xyz", 0, 1))
            await settle()

    assert len(play(story).streams) == 1


def test_last_call_lets_live_streams_finish_and_takes_no_new_ones() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open"})
        home.last_call()
        await line.say({"type": "text", "text": "x"}, {"type": "open", "stream": 2})
        _, refused = line.hear()
        assert (refused["code"], refused["stream"]) == ("shutting_down", 2)
        studio.streams[0].emit(Audio(b"x", 0, 1), Ended(1, 1))
        await settle()
        audio, ended, error, close = line.hear()
        assert (audio[8:], ended["type"], error["code"], close) == (
            b"x",
            "ended",
            "shutting_down",
            ("close", 1012),
        )
        assert "stream" not in error
        assert line.task.done()

    play(story)


def test_last_call_ends_an_idle_socket_at_once() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        home.last_call()
        await settle()
        assert line.hear()[-1] == ("close", 1012)

    play(story)


def test_leave_cuts_live_streams_and_tells() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        await line.say({"type": "open"})
        home.last_call()
        for guest in list(home.guests):
            guest.leave()
        await settle()
        assert [m if isinstance(m, tuple) else m["type"] for m in line.hear()] == [
            "opened",
            "error",
            ("close", 1012),
        ]

    play(story)


def test_an_idle_socket_is_closed_in_the_end() -> None:
    async def story(line: Line, studio: PaperStudio, home: House) -> None:
        socket: Any = next(iter(home.guests))
        await line.say({"type": "ping"})
        socket._tick()
        await settle()
        assert line.hear() == [{"type": "pong", "ping_id": None}]
        socket._tick()
        await settle()
        error, close = line.hear()
        assert (error["code"], close) == ("idle_timeout", ("close", 1001))

    play(story)


@pytest.mark.parametrize("subprotocols", [[], ["vivavoce.v1"], ["other", "vivavoce.v1"]])
def test_the_subprotocol_is_chosen(subprotocols: list[str]) -> None:
    async def story() -> None:
        home, _ = house()
        async with Line(App(home), subprotocols=subprotocols) as line:
            accepted = line.sent[0]
            assert accepted["type"] == "websocket.accept"
            assert accepted["subprotocol"] == ("vivavoce.v1" if subprotocols else None)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("path", "subprotocols", "state", "status"),
    [
        ("/v1/speech/stream", ["other"], "ok", 400),
        ("/v1/speech/stream", [], "draining", 503),
        ("/nowhere", [], "ok", 404),
    ],
)
def test_a_handshake_is_refused_with_a_status(
    path: str, subprotocols: list[str], state: Any, status: int
) -> None:
    async def story() -> None:
        home, _ = house()
        home.state = state
        async with Line(App(home), path, subprotocols) as line:
            start, body = line.sent
            assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
            assert b'"error"' in body["body"]

    asyncio.run(story())
