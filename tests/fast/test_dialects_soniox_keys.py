"""Soniox: the three places of a key, and what is said to a wrong one."""

from __future__ import annotations

import json

import pytest

from soniox_paper import CONFIG, ID, OVER, begin, failure, resolve, said
from vivavoce.dialects.contract import Close, Denial, Handshake, Start, Welcome
from vivavoce.dialects.soniox.adapter import SonioxConnection, SonioxSockets, credential
from vivavoce.errors import (
    AuthenticationError,
    ExpiredKeyError,
    MissingKeyError,
    ShuttingDownError,
    VivavoceError,
)
from vivavoce.speech import Ended

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("headers", "subprotocols", "key"),
    [
        ({"authorization": "Bearer abc"}, (), "abc"),
        ({"authorization": "bearer  abc "}, (), "abc"),
        ({"authorization": "Basic abc"}, (), None),
        ({"authorization": "Bearer "}, (), None),
        ({}, ("soniox-api-key", "abc"), "abc"),
        ({}, ("chat", "soniox-api-key", "abc"), "abc"),
        ({}, ("soniox-api-key",), None),
        ({}, ("abc",), None),
        ({"authorization": "Bearer one"}, ("soniox-api-key", "two"), "one"),
        ({}, (), None),
    ],
)
def test_where_a_key_is(headers: dict[str, str], subprotocols: tuple[str, ...], key: str | None) -> None:
    assert credential(headers, {}, subprotocols) == key


def greet(
    error: VivavoceError | None, subprotocols: tuple[str, ...] = (), **headers: str
) -> Welcome | Denial:
    handshake = Handshake({"x-request-id": ID, **headers}, {}, subprotocols)
    return SonioxSockets(resolve, 300.0).greet(handshake, error)


def test_a_handshake_with_a_bad_key_is_denied_with_the_wires_body() -> None:
    denial = greet(AuthenticationError("no"), authorization="Bearer x")
    assert isinstance(denial, Denial)
    assert (denial.status, denial.headers["content-type"]) == (401, "application/json")
    assert json.loads(denial.body) == failure(401, "unauthenticated", "Invalid API key.", stream=None)
    closing = greet(ShuttingDownError("closing", retry_after_s=1.0))
    assert isinstance(closing, Denial)
    assert (closing.status, closing.headers["retry-after"]) == (503, "1")
    long = greet(None, authorization="Bearer " + "x" * 251)
    assert isinstance(long, Denial)
    assert json.loads(long.body)["error_message"] == "API key is too long (max length 250)."


def test_a_browser_is_told_inside_the_socket() -> None:
    welcome = greet(ExpiredKeyError("old"), ("soniox-api-key", "vvt_x"))
    assert isinstance(welcome, Welcome)
    assert welcome.subprotocol == "soniox-api-key"
    message = "Invalid/expired temporary API key."
    assert said(welcome.actions) == [failure(401, "unauthenticated", message, stream=None)]
    assert welcome.actions[-1] == Close(1008)
    keyless = greet(MissingKeyError("none"), ("soniox-api-key",))
    assert isinstance(keyless, Welcome)
    assert said(keyless.actions)[0]["error_message"] == "Missing API key."


def test_a_browser_with_a_good_key_gets_its_subprotocol() -> None:
    welcome = greet(None, ("soniox-api-key", "vv_x"))
    assert isinstance(welcome, Welcome)
    assert (welcome.subprotocol, welcome.actions) == ("soniox-api-key", ())


def without_key() -> SonioxConnection:
    welcome = greet(MissingKeyError("none"))
    assert isinstance(welcome, Welcome)
    assert (welcome.subprotocol, welcome.actions) == (None, ())
    assert isinstance(welcome.connection, SonioxConnection)
    return welcome.connection


def test_a_key_in_the_config_is_the_streams_own() -> None:
    made = without_key()
    assert made.receive('{"keep_alive":true}') == ()
    assert said(made.receive(json.dumps(CONFIG))) == [
        failure(401, "unauthenticated", "Missing API key."),
        OVER,
    ]
    (start,) = made.receive(json.dumps({**CONFIG, "api_key": "vv_x"}))
    assert isinstance(start, Start)
    assert start.credential == "vv_x"
    assert said(made.refused("s1", AuthenticationError("no"))) == [
        failure(401, "unauthenticated", "Invalid API key."),
        OVER,
    ]


def test_a_key_in_both_places_has_to_be_the_same() -> None:
    made = SonioxConnection(resolve, 300.0, ID, key="vv_x")
    assert isinstance(begin(made, "a", api_key="vv_x"), Start)
    (error, _) = said(made.receive(json.dumps({**CONFIG, "api_key": "vv_y"})))
    assert error["error_message"] == "api_key differs from the API key of the connection."
    assert isinstance(begin(made, "s1"), Start)


def test_a_socket_without_a_key_has_ten_seconds() -> None:
    made = without_key()
    made.tick(0.0)
    made.receive('{"keep_alive":true}')
    assert made.tick(9.9).actions == ()
    assert made.tick(10.0).actions[-1] == Close(1001, "Timeout")
    admitted = without_key()
    begin(admitted, "s1", api_key="vv_x")
    admitted.tick(0.0)
    admitted.render("s1", [Ended(0.0, 0)])
    assert admitted.tick(60.0).again_at == 60.5
