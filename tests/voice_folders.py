"""Folders of voices for tests: one that lasts as long as they do, and the process that prepares a voice in its own."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


@functools.cache
def scratch(family: str) -> Path:
    """A folder that lasts as long as the tests."""
    folder = tempfile.mkdtemp(prefix=f"vivavoce-{family}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def converted(family: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the family's preparing process on the voice in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", f"vivavoce.engines.{family}.convert", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
