"""What the pages point at is there: other pages, and the project's own modules."""

from __future__ import annotations

import re

import pytest

from pages import ROOT

pytestmark = pytest.mark.fast

PAGES = sorted(str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(?:#[\w-]+)?\)")
_MODULE = re.compile(r"`((?:\w+/)+\w+\.py)`")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    lost = [target for target in _LINK.findall(text) if not (ROOT / page).parent.joinpath(target).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_modules_that_are_named_are_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    homes = (ROOT, ROOT / "src", ROOT / "src" / "vivavoce")
    lost = [path for path in _MODULE.findall(text) if not any((home / path).exists() for home in homes)]
    assert lost == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[str] = set()
    waiting = ["README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        here = (ROOT / page).parent
        for target in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
            path = (here / target).resolve()
            if path.suffix == ".md" and path.is_file():
                waiting.append(str(path.relative_to(ROOT)))
    assert sorted(set(PAGES) - seen) == []
