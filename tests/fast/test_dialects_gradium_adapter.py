"""Gradium's socket, message by message, without a socket: a whole request, and many on one socket."""

from __future__ import annotations

import base64
import json

import pytest

from gradium_paper import EMPTY, END, HELLO, SETUP, STAYING, begun, closing, greeted, said, sound
from vivavoce.dialects.contract import Feed, Reply, Start
from vivavoce.dialects.gradium.adapter import TICK_S
from vivavoce.speech import Audio, End, Ended, Flush, Flushed, Mark, Text

pytestmark = pytest.mark.fast

# ---- what a whole request looks like ------------------------------------------------------------------------------


def test_a_request_from_setup_to_close() -> None:
    made, _ = greeted()
    (start,) = made.receive('{"output_format":"pcm","voice_id":"YTpq7expH9539ERJ","type":"setup"}')
    assert isinstance(start, Start)
    assert (start.open.voice, start.open.format.rate_hz) == ("YTpq7expH9539ERJ", 48000)
    assert start.open.marks == {"word"}
    assert made.receive(HELLO) == (Feed(0, Text("Hello ")),)
    assert list(made.receive(END)) == [Feed(0, End())]
    assert made.opened(0, 48000) == (
        Reply(
            '{"type":"ready","request_id":"req_1","model_name":"default","sample_rate":48000,"frame_size":3840,'
            '"audio_stream_names":[],"text_stream_names":[]}'
        ),
    )
    data = b"\1\0" * 5760
    actions = made.render(0, [Mark("word", "Hello", 0.05, 0.11, 0, 5), Audio(data, 0.0, 0.12)])
    assert said(actions) == [
        {"type": "text", "text": "Hello", "start_s": 0.05, "stop_s": 0.11, "stream_id": 0},
        {
            "type": "audio",
            "audio": base64.b64encode(data[:7680]).decode(),
            "start_s": 0.0,
            "stop_s": 0.08,
            "stream_id": 0,
        },
    ]
    assert said(made.render(0, [Ended(0.12, 6)])) == [
        {
            "type": "audio",
            "audio": base64.b64encode(data[7680:]).decode(),
            "start_s": 0.08,
            "stop_s": 0.12,
            "stream_id": 0,
        },
        {"type": "end_of_stream"},
        ("close", 1000),
    ]


def test_a_named_request_has_its_name_in_every_message() -> None:
    made, _ = greeted()
    made.receive(STAYING)
    actions = list(made.opened("a", 8000))
    made.receive('{"type":"text","text":"Hi","client_req_id":"a"}')
    actions += made.render("a", [Mark("word", "Hi", 0.0, 0.1, 0, 2), sound(0.1), Ended(0.1, 3)])
    messages = said(actions)
    assert [message["type"] for message in messages] == ["ready", "text", "audio", "audio", "end_of_stream"]
    assert {message["client_req_id"] for message in messages} == {"a"}


def test_a_flush_is_silent_on_the_wire_and_brings_all_the_sound() -> None:
    made = begun(SETUP)
    assert made.receive('{"type":"flush"}') == (Feed(0, Flush()),)
    made.receive('{"type":"text","text":"one two"}')
    actions = made.render(
        0,
        [
            Mark("word", "one", 0.0, 0.1, 0, 3),
            sound(0.1),
            Flushed(None, 0.1),
            Mark("word", "two", 0.1, 0.2, 4, 7),
            sound(0.1),
            Ended(0.2, 8),
        ],
    )
    heard = [
        (m["type"], m["start_s"], m["stop_s"])
        for m in said(actions)
        if isinstance(m, dict) and "start_s" in m
    ]
    # The 60 ms of silence that fill the second message make the second word that much later.
    assert heard == [
        ("text", 0.0, 0.1),
        ("audio", 0.0, 0.08),
        ("audio", 0.08, 0.16),
        ("text", 0.16, 0.26),
        ("audio", 0.16, 0.24),
        ("audio", 0.24, 0.26),
    ]


# ---- one socket, many requests ------------------------------------------------------------------------------------


def test_a_request_that_nothing_followed_is_not_abandoned() -> None:
    made = begun(STAYING)
    made.tick(0.0)
    assert [made.tick(now * TICK_S).actions for now in range(1, 30)] == [[]] * 29


