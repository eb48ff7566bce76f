"""Texts that the tone engine obeys, and a listener that writes down what happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from vivavoce.engines.tone import ToneEngine
from vivavoce.errors import VivavoceError
from vivavoce.runtime.backend import Seat
from vivavoce.runtime.pool import LocalPool
from vivavoce.speech import Boundary, Chunk, Utterance

VOICE = "tone"
TONE: Final = next(voice for voice in ToneEngine().voices() if voice.id == VOICE)
RATE_HZ = 24000
FAIL = "{{fail}}"
CRASH = "{{crash}}"


def pause(seconds: float) -> str:
    """A command that takes so long and makes no sound."""
    return f"{{{{delay {round(1000 * seconds)}}}}}"


def words(count: int) -> str:
    """``count`` words of 80 ms."""
    return " ".join(chr(ord("a") + i % 26) for i in range(count))


def utterance(text: str, number: int = 0, voice: str = VOICE) -> Utterance:
    return Utterance(number=number, voice=voice, language="en", text=text, boundary=Boundary.SENTENCE)


class Listener:
    """A stream of a few utterances, all there from the start. It plays nothing: time is the pool's own."""

    def __init__(
        self,
        *texts: str,
        delivers: bool = True,
        on_take: Callable[[Listener], None] | None = None,
        voice: str = VOICE,
    ) -> None:
        self.voice = voice
        self.texts = list(texts)
        self.delivers = delivers
        self.on_take = on_take
        self.pulled = 0
        self.pcm: dict[int, bytes] = {}
        self.finished: list[int] = []
        self.failed: dict[int, VivavoceError] = {}
        self.refused: VivavoceError | None = None
        self.takes = 0
        self.order: list[int] = []
        """Utterances as their chunks, ends and failures came."""
        self.changed = asyncio.Event()
        self.seat: Seat

    def attach(self, pool: LocalPool, dialect: str = "") -> Listener:
        info = next(one for one in ToneEngine().voices() if one.id == self.voice)
        self.seat = pool.attach(self, info, dialect)
        self.seat.wake()
        return self

    @property
    def all(self) -> bytes:
        return b"".join(self.pcm.values())

    @property
    def seconds(self) -> float:
        return len(self.all) / 2 / RATE_HZ

    @property
    def over(self) -> bool:
        return not self.texts and len(self.finished) + len(self.failed) == self.pulled

    async def until(self, condition: Callable[[Listener], bool], timeout_s: float = 20.0) -> None:
        """Wait until ``condition`` holds."""
        async with asyncio.timeout(timeout_s):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()

    async def finish_all(self) -> None:
        """Wait until everything has been spoken or has failed, and leave."""
        await self.until(lambda listener: listener.over)
        self.seat.leave()

    # ---- Source ---------------------------------------------------------------------------------------------------

    def pull(self) -> Utterance | None:
        if not self.texts:
            return None
        self.pulled += 1
        return utterance(self.texts.pop(0), self.pulled - 1, self.voice)

    def take(self, number: int, chunk: Chunk) -> None:
        self.takes += 1
        self.order.append(number)
        self.pcm[number] = self.pcm.get(number, b"") + chunk.pcm
        if self.delivers:
            self.seat.delivered(len(chunk.pcm) / 2 / RATE_HZ)
        if self.on_take is not None:
            self.on_take(self)
        self.changed.set()

    def finish(self, number: int) -> None:
        self.order.append(number)
        self.finished.append(number)
        self.changed.set()

    def fail(self, number: int, error: VivavoceError) -> None:
        self.order.append(number)
        self.failed[number] = error
        self.changed.set()

    def refuse(self, error: VivavoceError) -> None:
        self.refused = error
        self.changed.set()
