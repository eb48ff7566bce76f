"""``vivavoce doctor``: what works on this machine, how fast, and what to do about the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vivavoce.cli.output import FAILED, console, print_json
from vivavoce.settings import load

if TYPE_CHECKING:
    from vivavoce.cli.checks import Check

SIGNS: Final = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as an object with a list of checks.")
def doctor(as_json: bool) -> int:
    """Check this machine: voices, formats, players, and the time to first audio.

    The exit status is 1 when something that the server needs does not work.

    \b
    Examples:
      vivavoce doctor
      vivavoce doctor --json | jq '.checks[] | select(.state != "ok")'
    """
    settings = load()
    from vivavoce.cli.checks import all_checks

    made: list[Check] = []
    for check in all_checks(settings):
        made.append(check)
        if not as_json:
            _print(check, new_topic=len(made) == 1 or made[-2].topic != check.topic)
    failed = sum(check.state == "failed" for check in made)
    if as_json:
        print_json(as_object(made))
    else:
        _print_sum(made)
    return FAILED if failed else 0


def as_object(checks: list[Check]) -> dict[str, object]:
    """What ``--json`` prints."""
    from msgspec import to_builtins

    from vivavoce import __version__

    return {
        "ok": all(check.state != "failed" for check in checks),
        "version": __version__,
        "checks": to_builtins(checks),
    }


def _print(check: Check, *, new_topic: bool) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    out = console()
    if new_topic:
        out.print(Text(check.topic, "bold"))
    sign, colour = SIGNS[check.state]
    line = Table.grid(padding=(0, 1))
    line.add_column(width=1)
    line.add_column(width=12)
    line.add_column()
    line.add_row(Text(sign, colour), check.name, Text(check.detail))
    if check.advice:
        line.add_row("", "", Text(f"→ {check.advice}", colour))
    out.print(Padding(line, (0, 0, 0, 2), expand=False))


def _print_sum(checks: list[Check]) -> None:
    from rich.text import Text

    failed = sum(check.state == "failed" for check in checks)
    warned = sum(check.state == "warning" for check in checks)
    if failed:
        verdict, colour = f"{failed} of {len(checks)} checks failed", "red"
    elif warned:
        verdict, colour = f"Ready. {warned} of {len(checks)} checks could be better", "yellow"
    else:
        verdict, colour = "Ready.", "green"
    console().print(Text(verdict, f"bold {colour}"))
