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


IN_ENGLISH = [
    row for row in ROWS if row[0] in ALIASES["en"] and "50EUR" not in row[1]
]  # 50EUR is CurrencyEn's there


@pytest.mark.parametrize(("rule", "text", "said"), IN_ENGLISH)
def test_within_the_alias_and_a_sentence_an_example_reads_the_same(rule: str, text: str, said: str) -> None:
    assert say("en", f"By {rule} we say “{text}” — twice.") == f'By {rule} we say "{said}" — twice.'
