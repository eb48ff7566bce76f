"""What the docs say of settings, errors, wires and figures is what the code says."""

from __future__ import annotations

import re

import pytest

import pages
from vivavoce.errors import error_classes
from vivavoce.settings import OPTIONS

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("page", pages.PARTS)
def test_the_page_is_as_the_code_is_now(page: str) -> None:
    assert (pages.ROOT / page).read_text(encoding="utf-8") == pages.written(page), "run: make docs"


def test_every_option_has_a_row() -> None:
    rows = re.findall(r"^\| `--([\w-]+)`", pages.settings(), re.MULTILINE)
    assert [row.replace("-", "_") for row in rows] == [option.name for option in OPTIONS]


def test_every_code_has_one_row_and_a_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| [^|]* \| ([^|]+) \|$", pages.errors(), re.MULTILINE)
    assert {code for code, _, _ in rows} == {cls.code for cls in error_classes()}
    assert len(rows) == len({code for code, _, _ in rows})
    assert all(meaning.endswith(".") for _, _, meaning in rows)


def test_hand_written_rows_name_real_codes() -> None:
    page = (pages.ROOT / "docs/reference/errors.md").read_text(encoding="utf-8")
    helped = page.split("## What to do")[1]
    codes = re.findall(r"`([a-z]+(?:_[a-z]+)+)`(?=[,\s|])", helped)
    known = {cls.code for cls in error_classes()} | {"retry_after_s"}
    assert codes
    assert set(codes) <= known


def test_a_page_without_marks_is_a_defect() -> None:
    with pytest.raises(ValueError, match="the marks of figures"):
        pages.part("no marks here", "figures")
