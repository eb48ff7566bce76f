"""Plain requests: what is sent, how answers are read, what is tried again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from paper_line import Scene, play, unreachable
from vivavoce.client.calls import Answer, Request
from vivavoce.errors import (
    VivavoceConnectionError,
    VivavoceNotFoundError,
    VivavoceServerError,
    VivavoceTimeoutError,
)
from vivavoce.types import ApiKey, Dictionary, DictionaryEntry

pytestmark = pytest.mark.fast

ROW: dict[str, Any] = {
    "id": "d/1",
    "name": "n",
    "language": None,
    "description": "",
    "entries": [],
    "created_at": 1.0,
}


def ok(body: Any) -> Answer:
    return Answer(200, {}, msgspec.json.encode(body))


def fault(status: int, **headers: str) -> Answer:
    return Answer(status, headers, b"")


def test_what_the_server_tells_of_itself() -> None:
    async def story(scene: Scene) -> None:
        assert [voice.id for voice in await scene.client.voices("fr-FR")] == ["paper"]
        assert await scene.client.voices("de") == []
        assert {"wav", "mp3"} <= {row.name for row in await scene.client.formats()}
        assert (await scene.client.health()).status == "ok"

    play(story)


def test_dictionaries_and_keys_as_data() -> None:
    async def story(scene: Scene) -> None:
        client, server = scene.client, scene.server
        server.answers = [ok(ROW), ok(ROW), ok({"dictionaries": [ROW]}), Answer(204, {}, b"")]
        made = await client.dictionaries.create(
            "n", [DictionaryEntry(original="a", rewrite="b")], language="fr"
        )
        assert made == Dictionary(id="d/1", name="n")
        await client.dictionaries.update("d/1", entries=[])
        assert await client.dictionaries.list() == [made]
        await client.dictionaries.delete("d/1")
        entry = {"original": "a", "rewrite": "b", "case_sensitive": False}
        body: dict[str, Any] = {"name": "n", "language": "fr", "entries": [entry]}
        assert server.requests == [
            Request("POST", "/v1/speech/dictionaries", {}, body),
            Request("PUT", "/v1/speech/dictionaries/d%2F1", {}, {"entries": []}),
            Request("GET", "/v1/speech/dictionaries"),
            Request("DELETE", "/v1/speech/dictionaries/d%2F1"),
        ]
        server.requests.clear()
        key = {
            "id": "k",
            "name": "n",
            "prefix": "vv_",
            "scopes": ["speech"],
            "expires_at": None,
            "secret": "s",
        }
        server.answers = [ok(key), ok({"keys": [key]}), ok(key)]
        made_key = await client.keys.create(
            "n", scopes=("speech",), expires_at=9.0, limits={"concurrent_streams": 1}
        )
        assert made_key == ApiKey(id="k", name="n", prefix="vv_", scopes=["speech"], secret="s")
        assert await client.keys.list() == [made_key]
        await client.keys.revoke("k")
        body = {"name": "n", "scopes": ["speech"], "expires_at": 9.0, "limits": {"concurrent_streams": 1}}
        assert server.requests[0] == Request("POST", "/v1/speech/keys", {}, body)
        assert server.requests[2] == Request("DELETE", "/v1/speech/keys/k")

    play(story)


def test_what_may_pass_is_tried_again() -> None:
    async def story(scene: Scene) -> None:
        scene.server.answers = [fault(503), fault(429, **{"retry-after": "0"}), unreachable()]
        assert (await scene.client.health()).status == "ok"
        assert len(scene.server.requests) == 4

    play(story)


def test_what_may_have_been_done_is_not_done_twice() -> None:
    async def story(scene: Scene) -> None:
        for told in (fault(502), VivavoceConnectionError("cut while it was on its way")):
            scene.server.answers = [told]
            with pytest.raises((VivavoceServerError, VivavoceConnectionError)):
                await scene.client.keys.create("n")
            assert len(scene.server.requests) == 1
            scene.server.requests.clear()
        scene.server.answers = [unreachable(), ok({"id": "k"})]
        assert (await scene.client.keys.create("n")).id == "k"

    play(story)


@pytest.mark.parametrize(
    ("told", "raised", "asked"),
    [
        (fault(404), VivavoceNotFoundError, 1),
        (VivavoceTimeoutError("late"), VivavoceTimeoutError, 1),
        (fault(500), VivavoceServerError, 4),
        (Answer(200, {"x-request-id": "id"}, b"<html>a proxy's page"), VivavoceServerError, 1),
    ],
)
def test_what_does_not_pass_is_raised(told: Any, raised: type[Exception], asked: int) -> None:
    async def story(scene: Scene) -> None:
        scene.server.answers = [told] * asked
        with pytest.raises(raised):
            await scene.client.voices()
        assert len(scene.server.requests) == asked

    play(story)
