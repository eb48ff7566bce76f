"""What a session owes its listener, in the order of the text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from vivavoce.errors import VivavoceError
from vivavoce.speech import Chunk
from vivavoce.text.spans import SpannedText


@dataclass(slots=True)
class PauseSlot:
    """Silence of so many samples at the voice's rate."""

    samples: int
    complete = True
    moves = True


@dataclass(slots=True)
class FlushSlot:
    """A place where the writer asked to be told that everything before has been sent."""

    flush_id: str | None
    samples = 0
    complete = True
    moves = True


@dataclass(slots=True)
class SpeechSlot:
    """An utterance that is being made, or has been."""

    number: int
    spoken: SpannedText
    source: str
    """The caller's text that it covers."""
    source_start: int
    chunks: deque[Chunk] = field(default_factory=deque)
    complete: bool = False
    error: VivavoceError | None = None
    base: int | None = None
    """Stream position of its first sample, once it has begun to move."""

    @property
    def moves(self) -> bool:
        """Whether some of it, or its end, can be let out now."""
        return bool(self.chunks) or self.complete

    @property
    def samples(self) -> int:
        """Samples waiting in it."""
        return sum(len(chunk.pcm) for chunk in self.chunks) // 2


Slot: TypeAlias = PauseSlot | FlushSlot | SpeechSlot
