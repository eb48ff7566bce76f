"""Speech whose download can be taken up again, driven by an ASGI client made of queues."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rehearsal import Call, PaperStudio, house, settle
from vivavoce.errors import ConcurrencyLimitError, EngineError, OverloadedError
from vivavoce.server.app import App
from vivavoce.server.resume import NO_END, fingerprint, range_start
from vivavoce.speech import Audio, Ended, Failed, Mark

pytestmark = pytest.mark.fast

RFC_9110 = re.compile(r"bytes [0-9]+-[0-9]+/(?:[0-9]+|\*)")
"""The one form that a 206's ``Content-Range`` may have (14.4)."""
STREAM, WHOLE = "/v1/audio/stream", "/v1/audio/speech"
BODY = {"input": "Hello.", "model": "legacy-v2.5", "voice": "paper"}


class Scene:
    """A server of paper and what is asked of it."""

    def __init__(self, **settings: Any) -> None:
        self.home, self.studio = house(scripted=True, **settings)
        self.app = App(self.home)

    def ask(self, path: str = STREAM, range_: str | None = None, **fields: Any) -> Call:
        headers = {"range": range_} if range_ else {}
        return Call(self.app, "POST", path, json.dumps({**BODY, **fields}).encode(), headers)

    async def begin(self, *args: Any, **fields: Any) -> Call:
        call = self.ask(*args, **fields)
        self.tasks = [*getattr(self, "tasks", []), asyncio.create_task(call.run())]
        await settle()
        return call

    async def over(self) -> None:
        await asyncio.gather(*self.tasks)


def played(story: Callable[[Scene], Coroutine[Any, Any, None]], **settings: Any) -> None:
    async def play() -> None:
        scene = Scene(**settings)
        await story(scene)
        for guest in list(scene.home.guests):
            guest.leave()
        assert not scene.home.guests

    asyncio.run(play())


def test_a_resend_gets_what_was_made_and_goes_on() -> None:
    async def story(scene: Scene) -> None:
        first = await scene.begin()
        (stream,) = scene.studio.streams
        stream.emit(Audio(b"one", 0, 1))
        await settle()
        assert (first.status, first.body, first.ended) == (200, b"one", False)
        assert first.headers["accept-ranges"] == "bytes"
        assert "content-length" not in first.headers
        first.leave()
        await settle()
        assert not stream.cancelled
        again = await scene.begin(model="legacy-v2.5")
        assert again.body == b"one"
        stream.emit(Audio(b"two", 1, 2), Ended(2, 6))
        await scene.over()
        assert (again.status, again.body, again.ended) == (200, b"onetwo", True)
        assert len(scene.studio.streams) == 1
        assert stream.cancelled

    played(story)


def test_a_range_skips_what_the_client_has() -> None:
    async def story(scene: Scene) -> None:
        first = await scene.begin()
        (stream,) = scene.studio.streams
        stream.emit(Audio(b"onetwo", 0, 1))
        await settle()
        first.leave()
        live = await scene.begin(STREAM, "bytes=4-")
        assert (live.status, live.headers["content-range"], live.body) == (206, f"bytes 4-{NO_END}/*", b"wo")
        assert RFC_9110.fullmatch(live.headers["content-range"])
        stream.emit(Audio(b"three", 1, 2), Ended(2, 6))
        await scene.over()
        assert live.body == b"wothree"
        done = await scene.begin(STREAM, "bytes=6-")
        assert (done.status, done.headers["content-range"], done.body) == (206, "bytes 6-10/11", b"three")
        assert RFC_9110.fullmatch(done.headers["content-range"])
        beyond = await scene.begin(STREAM, "bytes=11-")
        assert (beyond.status, beyond.headers["content-range"], beyond.body) == (416, "bytes */11", b"")
        assert len(scene.studio.streams) == 1

    played(story)


def test_a_range_of_what_is_not_kept_is_the_whole() -> None:
    async def story(scene: Scene) -> None:
        call = await scene.begin(STREAM, "bytes=4-")
        scene.studio.streams[0].emit(Audio(b"onetwo", 0, 1), Ended(1, 6))
        await scene.over()
        assert (call.status, call.body) == (200, b"onetwo")
        assert "content-range" not in call.headers

    played(story)


def test_a_whole_answer_is_resumed_with_its_length() -> None:
    async def story(scene: Scene) -> None:
        first = await scene.begin(WHOLE)
        (stream,) = scene.studio.streams
        stream.emit(Audio(b"one", 0, 1))
        await settle()
        assert first.status == 0
        first.leave()
        await settle()
        again = await scene.begin(WHOLE)
        stream.emit(Audio(b"two", 1, 2), Ended(2, 6))
        await scene.over()
        assert (again.status, again.body, again.headers["content-length"]) == (200, b"onetwo", "6")
        part = await scene.begin(WHOLE, "bytes=2-")
        assert (part.status, part.body) == (206, b"etwo")
        assert (part.headers["content-range"], part.headers["content-length"]) == ("bytes 2-5/6", "4")

    played(story)


def test_a_whole_answer_over_the_bound_is_refused() -> None:
    async def story(scene: Scene) -> None:
        call = await scene.begin(WHOLE)
        scene.studio.streams[0].emit(Audio(bytes(2000), 0, 1), Ended(1, 6))
        await scene.over()
        assert (call.status, json.loads(call.body)["success"]) == (400, False)

    played(story, max_complete_bytes=1024)


