"""Room in the pool, with real workers: streams that wait for it, voices that share a worker's memory, spares."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from pools import eventually, running
from scripted import Listener, pause, words
from vivavoce.errors import EngineError, OverloadedError, ShuttingDownError
from vivavoce.runtime.pool import LocalPool

pytestmark = pytest.mark.integration

HEAVY, HEAVIER = "tone-heavy", "tone-heavier"


def filled(pool: LocalPool) -> list[Listener]:
    """Listeners who say nothing and take all the room there is."""
    found: list[Listener] = []
    while pool.status()["waiting"] == 0:
        found.append(Listener().attach(pool))
    found.pop().seat.leave()
    return found


def hands(pool: LocalPool) -> list[set[str]]:
    """What each worker has loaded, of heavy voices."""
    return [slot.at_hand & {HEAVY, HEAVIER} for slot in pool._crew._slots]


# ---- waiting ------------------------------------------------------------------------------------------------------------


def test_a_stream_waits_for_room_and_is_then_spoken() -> None:
    async def scenario() -> None:
        async with running(1, max_load=0.05, admission_wait_s=30) as pool:
            inside = filled(pool)
            listener = Listener(words(3)).attach(pool, "native")
            await asyncio.sleep(0.1)
            assert (pool.status()["waiting"], listener.pulled) == (1, 0)
            inside.pop().seat.leave()
            await listener.finish_all()
            assert listener.finished == [0]
            assert listener.refused is None
            assert pool.status()["waiting"] == 0
            shown = pool.metrics.render().decode()
            waited = 'vivavoce_queue_wait_seconds_sum{dialect="native",engine="tone"} '
            assert float(shown.partition(waited)[2].partition("\n")[0]) >= 0.1

    asyncio.run(scenario())


def test_who_waits_in_vain_is_refused_with_when_to_come_back() -> None:
    async def scenario() -> None:
        async with running(1, max_load=0.05, admission_wait_s=0.2, retry_after_s=7) as pool:
            inside = filled(pool)
            late = [Listener(words(1)).attach(pool) for _ in range(3)]
            await asyncio.gather(*(one.until(lambda heard: heard.refused is not None) for one in late))
            for one in late:
                assert isinstance(one.refused, OverloadedError)
                assert one.refused.retry_after_s == 7
                assert one.pulled == 0
                one.seat.leave()
            assert pool.status()["refused"] == 3
            assert pool.status()["streams"] == len(inside)

    asyncio.run(scenario())


def test_the_places_to_wait_in_are_bounded_and_given_up_by_who_leaves() -> None:
    async def scenario() -> None:
        async with running(1, max_load=0.05, admission_wait_s=30, admission_queue=1) as pool:
            inside = filled(pool)
            first = Listener(words(1)).attach(pool)
            with pytest.raises(OverloadedError):
                Listener(words(1)).attach(pool)
            first.seat.leave()
            second = Listener(words(2)).attach(pool)
            inside.pop().seat.leave()
            await second.finish_all()
            assert first.pulled == 0

    asyncio.run(scenario())


def test_closing_tells_those_who_wait() -> None:
    async def scenario() -> None:
        async with running(1, max_load=0.05, admission_wait_s=30) as pool:
            filled(pool)
            listener = Listener(words(1)).attach(pool)
            await pool.close()
            assert isinstance(listener.refused, ShuttingDownError)

    asyncio.run(scenario())


# ---- memory -------------------------------------------------------------------------------------------------------------


def test_a_voice_is_unloaded_when_another_needs_the_memory() -> None:
    async def scenario() -> None:
        async with running(1, voice_memory_mb=800, spare_workers=0) as pool:
            for voice, at_hand in ((HEAVY, {HEAVY}), (HEAVIER, {HEAVIER}), (HEAVY, {HEAVY})):
                listener = Listener(words(3), voice=voice).attach(pool)
                await listener.finish_all()
                assert listener.finished == [0]
                assert hands(pool) == [at_hand]

    asyncio.run(scenario())


def test_voices_that_fit_stay_together() -> None:
    async def scenario() -> None:
        async with running(1, voice_memory_mb=900, spare_workers=0) as pool:
            for voice in (HEAVY, HEAVIER):
                await Listener(words(1), voice=voice).attach(pool).finish_all()
            assert hands(pool) == [{HEAVY, HEAVIER}]

    asyncio.run(scenario())


def test_a_voice_at_work_is_not_unloaded_and_the_other_waits_for_it() -> None:
    async def scenario() -> None:
        async with running(1, voice_memory_mb=800, spare_workers=0) as pool:
            slow = Listener(" ".join([words(1), pause(0.01)] * 30), voice=HEAVY).attach(pool)
            await slow.until(lambda heard: heard.takes > 0)
            other = Listener(words(3), voice=HEAVIER).attach(pool)
            await asyncio.gather(slow.finish_all(), other.finish_all())
            assert slow.finished == other.finished == [0]
            assert slow.failed == other.failed == {}
            assert hands(pool) == [{HEAVIER}]

    asyncio.run(scenario())


def test_a_voice_over_the_bound_is_refused_and_the_others_speak() -> None:
    async def scenario() -> None:
        async with running(1, voice_memory_mb=400) as pool:
            with pytest.raises(EngineError, match=r"600 MB, more than the 400 MB"):
                Listener(words(1), voice=HEAVIER).attach(pool)
            listener = Listener(words(1), voice=HEAVY).attach(pool)
            await listener.finish_all()
            assert listener.finished == [0]

    asyncio.run(scenario())


def test_streams_go_to_the_worker_that_has_their_voice() -> None:
    async def scenario() -> None:
        async with running(2, voice_memory_mb=800, spare_workers=0) as pool:
            for voice in (HEAVY, HEAVIER) * 4:
                await Listener(words(2), voice=voice).attach(pool).finish_all()
            assert sorted(map(sorted, hands(pool))) == [[HEAVIER], [HEAVY]]

    asyncio.run(scenario())


# ---- spares -------------------------------------------------------------------------------------------------------------


def test_a_spare_takes_over_with_its_voices_loaded() -> None:
    async def scenario() -> None:
        async with running(2, voice_memory_mb=1000) as pool:
            assert pool.status()["spares"] == 0, "nothing is loaded yet that a start would cost"
            await Listener(words(1), voice=HEAVIER).attach(pool).finish_all()
            await eventually(lambda: pool.status()["spares"] == 1)
            (spare,) = pool._crew._reserve._ready
            await eventually(lambda: HEAVIER in spare.slot.at_hand)
            slot = next(slot for slot in pool._crew._slots if HEAVIER in slot.at_hand)
            assert slot.process is not None
            assert spare.process is not None
            os.kill(slot.process.pid, signal.SIGKILL)
            await eventually(lambda: slot.process is spare.process)
            assert slot.at_hand == {HEAVIER}
            listener = Listener(words(2), voice=HEAVIER).attach(pool)
            await listener.finish_all()
            assert listener.finished == [0]
            await eventually(lambda: pool.status()["spares"] == 1)

    asyncio.run(scenario())


def test_a_spare_that_dies_is_replaced_and_harms_nobody() -> None:
    async def scenario() -> None:
        async with running(1, spare_workers=1) as pool:
            await eventually(lambda: pool.status()["spares"] == 1)
            (spare,) = pool._crew._reserve._ready
            assert spare.process is not None
            os.kill(spare.process.pid, signal.SIGKILL)
            await eventually(lambda: pool.status()["worker_deaths"] == 1)
            await eventually(lambda: [post for post in pool._crew._reserve._ready if post is not spare] != [])
            listener = Listener(words(2)).attach(pool)
            await listener.finish_all()
            assert listener.finished == [0]
            assert pool.status()["workers"] == 1

    asyncio.run(scenario())
