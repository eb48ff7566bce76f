"""Gradium's one-shot call: raw audio, lines, and its refusals."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.contract import Reading
from vivavoce.dialects.gradium.errors import CLOSE_CODE, HTTP_STATUS, http, refuse
from vivavoce.dialects.gradium.oneshot import GradiumExchange
from vivavoce.errors import (
    AuthenticationError,
    EngineError,
    MethodNotAllowedError,
    MissingKeyError,
    NotFoundError,
    OverloadedError,
    QuotaExceededError,
    UnknownVoiceError,
    VivavoceError,
    error_classes,
)
from vivavoce.speech import Audio, Ended, Failed, Mark

pytestmark = pytest.mark.fast

BODY = {"text": "Hello there", "voice_id": "v", "output_format": "pcm_8000"}


def exchange() -> GradiumExchange:
    return GradiumExchange(lambda: "req_1")


def read(made: GradiumExchange, query: dict[str, str] | None = None, **fields: Any) -> Reading:
    return made.read(json.dumps({**BODY, **fields}).encode(), {}, query or {})


def refused(body: Any, query: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and detail for a body that cannot be read."""
    made = exchange()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(VivavoceError) as caught:
        made.read(data, {}, query or {})
    status, headers, answer = made.error(caught.value)
    assert headers["content-type"] == "application/json"
    return status, json.loads(answer)["detail"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("wav", "audio/wav"),
        ("pcm", "audio/pcm"),
        ("pcm_24000", "audio/pcm"),
        ("opus", "audio/ogg"),
        ("ulaw_8000", "audio/basic"),
        ("alaw_8000", "audio/x-alaw-basic"),
    ],
)
def test_only_audio_is_the_audio_itself(name: str, media_type: str) -> None:
    made = exchange()
    reading = read(made, output_format=name, only_audio=True)
    assert reading.open.marks == frozenset()
    assert not reading.complete
    assert made.headers(reading.open.format.rate_hz)["content-type"] == media_type
    assert made.render([Audio(b"ab", 0.0, 0.1), Audio(b"c", 0.1, 0.2), Ended(0.2, 5)]) == b"abc"
    assert made.render([Failed(EngineError("no"))]) == b""


def test_otherwise_it_is_a_line_for_every_message() -> None:
    made = exchange()
    reading = read(made)
    assert reading.text.split() == ["Hello", "there"]
    assert reading.open.marks == {"word"}
    assert made.headers(8000)["content-type"] == "application/x-ndjson"
    data = b"\1\0" * 800
    body = made.render([Mark("word", "Hello", 0.0, 0.1, 0, 5), Audio(data, 0.0, 0.1)])
    body += made.render([Ended(0.1, 11)])
    assert body.endswith(b"\n")
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["type"] for line in lines] == ["ready", "text", "audio", "audio", "end_of_stream"]
    assert lines[0]["request_id"] == "req_1"
    assert b"".join(base64.b64decode(line["audio"]) for line in lines if "audio" in line) == data
    assert all("client_req_id" not in line for line in lines)


def test_a_failure_in_the_middle_is_a_line() -> None:
    made = exchange()
    read(made)
    made.render([Audio(b"\0" * 1280, 0.0, 0.08)])
    (line,) = made.render([Failed(EngineError("the engine failed"))]).splitlines()
    assert json.loads(line) == {"type": "error", "message": "the engine failed", "code": 1011}


def test_a_config_may_stand_in_the_query() -> None:
    given_ = '{"padding_bonus": 2}'
    assert read(exchange(), {"json_config": given_}).open.prosody.speed == pytest.approx(1 / 1.3)
    own = read(exchange(), {"json_config": given_}, json_config={"padding_bonus": -2})
    assert own.open.prosody.speed == pytest.approx(1 / 0.7)


def test_a_pronunciation_is_obeyed_here_too() -> None:
    assert read(exchange(), pronunciation_id="p").open.dictionary_id == "p"


@pytest.mark.parametrize("name", ["text", "voice_id", "output_format"])
def test_a_missing_field_is_422_with_its_place(name: str) -> None:
    body = {key: value for key, value in BODY.items() if key != name}
    assert refused(body) == (422, [{"loc": ["body", name], "msg": "Field required", "type": "missing"}])


def test_a_wrong_type_is_422_with_its_place() -> None:
    status, detail = refused({**BODY, "text": 7})
    assert (status, detail[0]["loc"]) == (422, ["body", "text"])
    assert detail[0]["msg"] == "text: expected a string"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "Expected a JSON object as the body"),
        (b"{", "Expected a JSON object as the body"),
        (b"\xff", "Expected a JSON object as the body"),
        ({**BODY, "text": " \n"}, "text: expected something to say, got only white space"),
        ({**BODY, "json_config": {"cfg_coef": 11}}, "cfg_coef should be between 1.0 and 10.0"),
        ({**BODY, "json_config": "["}, "json_config should be valid JSON"),
        ({**BODY, "model_name": "nope"}, "Unknown model 'nope'"),
        (
            {**BODY, "voice_id": "vox_emb_1", "text": "x" * 101},
            "text: expected at most 100 characters for the preview of a draft, got 101",
        ),
    ],
)
def test_other_faults_are_400_with_a_sentence(body: Any, detail: str) -> None:
    assert refused(body) == (400, detail)


def test_an_unsupported_format_is_400() -> None:
    status, detail = refused({**BODY, "output_format": "mp3"})
    assert status == 400
    assert detail.startswith("Unsupported output_format 'mp3'")


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (AuthenticationError("x"), 401, "API key is revoked or expired"),
        (MissingKeyError("x"), 401, "API key is missing"),
        (QuotaExceededError("no credits"), 402, "no credits"),
        (UnknownVoiceError("x"), 404, "Embeddings not found for v"),
        (NotFoundError("x", param="dictionary_id"), 404, "Pronunciation dictionary p not found."),
        (MethodNotAllowedError("expected POST, got GET"), 405, "expected POST, got GET"),
        (EngineError("it broke"), 500, "it broke"),
    ],
)
def test_refusals_before_the_first_byte(error: VivavoceError, status: int, detail: str) -> None:
    made = exchange()
    read(made, pronunciation_id="p")
    found, _, body = made.error(error)
    assert (found, json.loads(body)) == (status, {"detail": detail})


def test_retry_after_is_a_header() -> None:
    status, headers, _ = exchange().error(OverloadedError("full", retry_after_s=0.2))
    assert (status, headers["retry-after"]) == (429, "1")


def test_every_code_of_the_tables_exists() -> None:
    codes = {cls.code for cls in error_classes()}
    assert CLOSE_CODE.keys() <= codes
    assert HTTP_STATUS.keys() <= codes


@pytest.mark.parametrize("cls", error_classes())
def test_every_error_has_a_body_that_the_sdk_reads(cls: type[VivavoceError]) -> None:
    answer = refuse(cls("what went wrong", param="name"))
    assert 400 <= answer.status < 600
    assert answer.headers["content-type"] == "application/json"
    detail = json.loads(answer.body)["detail"]
    assert detail
    if answer.status == 422:
        assert detail[0]["loc"] == ["body", "name"]
    assert (answer.status, answer.body) == (http(cls("what went wrong", param="name"))[0], answer.body)


@given(
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from([*BODY, "only_audio", "json_config"]), st.none() | st.text() | st.integers()
    ).map(lambda d: json.dumps(d).encode())
)
@examples(60)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    made = exchange()
    try:
        made.read(body, {}, {})
    except VivavoceError as error:
        status, _, answer = made.error(error)
        assert status in (400, 422)
        assert json.loads(answer)["detail"]
