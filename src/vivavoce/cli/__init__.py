"""The command line: one file a command.

Only click is loaded to show help; a command imports what it needs when it runs, because ``vivavoce --help`` should
answer at once and numpy, PyAV and uvicorn take half a second.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Final

import click

from vivavoce import __version__
from vivavoce.cli.output import CANCELLED, LISTENER_LEFT, brief_tracebacks, report, status_of
from vivavoce.errors import VivavoceError

COMMANDS: Final = ("serve", "say", "voices", "keys", "dictionaries", "doctor")
"""Each is a module of this package with a click command of the same name, in the order that help shows."""


class LazyGroup(click.Group):
    """Loads a command's module when the command is named, or when help lists them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"vivavoce.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`vivavoce COMMAND --help` shows a command's options and examples. VIVAVOCE_DEBUG=1 shows tracebacks.",
)
@click.version_option(__version__, message="vivavoce %(version)s")
@click.pass_context
def root(ctx: click.Context) -> None:
    """Live speech: text goes in as it is written, speech comes out as it is made.

    \b
    Examples:
      vivavoce say "Hello"                        hear it, no server needed
      vivavoce say "Hello" -o hello.mp3           or keep it
      llm "a story" | vivavoce say --stdin        speak while it is written
      vivavoce serve                              HTTP and WebSocket on one port
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; ``None`` takes the process's own arguments.

    Returns the exit status: 0 done, 1 failed while running, 2 asked for something impossible, 130 interrupted,
    141 the reader of standard output left. Every failure is one line on standard error.
    """
    brief_tracebacks()
    try:
        status = root.main(
            args=None if arguments is None else list(arguments), prog_name="vivavoce", standalone_mode=False
        )
        return status if isinstance(status, int) else 0
    except (click.Abort, KeyboardInterrupt):
        return CANCELLED
    except click.ClickException as error:
        report(_sentence(error))
        return error.exit_code
    except VivavoceError as error:
        report(str(error))
        return status_of(error)
    except BrokenPipeError:
        return LISTENER_LEFT
    except OSError as error:
        report(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return 1


def _sentence(error: click.ClickException) -> str:
    """click's message, with the way to help for a wrong usage."""
    message = error.format_message().rstrip(".")
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{message}; see `{error.ctx.command_path} --help`"
    return message
