"""What an engine is. A new one is one module that has these two shapes, and one entry point.

An engine object lives in a worker process and is used from one thread. The worker calls ``plan`` once for an
utterance, then ``step`` until it returns ``True`` or the job is cancelled. Several jobs may be alive at once and
their steps interleave, so a job keeps its state in itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, runtime_checkable

from vivavoce.speech import Chunk, Gender, Utterance, VoiceInfo

Emit: TypeAlias = Callable[[Chunk], bool]
"""Takes a chunk the moment it is made. ``False`` means: stop now, nobody listens; do not call it again."""
SPEAKER_MARK: Final = ":"
"""Between a voice's id and one of its speakers. Voices that differ only behind it share what is loaded."""


def model_of(voice: str) -> str:
    """What is loaded for ``voice``: its id without the speaker."""
    return voice.partition(SPEAKER_MARK)[0]


class Job(Protocol):
    """The making of one utterance."""

    def step(self, max_samples: int, emit: Emit) -> bool:
        """Make about ``max_samples`` more samples, handing them to ``emit`` in order; ``True`` when none are left.

        May make more where the library cannot pause, as long as one step stays under about 100 ms of compute.
        May emit several chunks. After ``emit`` said ``False`` it returns ``True`` as soon as the library lets it.
        Raises :class:`~vivavoce.errors.EngineError` when the utterance cannot be spoken.
        """
        ...

    def cancel(self) -> None:
        """Let go of everything the job holds. Safe at any time between steps, and more than once."""
        ...


class Engine(Protocol):
    """One family of voices."""

    name: str

    def voices(self) -> Sequence[VoiceInfo]:
        """Every voice that works on this machine now; empty when the engine's library is absent.

        Must be cheap and must not load a voice: the front process calls it too, but never ``load`` or ``plan``.
        """
        ...

    def speakers(self) -> Mapping[str, Gender]:
        """Names that may stand behind the ``+`` of its voice ids beside those listed; empty for most engines."""
        ...

    def load(self, voice: str) -> None:
        """Make ``voice`` ready so that its first utterance is fast. Raises EngineError."""
        ...

    def plan(self, utterance: Utterance) -> Job:
        """A job for ``utterance``; cheap. Raises EngineError."""
        ...


@runtime_checkable
class HeavyEngine(Protocol):
    """What an engine has, too, whose loaded voices take memory worth counting. The worker loads such a voice before
    the first step of an utterance, keeps the sum within ``voice_memory_mb``, and unloads those used longest ago; an
    engine without these methods loads what it likes."""

    def memory_mb(self, model: str) -> float:
        """About how much memory ``model`` (see :func:`model_of`) takes once it is loaded, in MiB; 0 if that is not
        worth counting. Cheap: asked of every voice before any is loaded."""
        ...

    def unload(self, model: str) -> None:
        """Let go of ``model``, which no live job uses; no error if it is not loaded."""
        ...
