"""The snippets of the docs, run as they stand there.

A page's snippets run in the order of the page and in one folder, so that a later one may use what an earlier one made. A
Python snippet whose first line is a comment with a file's name is what the reader puts into that file. Addresses of a
server on port 8080 lead to a server of the tests; a snippet that starts one itself says port 8099. In place of a language
model and a player there are two small programs.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from msgspec import Struct

from conftest import missing
from integration.cli_runs import TIMEOUT_S, environment, program

ROOT: Final = Path(__file__).parents[1]
_FENCED: Final = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_NAMED: Final = re.compile(r"# (\w+\.py)\n")
_WRITES: Final = re.compile(r"(?:-o|(?<![0-9&])>|--marks) (\w+\.\w+)")


class Snippet(Struct, frozen=True):
    """One fenced block of a page."""

    language: str
    code: str

    @property
    def title(self) -> str:
        return self.code.split("\n")[0][:50]

    @property
    def files(self) -> list[str]:
        """The files that it says it leaves behind."""
        return [name[1]] if (name := self._name) else _WRITES.findall(self.code)

    @property
    def _name(self) -> re.Match[str] | None:
        return _NAMED.match(self.code) if self.language == "python" else None


def snippets(page: str) -> list[Snippet]:
    """The sh and Python snippets of a page of this project, in order."""
    return [Snippet(*found) for found in _FENCED.findall((ROOT / page).read_text(encoding="utf-8"))]


def reader(folder: Path) -> dict[str, str]:
    """The environment of someone who follows a page in ``folder``: the command on the path, a model that writes, a player
    that listens; the sound card is not ours to test."""
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            missing(tool, f"apt install {tool}")
    programs = folder / "bin"
    story = "for word in Once upon a time there was 'an end. '; do printf '%s ' \"$word\"; done"
    program(programs, "llm", story)
    program(programs, "ffplay", f"cat > '{folder}/played'")
    env = environment()
    return {**env, "PATH": f"{programs}{os.pathsep}{env['PATH']}", "XDG_DATA_HOME": str(folder / "data")}


def follow(snippet: Snippet, folder: Path, env: dict[str, str], port: int = 8080) -> None:
    """Run one snippet in ``folder``; it must succeed, say nothing of errors and leave its files behind."""
    code = snippet.code.replace(":8080", f":{port}").replace("8099", str(_free_port()))
    if snippet._name:
        (folder / snippet.files[0]).write_text(code, encoding="utf-8")
        return
    shell = ["bash", "-c", f"set -eo pipefail\n{code}"]
    done = subprocess.run(
        shell if snippet.language == "sh" else [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        errors="replace",
    )
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    for name in snippet.files:
        assert (folder / name).stat().st_size > 0, f"{name} is empty"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
