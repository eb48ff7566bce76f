"""Tapes: one producer, any number of readers, bounded in bytes and time; without sockets and without a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import EngineError
from vivavoce.server.house import Guest
from vivavoce.server.replay import MAX_PARKED, PIECE_BYTES, LostPlaceError, Playback, Replays

pytestmark = pytest.mark.fast


class Pieces:
    """A source that gives what it has been given, and waits when it has nothing."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self.left: asyncio.Queue[bytes | EngineError | None] = asyncio.Queue()
        for piece in (*pieces, *([None] if ends else [])):
            self.left.put_nowait(piece)
        self.taken = 0
        self.closed = False

    def headers(self) -> Mapping[str, str]:
        return {}

    async def next(self) -> bytes | None:
        assert not self.closed, "asked after it was closed"
        piece = await self.left.get()
        self.taken += 1
        if isinstance(piece, EngineError):
            raise piece
        return piece

    def close(self) -> None:
        self.closed = True


class Timers:
    """A clock that rings when told to."""

    def __init__(self) -> None:
        self.set: dict[int, tuple[float, Callable[[], None]]] = {}
        self._count = 0

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        self._count += 1
        self.set[self._count] = (delay_s, call)
        return Timer(self, self._count)

    def ring(self) -> None:
        rung, self.set = self.set, {}
        for _, call in rung.values():
            call()


class Timer:
    def __init__(self, timers: Timers, number: int) -> None:
        self._timers = timers
        self._number = number

    def cancel(self) -> None:
        self._timers.set.pop(self._number, None)


class Shelf:
    """Replays, and what they were given."""

    def __init__(self, window_s: float = 60.0, max_bytes: int = 1000) -> None:
        self.timers = Timers()
        self.guests: set[Guest] = set()
        self.replays = Replays(window_s, max_bytes, self.guests, self.timers.call_later)


async def rest(playback: Playback) -> bytes:
    found = []
    while (piece := await playback.next()) is not None:
        found.append(piece)
    playback.close()
    return b"".join(found)


def test_a_resend_gets_what_was_made_and_goes_on_from_there() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(b"one", b"two", b"three")
        first = shelf.replays.record("me", 1, source)
        assert await first.next() == b"one"
        assert await first.next() == b"two"
        first.close()
        assert (source.taken, source.closed) == (2, False)
        again = shelf.replays.find("me", 1, 0)
        assert again is not None
        assert await again.next() == b"onetwo"
        assert await rest(again) == b"three"
        assert source.closed

    asyncio.run(story())


def test_nothing_is_made_while_nobody_reads() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(b"one", b"two")
        playback = shelf.replays.record("me", 1, source)
        await playback.next()
        playback.close()
        await asyncio.sleep(0)
        assert source.taken == 1

    asyncio.run(story())


def test_readers_at_the_end_wait_for_the_same_piece() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(ends=False)
        first = shelf.replays.record("me", 1, source)
        joined = [shelf.replays.find("me", 1, 0) for _ in range(3)]
        waiting = [asyncio.create_task(one.next()) for one in (first, *joined) if one is not None]
        await asyncio.sleep(0)
        source.left.put_nowait(b"one")
        assert await asyncio.gather(*waiting) == [b"one"] * 4
        assert source.taken == 1

    asyncio.run(story())


def test_the_reader_who_pulls_may_leave_and_loses_nothing() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(ends=False)
        first = shelf.replays.record("me", 1, source)
        second = shelf.replays.find("me", 1, 0)
        assert second is not None
        pulling, waiting = asyncio.create_task(first.next()), asyncio.create_task(second.next())
        await asyncio.sleep(0)
        pulling.cancel()
        first.close()
        await asyncio.sleep(0)
        source.left.put_nowait(b"one")
        assert await waiting == b"one"

    asyncio.run(story())


