"""Adding voices in the test's own process, as ``vivavoce voices add`` does."""

from __future__ import annotations

from pathlib import Path

from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.voices.adding import Wish, add
from vivavoce.voices.installed import Installed, installed

ANN = "en_US-ann-medium"
"""The Piper voice of the hub that the fixture ``online`` gives."""


def adding(
    data: Path, name: str = ANN, *, source: str | None = None, offline: bool = False, again: bool = False
) -> Installed:
    wish = Wish(name=name, source=source, offline=offline, again=again)
    return add(wish, str(data), lambda *_: None, lambda _: None)


def nothing_installed(data: Path) -> bool:
    """Whether no voice is listed and no engine finds one."""
    voices = data / "voices"
    found = [*PiperEngine(voices / "piper").voices(), *SupertonicEngine(voices / "supertonic").voices()]
    return found == [] and installed(str(data)) == []
