"""How long words wait for the rest of their sentence: until the writer is silent, or the listener hungry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RUN_OUT_MARGIN_S: Final = 0.3
"""A silent writer's words are spoken no earlier than this before the listener runs out of audio."""
HUNGER_MARGIN_S: Final = 0.5
"""This long before the listener runs out, words of a sentence that is still being written are spoken: long enough for
them to be made on a machine that is at work."""
HUNGRY_CHARS: Final = 16
"""Fewer characters than some three words are not worth breaking a sentence for."""


@dataclass(slots=True)
class Patience:
    """What it depends on. Times are seconds of the session's clock."""

    idle_s: float
    """Silence of the writer after which it counts as silent."""
    written_at: float
    runs_out_at: float | None = None
    """When the listener has heard all that was made so far; ``None`` before the first audio."""

    @property
    def silent_at(self) -> float:
        """When a writer who writes nothing more counts as silent, and its words are needed."""
        silent_at = self.written_at + self.idle_s
        return silent_at if self.runs_out_at is None else max(silent_at, self.runs_out_at - RUN_OUT_MARGIN_S)

    def ends_at(self, pending_chars: int, *, hungry: bool) -> float:
        """When ``pending_chars`` have waited for long enough. ``hungry``: the listener gets nothing but them."""
        if self.runs_out_at is None or not hungry or pending_chars < HUNGRY_CHARS:
            return self.silent_at
        return min(self.silent_at, self.runs_out_at - HUNGER_MARGIN_S)