def test_requests_are_told_apart_by_their_ids() -> None:
    made = begun(STAYING, STAYING.replace('"a"', '"b"'))
    assert made.receive('{"type":"text","text":"x","client_req_id":"b"}') == (Feed("b", Text("x ")),)
    assert made.receive('{"type":"text","text":"y","client_req_id":"a"}') == (Feed("a", Text("y ")),)
    assert said(made.render("b", [EMPTY])) == [{"type": "end_of_stream", "client_req_id": "b"}]
    assert said(made.render("a", [EMPTY])) == [{"type": "end_of_stream", "client_req_id": "a"}]


def test_requests_of_one_socket_may_have_different_formats() -> None:
    made, _ = greeted()
    made.receive(STAYING)
    made.receive(STAYING.replace('"a"', '"b"').replace("pcm_8000", "pcm_24000"))
    assert [said(made.opened(key, rate))[0]["frame_size"] for key, rate in (("a", 8000), ("b", 24000))] == [
        640,
        1920,
    ]


def test_an_id_is_free_again_after_its_end() -> None:
    made = begun(STAYING)
    made.render("a", [EMPTY])
    (start,) = made.receive(STAYING)
    assert isinstance(start, Start)


def test_a_socket_is_used_again_without_ids() -> None:
    staying = SETUP.replace("}", ',"close_ws_on_eos":false}')
    made = begun(staying)
    made.receive(END)
    assert said(made.render(0, [EMPTY])) == [{"type": "end_of_stream"}]
    (start,) = made.receive(staying)
    assert isinstance(start, Start)


@pytest.mark.parametrize(
    ("setups", "frame", "message"),
    [
        ([STAYING], STAYING, "Session already active (a)"),
        ([SETUP], SETUP, "Session already active"),
        ([], HELLO, "Session not found. Send setup first."),
        ([], END, "Session not found. Send setup first."),
        ([], '{"type":"end_of_stream","client_req_id":"x"}', "Session not found. Send setup first."),
        ([STAYING], HELLO, "Session not found. Send setup first."),
        ([STAYING], '{"type":"text","text":"","client_req_id":"x"}', "Session not found. Send setup first."),
        ([SETUP], '{"type":"end_of_stream","client_req_id":"x"}', "Session not found. Send setup first."),
    ],
)
def test_messages_out_of_order_end_the_socket_with_1002(setups: list[str], frame: str, message: str) -> None:
    answer = closing(begun(*setups).receive(frame))
    assert (answer["message"], answer["code"]) == (message, 1002)
    assert answer.get("client_req_id") == json.loads(frame).get("client_req_id")


def test_text_after_end_of_stream_is_out_of_order() -> None:
    made = begun(SETUP)
    made.receive(END)
    assert closing(made.receive(HELLO))["code"] == 1002


def test_pipecat_may_end_what_never_began_and_what_has_ended() -> None:
    made = begun(STAYING)
    ending = '{"type":"end_of_stream","client_req_id":"a"}'
    assert made.receive('{"type":"end_of_stream","client_req_id":"never"}') == ()
    assert list(made.receive(ending)) == [Feed("a", End())]
    assert made.receive(ending) == ()
    made.render("a", [EMPTY])
    assert made.receive(ending) == ()


def test_livekit_sends_words_with_a_space_behind_them() -> None:
    made = begun(SETUP)
    feeds = [
        made.receive(json.dumps({"type": "text", "text": word}))[0] for word in ("Hello, ", "my ", "friend. ")
    ]
    assert feeds == [Feed(0, Text("Hello, ")), Feed(0, Text("my ")), Feed(0, Text("friend. "))]


def test_blank_text_is_nothing() -> None:
    made = begun(SETUP)
    assert made.receive('{"type":"text","text":""}') == ()
    assert made.receive('{"type":"text","text":"  \\n"}') == ()
    assert list(made.receive(END)) == [Feed(0, End())]


def test_a_tag_that_is_not_whole_is_spoken_at_the_end() -> None:
    made = begun(SETUP)
    assert made.receive('{"type":"text","text":"a <break"}') == (Feed(0, Text("a ")),)
    assert list(made.receive(END)) == [Feed(0, Text("<break ")), Feed(0, End())]
