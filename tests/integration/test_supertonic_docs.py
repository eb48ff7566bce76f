"""What the how-to of the second family says: its snippets run against a hub on loopback, its figures are the code's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hubserver import hub
from pages import ROOT
from randomsupertonic import published
from snippets import follow, reader, snippets
from vivavoce.engines.neural.folders import loaded_mb
from vivavoce.engines.supertonic.config import Coder, Config, Latent
from vivavoce.engines.supertonic.engine import MAX_UNIT_CHARS
from vivavoce.engines.supertonic.model import STEPS
from vivavoce.voices.supertonic import REPOSITORIES

pytestmark = pytest.mark.integration

PAGE = "docs/how-to/supertonic.md"


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    shutil.copytree(published(), tmp_path / "supertonic-3")
    with hub() as online:
        online.mirror(*REPOSITORIES["supertonic-3"], published())
        env = {**reader(tmp_path), "HF_ENDPOINT": online.address, "VIVAVOCE_DATA_DIR": str(tmp_path / "d")}
        for snippet in snippets(PAGE):
            follow(snippet, tmp_path, env)
    assert [path.name for path in (tmp_path / "d" / "voices" / "supertonic").glob("[!.]*")] == [
        "supertonic-3"
    ]
    assert (tmp_path / "bonjour.mp3").stat().st_size > 5000


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert STEPS == 8
    text = " ".join((ROOT / PAGE).read_text(encoding="utf-8").split())
    assert "in eight steps" in text
    assert f"at most {MAX_UNIT_CHARS} characters" in text
    assert f"1.2 times its graphs and {loaded_mb(0):.0f} MB" in text
    assert f"about {round(loaded_mb(400_000_000), -1):.0f} MB for `supertonic-3`" in text
    third = Config(Coder(44_100, 512), Latent(24, 6), "v1.7.3", "opensource-multilingual")
    assert f"| `supertonic-3` | {len(third.languages)} |" in text
    for model in REPOSITORIES:
        assert f"| `{model}` |" in text


def test_the_other_page_of_neural_voices_leads_here() -> None:
    assert "(supertonic.md)" in (ROOT / "docs/how-to/neural-voices.md").read_text(encoding="utf-8")
