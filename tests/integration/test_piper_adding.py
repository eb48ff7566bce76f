"""Adding Piper voices: where they come from, what is there afterwards, and the rung at which they speak."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from onnx import helper, load_model, save_model

from hubserver import Hub
from integration.adding_runs import ANN, adding, nothing_installed
from integration.cli_runs import environment, vivavoce
from randomvoices import laid_out, prepare, published
from spoken import speak
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.errors import (
    AlreadyExistsError,
    NotFoundError,
    OutOfRangeError,
    StorageError,
    UnknownVoiceError,
    VivavoceError,
)
from vivavoce.voices.adding import Wish, add
from vivavoce.voices.installed import installed, locked, remove

pytestmark = pytest.mark.integration


# ---- where voices come from ------------------------------------------------------------------------------------------


def test_a_voice_of_the_hub_is_added_and_speaks(online: Hub, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    stages: list[str] = []
    added = add(Wish(name=ANN), str(tmp_path), lambda *told: seen.append(told), stages.append)
    assert (added.id, added.rung, added.why) == (ANN, "stateful", "")
    assert added.source.licence == "CC0"
    assert added.source.origin.startswith(online.address)
    assert {file.name: file.sha256 for file in added.source.files}["voice.onnx"] == (
        hashlib.sha256(published().read_bytes()).hexdigest()
    )
    size = published().stat().st_size
    assert ("voice.onnx", size, size) in seen
    assert stages == ["preparing"]
    engine = PiperEngine(tmp_path / "voices" / "piper")
    assert [(voice.id, voice.licence, voice.name) for voice in engine.voices()] == [
        (ANN, "CC0", "Ann, medium")
    ]
    assert len(speak(engine, "Hello there.", ANN).samples) > 5000


def test_a_voice_that_is_there_is_not_added_twice(online: Hub, tmp_path: Path) -> None:
    adding(tmp_path)
    with pytest.raises(AlreadyExistsError, match="--again"):
        adding(tmp_path)
    before = (tmp_path / "voices" / "piper" / ANN).stat().st_ino
    adding(tmp_path, again=True)
    assert (tmp_path / "voices" / "piper" / ANN).stat().st_ino != before
    assert [voice.id for voice in installed(str(tmp_path))] == [ANN]


@pytest.mark.parametrize("layout", ["catalogue", "files", "file"])
def test_a_voice_comes_from_a_folder_or_a_file(online: Hub, tmp_path: Path, layout: str) -> None:
    media = tmp_path / "media"
    if layout == "catalogue":
        for path, data in online.files.items():
            target = media / path.partition("/main/")[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    else:
        media.mkdir()
        (media / f"{ANN}.onnx").write_bytes(published().read_bytes())
        (media / f"{ANN}.onnx.json").write_bytes(Path(f"{published()}.json").read_bytes())
    source = str(media / f"{ANN}.onnx") if layout == "file" else str(media)
    assert adding(tmp_path, source=source, offline=True).rung == "stateful"
    assert online.requests == []


def test_a_voice_comes_from_the_path_or_the_address_of_a_model(online: Hub, tmp_path: Path) -> None:
    assert adding(tmp_path, str(published())).id == "random-tiny"
    address = online.address + online.path(f"{ANN}.onnx")
    assert adding(tmp_path, "mine", source=address).source.origin == address
    assert adding(tmp_path, "plain", source=address.rpartition("/")[0] + f"/{ANN}.onnx").id == "plain"


def test_names_that_are_no_names_are_refused(online: Hub, tmp_path: Path) -> None:
    with pytest.raises(UnknownVoiceError, match=f"did you mean {ANN}"):
        adding(tmp_path, "en_US-anne-medium")
    with pytest.raises(OutOfRangeError, match="letters, digits"):
        adding(tmp_path, "../evil", source=str(published()))
    with pytest.raises(NotFoundError, match=r"^there is no file \./none\.onnx$"):
        adding(tmp_path, "./none.onnx")
    (tmp_path / "alone.onnx").write_bytes(b"")
    with pytest.raises(NotFoundError, match=r"has no configuration beside it; expected .*alone\.onnx\.json"):
        adding(tmp_path, str(tmp_path / "alone.onnx"))
    with pytest.raises(OutOfRangeError, match="expected a path, http:// or https://, got 'ftp:"):
        adding(tmp_path, "mine", source="ftp://127.0.0.1/mine.onnx")
    with pytest.raises(NotFoundError):
        adding(tmp_path, "none", source=str(tmp_path))
    assert nothing_installed(tmp_path)


def test_offline_uses_what_was_kept(online: Hub, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no catalogue was kept"):
        adding(tmp_path, offline=True)
    online.failing[online.path(f"{ANN}.onnx")] = 403
    with pytest.raises(StorageError, match="the server said 403"):
        adding(tmp_path)
    online.requests.clear()
    with pytest.raises(NotFoundError, match="--offline forbids it"):
        adding(tmp_path, offline=True)
    assert online.requests == []
    assert nothing_installed(tmp_path)


# ---- several at once -------------------------------------------------------------------------------------------------


def test_two_adds_at_once_end_in_one_voice(online: Hub, tmp_path: Path) -> None:
    outcomes: list[object] = []

    def one() -> None:
        try:
            outcomes.append(adding(tmp_path).id)
        except VivavoceError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted([str(AlreadyExistsError)] * 2 + [ANN])
    assert [voice.rung for voice in installed(str(tmp_path))] == ["stateful"]


def test_a_voice_that_is_being_added_is_not_removed(online: Hub, tmp_path: Path) -> None:
    adding(tmp_path)
    with (
        locked(tmp_path / "voices" / "piper", ANN),
        pytest.raises(AlreadyExistsError, match="another process"),
    ):
        remove(str(tmp_path), ANN)
    remove(str(tmp_path), ANN)
    assert nothing_installed(tmp_path)
    with pytest.raises(NotFoundError, match="added voices: none"):
        remove(str(tmp_path), ANN)


# ---- the ladder ------------------------------------------------------------------------------------------------------


def test_a_voice_that_cannot_be_streamed_is_spoken_by_sentences_and_says_why(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "voices" / "piper", name="odd")
    model = load_model(folder / "voice.onnx")
    noise = [node for node in model.graph.node if node.op_type == "RandomNormalLike"][-1].output[0]
    user = next(node for node in model.graph.node if noise in node.input)
    place = list(user.input).index(noise)
    model.graph.node.insert(
        list(model.graph.node).index(user), helper.make_node("Tanh", [noise], ["bent_noise"])
    )
    user.input[place] = "bent_noise"
    save_model(model, folder / "voice.onnx")
    assert prepare(folder).returncode == 0
    (voice,) = installed(str(tmp_path))
    assert voice.rung == "sentences"
    assert "stateful: the noise is not just scaled and added; windows: the noise" in voice.why
    engine = PiperEngine(tmp_path / "voices" / "piper")
    assert "a sentence at a time" in engine.voices()[0].description
    first, again, stepped = (
        speak(engine, "Hello there, all of you.", "odd", seed=4, step=step)
        for step in (1 << 40, 1 << 40, 1764)
    )
    assert first.pcm == again.pcm == stepped.pcm
    assert first.marks == stepped.marks
    listed = vivavoce("voices", "--engine", "piper", env=environment(VIVAVOCE_DATA_DIR=str(tmp_path)))
    assert b"odd streams a sentence at a time; stateful: the noise is not just" in listed.stderr


def test_every_rung_gives_the_same_samples(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, name="any")
    made = {}
    for rung in ("stateful", "windows", "sentences"):
        done = prepare(folder, rung)
        assert json.loads(done.stdout)["rung"] == rung, done.stderr
        made[rung] = speak(PiperEngine(tmp_path), "Hello there, all of you.", "any", step=1764, phonemes=True)
    best = made["stateful"].samples.astype(int)
    for other in (made["windows"], made["sentences"]):
        assert abs(other.samples.astype(int) - best).max() <= 1
        assert other.marks == made["stateful"].marks


# ---- the command line ------------------------------------------------------------------------------------------------


def test_the_command_line_adds_lists_and_removes(online: Hub, tmp_path: Path) -> None:
    online.publish("de_DE-eva-low", published())
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path), HF_ENDPOINT=online.address, COLUMNS="120")
    available = vivavoce("voices", "list", "--available", "--lang", "en", env=env)
    assert ANN.encode() in available.stdout
    assert b"de_DE-eva-low" not in available.stdout
    added = vivavoce("voices", "add", ANN, env=env)
    assert added.returncode == 0, added.stderr
    assert b"streams inside the sentence; licence: CC0" in added.stdout
    again = vivavoce("voices", "add", ANN, env=env)
    assert (again.returncode, again.stderr.count(b"\n")) == (2, 1)
    offline = vivavoce("voices", "list", "--available", "--offline", "--json", env=env)
    assert {row["key"]: row["installed"] for row in json.loads(offline.stdout)} == {
        ANN: True,
        "de_DE-eva-low": False,
    }
    assert ANN.encode() in vivavoce("voices", "--lang", "en-US", env=env).stdout
    listed = vivavoce("voices", "list", "--engine", "piper", env=env)
    assert f"\n{ANN} streams inside the sentence.\n".encode() in listed.stdout
    told = json.loads(vivavoce("voices", "--engine", "piper", "--json", env=env).stdout)
    assert [(voice["id"], voice["rung"], voice["why"]) for voice in told] == [(ANN, "stateful", "")]
    nobody = vivavoce("voices", "list", "--available", "--lang", "xx", env=env)
    assert nobody.returncode == 2
    assert b"'xx'; languages there: de_DE, en_US" in nobody.stderr
    removed = vivavoce("voices", "remove", ANN, env=env)
    assert removed.stdout == f"{ANN} is removed.\n".encode()
    assert vivavoce("voices", "remove", ANN, env=env).returncode == 2
    assert vivavoce("voices", "add", "mine", "--from", str(published()), env=env).returncode == 0
    last = vivavoce("voices", "remove", "mine", "--json", env=env)
    assert json.loads(last.stdout) == {"removed": "mine"}
