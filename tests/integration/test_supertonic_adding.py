"""Adding Supertonic models: from the hub or a folder, whole or not at all, and only what can speak."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import TensorProto, load_model

from hubserver import Hub
from integration.adding_runs import adding, nothing_installed
from integration.cli_runs import environment, vivavoce
from randomsupertonic import published
from randomvoices import published as published_piper
from spoken import speak
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.errors import (
    AlreadyExistsError,
    NotFoundError,
    OutOfRangeError,
    StorageError,
    UnsupportedMediaError,
)
from vivavoce.voices.adding import Wish, add
from vivavoce.voices.installed import installed, remove
from vivavoce.voices.supertonic import REPOSITORIES

pytestmark = pytest.mark.integration

KEY = "supertonic-3"
REPOSITORY, REVISION = REPOSITORIES[KEY]


@pytest.fixture
def online(asked_hub: Hub) -> Hub:
    """A hub with the model at the revision that is asked for."""
    asked_hub.mirror(REPOSITORY, REVISION, published())
    return asked_hub


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder laid out as the hub's repository, to be damaged."""
    return Path(shutil.copytree(published(), tmp_path / "local"))


# ---- where models come from ------------------------------------------------------------------------------------------


def test_a_model_of_the_hub_is_added_and_speaks(online: Hub, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    added = add(Wish(name=KEY), str(tmp_path), lambda *told: seen.append(told), lambda _: None)
    assert (added.id, added.rung, added.why) == (KEY, "denoised", "")
    assert added.source.licence == "openrail"
    assert added.source.origin == f"{online.address}/{REPOSITORY}/resolve/{REVISION}"
    vocoder = published() / "onnx" / "vocoder.onnx"
    assert {file.name: file.sha256 for file in added.source.files}["onnx/vocoder.onnx"] == (
        hashlib.sha256(vocoder.read_bytes()).hexdigest()
    )
    assert ("vocoder.onnx", vocoder.stat().st_size, vocoder.stat().st_size) in seen
    engine = SupertonicEngine(tmp_path / "voices" / "supertonic")
    assert {voice.licence for voice in engine.voices()} == {"openrail"}
    assert len(speak(engine, "Hello there.", f"{KEY}:M1").samples) > 20_000


def test_a_model_comes_from_a_folder_and_has_any_name(online: Hub, local: Path, tmp_path: Path) -> None:
    (local / "README.md").unlink()
    added = adding(tmp_path, "my-own", source=str(local), offline=True)
    assert (added.id, added.source.origin, added.source.licence) == ("my-own", str(local), "")
    assert online.requests == []
    assert (local / "onnx" / "vocoder.onnx").exists()
    with pytest.raises(OutOfRangeError, match="letters, digits"):
        adding(tmp_path, "../evil", source=str(local))


def test_a_model_that_is_there_is_not_added_twice_and_can_be_replaced_and_removed(
    local: Path, tmp_path: Path
) -> None:
    adding(tmp_path, KEY, source=str(local))
    with pytest.raises(AlreadyExistsError, match="--again"):
        adding(tmp_path, KEY, source=str(local))
    engine = SupertonicEngine(tmp_path / "voices" / "supertonic")
    before = speak(engine, "Go on.", f"{KEY}:M1").pcm
    shutil.copy(local / "voice_styles" / "F1.json", local / "voice_styles" / "M1.json")
    adding(tmp_path, KEY, source=str(local), again=True)
    assert before != speak(engine, "Go on.", f"{KEY}:M1").pcm == speak(engine, "Go on.", KEY).pcm
    remove(str(tmp_path), KEY)
    assert nothing_installed(tmp_path)
    with pytest.raises(NotFoundError, match="added voices: none"):
        remove(str(tmp_path), KEY)


def test_a_name_belongs_to_one_family(local: Path, tmp_path: Path) -> None:
    adding(tmp_path, "one", source=str(local))
    with pytest.raises(AlreadyExistsError):
        adding(tmp_path, "one", source=str(published_piper()), again=True)
    adding(tmp_path, "two", source=str(published_piper()))
    assert [voice.id for voice in installed(str(tmp_path))] == ["two", "one"]
    remove(str(tmp_path), "two")
    remove(str(tmp_path), "one")
    assert installed(str(tmp_path)) == []


def test_without_the_network_or_a_folder_there_is_no_model(online: Hub, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="--from takes a local folder"):
        adding(tmp_path, KEY, offline=True)
    with pytest.raises(NotFoundError, match=r"there is no onnx/tts\.json in"):
        adding(tmp_path, KEY, source=str(tmp_path))
    assert online.requests == []
    with pytest.raises(NotFoundError, match=r"there is no http://127\.0\.0\.1"):
        adding(tmp_path, "supertonic-2")
    assert nothing_installed(tmp_path)


def test_a_download_that_breaks_off_goes_on_where_it_stopped(online: Hub, tmp_path: Path) -> None:
    path = online.path("vector_estimator.onnx")
    online.failing[path] = 503
    with pytest.raises(StorageError, match=r"download of vector_estimator\.onnx broke off"):
        adding(tmp_path, KEY)
    assert nothing_installed(tmp_path)
    del online.failing[path]
    online.break_after[path] = [50_000]
    online.requests.clear()
    adding(tmp_path, KEY)
    assert [asked for asked, _ in online.requests if asked.endswith(".onnx")] == [path, path]
    assert ("bytes=50000-") in [part for asked, part in online.requests if asked == path]


@pytest.mark.parametrize("ending", ["vocoder.onnx", "F1.json"])
def test_what_is_not_as_it_was_listed_is_refused(online: Hub, tmp_path: Path, ending: str) -> None:
    path = online.path(ending)
    online.files[path] = online.files[path][:-1] + (b"?" if ending.endswith("onnx") else b"}}")
    with pytest.raises(StorageError, match=r"checksum|has [0-9]+ bytes, expected"):
        adding(tmp_path, KEY)
    assert nothing_installed(tmp_path)


@pytest.mark.parametrize(
    ("listing", "problem"),
    [
        (b"<html>", "no list of files"),
        (b"[]", r"has no onnx/tts\.json"),
        (b'[{"path": 1}]', "no list of files"),
    ],
)
def test_a_hub_that_lists_nonsense_is_said_so(
    online: Hub, tmp_path: Path, listing: bytes, problem: str
) -> None:
    online.files[f"/api/models/{REPOSITORY}/tree/{REVISION}"] = listing
    with pytest.raises(StorageError, match=problem):
        adding(tmp_path, KEY)
    assert nothing_installed(tmp_path)


def test_no_path_of_a_listing_leads_elsewhere(online: Hub, tmp_path: Path) -> None:
    listing = f"/api/models/{REPOSITORY}/tree/{REVISION}"
    told = json.loads(online.files[listing])
    more = [{"path": path, "size": 2} for path in ("../evil.json", "voice_styles/../../evil.json", "/evil")]
    online.files[listing] = json.dumps([*told, *more]).encode()
    adding(tmp_path, KEY)
    assert not [path for path, _ in online.requests if "evil" in path]
    assert not list(tmp_path.rglob("*evil*"))


def test_what_an_earlier_try_left_does_not_become_a_speaker(local: Path, tmp_path: Path) -> None:
    (local / "voice_styles" / "X1.json").write_text("{}")
    with pytest.raises(UnsupportedMediaError, match=r"X1\.json"):
        adding(tmp_path, KEY, source=str(local))
    (local / "voice_styles" / "X1.json").unlink()
    staged = tmp_path / "voices" / "supertonic" / ".adding" / KEY / "voice_styles" / "X1.json"
    staged.parent.mkdir(parents=True)
    staged.write_text("{}")
    assert adding(tmp_path, KEY, source=str(local)).id == KEY


# ---- files that are no model -----------------------------------------------------------------------------------------


def _external(folder: Path) -> None:
    path = folder / "onnx" / "text_encoder.onnx"
    model = load_model(path)
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())