def test_late_joiners_share_one_stream_and_another_request_does_not() -> None:
    async def story(scene: Scene) -> None:
        calls = [await scene.begin() for _ in range(3)]
        other = await scene.begin(pitch="+5%")
        assert len(scene.studio.streams) == 2
        for stream in scene.studio.streams:
            stream.emit(Audio(b"one", 0, 1), Ended(1, 6))
        await scene.over()
        assert [call.body for call in (*calls, other)] == [b"one"] * 4
        assert all(call.ended for call in calls)

    played(story)


def test_a_failure_before_the_first_byte_has_a_status_and_the_next_try_is_new() -> None:
    async def story(scene: Scene) -> None:
        call = await scene.begin()
        # Audio that has not left yet does not count.
        scene.studio.streams[0].emit(Mark("word", "x", 0, 1, 0, 1), Audio(b"x", 0, 1), failed())
        await scene.over()
        assert (call.status, call.ended) == (500, True)
        assert json.loads(call.body)["success"] is False
        await scene.begin()
        assert len(scene.studio.streams) == 2
        scene.studio.streams[1].emit(Ended(0, 0))
        await scene.over()

    played(story)


def test_a_failure_after_the_first_byte_cuts_every_body() -> None:
    async def story(scene: Scene) -> None:
        calls = [await scene.begin() for _ in range(2)]
        (stream,) = scene.studio.streams
        stream.emit(Audio(b"x", 0, 1))
        await settle()
        stream.emit(failed())
        await scene.over()
        assert [(call.status, call.body, call.ended) for call in calls] == [(200, b"x", False)] * 2

    played(story)


def test_without_a_window_a_listener_who_leaves_stops_the_work() -> None:
    async def story(scene: Scene) -> None:
        call = await scene.begin()
        scene.studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        call.leave()
        await settle()
        assert scene.studio.streams[0].cancelled
        again = await scene.begin()
        assert len(scene.studio.streams) == 2
        again.leave()
        await scene.over()

    played(story, replay_window_s=0)


@pytest.mark.parametrize("error", [OverloadedError("full"), ConcurrencyLimitError("enough")])
def test_who_waits_for_nobody_gives_way(
    error: OverloadedError | ConcurrencyLimitError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        parked = await scene.begin()
        scene.studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        parked.leave()
        await settle()
        scene.studio.refuse = error
        full_until_one_goes(scene.studio, monkeypatch)
        call = await scene.begin(pitch="+5%")
        assert scene.studio.streams[0].cancelled
        scene.studio.streams[1].emit(Audio(b"y", 0, 1), Ended(1, 6))
        await scene.over()
        assert call.body == b"y"
        scene.studio.refuse = error
        refused = await scene.begin(pitch="+6%")
        assert refused.status in (429, 503)

    played(story)


def test_it_gives_way_to_any_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        parked = await scene.begin()
        scene.studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        parked.leave()
        await scene.over()
        scene.studio.refuse = OverloadedError("full")
        full_until_one_goes(scene.studio, monkeypatch)
        call = Call(scene.app, "POST", "/v1/speech", b'{"text":"Hi."}')
        task = asyncio.create_task(call.run())
        await settle()
        scene.studio.streams[1].emit(Audio(b"y", 0, 1), Ended(1, 3))
        await task
        assert (call.status, call.body) == (200, b"y")

    played(story)


def full_until_one_goes(studio: PaperStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The studio refuses until a stream of it is cancelled."""
    (stream,) = studio.streams

    def cancel() -> None:
        stream.cancelled = True
        studio.refuse = None

    monkeypatch.setattr(stream, "cancel", cancel)


def test_the_house_closing_lets_go_of_what_is_parked() -> None:
    async def story(scene: Scene) -> None:
        call = await scene.begin()
        scene.studio.streams[0].emit(Audio(b"x", 0, 1))
        await settle()
        call.leave()
        await scene.over()
        assert len(scene.home.guests) == 1
        scene.home.last_call()
        assert not scene.home.guests
        assert scene.studio.streams[0].cancelled

    played(story)


def failed() -> Failed:
    return Failed(EngineError("no breath"))


@pytest.mark.parametrize(
    ("header", "position"),
    [
        ("bytes=0-", 0),
        ("bytes=12-", 12),
        ("bytes= 12-", 12),
        ("bytes=5-10", 0),
        ("bytes=-5", 0),
        ("bytes=1-,5-", 0),
        ("lines=5-", 0),
        ("bytes=" + "9" * 16 + "-", 0),
        ("", 0),
    ],
)
def test_only_a_range_to_the_end_is_understood(header: str, position: int) -> None:
    assert range_start(header) == position


def test_a_request_is_known_by_what_it_asks_for() -> None:
    from paper_desk import resolve
    from vivavoce.dialects.suonora.routes import SPEECH

    def reading(text: str) -> Any:
        return SPEECH[STREAM](resolve)({}).read(text.encode(), {}, {})

    spaced = reading(json.dumps(BODY, indent=4))
    assert fingerprint("/a", "", reading(json.dumps(BODY))) == fingerprint("/a", "", spaced)
    assert fingerprint("/a", "", spaced) != fingerprint("/b", "", spaced)
    assert fingerprint("/a", "audio/mpeg", spaced) != fingerprint("/a", "", spaced)
    other = reading(json.dumps({**BODY, "style": "sad"}))
    assert fingerprint("/a", "", spaced) != fingerprint("/a", "", other)
