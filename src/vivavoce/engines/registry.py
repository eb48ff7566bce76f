"""Which engines there are: everything that announces itself under the entry-point group ``vivavoce.engines``.

Importing this module loads no engine. An engine is a class without arguments; its own libraries wait for ``load``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from vivavoce.engines.base import Engine
from vivavoce.errors import MissingDependencyError, quoted

GROUP: Final = "vivavoce.engines"
ON_REQUEST: Final = frozenset({"tone"})
"""Engines that are there only for who names them: tones are for tests."""

_log = logging.getLogger(__name__)


def installed() -> dict[str, EntryPoint]:
    """Every announced engine by name, in the order of their names."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def load_engines(names: Iterable[str] | None = None) -> dict[str, Engine]:
    """The engines called ``names``, or all of this machine when none are named.

    An engine whose library is absent is there, without voices. Raises MissingDependencyError for a name that is
    not installed; an engine that nobody named and whose module cannot be imported is left out with a warning.
    """
    found = installed()
    wanted = list(names or ())
    engines: dict[str, Engine] = {}
    for name in wanted or [name for name in found if name not in ON_REQUEST]:
        if name not in found:
            raise MissingDependencyError(
                f"unknown engine {quoted(name)}; expected one of {', '.join(found)}", param="engines"
            )
        try:
            engines[name] = found[name].load()()
        except ImportError as error:
            if wanted:
                raise MissingDependencyError(
                    f"engine {name} cannot be imported: {error}", param="engines"
                ) from error
            _log.warning("engine %s is left out: %s", name, error)
    return engines
