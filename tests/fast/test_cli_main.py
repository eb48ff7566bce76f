"""How the command line ends: one line for every failure, and the right exit status."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

import click
import pytest

import vivavoce.cli as cli
from vivavoce import __version__
from vivavoce.cli import COMMANDS, main
from vivavoce.cli.output import report
from vivavoce.errors import EngineError, UnknownVoiceError

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def _own_hook() -> Iterator[None]:
    hook = sys.excepthook
    yield
    sys.excepthook = hook


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """A command ``fail`` that raises what is put into the list."""
    errors: list[BaseException] = []

    @click.command()
    def fail() -> None:
        raise errors[0]

    monkeypatch.setattr(cli.root, "get_command", lambda ctx, name: fail if name == "fail" else None)
    return iter([errors])


def status_of_failing(failing: Iterator[list[BaseException]], error: BaseException) -> int:
    next(failing).append(error)
    return main(["fail"])


def test_a_requests_own_fault_is_status_2_and_one_line(
    failing: Iterator[list[BaseException]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of_failing(failing, UnknownVoiceError("unknown voice 'x';\nexpected one of a, b")) == 2
    assert capsys.readouterr() == ("", "error: unknown voice 'x'; expected one of a, b\n")


def test_a_failure_while_running_is_status_1(
    failing: Iterator[list[BaseException]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of_failing(failing, EngineError("the engine gave up")) == 1
    assert capsys.readouterr().err == "error: the engine gave up\n"


def test_a_systems_refusal_names_the_file(
    failing: Iterator[list[BaseException]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of_failing(failing, OSError(errno.ENOSPC, "No space left on device", "out.wav")) == 1
    assert capsys.readouterr().err == "error: No space left on device: out.wav\n"


def test_an_interrupt_is_status_130_and_says_nothing(
    failing: Iterator[list[BaseException]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of_failing(failing, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.strip() == ""


def test_a_wrong_usage_is_status_2_and_tells_where_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "--spede", "2"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(("error: No such option '--spede'", "error: No such option: --spede"))
    assert "--speed" in error
    assert error.endswith("see `vivavoce say --help`\n")
    assert error.count("\n") == 1


def test_an_unknown_command_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sing"]) == 2
    assert "sing" in capsys.readouterr().err


def test_a_defect_ends_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIVAVOCE_DEBUG", raising=False)
    main(["--version"])
    error = ZeroDivisionError("division by zero")
    sys.excepthook(ZeroDivisionError, error, None)
    said = capsys.readouterr().err
    assert said.startswith("error: internal defect, ZeroDivisionError: division by zero; VIVAVOCE_DEBUG=1")
    assert said.count("\n") == 1


def test_debugging_keeps_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_DEBUG", "1")
    hook = sys.excepthook
    main(["--version"])
    assert sys.excepthook is hook


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vivavoce {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare
    for name in COMMANDS:
        assert f"\n  {name} " in bare


@pytest.mark.parametrize("command", ["serve", "say", "voices", "doctor"])
def test_each_commands_help_has_examples_in_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"\n    vivavoce {command}" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_an_error_is_red_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report("no")
    assert capsys.readouterr().err == "error: no\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    report("no")
    assert capsys.readouterr().err.startswith("\x1b[31m")
    monkeypatch.setenv("NO_COLOR", "1")
    report("no")
    assert capsys.readouterr().err == "error: no\n"
