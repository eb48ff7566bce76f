"""The vendor's example for Node.js, word for word but for the address and the key."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import judge
from live import Live, serving
from vendors import node_project

pytestmark = pytest.mark.conformance

EXAMPLE = Path(__file__).parent / "clients" / "suonora_example.mjs"


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Live]:
    with serving(folder, engines="espeak") as live:
        yield live


def run(folder: Path, address: str, key: str) -> subprocess.CompletedProcess[str]:
    """The example in a project of its own, with what it imports."""
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(node_project() / "node_modules")
    source = EXAMPLE.read_text()
    assert (source.count("https://api.suonora.com/v1"), source.count("YOUR_API_KEY")) == (1, 1)
    script = folder / "example.mjs"
    script.write_text(source.replace("https://api.suonora.com", address).replace("YOUR_API_KEY", key))
    return subprocess.run(["node", script.name], cwd=folder, capture_output=True, text=True, timeout=50)


@pytest.mark.parametrize("prefix", ["", "/suonora"])
def test_the_example_saves_what_was_said(server: Live, key: str, folder: Path, prefix: str) -> None:
    done = run(folder, server.url + prefix, key)
    assert (done.stdout, done.stderr) == ("Saved realtime.mp3\n", "")
    samples, rate = judge.decode((folder / "realtime.mp3").read_bytes())
    assert rate == 44_100
    assert 2 < len(samples) / rate < 6
    assert samples.max() > 2000, "it is no silence"


def test_the_example_tells_of_a_wrong_key(server: Live, folder: Path) -> None:
    done = run(folder, server.url, "wrong")
    assert "Error: HTTP 401" in done.stderr
