"""Adding voices: downloads that break, lie and race, disks that fill, files that are no voices; always all or nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from onnx import ValueInfoProto, helper, load_model, save_model

from hubserver import Hub, hub
from integration.cli_runs import environment, vivavoce
from randomvoices import laid_out, prepare, published
from spoken import speak
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.errors import (
    AlreadyExistsError,
    MissingDependencyError,
    NotFoundError,
    OutOfRangeError,
    StorageError,
    UnknownVoiceError,
    UnsupportedMediaError,
    VivavoceError,
)
from vivavoce.voices import downloads
from vivavoce.voices.adding import Wish, add
from vivavoce.voices.installed import Installed, installed, locked, remove

pytestmark = pytest.mark.integration

KEY = "en_US-ann-medium"


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one voice, which ``HF_ENDPOINT`` names."""
    with hub() as running:
        running.publish(KEY, published())
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setattr(downloads, "_PAUSES_S", (0.0,))
        yield running


def adding(data: Path, name: str = KEY, **more: object) -> Installed:
    wish = Wish(name=name, **more)  # type: ignore[arg-type] # the tests name them
    return add(wish, str(data), lambda *_: None, lambda _: None)


def nothing_installed(data: Path) -> bool:
    return installed(str(data)) == [] and PiperEngine(data / "voices" / "piper").voices() == []


# ---- where voices come from ------------------------------------------------------------------------------------------


def test_a_voice_of_the_hub_is_added_and_speaks(online: Hub, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    stages: list[str] = []
    added = add(Wish(name=KEY), str(tmp_path), lambda *told: seen.append(told), stages.append)
    assert (added.id, added.rung, added.why) == (KEY, "stateful", "")
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
        (KEY, "CC0", "Ann, medium")
    ]
    assert len(speak(engine, "Hello there.", KEY).samples) > 5000


def test_a_voice_that_is_there_is_not_added_twice(online: Hub, tmp_path: Path) -> None:
    adding(tmp_path)
    with pytest.raises(AlreadyExistsError, match="--again"):
        adding(tmp_path)
    before = (tmp_path / "voices" / "piper" / KEY).stat().st_ino
    adding(tmp_path, again=True)
    assert (tmp_path / "voices" / "piper" / KEY).stat().st_ino != before
    assert [voice.id for voice in installed(str(tmp_path))] == [KEY]


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
        (media / f"{KEY}.onnx").write_bytes(published().read_bytes())
        (media / f"{KEY}.onnx.json").write_bytes(Path(f"{published()}.json").read_bytes())
    source = str(media / f"{KEY}.onnx") if layout == "file" else str(media)
    assert adding(tmp_path, source=source, offline=True).rung == "stateful"
    assert online.requests == []


def test_a_voice_comes_from_the_path_or_the_address_of_a_model(online: Hub, tmp_path: Path) -> None:
    assert adding(tmp_path, str(published())).id == "random-tiny"
    address = online.address + online.path(f"{KEY}.onnx")
    assert adding(tmp_path, "mine", source=address).source.origin == address
    assert adding(tmp_path, "plain", source=address.rpartition("/")[0] + f"/{KEY}.onnx").id == "plain"


def test_names_that_are_no_names_are_refused(online: Hub, tmp_path: Path) -> None:
    with pytest.raises(UnknownVoiceError, match=f"did you mean {KEY}"):
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
    online.failing[online.path(f"{KEY}.onnx")] = 403
    with pytest.raises(StorageError, match="the server said 403"):
        adding(tmp_path)
    online.requests.clear()
    with pytest.raises(NotFoundError, match="--offline forbids it"):
        adding(tmp_path, offline=True)
    assert online.requests == []
    assert nothing_installed(tmp_path)


# ---- transfers -------------------------------------------------------------------------------------------------------


