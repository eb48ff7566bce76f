"""What commands share at the terminal: the error line, exit statuses, tables and consoles."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, TextIO

import click

from vivavoce.errors import RequestError, VivavoceError

if TYPE_CHECKING:  # rich takes longer to load than the shortest command takes to run
    from rich.console import Console
    from rich.table import Table

FAILED: Final = 1
IMPOSSIBLE: Final = 2
CANCELLED: Final = 130
"""128 + SIGINT, as shells report it."""
ENDLESS: Final = 1000
"""A width in columns that no line of ours reaches."""
LISTENER_LEFT: Final = 141
"""128 + SIGPIPE: who read our output has gone."""


def report(message: str) -> None:
    """One red line ``error: …`` on standard error."""
    _line("error: ", message, "red")


def warn(message: str) -> None:
    """One yellow line ``warning: …`` on standard error."""
    _line("warning: ", message, "yellow")


def _line(label: str, message: str, colour: str) -> None:
    one_line = " ".join(message.split())
    styled = click.style(label, fg=colour, bold=True) + click.style(one_line, fg=colour)
    click.echo(styled, err=True, color=False if "NO_COLOR" in os.environ else None)


def status_of(error: VivavoceError) -> int:
    """The exit status for ``error``: the caller's own fault, or a failure while running."""
    return IMPOSSIBLE if isinstance(error, RequestError) else FAILED


def debugging() -> bool:
    """Whether VIVAVOCE_DEBUG asks for tracebacks."""
    return os.environ.get("VIVAVOCE_DEBUG", "") not in ("", "0")


def brief_tracebacks() -> None:
    """From now on a defect of ours ends the process with one line instead of a traceback."""
    if not debugging():
        sys.excepthook = _one_line


def _one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    report(f"internal defect, {kind.__name__}: {error}; VIVAVOCE_DEBUG=1 shows where, please report it")


def console(stream: TextIO | None = None) -> Console:
    """A rich console on ``stream`` (standard output by default), without guessing at numbers and words.

    What is no terminal has no width: lines for grep and cut are not wrapped. COLUMNS overrides both.
    """
    from rich.console import Console

    out = stream or sys.stdout
    width = None if out.isatty() or "COLUMNS" in os.environ else ENDLESS
    return Console(file=out, highlight=False, width=width)


def table(*columns: str, right: frozenset[str] = frozenset(), whole: frozenset[str] = frozenset()) -> Table:
    """An empty table without lines, so that it can be read, cut and grepped.

    ``right`` names its number columns, ``whole`` those that are never broken when the terminal is narrow.
    """
    from rich.table import Table

    empty = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        side: Literal["left", "right"] = "right" if name in right else "left"
        empty.add_column(name, justify=side, overflow="fold", no_wrap=name in whole)
    return empty


def counted(number: int, what: str) -> str:
    """``1 voice``, ``2 voices``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def print_json(value: object, *, err: bool = False) -> None:
    """``value`` as indented JSON: for people and programs alike."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False), err=err)
