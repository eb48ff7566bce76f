"""One stream of a socket: what it may send, by its credit, and whether it was cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from vivavoce.dialects.contract import StreamKey
from vivavoce.server.portion import MAX_AUDIO_BYTES, audio_bytes, portion
from vivavoce.server.speaking import Speaking
from vivavoce.speech import Cancel, Command, Ended, Event, Failed


class Pump:
    """What a stream may send: its credit, and whether it was cancelled."""

    def __init__(self, key: StreamKey, speaking: Speaking, credit: int | None) -> None:
        self.key = key
        self.speaking = speaking
        self._credit = credit
        self._cancelled = False
        self._moved = asyncio.Event()

    def credit(self, size: int) -> None:
        """The listener can take so many more bytes."""
        if self._credit is not None:
            self._credit += size
            self._moved.set()

    def command(self, command: Command) -> None:
        """Raises VivavoceError when the stream refuses it."""
        if isinstance(command, Cancel):
            self._cancelled = True
            self._moved.set()
            if self.speaking.over:
                return  # only what is held here is left to cancel
        self.speaking.send(command)

    async def next(self, events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Event]]:
        """What of ``events`` goes now, and the rest; waits for credit when audio is next and there is none.

        Once cancelled, nothing but the last event goes.
        """
        while True:
            if self._cancelled:
                return _last(events), ()
            limit = MAX_AUDIO_BYTES if self._credit is None else min(self._credit, MAX_AUDIO_BYTES)
            now, rest = portion(events, limit)
            if now:
                if self._credit is not None:
                    self._credit -= audio_bytes(now)
                return now, rest
            self._moved.clear()
            await self._moved.wait()


def _last(events: Sequence[Event]) -> Sequence[Event]:
    match events[-1]:
        case Ended() as ended:
            return (msgspec.structs.replace(ended, cancelled=True),)
        case Failed() as failed:
            return (failed,)
        case _:
            return ()
