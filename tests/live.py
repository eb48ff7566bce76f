"""A real server in a process of its own, for tests that want sockets, workers and signals."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

_RUN = """
import json, logging, sys
from vivavoce.server.serve import run
from vivavoce.settings import Settings
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
sys.exit(run(Settings(**json.loads(sys.argv[1])), lambda address: print(address, flush=True)))
"""


class Live:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.ws_url = url.replace("http", "ws", 1) + "/v1/speech/stream"
        self._log = log

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it has written to stderr so far."""
        return self._log.read_text()

    def look(self, what: str) -> Any:
        """The JSON answer of ``GET /v1/speech/<what>``."""
        with urlopen(f"{self.url}/v1/speech/{what}", timeout=10) as answer:
            return json.load(answer)

    def figure(self, name: str) -> float:
        """One figure of the metrics page, summed over its labels."""
        with urlopen(f"{self.url}/v1/speech/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def make_key(folder: Path) -> str:
    """A key of the server that will keep its things in ``folder``."""
    command = [str(Path(sys.executable).with_name("vivavoce")), "keys", "create", "test", "--json"]
    made = subprocess.run([*command, "--data-dir", str(folder)], capture_output=True, text=True, check=True)
    return str(json.loads(made.stdout)["secret"])


@contextlib.contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Live]:
    """A server on a free port of loopback, with two workers, tones and espeak-ng unless told otherwise."""
    options = {"port": 0, "workers": 2, "engines": "tone,espeak", "data_dir": str(folder), **settings}
    log = folder / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, f"the server did not start: {log.read_text()}"
            yield Live(process, address, log)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
