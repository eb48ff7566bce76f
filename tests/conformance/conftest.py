"""What a vendor's client needs of the server that it is led to."""

from __future__ import annotations

from pathlib import Path

import pytest

from live import make_key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a module's server keeps its things, and its clients what they made."""
    return tmp_path_factory.mktemp("conformance")


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    """A key of that server."""
    return make_key(folder)
