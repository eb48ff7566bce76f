"""The traps that the vendor's clients lay for whoever serves Gradium's socket, by their numbers; 8 and 9 are plain calls."""

from __future__ import annotations

import base64
import json

import pytest

from gradium_paper import EMPTY, END, HELLO, SETUP, STAYING, begun, closing, greeted, said, sound
from vivavoce.dialects.contract import Action, Feed, Start
from vivavoce.dialects.gradium.adapter import ABANDONED_S, TICK_S
from vivavoce.errors import (
    EngineError,
    IdleTimeoutError,
    QuotaExceededError,
    ShuttingDownError,
    VivavoceError,
)
from vivavoce.speech import Audio, End, Ended, Event, Failed, Flushed, Mark, Text

pytestmark = pytest.mark.fast


def test_trap_1_the_socket_is_closed_right_after_end_of_stream() -> None:
    assert said(begun(SETUP).render(0, [EMPTY])) == [{"type": "end_of_stream"}, ("close", 1000)]
    assert said(begun(STAYING).render("a", [EMPTY])) == [{"type": "end_of_stream", "client_req_id": "a"}]
    explicit = SETUP.replace("}", ', "close_ws_on_eos": true}')
    assert said(begun(explicit).render(0, [EMPTY]))[-1] == ("close", 1000)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineError("the engine failed"), 1011),
        (IdleTimeoutError("no text"), 1008),
        (QuotaExceededError("no characters left"), 1008),
        (ShuttingDownError("closing"), 1011),
    ],
)
def test_traps_2_and_3_every_failure_is_a_message_and_then_a_close_of_its_code(
    error: VivavoceError, code: int
) -> None:
    message = closing(begun(SETUP).render(0, [Failed(error)]))
    assert message == {"type": "error", "message": error.message, "code": code}
    assert closing(begun(SETUP).farewell(error)) == message


def test_trap_4_text_that_comes_before_ready_is_taken() -> None:
    made, _ = greeted()
    frames = [SETUP, HELLO, HELLO, END]
    actions = [action for frame in frames for action in made.receive(frame)]
    assert isinstance(actions[0], Start)
    assert actions[1:] == [Feed(0, Text("Hello ")), Feed(0, Text("Hello ")), Feed(0, End())]
    assert said(made.opened(0, 8000))[0]["type"] == "ready"


def test_trap_5_nulls_and_a_config_as_string_or_object() -> None:
    nulls = (
        '{"type":"setup","model_name":null,"voice":null,"voice_id":null,"output_format":null,"json_config":null,'
        '"pronunciation_id":null,"client_req_id":null,"close_ws_on_eos":null,"retry_for_s":3,"anything":{}}'
    )
    for setup in (
        nulls,
        '{"type":"setup","json_config":"{}"}',
        '{"type":"setup","json_config":{"temp":0.2}}',
    ):
        (start,) = greeted()[0].receive(setup)
        assert isinstance(start, Start)
        assert (start.stream, start.open.voice, start.open.format.name) == (0, "default", "wav")


def test_trap_6_a_frame_is_3840_samples_which_are_7680_bytes() -> None:
    made = begun('{"type":"setup","output_format":"pcm"}')
    message = said(made.render(0, [Audio(b"\0" * 7680, 0.0, 0.08)]))[0]
    assert len(base64.b64decode(message["audio"])) == 7680
    assert said(made.render(0, [Audio(b"\0" * 7679, 0.0, 0.08)])) == []


def test_trap_7_one_wav_header_of_unknown_length() -> None:
    made = begun('{"type":"setup"}')
    header = b"RIFF\xff\xff\xff\xffWAVE" + bytes(28) + b"\xff\xff\xff\xff"
    actions = made.render(0, [Audio(header + b"\1\0" * 7680, 0.0, 0.16), Ended(0.16, 1)])
    audio = [base64.b64decode(m["audio"]) for m in said(actions) if "audio" in m]
    assert [len(data) for data in audio] == [7724, 7680]
    assert audio[0].startswith(b"RIFF\xff\xff\xff\xff")


def test_trap_10_ready_audio_and_text_have_all_that_the_rust_client_needs() -> None:
    made, _ = greeted()
    made.receive(SETUP)
    (ready,) = said(made.opened(0, 8000))
    wanted = {
        "model_name",
        "sample_rate",
        "frame_size",
        "audio_stream_names",
        "text_stream_names",
        "request_id",
    }
    assert wanted <= ready.keys()
    made.receive('{"type":"text","text":"a"}')
    events: list[Event] = [Mark("word", "a", 0.0, 0.1, 0, 1), sound(0.2), Flushed("x", 0.2), Ended(0.2, 2)]
    messages = [m for m in said(made.render(0, events)) if isinstance(m, dict)]
    assert {message["type"] for message in messages} == {"text", "audio", "end_of_stream"}
    for message in messages[:-1]:
        assert {"start_s", "stop_s", "stream_id"} <= message.keys()


def test_trap_11_words_have_punctuation_no_spaces_and_no_tags() -> None:
    made = begun(SETUP)
    made.receive(json.dumps({"type": "text", "text": 'Hi, <break time="1s" /> you<flush>.'}))
    text = 'Hi, <break time="1s"/> you<flush>. '
    marks = [
        Mark("word", "Hi,", 0.0, 0.2, 0, 3),
        Mark("word", "you", 1.2, 1.4, text.index("you"), text.index("you") + 3),
    ]
    assert [message["text"] for message in said(made.render(0, marks))] == ["Hi,", "you"]


def test_trap_12_an_abandoned_request_is_ended_and_its_socket_lives_on() -> None:
    made = begun(STAYING)
    assert made.tick(0.0).actions == []
    made.receive('{"type":"text","text":"left behind","client_req_id":"a"}')
    begun_too = made.receive(STAYING.replace('"a"', '"b"'))
    assert isinstance(begun_too[0], Start)
    now = 0.0
    actions: list[Action] = []
    while now < ABANDONED_S + 2 * TICK_S:
        now += TICK_S
        made.receive('{"type":"text","text":"still here","client_req_id":"b"}')
        actions += made.tick(now).actions
    assert actions == [Feed("a", End())]
    assert said(made.receive('{"type":"text","text":"late","client_req_id":"a"}'))[0]["code"] == 1002
    assert said(made.render("a", [Ended(1.0, 12)])) == [{"type": "end_of_stream", "client_req_id": "a"}]
    # Should its client come back after all, that is no reason to end the others.
    (answer,) = said(made.receive('{"type":"text","text":"more","client_req_id":"a"}'))
    assert (answer["code"], answer["client_req_id"]) == (1002, "a")
    assert made.receive('{"type":"end_of_stream","client_req_id":"a"}') == ()
    (again,) = made.receive(STAYING)
    assert isinstance(again, Start)
