"""Listeners of one server, many at once or one after the other, and what they got."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from bench.client import STARVED_S, Heard
from bench.figures import quantile
from bench.rivals import Refused, Rival
from bench.speech import summary_ms

WORDS_A_SECOND: Final = 12.0
MEMORY_S: Final = 0.5
"""Interval of looking at memory, which costs the benchmark some milliseconds a process."""


QUIET_S: Final = 15.0
"""How long a server may go on working for somebody who left before the next is measured."""


@dataclass
class Crowd:
    """All listeners of one server in one row, over its rounds."""

    heard: list[Heard] = field(default_factory=list)
    refused: int = 0
    rounds: int = 0
    words: int = 0
    """Of all texts."""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    workers_s: float = 0.0
    """CPU seconds without the front process, where there is one."""
    peak_mb: float = 0.0

    @property
    def audio_s(self) -> float:
        return sum(one.audio_s for one in self.heard)

    def told(self) -> dict[str, Any]:
        """Plain figures. Those who were refused are in none but ``refused``."""
        firsts_ms = [one.first_s * 1e3 for one in self.heard]
        return {
            "listeners": len(self.heard) + self.refused,
            "rounds": self.rounds,
            "first_audio_ms": {
                **summary_ms([one.first_s for one in self.heard]),
                "p25": quantile(firsts_ms, 0.25),
                "p75": quantile(firsts_ms, 0.75),
            },
            "refused": self.refused,
            "starved": sum(one.stalled_s > STARVED_S for one in self.heard),
            "worst_stall_ms": max(one.stalled_s for one in self.heard) * 1e3,
            "audio_s": self.audio_s,
            "audio_s_per_core_s": self.audio_s / self.cpu_s,
            "audio_s_per_worker_s": self.audio_s / self.workers_s,
            "wall_s": self.wall_s,
            "peak_mb": self.peak_mb,
        }


async def ask_together(rival: Rival, crowd: Crowd, texts: Sequence[str]) -> None:
    """Everybody in the same moment."""
    await ramp(rival, crowd, texts, 0.0)
    await quiet(rival)


async def ramp(rival: Rival, crowd: Crowd, texts: Sequence[str], every_s: float) -> None:
    """A listener every ``every_s`` seconds; all are added to ``crowd`` when the last has heard everything."""
    (cpu_s, workers_s), began = rival.cpu_s(), time.perf_counter()
    async with _watched(rival) as seen:
        waiting = (_asked(rival, text, every_s * number) for number, text in enumerate(texts))
        everybody = await asyncio.gather(*waiting)
    crowd.wall_s += time.perf_counter() - began
    after_s, workers_after_s = rival.cpu_s()
    crowd.cpu_s += after_s - cpu_s
    crowd.workers_s += workers_after_s - workers_s
    crowd.peak_mb = max(crowd.peak_mb, max(seen) + rival.files_mb())
    crowd.words += sum(len(text.split()) for text in texts)
    crowd.rounds += 1
    crowd.heard += [one for one in everybody if one is not None]
    crowd.refused += everybody.count(None)


async def at_llm_pace(rival: Rival, text: str) -> float:
    """Seconds from the first word to the first audio, of words that come as a language model writes them. A server that
    takes whole texts only is asked when the last word has come."""
    words = [word + " " for word in text.split()]
    pieces = [(number / WORDS_A_SECOND, word) for number, word in enumerate(words)]
    if rival.write is not None:
        return (await rival.write(pieces)).first_s
    return await first_audio(rival, text) + pieces[-1][0]


async def first_audio(rival: Rival, text: str) -> float:
    """Seconds to the first audio of a listener who then leaves, when the server has nothing to do any more. Raises
    Refused when it has no room for its only listener three times."""
    for attempt in (1, 2, 3):
        try:
            first_s = (await rival.listen(text, first_only=True)).first_s
            break
        except Refused:
            if attempt == 3:
                raise
            await asyncio.sleep(1.0)
    await quiet(rival)
    return first_s


async def quiet(rival: Rival) -> None:
    """Returns when the server has done next to nothing for a tenth of a second, or after a while all the same."""
    give_up = time.monotonic() + QUIET_S
    used_s = -1.0
    while rival.cpu_s()[0] > used_s + 0.015 and time.monotonic() < give_up:
        used_s = rival.cpu_s()[0]
        await asyncio.sleep(0.1)


async def _asked(rival: Rival, text: str, after_s: float) -> Heard | None:
    """``None`` when the server refused."""
    await asyncio.sleep(after_s)
    try:
        return await rival.listen(text)
    except Refused:
        return None


@asynccontextmanager
async def _watched(rival: Rival) -> AsyncIterator[list[float]]:
    """Memory that changes, in MB, seen while the block runs."""
    seen = [rival.anonymous_mb()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(MEMORY_S)
            seen.append(rival.anonymous_mb())

    watching = asyncio.create_task(watch())
    try:
        yield seen
        seen.append(rival.anonymous_mb())
    finally:
        watching.cancel()
