"""Gradium's socket, message by message, without a socket. The numbered traps are those of the vendor's clients."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.dialects.contract import Action, Close, Feed, Handshake, Reply, Start, Welcome
from vivavoce.dialects.gradium.adapter import ABANDONED_S, TICK_S, GradiumConnection, GradiumSockets
from vivavoce.errors import (
    AuthenticationError,
    ConcurrencyLimitError,
    EngineError,
    IdleTimeoutError,
    MissingKeyError,
    NotFoundError,
    QuotaExceededError,
    ShuttingDownError,
    TextTooLongError,
    UnknownVoiceError,
    VivavoceError,
)
from vivavoce.speech import Audio, Cancel, End, Ended, Event, Failed, Flush, Flushed, Mark, Text

pytestmark = pytest.mark.fast

SETUP = '{"voice_id": "v", "output_format": "pcm_8000", "type": "setup"}'
STAYING = '{"type":"setup","output_format":"pcm_8000","close_ws_on_eos":false,"client_req_id":"a"}'
HELLO = '{"type":"text","text":"Hello"}'
END = '{"type":"end_of_stream"}'
EMPTY = Ended(0.0, 0)


def sockets() -> GradiumSockets:
    ids = count(1)
    return GradiumSockets(300.0, lambda: f"req_{next(ids)}")


def greeted(error: VivavoceError | None = None) -> tuple[GradiumConnection, Sequence[Action]]:
    welcome = sockets().greet(Handshake({}, {}, ()), error)
    assert isinstance(welcome, Welcome)
    assert isinstance(welcome.connection, GradiumConnection)
    return welcome.connection, welcome.actions


def begun(*setups: str) -> GradiumConnection:
    """A connection with requests that are open."""
    made, actions = greeted()
    assert actions == ()
    for setup in setups:
        (start,) = made.receive(setup)
        assert isinstance(start, Start)
        made.opened(start.stream, start.open.format.rate_hz)
    return made


def said(actions: Sequence[Action]) -> list[Any]:
    """The replies among ``actions``, decoded, and closes as ``("close", code)``."""
    found: list[Any] = []
    for action in actions:
        match action:
            case Reply():
                assert isinstance(action.frame, str)
                found.append(json.loads(action.frame))
            case Close():
                found.append(("close", action.code))
    return found


def sound(seconds: float) -> Audio:
    """Sound at 8 kHz; its times do not matter here."""
    return Audio(b"\1\0" * round(seconds * 8000), 0.0, 0.0)


def closing(actions: Sequence[Action]) -> Any:
    """The error message, after checking that a close with its code and message follows it."""
    reply, close = actions
    (message,) = said((reply,))
    assert message["type"] == "error"
    assert isinstance(close, Close)
    assert close.code == message["code"]
    assert message["message"].encode().startswith(close.reason.encode())
    return message


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


# ---- the twelve traps ---------------------------------------------------------------------------------------------


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


# ---- what goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AuthenticationError("wrong"), "API key is revoked or expired"),
        (MissingKeyError("none"), "API key is missing"),
        (ConcurrencyLimitError("3 streams at once"), "3 streams at once"),
    ],
)
def test_a_bad_key_is_told_inside_the_socket(error: VivavoceError, message: str) -> None:
    made, actions = greeted(error)
    assert closing(actions) == {"type": "error", "message": message, "code": 1008}
    assert isinstance(made.receive(SETUP)[0], Start)  # which the loop no longer carries out


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", 1002),
        ("{", 1002),
        ("[]", 1002),
        ("7", 1002),
        ("{}", 1002),
        ('{"type":"cancel"}', 1002),
        ('{"type":7}', 1002),
        ('{"type":"text"}', 1003),
        ('{"type":"text","text":null}', 1003),
        ('{"type":"setup","voice_id":5}', 1003),
        ('{"type":"setup","client_req_id":5}', 1003),
        ('{"type":"setup","client_req_id":"' + "x" * 257 + '"}', 1003),
        ('{"type":"setup","close_ws_on_eos":"no"}', 1003),
        ('{"type":"setup","json_config":"{"}', 1003),
        ('{"type":"setup","json_config":[]}', 1003),
        ('{"type":"setup","json_config":{"cfg_coef":0}}', 1003),
        ('{"type":"setup","model_name":"other"}', 1003),
        ('{"type":"setup","output_format":"mp3"}', 1008),
        ('{"type":"text","text":"\\ud800"}', 1002),
        (b"\x00\x01", 1003),
    ],
)
def test_what_cannot_be_understood_ends_the_socket(frame: str | bytes, code: int) -> None:
    assert closing(greeted()[0].receive(frame))["code"] == code


def test_a_wrong_field_is_named() -> None:
    message = closing(greeted()[0].receive('{"type":"setup","voice_id":5}'))["message"]
    assert message == "voice_id: expected a string or null"


def test_a_setup_that_keeps_the_socket_fails_alone() -> None:
    made = begun(STAYING)
    wrong = '{"type":"setup","close_ws_on_eos":false,"client_req_id":"b","output_format":"mp3"}'
    (message,) = said(made.receive(wrong))
    assert (message["code"], message["client_req_id"]) == (1008, "b")
    # What was sent for it in the meantime is passed over.
    assert made.receive('{"type":"text","text":"x","client_req_id":"b"}') == ()
    assert made.receive('{"type":"end_of_stream","client_req_id":"b"}') == ()
    assert made.receive('{"type":"text","text":"x","client_req_id":"a"}') == (Feed("a", Text("x ")),)
    (again,) = made.receive(STAYING.replace('"a"', '"b"'))
    assert isinstance(again, Start)


def test_a_wrong_type_in_a_setup_that_keeps_the_socket_fails_alone() -> None:
    made = begun(STAYING)
    (message,) = said(made.receive('{"type":"setup","close_ws_on_eos":false,"client_req_id":"b","voice":1}'))
    assert (message["code"], message["client_req_id"]) == (1003, "b")
    assert made.receive('{"type":"text","text":"x","client_req_id":"b"}') == ()


@pytest.mark.parametrize(
    ("setup", "error", "message", "code"),
    [
        ('{"type":"setup","voice_id":"xyz"}', UnknownVoiceError("no"), "Embeddings not found for xyz", 1011),
        (
            '{"type":"setup","pronunciation_id":"p9"}',
            NotFoundError("no", param="dictionary_id"),
            "Pronunciation dictionary p9 not found.",
            1003,
        ),
    ],
)
def test_what_the_server_does_not_have(setup: str, error: VivavoceError, message: str, code: int) -> None:
    made, _ = greeted()
    made.receive(setup)
    answer = closing(made.refused(0, error))
    assert (answer["message"], answer["code"]) == (message, code)


def test_a_refused_command_ends_its_request_only() -> None:
    made = begun(STAYING, STAYING.replace('"a"', '"b"'))
    reply, cancel = made.refused("a", TextTooLongError("too much"))
    assert said((reply,))[0]["client_req_id"] == "a"
    assert cancel == Feed("a", Cancel())
    assert made.receive('{"type":"text","text":"x","client_req_id":"a"}') == ()
    assert made.render("a", [Ended(0.0, 0, cancelled=True)]) == ()
    assert made.refused("a", TextTooLongError("too late")) == ()
    assert said(made.render("b", [EMPTY])) == [{"type": "end_of_stream", "client_req_id": "b"}]


def test_a_failed_request_that_keeps_the_socket_is_stamped() -> None:
    made = begun(STAYING)
    assert said(made.render("a", [Failed(EngineError("broken"))])) == [
        {"type": "error", "message": "broken", "code": 1011, "client_req_id": "a"}
    ]


def test_a_request_that_was_left_silent_ends_without_an_error() -> None:
    made = begun(STAYING)
    assert said(made.render("a", [Failed(IdleTimeoutError("silent"))])) == [
        {"type": "end_of_stream", "client_req_id": "a"}
    ]


def test_a_socket_that_nobody_uses_is_closed() -> None:
    made, _ = greeted()
    actions = [made.tick(TICK_S * n).actions for n in range(21)]
    assert not any(actions[:20])
    assert closing(actions[20])["code"] == 1008


def test_failed_requests_are_forgotten_in_the_end() -> None:
    made, _ = greeted()
    for n in range(1000):
        made.receive(
            json.dumps(
                {"type": "setup", "model_name": "x", "close_ws_on_eos": False, "client_req_id": str(n)}
            )
        )
    assert made.receive('{"type":"text","text":"late","client_req_id":"999"}') == ()
    assert closing(made.receive('{"type":"text","text":"late","client_req_id":"0"}'))["code"] == 1002


FRAMES = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=30),
    st.sampled_from(
        [SETUP, STAYING, HELLO, END, '{"type":"text","text":"x","client_req_id":"a"}', '{"type":"flush"}']
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["setup", "text", "end_of_stream", "flush", "other"])},
        optional={
            name: st.one_of(
                st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just({"temp": 9})
            )
            for name in ("text", "voice", "voice_id", "client_req_id", "json_config", "close_ws_on_eos")
        },
    ).map(json.dumps),
)


@given(st.lists(FRAMES, max_size=8))
@settings(max_examples=80)
def test_any_frames_give_actions_and_never_an_exception(frames: list[str | bytes]) -> None:
    made, _ = greeted()
    now = 0.0
    for frame in frames:
        for action in made.receive(frame):
            match action:
                case Start():
                    made.opened(action.stream, action.open.format.rate_hz)
                case Reply():
                    assert json.loads(action.frame)["type"] == "error"
                case Close():
                    assert action.code in (1002, 1003, 1008, 1011)
                    assert len(action.reason.encode()) <= 123
                case _:
                    assert isinstance(action, Feed)
        now += 20.0
        made.tick(now)
