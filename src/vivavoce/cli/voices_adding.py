"""``vivavoce voices add``, ``remove`` and ``list --available``: neural voices from a hub, a folder or a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import to_builtins

from vivavoce.cli.output import console, counted, print_json, table, warn
from vivavoce.errors import OutOfRangeError, StorageError, UnknownLanguageError, quoted
from vivavoce.settings import load

if TYPE_CHECKING:
    from vivavoce.voices.hub import Entry
    from vivavoce.voices.installed import Installed

STDERR: Final = 2
STREAMING: Final = {
    "stateful": "streams inside the sentence",
    "windows": "streams inside the sentence by overlapping windows, at more work",
    "sentences": "streams a sentence at a time",
    "denoised": "streams a unit of text at a time",
}
_DATA_DIR: Final = click.option(
    "--data-dir", metavar="DIR", help="Folder of all state. [~/.local/share/vivavoce; VIVAVOCE_DATA_DIR]"
)


@click.command()
@click.argument("voice")
@click.option(
    "--from",
    "source",
    metavar="DIR|FILE|URL",
    help="Where the voice is, instead of the hub: a copy of the catalogue, or VOICE.onnx with VOICE.onnx.json.",
)
@click.option("--offline", is_flag=True, help="Use the network for nothing.")
@click.option("--again", is_flag=True, help="Also when the voice is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
@_DATA_DIR
def add(
    voice: str, source: str | None, offline: bool, again: bool, as_json: bool, data_dir: str | None
) -> None:
    """Add the neural voice VOICE: a name from `voices list --available`, or the path of a model.

    A Piper voice is checked, cut so that it streams inside the sentence, and tried against the whole. HF_ENDPOINT names
    another hub. A download that breaks off goes on where it stopped when the command is run again.

    supertonic, supertonic-2 and supertonic-3 are models of another family: one with many speakers. With --from DIR, a
    folder laid out like theirs is added under any name.

    \b
    Examples:
      vivavoce voices add en_US-lessac-medium
      vivavoce voices add ./my-voice.onnx
      vivavoce voices add en_US-lessac-medium --from /media/piper-voices
      vivavoce voices add supertonic-3
    """
    from vivavoce.voices.adding import Wish, add

    wish = Wish(name=voice, source=source, offline=offline, again=again)
    folder = load(data_dir=data_dir).data_dir
    with _Line(shown=os.isatty(STDERR) and not as_json) as line:
        added = add(wish, folder, line.transfer, line.stage)
    if as_json:
        print_json(to_builtins(added))
        return
    _tell(added)


def _tell(added: Installed) -> None:
    click.echo(f"{added.id}: {STREAMING[added.rung]}; licence: {added.source.licence or 'not stated'}")
    if added.why:
        click.echo(f"because: {added.why}")
    click.echo("A server that runs speaks with it from now on.")


@click.command()
@click.argument("voice")
@click.option("--json", "as_json", is_flag=True, help="Print what was removed as JSON.")
@_DATA_DIR
def remove(voice: str, as_json: bool, data_dir: str | None) -> None:
    """Remove the added voice VOICE. Who listens to it now hears it to the end.

    \b
    Example:
      vivavoce voices remove en_US-lessac-medium
    """
    from vivavoce.voices.installed import remove

    remove(load(data_dir=data_dir).data_dir, voice)
    if as_json:
        print_json({"removed": voice})
    else:
        click.echo(f"{voice} is removed.")


def list_available(
    lang: str | None, engine: str | None, source: str | None, *, offline: bool, as_json: bool
) -> None:
    """Print what can be added. Raises UnknownLanguageError when nothing speaks ``lang``, OutOfRangeError."""
    from vivavoce.voices.installed import FAMILIES, installed

    if engine not in (None, *FAMILIES):
        raise OutOfRangeError(
            f"no voice can be added to the engine {quoted(engine)}; expected one of {', '.join(FAMILIES)}",
            param="engine",
        )
    data_dir = load().data_dir
    offered = _offered(data_dir, engine, source, offline=offline)
    found = [(family, entry) for family, entry in offered if lang is None or _speaks(entry, lang)]
    if not found:
        raise _nobody(lang, {tag for _, entry in offered for tag in entry.spoken})
    here = {voice.id for voice in installed(data_dir)}
    if as_json:
        print_json([_as_object(family, entry, installed=entry.key in here) for family, entry in found])
    else:
        _print([entry for _, entry in found], here)


def _offered(
    data_dir: str, engine: str | None, source: str | None, *, offline: bool
) -> list[tuple[str, Entry]]:
    """What can be added to ``engine`` or to any, with its family. A copy of the catalogue has Piper's voices only."""
    from vivavoce.voices.hub import CATALOGUE, available, hub
    from vivavoce.voices.installed import PIPER, SUPERTONIC, aside, folder_of
    from vivavoce.voices.supertonic import models

    cache = {family: aside(folder_of(data_dir, family), CATALOGUE) for family in (PIPER, SUPERTONIC)}
    found: dict[str, Mapping[str, Entry]] = {}
    if engine in (None, PIPER):
        found[PIPER] = available(source or hub(), cache[PIPER], offline=offline)
    if engine in (None, SUPERTONIC) and source is None:
        try:
            found[SUPERTONIC] = models(cache[SUPERTONIC], offline=offline)
        except StorageError as error:
            if engine is not None:
                raise
            warn(f"Supertonic's models are left out: {error.message}")
    return [(family, entries[key]) for family, entries in found.items() for key in sorted(entries)]


def _as_object(family: str, entry: Entry, *, installed: bool) -> dict[str, Any]:
    """What ``--json`` prints for a voice that can be added."""
    return {**to_builtins(entry), "languages": entry.spoken, "engine": family, "installed": installed}


def _print(found: Sequence[Entry], here: Collection[str]) -> None:
    columns = ("  id", "language", "quality", "speakers", "MB")
    shown = table(*columns, right=frozenset({"speakers", "MB"}), whole=frozenset(columns))
    for entry in found:
        mark = "*" if entry.key in here else " "
        size = f"{entry.bytes / 1e6:.0f}" if entry.bytes else ""
        language, *others = entry.spoken
        spoken = f"{language} and {len(others)} more" if others else language
        shown.add_row(f"{mark} {entry.key}", spoken, entry.quality, str(entry.num_speakers), size)
    out = console()
    out.print(shown)
    out.print(f"{counted(len(found), 'voice')}. * is here already; `vivavoce voices add ID`.", style="dim")


def _nobody(lang: str | None, spoken: Collection[str]) -> UnknownLanguageError:
    if lang is None:
        return UnknownLanguageError("the catalogue has no voices")
    return UnknownLanguageError(
        f"no voice that can be added speaks {quoted(lang)}; languages there: {', '.join(sorted(spoken)) or 'none'}",
        param="language",
    )


def _speaks(entry: Entry, lang: str) -> bool:
    from vivavoce.text.language import subtags

    wanted = subtags(lang)
    return any(subtags(tag)[: len(wanted)] == wanted for tag in entry.spoken)


class _Line:
    """A line on standard error that shows how far it is; nothing where that is no terminal."""

    def __init__(self, *, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shown,
        )
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> _Line:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def transfer(self, name: str, done: int, total: int | None) -> None:
        """A file of which ``done`` bytes are here."""
        from rich.progress import TaskID

        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(TaskID(self._tasks[name]), completed=done, total=total)

    def stage(self, what: str) -> None:
        """Something without a measure has begun."""
        self._progress.add_task(what, total=None)