def test_a_place_beyond_the_end_is_reached_by_making_what_is_between() -> None:
    async def story() -> None:
        shelf = Shelf()
        shelf.replays.record("me", 1, Pieces(b"one", b"two", b"three"))
        playback = shelf.replays.find("me", 1, 5)
        assert playback is not None
        assert (playback.begun_at, await rest(playback)) == (5, b"othree")
        beyond = shelf.replays.find("me", 1, 99)
        assert beyond is not None
        assert await rest(beyond) == b""

    asyncio.run(story())


def test_what_is_parked_too_long_is_dropped_and_its_source_closed() -> None:
    async def story() -> None:
        shelf, source = Shelf(window_s=7.0), Pieces(b"one", b"two")
        playback = shelf.replays.record("me", 1, source)
        await playback.next()
        playback.close()
        assert [delay_s for delay_s, _ in shelf.timers.set.values()] == [7.0]
        again = shelf.replays.find("me", 1, 0)
        assert again is not None
        assert not shelf.timers.set
        again.close()
        shelf.timers.ring()
        assert source.closed
        assert shelf.replays.find("me", 1, 0) is None
        assert shelf.replays.bytes == 0

    asyncio.run(story())


def test_a_tape_with_a_reader_left_is_not_parked() -> None:
    shelf = Shelf()
    first = shelf.replays.record("me", 1, Pieces())
    second = shelf.replays.find("me", 1, 0)
    assert second is not None
    first.close()
    first.close()
    assert not shelf.timers.set
    second.close()
    assert shelf.timers.set


def test_other_owners_and_other_requests_have_other_tapes() -> None:
    shelf = Shelf()
    shelf.replays.record("me", 1, Pieces())
    assert shelf.replays.find("you", 1, 0) is None
    assert shelf.replays.find("me", 2, 0) is None


def test_a_failure_reaches_every_reader_and_is_not_kept() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(b"one", ends=False)
        first = shelf.replays.record("me", 1, source)
        second = shelf.replays.find("me", 1, 0)
        assert second is not None
        source.left.put_nowait(EngineError("no breath"))
        for reader in (first, second):
            assert await reader.next() == b"one"
            with pytest.raises(EngineError, match="no breath"):
                await reader.next()
        assert source.closed
        assert shelf.replays.find("me", 1, 0) is None
        first.close()
        second.close()
        assert shelf.replays.bytes == 0
        assert not shelf.guests

    asyncio.run(story())


def test_over_the_bound_those_parked_longest_go_first() -> None:
    async def story() -> None:
        shelf = Shelf(max_bytes=100)
        for number in range(3):
            await rest(shelf.replays.record("me", number, Pieces(bytes(40))))
        assert [shelf.replays.find("me", number, 0) is not None for number in range(3)] == [False, True, True]
        assert shelf.replays.bytes == 80

    asyncio.run(story())


def test_a_tape_over_the_bound_forgets_what_its_reader_has() -> None:
    async def story() -> None:
        shelf = Shelf(max_bytes=100)
        playback = shelf.replays.record("me", 1, Pieces(bytes(60), b"b" * 60, b"c" * 30))
        slow = shelf.replays.find("me", 1, 0)
        assert slow is not None
        assert await playback.next() == bytes(60)
        assert await playback.next() == b"b" * 60
        assert shelf.replays.bytes == 60
        assert shelf.replays.find("me", 1, 0) is None
        behind = shelf.replays.find("me", 1, 60)
        assert behind is not None
        assert await rest(behind) == b"b" * 60 + b"c" * 30
        with pytest.raises(LostPlaceError, match="byte 0 is forgotten"):
            await slow.next()
        assert await playback.next() == b"c" * 30

    asyncio.run(story())


def test_a_new_recording_takes_the_place_of_one_that_cannot_be_joined() -> None:
    async def story() -> None:
        shelf, old = Shelf(max_bytes=10), Pieces(bytes(8), bytes(8))
        first = shelf.replays.record("me", 1, old)
        await first.next()
        await first.next()
        assert shelf.replays.find("me", 1, 0) is None
        second = shelf.replays.record("me", 1, Pieces(b"new"))
        first.close()
        assert old.closed
        assert await rest(second) == b"new"
        assert shelf.replays.bytes == 3

    asyncio.run(story())


