"""What goes wrong on Gradium's socket: which errors end it, which end one request, and with what code."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from gradium_paper import EMPTY, END, HELLO, SETUP, STAYING, begun, closing, greeted, said
from vivavoce.dialects.contract import Close, Feed, Reply, Start
from vivavoce.dialects.gradium.adapter import TICK_S
from vivavoce.errors import (
    AuthenticationError,
    ConcurrencyLimitError,
    EngineError,
    IdleTimeoutError,
    MissingKeyError,
    NotFoundError,
    TextTooLongError,
    UnknownVoiceError,
    VivavoceError,
)
from vivavoce.speech import Cancel, Ended, Failed, Text

pytestmark = pytest.mark.fast


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
@examples(80)
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
