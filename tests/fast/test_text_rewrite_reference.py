"""Every row of docs/reference/rewrite-rules.md holds, and every rule and alias has its place there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vivavoce.text.rewrite import ALIASES, RULES, rewrite, rules
from vivavoce.text.spans import SpannedText

pytestmark = pytest.mark.fast

PAGE = (Path(__file__).parents[2] / "docs/reference/rewrite-rules.md").read_text(encoding="utf-8")
ROWS = [
    (rule, text.replace(r"\u202f", "\u202f"), said)
    for rule, text, said in re.findall(
        r"^\| `(\w+)` \| `([^`]+)` \| `([^`]+)` \| \S+ \|$", PAGE, re.MULTILINE
    )
]


def say(spec: str, text: str) -> str:
    return rewrite(SpannedText.verbatim(text, 0), rules(spec)).text


@pytest.mark.parametrize(("rule", "text", "said"), ROWS)
def test_the_row_holds(rule: str, text: str, said: str) -> None:
    assert say(rule, text) == said


@pytest.mark.parametrize(("rule", "text", "said"), ROWS)
def test_what_was_said_is_not_rewritten_again(rule: str, text: str, said: str) -> None:
    assert say(rule, said) == said


def test_every_table_row_was_read() -> None:
    assert len(ROWS) == len(re.findall(r"^\| `[A-Z]\w+` \|", PAGE, re.MULTILINE))


def test_every_rule_has_a_row() -> None:
    assert {rule for rule, _, _ in ROWS} == set(RULES)


def test_the_alias_table_is_the_code() -> None:
    table = dict(re.findall(r"^\| `([a-z-]+)` \| ([\w, ]+) \|$", PAGE, re.MULTILINE))
    assert table == {alias: ", ".join(names) for alias, names in ALIASES.items()}


@pytest.mark.parametrize(("rule", "text", "said"), [row for row in ROWS if row[0] in ALIASES["en"]])
def test_within_the_alias_an_example_in_a_sentence_changes_nothing_around_it(
    rule: str, text: str, said: str
) -> None:
    if rule == "AlNumEn" and "EUR" in text:
        return  # there the alias's other rules have their say
    assert say("en", f"We say “{text}” — twice.") == f'We say "{said}" — twice.'