def test_without_a_window_nothing_is_shared_or_kept() -> None:
    async def story() -> None:
        shelf, source = Shelf(window_s=0), Pieces(b"one", b"two")
        playback = shelf.replays.record("me", 1, source)
        assert shelf.replays.find("me", 1, 0) is None
        await playback.next()
        playback.close()
        assert source.closed
        assert (shelf.replays.bytes, shelf.timers.set, shelf.guests) == (0, {}, set())

    asyncio.run(story())


def test_a_parked_stream_gives_way_its_owners_first() -> None:
    async def story() -> None:
        shelf = Shelf()
        sources = {owner: Pieces(b"one", b"two") for owner in ("a", "b", "c")}
        for owner, source in sources.items():
            playback = shelf.replays.record(owner, 1, source)
            await playback.next()
            playback.close()
        await rest(shelf.replays.record("whole", 1, Pieces(b"all")))
        assert shelf.replays.let_go("b")
        assert not shelf.replays.let_go("b")
        assert (sources["a"].closed, sources["b"].closed) == (False, True)
        assert shelf.replays.let_go()
        assert (sources["a"].closed, sources["c"].closed) == (True, False)
        assert shelf.replays.let_go()
        assert not shelf.replays.let_go(), "what is whole has no stream to give"
        assert shelf.replays.find("whole", 1, 0) is not None

    asyncio.run(story())


def test_only_so_many_unfinished_tapes_wait() -> None:
    async def story() -> None:
        shelf = Shelf(max_bytes=10_000)
        sources = [Pieces(b"one", b"two") for _ in range(MAX_PARKED + 3)]
        for number, source in enumerate(sources):
            playback = shelf.replays.record("me", number, source)
            await playback.next()
            playback.close()
        assert [source.closed for source in sources] == [True] * 3 + [False] * MAX_PARKED
        assert len(shelf.guests) == MAX_PARKED

    asyncio.run(story())


def test_parked_tapes_are_guests_and_leave_at_last_call() -> None:
    async def story() -> None:
        shelf, source = Shelf(), Pieces(b"one", b"two")
        playback = shelf.replays.record("me", 1, source)
        assert not shelf.guests
        await playback.next()
        playback.close()
        (guest,) = shelf.guests
        guest.last_call()
        assert source.closed
        assert not shelf.guests
        assert not shelf.timers.set

    asyncio.run(story())


def test_a_large_piece_is_given_in_parts() -> None:
    async def story() -> None:
        shelf = Shelf(max_bytes=1 << 20)
        playback = shelf.replays.record("me", 1, Pieces(bytes(PIECE_BYTES + 1)))
        assert len(await playback.next() or b"") == PIECE_BYTES
        assert len(await playback.next() or b"") == 1

    asyncio.run(story())


@examples(50)
@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=8),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 100)), max_size=25),
    st.integers(1, 200),
)
def test_any_readers_at_any_time_read_the_same_body(
    pieces: list[bytes], turns: list[tuple[int, int]], max_bytes: int
) -> None:
    """Readers join at any place, read a piece in any order, leave and join again; each hears the body from its place
    on, or is told that the place is lost; no more is kept than the bound and one piece."""
    body = b"".join(pieces)

    async def story() -> None:
        shelf = Shelf(max_bytes=max_bytes)
        shelf.replays.record("me", 1, Pieces(*pieces))
        readers: dict[int, tuple[Playback, bytearray]] = {}
        for number, position in turns:
            if number not in readers:
                found = shelf.replays.find("me", 1, position)
                if found is not None:
                    readers[number] = (found, bytearray())
                continue
            playback, heard = readers[number]
            try:
                piece = await playback.next()
            except LostPlaceError:
                piece = None
            heard += piece or b""
            assert body[playback.begun_at :].startswith(heard)
            if piece is None:
                playback.close()
                del readers[number]
            assert shelf.replays.bytes <= max_bytes + 20

    asyncio.run(story())
