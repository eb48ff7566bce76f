"""Where published Supertonic models are: the hub's repositories, each at the revision that was looked at, or a folder
laid out like one.

The hub tells the size of every file and the SHA-256 checksum of large ones:
``GET <hub>/api/models/<repository>/tree/<revision>?recursive=true`` (the hub's client ``ListFileEntry``, read 2026-11-21).
Repositories and revisions are those that the vendor's package names (``supertonic`` 1.3.1, ``config.py``).
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.errors import NotFoundError, StorageError
from vivavoce.voices.downloads import Remote, fetch_small, is_address
from vivavoce.voices.hub import Entry, FileEntry, Language, Offer, endpoint, keep, kept
from vivavoce.voices.installed import SUPERTONIC, check_id

REPOSITORIES: Final = {
    "supertonic": ("Supertone/supertonic", "b6856d033f622c63ea29441795be266a1133e227"),
    "supertonic-2": ("Supertone/supertonic-2", "75e6727618a02f323c720cba9478152d4bc16ca4"),
    "supertonic-3": ("Supertone/supertonic-3", "724fb5abbf5502583fb520898d45929e62f02c0b"),
}
LANGUAGES: Final = {
    "supertonic": ("en",),
    "supertonic-2": ("en", "ko", "es", "pt", "fr"),
    "supertonic-3": (
        "en", "ko", "ja", "ar", "bg", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hi", "hr", "hu", "id", "it",
        "lt", "lv", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "vi",
    ),
}  # fmt: skip
"""Of each model, to be told before it is here."""
SIZES: Final = "onnx/tts.json"
FILES: Final = (
    SIZES,
    "onnx/unicode_indexer.json",
    "onnx/duration_predictor.onnx",
    "onnx/text_encoder.onnx",
    "onnx/vocoder.onnx",
    "onnx/vector_estimator.onnx",
)
CARD: Final = "README.md"
_STYLE: Final = re.compile(r"voice_styles/[A-Za-z0-9][A-Za-z0-9_-]{0,39}\.json")


class _Stored(Struct, frozen=True):
    """``lfs`` of an entry."""

    oid: str = ""
    """SHA-256."""


class _Entry(Struct, frozen=True):
    """A file of a repository."""

    path: str
    size: int | None = None
    lfs: _Stored | None = None
    """Of a large file."""

    @property
    def sha256(self) -> str:
        """Empty where the hub does not tell it."""
        return self.lfs.oid if self.lfs else ""


def models(cache: Path, *, offline: bool = False) -> dict[str, Entry]:
    """The models that the hub has, by name. ``cache`` is where the last list was kept and is to be kept.

    Raises StorageError.
    """
    if offline:
        return kept(cache) or {}
    found: dict[str, Entry] = {}
    for name, languages in LANGUAGES.items():
        with suppress(NotFoundError):  # A mirror has what it has.
            files = _listed(*REPOSITORIES[name])
            found[name] = Entry(
                key=name,
                name=name,
                language=Language(languages[0]),
                languages=languages,
                num_speakers=len(files) - len(FILES),
                files={path: FileEntry(file.size, sha256=file.sha256) for path, file in files.items()},
            )
    keep(msgspec.json.encode(found), cache)
    return found


def bundle(name: str, source: str | None, *, offline: bool) -> Offer | None:
    """Where the files of the model ``name`` are; ``None`` when it is no Supertonic model.

    ``source`` is the hub unless given; a folder with ``onnx/tts.json`` in it is a model whatever its name. Raises
    NotFoundError, StorageError.
    """
    if source is not None and not is_address(source) and Path(source, SIZES).is_file():
        return _local(check_id(name), Path(source))
    if name not in REPOSITORIES:
        return None
    if source is not None:
        raise NotFoundError(
            f"there is no {SIZES} in {source}; --from takes a folder laid out like the hub's repository"
        )
    if offline:
        raise NotFoundError(f"{name} is on the hub, and --offline forbids it; --from takes a local folder")
    return _published(name, *REPOSITORIES[name])


def _local(name: str, folder: Path) -> Offer:
    styles = sorted(path.relative_to(folder).as_posix() for path in folder.glob("voice_styles/*.json"))
    wanted = [path for path in styles if _STYLE.fullmatch(path)]
    files = {path: Remote(str(folder / path)) for path in [*wanted, *FILES]}
    card = Remote(str(folder / CARD))
    return Offer(id=name, family=SUPERTONIC, origin=str(folder), files=files, card=card)


def _published(name: str, repository: str, revision: str) -> Offer:
    base = f"{endpoint()}/{repository}/resolve/{revision}"
    files = {
        path: Remote(f"{base}/{path}", file.size, sha256=file.sha256)
        for path, file in _listed(repository, revision).items()
    }
    return Offer(id=name, family=SUPERTONIC, origin=base, files=files, card=Remote(f"{base}/{CARD}"))


def _listed(repository: str, revision: str) -> dict[str, _Entry]:
    """The files of a model, by path: its styles, and then FILES. Raises NotFoundError, StorageError."""
    listing = f"{endpoint()}/api/models/{repository}/tree/{revision}?recursive=true"
    try:
        entries = msgspec.json.decode(fetch_small(listing), type=list[_Entry])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StorageError(f"{listing} is no list of files: {error}") from None
    known = {entry.path: entry for entry in entries if entry.path in FILES or _STYLE.fullmatch(entry.path)}
    absent = [path for path in FILES if path not in known]
    if absent:
        raise StorageError(f"{repository} has no {absent[0]} at revision {revision[:8]}")
    styles = sorted(path for path in known if path not in FILES)
    return {path: known[path] for path in [*styles, *FILES]}
