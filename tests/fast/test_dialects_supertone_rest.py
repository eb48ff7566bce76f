"""Supertone's plain calls: predicted durations, and what holds of all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from paper_desk import KEY, PaperDesk, ask
from supertone_desk import ADAM, refusal
from vivavoce.dialects.supertone.reading import Manner
from vivavoce.dialects.supertone.routes import SERVICES, credential, services

pytestmark = pytest.mark.fast

# ---- predicted durations ----------------------------------------------------------------------------------------


def test_a_predicted_duration_is_that_of_the_same_request() -> None:
    desk = PaperDesk()
    body = {"text": "Hi #1", "language": "en", "voice_settings": {"speed": 2, "duration": 5}}
    path = f"/v1/predict-duration/{ADAM}"
    answer = ask(SERVICES, "POST", path, desk, body=json.dumps(body).encode())
    assert (answer.status, json.loads(answer.body)) == (200, {"duration": 0.4})
    ((request, text),) = desk.asked
    assert text == "Hi 1"
    assert (request.voice, request.duration_s, request.account) == (ADAM, 10.0, KEY.account)
    ask(services(Manner(speed_divides=True)), "POST", path, desk, body=json.dumps(body).encode())
    assert desk.asked[-1][0].duration_s == 2.5


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nobody", {"text": "a", "language": "en"}, 404),
        ("adam", {"text": "a" * 301, "language": "en"}, 400),
        ("adam", {"text": "a"}, 400),
    ],
)
def test_predicting_is_refused_as_creating_is(path: str, body: dict[str, str], status: int) -> None:
    answer = ask(
        SERVICES, "POST", f"/v1/predict-duration/{path}", PaperDesk(), body=json.dumps(body).encode()
    )
    assert refusal(answer)[0] == status


def test_every_model_can_be_predicted_though_one_only_streams() -> None:
    body = json.dumps({"text": "a", "language": "en", "model": "sona_speech_2"}).encode()
    assert ask(SERVICES, "POST", "/v1/predict-duration/adam", PaperDesk(), body=body).status == 200


# ---- all of them ------------------------------------------------------------------------------------------------


def test_the_key_is_in_its_own_header() -> None:
    assert credential({"x-sup-api-key": "k"}, {}, ()) == "k"
    assert credential({"authorization": "Bearer k", "x-sup-api-key": ""}, {}, ()) is None


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "page_size",
                "next_page_token",
                "style",
                "name",
                "start_time",
                "end_time",
                "start_date",
                "end_date",
            ]
        ),
        st.one_of(
            st.text(max_size=12), st.sampled_from(["2024-01-01", "2024-01-01T00:00:00Z", "5", "1e400"])
        ),
    ),
    max_size=4,
)


@examples(60)
@given(st.sampled_from(SERVICES), QUERIES, st.binary(max_size=30))
def test_any_query_and_body_get_an_answer(service: Any, query: list[tuple[str, str]], body: bytes) -> None:
    path = service.path.replace("{voice_id}", "nobody")
    answer = ask(SERVICES, service.method, path, PaperDesk(), query=query, body=body)
    assert answer.status in (200, 400, 404)
    assert json.loads(answer.body)
