"""The installed command as a subprocess, for the command line's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
VIVAVOCE = BIN / "vivavoce"
TIMEOUT_S = 50


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without our own settings, with the command on the path."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")}
    own["PATH"] = f"{BIN}{os.pathsep}{own['PATH']}"
    return {**own, **extra}


def vivavoce(
    *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None, **given: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run ``vivavoce`` to its end. Without ``stdin`` it reads the null device."""
    source: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run(
        [VIVAVOCE, *arguments],
        capture_output=True,
        timeout=TIMEOUT_S,
        env=env or environment(),
        **source,
        **given,
    )


def program(folder: Path, name: str, script: str) -> None:
    """An executable ``name`` in ``folder`` that runs ``script`` in sh."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
