"""The loaded voices of one worker: which are at hand, and which go when memory runs out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vivavoce.errors import EngineError, quoted


class Shelf:
    """Models by the time of their last use. Those not worth counting are not on it."""

    def __init__(self, bound_mb: float, memory_mb: Mapping[str, float]) -> None:
        """``memory_mb`` has the size of every heavy model, in MiB."""
        self._bound_mb = bound_mb
        self.memory_mb = dict(memory_mb)
        self._loaded: dict[str, None] = {}
        """The least recently used first."""

    def __len__(self) -> int:
        return len(self._loaded)

    @property
    def used_mb(self) -> float:
        """What the loaded models take."""
        return sum(self.memory_mb[model] for model in self._loaded)

    def learn(self, memory_mb: Mapping[str, float]) -> None:
        """The sizes of models that are new or were replaced."""
        self.memory_mb |= memory_mb

    def is_heavy(self, model: str) -> bool:
        """Whether ``model`` takes memory worth counting."""
        return model in self.memory_mb

    def use(self, model: str) -> bool:
        """Whether ``model`` is loaded; it is then the last one to go."""
        if model not in self._loaded:
            return False
        del self._loaded[model]
        self._loaded[model] = None
        return True

    def make_room(self, model: str, at_work: Collection[str]) -> tuple[str, ...]:
        """Models to unload for ``model``, least recently used first; they are forgotten here. None of ``at_work`` goes.

        Raises EngineError when that is not enough; nothing is forgotten then.
        """
        needed = self.memory_mb[model]
        check_size(model, needed, self._bound_mb)
        excess = self.used_mb + needed - self._bound_mb
        going: list[str] = []
        for other in self._loaded:
            if excess <= 0:
                break
            if other not in at_work:
                going.append(other)
                excess -= self.memory_mb[other]
        if excess > 0:
            raise EngineError(
                f"the voice {quoted(model)} needs about {needed:.0f} MB, and voices at work leave less of the "
                f"{self._bound_mb:.0f} MB that loaded voices may take; raise VIVAVOCE_VOICE_MEMORY_MB"
            )
        for other in going:
            del self._loaded[other]
        return tuple(going)

    def put(self, model: str) -> None:
        """``model`` is loaded now."""
        self._loaded[model] = None


def check_size(model: str, needed_mb: float, bound_mb: float) -> None:
    """Raises EngineError when ``model`` alone is more than loaded voices may take."""
    if needed_mb > bound_mb:
        raise EngineError(
            f"the voice {quoted(model)} needs about {needed_mb:.0f} MB, more than the {bound_mb:.0f} MB that loaded "
            "voices may take; raise VIVAVOCE_VOICE_MEMORY_MB"
        )