def _sizes(**more: dict[str, int]) -> Callable[[Path], object]:
    """tts.json with other sizes than the graphs have."""

    def damage(folder: Path) -> None:
        path = folder / "onnx" / "tts.json"
        told = json.loads(path.read_bytes())
        path.write_text(
            json.dumps({**told, **{part: {**told[part], **sizes} for part, sizes in more.items()}})
        )

    return damage


def _few_numbers(folder: Path) -> None:
    path = folder / "voice_styles" / "F1.json"
    style = json.loads(path.read_bytes())
    style["style_dp"]["data"] = [1.0, "x"]
    path.write_text(json.dumps(style))


def _small_encoder(folder: Path) -> None:
    """A table with a number that the encoder has no row for."""
    path = folder / "onnx" / "unicode_indexer.json"
    table = json.loads(path.read_bytes())
    path.write_text(json.dumps([*table, 100_000]))


def _no_letters(folder: Path) -> None:
    path = folder / "onnx" / "unicode_indexer.json"
    table = json.loads(path.read_bytes())
    table[ord("q")] = -1
    path.write_text(json.dumps(table))


def _exchanged(folder: Path) -> None:
    onnx = folder / "onnx"
    shutil.copy(onnx / "text_encoder.onnx", onnx / "duration_predictor.onnx")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_external, r"text_encoder\.onnx refers to data in other files, which is refused"),
        (_exchanged, r"duration_predictor\.onnx takes .*; expected style_dp"),
        (_sizes(ae={"base_chunk_size": 256}), r"vocoder\.onnx gives float32 of shape .*; expected"),
        (_sizes(ttl={"latent_dim": 12}), "the model cannot be spoken with: .*noisy_latent"),
        (_few_numbers, "the style F1 does not hold the numbers that its shape promises"),
        (_small_encoder, "the model cannot be spoken with: .*Gather"),
        (_no_letters, r"unicode_indexer\.json does not know 'q'"),
        (
            lambda folder: (folder / "onnx" / "vocoder.onnx").write_bytes(b"\x08"),
            r"vocoder\.onnx is no ONNX file",
        ),
        (lambda folder: (folder / "onnx" / "tts.json").write_text("[]"), r"tts\.json is not what Supertonic"),
        (lambda folder: shutil.rmtree(folder / "voice_styles"), "voice_styles holds no speaker"),
    ],
)
def test_what_cannot_speak_is_refused_with_the_reason(
    local: Path, tmp_path: Path, damage: Callable[[Path], object], problem: str
) -> None:
    damage(local)
    with pytest.raises(UnsupportedMediaError, match=problem):
        adding(tmp_path, KEY, source=str(local))
    assert nothing_installed(tmp_path)
    assert not (tmp_path / "voices" / "supertonic" / ".adding" / KEY).exists()


def test_a_folder_without_a_graph_is_refused(local: Path, tmp_path: Path) -> None:
    (local / "onnx" / "vocoder.onnx").unlink()
    with pytest.raises(NotFoundError, match=r"there is no file .*vocoder\.onnx"):
        adding(tmp_path, KEY, source=str(local))
    assert nothing_installed(tmp_path)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_adds_lists_and_removes(tmp_path: Path) -> None:
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path))
    done = vivavoce("voices", "add", KEY, "--from", str(published()), env=env)
    assert done.stdout.decode().startswith(f"{KEY}: streams a unit of text at a time; licence: openrail"), (
        done.stderr
    )
    listed = vivavoce("voices", "list", "--engine", "supertonic", "--json", env=env)
    assert [voice["id"] for voice in json.loads(listed.stdout)][:2] == [KEY, f"{KEY}:F1"]
    assert listed.stderr == b""
    plain = vivavoce("voices", "list", "--engine", "supertonic", env=env)
    assert b"openrail" in plain.stdout
    assert plain.stderr == b""
    assert vivavoce("voices", "remove", KEY, env=env).returncode == 0
    assert vivavoce("voices", "add", KEY, "--offline", env=env).returncode != 0
