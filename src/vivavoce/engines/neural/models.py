"""The models of one family that are installed, and those of them that are loaded. Needs neither numpy nor onnxruntime."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from vivavoce.engines.neural.folders import CUT, MANIFEST, P, Stamp, is_name, loaded_mb, stamp
from vivavoce.errors import EngineError, RequestError, quoted
from vivavoce.speech import VoiceInfo

_log = logging.getLogger(__name__)


M = TypeVar("M")


class Models(Generic[P, M]):
    """The installed models of a family: ``P`` its manifests, ``M`` what it loads."""

    def __init__(
        self,
        folder: Path,
        what: str,
        read: Callable[[Path], P | None],
        load: Callable[[Path, P], M],
    ) -> None:
        """``folder`` holds a folder for each model, and ``what`` is one of them in words. ``read`` gives the manifest
        in a folder; ``load`` is the first to import onnxruntime, and raises GraphError and RequestError."""
        self._folder, self._what = folder, what
        self._read, self._load = read, load
        self._loaded: dict[str, tuple[M, P, Stamp]] = {}
        """Each with its manifest's stamp: another model may be put into its place."""

    def told(self, tell: Callable[[Path, P], Sequence[VoiceInfo]]) -> list[VoiceInfo]:
        """What ``tell`` says of every model's folder; without onnxruntime there are none."""
        if importlib.util.find_spec("onnxruntime") is None or not self._folder.is_dir():
            return []
        found: list[VoiceInfo] = []
        for folder in sorted(self._folder.iterdir()):
            manifest = None if folder.name.startswith(".") else self._read(folder / CUT)
            if manifest is None:
                continue
            try:
                found += tell(folder, manifest)
            except RequestError as error:
                _log.warning("voice %s is left out: %s", folder.name, error.message)
        return found

    def memory_mb(self, name: str) -> float:
        """See :class:`vivavoce.engines.base.HeavyEngine`."""
        manifest = self._read(self._folder / name / CUT) if is_name(name) else None
        return loaded_mb(manifest.bytes) if manifest else 0.0

    def unload(self, name: str) -> None:
        """Let go of a model, if it is loaded."""
        self._loaded.pop(name, None)

    def loaded(self, name: str) -> tuple[M, P]:
        """The model called ``name``, loaded if it is not yet. Live jobs keep theirs, so that it may be removed or
        unloaded while it speaks. Raises EngineError."""
        from vivavoce.engines.neural.sessions import GraphError

        folder = self._folder / name
        seen = stamp(folder / CUT / MANIFEST) if is_name(name) else None
        if name in self._loaded and seen in (None, self._loaded[name][2]):
            return self._loaded[name][:2]
        manifest = self._read(folder / CUT) if is_name(name) else None
        if manifest is None:
            raise EngineError(f"the {self._what} {quoted(name)} is not installed, or was removed")
        try:
            model = self._load(folder, manifest)
        except (GraphError, RequestError) as error:
            raise EngineError(
                f"the {self._what} {quoted(name)} cannot be loaded ({error}); it was prepared by onnxruntime "
                f"{manifest.onnxruntime}: add it again"
            ) from None
        self._loaded[name] = model, manifest, seen
        return model, manifest
