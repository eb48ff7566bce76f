"""What is loaded when: in fresh processes, because a library stays once it is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vivavoce.engines.espeak import EspeakEngine
from vivavoce.engines.flite import FliteEngine
from vivavoce.engines.registry import load_engines
from vivavoce.errors import EngineError

pytestmark = pytest.mark.integration


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_registry_loads_no_engine() -> None:
    code = (
        "import sys, vivavoce.engines.registry; "
        "print([m for m in sys.modules if m.startswith('vivavoce.engines.') or m in ('numpy', 'espeakng_loader')])"
    )
    assert run(code) == "['vivavoce.engines.registry', 'vivavoce.engines.base']" or run(code) == (
        "['vivavoce.engines.base', 'vivavoce.engines.registry']"
    )


def test_listing_voices_maps_no_library() -> None:
    code = (
        "from vivavoce.engines.registry import load_engines\n"
        "print(sum(len(engine.voices()) for engine in load_engines().values()))\n"
        "print(sum('espeak-ng.so' in line or 'libflite' in line for line in open('/proc/self/maps')))"
    )
    if not Path("/proc/self/maps").exists():
        pytest.skip("only Linux tells in /proc what a process has mapped")
    count, mapped = run(code).split()
    assert int(count) > 200
    assert mapped == "0"


def test_tones_are_only_for_who_asks() -> None:
    assert "tone" not in load_engines()
    assert list(load_engines(["tone"])) == ["tone"]


def test_an_engine_without_its_library_has_no_voices_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert EspeakEngine().voices() == []
    with pytest.raises(EngineError):
        EspeakEngine().load("en-us+edward")
    monkeypatch.setattr("vivavoce.engines.flite_library._FOLDERS", (str(tmp_path),))
    assert FliteEngine().voices() == []


def test_a_library_that_is_none_is_an_engine_error(tmp_path: Path) -> None:
    (tmp_path / "lib.so").write_bytes(b"no library")
    engine = EspeakEngine(tmp_path / "lib.so", Path(EspeakEngine()._data or "."))
    with pytest.raises(EngineError, match="cannot be loaded"):
        engine.load("en-us+edward")


@pytest.mark.parametrize("command", ["crash", "hang"])
def test_a_tone_can_end_or_stop_its_process(command: str) -> None:
    code = (
        "from vivavoce.engines.tone import ToneEngine\n"
        "from vivavoce.speech import Boundary, Utterance\n"
        f"said = Utterance(number=0, voice='tone', language='en', text='a {{{{{command}}}}}', boundary=Boundary.NONE)\n"
        "ToneEngine().plan(said).step(10**6, lambda chunk: print('heard', flush=True) is None)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "heard\n"
        if command == "crash":
            assert process.wait(30) == -9
        else:
            assert process.poll() is None
            process.kill()
