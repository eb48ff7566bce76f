"""What ``voices list --available`` tells: the voices of every family that can be added."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from hubserver import REPOSITORY as PIPERS
from hubserver import Hub
from integration.cli_runs import environment, vivavoce
from randomsupertonic import installed, published
from randomvoices import published as published_piper
from vivavoce.engines.supertonic.config import Coder, Config, Latent
from vivavoce.voices.supertonic import LANGUAGES, REPOSITORIES

pytestmark = pytest.mark.integration

EVA, KEY = "de_DE-eva-low", "supertonic-3"
REPOSITORY, REVISION = REPOSITORIES[KEY]


@pytest.fixture
def online(asked_hub: Hub) -> Hub:
    """A hub with a voice of each family."""
    asked_hub.publish(EVA, published_piper())
    asked_hub.mirror(REPOSITORY, REVISION, published())
    return asked_hub


def test_the_list_of_what_can_be_added_has_both_families(online: Hub, tmp_path: Path) -> None:
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path), HF_ENDPOINT=online.address, COLUMNS="120")

    def listed(*more: str) -> list[dict[str, Any]]:
        done = vivavoce("voices", "list", "--available", "--json", *more, env=env)
        assert (done.returncode, done.stderr) == (0, b"")
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    eva, model = listed()
    assert eva.keys() == model.keys()
    assert (eva["key"], eva["engine"], eva["languages"]) == (EVA, "piper", ["de_DE"])
    assert (model["key"], model["engine"], model["installed"]) == (KEY, "supertonic", False)
    assert model["num_speakers"] == len(list((published() / "voice_styles").glob("*.json")))
    assert (model["language"]["code"], len(model["languages"])) == ("en", 31)
    vocoder = (published() / "onnx" / "vocoder.onnx").read_bytes()
    stored = model["files"]["onnx/vocoder.onnx"]
    assert (stored["size_bytes"], stored["sha256"]) == (len(vocoder), hashlib.sha256(vocoder).hexdigest())
    assert [row["key"] for row in listed("--lang", "ko")] == [KEY]
    assert [row["key"] for row in listed("--lang", "de")] == [EVA, KEY]
    assert [row["key"] for row in listed("--engine", "supertonic")] == [KEY]
    installed(tmp_path / "voices" / "supertonic")
    asked = len(online.requests)
    assert [(row["key"], row["installed"]) for row in listed("--offline")] == [
        (EVA, False),
        (KEY, True),
    ]
    assert len(online.requests) == asked
    plain = vivavoce("voices", "list", "--available", "--offline", env=env).stdout.decode()
    (row,) = (line for line in plain.splitlines() if KEY in line)
    size = sum(file["size_bytes"] for file in model["files"].values())
    assert row.split() == [
        "*",
        KEY,
        "en",
        "and",
        "30",
        "more",
        str(model["num_speakers"]),
        f"{size / 1e6:.0f}",
    ]


def test_a_mirror_that_does_not_list_models_still_lists_voices(online: Hub, tmp_path: Path) -> None:
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path), HF_ENDPOINT=online.address)
    online.files[online.path(f"/tree/{REVISION}")] = b"<html>"
    done = vivavoce("voices", "list", "--available", "--json", env=env)
    assert [row["key"] for row in json.loads(done.stdout)] == [EVA]
    assert (done.returncode, done.stderr.count(b"\n")) == (0, 1)
    assert b"Supertonic's models are left out: " in done.stderr
    only = vivavoce("voices", "list", "--available", "--engine", "supertonic", env=env)
    assert (only.returncode, only.stdout) == (1, b"")
    assert b"is no list of files" in only.stderr
    other = vivavoce("voices", "list", "--available", "--engine", "espeak", env=env)
    assert (other.returncode, other.stdout) == (2, b"")
    assert b"'espeak'; expected one of piper, supertonic" in other.stderr


def test_a_copy_of_the_catalogue_has_no_models(online: Hub, tmp_path: Path) -> None:
    copy = f"{online.address}{PIPERS}"
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path), HF_ENDPOINT=online.address)
    done = vivavoce("voices", "list", "--available", "--from", copy, "--json", env=env)
    assert [row["key"] for row in json.loads(done.stdout)] == [EVA]
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("model", "version", "split"),
    [
        ("supertonic", "v1.5.0", "opensource-en"),
        ("supertonic-2", "v1.6.0", "opensource-multilingual"),
        ("supertonic-3", "v1.7.3", "opensource-multilingual"),
    ],
)
def test_the_languages_that_are_told_are_those_of_the_model(model: str, version: str, split: str) -> None:
    config = Config(Coder(44_100, 512), Latent(24, 6), version, split)
    assert LANGUAGES[model] == config.languages
    assert LANGUAGES.keys() == REPOSITORIES.keys()
