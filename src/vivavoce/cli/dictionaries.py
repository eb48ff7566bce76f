"""``vivavoce dictionaries``: how names and abbreviations are to be spoken."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

import click
from msgspec import Struct, ValidationError, convert, to_builtins

from vivavoce.cli.output import console, print_json, table
from vivavoce.cli.shelf import named
from vivavoce.cli.storing import moment, store_flags, with_store
from vivavoce.errors import NotFoundError, OutOfRangeError, quoted
from vivavoce.records import Dictionary
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Entry

TRUE: Final = ("1", "true", "yes", "y")


@click.group()
def dictionaries() -> None:
    """Say how names and abbreviations are spoken.

    DICTIONARY is an id or a unique name. A running server sees changes within two seconds.
    """


@dictionaries.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def list_(as_json: bool, data_dir: str | None, database_url: str | None) -> None:
    """List all dictionaries."""

    async def read(store: Store) -> tuple[Dictionary, ...]:
        return store.dictionaries.all()

    found = with_store(data_dir, database_url, read)
    if as_json:
        print_json(to_builtins(found))
        return
    if not found:
        click.echo("No dictionaries yet; try: vivavoce dictionaries add NAME SQL sequel", err=True)
        return
    shown = table("id", "name", "language", "entries", "changed", right=frozenset({"entries"}))
    for one in found:
        shown.add_row(one.id, one.name, one.language or "any", str(len(one.entries)), moment(one.updated_at))
    console().print(shown)


@dictionaries.command()
@click.argument("dictionary")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def show(dictionary: str, as_json: bool, data_dir: str | None, database_url: str | None) -> None:
    """Show the entries of DICTIONARY."""

    async def read(store: Store) -> Dictionary:
        return named(Dictionary, store.dictionaries.all(), dictionary)

    found = with_store(data_dir, database_url, read)
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("original", "spoken", "case")
    for entry in found.entries:
        shown.add_row(entry.original, entry.rewrite, "matters" if entry.case_sensitive else "any")
    console().print(shown)


@dictionaries.command()
@click.argument("dictionary")
@click.argument("original")
@click.argument("spoken")
@click.option("--case-sensitive", is_flag=True, help="Match ORIGINAL only as it is written here.")
@click.option("--language", default=None, metavar="TAG", help="Language of a dictionary that is new. [any]")
@store_flags
def add(
    dictionary: str,
    original: str,
    spoken: str,
    case_sensitive: bool,
    language: str | None,
    data_dir: str | None,
    database_url: str | None,
) -> None:
    """Add to DICTIONARY that ORIGINAL is spoken as SPOKEN; makes the dictionary if there is none.

    \b
    Example:
      vivavoce dictionaries add acronyms SQL sequel
    """
    entry = Entry(original, spoken, case_sensitive)

    async def change(store: Store) -> Dictionary:
        try:
            old = named(Dictionary, store.dictionaries.all(), dictionary)
        except NotFoundError:
            if any(one.name == dictionary for one in store.dictionaries.all()):
                raise
            return await store.dictionaries.create(dictionary, [entry], language=language)
        if language is not None and language != old.language:
            raise OutOfRangeError(
                f"{quoted(old.name)} is for {old.language or 'any language'}; leave out --language",
                param="language",
            )
        return await store.dictionaries.update(old.id, entries=_joined(old.entries, entry))

    changed = with_store(data_dir, database_url, change)
    click.echo(f"{changed.name} ({changed.id}) has {len(changed.entries)} entries.", err=True)


@dictionaries.command()
@click.argument("dictionary")
@click.argument("original", required=False)
@store_flags
def remove(dictionary: str, original: str | None, data_dir: str | None, database_url: str | None) -> None:
    """Remove DICTIONARY, or only what it says of ORIGINAL."""

    async def take(store: Store) -> str:
        old = named(Dictionary, store.dictionaries.all(), dictionary)
        if original is None:
            await store.dictionaries.delete(old.id)
            return f"Removed {old.name} ({old.id})."
        kept = tuple(entry for entry in old.entries if entry.original != original)
        if len(kept) == len(old.entries):
            raise NotFoundError(f"{quoted(old.name)} has no entry for {quoted(original)}", param="original")
        await store.dictionaries.update(old.id, entries=kept)
        return f"{old.name} ({old.id}) has {len(kept)} entries."

    click.echo(with_store(data_dir, database_url, take), err=True)


@dictionaries.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default=None, help="Name of the dictionary. [the file's own, or its file name]")
@click.option("--language", default=None, metavar="TAG", help="Language it is for. [the file's own, or any]")
@store_flags
def import_(
    file: Path, name: str | None, language: str | None, data_dir: str | None, database_url: str | None
) -> None:
    """Make a dictionary of FILE, JSON or CSV in UTF-8.

    JSON is an object with name, language, description and entries (or rules), or just the list of entries; an
    entry has original, rewrite and perhaps case_sensitive. CSV has these as columns, with or without a heading.
    """
    book = read_book(file)

    async def make(store: Store) -> Dictionary:
        return await store.dictionaries.create(
            name or book.name or file.stem,
            book.entries or book.rules,
            language=language or book.language,
            description=book.description or "",
        )

    made = with_store(data_dir, database_url, make)
    click.echo(f"Made {made.name} ({made.id}) with {len(made.entries)} entries.", err=True)


class Book(Struct, frozen=True):
    """A dictionary as a file has it."""

    name: str | None = None
    language: str | None = None
    description: str | None = None
    entries: tuple[Entry, ...] = ()
    rules: tuple[Entry, ...] = ()


def read_book(file: Path) -> Book:
    """The dictionary in ``file``. Raises OutOfRangeError saying what is wrong where."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        raw: Any = _rows(text) if file.suffix.lower() == ".csv" else json.loads(text)
        book = convert({"entries": raw} if isinstance(raw, list) else raw, Book)
    except UnicodeDecodeError:
        raise OutOfRangeError(f"{file}: expected UTF-8", param="file") from None
    except (json.JSONDecodeError, ValidationError, csv.Error) as error:
        raise OutOfRangeError(f"{file}: {error}", param="file") from None
    if not book.entries and not book.rules:
        raise OutOfRangeError(f"{file}: expected entries, found none", param="file")
    return book


def _rows(text: str) -> list[dict[str, Any]]:
    found = []
    for number, row in enumerate(csv.reader(text.splitlines(), strict=True), 1):
        if not row or (number == 1 and [cell.strip().lower() for cell in row[:2]] == ["original", "rewrite"]):
            continue
        if len(row) not in (2, 3):
            raise csv.Error(
                f"line {number}: expected original,rewrite[,case_sensitive], got {len(row)} cells"
            )
        case = len(row) == 3 and row[2].strip().lower() in TRUE
        found.append({"original": row[0], "rewrite": row[1], "case_sensitive": case})
    return found


def _joined(old: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """``old`` with ``entry`` in the place of the one for the same original, or at the end."""
    kept = [entry if one.original == entry.original else one for one in old]
    return tuple(kept if entry in kept else [*kept, entry])
