"""Several who add and remove voices in one data directory, threads and processes: the moments that matter, provoked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubserver import Hub
from integration.adding_runs import ANN
from integration.cli_runs import environment
from vivavoce.errors import AlreadyExistsError, NotFoundError, VivavoceError
from vivavoce.voices import adding
from vivavoce.voices.hub import available
from vivavoce.voices.hub import hub as hub_address
from vivavoce.voices.installed import folder_of, installed, locked, remove

pytestmark = pytest.mark.integration

THREADS = 3
PATIENCE_S = 60


def add(data: Path, name: str = ANN, *, again: bool = False) -> str:
    wish = adding.Wish(name=name, again=again)
    return adding.add(wish, str(data), lambda *_: None, lambda _: None).id


def outcome(act: Callable[[], object]) -> object:
    """What ``act`` gives, or the kind of its error."""
    try:
        return act()
    except VivavoceError as error:
        return type(error)


def at_once(act: Callable[[], object]) -> list[object]:
    """What ``act`` gives to each of several threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result() for each in [pool.submit(outcome, act) for _ in range(THREADS)]]


def meeting_before(monkeypatch: pytest.MonkeyPatch, method: str, applies: Callable[[Path], bool]) -> None:
    """Let all threads come as far as the first ``method`` of such a path, before one of them calls it."""
    meeting = threading.Barrier(THREADS)
    met = threading.local()
    real = getattr(Path, method)

    def met_first(path: Path, *given: object, **named: object) -> object:
        if applies(path) and not hasattr(met, "already"):
            met.already = True
            meeting.wait(PATIENCE_S)
        return real(path, *given, **named)

    monkeypatch.setattr(Path, method, met_first)


