"""The client's side of the native wire: frames in, frames out."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.client.core.wire import ACK_FRAMES, CROWDED_BYTES, Wire
from vivavoce.client.types import Audio, Ended, Opened
from vivavoce.dialects.native import reading
from vivavoce.errors import VivavoceConnectionError, VivavoceRateLimitError, VivavoceServerError
from wire_frames import ENDED, OPENED, Bell, audio

pytestmark = pytest.mark.fast


def said(wire: Wire) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in wire.frames()]


SESSION = '{"type":"session","token":"t","window_s":15.0}'


def test_a_stream_from_open_to_its_end() -> None:
    wire, bell = Wire(lambda: "id"), Bell()
    channel = wire.open({"voice": "v"}, 100, bell)
    assert said(wire) == [
        {"type": "session"},
        {"type": "open", "stream": 1, "credit_bytes": 100, "voice": "v"},
    ]
    for frame in (SESSION, OPENED, audio(0, b"ab"), ENDED):
        wire.receive(frame)
    assert (bell.rung, channel.over, channel.error) == (4, True, None)
    assert [wire.take(channel) for _ in range(4)] == [
        Opened("v", "wav", 8000), Audio(b"ab"), Ended(1.0, 3, False), None,
    ]  # fmt: skip
    assert not wire.channels


def test_every_frame_that_is_sent_is_one_the_server_knows() -> None:
    wire = Wire(lambda: "")
    channel = wire.open({"format": "mp3", "marks": ["word"]}, 10, Bell())
    wire.say({"type": "text", "stream": 1, "text": "x"})
    wire.receive(SESSION)
    wire.receive(audio(0, b"0123456789"))
    wire.take(channel)
    wire.abandon(channel)
    for number in range(ACK_FRAMES):
        wire.receive(audio(number + 1, b"."))
    frames = wire.frames()
    wire.redialled()
    frames += wire.frames()
    kinds = [type(reading.message(frame)).__name__ for frame in frames]
    assert kinds == [
        "SessionMessage", "AckMessage", "OpenMessage", "TextMessage", "CreditMessage", "CancelMessage", "ResumeMessage",
    ]  # fmt: skip


def test_credit_is_given_back_as_audio_is_taken() -> None:
    wire = Wire(lambda: "", resumable=False)
    channel = wire.open({}, 100, Bell())
    wire.frames()
    for number in range(4):
        wire.receive(audio(number, b"." * 10))
    for _ in range(2):
        wire.take(channel)
    assert said(wire) == []
    wire.take(channel)
    assert said(wire) == [{"type": "credit", "stream": 1, "bytes": 30}]
    assert channel.held_bytes == 10


@pytest.mark.parametrize("sequence", [1, 4294967295])
def test_a_gap_in_the_audio_is_an_error(sequence: int) -> None:
    wire = Wire(lambda: "")
    wire.open({}, 100, Bell())
    with pytest.raises(VivavoceConnectionError, match=f"audio frame {sequence} of a stream where 0 was due"):
        wire.receive(audio(sequence, b"x"))


def test_errors_go_where_they_belong() -> None:
    wire = Wire(lambda: "id")
    first, second = wire.open({}, 9, Bell()), wire.open({}, 9, Bell())
    wire.receive(SESSION)
    told = '{"type":"error","stream":1,"code":"overloaded","message":"full","param":null,"final":true,"retry_after_s":2}'
    wire.receive(told)
    assert isinstance(first.error, VivavoceRateLimitError)
    assert (first.error.retry_after_s, first.error.request_id, first.over) == (2.0, "id", True)
    wire.receive(
        '{"type":"error","stream":2,"code":"engine_failed","message":"m","param":null,"final":false}'
    )
    assert not second.over
    assert isinstance(wire.take(second), VivavoceServerError)
    assert wire.resumes
    wire.receive('{"type":"error","code":"shutting_down","message":"bye","param":null,"final":true}')
    assert wire.failure is not None
    assert not wire.resumes
    wire.fail(VivavoceConnectionError("gone", close_code=1012))
    assert isinstance(second.error, VivavoceConnectionError)
    assert second.error.close_code == 1012


def test_a_server_without_sessions_is_spoken_to_plainly() -> None:
    wire = Wire(lambda: "")
    wire.open({}, 9, Bell())
    wire.frames()
    wire.receive('{"type":"error","code":"malformed_message","message":"type: …","param":null,"final":false}')
    assert not wire.resumes
    for number in range(ACK_FRAMES * 2):
        wire.receive(audio(number, b"."))
    assert said(wire) == []
    wire.say({"type": "ping"})
    assert said(wire) == [{"type": "ping"}]
    assert not wire.crowded


def test_a_writer_is_told_when_too_much_is_unconfirmed() -> None:
    wire = Wire(lambda: "")
    wire.receive(SESSION)
    wire.say({"type": "text", "text": "x" * CROWDED_BYTES})
    assert wire.crowded
    wire.frames()
    wire.receive('{"type":"ack","after":1}')
    assert not wire.crowded
    with pytest.raises(VivavoceConnectionError, match="7 frames confirmed where 1 were sent"):
        wire.receive('{"type":"ack","after":7}')


@examples(30)
@given(
    st.one_of(
        st.binary(max_size=40),
        st.text(max_size=60),
        st.sampled_from([OPENED, ENDED, SESSION, "{}", '{"type":1}']),
    )
)
def test_any_frame_gives_events_or_our_error(frame: str | bytes) -> None:
    wire = Wire(lambda: "")
    wire.open({}, 9, Bell())
    with contextlib.suppress(VivavoceConnectionError):
        wire.receive(frame)
