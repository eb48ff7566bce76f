"""The native wire's translations, byte for byte, without a socket."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from rehearsal import VOICE
from vivavoce.dialects.contract import (
    Action,
    Close,
    Credit,
    Denial,
    Feed,
    Handshake,
    Reply,
    Start,
    Welcome,
)
from vivavoce.dialects.native.adapter import NativeConnection, NativeExchange, NativeSockets
from vivavoce.errors import (
    AuthenticationError,
    EngineError,
    OutOfOrderError,
    OverloadedError,
    ShuttingDownError,
    UnknownVoiceError,
)
from vivavoce.speech import (
    Audio,
    Cancel,
    End,
    Ended,
    Event,
    Failed,
    Flush,
    Flushed,
    Mark,
    Text,
    VoiceInfo,
)

pytestmark = pytest.mark.fast


def resolve(name: str, language: str | None) -> VoiceInfo:
    if name == "nobody":
        raise UnknownVoiceError("no such voice", param="voice")
    return VOICE


def connection(*, opened: Sequence[int] = ()) -> NativeConnection:
    made = NativeConnection(resolve, 300.0)
    for stream in opened:
        (start,) = made.receive(json.dumps({"type": "open", "stream": stream}))
        assert isinstance(start, Start)
        made.opened(stream, 24_000)
    return made


def said(actions: Sequence[Action]) -> list[Any]:
    """The replies among ``actions``, decoded."""
    frames = [action.frame for action in actions if isinstance(action, Reply)]
    return [json.loads(frame) if isinstance(frame, str) else frame for frame in frames]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"type":"text","stream":7,"text":"a"}', Feed(7, Text("a"))),
        ('{"type":"flush","stream":7}', Feed(7, Flush(None))),
        ('{"type":"flush","stream":7,"flush_id":"x"}', Feed(7, Flush("x"))),
        ('{"type":"end","stream":7}', Feed(7, End())),
        ('{"type":"cancel","stream":7}', Feed(7, Cancel())),
        ('{"type":"credit","stream":7,"bytes":9}', Credit(7, 9)),
        ('{"type":"ping"}', Reply('{"type":"pong","ping_id":null}')),
        ('{"type":"ping","ping_id":"p"}', Reply('{"type":"pong","ping_id":"p"}')),
    ],
)
def test_each_message_is_one_action(message: str, expected: Action) -> None:
    assert connection(opened=[7]).receive(message) == (expected,)


def test_an_open_starts_a_stream_with_its_settings() -> None:
    (start,) = connection().receive(
        '{"type":"open","stream":3,"format":"wav","speed":2,"credit_bytes":10,"idle_flush_s":0.5}'
    )
    assert isinstance(start, Start)
    assert (start.stream, start.credit_bytes, start.open.prosody.speed) == (3, 10, 2.0)
    assert (start.open.format.name, start.open.format.rate_hz) == ("wav", VOICE.rate_hz)
    assert (start.open.idle_flush_s, start.open.listened) == (0.5, True)
    (kept,) = connection().receive('{"type":"open","listened":false}')
    assert isinstance(kept, Start)
    assert not kept.open.listened


def test_opened_names_voice_format_and_rate() -> None:
    made = connection()
    made.receive('{"type":"open","stream":3}')
    assert made.opened(3, 24_000) == (
        Reply('{"type":"opened","stream":3,"voice":"paper","format":"mp3","rate_hz":24000}'),
    )


EVENTS: list[tuple[Event, str | bytes]] = [
    (Audio(b"\x01\x02", 0.0, 0.1), b"\x07\x00\x00\x00\x00\x00\x00\x00\x01\x02"),
    (
        Mark("word", "Hé", 0.0, 0.5, 3, 5),
        '{"type":"mark","stream":7,"kind":"word","value":"Hé","start_s":0.0,"stop_s":0.5,'
        '"text_start":3,"text_stop":5}',
    ),
    (Flushed("x", 1.5), '{"type":"flushed","stream":7,"flush_id":"x","audio_s":1.5}'),
    (
        Ended(2.0, 9),
        '{"type":"ended","stream":7,"audio_s":2.0,"characters":9,"cancelled":false}',
    ),
    (
        Failed(EngineError("no breath")),
        '{"type":"error","code":"engine_failed","message":"no breath","param":null,"final":true,"stream":7}',
    ),
]


@pytest.mark.parametrize(("event", "frame"), EVENTS)
def test_each_event_is_one_frame(event: Event, frame: str | bytes) -> None:
    assert connection(opened=[7]).render(7, [event]) == [Reply(frame)]


def test_audio_frames_are_numbered_per_stream() -> None:
    made = connection(opened=[1, 2])
    frames = [
        action.frame
        for stream in (1, 2, 1)
        for action in made.render(stream, [Audio(b"x", 0, 1), Audio(b"y", 1, 2)])
        if isinstance(action, Reply) and isinstance(action.frame, bytes)
    ]
    assert [(frame[0], frame[4]) for frame in frames] == [(1, 0), (1, 1), (2, 0), (2, 1), (1, 2), (1, 3)]


@pytest.mark.parametrize("last", [Ended(0, 0), Failed(EngineError("x"))])
def test_a_number_is_free_after_its_last_event(last: Event) -> None:
    made = connection(opened=[7])
    (again,) = made.receive('{"type":"open","stream":7}')
    assert said([again])[0]["code"] == "duplicate_stream"
    assert said([again])[0]["final"] is False
    made.render(7, [last])
    (start,) = made.receive('{"type":"open","stream":7}')
    assert isinstance(start, Start)


@pytest.mark.parametrize("kind", ["text", "flush", "end"])
def test_a_message_for_no_stream_is_an_error_of_that_stream(kind: str) -> None:
    text = {"text": "x"} if kind == "text" else {}
    (error,) = said(connection().receive(json.dumps({"type": kind, "stream": 4, **text})))
    assert (error["code"], error["stream"], error["final"]) == ("unknown_stream", 4, True)


@pytest.mark.parametrize("message", ['{"type":"session"}', '{"type":"ack","after":1}'])
def test_what_is_about_sessions_comes_first_or_is_an_error_of_no_stream(message: str) -> None:
    (error,) = said(connection(opened=[1]).receive(message))
    assert (error["code"], error["final"], "stream" in error) == ("out_of_order", False, False)


@pytest.mark.parametrize("message", ['{"type":"cancel"}', '{"type":"credit","bytes":1}'])
def test_what_races_with_the_end_is_no_error(message: str) -> None:
    made = connection(opened=[1])
    made.render(1, [Ended(0, 0)])
    assert made.receive(message) == ()


def test_an_open_that_cannot_be_is_refused_before_it_starts() -> None:
    made = connection()
    for message, code in (
        ('{"type":"open","voice":"nobody"}', "unknown_voice"),
        ('{"type":"open","format":"midi"}', "unknown_format"),
    ):
        (error,) = said(made.receive(message))
        assert (error["code"], error["stream"], error["final"]) == (code, 1, True)
    assert isinstance(made.receive('{"type":"open"}')[0], Start)


def test_a_refused_open_frees_its_number_and_a_refused_command_does_not() -> None:
    made = connection(opened=[1])
    made.receive('{"type":"open","stream":2}')
    (open_error,) = said(made.refused(2, OverloadedError("full", retry_after_s=1.0)))
    assert (open_error["final"], open_error["retry_after_s"]) == (True, 1.0)
    (command_error,) = said(made.refused(1, OutOfOrderError("not now")))
    assert command_error["final"] is False
    assert isinstance(made.receive('{"type":"open","stream":2}')[0], Start)
    assert made.receive('{"type":"end"}') == (Feed(1, End()),)


def test_a_silent_socket_without_streams_is_ended() -> None:
    made = connection()
    first = made.tick(100.0)
    assert (first.actions, first.again_at) == ((), 400.0)
    made.receive('{"type":"ping"}')
    assert made.tick(400.0).again_at == 700.0
    last = made.tick(700.0)
    assert (last.again_at, last.actions[-1]) == (None, Close(1001, "no stream and no message for 300 s"))


def test_a_silent_socket_with_a_stream_is_not() -> None:
    made = connection(opened=[1])
    for now in (0.0, 300.0, 600.0, 900.0):
        assert made.tick(now).again_at == now + 300
    made.render(1, [Ended(0, 0)])
    assert made.tick(1200.0).again_at == 1500.0


def test_a_farewell_says_why_and_closes() -> None:
    error, close = connection().farewell(ShuttingDownError("é" * 100, retry_after_s=1.0))
    assert said([error])[0]["code"] == "shutting_down"
    assert isinstance(close, Close)
    assert (close.code, close.reason) == (1012, "é" * 61)


@pytest.mark.parametrize(
    ("offered", "error", "status"),
    [
        ((), None, None),
        (("vivavoce.v1",), None, None),
        (("x", "vivavoce.v1"), None, None),
        (("x",), None, 400),
        (("vivavoce.v1",), AuthenticationError("no key"), 401),
        ((), ShuttingDownError("closing", retry_after_s=1.0), 503),
    ],
)
def test_a_handshake(offered: tuple[str, ...], error: Any, status: int | None) -> None:
    greeting = NativeSockets(resolve, 300.0).greet(Handshake({}, {}, offered), error)
    if status is None:
        assert isinstance(greeting, Welcome)
        assert greeting.subprotocol == ("vivavoce.v1" if offered else None)
    else:
        assert isinstance(greeting, Denial)
        assert (greeting.status, "retry-after" in greeting.headers) == (status, status == 503)
        assert ("www-authenticate" in greeting.headers) is (status == 401)


@examples(100)
@given(st.lists(st.binary(max_size=30) | st.text(max_size=60), max_size=4))
def test_any_frames_give_actions(frames: list[str | bytes]) -> None:
    made = connection(opened=[1])
    for frame in frames:
        for action in made.receive(frame):
            assert isinstance(action, (Reply, Start, Feed, Credit))


@pytest.mark.parametrize(
    ("accept", "lines"),
    [
        ("", False),
        ("*/*", False),
        ("audio/mpeg", False),
        ("application/x-ndjson", True),
        ("audio/mpeg;q=0.1, Application/X-NDJSON; q=1", True),
    ],
)
def test_the_accept_header_chooses_lines(accept: str, lines: bool) -> None:
    exchange = NativeExchange(resolve)
    read = exchange.read(b'{"text":"x"}', {"accept": accept}, {})
    assert exchange.headers(24_000)["content-type"] == ("application/x-ndjson" if lines else "audio/mpeg")
    assert exchange.render([Flushed(None, 1.0), Audio(b"xy", 0.0, 1.0)]) == (
        b'{"type":"flushed","flush_id":null,"audio_s":1.0}\n'
        b'{"type":"audio","audio":"eHk=","start_s":0.0,"stop_s":1.0}\n'
        if lines
        else b"xy"
    )
    assert read.text == "x"


@pytest.mark.parametrize(
    ("body", "query", "complete"),
    [
        (b'{"text":"x"}', {}, False),
        (b'{"text":"x","complete":true}', {}, True),
        (b'{"text":"x"}', {"complete": "true"}, True),
        (b'{"text":"x","complete":true}', {"complete": "false"}, False),
    ],
)
def test_the_query_goes_before_the_body(body: bytes, query: dict[str, str], complete: bool) -> None:
    read = NativeExchange(resolve).read(body, {}, query)
    assert (read.complete, read.open.known_length) == (complete, complete)
