"""The parts of the docs that are read off the code. ``make docs`` writes them, a test proves them.

A part stands between ``<!-- name: begin -->`` and ``<!-- name: end -->``; everything else on a page is written by hand.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import feature_table
from vivavoce.cli.flags import GROUPS, default_of
from vivavoce.dialects.native.errors import HTTP_STATUS
from vivavoce.errors import VivavoceError, error_classes
from vivavoce.settings import OPTIONS, Option

ROOT: Final = Path(__file__).parents[1]


def part(text: str, name: str) -> str:
    """What stands between the marks of ``name``. Raises ValueError when there are none."""
    found = re.search(f"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", text, re.DOTALL)
    if found is None:
        raise ValueError(f"expected the marks of {name}")
    return found[1]


def with_part(text: str, name: str, content: str) -> str:
    """``text`` with ``content`` between the marks of ``name``."""
    return text.replace(
        f"<!-- {name}: begin -->\n{part(text, name)}<!-- {name}: end -->",
        f"<!-- {name}: begin -->\n{content}<!-- {name}: end -->",
    )


def table(*rows: Iterable[object]) -> str:
    """Rows of Markdown, the first of them the head."""
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines.insert(1, "|---" * len(list(rows[0])) + "|")
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Every option of the server, in the groups of ``vivavoce serve --help``."""
    groups: dict[str, list[Option]] = {}
    title = ""
    for option in OPTIONS:
        title = GROUPS.get(option.name, title)
        groups.setdefault(title, []).append(option)
    head = ("flag", "environment", "default", "range", "meaning")
    return "\n".join(
        f"\n## {title}\n\n{table(head, *map(_option, options))}" for title, options in groups.items()
    ).lstrip("\n")


def _option(option: Option) -> tuple[str, ...]:
    bounds = " or ".join(f"`{choice}`" for choice in option.choices)
    if option.low is not None:
        bounds = f"{_number(option.low)} to {_number(option.high)}"
    flag = f"`{option.flag}`" + (f", `--no-{option.flag[2:]}`" if option.type is bool else "")
    return flag, f"`{option.environment}`", default_of(option), bounds, option.help


def _number(value: float | None) -> str:
    assert value is not None, "an option has both bounds or none"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def errors() -> str:
    """Every error of the tree; one kind of another comes after it, with its code."""
    rows = [
        (f"`{cls.code}`", HTTP_STATUS[cls.code], _kind_of(cls), _sentence(cls))
        for cls in error_classes()
        # A kind that shares its parent's code is nothing that a caller could tell apart.
        if cls is not VivavoceError and "code" in cls.__dict__
    ]
    return table(("code", "HTTP status", "a kind of", "meaning"), *rows)


def _kind_of(cls: type[VivavoceError]) -> str:
    (parent,) = cls.__bases__
    return "" if parent is VivavoceError else f"`{parent.__dict__['code']}`"


def _sentence(cls: type[VivavoceError]) -> str:
    return re.sub(r"\s+", " ", re.sub("``", "`", inspect.cleandoc(cls.__doc__ or "")))


def dialects() -> str:
    """Every wire that is served, and what helps to choose."""
    return table(*feature_table.readme())


def features() -> str:
    """Every wire, and all that it can do."""
    return table(*feature_table.reference())


def measured() -> str:
    """The figures of the last run of the benchmark."""
    figures = part((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"), "figures")
    return figures or "Not measured yet: `make bench` does it.\n"


PARTS: Final[dict[str, dict[str, Callable[[], str]]]] = {
    "docs/reference/settings.md": {"settings": settings},
    "docs/reference/errors.md": {"errors": errors},
    "docs/reference/dialects.md": {"dialects": features},
    "docs/how-to/keys-and-limits.md": {
        "places": lambda: table(*feature_table.places()),
        "refusals": lambda: table(*feature_table.refusals()),
    },
    "docs/how-to/custom-voices.md": {"uploads": lambda: table(*feature_table.uploads())},
    "README.md": {"dialects": dialects, "measured": measured},
}
"""Page, then part, then what makes it."""


def written(page: str) -> str:
    """The page with all its parts as the code is now."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, make in PARTS[page].items():
        text = with_part(text, name, make())
    return text


if __name__ == "__main__":
    for page in PARTS:
        (ROOT / page).write_text(written(page), encoding="utf-8")
