"""Without the extra ``neural``: everything else works, and what does not says what to install."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError

import pytest

from integration.cli_runs import environment, vivavoce
from integration.test_piper_serving import ask
from live import serving
from randomvoices import installed, published

pytestmark = pytest.mark.integration

INSTALL = b"pip install 'vivavoce[neural]'"
_HIDE = """
import importlib.machinery
real = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in ("onnx", "onnxruntime") else real(name, path, target)
importlib.machinery.PathFinder.find_spec = staticmethod(find_spec)
"""


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, str]:
    """What makes a Python behave as if neither package were installed; a voice was added before."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(_HIDE)
    installed(tmp_path / "voices" / "piper", "tiny", "random")
    return {"PYTHONPATH": str(tmp_path / "hide"), "VIVAVOCE_DATA_DIR": str(tmp_path)}


def test_the_command_says_what_to_install(hidden: dict[str, str]) -> None:
    env = environment(**hidden)
    added = vivavoce("voices", "add", "mine", "--from", str(published()), env=env)
    assert added.returncode != 0
    assert INSTALL in added.stderr
    assert added.stderr.count(b"\n") == 1
    listed = vivavoce("voices", env=env)
    assert listed.returncode == 0
    assert b"random needs onnxruntime to speak; install it with `" + INSTALL in listed.stderr
    said = vivavoce("say", "Hello.", "-v", "en-us", "-o", "-", "--format", "wav", env=env)
    assert len(said.stdout) > 5000


def test_the_server_starts_and_speaks_with_its_other_voices(
    hidden: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hidden.items():
        monkeypatch.setenv(name, value)
    with serving(tmp_path, engines="") as live:
        assert "piper" not in {voice["engine"] for voice in live.look("voices")["voices"]}
        assert len(ask(live, "Hello there.", "en-us")) > 5000
        with pytest.raises(HTTPError) as refused:
            ask(live, "Hello there.", "random")
        assert json.loads(refused.value.read())["error"]["code"] == "unknown_voice"
