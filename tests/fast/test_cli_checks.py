"""The checks of the doctor that need neither process nor socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from stage import VOICE
from vivavoce.cli import checks
from vivavoce.cli.checks import Check, codec, engines, folder, libraries, playing, python
from vivavoce.cli.doctor import as_object
from vivavoce.engines import registry
from vivavoce.errors import MissingDependencyError
from vivavoce.formats import FORMATS, AudioFormat
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", ["wav", "mulaw", "mp3"])
def test_a_format_is_really_encoded(name: str) -> None:
    check = codec(name)
    assert check.state == "ok"
    assert check.figures["bytes"] == pytest.approx({"wav": 24_044, "mulaw": 4000, "mp3": 4200}[name], rel=0.1)
    assert name in FORMATS


def test_a_format_whose_library_is_absent_fails_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(format: AudioFormat) -> None:
        raise MissingDependencyError("mp3 needs lameenc; pip install lameenc")

    monkeypatch.setattr(checks, "encoder", absent)
    assert codec("mp3") == Check(
        topic="formats",
        name="mp3",
        state="failed",
        detail="does not work",
        advice="mp3 needs lameenc; pip install lameenc",
    )


def test_a_folder_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    assert folder(str(tmp_path)).detail == str(tmp_path)
    check = folder(str(tmp_path / "a" / "b"))
    assert (check.state, check.detail) == ("ok", f"{tmp_path}/a/b (will be made)")
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_written_fails_with_advice() -> None:
    check = folder("/proc/nothing/here")
    assert check.state == "failed"
    assert "--data-dir" in check.advice


def test_an_engine_without_voices_is_a_warning_with_advice() -> None:
    found = {check.name: check for check in engines(Catalogue([VOICE]))}
    assert found["paper"].detail == "1 voice, 1 language"
    assert found["espeak"].state == "warning"
    assert found["espeak"].advice == "pip install espeakng-loader"
    assert "tone" not in found


def test_versions_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "vivavoce 0." in python().detail
    assert python().state == "ok"
    assert "numpy " in libraries().detail
    monkeypatch.setattr(checks, "LIBRARIES", ("numpy", "no-such-library"))
    assert libraries().state == "warning"
    assert libraries().advice == "pip install no-such-library"


def test_no_player_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "players", list)
    assert playing().state == "warning"
    assert "ffplay" in playing().advice
    monkeypatch.setattr(checks, "players", lambda: ["aplay"])
    assert playing().detail == "aplay"


def test_the_whole_is_well_unless_something_failed() -> None:
    fine = Check(topic="a", name="b", detail="c")
    poor = Check(topic="a", name="b", state="warning", detail="c", advice="d")
    bad = Check(topic="a", name="b", state="failed", detail="c", advice="d")
    assert as_object([fine, poor])["ok"] is True
    assert as_object([fine, bad])["ok"] is False


def test_what_every_engine_needs_that_has_no_voices_here_is_said() -> None:
    assert set(checks.ABSENT_ENGINE) == registry.installed().keys() - registry.ON_REQUEST
