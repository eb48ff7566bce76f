"""The border between live streams and whatever makes their audio.

Nothing above this file knows whether an engine runs in a local worker process or elsewhere. A stream attaches as a
:class:`Source` and gets a :class:`Seat`; the backend then pulls utterances when it is that stream's turn. All
calls are made on the event loop's thread, never block and never raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from vivavoce.errors import VivavoceError
from vivavoce.speech import Chunk, Gender, Utterance, VoiceInfo


class Source(Protocol):
    """One live stream, as the backend sees it."""

    def pull(self) -> Utterance | None:
        """The next utterance to speak, or ``None`` when there is none now. What is pulled will be spoken or fail."""
        ...

    def take(self, number: int, chunk: Chunk) -> None:
        """A chunk of utterance ``number``; an utterance's chunks come in their order."""
        ...

    def finish(self, number: int) -> None:
        """Utterance ``number`` is complete: all its chunks have been taken."""
        ...

    def fail(self, number: int, error: VivavoceError) -> None:
        """Utterance ``number`` cannot be spoken (further)."""
        ...

    def refuse(self, error: VivavoceError) -> None:
        """The stream waited for room in vain. Its seat is gone, and nothing was pulled."""
        ...


class Seat(Protocol):
    """A stream's place in the schedule."""

    def wake(self) -> None:
        """There is, or may be, something to pull."""
        ...

    def delivered(self, seconds: float) -> None:
        """That much more audio is on its way to the listener; moves the playback deadline on."""
        ...

    def hold(self, held: bool) -> None:
        """While held, the stream is not scheduled: its listener is not taking what was made."""
        ...

    def leave(self) -> None:
        """The stream is over. Its work stops within one step; nothing is called on the source afterwards."""
        ...


class Backend(Protocol):
    """Makes audio for many streams."""

    async def start(self) -> None:
        """Ready when this returns: every worker has started and told its voices."""
        ...

    async def close(self) -> None:
        """Stops all work and every process; safe to call more than once."""
        ...

    def voices(self) -> Sequence[VoiceInfo]:
        """Every usable voice."""
        ...

    def speakers(self) -> Mapping[str, Gender]:
        """Names that may stand behind the ``+`` of a voice id beside those of the listed voices."""
        ...

    def attach(self, source: Source, voice: VoiceInfo, dialect: str = "") -> Seat:
        """A seat for a stream that will speak with ``voice``; ``dialect`` is the wire it came over, for the figures.

        When the machine is full the stream may have to wait for its first turn, or :meth:`Source.refuse` follows.
        Raises OverloadedError when it may not even wait, VoiceQuarantinedError when the voice may not be used.
        """
        ...

    def status(self) -> Mapping[str, float]:
        """Figures for health, doctor and the benchmark: ``streams``, ``running``, ``workers``, ``worker_deaths``,
        ``steps``, ``cancelled``, ``load`` (share of the cores in use)."""
        ...


@runtime_checkable
class Changing(Protocol):
    """What a backend has, too, whose voices may change while it runs."""

    async def look(self) -> None:
        """When this returns, :meth:`Backend.voices` tells those that were added, and those that were removed no more.
        Streams that speak with a removed voice go on."""
        ...
