"""A voice whose files go while streams speak with it, with real workers: those that have it loaded speak on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from pools import eventually, running, speaker_of
from randomvoices import installed
from scripted import Listener, pause
from vivavoce.errors import EngineError
from vivavoce.runtime.pool import LocalPool

pytestmark = pytest.mark.integration

VOICE = "leaving"
SENTENCES = ("The weather is nice today.", "She opened the door.")


def attached(listener: Listener, pool: LocalPool) -> Listener:
    """``listener``, whose voice is one of the pool's own."""
    info = next(voice for voice in pool.voices() if voice.id == listener.voice)
    listener.seat = pool.attach(listener, info)
    listener.seat.wake()
    return listener


def test_a_worker_that_cannot_load_a_removed_voice_leaves_its_streams_to_the_one_that_has_it(
    tmp_path: Path,
) -> None:
    installed(tmp_path / "voices" / "piper", "tiny", VOICE)

    async def scenario() -> None:
        async with running(2, engines="tone,piper", data_dir=str(tmp_path), spare_workers=0) as pool:
            listener = attached(Listener(SENTENCES[0], voice=VOICE), pool)
            await listener.until(lambda heard: heard.finished == [0])
            shutil.rmtree(tmp_path / "voices" / "piper" / VOICE)
            # Nobody has looked yet. The worker that has the voice is busy for long, the other one for a moment.
            assert [VOICE in at_hand for at_hand in pool._crew.at_hand()].count(True) == 1
            sleepers = [Listener(pause(s)).attach(pool) for s in (0.2, 2.0)]
            busy = [speaker_of(sleeper) for sleeper in sleepers]
            assert len(set(busy)) == 2
            listener.texts.append(SENTENCES[1])
            listener.seat.wake()
            await listener.finish_all()
            assert listener.failed == {}
            assert listener.finished == [0, 1]
            assert min(map(len, listener.pcm.values())) > 22_050
            # It was tried elsewhere: the pool has looked what there is since.
            await eventually(lambda: VOICE not in [voice.id for voice in pool.voices()])
            for sleeper in sleepers:
                await sleeper.finish_all()

    asyncio.run(scenario())


def test_a_voice_that_nobody_can_load_any_more_ends_its_stream_and_no_other(tmp_path: Path) -> None:
    installed(tmp_path / "voices" / "piper", "tiny", VOICE)

    async def scenario() -> None:
        async with running(2, engines="tone,piper", data_dir=str(tmp_path), spare_workers=0) as pool:
            listener = attached(Listener(voice=VOICE), pool)
            shutil.rmtree(tmp_path / "voices" / "piper" / VOICE)
            listener.texts.append(SENTENCES[0])
            listener.seat.wake()
            other = Listener("a b c").attach(pool)
            await asyncio.gather(listener.finish_all(), other.finish_all())
            assert isinstance(listener.failed[0], EngineError)
            assert other.finished == [0]

    asyncio.run(scenario())
