"""The local pool with real worker processes: streams at work, listeners that leave, workers that die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias

import pytest
import uvloop
from msgspec import structs

from pools import alive, eventually, running, speaker_of, workers_of
from scripted import CRASH, FAIL, VOICE, Listener, pause, words
from vivavoce.errors import (
    EngineError,
    OverloadedError,
    ShuttingDownError,
    UnknownVoiceError,
    VoiceQuarantinedError,
    WorkerDiedError,
)
from vivavoce.runtime.admission import FRONT_AUDIO_S, FRONT_COST, START_S, UNMEASURED_COST
from vivavoce.runtime.clock import SystemClock
from vivavoce.runtime.pool import LocalPool
from vivavoce.settings import Settings

pytestmark = pytest.mark.integration


async def spoken(pool: LocalPool, *texts: str) -> Listener:
    """A listener who has heard all of ``texts``."""
    listener = Listener(*texts).attach(pool)
    await listener.finish_all()
    return listener


def finished_more(count: int, listener: Listener) -> bool:
    return len(listener.finished) > count


async def streams_speak() -> None:
    async with running() as pool:
        assert VOICE in [voice.id for voice in pool.voices()]
        listener = await spoken(pool, words(5), words(3))
        assert listener.finished == [0, 1]
        assert len(listener.pcm[0]) > len(listener.pcm[1]) > 0
        assert listener.failed == {}
        assert pool.status()["streams"] == 0
        assert pool.status()["workers"] == 2


Runner: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]
both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@both_loops
def test_a_stream_speaks_on_both_loops(run: Runner) -> None:
    run(streams_speak())


def test_closing_twice_and_without_a_start_is_safe() -> None:
    async def scenario() -> None:
        pool = LocalPool(Settings(workers=1, engines="tone"), SystemClock())
        await pool.close()
        async with running(1) as other:
            await other.close()
            with pytest.raises(ShuttingDownError):
                Listener("a").attach(other)

    asyncio.run(scenario())


def test_closing_fails_what_is_under_way() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            listener = Listener(f"{words(1)} {pause(30)}").attach(pool)
            await listener.until(lambda heard: heard.takes > 0)
            await pool.close()
            assert isinstance(listener.failed[0], ShuttingDownError)

    asyncio.run(scenario())


def test_sixty_four_streams_all_complete_in_order() -> None:
    async def scenario() -> None:
        async with running() as pool:
            alone = await spoken(pool, words(12), words(7), words(9))
            crowd = await asyncio.gather(*(spoken(pool, words(12), words(7), words(9)) for _ in range(64)))
            for listener in crowd:
                assert listener.finished == [0, 1, 2]
                assert listener.order == sorted(listener.order)
                assert listener.pcm == alone.pcm
            assert pool.status()["streams"] == pool.status()["running"] == 0

    asyncio.run(scenario())


def test_a_listener_who_leaves_stops_the_step() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            endless = " ".join([words(1), pause(0.02)] * 1000)  # Twenty seconds of work in one step at most.
            listener = Listener(endless).attach(pool)
            await listener.until(lambda heard: heard.takes >= 3)
            before = listener.takes
            listener.seat.leave()
            listener.seat.leave()
            await spoken(pool, words(2))
            assert listener.takes == before
            assert listener.finished == []
            assert pool.status()["cancelled"] == 1
            assert pool.status()["after_disconnect_s"] < 1.0

    asyncio.run(scenario())


def test_a_listener_may_leave_from_within_take() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            leaver = Listener(words(50), on_take=lambda heard: heard.seat.leave()).attach(pool)
            await leaver.until(lambda heard: heard.takes > 0)
            listener = await spoken(pool, words(5))
            assert leaver.takes == 1
            assert listener.finished == [0]

    asyncio.run(scenario())


def test_a_failing_utterance_leaves_its_stream_and_the_others_alone() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            failing = Listener(f"{words(2)} {FAIL}", words(3)).attach(pool)
            sibling = Listener(words(9)).attach(pool)
            await asyncio.gather(failing.finish_all(), sibling.finish_all())
            assert isinstance(failing.failed[0], EngineError)
            assert failing.finished == [1]
            assert sibling.finished == [0]
            assert pool.status()["worker_deaths"] == 0

    asyncio.run(scenario())


def test_a_killed_worker_costs_its_own_stream_only() -> None:
    slow = " ".join([words(1), pause(0.01)] * 60)

    async def scenario() -> None:
        async with running() as pool:
            undisturbed = await spoken(pool, slow)
            victim, sibling = Listener(slow, words(3)).attach(pool), Listener(slow).attach(pool)
            await asyncio.gather(*(one.until(lambda heard: heard.takes > 3) for one in (victim, sibling)))
            os.kill(speaker_of(victim), signal.SIGKILL)
            await asyncio.gather(victim.finish_all(), sibling.finish_all())
            assert isinstance(victim.failed[0], WorkerDiedError)
            assert victim.finished == [1], "the stream's next utterance is spoken elsewhere"
            assert undisturbed.all.startswith(victim.pcm[0])
            assert sibling.all == undisturbed.all
            await eventually(lambda: pool.status()["workers"] == 2)
            assert pool.status()["worker_deaths"] == 1

    asyncio.run(scenario())


def test_an_unheard_utterance_is_tried_again() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            text = f"{pause(0.5)} {words(4)}"
            undisturbed = await spoken(pool, text)
            listener = Listener(text).attach(pool)
            (worker,) = workers_of(os.getpid())
            os.kill(worker, signal.SIGKILL)
            await listener.finish_all()
            assert listener.failed == {}
            assert listener.pcm == undisturbed.pcm
            assert pool.status()["worker_deaths"] == 1
            assert worker not in workers_of(os.getpid())

    asyncio.run(scenario())


def test_without_retries_an_unheard_utterance_fails() -> None:
    async def scenario() -> None:
        async with running(1, worker_retries=0) as pool:
            listener = Listener(CRASH, words(2)).attach(pool)
            await listener.finish_all()
            assert isinstance(listener.failed[0], WorkerDiedError)
            assert listener.finished == [1]

    asyncio.run(scenario())


def test_a_voice_that_keeps_killing_workers_is_quarantined() -> None:
    async def scenario() -> None:
        async with running(2, worker_retries=9, quarantine_after=3) as pool:
            bystander = Listener(f"{words(3)} {pause(0.2)} {words(3)}").attach(pool)
            listener = Listener(CRASH, words(2)).attach(pool)
            await listener.finish_all()
            assert pool.status()["worker_deaths"] == 3
            assert [type(error) for error in listener.failed.values()] == [VoiceQuarantinedError] * 2
            assert listener.finished == []
            with pytest.raises(VoiceQuarantinedError, match="3 times"):
                Listener(words(1)).attach(pool)
            assert VOICE not in [voice.id for voice in pool.voices()]
            assert pool.status()["quarantined"] == 1
            await bystander.finish_all()  # Spoken or failed, but not forgotten.

    asyncio.run(scenario())


def test_a_worker_that_dies_idle_blames_nobody() -> None:
    async def scenario() -> None:
        async with running(1, quarantine_after=1) as pool:
            await spoken(pool, words(1))
            for pid in workers_of(os.getpid()):
                os.kill(pid, signal.SIGKILL)
            await eventually(lambda: pool.status()["worker_deaths"] == 1)
            assert (await spoken(pool, words(2))).finished == [0]

    asyncio.run(scenario())


def test_a_worker_that_hangs_is_killed_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with running(1, worker_retries=0) as pool:
            hanging = Listener("{{hang}}", words(2)).attach(pool)
            await hanging.finish_all()
            assert isinstance(hanging.failed[0], WorkerDiedError)
            assert hanging.finished == [1]

    monkeypatch.setattr("vivavoce.runtime.crew.STALL_S", 1.0)
    asyncio.run(scenario())


def test_a_held_stream_is_made_no_further_than_its_step() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            listener = Listener(words(90), on_take=lambda heard: heard.seat.hold(True)).attach(pool)
            await listener.until(lambda heard: heard.takes > 0)
            await spoken(pool, words(20))  # Meanwhile others are served.
            assert listener.seconds <= 1.0
            held_s = listener.seconds
            listener.on_take = None
            listener.seat.hold(False)
            await listener.finish_all()
            assert listener.seconds > held_s
            assert listener.finished == [0]

    asyncio.run(scenario())


@both_loops
def test_a_listener_who_never_plays_is_made_no_more_than_the_lead(run: Runner) -> None:
    """On uvloop a timer that is due at once is of another type."""

    async def scenario() -> None:
        async with running(1, lead_s=2.0) as pool:
            began = time.monotonic()
            listener = Listener(*[words(10)] * 50).attach(pool)
            await listener.until(lambda heard: heard.seconds >= 1.5)
            await spoken(pool, words(20))
            made_s, at = listener.seconds, time.monotonic()
            assert made_s <= (at - began) + 2.5
            await listener.until(lambda heard: heard.seconds > made_s)  # Time goes on, and so does the work.
            await listener.until(lambda heard: heard.seconds > made_s + 1)
            assert listener.seconds <= made_s + (time.monotonic() - at) + 1.0
            listener.seat.leave()

    run(scenario())


def test_a_stream_that_gets_more_text_later_speaks_again() -> None:
    async def scenario() -> None:
        async with running(1) as pool:
            listener = Listener().attach(pool)
            await spoken(pool, words(1))
            assert listener.pulled == 0
            for count in range(3):
                listener.texts.append(words(2))
                listener.seat.wake()
                await listener.until(partial(finished_more, count))
            listener.seat.leave()
            assert listener.finished == [0, 1, 2]

    asyncio.run(scenario())


def test_a_full_machine_refuses_and_an_unknown_voice_is_named() -> None:
    async def scenario() -> None:
        async with running(1, max_load=0.05, retry_after_s=3.0) as pool:
            each = UNMEASURED_COST * (1 + FRONT_AUDIO_S / START_S) + FRONT_COST
            newcomers = int(0.05 / each)  # At the cost of a voice that nobody heard.
            seats = [Listener().attach(pool).seat for _ in range(newcomers)]
            with pytest.raises(OverloadedError) as caught:
                Listener().attach(pool)
            assert caught.value.retry_after_s == 3.0
            assert pool.status()["load"] < 0.05
            for seat in seats:
                seat.leave()
            with pytest.raises(UnknownVoiceError, match="nobody"):
                pool.attach(Listener(), structs.replace(pool.voices()[0], id="nobody", engine="none"))
            assert (await spoken(pool, words(2))).finished == [0]
            shown = pool.metrics.render().decode()
            assert 'vivavoce_refusals_total{code="overloaded",dialect="local",engine="tone"} 1.0' in shown
            assert 'vivavoce_first_audio_seconds_count{dialect="local",engine="tone"} 1.0' in shown
            assert "vivavoce_workers 1.0" in shown

    asyncio.run(scenario())


def test_voices_are_loaded_in_every_worker() -> None:
    async def scenario() -> None:
        async with running() as pool:
            await asyncio.gather(pool.load(VOICE), pool.load(VOICE), spoken(pool, words(5)))
            with pytest.raises(EngineError, match="nobody"):
                await pool.load("nobody")

    asyncio.run(scenario())


def test_a_worker_that_cannot_start_is_an_error_not_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        pool = LocalPool(Settings(workers=2, engines="tone"), SystemClock())
        with pytest.raises(WorkerDiedError, match="exit status"):
            await pool.start()
        assert workers_of(os.getpid()) == []

    monkeypatch.setattr(sys, "executable", "/bin/false")
    asyncio.run(scenario())


ORPHANS = """
import asyncio
from scripted import Listener, pause, words
from vivavoce.runtime.clock import SystemClock
from vivavoce.runtime.pool import LocalPool
from vivavoce.settings import Settings

async def main():
    pool = LocalPool(Settings(workers=2, engines="tone"), SystemClock())
    await pool.start()
    listener = Listener(f"{words(1)} {pause(60)}").attach(pool)
    await listener.until(lambda heard: heard.takes > 0)
    print("speaking", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_workers_end_with_a_parent_that_is_killed() -> None:
    """One of them is in the middle of a call that lasts a minute."""
    path = os.pathsep.join(filter(None, [*sys.path, os.environ.get("PYTHONPATH")]))
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"speaking\n"
        pids = workers_of(parent.pid)
        assert len(pids) == 2
        parent.kill()
    until = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.01)
    assert [pid for pid in pids if alive(pid)] == []
