"""What the how-to of neural voices says: its snippets run against a hub on loopback, its match rates are measured."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubserver import REPOSITORY, hub
from integration.test_piper_oracles import ALL, agreeing, ours
from oracles import judgement
from pages import ROOT, part, table
from randomvoices import published
from sayings import SAYINGS
from snippets import follow, reader, snippets

pytestmark = pytest.mark.integration

PAGE = "docs/how-to/neural-voices.md"
SNIPPETS = snippets(PAGE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """The reader's folder, with a model and a copy of a catalogue in it; and their environment, with a hub."""
    folder = tmp_path_factory.mktemp("neural")
    shutil.copy(published(), folder / "my-voice.onnx")
    shutil.copy(f"{published()}.json", folder / "my-voice.onnx.json")
    with hub() as mirror:
        mirror.publish("de_DE-eva-low", published())
        for path, data in mirror.files.items():
            target = folder / "piper-voices" / path.removeprefix(f"{REPOSITORY}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    with hub() as online:
        online.publish("en_US-lessac-medium", published())
        online.publish("en_US-libritts-medium", published("tiny-multi"), speakers=3)
        yield (
            folder,
            {**reader(folder), "HF_ENDPOINT": online.address, "VIVAVOCE_DATA_DIR": str(folder / "d")},
        )


def test_the_page_can_be_followed(place: tuple[Path, dict[str, str]]) -> None:
    folder, env = place
    assert len(SNIPPETS) >= 6
    for snippet in SNIPPETS:
        follow(snippet, folder, env)
    assert (folder / "speakers.txt").read_text().splitlines()[1:] == [
        f"en_US-libritts-medium:p{number}" for number in range(3)
    ]
    assert {path.name for path in (folder / "d" / "voices" / "piper").glob("[!.]*")} == {
        "en_US-lessac-medium",
        "en_US-libritts-medium",
        "de_DE-eva-low",
    }


def test_the_match_rates_are_those_of_the_page() -> None:
    made = ours()
    older, newer = (agreeing(judgement(judge, SAYINGS), made) for judge in ("piper-phonemize", "piper-tts"))
    rows = [(f"`{voice}`", ALL[voice], older[voice], newer[voice]) for voice in ALL]
    total = ("all", *(sum(counts.values()) for counts in (ALL, older, newer)))
    shown = table(
        ("espeak-ng voice", "texts", "as piper-phonemize 1.1.0", "as piper-tts 1.8.0"), *rows, total
    )
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert part(text, "rates") == shown


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    from vivavoce.engines.neural.folders import loaded_mb
    from vivavoce.voices.downloads import MAX_FILE_BYTES

    text = " ".join((ROOT / PAGE).read_text(encoding="utf-8").split())
    assert f"larger than {MAX_FILE_BYTES >> 20} MB" in text
    assert f"1.2 times its graphs and {loaded_mb(0):.0f} MB" in text
    for size, graphs_mb in (("medium", 60), ("high", 108)):
        rounded = round(loaded_mb(graphs_mb << 20) / 10) * 10
        assert f"{rounded} MB for {size}" in text or f"{rounded} for {size}" in text, rounded


def test_other_pages_lead_here_and_say_the_same() -> None:
    for page in ("README.md", "docs/how-to/command-line.md"):
        assert "neural-voices.md" in (ROOT / page).read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Neural voices")[2]
    told = [line for line in readme.partition("## ")[0].splitlines() if line.startswith("vivavoce ")]
    assert len(told) == 2
    assert set(told) <= set(SNIPPETS[0].code.splitlines())
    assert (
        "neural" in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
