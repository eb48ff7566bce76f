"""The server's options as flags, made from the settings table so that nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from vivavoce.errors import OutOfRangeError
from vivavoce.settings import OPTIONS, Option, Settings

C = TypeVar("C", bound=Callable[..., Any])

GROUPS: Final[dict[str, str]] = {
    "host": "Listening",
    "database_url": "Store",
    "workers": "Engines",
    "lead_s": "Pace",
    "first_unit_words": "Text",
    "max_text_chars": "Bounds",
}
"""The first option of each group, in the table's order, and the group's title."""

EMPTY: Final = {"engines": "all", "dictionary": "none", "cors_origins": "none"}
"""What an empty text means."""
METAVARS: Final = {int: "N", float: "X", str: "TEXT"}


class ServeCommand(click.Command):
    """A command whose help shows the settings in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section per group; what is no setting comes last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        title = ""
        by_name = {param.name: param for param in self.get_params(ctx)}
        for option in OPTIONS:
            title = GROUPS.get(option.name, title)
            record = by_name.pop(option.name).get_help_record(ctx)
            assert record is not None
            groups.setdefault(title, []).append(record)
        groups["Other"] = [r for p in by_name.values() if (r := p.get_help_record(ctx)) is not None]
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records, col_max=24)


def settings_flags(command: C) -> C:
    """Give ``command`` one flag per option; a flag that is not given is ``None``."""
    for option in reversed(OPTIONS):
        command = _flag(option)(command)
    return command


def ways_flags(command: C) -> C:
    """Give ``command`` the flags that say how to speak: speed, pitch, intonation, volume, style."""
    for option in reversed(_WAYS):
        command = option(command)
    return command


_WAYS: Final = (
    click.option("--speed", type=float, default=1.0, metavar="X", help="0.25 to 4; 2 is twice as fast."),
    click.option("--pitch", type=float, default=0.0, metavar="ST", help="-24 to 24 semitones."),
    click.option("--pitch-range", type=float, default=1.0, metavar="X", help="Intonation, 0 (flat) to 2."),
    click.option("--volume", type=float, default=1.0, metavar="X", help="0 to 4; never clips."),
    click.option("--style", default="neutral", metavar="NAME", help="cheerful, calm, sad, whispering, …"),
    click.option("--style-degree", type=float, default=1.0, metavar="X", help="0 (no effect) to 2 (double)."),
)


def _flag(option: Option) -> Callable[[C], C]:
    shown = f"{option.help} [{default_of(option)}; {option.environment}]"
    if option.type is bool:
        return click.option(f"{option.flag}/--no-{option.flag[2:]}", option.name, default=None, help=shown)
    return click.option(
        option.flag, option.name, callback=_parsed, default=None, metavar=METAVARS[option.type], help=shown
    )


def _parsed(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """The flag's value, parsed and checked by its row of the table; a complaint names the flag."""
    if value is None:
        return None
    option = next(o for o in OPTIONS if o.name == param.name)
    try:
        parsed = option.parse(value)
        Settings(**{option.name: parsed})
    except OutOfRangeError as error:
        raise click.BadParameter(error.message.removeprefix(f"{option.environment}: ")) from None
    return parsed


def default_of(option: Option) -> str:
    """The default as people read it: the same on every account."""
    if option.name == "data_dir":  # depends on the account; help should not
        return "~/.local/share/vivavoce"
    if option.name == "database_url":
        return "SQLite in the data directory"
    value = getattr(Settings(), option.name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value) or EMPTY[option.name]
