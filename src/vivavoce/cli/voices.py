"""``vivavoce voices``: who can speak here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from msgspec import to_builtins

from vivavoce.cli.output import console, counted, print_json, table, warn
from vivavoce.cli.presets import preset
from vivavoce.cli.voices_adding import STREAMING, add, list_available, remove
from vivavoce.engines.base import model_of
from vivavoce.errors import OutOfRangeError, UnknownLanguageError, quoted
from vivavoce.settings import load

if TYPE_CHECKING:
    from vivavoce.speech import VoiceInfo
    from vivavoce.voices.catalogue import Catalogue
    from vivavoce.voices.installed import Installed

C = TypeVar("C", bound=Callable[..., Any])
WIDE: Final = 100
"""Columns of a terminal from which on the names of voices fit too."""
COLUMNS: Final = ("  id", "language", "gender", "engine", "rate", "licence", "name")


def _list_options(command: C) -> C:
    """The options of a list, for ``voices`` itself and for ``voices list``."""
    options = (
        click.option("-l", "--lang", metavar="TAG", help="Only voices that speak this language: fr, pt-BR."),
        click.option("--engine", metavar="NAME", help="Only this engine's voices."),
        click.option(
            "--all", "everything", is_flag=True, help="Every voice, not only the best of each language."
        ),
        click.option("--json", "as_json", is_flag=True, help="A list of objects with all fields."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(name="voices", invoke_without_command=True)
@_list_options
@click.pass_context
def voices(ctx: click.Context, lang: str | None, engine: str | None, everything: bool, as_json: bool) -> None:
    """List the voices of this machine; add and remove neural ones.

    Without options: the best voice of each language. A star marks the voice that speaks when only its language
    is named.

    \b
    Examples:
      vivavoce voices
      vivavoce voices --lang fr
      vivavoce voices --engine flite --json
      vivavoce voices list --available --lang de
      vivavoce voices add en_US-lessac-medium
    """
    if ctx.invoked_subcommand is None:
        _list(lang, engine, everything=everything, as_json=as_json)


@voices.command(name="list")
@_list_options
@click.option(
    "--available", is_flag=True, help="Neural voices that can be added, instead of those that are here."
)
@click.option("--from", "source", metavar="DIR|URL", help="With --available: a copy of the hub's catalogue.")
@click.option("--offline", is_flag=True, help="With --available: the catalogue that was seen last.")
def list_(
    lang: str | None,
    engine: str | None,
    everything: bool,
    as_json: bool,
    available: bool,
    source: str | None,
    offline: bool,
) -> None:
    """List voices: those of this machine, or with --available those that can be added.

    \b
    Examples:
      vivavoce voices list --engine piper
      vivavoce voices list --available --lang de
    """
    if available:
        list_available(lang, engine, source, offline=offline, as_json=as_json)
    else:
        _list(lang, engine, everything=everything, as_json=as_json)


def _list(lang: str | None, engine: str | None, *, everything: bool, as_json: bool) -> None:
    from vivavoce.cli.installed import catalogue

    settings = load()
    known = catalogue(settings)
    found = select(known, lang, engine)
    defaults = default_ids(known, found)
    if not (everything or lang or engine or as_json):
        found = [voice for voice in found if voice.id in defaults]
    added = _added(settings.data_dir)
    if as_json:
        print_json([{**as_object(voice, voice.id in defaults), **_rung(voice, added)} for voice in found])
    else:
        _print(found, defaults, total=len(known.listing(None)))
        _print_rungs(added, {model_of(voice.id) for voice in found})


def _added(data_dir: str) -> dict[str, Installed]:
    from vivavoce.voices.installed import installed

    return {voice.id: voice for voice in installed(data_dir)}


def _rung(voice: VoiceInfo, added: Mapping[str, Installed]) -> dict[str, str]:
    """How an added voice streams, and why not better; nothing for the others."""
    found = added.get(model_of(voice.id))
    return {"rung": found.rung, "why": found.why} if found else {}


def _print_rungs(added: Mapping[str, Installed], shown: Collection[str]) -> None:
    """How the added voices stream that are shown; of the others those that do not as they might."""
    for voice in added.values():
        if importlib.util.find_spec("onnxruntime") is None:
            warn(f"{voice.id} needs onnxruntime to speak; install it with `pip install 'vivavoce[neural]'`")
        elif not voice.rung:
            warn(f"{voice.id} is not prepared for this version; `vivavoce voices add {voice.id} --again`")
        elif voice.why:
            warn(f"{voice.id} {STREAMING[voice.rung]}; {voice.why}")
        elif voice.id in shown:
            console().print(f"{voice.id} {STREAMING[voice.rung]}.", style="dim", soft_wrap=True)


voices.add_command(add)
voices.add_command(remove)
voices.add_command(preset)


def select(known: Catalogue, lang: str | None, engine: str | None) -> Sequence[VoiceInfo]:
    """The voices that speak ``lang`` with ``engine``. Raises UnknownLanguageError, OutOfRangeError when none does."""
    found = [v for v in known.listing(lang) if engine is None or v.engine == engine]
    if found:
        return found
    engines = sorted({voice.engine for voice in known.listing(None)})
    if engine is not None and engine not in engines:
        raise OutOfRangeError(
            f"unknown engine {quoted(engine)}; expected one of {', '.join(engines)}", param="engine"
        )
    raise UnknownLanguageError(
        f"no voice speaks {quoted(lang)}; `vivavoce voices` lists the languages", param="language"
    )


def default_ids(known: Catalogue, voices: Sequence[VoiceInfo]) -> frozenset[str]:
    """Which of ``voices`` speak when only their own language is asked for."""
    from vivavoce.cli.installed import default_voice

    chosen = [default_voice(known, language) for language in {voice.language for voice in voices}]
    return frozenset(voice.id for voice in chosen if voice is not None)


def as_object(voice: VoiceInfo, is_default: bool) -> dict[str, Any]:
    """What ``--json`` prints for a voice."""
    fields: dict[str, Any] = to_builtins(voice)
    return {**fields, "capabilities": sorted(voice.capabilities), "default": is_default}


def _print(found: Sequence[VoiceInfo], defaults: frozenset[str], *, total: int) -> None:
    out = console()
    columns = COLUMNS if out.width >= WIDE else COLUMNS[:-1]
    shown = table(*columns, right=frozenset({"rate"}), whole=frozenset(columns))
    for voice in found:
        cells = (
            f"{'*' if voice.id in defaults else ' '} {voice.id}",
            voice.language,
            voice.gender,
            voice.engine,
            str(voice.rate_hz),
            voice.licence.partition(" (")[0],  # the rest is in --json
            voice.name,
        )
        shown.add_row(*cells[: len(columns)])
    out.print(shown)
    more = "" if len(found) == total else f" of {total}; --all lists them"
    out.print(f"{counted(len(found), 'voice')}{more}. * speaks when only its language is named.", style="dim")
