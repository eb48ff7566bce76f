"""The vendors' own published clients, in environments of their own: never in ours, where they would dictate versions.

``python tests/vendors.py`` (part of ``make test``) makes ``.venv-vendors`` with the newest Python from 3.12 on that is
found (Supertone's client needs one) and ``.node-vendors`` with npm. Tests ask for them with :func:`vendor_python` and
:func:`node_project`, which skip where there is none, and so fail under CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PYTHON_HOME: Final = ROOT / ".venv-vendors"
NODE_HOME: Final = ROOT / ".node-vendors"
PYTHON_CLIENTS: Final = ("soniox==2.10.0", "gradium==0.6.4", "supertone==0.2.3")
NODE_CLIENTS: Final = ("@soniox/node@2.3.0", "node-fetch@3.3.2")
"""Soniox's client, and what Suonora's example for Node.js imports."""
OLDEST: Final = (3, 12)


def vendor_python() -> Path:
    """The interpreter that has the vendors' Python clients."""
    python = PYTHON_HOME / "bin" / "python"
    if not (PYTHON_HOME / ".installed").exists():
        pytest.skip(
            "the vendors' clients are not installed; run `make test`, with Python 3.12 or newer at hand"
        )
    return python


def node_project() -> Path:
    """The folder whose ``node_modules`` has the vendors' Node clients."""
    if shutil.which("node") is None or not (NODE_HOME / ".installed").exists():
        pytest.skip(
            "the vendors' Node clients are not installed; run `make test`, with Node.js and npm at hand"
        )
    return NODE_HOME


def _newer_python() -> Path | None:
    """A Python that the clients accept: this one, one on the path, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [Path(sys.executable)]
    found += [Path(path) for minor in (12, 13, 14) if (path := shutil.which(f"python3.{minor}"))]
    found += sorted(pyenv.glob("3.*/bin/python3"))
    for python in found:
        asked = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if asked.returncode == 0 and tuple(map(int, asked.stdout.split())) >= OLDEST:
            return python
    return None


def _make(home: Path, clients: tuple[str, ...], *commands: list[str]) -> None:
    stamp = home / ".installed"
    wanted = "\n".join(clients)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing the vendors' own clients into {home.name} …", flush=True)
    try:
        for command in commands:
            subprocess.run(command, check=True, cwd=home if home.exists() else ROOT)
    except subprocess.CalledProcessError:
        print("They cannot be installed here: the tests that run them will be skipped.")
        return
    stamp.write_text(wanted)


def main() -> None:
    """Make both environments, as far as this machine can."""
    python = _newer_python()
    if python is None:
        print("No Python 3.12 or newer: the tests with the vendors' Python clients will be skipped.")
    else:
        pip = [str(PYTHON_HOME / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        _make(
            PYTHON_HOME,
            PYTHON_CLIENTS,
            [str(python), "-m", "venv", str(PYTHON_HOME)],
            [*pip, "install", *PYTHON_CLIENTS],
        )
    npm = shutil.which("npm")
    if npm is None:
        print("No npm: the tests with the vendors' Node clients will be skipped.")
    else:
        NODE_HOME.mkdir(exist_ok=True)
        _make(
            NODE_HOME,
            NODE_CLIENTS,
            [npm, "install", "--silent", "--no-save", "--no-package-lock", *NODE_CLIENTS],
        )


if __name__ == "__main__":
    main()
