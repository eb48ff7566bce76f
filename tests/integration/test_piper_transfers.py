"""Transfers of voices that break, lie and never end, and disks that fill: always all or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hubserver import Hub
from integration.adding_runs import ANN, adding, nothing_installed
from integration.cli_runs import environment
from randomvoices import laid_out, published
from vivavoce.errors import StorageError
from vivavoce.voices import downloads

pytestmark = pytest.mark.integration


def test_a_broken_transfer_goes_on_where_it_stopped(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{ANN}.onnx")
    online.break_after[path] = [50_000, 1, 0, 70_000]
    adding(tmp_path)
    ranges = [asked for asked_path, asked in online.requests if asked_path == path]
    assert ranges == ["", "bytes=50000-", "bytes=50001-", "bytes=50001-", "bytes=120001-"]


def test_a_transfer_that_keeps_breaking_is_given_up_and_taken_up_again(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{ANN}.onnx")
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
    online.break_after[online.path(f"{ANN}.onnx")] = [50_000]
    assert adding(tmp_path).rung == "stateful"


def test_a_server_that_fails_for_a_while_is_asked_again(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = online.path(f"{ANN}.onnx")
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
    path = online.path(f"{ANN}{ending}")
    online.files[path] = online.files[path][:-1] + b"?"
    with pytest.raises(StorageError, match=r"the md5 checksum of .* is wrong"):
        adding(tmp_path)
    assert nothing_installed(tmp_path)
    assert not list((tmp_path / "voices").rglob("*.part"))


def test_a_file_that_changed_between_two_halves_is_fetched_anew(online: Hub, tmp_path: Path) -> None:
    staging = tmp_path / "voices" / "piper" / ".adding" / ANN
    staging.mkdir(parents=True)
    (staging / "voice.onnx.part").write_bytes(b"an older one")
    assert adding(tmp_path).rung == "stateful"


def test_a_wrong_size_installs_nothing(online: Hub, tmp_path: Path) -> None:
    path = online.path(f"{ANN}.onnx")
    online.files[path] += b"more"
    with pytest.raises(StorageError, match=r"has \d+ bytes, expected"):
        adding(tmp_path)
    assert nothing_installed(tmp_path)


def test_a_voice_of_any_size_is_refused_before_it_is_fetched(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vivavoce.voices.downloads.MAX_FILE_BYTES", 100_000)
    with pytest.raises(StorageError, match="more than 0"):
        adding(tmp_path, "mine", source=online.address + online.path(f"{ANN}.onnx"))
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
    source = str(published()) if where == "path" else online.address + online.path(f"{ANN}.onnx")
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
        f"sys.exit(main(['voices', 'add', {ANN!r}, '--data-dir', {str(tmp_path)!r}]))\n"
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
