"""Every snippet of the how-to page runs as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from conftest import missing
from integration.cli_runs import TIMEOUT_S, environment, program

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "command-line.md"
SNIPPETS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def shell_environment(tmp_path: Path) -> dict[str, str]:
    """A path with a model that writes a story and a player that listens; the sound card is not ours to test."""
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            missing(tool, f"apt install {tool}")
    folder = tmp_path / "bin"
    program(
        folder, "llm", "for word in Once upon a time there was 'an end. '; do printf '%s ' \"$word\"; done"
    )
    program(folder, "ffplay", f"cat > {tmp_path}/played.pcm")
    env = environment()
    return {**env, "PATH": f"{folder}{os.pathsep}{env['PATH']}", "XDG_DATA_HOME": str(tmp_path / "data")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.split("\n")[0][:50])
def test_the_snippet_runs(snippet: str, tmp_path: Path, shell_environment: dict[str, str]) -> None:
    script = "set -eo pipefail\n" + snippet.replace("8099", str(free_port()))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=shell_environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        errors="replace",
    )
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    for name in re.findall(r"(?:-o|>|--marks) (\w+\.\w+)", snippet):
        assert (tmp_path / name).stat().st_size > 0


def test_the_page_has_all_commands() -> None:
    page = "\n".join(SNIPPETS)
    for command in ("say", "voices", "serve", "doctor"):
        assert f"vivavoce {command}" in page
