"""A voice that a key has made of a recording speaks every language, as the vendors' own do, and is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from live import Live, make_key, serving

pytestmark = pytest.mark.integration

TEXTS = {"en": "Good morning.", "de": "Guten Morgen.", "es": "Buenos días.", "ja": "おはようございます。"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matched")


@pytest.fixture(scope="module")
def keys(folder: Path) -> list[str]:
    return [make_key(folder), make_key(folder)]


@pytest.fixture(scope="module")
def server(folder: Path, keys: list[str]) -> Iterator[Live]:
    with serving(folder, engines="espeak") as live:
        yield live


@pytest.fixture
def client(server: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=40) as opened:
        yield opened


def recording(client: httpx.Client, key: str) -> bytes:
    answer = soniox(client, key, "Maya", "en")
    assert answer.status_code == 200
    return answer.content


def soniox(client: httpx.Client, key: str, voice: str, language: str) -> httpx.Response:
    body = {"model": "tts-rt-v2", "voice": voice, "language": language, "audio_format": "wav"}
    return client.post(
        "/tts", json={**body, "text": TEXTS[language]}, headers={"authorization": f"Bearer {key}"}
    )


def test_on_soniox(client: httpx.Client, keys: list[str]) -> None:
    head = {"authorization": f"Bearer {keys[0]}"}
    form = {"file": ("me.wav", recording(client, keys[0]))}
    made = client.post("/v1/voices", data={"name": "Me"}, files=form, headers=head)
    assert made.status_code == 201
    voice = made.json()["id"]
    for language in TEXTS:
        answer = soniox(client, keys[0], voice, language)
        assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
        assert len(answer.content) > 20_000
    other = soniox(client, keys[1], voice, "de")
    assert (other.status_code, other.json()["error_message"]) == (
        400,
        f"Invalid voice '{voice}' for model 'tts-rt-v2'.",
    )


def test_on_supertone(client: httpx.Client, keys: list[str]) -> None:
    head = {"x-sup-api-key": keys[0]}
    form = {"files": ("me.wav", recording(client, keys[0]))}
    made = client.post("/v1/custom-voices/cloned-voice", data={"name": "Me"}, files=form, headers=head)
    assert made.status_code == 200
    voice = made.json()["voice_id"]
    for language, text in TEXTS.items():
        body = {"text": text, "language": language, "model": "supertonic_api_3"}
        answer = client.post(f"/v1/text-to-speech/{voice}", json=body, headers=head)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
        assert len(answer.content) > 20_000
