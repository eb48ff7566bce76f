"""Soniox's socket and its ``POST /tts``, message by message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from soniox_paper import CONFIG, ID, MEMBERS, NAMES, OVER, begin, connection, failure, said
from vivavoce.dialects.contract import Action, Close, Credit, Feed, Handshake, Reply, Start
from vivavoce.errors import (
    AuthenticationError,
    EngineError,
    OutOfOrderError,
    OverloadedError,
    ShuttingDownError,
    UnknownLanguageError,
    UnknownVoiceError,
    WorkerDiedError,
)
from vivavoce.speech import Audio, Cancel, End, Ended, Event, Failed, Flushed, Mark, Text

pytestmark = pytest.mark.fast

GREETED = Handshake({"x-request-id": ID}, {}, ())


# ---- golden bytes -----------------------------------------------------------------------------------------------


def test_the_config_of_the_vendors_page_opens_a_stream_in_silence() -> None:
    start = begin(connection(), "sync-1")
    assert (start.stream, start.credit_bytes, start.credential) == ("sync-1", None, None)
    opened = start.open
    assert (opened.voice, opened.language, opened.markup) == ("Adrian", "en-US", False)
    assert (opened.format.name, opened.format.rate_hz) == ("wav", 24_000)
    assert (opened.prosody.speed, opened.marks, opened.reduce_silence) == (1.0, frozenset(), False)
    assert (opened.model, opened.client_reference_id) == ("tts-rt-v1", "")


def test_every_field_of_a_config_counts() -> None:
    start = begin(
        connection(),
        "s1",
        model="tts-rt-v2",
        language="no",
        audio_format="mp3",
        sample_rate=44_100,
        bitrate=128_000,
        speed=1.25,
        reduce_silence=True,
        return_timestamps=True,
        client_reference_id="mine",
        api_key="vv_key",
        someday="ignored",
    )
    opened = start.open
    assert (opened.language, opened.prosody.speed, opened.reduce_silence) == ("no", 1.25, True)
    assert (opened.format.name, opened.format.rate_hz, opened.format.bit_rate_bps) == ("mp3", 44_100, 128_000)
    assert (opened.marks, opened.model) == (frozenset({"character"}), "tts-rt-v2")
    assert (opened.client_reference_id, start.credential) == ("mine", "vv_key")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"text":"Hello ","text_end":false,"stream_id":"s1"}', [Feed("s1", Text("Hello "))]),
        ('{"text":"Hi.","text_end":true,"stream_id":"s1"}', [Feed("s1", Text("Hi.")), Feed("s1", End())]),
        ('{"text":"","text_end":true,"stream_id":"s1"}', [Feed("s1", End())]),
        ('{"text":"","text_end":false,"stream_id":"s1"}', [Feed("s1", Text(""))]),
        ('{"stream_id":"s1","text":"no flag"}', [Feed("s1", Text("no flag"))]),
        ('{"stream_id":"s1","text_end":true}', [Feed("s1", End())]),  # LiveKit
        ('{"stream_id":"s1","text":null,"text_end":true}', [Feed("s1", End())]),
        ('{"stream_id":"s1","cancel":true}', [Feed("s1", Cancel())]),
        ('{"keep_alive":true}', []),
        ('{"keep_alive":true,"stream_id":"s1"}', []),
        ('{"keep_alive":true,"stream_id":"nobody"}', []),
        ('{"text":"\\ud83d","stream_id":"s1"}', [Feed("s1", Text("\ud83d"))]),
    ],
)
def test_each_message_of_a_client(message: str, expected: list[Action]) -> None:
    assert list(connection("s1").receive(message)) == expected
    assert list(connection("s1").receive(message.encode())) == expected


def test_each_message_of_the_server_byte_for_byte() -> None:
    made = connection("s1")
    assert made.render("s1", [Audio(b"\x01\x02\x03", 0.0, 0.1)]) == [
        Reply('{"stream_id":"s1","audio":"AQID","audio_end":false}')
    ]
    assert made.render("s1", [Audio(b"\xff\xfe", 0.1, 0.2), Ended(0.2, 5)]) == [
        Reply('{"stream_id":"s1","audio":"//4=","audio_end":true}'),
        Reply('{"stream_id":"s1","terminated":true}'),
    ]
    begin(made, "s1")
    assert made.render("s1", [Ended(0.0, 0)]) == [
        Reply('{"stream_id":"s1","audio_end":true}'),
        Reply('{"stream_id":"s1","terminated":true}'),
    ]
    assert made.receive('{"stream_id":"x","cancel":true}')[0] == Reply(
        '{"stream_id":"x","error_code":400,"error_type":"invalid_stream_state",'
        '"error_message":"Stream x not found. Send a start message first.",'
        '"more_info":"https://soniox.com/docs/api-reference/errors#invalid-stream-state",'
        f'"request_id":"{ID}"}}'
    )


def test_the_audio_of_one_batch_is_one_message() -> None:
    pieces: list[Event] = [Audio(b"ab", 0.0, 0.1), Flushed(None, 0.1), Audio(b"cd", 0.1, 0.2)]
    (message,) = said(connection("s1").render("s1", pieces))
    assert message["audio"] == "YWJjZA=="


def test_nothing_audible_is_no_message() -> None:
    assert said(connection("s1").render("s1", [Flushed(None, 0.0)])) == []


# ---- timestamps -------------------------------------------------------------------------------------------------


def characters(text: str, each_s: float = 0.1) -> list[Mark]:
    return [Mark("character", c, i * each_s, (i + 1) * each_s, i, i + 1) for i, c in enumerate(text)]


def test_each_frame_has_the_characters_that_begin_in_it() -> None:
    made = connection("s1", return_timestamps=True)
    heard = [
        *said(made.render("s1", [*characters("Oh, hi."), Audio(b"a", 0.0, 0.25)])),
        *said(made.render("s1", [Audio(b"b", 0.25, 0.3)])),
        *said(made.render("s1", [Audio(b"c", 0.3, 0.69), Ended(0.7, 7)])),
    ]
    assert heard[0]["timestamps"] == {
        "characters": ["O", "h", ","],
        "character_start_times_seconds": [0.0, 0.1, 0.2],
        "character_end_times_seconds": [0.1, 0.2, 0.3],
    }
    assert "timestamps" not in heard[1]
    assert "".join(c for m in heard if "timestamps" in m for c in m["timestamps"]["characters"]) == "Oh, hi."
    assert heard[2]["audio_end"] is True
    assert heard[3] == OVER


def test_characters_without_audio_leave_with_the_end() -> None:
    made = connection("s1", return_timestamps=True)
    end, over = said(made.render("s1", [Mark("character", "\ud83d", 0.5, 0.5, 0, 1), Ended(0.5, 1)]))
    assert end == {
        "stream_id": "s1",
        "audio_end": True,
        "timestamps": {
            "characters": ["\ufffd"],
            "character_start_times_seconds": [0.5],
            "character_end_times_seconds": [0.5],
        },
    }
    assert over == OVER


def test_no_timestamps_unless_asked_for() -> None:
    (message,) = said(connection("s1").render("s1", [*characters("Hi"), Audio(b"a", 0.0, 1.0)]))
    assert set(message) == {"stream_id", "audio", "audio_end"}


# ---- the life of a stream ---------------------------------------------------------------------------------------


def test_a_cancelled_stream_ends_with_terminated_alone() -> None:
    made = connection("s1")
    made.receive('{"stream_id":"s1","cancel":true}')
    assert made.receive('{"stream_id":"s1","cancel":true}') == ()
    assert made.receive('{"stream_id":"s1","text":"too late"}') == ()
    assert said(made.render("s1", [Ended(0.0, 0, cancelled=True)])) == [OVER]
    assert isinstance(begin(made, "s1"), Start)


def test_a_failed_stream_ends_with_its_error_and_its_siblings_go_on() -> None:
    made = connection("s1", "s2")
    events: list[Event] = [Audio(b"ab", 0.0, 0.1), Failed(EngineError("no breath"))]
    audio, error, over = said(made.render("s1", events))
    assert audio["audio_end"] is False
    assert (error, over) == (failure(500, "internal_error", "no breath"), OVER)
    assert list(made.receive('{"stream_id":"s2","text":"x"}')) == [Feed("s2", Text("x"))]


def test_a_bad_message_for_a_live_stream_ends_it_once_it_is_let_go_of() -> None:
    made = connection("s1")
    long = json.dumps({"stream_id": "s1", "text": "x" * 5001})
    assert made.receive(long) == (Feed("s1", Cancel()),)
    assert made.receive(long) == ()
    assert said(made.render("s1", [Ended(0.0, 0, cancelled=True)])) == [
        failure(400, "invalid_request", "Text is too long (max length 5000)."),
        OVER,
    ]


def test_a_second_config_ends_the_stream_that_has_the_id() -> None:
    made = connection("s1")
    assert made.receive(json.dumps(CONFIG)) == (Feed("s1", Cancel()),)
    assert said(made.render("s1", [Ended(0.0, 0, cancelled=True)])) == [
        failure(400, "invalid_stream_state", "Stream s1 is already active."),
        OVER,
    ]


def test_a_sixth_stream_is_refused_alone() -> None:
    made = connection("1", "2", "3", "4", "5")
    assert said(made.receive(json.dumps(CONFIG))) == [
        failure(429, "limit_exceeded", "Maximum concurrent streams per connection (5) reached."),
        OVER,
    ]
    made.render("3", [Ended(0.0, 0)])
    assert isinstance(begin(made, "s1"), Start)


def test_text_after_its_end_is_an_error_and_a_second_end_is_none() -> None:
    made = connection("s1")
    made.receive('{"stream_id":"s1","text":"Hi.","text_end":true}')
    assert made.receive('{"stream_id":"s1","text_end":true}') == ()
    assert made.receive('{"stream_id":"s1","text":"more"}') == (Feed("s1", Cancel()),)
    error, over = said(made.render("s1", [Ended(0.0, 0, cancelled=True)]))
    assert (error["error_type"], over) == ("invalid_stream_state", OVER)


@pytest.mark.parametrize(
    "message",
    [
        '{"stream_id":"s1","text":"x"}',
        '{"stream_id":"s1","text_end":true}',
        '{"stream_id":"s1","cancel":true}',
    ],
)
def test_a_message_for_no_stream(message: str) -> None:
    assert said(connection().receive(message)) == [
        failure(400, "invalid_stream_state", "Stream s1 not found. Send a start message first."),
        OVER,
    ]


def test_a_refused_opening_frees_the_id_and_is_said_in_the_wires_words() -> None:
    for error, code, kind, message in (
        (OverloadedError("full", retry_after_s=1.0), 429, "limit_exceeded", "full"),
        (
            UnknownVoiceError("no voice of yours"),
            400,
            "invalid_request",
            "Invalid voice 'Adrian' for model 'tts-rt-v1-preview'.",
        ),
        (
            UnknownLanguageError("no"),
            400,
            "invalid_request",
            "Invalid language 'en' for model 'tts-rt-v1-preview'.",
        ),
        (AuthenticationError("who?"), 401, "unauthenticated", "Invalid API key."),
    ):
        made = connection()
        made.receive(json.dumps(CONFIG))
        assert said(made.refused("s1", error)) == [failure(code, kind, message), OVER]
        assert isinstance(begin(made, "s1"), Start)


def test_a_command_that_the_session_refuses_ends_the_stream_with_that() -> None:
    made = connection("s1")
    assert made.refused("s1", OutOfOrderError("too late")) == (Feed("s1", Cancel()),)
    assert made.refused("s1", OutOfOrderError("again")) == ()
    assert said(made.render("s1", [Ended(0.0, 0, cancelled=True)]))[0]["error_message"] == "too late"
    begin(made, "s1")
    made.refused("s1", OutOfOrderError("it has failed by now"))
    error, _ = said(made.render("s1", [Failed(WorkerDiedError("gone"))]))
    assert (error["error_code"], error["error_type"]) == (503, "service_unavailable")
    assert error["error_message"] == "Cannot continue request (code 1). Please restart the request."


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("", "Invalid JSON body"),
        ("{", "Invalid JSON body"),
        (b"\xff\xfe", "Invalid JSON body"),
        ('{"text": NaN}', "Invalid JSON body"),
        ("[" * 100_000, "Invalid JSON body"),
        ("[]", "Invalid message format"),
        ("5", "Invalid message format"),
        ("{}", "Missing required field: stream_id"),
        ('{"stream_id":null,"text":"x"}', "Missing required field: stream_id"),
        ('{"stream_id":"","text":"x"}', "Missing required field: stream_id"),
        ('{"stream_id":7,"text":"x"}', "Invalid message format"),
        ('{"stream_id":"\\ud800","text":"x"}', "Invalid message format"),
        (json.dumps({"stream_id": "x" * 257, "text": ""}), "Stream ID is too long (max length 256)."),
    ],
)
def test_what_names_no_stream_ends_the_connection_after_an_error(frame: str | bytes, message: str) -> None:
    actions = connection("s1").receive(frame)
    assert said(actions) == [failure(400, "invalid_request", message, stream=None)]
    assert actions[-1] == Close(1008)


# ---- time -------------------------------------------------------------------------------------------------------


def test_a_socket_without_streams_is_closed_after_a_while_with_an_error_first() -> None:
    made = connection()
    assert made.tick(100.0).again_at == 100.5
    assert made.tick(399.0).actions == ()
    made.receive('{"keep_alive":true}')
    assert made.tick(400.0).actions == ()
    assert made.tick(699.5).actions == ()
    last = made.tick(700.0)
    assert (said(last.actions), last.again_at) == (
        [failure(408, "request_timeout", "Request timeout", stream=None)],
        None,
    )
    assert last.actions[-1] == Close(1001, "Timeout")


def test_a_socket_with_a_stream_is_not() -> None:
    made = connection("s1")
    assert all(made.tick(now).again_at is not None for now in (0.0, 300.0, 900.0))
    made.render("s1", [Ended(0.0, 0)])
    assert made.tick(1000.0).again_at is not None


def test_a_farewell_says_why_and_closes() -> None:
    actions = connection().farewell(ShuttingDownError("closing"))
    message = "Cannot continue request (code 3). Please restart the request."
    assert said(actions) == [failure(503, "service_unavailable", message, stream=None)]
    assert actions[-1] == Close(1001)


# ---- anything -------------------------------------------------------------------------------------------------------

FRAMES: st.SearchStrategy[Any] = (
    st.binary(max_size=30)
    | st.text(max_size=40)
    | st.dictionaries(NAMES, MEMBERS, max_size=6).map(
        lambda members: json.dumps({"stream_id": "s1", **members})
    )
    | st.dictionaries(NAMES, MEMBERS, max_size=2).map(lambda members: json.dumps({**CONFIG, **members}))
)


@examples(150)
@given(st.lists(FRAMES, max_size=4))
def test_any_frames_give_actions(frames: list[str | bytes]) -> None:
    made = connection("s1")
    for frame in frames:
        for action in made.receive(frame):
            assert isinstance(action, (Reply, Start, Feed, Credit, Close))
            if isinstance(action, Reply):
                assert None not in json.loads(action.frame).values()
