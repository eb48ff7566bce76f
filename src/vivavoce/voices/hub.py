"""Where published Piper voices are: the hub's catalogue, a copy of it in a folder or on a server, or single files.

The catalogue is ``voices.json`` of the repository ``rhasspy/piper-voices``: for each voice its language, quality,
speakers, and the size and MD5 checksum of its files. A copy of the last one seen is kept for ``--offline``.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.errors import NotFoundError, OutOfRangeError, StorageError, UnknownVoiceError, quoted
from vivavoce.voices.downloads import Remote, fetch_small, is_address
from vivavoce.voices.installed import PIPER, check_id

HUB: Final = "https://huggingface.co"
REPOSITORY: Final = "rhasspy/piper-voices/resolve/main"
CATALOGUE: Final = "voices.json"
CONFIG: Final = "voice.json"
"""What a voice's configuration is called here."""
_LICENCE: Final = re.compile(r"licen[cs]e\W*[:|]\s*\**\s*(?P<name>[^\n|]{2,120})", re.IGNORECASE)


class Language(Struct, frozen=True):
    """``language`` of a catalogue entry."""

    code: str = ""
    name_english: str = ""
    country_english: str = ""


class FileEntry(Struct, frozen=True):
    """``files`` of a catalogue entry."""

    size_bytes: int | None = None
    md5_digest: str = ""
    sha256: str = ""


class Entry(Struct, frozen=True):
    """A voice that can be added."""

    key: str
    language: Language = Language()
    languages: tuple[str, ...] = ()
    """Of a model that speaks several; ``language`` is the first of them."""
    name: str = ""
    quality: str = ""
    num_speakers: int = 1
    files: dict[str, FileEntry] = {}

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(file.size_bytes or 0 for file in self.files.values())

    @property
    def spoken(self) -> tuple[str, ...]:
        """Every language that it speaks."""
        return self.languages or (self.language.code,)


class Offer(Struct, frozen=True, kw_only=True):
    """A voice and where its files are."""

    id: str
    family: str = PIPER
    origin: str
    """Address or path, for the records."""
    files: dict[str, Remote]
    """By the path that each is to have in the voice's folder; small ones first."""
    card: Remote | None = None
    """A text that names its licence."""


def endpoint() -> str:
    """The hub's address, by ``HF_ENDPOINT``."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def hub() -> str:
    """The address under which the hub's repository of Piper voices is."""
    return f"{endpoint()}/{REPOSITORY}"


def available(base: str, cache: Path, *, offline: bool = False) -> dict[str, Entry]:
    """The catalogue under ``base``, by voice. ``cache`` is where the hub's was kept and is to be kept.

    Raises NotFoundError when there is no catalogue, StorageError.
    """
    if offline and is_address(base):
        entries = kept(cache)
        if entries is None:
            raise StorageError("no catalogue was kept; run this once without --offline")
        return entries
    data = fetch_small(_join(base, CATALOGUE))
    found = _parsed(data, _join(base, CATALOGUE))
    if base == hub():
        keep(data, cache)
    return found


def kept(cache: Path) -> dict[str, Entry] | None:
    """The catalogue that was seen last; ``None`` when none was. Raises StorageError."""
    try:
        return _parsed(cache.read_bytes(), str(cache))
    except OSError:
        return None


def _parsed(data: bytes, name: str) -> dict[str, Entry]:
    try:
        return msgspec.json.decode(data, type=dict[str, Entry])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageError(f"{name} is no catalogue of voices: {error}") from None


def keep(data: bytes, cache: Path) -> None:
    """Have ``data`` for :func:`kept`. Raises StorageError.

    Threads, processes and containers that share a disk may do so at once: each writes a file of its own first.
    """
    partial = cache.with_name(f"{cache.name}.{secrets.token_hex(8)}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(cache)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise StorageError(f"{cache} cannot be written: {error.strerror or error}") from None


def offer(name: str, source: str | None, cache: Path, *, offline: bool = False) -> Offer:
    """Where the files of the voice ``name`` are.

    ``name`` may be the path of a model. ``source`` is the hub unless given: a folder or an address with a catalogue, or
    with ``<name>.onnx`` in it; or a model's own path or address. Raises NotFoundError, UnknownVoiceError, StorageError.
    """
    if source is None and (name.endswith(".onnx") or os.sep in name):
        return _single(None, name)
    if source is not None and source.endswith(".onnx"):
        return _single(name, source)
    base = source or hub()
    try:
        entries = available(base, cache, offline=offline)
    except NotFoundError:
        if source is None:
            raise
        return _single(name, _join(base, f"{name}.onnx"))
    if name not in entries:
        raise UnknownVoiceError(
            f"the catalogue has no voice {quoted(name)}{_close(name, entries)}", param="voice"
        )
    return _from_entry(entries[name], base)


def _single(name: str | None, model: str) -> Offer:
    """The voice of one model. Raises OutOfRangeError for an address of another kind, NotFoundError."""
    if not is_address(model):
        _check_pair(model)
    stem = model.rstrip("/").rpartition("/")[2]
    voice_id = check_id(name or (stem[: -len(".onnx")] if stem.endswith(".onnx") else stem))
    return _piper(voice_id, Remote(model), Remote(f"{model}.json"))


def _from_entry(entry: Entry, base: str) -> Offer:
    def find(ending: str) -> Remote | None:
        for path, file in entry.files.items():
            if path.endswith(ending):
                return Remote(_join(base, path), file.size_bytes, file.md5_digest, file.sha256)
        return None

    model, config = find(".onnx"), find(".onnx.json")
    if model is None or config is None:
        raise StorageError(f"the catalogue has no model or no configuration for {quoted(entry.key)}")
    return _piper(check_id(entry.key), model, config, find("MODEL_CARD"))


def _piper(voice_id: str, model: Remote, config: Remote, card: Remote | None = None) -> Offer:
    files = {CONFIG: config, "voice.onnx": model}
    return Offer(id=voice_id, origin=model.address, files=files, card=card)


def _check_pair(model: str) -> None:
    """Whether a model of this machine is there with its configuration; told before anything is copied."""
    if "://" in model:
        raise OutOfRangeError(f"expected a path, http:// or https://, got {quoted(model)}", param="from")
    if not Path(model).is_file():
        raise NotFoundError(f"there is no file {model}")
    if not Path(f"{model}.json").is_file():
        raise NotFoundError(f"{model} has no configuration beside it; expected {model}.json")


def _join(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path}"


def _close(name: str, entries: dict[str, Entry]) -> str:
    import difflib

    found = difflib.get_close_matches(name, entries, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(found)}?" if found else ";"
    return f"{hint} `vivavoce voices list --available` shows all"


def licence_in(card: str) -> str:
    """What a model card says of the licence; empty when it says nothing."""
    found = _LICENCE.search(card)
    return found["name"].strip(" *`.") if found else ""
