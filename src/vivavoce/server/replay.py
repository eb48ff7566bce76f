"""What was sent lately, kept for a while, so that a download that broke goes on where it broke.

Theory. A body is a *tape*: whoever reads at its end pulls the next piece out of the source, one reader at a time, and
everybody else finds it there. So there is one producer and any number of late joiners, and nothing is made that nobody
reads: when the last reader has left, the source stands still, and its stream is held like that of a slow listener.
Such a tape is *parked*: it waits ``window_s`` for a reader, then it is dropped and its source closed.

What is kept is bounded, and so is how many unfinished tapes may wait. Over ``max_bytes`` the tapes that have been parked longest go first; when all have readers,
the one that grows forgets what it has already given out, and can then be joined only behind that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Final, Protocol

from vivavoce.errors import RequestError, VivavoceError
from vivavoce.server.house import Guest

PIECE_BYTES: Final = 65_536
"""The most that one read gives."""
MAX_PARKED: Final = 32
"""Unfinished tapes that may wait for a reader: each holds a stream, which costs a place among the live ones."""


class LostPlaceError(RequestError):
    """A reader was so slow that what it would read next has been forgotten; its body is cut."""


class Source(Protocol):
    """Where a body comes from."""

    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, once there is a first piece; of a whole answer, once there is the last."""
        ...

    async def next(self) -> bytes | None:
        """The next piece, never empty; ``None`` when the body is whole. Cancelling the wait loses nothing.

        Raises VivavoceError when the rest cannot be made.
        """
        ...

    def close(self) -> None:
        """Nothing more is wanted. Safe more than once."""
        ...


class Handle(Protocol):
    """A timer that can be stopped."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Handle]


def _call_later(delay_s: float, call: Callable[[], None]) -> Handle:
    return asyncio.get_running_loop().call_later(delay_s, call)


class Tape:
    """One body, being made or whole. Made by :class:`Replays`."""

    def __init__(self, owner: str, key: Hashable, source: Source, grown: Callable[[Tape, int], None]) -> None:
        self.owner = owner
        self.key = key
        self.source = source
        self.readers = 0
        self.timer: Handle | None = None
        self.start = 0
        """Offset in the body of the first byte that is kept."""
        self.whole = False
        self.failure: VivavoceError | None = None
        self._grown = grown
        self._kept = bytearray()
        self._turn = asyncio.Lock()

    @property
    def end(self) -> int:
        """Bytes of the body made so far."""
        return self.start + len(self._kept)

    @property
    def size(self) -> int:
        """Bytes kept."""
        return len(self._kept)

    async def read(self, position: int) -> bytes | None:
        """What follows ``position``, made now if it has to be; ``None`` when the body ends there or before.

        Raises LostPlaceError when it is forgotten, and what the source failed of. Cancelling loses nothing.
        """
        while position >= self.end:
            if self.failure is not None:
                raise self.failure
            if self.whole:
                return None
            async with self._turn:
                if position >= self.end and not self.whole and self.failure is None:
                    await self._pull()
        if position < self.start:
            raise LostPlaceError(f"byte {position} is forgotten; the body is kept from byte {self.start} on")
        at = position - self.start
        return bytes(self._kept[at : at + PIECE_BYTES])

    def forget(self, before: int) -> int:
        """Bytes in front of ``before`` are not kept any more; how many they were."""
        count = min(max(0, before - self.start), len(self._kept))
        del self._kept[:count]
        self.start += count
        return count

    async def _pull(self) -> None:
        try:
            piece = await self.source.next()
        except VivavoceError as error:
            self.failure = error
            self.source.close()
            return
        if piece is None:
            self.whole = True
            self.source.close()
            return
        self._kept += piece
        self._grown(self, len(piece))


class Playback:
    """One reader's place on a tape, until it is closed."""

    def __init__(self, tape: Tape, position: int, done: Callable[[Tape], None]) -> None:
        self.tape = tape
        self.begun_at = position
        self._position = position
        self._done: Callable[[Tape], None] | None = done
        tape.readers += 1

    async def next(self) -> bytes | None:
        """The next piece; see :meth:`Tape.read`."""
        piece = await self.tape.read(self._position)
        self._position += len(piece or b"")
        return piece

    def close(self) -> None:
        """The reader has all it wanted, or has left. Safe more than once."""
        if self._done is not None:
            done, self._done = self._done, None
            self.tape.readers -= 1
            done(self.tape)


