"""Every Python snippet of the SDK's pages runs as it stands there."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import Live, serving
from vivavoce import VivavoceClient

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[2] / "docs"
SNIPPETS = [
    pytest.param(snippet, id=f"{page.stem}-{number}")
    for page in (DOCS / "how-to" / "python-sdk.md", DOCS / "reference" / "sdk.md")
    for number, snippet in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), 1)
]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("docs"), engines="espeak") as server:
        yield server


@pytest.fixture(scope="module")
def admin(live: Live) -> str:
    """A key that may do everything, as a reader of the page has one."""
    with VivavoceClient(live.url) as client:
        secret = client.keys.create("docs", scopes=["speech", "manage", "admin"]).secret
    assert secret is not None
    return secret


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippet_runs(
    snippet: str, live: Live, admin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_URL", live.url)
    monkeypatch.setenv("VIVAVOCE_API_KEY", admin)
    code = compile(snippet, "snippet", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running = eval(code, {"__name__": "__main__"})
    if inspect.iscoroutine(running):
        asyncio.run(_all_of(running))
    for name in re.findall(r'(?:save|open)\("(\S+?)"', snippet):
        assert (tmp_path / name).stat().st_size > 1000


async def _all_of(running: object) -> None:
    assert inspect.iscoroutine(running)
    await running


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) > 20
