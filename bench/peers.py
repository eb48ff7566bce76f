"""Against peers: the same machine, the same run, the same voice file, every server in turn.

The voice has real layer sizes and random weights: what is measured is speed, never how anything sounds.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import random_voices, rivals
from bench.client import STARVED_S, Heard
from bench.figures import figures
from bench.rivals import Refused, Rival
from bench.speech import SENTENCE, STORY, summary_ms

SHORT: Final = SENTENCE
LONG: Final = SENTENCE.removesuffix(".") + ", " + ", and ".join(
    (
        "a small dog runs along the wall from one end to the other without any sign of being tired",
        "the old man who sells newspapers at the corner has come over to see what all the noise is about",
        "nobody seems to notice that it has begun to rain and that the evening train has already left",
    )
) + "."  # fmt: skip
"""One sentence of some 70 words: the whole of it is made before its first sound where sentences are not cut."""
WORDS_A_SECOND: Final = 12.0
WATCH_S: Final = 8.0

Opening = Callable[[], AbstractAsyncContextManager[Rival]]


async def _asked(rival: Rival, text: str) -> Heard:
    try:
        return await rival.listen(text)
    except Refused:
        return Heard(refused=1)


@asynccontextmanager
async def _peak(rival: Rival) -> AsyncIterator[list[float]]:
    """Memory while the block runs; the largest value is what counts."""
    seen = [rival.memory_mb()]

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.2)
            seen.append(rival.memory_mb())

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()


async def together(rival: Rival, count: int, text: str) -> dict[str, Any]:
    """``count`` listeners who ask in the same moment."""
    cpu_s, began = rival.cpu_s(), time.perf_counter()
    async with _peak(rival) as memory:
        everybody = await asyncio.gather(*(_asked(rival, text) for _ in range(count)))
    heard = [one for one in everybody if not one.refused]
    audio_s, used_s = sum(one.audio_s for one in heard), rival.cpu_s() - cpu_s
    return {
        "first_audio_ms": summary_ms([one.first_s for one in heard]),
        "refused": count - len(heard),
        "starved": sum(one.stalled_s > STARVED_S for one in heard),
        "worst_stall_ms": max(one.stalled_s for one in heard) * 1e3,
        "audio_s": audio_s,
        "audio_s_per_core_s": audio_s / used_s,
        "wall_s": time.perf_counter() - began,
        "peak_mb": max(memory),
    }


async def alone(rival: Rival, text: str, rounds: int) -> dict[str, Any]:
    """One listener after the other."""
    await rival.listen(text)
    heard = [await rival.listen(text) for _ in range(rounds)]
    return {
        "first_audio_ms": summary_ms([one.first_s for one in heard]),
        "starved": sum(one.stalled_s > STARVED_S for one in heard),
    }


async def at_llm_pace(rival: Rival, rounds: int) -> dict[str, Any]:
    """Two sentences, a word at a time; first audio from the first word. A server that takes whole texts only is asked
    when the last word has come."""
    words = [word + " " for word in f"{SHORT} {SHORT}".split()]
    pieces = [(i / WORDS_A_SECOND, word) for i, word in enumerate(words)]
    firsts = []
    for _ in range(rounds):
        if rival.write is not None:
            firsts.append((await rival.write(pieces)).first_s)
        else:
            heard = await rival.listen("".join(words))
            firsts.append(heard.first_s + pieces[-1][0])
    return {"first_audio_ms": summary_ms(firsts), "whole_text_only": rival.write is None}


async def leaver(rival: Rival) -> dict[str, float]:
    """A listener who leaves after half a second of a long text: CPU seconds spent on it afterwards."""
    _, writer = await rival.ask(" ".join([STORY] * 3))
    await asyncio.sleep(0.5)
    writer.transport.abort()
    before = rival.cpu_s()
    await asyncio.sleep(WATCH_S)
    return {"cpu_s_after_leaving": rival.cpu_s() - before, "watched_s": WATCH_S}


async def never_reads(rival: Rival) -> dict[str, float]:
    """A listener who asks for minutes of speech and reads nothing: work and memory spent on it."""
    before, memory_mb = rival.cpu_s(), rival.memory_mb()
    _, writer = await rival.ask(" ".join([STORY] * 20))
    await asyncio.sleep(WATCH_S)
    spent = {"cpu_s": rival.cpu_s() - before, "grown_mb": rival.memory_mb() - memory_mb, "watched_s": WATCH_S}
    writer.transport.abort()
    return spent


async def measure(rival: Rival, counts: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """Everything about one server, whatever is left running when it is over."""
    return {
        "alone_short": await alone(rival, SHORT, rounds),
        "alone_long": await alone(rival, LONG, max(2, rounds // 2)),
        "together": {str(count): await together(rival, count, STORY) for count in counts},
        "llm_pace": await at_llm_pace(rival, max(2, rounds // 4)),
        "leaver": await leaver(rival),
        "never_reads": await never_reads(rival),
    }


async def size(name: str, folder: Path, counts: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """All servers with a random voice of this size, and the voice's own library alone."""
    voice = random_voices.write(name, folder)
    openings: tuple[Opening, ...] = (
        lambda: rivals.ours(voice, folder / "vivavoce"),
        lambda: rivals.piper_http(voice),
        lambda: rivals.wyoming(voice),
    )
    table: dict[str, Any] = {}
    for opening in openings:
        async with opening() as rival:
            table[rival.name] = await measure(rival, counts, rounds)
    made = await rivals.uncut(voice, {"short": SHORT, "long": LONG}, rounds)
    table["un-cut"] = {
        text: {
            "first_audio_ms": summary_ms([first for first, _, _ in runs]),
            "audio_s_per_core_s": figures([audio / cpu for _, audio, cpu in runs]).p50,
        }
        for text, runs in made.items()
    }
    return table


async def run(sizes: tuple[str, ...], counts: tuple[int, ...], rounds: int) -> dict[str, Any]:
    """The whole suite."""
    versions, before = await asyncio.to_thread(rivals.versions), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="vivavoce-peers-") as folder:
        voices = {name: await size(name, Path(folder), counts, rounds) for name in sizes}
    load = [before, os.getloadavg()[0]]
    return {"versions": versions, "load_average": load, "voices": msgspec.to_builtins(voices)}