class Replays:
    """The tapes of one server. For one event loop."""

    def __init__(
        self,
        window_s: float,
        max_bytes: int,
        guests: set[Guest],
        call_later: CallLater = _call_later,
    ) -> None:
        """``guests``: the house's; parked tapes are among them, so that they are let go when it closes."""
        self._window_s = window_s
        self._max_bytes = max_bytes
        self._guests = guests
        self._call_later = call_later
        self._tapes: dict[tuple[str, Hashable], Tape] = {}
        self._parked: dict[Tape, _Parked] = {}
        """In the order in which they were left."""
        self.bytes = 0
        """Bytes kept, of all tapes."""

    def find(self, owner: str, key: Hashable, position: int) -> Playback | None:
        """A place at ``position`` on the tape that ``owner`` began with the same request, if it is kept."""
        tape = self._tapes.get((owner, key))
        if tape is None or tape.failure is not None or tape.start > position:
            return None
        self._unpark(tape)
        return Playback(tape, position, self._left)

    def record(self, owner: str, key: Hashable, source: Source) -> Playback:
        """A place at the start of a new tape. One of the same name before it can no longer be joined."""
        tape = Tape(owner, key, source, self._grown)
        before = self._tapes.pop((owner, key), None)
        if before is not None and not before.readers:
            self._drop(before)
        if self._window_s > 0:
            self._tapes[owner, key] = tape
        return Playback(tape, 0, self._left)

    def let_go(self, owner: str | None = None) -> bool:
        """Drops the unfinished tape (of ``owner``) that has been parked longest, whose stream somebody else could
        use; whether there was one."""
        for tape in self._parked:
            if not tape.whole and owner in (None, tape.owner):
                self._drop(tape)
                return True
        return False

    def _left(self, tape: Tape) -> None:
        """A reader has left: the last one parks the tape, if it is worth keeping."""
        if tape.readers:
            return
        if tape.failure is not None or self._tapes.get((tape.owner, tape.key)) is not tape:
            self._drop(tape)
            return
        if not tape.whole and sum(not one.whole for one in self._parked) >= MAX_PARKED:
            self.let_go()
        parked = _Parked(self, tape)
        self._parked[tape] = parked
        self._guests.add(parked)
        tape.timer = self._call_later(self._window_s, parked.leave)

    def _unpark(self, tape: Tape) -> None:
        parked = self._parked.pop(tape, None)
        if parked is not None:
            self._guests.discard(parked)
        if tape.timer is not None:
            tape.timer.cancel()
            tape.timer = None

    def _drop(self, tape: Tape) -> None:
        self._unpark(tape)
        if self._tapes.get((tape.owner, tape.key)) is tape:
            del self._tapes[tape.owner, tape.key]
        tape.source.close()
        self.bytes -= tape.forget(tape.end)

    def _grown(self, tape: Tape, count: int) -> None:
        self.bytes += count
        while self.bytes > self._max_bytes and self._parked:
            self._drop(next(iter(self._parked)))
        if self.bytes > self._max_bytes:
            self.bytes -= tape.forget(tape.end - count)


class _Parked:
    """A parked tape as a guest of the house: it leaves as soon as the house closes."""

    def __init__(self, replays: Replays, tape: Tape) -> None:
        self._replays = replays
        self._tape = tape

    def last_call(self) -> None:
        """See :class:`~vivavoce.server.house.Guest`."""
        self.leave()

    def leave(self) -> None:
        """See :class:`~vivavoce.server.house.Guest`."""
        self._replays._drop(self._tape)
