"""One dictionary, heard on every wire: by the wire's own field, or as the server's own where it has none.

Tones are as long as their text, so that what was said shows in the length of the audio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.cli_runs import environment, vivavoce
from live import Live, serving
from vivavoce.voices import matching

pytestmark = pytest.mark.integration

WRITTEN, SPOKEN = "Use SQL now.", "Use the long see quel word now."
BODIES: Mapping[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "native": ("/v1/speech", lambda text: {"text": text, "voice": "tone", "format": "wav"}),
    "soniox": (
        "/tts",
        lambda text: {
            "model": "tts-rt-v2",
            "language": "en",
            "voice": "tone",
            "audio_format": "wav",
            "text": text,
        },
    ),
    "gradium": (
        "/api/post/speech/tts",
        lambda text: {"text": text, "voice_id": "tone", "output_format": "wav", "only_audio": True},
    ),
    "supertone": ("/v1/text-to-speech/tone", lambda text: {"text": text, "language": "en"}),
    "suonora": (
        "/v1/audio/speech",
        lambda text: {"input": text, "model": "sonic-speed", "voice": "tone", "style": "neutral"},
    ),
}
FIELD = {"native": "dictionary", "gradium": "pronunciation_id"}


def made(folder: Path, name: str, *entry: str, language: str = "en") -> str:
    """The id of a new dictionary with one entry."""
    env = environment(VIVAVOCE_DATA_DIR=str(folder))
    done = vivavoce("dictionaries", "add", name, *entry, "--language", language, env=env)
    assert done.returncode == 0, done.stderr
    listed = json.loads(vivavoce("dictionaries", "list", "--json", env=env).stdout)
    return next(str(one["id"]) for one in listed if one["name"] == name)


def seconds(server: Live, wire: str, text: str, **fields: Any) -> float:
    """The length of what ``wire`` says for ``text``."""
    path, body = BODIES[wire]
    prefix = "" if wire == "native" else f"/{wire}"
    answer = httpx.post(f"{server.url}{prefix}{path}", json={**body(text), **fields}, timeout=30)
    assert answer.status_code == 200, answer.text
    return len(matching.samples(answer.content)) / matching.RATE_HZ


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A server with a dictionary that only those get who ask for it, and its id."""
    folder = tmp_path_factory.mktemp("plain")
    wanted = made(folder, "acronyms", "SQL", "the long see quel word")
    with serving(folder) as live:
        yield live, wanted


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, str]]:
    """A server whose own dictionary it is, and the id of another one."""
    folder = tmp_path_factory.mktemp("own")
    wanted = made(folder, "acronyms", "SQL", "the long see quel word")
    other = made(folder, "others", "SQL", "a much longer word than that was before")
    with serving(folder, dictionary=wanted) as live:
        yield live, other


@pytest.mark.parametrize("wire", FIELD)
def test_a_wire_with_a_field_for_it_is_asked(plain: tuple[Live, str], wire: str) -> None:
    server, wanted = plain
    asked = seconds(server, wire, WRITTEN, **{FIELD[wire]: wanted})
    assert asked == pytest.approx(seconds(server, wire, SPOKEN), abs=0.02)
    assert asked > seconds(server, wire, WRITTEN) + 0.3


@pytest.mark.parametrize("wire", BODIES)
def test_the_servers_own_is_heard_on_every_wire(
    own: tuple[Live, str], plain: tuple[Live, str], wire: str
) -> None:
    expected = seconds(plain[0], wire, SPOKEN)
    assert seconds(own[0], wire, WRITTEN) == pytest.approx(expected, abs=0.02)
    assert seconds(plain[0], wire, WRITTEN) < expected - 0.3


def test_a_request_that_names_another_gets_that(own: tuple[Live, str]) -> None:
    server, other = own
    assert seconds(server, "native", WRITTEN, dictionary=other) > seconds(server, "native", WRITTEN) + 0.3


def test_the_servers_own_is_for_its_language(own: tuple[Live, str], plain: tuple[Live, str]) -> None:
    def longer_s(voice: str) -> float:
        one, other = (seconds(server, "native", WRITTEN, voice=voice) for server, _ in (own, plain))
        return one - other

    assert longer_s("en-gb") > 0.3
    assert longer_s("fr") == pytest.approx(0, abs=0.02)


def test_once_it_is_deleted_streams_go_without(tmp_path: Path) -> None:
    wanted = made(tmp_path, "acronyms", "SQL", "the long see quel word")
    with serving(tmp_path, engines="tone", dictionary=wanted) as server:
        with_it = seconds(server, "native", WRITTEN)
        assert httpx.delete(f"{server.url}/v1/speech/dictionaries/{wanted}").status_code == 204
        assert seconds(server, "native", WRITTEN) < with_it - 0.3
        seconds(server, "native", WRITTEN)
        assert server.log.count("has been deleted; streams go without") == 1


def test_a_server_does_not_start_with_a_dictionary_that_is_not_there(tmp_path: Path) -> None:
    arguments = ("serve", "--port", "0", "--data-dir", str(tmp_path), "--dictionary", "nothing")
    done = vivavoce(*arguments, env=environment(VIVAVOCE_ENGINES="tone"))
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert "VIVAVOCE_DICTIONARY: there is no dictionary 'nothing'" in line


def test_an_unknown_voice_falls_back_on_every_wire_where_the_server_says_so(tmp_path: Path) -> None:
    voice_fields = {"native": "voice", "soniox": "voice", "gradium": "voice_id", "suonora": "voice"}
    with serving(tmp_path, engines="tone", unknown_voice="default") as server:
        for wire, field in voice_fields.items():
            assert seconds(server, wire, WRITTEN, **{field: "nobody-here"}) > 0.3
        url = f"{server.url}/supertone/v1/text-to-speech/nobody-here"
        assert httpx.post(url, json=BODIES["supertone"][1](WRITTEN), timeout=30).status_code == 200
