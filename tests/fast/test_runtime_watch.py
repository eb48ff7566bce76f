"""What is seen of the voices' folders: everything that changes who can speak, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from vivavoce.runtime.watch import Sight, sight, watch

pytestmark = pytest.mark.fast


def folder(data: Path, name: str) -> Path:
    made = data / "voices" / "piper" / name
    made.mkdir(parents=True)
    return made


def test_nothing_is_seen_where_nothing_is(tmp_path: Path) -> None:
    assert sight(str(tmp_path)) == sight(str(tmp_path / "none")) == frozenset()
    (tmp_path / "voices").write_text("no folder")
    assert sight(str(tmp_path)) == frozenset()


def test_a_voice_that_comes_goes_or_is_replaced_is_seen(tmp_path: Path) -> None:
    seen = [sight(str(tmp_path))]
    first = folder(tmp_path, "ann")
    seen.append(sight(str(tmp_path)))
    other = folder(tmp_path, ".adding-ann")
    assert sight(str(tmp_path)) == seen[-1]
    (first / "more").write_text("what is inside does not matter")
    assert sight(str(tmp_path)) == seen[-1]
    first.rename(tmp_path / "old")
    other.rename(first)
    seen.append(sight(str(tmp_path)))
    first.rename(tmp_path / "older")
    assert sight(str(tmp_path)) == seen[0]
    assert len(set(seen)) == 3


def test_whoever_wants_to_know_is_told_once_for_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    looks: list[Sight] = []

    def looked(data_dir: str) -> Sight:
        looks.append(sight(data_dir))
        return looks[-1]

    async def change() -> None:
        told.append(len(sight(str(tmp_path))))

    async def several_looks() -> None:
        enough = len(looks) + 3
        while len(looks) < enough:  # noqa: ASYNC110 (what is waited for happens in a thread)
            await asyncio.sleep(0)

    async def scene() -> None:
        watching = asyncio.create_task(watch(str(tmp_path), change, every_s=0))
        await several_looks()
        assert told == []
        for count, name in enumerate(("ann", "bob"), 1):
            folder(tmp_path, name)
            await several_looks()
            assert told == list(range(1, count + 1))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    monkeypatch.setattr("vivavoce.runtime.watch.sight", looked)
    asyncio.run(scene())
