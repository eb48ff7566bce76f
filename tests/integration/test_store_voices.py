"""Custom voices on real databases and disks."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from databases import HandClock, in_loop
from vivavoce.errors import AlreadyExistsError, NotFoundError, OutOfRangeError, StorageError
from vivavoce.records import VoiceDraft
from vivavoce.settings import Settings
from vivavoce.speech import Prosody
from vivavoce.store.store import Store

pytestmark = pytest.mark.integration

DRAFT = VoiceDraft(
    name="Éva",
    base_voice="espeak/hu",
    description="matched to her recording, not cloned",
    language="hu",
    gender="female",
    prosody=Prosody(pitch_semitones=-2.5),
    style="calm",
    owner="key_1",
    dialect="gradium",
    metadata={"tags": [{"category": "mood", "value": "warm"}], "rank": 3, "none": None},
)
SAMPLE = bytes(range(256)) * 100


def files(settings: Settings) -> list[Path]:
    return sorted((Path(settings.data_dir) / "voices").glob("*"))


@in_loop
async def test_made_changed_and_deleted(store_settings: Settings) -> None:
    clock = HandClock()
    async with await Store.open(store_settings, clock) as store:
        made = await store.voices.create(DRAFT, sample=SAMPLE, filename="my voice.WAV", duration_s=1.5)
        assert len(made.id) == 22
        assert made.sample is not None
        assert made.sample.sha256 == hashlib.sha256(SAMPLE).hexdigest()
        assert (made.sample.size_bytes, made.sample.filename) == (len(SAMPLE), "my voice.WAV")
        path = store.voices.sample_path(made)
        assert path is not None
        assert path.read_bytes() == SAMPLE
        assert path.suffix == ".wav"
        assert files(store_settings) == [path]
        clock.now += 1
        changed = await store.voices.update(made.id, name="Eva", metadata={"rank": 4})
        assert changed == replace(made, name="Eva", metadata={"rank": 4}, updated_at=clock.now)
    async with await Store.open(store_settings, clock) as store:
        assert store.voices.get(made.id) == changed
        await store.voices.delete(made.id)
        assert files(store_settings) == []
        with pytest.raises(NotFoundError):
            store.voices.get(made.id)
        with pytest.raises(NotFoundError):
            await store.voices.delete(made.id)


@in_loop
async def test_presets_have_chosen_ids(store_settings: Settings) -> None:
    async with await Store.open(store_settings) as store:
        draft = VoiceDraft(id="narrator", kind="preset", name="Narrator", base_voice="flite/slt")
        preset = await store.voices.create(draft)
        custom = await store.voices.create(DRAFT)
        assert (preset.id, preset.sample, store.voices.sample_path(preset)) == ("narrator", None, None)
        assert store.voices.all(kind="preset") == (preset,)
        assert {voice.id for voice in store.voices.all(owner="key_1")} == {preset.id, custom.id}
        assert [voice.id for voice in store.voices.all(owner="key_2")] == [preset.id]
        with pytest.raises(AlreadyExistsError):
            await store.voices.create(draft, sample=SAMPLE)
        assert store.voices.get("narrator") == preset
        assert files(store_settings) == [], "a refused voice leaves no recording"


@pytest.mark.parametrize("bad", ["", "../x", "a/b", "a.b", "-a", "x" * 65, "é"])
@in_loop
async def test_ids_are_safe_as_names_of_files(bad: str, tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        with pytest.raises(OutOfRangeError, match="id"):
            await store.voices.create(VoiceDraft(id=bad, name="x", base_voice="x"), sample=b"x")
    assert files(Settings(data_dir=str(tmp_path))) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "x.w/v", "x.", "", ".sh\u202e", "x.tar-gz"])
@in_loop
async def test_the_uploaders_file_name_is_only_remembered(name: str, tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        voice = await store.voices.create(DRAFT, sample=b"x", filename=name)
        assert voice.sample is not None
        assert voice.sample.filename == name
        path = store.voices.sample_path(voice)
        assert path is not None
        assert path.parent == tmp_path / "voices"
        assert path.suffix == ".bin"


@in_loop
async def test_what_no_voice_can_be(store_settings: Settings) -> None:
    async with await Store.open(store_settings) as store:
        for wrong in (
            replace(DRAFT, name="\ud800"),
            replace(DRAFT, description="x" * 5001),
            replace(DRAFT, metadata={"x": "\0"}),
            replace(DRAFT, metadata={"x": "x" * 70_000}),
        ):
            with pytest.raises(OutOfRangeError):
                await store.voices.create(wrong, sample=SAMPLE)
        assert store.voices.all() == ()
        assert files(store_settings) == []


@in_loop
async def test_a_disk_that_takes_no_recording(tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        (tmp_path / "voices").touch()
        with pytest.raises(StorageError, match=f"cannot write .*{tmp_path}") as caught:
            await store.voices.create(DRAFT, sample=SAMPLE)
        assert str(tmp_path) not in caught.value.message
        assert store.voices.all() == ()


@in_loop
async def test_left_over_recordings_are_swept_up(tmp_path: Path) -> None:
    async with await Store.open(Settings(data_dir=str(tmp_path))) as store:
        voice = await store.voices.create(DRAFT, sample=SAMPLE)
        kept = store.voices.sample_path(voice)
        old, young = tmp_path / "voices" / "old.wav", tmp_path / "voices" / "young.part"
        for path in (old, young):
            path.touch()
        assert kept is not None
        for path in (old, kept):
            os.utime(path, (time.time() - 4000,) * 2)
        await store.tidy()
        assert set(files(Settings(data_dir=str(tmp_path)))) == {kept, young}


@in_loop
async def test_changes_elsewhere_come_with_refresh(store_settings: Settings) -> None:
    async with await Store.open(store_settings) as server, await Store.open(store_settings) as elsewhere:
        made = await elsewhere.voices.create(DRAFT)
        await server.refresh()
        assert server.voices.get(made.id) == made
        await elsewhere.voices.delete(made.id)
        with pytest.raises(NotFoundError):
            await server.voices.update(made.id, name="late")
        assert server.voices.all() == ()
