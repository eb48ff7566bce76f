"""What ``vivavoce serve`` prints once it listens: where, with which voices, and a line to try."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vivavoce import __version__
from vivavoce.cli.installed import count_languages, default_voice
from vivavoce.cli.output import console as wide_console
from vivavoce.cli.output import counted, table
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue

TRY_TEXT: Final = "Streaming is fast."
EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to
LANGUAGE: Final = "en-US"


class EngineRow(Struct, frozen=True):
    """One engine in the banner's table."""

    engine: str
    voices: int
    languages: int
    rates_hz: tuple[int, ...]
    best: str
    """Its best voice for English, or its first."""


def show(known: Catalogue, address: str, console: Console | None = None) -> None:
    """Print the banner for a server that listens on ``address``, an ``http://…`` URL."""
    out = console or wide_console()
    url = reachable(address)
    voices = known.listing(None)
    spoken = counted(count_languages(voices), "language")
    out.print(Text.assemble(("Vivavoce", "bold"), f" {__version__} listens on ", (url, "bold cyan")))
    out.print()
    for name, path in (("Playground", "/"), ("API page", "/docs"), ("OpenAPI", "/openapi.json")):
        out.print(f"  {name:<12}{url}{path}")
    out.print(f"  {'Voices':<12}{len(voices)} in {spoken}; `vivavoce voices` lists them")
    out.print()
    out.print(Padding(engine_table(engine_rows(known)), (0, 0, 0, 2), expand=False))
    out.print()
    out.print("Try it:")
    for line in curl_lines(url, (default_voice(known, LANGUAGE) or voices[0]).id):
        # A line that is wrapped here cannot be copied: let the terminal break it where it likes.
        out.print(Text(f"  {line}", "green"), soft_wrap=True)
    if shutil.which("ffplay"):
        out.print("  (to hear it at once, end with | ffplay -nodisp -autoexit - instead of -o)")
    out.print()
    out.print("Ctrl-C stops the server.", style="dim")


def reachable(address: str) -> str:
    """``address`` as a URL that works on this machine: a server on every interface is reached through loopback."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in EVERYWHERE:
        host = "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme or 'http'}://{shown}{f':{parts.port}' if parts.port else ''}"


def engine_rows(known: Catalogue) -> list[EngineRow]:
    """One row an engine, the engine of the best English voice first."""
    by_engine: dict[str, list[VoiceInfo]] = {}
    for voice in known.listing(None):
        by_engine.setdefault(voice.engine, []).append(voice)
    rows = [_row(engine, voices) for engine, voices in by_engine.items()]
    default = default_voice(known, LANGUAGE)
    return sorted(rows, key=lambda row: (default is None or row.engine != default.engine, row.engine))


def _row(engine: str, voices: Sequence[VoiceInfo]) -> EngineRow:
    english = [voice for voice in voices if voice.language.startswith("en")]
    best = min(english or voices, key=lambda voice: (voice.language != LANGUAGE, voice.rank))
    rates = tuple(sorted({voice.rate_hz for voice in voices}))
    return EngineRow(engine, len(voices), count_languages(voices), rates, best.id)


def engine_table(rows: Sequence[EngineRow]) -> Table:
    """A line an engine."""
    shown = table(
        "engine", "voices", "languages", "rate", "for example", right=frozenset({"voices", "languages"})
    )
    for row in rows:
        rates = "/".join(f"{rate / 1000:g}" for rate in row.rates_hz)
        shown.add_row(row.engine, str(row.voices), str(row.languages), f"{rates} kHz", row.best)
    return shown


def curl_lines(url: str, voice: str) -> list[str]:
    """A request that works as printed, in lines of less than 80 characters."""
    body = json.dumps({"text": TRY_TEXT, "voice": voice, "format": "mp3"}, separators=(",", ":"))
    return [
        f"curl -N {url}/v1/speech -H 'content-type: application/json' \\",
        f"  -d {shlex.quote(body)} \\",
        "  -o hello.mp3",
    ]
