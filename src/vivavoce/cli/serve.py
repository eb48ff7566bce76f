"""``vivavoce serve``: HTTP and WebSocket on one port, until it is stopped."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, Final

import click

from vivavoce.cli.flags import ServeCommand, settings_flags
from vivavoce.errors import OutOfRangeError
from vivavoce.settings import load

LOG_LINE: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command(
    cls=ServeCommand,
    epilog="Each option can also be set in the environment, under the name in brackets; the flag goes first.",
)
@settings_flags
def serve(**given: Any) -> int:
    """Serve speech over HTTP and WebSocket.

    \b
    Examples:
      vivavoce serve
      vivavoce serve --port 9000 --workers 2
      VIVAVOCE_ENGINES=espeak vivavoce serve --log-level debug
    """
    settings = load(**given)
    _log(settings.log_level)
    from vivavoce.cli.banner import show
    from vivavoce.cli.installed import catalogue
    from vivavoce.server.serve import run

    try:
        return run(settings, partial(show, catalogue(settings)))
    except OutOfRangeError as error:
        if error.param != "port":
            raise
        raise OutOfRangeError(f"{error.message}; --port 0 picks a free one", param="port") from None


def _log(level: str) -> None:
    """What this package has to say goes to standard error; libraries keep to their warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(LOG_LINE))
    ours = logging.getLogger("vivavoce")
    ours.addHandler(handler)
    ours.setLevel(level.upper())
