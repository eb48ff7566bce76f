"""The server's flags are the settings table and nothing else."""

from __future__ import annotations

import ast
from typing import Any

import click
import pytest
from click.testing import CliRunner

from vivavoce.cli.flags import GROUPS, ServeCommand, settings_flags
from vivavoce.settings import OPTIONS, Settings

pytestmark = pytest.mark.fast


@click.command(cls=ServeCommand)
@settings_flags
def command(**given: Any) -> None:
    click.echo(repr({name: value for name, value in given.items() if value is not None}))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(arguments), terminal_width=80)
    return result.exit_code, result.output


def test_every_option_is_a_flag_with_its_environment_variable_and_default() -> None:
    status, shown = run("--help")
    joined = " ".join(shown.split())
    assert status == 0
    for option in OPTIONS:
        assert f" {option.flag} " in joined
        assert f"; {option.environment}]" in joined
    assert "[8080; VIVAVOCE_PORT]" in joined
    assert "[10; VIVAVOCE_LEAD_S]" in joined
    assert "[off; VIVAVOCE_INSECURE]" in joined


def test_help_is_grouped_in_the_tables_order() -> None:
    _, shown = run("--help")
    titles = [
        line.rstrip(":") for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")
    ]
    assert titles == [*GROUPS.values(), "Other"]
    assert set(GROUPS) <= {option.name for option in OPTIONS}
    assert next(iter(GROUPS)) == OPTIONS[0].name


def test_what_is_not_given_is_absent() -> None:
    assert run() == (0, "{}\n")


def test_values_are_parsed_by_their_type() -> None:
    status, shown = run("--port", "0", "--lead-s", "2.5", "--engines", "espeak", "--insecure")
    assert status == 0
    assert ast.literal_eval(shown) == {"port": 0, "lead_s": 2.5, "engines": "espeak", "insecure": True}
    assert run("--no-insecure") == (0, "{'insecure': False}\n")


@pytest.mark.parametrize(
    ("flag", "value", "sentence"),
    [
        ("--port", "99999", "expected 0 to 65535, got 99999"),
        ("--port", "http", "expected a whole number, got 'http'"),
        ("--lead-s", "long", "expected a number, got 'long'"),
        ("--lead-s", "0", "expected 0.2 to "),
        ("--log-level", "loud", "expected critical or error or warning or info or debug, got 'loud'"),
    ],
)
def test_a_wrong_value_names_the_flag_and_what_was_expected(flag: str, value: str, sentence: str) -> None:
    status, shown = run(flag, value)
    assert status == 2
    assert f"'{flag}': {sentence}" in shown
    assert "VIVAVOCE" not in shown


def test_defaults_shown_are_the_settings_own() -> None:
    _, shown = run("--help")
    joined = " ".join(shown.split())
    settings = Settings()
    for option in OPTIONS:
        value = getattr(settings, option.name)
        if option.type is int:
            assert f"[{value}; {option.environment}]" in joined
