"""Adding what is no voice: it is refused with the reason, and nothing of it stays."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from onnx import ValueInfoProto, helper, load_model, save_model

from hubserver import Hub
from integration.adding_runs import ANN, adding, nothing_installed
from randomvoices import published
from spoken import speak
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.errors import MissingDependencyError, UnsupportedMediaError

pytestmark = pytest.mark.integration


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
        adding(tmp_path, ANN, source=str(model), again=True)
    assert len(speak(PiperEngine(tmp_path / "voices" / "piper"), "Hello.", ANN).samples) > 1000


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
    path = online.path(f"{ANN}.onnx.json")
    told = json.loads(online.files[path])
    told["espeak"][field] = str(tmp_path / "evil.so")
    online.files[path] = json.dumps(told).encode()
    with pytest.raises(UnsupportedMediaError, match=rf"names files of this machine \(espeak\.{field}\)"):
        adding(tmp_path, "mine", source=online.address + online.path(f"{ANN}.onnx"))
    assert nothing_installed(tmp_path)
    assert not any(asked.endswith(".onnx") for asked, _ in online.requests)
