"""Voices that are added, replaced and removed while the server runs: seen without a restart, and no live stream harmed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest

from integration.cli_runs import environment, vivavoce
from integration.test_piper_serving import SENTENCE, ask
from live import Live, serving
from randomvoices import installed, published

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Live]:
    with serving(tmp_path, engines="piper,espeak", workers=2) as live:
        yield live


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether ``holds`` comes true in time."""
    until = time.monotonic() + seconds
    while not (true := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return true


def known(server: Live) -> set[str]:
    return {voice["id"] for voice in server.look("voices")["voices"] if voice["engine"] == "piper"}


def test_a_voice_is_added_replaced_and_removed_beside_a_running_server(server: Live, tmp_path: Path) -> None:
    env = environment(VIVAVOCE_DATA_DIR=str(tmp_path))
    assert known(server) == set()
    added = vivavoce("voices", "add", "ann", "--from", str(published()), env=env)
    assert added.returncode == 0, added.stderr
    assert within(20, lambda: known(server) == {"ann"})
    first = ask(server, SENTENCE, "ann")
    assert len(first) > 50_000
    other = published("tiny-multi")
    assert vivavoce("voices", "add", "ann", "--from", str(other), "--again", env=env).returncode == 0
    assert within(20, lambda: known(server) == {"ann", "ann:p0", "ann:p1", "ann:p2"})
    assert ask(server, SENTENCE, "ann") != first
    assert vivavoce("voices", "remove", "ann", env=env).returncode == 0
    assert within(20, lambda: known(server) == set())
    with pytest.raises(HTTPError) as refused:
        ask(server, SENTENCE, "ann")
    assert json.loads(refused.value.read())["error"]["code"] == "unknown_voice"
    assert server.figure("vivavoce_worker_deaths_total") == 0


def test_a_spare_knows_the_voices_that_came_after_it(tmp_path: Path) -> None:
    with serving(tmp_path, engines="piper,espeak", workers=1, spare_workers=1) as live:
        assert within(20, lambda: len(workers(live)) == 2)
        installed(tmp_path / "voices" / "piper", "tiny", "ann")
        assert within(20, lambda: known(live) == {"ann"})
        before = ask(live, SENTENCE, "ann")
        workers(live)[0].kill()
        assert within(20, lambda: live.figure("vivavoce_worker_deaths_total") == 1)
        assert ask(live, SENTENCE, "ann") == before
        assert known(live) == {"ann"}


def workers(server: Live) -> list[psutil.Process]:
    """The oldest first: spares are started last."""
    children = psutil.Process(server.process.pid).children()
    found = [child for child in children if "vivavoce.runtime.worker" in child.cmdline()]
    return sorted(found, key=lambda child: child.create_time())
