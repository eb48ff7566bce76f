"""``vivavoce voices preset``: voices of one's own, made of an installed one and ways of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click
from msgspec import to_builtins

from vivavoce.cli.flags import ways_flags
from vivavoce.cli.output import console, print_json, table
from vivavoce.cli.shelf import named
from vivavoce.cli.storing import moment, store_flags, with_store
from vivavoce.errors import AlreadyExistsError, OutOfRangeError, quoted
from vivavoce.records import CustomVoice, VoiceDraft
from vivavoce.settings import load
from vivavoce.speech import Prosody
from vivavoce.store.store import Store

if TYPE_CHECKING:
    from vivavoce.speech import VoiceInfo

_NO_ID: Final = re.compile(r"[^A-Za-z0-9_-]+")


@click.group()
def preset() -> None:
    """Make voices of your own: an installed one that speaks in a way of its own.

    A preset is a voice on every wire, by its id. A running server sees changes within two seconds.
    """


@preset.command()
@click.argument("name")
@click.option("--base", required=True, metavar="VOICE", help="Who speaks: see `vivavoce voices`.")
@click.option(
    "--id", "voice_id", metavar="ID", help="What requests call it. [NAME, with - for what no id may have]"
)
@ways_flags
@click.option("-l", "--language", default=None, metavar="TAG", help="What it speaks. [the base voice's own]")
@click.option("--description", default="", metavar="TEXT", help="For those who look for a voice.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def create(
    name: str,
    base: str,
    voice_id: str | None,
    speed: float,
    pitch: float,
    pitch_range: float,
    volume: float,
    style: str,
    style_degree: float,
    language: str | None,
    description: str,
    as_json: bool,
    data_dir: str | None,
    database_url: str | None,
) -> None:
    """Make a preset called NAME and show its id.

    \b
    Examples:
      vivavoce voices preset create narrator --base en-gb --speed 0.9 --style calm
      vivavoce say "Once upon a time" --voice narrator -o story.mp3
    """
    prosody = Prosody(speed=speed, pitch_semitones=pitch, pitch_range=pitch_range, volume=volume)
    spoken_by = _base(base, language, prosody, style, style_degree)
    draft = VoiceDraft(
        id=_free(voice_id or _NO_ID.sub("-", name).strip("-")),
        kind="preset",
        name=name,
        base_voice=base,
        description=description,
        language=language,
        gender=spoken_by.gender,
        prosody=prosody,
        style=style,
        style_degree=style_degree,
    )

    async def make(store: Store) -> CustomVoice:
        return await store.voices.create(draft)

    made = with_store(data_dir, database_url, make)
    if as_json:
        print_json(to_builtins(made))
        return
    click.echo(f"Made preset {made.name}, spoken by {made.base_voice}. Its id:", err=True)
    click.echo(made.id)


@preset.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@store_flags
def list_(as_json: bool, data_dir: str | None, database_url: str | None) -> None:
    """List all presets."""

    async def read(store: Store) -> tuple[CustomVoice, ...]:
        return store.voices.all(kind="preset")

    found = with_store(data_dir, database_url, read)
    if as_json:
        print_json(to_builtins(found))
        return
    if not found:
        click.echo(
            "No presets yet; try: vivavoce voices preset create slowly --base en-us --speed 0.8", err=True
        )
        return
    shown = table("id", "name", "base", "ways", "made")
    for one in found:
        shown.add_row(one.id, one.name, one.base_voice, _ways(one), moment(one.created_at))
    console().print(shown)


@preset.command()
@click.argument("voice")
@store_flags
def remove(voice: str, data_dir: str | None, database_url: str | None) -> None:
    """Remove the preset VOICE, an id or a unique name; whoever is speaking with it goes on."""

    async def take(store: Store) -> CustomVoice:
        one = named(CustomVoice, store.voices.all(kind="preset"), voice)
        await store.voices.delete(one.id)
        return one

    gone = with_store(data_dir, database_url, take)
    click.echo(f"Removed {gone.name} ({gone.id}).", err=True)


def _base(base: str, language: str | None, prosody: Prosody, style: str, degree: float) -> VoiceInfo:
    """The installed voice that ``base`` means now, a vendor's name for one included. Raises UnknownVoiceError and UnknownLanguageError, and OutOfRangeError for
    ways that nobody has."""
    from vivavoce.cli.installed import catalogue
    from vivavoce.formats import audio_format
    from vivavoce.server.table import personas
    from vivavoce.session.limits import check
    from vivavoce.speech import Open
    from vivavoce.voices.casting import cast

    check(Open(voice=base, format=audio_format("wav"), prosody=prosody, style=style, style_degree=degree))
    return cast(catalogue(load()), personas(), None, base, language).voice


def _free(voice_id: str) -> str:
    """``voice_id``, which no installed voice has: it would not be heard any more. Raises AlreadyExistsError."""
    from vivavoce.cli.installed import is_installed

    if not voice_id:
        raise OutOfRangeError("NAME: expected a letter or digit in it, or --id", param="id")
    if is_installed(load(), voice_id):
        raise AlreadyExistsError(
            f"an installed voice is called {quoted(voice_id)}; choose another --id", param="id"
        )
    return voice_id


def _ways(one: CustomVoice) -> str:
    """What it does otherwise than its base voice."""
    ways, natural = one.prosody, Prosody()
    parts = [
        (f"speed {ways.speed:g}", ways.speed != natural.speed),
        (f"pitch {ways.pitch_semitones:+g}", ways.pitch_semitones != natural.pitch_semitones),
        (f"intonation {ways.pitch_range:g}", ways.pitch_range != natural.pitch_range),
        (f"volume {ways.volume:g}", ways.volume != natural.volume),
        (f"{one.style} {one.style_degree:g}", one.style != "neutral"),
    ]
    return ", ".join(said for said, differs in parts if differs) or "none"