def test_threads_that_keep_the_catalogue_in_the_same_moment(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have written what they fetched before the first of them moves it to its place."""
    meeting_before(monkeypatch, "replace", lambda path: "voices.json" in path.name)
    cache = tmp_path / "kept" / "voices.json"
    assert at_once(lambda: list(available(hub_address(), cache))) == [[ANN]] * THREADS
    assert [path.name for path in cache.parent.iterdir()] == ["voices.json"]
    assert list(available(hub_address(), cache, offline=True)) == [ANN]


def test_a_catalogue_that_cannot_be_kept_leaves_no_pieces(online: Hub, tmp_path: Path) -> None:
    cache = tmp_path / "voices.json"
    (cache / "in the way").mkdir(parents=True)
    with pytest.raises(VivavoceError, match="cannot be written"):
        available(hub_address(), cache)
    assert list(tmp_path.iterdir()) == [cache]


def test_of_threads_that_add_at_once_one_does(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting_before(monkeypatch, "replace", lambda path: "voices.json" in path.name)
    outcomes = at_once(lambda: add(tmp_path))
    assert sorted(map(str, outcomes)) == sorted([str(AlreadyExistsError)] * (THREADS - 1) + [ANN])
    assert [voice.rung for voice in installed(str(tmp_path))] == ["stateful"]
    assert sum(path == online.path(f"{ANN}.onnx") for path, _ in online.requests) == 1


def test_of_processes_that_add_at_once_one_does(online: Hub, tmp_path: Path) -> None:
    """They have imported everything and wait for a line before they begin."""
    code = (
        "import sys, vivavoce.voices.adding; from vivavoce.cli import main\n"
        "print('here', flush=True); sys.stdin.readline()\n"
        f"sys.exit(main(['voices', 'add', {ANN!r}, '--data-dir', {str(tmp_path)!r}]))\n"
    )
    adders = [
        subprocess.Popen(
            [sys.executable, "-c", code], text=True, env=environment(HF_ENDPOINT=online.address),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(THREADS)
    ]  # fmt: skip
    try:
        for adder in adders:
            assert adder.stdout is not None
            assert adder.stdout.readline() == "here\n"
        for adder in adders:
            assert adder.stdin is not None
            adder.stdin.write("\n")
            adder.stdin.flush()
        said = [adder.communicate(timeout=PATIENCE_S * 2)[1] for adder in adders]
    finally:
        for adder in adders:
            adder.kill()
            adder.wait()
    assert sorted(adder.returncode for adder in adders) == [0] + [2] * (THREADS - 1), said
    assert sum("there already" in words or "another process" in words for words in said) == THREADS - 1
    assert [voice.rung for voice in installed(str(tmp_path))] == ["stateful"]


def test_of_threads_that_remove_at_once_one_does(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All have seen that the voice is there before the first of them takes it away."""
    add(tmp_path)
    voice = folder_of(str(tmp_path)) / ANN
    meeting_before(monkeypatch, "is_dir", lambda path: path == voice)
    outcomes = at_once(lambda: remove(str(tmp_path), ANN))
    assert outcomes.count(None) == 1
    assert set(outcomes) <= {None, NotFoundError, AlreadyExistsError}
    assert installed(str(tmp_path)) == []


def test_a_voice_removed_the_moment_it_was_added_was_added(
    online: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody removes it as soon as the lock is free; who added it hears of what was added all the same."""

    class Impatient:
        def __init__(self, folder: Path, voice_id: str) -> None:
            self._lock = locked(folder, voice_id)

        def __enter__(self) -> None:
            self._lock.__enter__()

        def __exit__(self, *raised: object) -> None:
            self._lock.__exit__(None, None, None)
            remove(str(tmp_path), ANN)

    monkeypatch.setattr(adding, "locked", Impatient)
    assert add(tmp_path) == ANN
    assert installed(str(tmp_path)) == []


def test_a_lock_is_one_however_many_ask_for_it(tmp_path: Path) -> None:
    """Who asks in vain leaves the lock as it was, and a child that was started meanwhile does not hold it."""
    with locked(tmp_path, ANN):
        with subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
        ) as child:
            for _ in range(3):
                with pytest.raises(AlreadyExistsError, match="another process"), locked(tmp_path, ANN):
                    pytest.fail("two have the lock")
            child.communicate(b"\n")
        with locked(tmp_path, "another"):
            pass
    with locked(tmp_path, ANN):
        pass


def test_a_lock_ends_even_where_somebody_has_a_copy_of_its_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between fork and exec a child of another thread has one; here it is a duplicate."""
    copies: list[int] = []
    opened = os.open

    def copied(path: str, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        copies.append(os.dup(descriptor))
        return descriptor

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", copied)
        with locked(tmp_path, ANN):
            pass
    try:
        with locked(tmp_path, ANN):
            assert copies
    finally:
        for descriptor in copies:
            os.close(descriptor)


def test_a_voice_that_goes_while_the_voices_are_listed_is_not_listed(tmp_path: Path) -> None:
    """The reader stands in ``source.json``, here a pipe, while somebody else removes the folder."""
    folder = folder_of(str(tmp_path))
    for name in ("going", "staying"):
        (folder / name).mkdir(parents=True)
    os.mkfifo(folder / "going" / "source.json")

    def going() -> None:
        with (folder / "going" / "source.json").open("w"):
            shutil.rmtree(folder / "going")

    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(going)
        assert [voice.id for voice in installed(str(tmp_path))] == ["staying"]
        gone.result()


def test_no_name_of_a_voice_is_in_the_way_of_another(online: Hub, tmp_path: Path) -> None:
    """Voices may have dots in their names; what is kept beside them has names that no voice can have."""
    others = [f"{ANN}.lock", f"{ANN}.removed", f"{ANN}.replaced", "voices.json"]
    begun = [folder_of(str(tmp_path)) / ".adding" / other / "voice.onnx.part" for other in others]
    for part in begun:
        part.parent.mkdir(parents=True)
        part.write_bytes(b"the beginning")
    assert add(tmp_path) == ANN
    assert add(tmp_path, again=True) == ANN
    remove(str(tmp_path), ANN)
    assert [part.read_bytes() for part in begun] == [b"the beginning"] * len(others)


def test_a_voice_whose_replacement_was_cut_short_is_put_back(online: Hub, tmp_path: Path) -> None:
    """Ended between the two moves of a replacement, the old voice waits beside; the next try starts from it."""
    add(tmp_path)
    folder = folder_of(str(tmp_path))
    before = (folder / ANN).stat().st_ino
    (folder / ANN).rename(folder / ".adding" / f".{ANN}.replaced")
    with pytest.raises(AlreadyExistsError, match="--again"):
        add(tmp_path)
    assert (folder / ANN).stat().st_ino == before
    assert [voice.rung for voice in installed(str(tmp_path))] == ["stateful"]
