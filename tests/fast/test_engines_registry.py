"""Engines are found by their entry points, in the order asked for, and what is wrong with one is told."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint

import pytest

from vivavoce.engines import registry
from vivavoce.errors import MissingDependencyError

pytestmark = pytest.mark.fast


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two engines and one whose module does not exist."""
    announced = [
        EntryPoint("tone", "vivavoce.engines.tone:ToneEngine", registry.GROUP),
        EntryPoint("other", "vivavoce.engines.tone:ToneEngine", registry.GROUP),
        EntryPoint("broken", "vivavoce.no_such_engine:Engine", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: announced if group == registry.GROUP else [])


def test_the_projects_own_engines_are_announced() -> None:
    assert {"espeak", "flite", "tone"} <= set(registry.installed())


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize("names", [None, [], ()])
def test_without_names_all_but_the_tones_are_loaded(
    names: list[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert list(registry.load_engines(names)) == ["other"]
    assert "broken" in caplog.text


@pytest.mark.usefixtures("points")
def test_named_engines_are_loaded_in_their_order() -> None:
    assert list(registry.load_engines(["tone", "other"])) == ["tone", "other"]


@pytest.mark.usefixtures("points")
def test_unknown_and_broken_names_are_errors() -> None:
    with pytest.raises(MissingDependencyError, match=r"'piano'; expected one of broken, other, tone"):
        registry.load_engines(["piano"])
    with pytest.raises(MissingDependencyError, match="no_such_engine"):
        registry.load_engines(["broken"])
