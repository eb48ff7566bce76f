"""What the reference pages of Supertone and Suonora say is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vivavoce.dialects.suonora import errors as suonora_errors
from vivavoce.dialects.suonora import reading as suonora_reading
from vivavoce.dialects.suonora import routes as suonora
from vivavoce.dialects.supertone import errors as supertone_errors
from vivavoce.dialects.supertone import reading as supertone_reading
from vivavoce.dialects.supertone import routes as supertone
from vivavoce.dialects.supertone.cast import CAST, MODELS, STYLES
from vivavoce.errors import error_classes
from vivavoce.settings import OPTIONS

pytestmark = pytest.mark.fast

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / "reference" / f"{name}.md").read_text() for name in ("supertone", "suonora")}
HOW_TO = {name: (DOCS / "how-to" / f"move-from-{name}.md").read_text() for name in PAGES}


def examples(name: str) -> list[str]:
    return [
        line
        for block in re.findall(r"```json\n(.*?)```", PAGES[name], re.DOTALL)
        for line in block.split("\n")
        if line
    ]


def test_every_path_is_told() -> None:
    for name, routes in (("supertone", supertone), ("suonora", suonora)):
        for path in (*routes.SPEECH, *(service.path for service in routes.SERVICES)):
            assert f"{path}`" in PAGES[name], path


def test_every_example_is_understood() -> None:
    assert len(examples("supertone")) == 4
    for example in examples("supertone"):
        supertone_reading.wish(example.encode(), {}, "adam", supertone.Manner())
    assert len(examples("suonora")) == 3
    for example in examples("suonora"):
        suonora_reading.wish(example.encode())
    for body in re.findall(r"-d '(.*?)'", "".join(HOW_TO.values())):
        assert json.loads(body)


def test_the_table_of_models() -> None:
    yes_no = {True: "yes", False: "no"}
    for name, model in MODELS.items():
        does = (model.streams, model.phonemes, model.normalized_text, model.expressive)
        row = " | ".join(yes_no[one] for one in does)
        assert f"| `{name}` | {row} | {len(model.languages)} |" in PAGES["supertone"]


def test_voices_and_styles_are_named() -> None:
    for voice_id, one in CAST.items():
        assert re.search(rf"`{voice_id}` \({one.name}\)", PAGES["supertone"])
    for style in STYLES:
        assert f"`{style}`" in PAGES["supertone"]


def test_every_status_is_told() -> None:
    statuses = {supertone_errors.answer(cls("m")).status for cls in error_classes()}
    statuses |= {supertone_errors.clone_answer(cls("m")).status for cls in error_classes()}
    assert statuses == _statuses(PAGES["supertone"])
    assert {suonora_errors.answer(cls("m")).status for cls in error_classes()} == _statuses(PAGES["suonora"])


def _statuses(page: str) -> set[int]:
    rows = re.findall(r"^\| (\d{3}(?:, \d{3})*) \|", page, re.MULTILINE)
    return {int(status) for row in rows for status in row.split(", ")}


def test_every_flag_that_is_named_exists() -> None:
    flags = {option.flag for option in OPTIONS}
    for page in (*PAGES.values(), *HOW_TO.values()):
        for flag in re.findall(r"`(--[a-z-]+)", page):
            assert flag in flags, flag
