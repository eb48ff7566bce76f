"""A live stream as a transport holds it: counted, told how it ended in one log line, and always let go of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from vivavoce.errors import VivavoceError
from vivavoce.server.ledger import Ledger
from vivavoce.speech import Audio, Command, Ended, Event, Failed, Open, Text

log = logging.getLogger("vivavoce.stream")

_STATUS: Final = {"spoken": "ok", "left": "cancelled"}


class Stream(Protocol):
    """One live stream; see :class:`vivavoce.runtime.driver.Stream`."""

    def send(self, command: Command) -> None: ...

    async def events(self) -> Sequence[Event]: ...

    @property
    def queue_s(self) -> float | None: ...

    def cancel(self) -> None: ...


class Speaking:
    """One stream of one request or socket. ``label`` says whose it is in the log; it never holds caller text."""

    def __init__(
        self,
        stream: Stream,
        request: Open,
        label: str,
        now: Callable[[], float],
        ledger: Ledger | None = None,
    ) -> None:
        self._ledger = ledger
        self._audio_s = 0.0
        self._stream = stream
        self._request = request
        self._label = label
        self._now = now
        self._begun_at = now()
        self._first_audio_s: float | None = None
        self._audio_bytes = 0
        self._last: Ended | Failed | None = None
        self._closed = False

    @property
    def over(self) -> bool:
        """Whether the last event has been taken."""
        return self._last is not None

    @property
    def failure(self) -> VivavoceError | None:
        """What the stream failed of, if it did."""
        return self._last.error if isinstance(self._last, Failed) else None

    @property
    def server_timing(self) -> str:
        """The value of a ``Server-Timing`` header, in milliseconds from the request: ``queue`` until its first turn
        came, ``first`` until its first audio. "" as long as there is none."""
        times = {"queue": self._stream.queue_s, "first": self._first_audio_s}
        return ", ".join(
            f"{name};dur={seconds * 1000:.1f}" for name, seconds in times.items() if seconds is not None
        )

    def send(self, command: Command) -> None:
        """See :meth:`vivavoce.runtime.driver.Stream.send`. Raises QuotaExceededError, too, and sends nothing then."""
        if self._ledger is not None and isinstance(command, Text):
            self._ledger.spend(len(command.text))
        self._stream.send(command)

    async def events(self) -> Sequence[Event]:
        """The next batch; not to be called when :attr:`over`."""
        events = await self._stream.events()
        for event in events:
            if isinstance(event, Audio):
                if self._first_audio_s is None:
                    self._first_audio_s = self._now() - self._begun_at
                self._audio_bytes += len(event.data)
                self._audio_s = event.stop_s
            elif isinstance(event, (Ended, Failed)):
                self._last = event
        return events

    def close(self) -> None:
        """Nobody listens any more: work for it stops within a step. Safe more than once."""
        if self._closed:
            return
        self._closed = True
        self._stream.cancel()
        if self._ledger is not None:
            outcome = self._outcome()
            self._ledger.close(_STATUS.get(outcome, outcome), self._audio_s)
        if log.isEnabledFor(logging.INFO):
            log.info("%s", self._summary())

    def _outcome(self) -> str:
        match self._last:
            case None:
                return "left"
            case Failed():
                return self._last.error.code
            case Ended():
                return "cancelled" if self._last.cancelled else "spoken"

    def _summary(self) -> str:
        outcome = self._outcome()
        first_ms = "-" if self._first_audio_s is None else f"{self._first_audio_s * 1000:.0f}"
        audio_s = f"{self._last.audio_s:.2f}" if isinstance(self._last, Ended) else "-"
        return (
            f"{self._label} format={self._request.format.name} outcome={outcome} first_audio_ms={first_ms} "
            f"audio_s={audio_s} bytes={self._audio_bytes} took_s={self._now() - self._begun_at:.2f}"
        )
