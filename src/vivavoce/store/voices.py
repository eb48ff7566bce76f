"""Custom voices and presets: kept in the database, read from memory; recordings kept as files.

A recording lies in ``voices/`` of the data directory under its voice's id. It is whole on the disk before its row
exists, and its row is gone before it is deleted; what a crash in between leaves behind is swept up an hour later.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import delete, insert, update

from vivavoce.errors import NotFoundError, OutOfRangeError, StorageError, VivavoceError, quoted
from vivavoce.records import CustomVoice, Sample, VoiceDraft, VoiceKind
from vivavoce.store import checks, models
from vivavoce.store.database import Database, columns, value_of

FOLDER: Final = "voices"

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,5}")
_SWEEP_AFTER_S: Final = 3600.0
_CHANGEABLE: Final = frozenset(VoiceDraft.__struct_fields__) - {"id", "kind", "owner", "dialect"}


class CustomVoices:
    """All custom voices and presets. Synchronous methods answer from memory."""

    table = models.voices

    def __init__(self, database: Database, clock: Callable[[], float], data_dir: Path) -> None:
        self._database = database
        self._clock = clock
        self._data_dir = data_dir
        self._all: dict[str, CustomVoice] = {}

    def get(self, voice_id: str) -> CustomVoice:
        """Raises NotFoundError."""
        found = self._all.get(voice_id)
        if found is None:
            raise NotFoundError(f"no custom voice has the id {quoted(voice_id)}", param="voice")
        return found

    def all(self, *, owner: str | None = None, kind: VoiceKind | None = None) -> tuple[CustomVoice, ...]:
        """Every voice, oldest first; only those of one account (and everybody's), or of one kind."""
        found = (
            one
            for one in self._all.values()
            if (owner is None or one.owner in (owner, None)) and (kind is None or one.kind == kind)
        )
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    def sample_path(self, voice: CustomVoice) -> Path | None:
        """Where the voice's recording is, if it has one."""
        return self._data_dir / voice.sample.path if voice.sample else None

    async def create(
        self,
        draft: VoiceDraft,
        *,
        sample: bytes | None = None,
        filename: str = "",
        duration_s: float | None = None,
    ) -> CustomVoice:
        """A new voice. ``sample`` is stored as it is, ``filename`` only remembered.

        Raises OutOfRangeError, MissingFieldError, AlreadyExistsError (an id that is taken) or StorageError.
        """
        now = self._clock()
        fields = msgspec.structs.asdict(draft)
        fields["id"] = _usable_id(draft.id) if draft.id is not None else secrets.token_hex(11)
        kept = None
        if sample is not None:
            checks.text(filename, "filename", 255, blank=True)
            # The checksum of ten megabytes takes long enough to be heard.
            kept = await asyncio.to_thread(_describe, fields["id"], sample, filename, duration_s)
        voice = _checked(CustomVoice(**fields, sample=kept, created_at=now, updated_at=now))
        if sample is None or kept is None:
            return await self._insert(voice)
        path = self._data_dir / kept.path
        await asyncio.to_thread(_write, path, sample)
        try:
            return await self._insert(voice)
        except VivavoceError:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise

    async def _insert(self, voice: CustomVoice) -> CustomVoice:
        async with self._database.turn:
            async with self._database.writing(models.voices) as connection:
                await connection.execute(insert(models.voices).values(**columns(voice)))
            self._all[voice.id] = voice
        return voice

    async def update(self, voice_id: str, **changes: Any) -> CustomVoice:
        """Change some fields of :class:`VoiceDraft` other than id, kind, owner and dialect.

        Raises NotFoundError, OutOfRangeError or MissingFieldError.
        """
        assert changes.keys() <= _CHANGEABLE, changes.keys()
        async with self._database.turn:
            changed = _checked(replace(self.get(voice_id), **changes, updated_at=self._clock()))
            async with self._database.writing(models.voices) as connection:
                mine = models.voices.c.id == voice_id
                done = await connection.execute(update(models.voices).where(mine).values(**columns(changed)))
            if done.rowcount:
                self._all[voice_id] = changed
            else:
                self._all.pop(voice_id)
        return self.get(voice_id)

    async def delete(self, voice_id: str) -> None:
        """Delete a voice and its recording; a stream that is speaking goes on. Raises NotFoundError."""
        async with self._database.turn:
            path = self.sample_path(self.get(voice_id))
            async with self._database.writing(models.voices) as connection:
                await connection.execute(delete(models.voices).where(models.voices.c.id == voice_id))
            del self._all[voice_id]
        if path is not None:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def load(self) -> None:
        """Take everything from the database anew; the caller holds the database's turn."""
        rows = await self._database.everything(models.voices)
        self._all = {row.id: value_of(row, CustomVoice) for row in rows}

    async def sweep(self) -> None:
        """Delete recordings that no voice has."""
        known = {voice.sample.path for voice in self._all.values() if voice.sample}
        await asyncio.to_thread(_sweep, self._data_dir, known)


def _usable_id(given: str) -> str:
    """``given`` if it can be an id, which is part of a file's name and of URLs."""
    if not _ID.fullmatch(given):
        raise OutOfRangeError(
            f"id: expected up to 64 letters, digits, - and _, got {quoted(given)}", param="id"
        )
    return given


def _describe(voice_id: str, sample: bytes, filename: str, duration_s: float | None) -> Sample:
    extension = Path(filename).suffix.lower()
    if not _EXTENSION.fullmatch(extension):
        extension = ".bin"
    # The random part keeps apart two uploads that race for one id: the loser deletes its own file.
    return Sample(
        path=f"{FOLDER}/{voice_id}-{secrets.token_hex(4)}{extension}",
        filename=filename,
        sha256=hashlib.sha256(sample).hexdigest(),
        size_bytes=len(sample),
        duration_s=duration_s,
    )


def _checked(voice: CustomVoice) -> CustomVoice:
    checks.text(voice.name, "name", 200)
    checks.text(voice.description, "description", 5000, blank=True)
    checks.text(voice.base_voice, "base_voice", 200)
    checks.text(voice.style, "style", 64)
    checks.text(voice.dialect, "dialect", 32)
    if voice.language is not None:
        checks.text(voice.language, "language", 35)
    encoded = msgspec.json.encode(voice.metadata)
    if len(encoded) > 1 << 16 or b"\\u0000" in encoded:
        raise OutOfRangeError("metadata: expected at most 64 KiB of JSON without NUL", param="metadata")
    return voice


def _write(path: Path, data: bytes) -> None:
    """Put ``data`` on the disk under a name that never shows a part of it."""
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise StorageError("cannot write the recording", reason=f"{path}: {error.strerror}") from error


def _sweep(data_dir: Path, known: Collection[str]) -> None:
    """Delete files of :data:`FOLDER` that are not ``known`` and older than an upload can be."""
    folder = data_dir / FOLDER
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        # File times are the system clock's, whatever clock the store was given.
        if f"{FOLDER}/{path.name}" not in known and path.stat().st_mtime < time.time() - _SWEEP_AFTER_S:
            path.unlink(missing_ok=True)
