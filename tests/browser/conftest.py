"""One browser and one server for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browsing import Visitor, chromium, visiting
from live import Live, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data")) as live:
        yield live


@pytest.fixture
def visitor(browser: Browser, server: Live) -> Iterator[Visitor]:
    """A tab whose console must stay empty."""
    with visiting(browser, server.url) as found:
        yield found
        assert found.complaints == []
