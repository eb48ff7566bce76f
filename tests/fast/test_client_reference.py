"""docs/reference/sdk.md is what the docstrings say now, and says something of every public name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

import vivavoce
from vivavoce import types

pytestmark = pytest.mark.fast

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sdk_reference", DOCS / "sdk_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page(script: ModuleType) -> str:
    made: str = script.page()
    return made


def test_the_page_is_current(script: ModuleType, page: str) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == page, "run: python docs/sdk_reference.py"


def test_every_public_name_is_there(page: str) -> None:
    names = {name for name in types.__all__ if name not in ("MarkKind", "StreamEvent")}
    for name in names | {"VivavoceClient", "AsyncVivavoceClient"}:
        assert re.search(rf"^### `{name}`", page, re.MULTILINE), name


def test_every_public_method_is_described(script: ModuleType) -> None:
    for classes in script.SECTIONS.values():
        for cls in classes:
            for name, member in vars(cls).items():
                if not name.startswith("_") and callable(member):
                    assert member.__doc__, f"{cls.__name__}.{name}"


def test_the_package_knows_its_clients_and_nothing_else() -> None:
    assert vivavoce.VivavoceClient.__name__ == "VivavoceClient"
    assert set(vivavoce.__all__) == {"AsyncVivavoceClient", "VivavoceClient", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        vivavoce.Nothing  # noqa: B018 (asking for it is the test)
