"""``vivavoce voices add``, ``remove`` and ``list --available``: Piper voices from a hub, a folder or a file."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import click
from msgspec import to_builtins

from vivavoce.cli.output import console, counted, print_json, table
from vivavoce.errors import UnknownLanguageError, quoted
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
    """Add the Piper voice VOICE: a name from `voices list --available`, or the path of a model.

    The model is checked, cut so that it streams inside the sentence, and tried against the whole. HF_ENDPOINT names
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


def list_available(lang: str | None, source: str | None, *, offline: bool, as_json: bool) -> None:
    """Print what can be added. Raises UnknownLanguageError when nothing speaks ``lang``."""
    from vivavoce.voices.hub import CATALOGUE, available, hub
    from vivavoce.voices.installed import aside, folder_of, installed

    data_dir = load().data_dir
    entries = available(source or hub(), aside(folder_of(data_dir), CATALOGUE), offline=offline)
    found = [entries[key] for key in sorted(entries) if lang is None or _speaks(entries[key], lang)]
    if not found:
        raise _nobody(lang, {entry.language.code for entry in entries.values()})
    here = {voice.id for voice in installed(data_dir)}
    if as_json:
        print_json([{**to_builtins(entry), "installed": entry.key in here} for entry in found])
        return
    columns = ("  id", "language", "quality", "speakers", "MB")
    shown = table(*columns, right=frozenset({"speakers", "MB"}), whole=frozenset(columns))
    for entry in found:
        mark = "*" if entry.key in here else " "
        size = f"{entry.bytes / 1e6:.0f}" if entry.bytes else ""
        shown.add_row(
            f"{mark} {entry.key}", entry.language.code, entry.quality, str(entry.num_speakers), size
        )
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
    own, wanted = (tag.lower().replace("_", "-").split("-") for tag in (entry.language.code, lang))
    return own[: len(wanted)] == wanted


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
