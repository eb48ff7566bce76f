"""Fixtures of the integration tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import postgres_database, postgres_server
from hubserver import Hub, hub
from integration.adding_runs import ANN
from key_office import Office
from live import serving
from randomvoices import published
from vivavoce.settings import Settings
from vivavoce.voices import downloads


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with postgres_database(postgres, f"vivavoce_{secrets.token_hex(4)}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty store: on SQLite, then on PostgreSQL."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    return Settings(data_dir=str(tmp_path), database_url=url)


@pytest.fixture
def asked_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with nothing, which ``HF_ENDPOINT`` names and which is asked again without a pause."""
    with hub() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setattr(downloads, "_PAUSES_S", (0.0,))
        yield running


@pytest.fixture
def online(asked_hub: Hub) -> Hub:
    """A hub with one Piper voice."""
    asked_hub.publish(ANN, published())
    return asked_hub


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server that wants keys, and who makes them."""
    with serving(tmp_path_factory.mktemp("keys"), engines="tone") as live:
        yield Office(live)