def test_a_broken_transfer_goes_on_where_it_stopped(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{KEY}.onnx")
    online.break_after[path] = [50_000, 1, 0, 70_000]
    adding(tmp_path)
    ranges = [asked for asked_path, asked in online.requests if asked_path == path]
    assert ranges == ["", "bytes=50000-", "bytes=50001-", "bytes=50001-", "bytes=120001-"]


def test_a_transfer_that_keeps_breaking_is_given_up_and_taken_up_again(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{KEY}.onnx")
    online.break_after[path] = [60_000] + [0] * downloads.ATTEMPTS
    with pytest.raises(
        StorageError, match=f"broke off {downloads.ATTEMPTS} times in a row .*run the same command"
    ):
        adding(tmp_path)
    assert nothing_installed(tmp_path)
    online.break_after.clear()
    online.requests.clear()
    adding(tmp_path)
    assert (path, "bytes=60000-") in online.requests


def test_a_server_without_ranges_sends_all_again(online: Hub, tmp_path: Path) -> None:
    online.ranges = False
    online.break_after[online.path(f"{KEY}.onnx")] = [50_000]
    assert adding(tmp_path).rung == "stateful"


def test_a_server_that_fails_for_a_while_is_asked_again(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = online.path(f"{KEY}.onnx")
    online.failing[path] = 503
    with pytest.raises(StorageError, match="the server said 503"):
        adding(tmp_path)
    assert sum(asked == path for asked, _ in online.requests) == downloads.ATTEMPTS


def test_nobody_at_the_address_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(downloads, "_PAUSES_S", (0.0, 0.0))
    with pytest.raises(StorageError, match=r"cannot download .*refused"):
        adding(tmp_path)


@pytest.mark.parametrize("ending", [".onnx", ".onnx.json"])
def test_a_wrong_checksum_installs_nothing(online: Hub, tmp_path: Path, ending: str) -> None:
    path = online.path(f"{KEY}{ending}")
    online.files[path] = online.files[path][:-1] + b"?"
    with pytest.raises(StorageError, match=r"the md5 checksum of .* is wrong"):
        adding(tmp_path)
    assert nothing_installed(tmp_path)
    assert not list((tmp_path / "voices").rglob("*.part"))


def test_a_file_that_changed_between_two_halves_is_fetched_anew(online: Hub, tmp_path: Path) -> None:
    staging = tmp_path / "voices" / "piper" / ".adding" / KEY
    staging.mkdir(parents=True)
    (staging / "voice.onnx.part").write_bytes(b"an older one")
    assert adding(tmp_path).rung == "stateful"


def test_a_wrong_size_installs_nothing(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{KEY}.onnx")
    online.files[path] += b"more"
    with pytest.raises(StorageError, match=r"has \d+ bytes, expected"):
        adding(tmp_path)
    assert nothing_installed(tmp_path)


def test_a_voice_of_any_size_is_refused_before_it_is_fetched(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vivavoce.voices.downloads.MAX_FILE_BYTES", 100_000)
    with pytest.raises(StorageError, match="more than 0"):
        adding(tmp_path, "mine", source=online.address + online.path(f"{KEY}.onnx"))
    monkeypatch.setattr("vivavoce.voices.adding.free_bytes", lambda _: 1000)
    with pytest.raises(StorageError, match="of disk while it is added"):
        adding(tmp_path)
    assert nothing_installed(tmp_path)


@pytest.mark.parametrize("where", ["path", "address"])
def test_a_file_without_an_end_leaves_nothing(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("vivavoce.voices.downloads.MAX_FILE_BYTES", 100_000)
    online.unmeasured = True
    source = str(published()) if where == "path" else online.address + online.path(f"{KEY}.onnx")
    with pytest.raises(StorageError, match=r"voice\.onnx has more than 0 MB"):
        adding(tmp_path, "mine", source=source)
    assert nothing_installed(tmp_path)
    assert not list((tmp_path / "voices").rglob("*.part"))


def test_a_full_disk_installs_nothing(online: Hub, tmp_path: Path) -> None:
    """Simulated by a bound on the size of files: the download does not fit."""
    assert published().stat().st_size > 100_000
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from vivavoce.cli import main\n"
        f"sys.exit(main(['voices', 'add', {KEY!r}, '--data-dir', {str(tmp_path)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=55, check=False,
        env=environment(HF_ENDPOINT=online.address),
    )  # fmt: skip
    assert done.returncode == 1
    assert "the disk is full: voice.onnx does not fit" in done.stderr
    assert nothing_installed(tmp_path)
    assert not list((tmp_path / "voices").rglob("*.part"))


def test_a_disk_that_is_full_when_graphs_are_written_is_said_so(tmp_path: Path) -> None:
    folder = laid_out(tmp_path)
    told = json.loads((folder / "voice.json").read_bytes())
    (folder / "voice.json").write_text(json.dumps({**told, "phoneme_type": "text"}))
    code = (
        "import resource; from vivavoce.engines.piper.convert import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        f"main([{str(folder)!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=55, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"].startswith("the voice cannot be written: File too large")
    assert json.loads(done.stdout)["code"] == "storage_failed"


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
    assert sorted(map(str, outcomes)) == sorted([str(AlreadyExistsError)] * 2 + [KEY])
    assert [voice.rung for voice in installed(str(tmp_path))] == ["stateful"]


def test_a_voice_that_is_being_added_is_not_removed(online: Hub, tmp_path: Path) -> None:
    adding(tmp_path)
    with (
        locked(tmp_path / "voices" / "piper", KEY),
        pytest.raises(AlreadyExistsError, match="another process"),
    ):
        remove(str(tmp_path), KEY)
    remove(str(tmp_path), KEY)
    assert nothing_installed(tmp_path)
    with pytest.raises(NotFoundError, match="added voices: none"):
        remove(str(tmp_path), KEY)


# ---- files that are no voices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("text", "no ONNX file"),
        ("truncated", "no ONNX file|no Piper voice|lacks"),
        ("not vits", "no Piper voice"),
        ("external", "data in other files"),
        ("symbols", "cannot be run with its configuration"),
        ("speakers", "num_speakers 4"),
        ("json", "no Piper configuration"),
        ("language", "cannot be used here"),
        ("phonemes", r"phoneme_id_map lacks \d+ of \d+ phonemes"),
        ("broken graph", "cannot be run with its configuration"),
    ],
)
def test_a_file_that_is_no_voice_is_refused_and_leaves_nothing(
    tmp_path: Path, fault: str, message: str
) -> None:
    model, config = _faulty(tmp_path / "media", fault)
    with pytest.raises(UnsupportedMediaError, match=message):
        adding(tmp_path, str(model))
    assert nothing_installed(tmp_path)
    assert not (tmp_path / "voices" / "piper" / ".adding" / "bad").exists()
    assert config.exists()


def _faulty(folder: Path, fault: str) -> tuple[Path, Path]:
    """A model and its configuration with one fault."""
    folder.mkdir()
    model, config = folder / "bad.onnx", folder / "bad.onnx.json"
    data = published().read_bytes()
    told = json.loads(Path(f"{published()}.json").read_bytes())
    model.write_bytes(data)
    match fault:
        case "text":
            model.write_text("no model")
        case "truncated":
            model.write_bytes(data[: len(data) // 2])
        case "symbols":
            told["phoneme_id_map"]["¶"] = [900]
            told["num_symbols"] = 1000
        case "speakers":
            told["num_speakers"] = 4
        case "language":
            told["espeak"]["voice"] = "xx-none"
        case "phonemes":
            told["phoneme_id_map"] = {"_": [0], "^": [1], "$": [2], "q": [3], " ": [4]}
        case "not vits" | "external" | "broken graph":
            _damage(model, fault)
        case _:
            assert fault == "json"
    config.write_text("{" if fault == "json" else json.dumps(told))
    return model, config


def _damage(path: Path, fault: str) -> None:
    model = load_model(path)
    if fault == "not vits":
        model.graph.CopyFrom(
            helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [_value("x")], [_value("y")])
        )
    elif fault == "broken graph":
        next(node for node in model.graph.node if node.op_type == "Conv").input[0] = "nowhere"
    save_model(
        model, path, save_as_external_data=fault == "external", location="weights.bin", size_threshold=0
    )


def _value(name: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, 1, [1])


def test_a_voice_that_was_there_stays_when_its_replacement_fails(online: Hub, tmp_path: Path) -> None:
    adding(tmp_path)
    model, _ = _faulty(tmp_path / "media", "text")
    with pytest.raises(UnsupportedMediaError):
        adding(tmp_path, KEY, source=str(model), again=True)
    assert len(speak(PiperEngine(tmp_path / "voices" / "piper"), "Hello.", KEY).samples) > 1000


def test_a_process_that_dies_over_a_voice_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(dying))
    with pytest.raises(UnsupportedMediaError, match="ended the process that prepared it, by SIGSEGV"):
        adding(tmp_path, str(published()))
    assert nothing_installed(tmp_path)


def test_adding_needs_two_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'vivavoce\[neural\]'"):
        adding(tmp_path, str(published()))


@pytest.mark.parametrize("field", ["library", "data"])
def test_a_voice_from_the_network_names_no_files_of_this_machine(
    online: Hub, tmp_path: Path, field: str
) -> None:
    """It could have any file here loaded as code; a voice from a path is its owner's."""
    path = online.path(f"{KEY}.onnx.json")
    told = json.loads(online.files[path])
    told["espeak"][field] = str(tmp_path / "evil.so")
    online.files[path] = json.dumps(told).encode()
    with pytest.raises(UnsupportedMediaError, match=rf"names files of this machine \(espeak\.{field}\)"):
        adding(tmp_path, "mine", source=online.address + online.path(f"{KEY}.onnx"))
    assert nothing_installed(tmp_path)
    assert not any(asked.endswith(".onnx") for asked, _ in online.requests)


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
    assert KEY.encode() in available.stdout
    assert b"de_DE-eva-low" not in available.stdout
    added = vivavoce("voices", "add", KEY, env=env)
    assert added.returncode == 0, added.stderr
    assert b"streams inside the sentence; licence: CC0" in added.stdout
    again = vivavoce("voices", "add", KEY, env=env)
    assert (again.returncode, again.stderr.count(b"\n")) == (2, 1)
    offline = vivavoce("voices", "list", "--available", "--offline", "--json", env=env)
    assert {row["key"]: row["installed"] for row in json.loads(offline.stdout)} == {
        KEY: True,
        "de_DE-eva-low": False,
    }
    assert KEY.encode() in vivavoce("voices", "--lang", "en-US", env=env).stdout
    listed = vivavoce("voices", "list", "--engine", "piper", env=env)
    assert f"\n{KEY} streams inside the sentence.\n".encode() in listed.stdout
    told = json.loads(vivavoce("voices", "--engine", "piper", "--json", env=env).stdout)
    assert [(voice["id"], voice["rung"], voice["why"]) for voice in told] == [(KEY, "stateful", "")]
    nobody = vivavoce("voices", "list", "--available", "--lang", "xx", env=env)
    assert nobody.returncode == 2
    assert b"'xx'; languages there: de_DE, en_US" in nobody.stderr
    removed = vivavoce("voices", "remove", KEY, env=env)
    assert removed.stdout == f"{KEY} is removed.\n".encode()
    assert vivavoce("voices", "remove", KEY, env=env).returncode == 2
    assert vivavoce("voices", "add", "mine", "--from", str(published()), env=env).returncode == 0
    last = vivavoce("voices", "remove", "mine", "--json", env=env)
    assert json.loads(last.stdout) == {"removed": "mine"}
