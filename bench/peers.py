"""Against peers: the same machine, the same run, the same voice file, all servers up and measured in turns.

The voice has real layer sizes and random weights: what is measured is speed, never how anything sounds. Everybody is
asked for the same text in every row. Who is not being asked has nothing to do, and costs nothing but memory.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from bench import random_voices, rivals
from bench.crowd import Crowd, ask_together, at_llm_pace, first_audio, ramp
from bench.figures import figures
from bench.rivals import Rival
from bench.speech import SENTENCE, STORY, summary_ms

LONG: Final = (
    "The old man who had lived by the sea for most of his life told us that the water had once been so clear that you "
    "could count the stones on the bottom and that on warm nights in May all of us in the town used to sit on the wall "
    "and hear the band that played on the far side of the old mill."
)
"""One sentence of 66 words without a comma: no server here cuts it, but for Vivavoce's first unit of four words."""
TEXTS: Final = {
    "16 words": SENTENCE,
    "66 words": LONG,
    "3 sentences": " ".join(re.split(r"(?<=\.) ", STORY)[:3]),
    "6 sentences": STORY,
    "12 sentences": f"{STORY} {STORY}",
}

UNCUT: Final = "vivavoce, un-cut"
WHOLE_UNIT: Final = "vivavoce, first unit whole"
UNCUT_SHORT_UNIT: Final = "vivavoce, un-cut, first unit 4 words"
UNITS: Final = frozenset({"alone", "units"})

Opening = Callable[..., AbstractAsyncContextManager[Rival]]


class Row(Struct, frozen=True):
    """Listeners who ask in the same moment."""

    count: int
    text: str
    """Of :data:`TEXTS`."""
    rounds: int
    kind: str = "many"
    """Who takes part, of :data:`bench.rivals.EVERYTHING`."""
    within_s: float = 70.0
    """After so long no further round is begun."""


class Plan(Struct, frozen=True, kw_only=True):
    """How much of everything; a larger voice gets less."""

    short: int = 12
    long: int = 4
    pace: int = 3
    watch_s: float = 6.0
    """How long a server is watched when a listener has left or does not read."""
    rows: tuple[Row, ...]
    full: tuple[int, str, int] = (8, "6 sentences", 2)
    """Listeners, text and rounds of the measurement at full load."""
    offered: tuple[int, str] = (32, "12 sentences")
    """Listeners and their text, for admission against capacity."""
    most_s: float = 120.0
    """A row that would take a peer longer is left out."""
    without: str = ""
    """A contender that is left out."""


PLANS: Final = {
    "medium": Plan(
        rows=(
            Row(1, "6 sentences", 1, "one"),
            Row(4, "3 sentences", 2),
            Row(16, "16 words", 2, "units"),
            Row(16, "66 words", 1),
            Row(16, "3 sentences", 2),
            Row(32, "3 sentences", 1),
        )
    ),
    "high": Plan(
        short=8,
        long=6,
        pace=1,
        watch_s=3.0,
        rows=(
            Row(1, "6 sentences", 1, "one"),
            Row(2, "3 sentences", 1),
            Row(4, "3 sentences", 1),
            Row(16, "3 sentences", 1),
            Row(32, "3 sentences", 1),
        ),
        full=(4, "16 words", 2),
        offered=(32, "6 sentences"),
        most_s=60.0,
        without=UNCUT_SHORT_UNIT,
    ),
}  # fmt: skip
SMOKE: Final = Plan(
    short=2,
    long=1,
    pace=1,
    rows=(Row(1, "16 words", 1, "one"), Row(2, "16 words", 2, "units", 1.0), Row(32, "3 sentences", 1)),
    full=(2, "16 words", 1),
    offered=(3, "16 words"),
    most_s=15.0,
)


# ---- one listener at a time -------------------------------------------------------------------------------------------


def in_turn(contenders: Sequence[Rival], round_: int) -> Sequence[Rival]:
    """Everybody once, beginning one further in each round."""
    at = round_ % len(contenders)
    return [*contenders[at:], *contenders[:at]]


async def alone(everybody: Sequence[Rival], text: str, rounds: int) -> dict[str, Any]:
    """First audio of one listener, who then leaves."""
    contenders = [rival for rival in everybody if "alone" in rival.rows]
    firsts: dict[str, list[float]] = {rival.name: [] for rival in contenders}
    for round_ in range(rounds):
        for rival in in_turn(contenders, round_):
            firsts[rival.name].append(await first_audio(rival, text))
    return {name: {"first_audio_ms": summary_ms(values)} for name, values in firsts.items()}


async def paced(everybody: Sequence[Rival], rounds: int) -> dict[str, Any]:
    """Two sentences, a word at a time."""
    contenders = [rival for rival in everybody if "many" in rival.rows]
    firsts: dict[str, list[float]] = {rival.name: [] for rival in contenders}
    for round_ in range(rounds):
        for rival in in_turn(contenders, round_):
            firsts[rival.name].append(await at_llm_pace(rival, f"{SENTENCE} {SENTENCE}"))
    return {
        rival.name: {
            "first_audio_ms": summary_ms(firsts[rival.name]),
            "whole_text_only": rival.write is None,
        }
        for rival in contenders
    }


# ---- many at once -----------------------------------------------------------------------------------------------------


class Expectation:
    """How long rows take the peers, learnt from the rows before."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._speeds: dict[str, float] = {}

    def learn(self, rival: Rival, crowd: Crowd) -> None:
        """What the last row took a peer that takes part in the next ones."""
        if rival.peer and "many" in rival.rows:
            self._speeds[rival.name] = crowd.words / crowd.wall_s

    def too_long(self, count: int, text: str) -> str:
        """Why a row is left out; empty when it is not."""
        for name, speed in self._speeds.items():
            if (expected_s := count * len(text.split()) / speed) > self._most_s:
                return f"{name} would need some {expected_s:,.0f} s, and {self._most_s:.0f} s are the most"
        return ""


async def together(everybody: Sequence[Rival], rows: Sequence[Row], most_s: float) -> list[dict[str, Any]]:
    """All rows, and for those that were left out, why."""
    expectation = Expectation(most_s)
    table: list[dict[str, Any]] = []
    for row in rows:
        text = TEXTS[row.text]
        told = {"listeners": row.count, "text": row.text, "kind": row.kind}
        if why := expectation.too_long(row.count, text):
            table.append({**told, "left_out": why})
            continue
        contenders = [rival for rival in everybody if row.kind in rival.rows]
        crowds = {rival.name: Crowd() for rival in contenders}
        began = time.perf_counter()
        for round_ in range(row.rounds):
            if round_ and time.perf_counter() - began > row.within_s:
                break
            for rival in in_turn(contenders, round_):
                await ask_together(rival, crowds[rival.name], [text] * row.count)
        for rival in contenders:
            expectation.learn(rival, crowds[rival.name])
        table.append({**told, "servers": {name: crowd.told() for name, crowd in crowds.items()}})
    return table


async def full_load(openings: Mapping[str, Opening], count: int, text: str, rounds: int) -> dict[str, Any]:
    """Ours without a bound on the lead, so that the cores are busy to the end; the others against un-cut."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(opening()) for opening in openings.values()]
        for rival in servers:
            await ask_together(rival, Crowd(), [SENTENCE] * 4)
        runs: dict[str, list[Crowd]] = {rival.name: [] for rival in servers}
        for round_ in range(rounds):
            for rival in in_turn(servers, round_):
                runs[rival.name].append(crowd := Crowd())
                await ask_together(rival, crowd, [TEXTS[text]] * count)
    made = {
        name: {
            "audio_s_per_core_s": figures([crowd.audio_s / crowd.cpu_s for crowd in crowds]).p50,
            "audio_s_per_worker_s": figures([crowd.audio_s / crowd.workers_s for crowd in crowds]).p50,
            "busy_cores": figures([crowd.cpu_s / crowd.wall_s for crowd in crowds]).p50,
        }
        for name, crowds in runs.items()
    }
    for one in made.values():
        for name in ("audio_s_per_core_s", "audio_s_per_worker_s"):
            one[f"{name}_against_uncut"] = one[name] / made[UNCUT][name]
    return {"listeners": count, "text": text, "rounds": rounds, "servers": made}


async def capacity(rival: Rival, count: int, text: str, audio_s_per_core_s: float) -> dict[str, Any]:
    """Listeners of long speech one after the other, far more than fit: who is let in, against what the cores can make."""
    crowd = Crowd()
    await ramp(rival, crowd, [TEXTS[text]] * count, every_s=0.1)
    told = crowd.told()
    cores = os.cpu_count() or 1
    return {
        "offered": count,
        "text": text,
        "admitted": count - crowd.refused,
        "starved": told["starved"],
        "worst_stall_ms": told["worst_stall_ms"],
        "cores_can_carry": audio_s_per_core_s * cores,
    }


# ---- listeners who misbehave ------------------------------------------------------------------------------------------


async def leaver(rival: Rival, watch_s: float) -> dict[str, float]:
    """A listener who leaves after half a second of a long text: CPU seconds spent on it afterwards."""
    assert rival.ask is not None
    _, writer = await rival.ask(" ".join([STORY] * 3))
    await asyncio.sleep(0.5)
    writer.transport.abort()
    before, _ = rival.cpu_s()
    await asyncio.sleep(watch_s)
    return {"cpu_s_after_leaving": rival.cpu_s()[0] - before, "watched_s": watch_s}


async def never_reads(rival: Rival, watch_s: float) -> dict[str, float]:
    """A listener who asks for minutes of speech and reads nothing: work and memory spent on it."""
    assert rival.ask is not None
    (before, _), memory_mb = rival.cpu_s(), rival.anonymous_mb()
    _, writer = await rival.ask(" ".join([STORY] * 20))
    await asyncio.sleep(watch_s)
    used_s, grown_mb = rival.cpu_s()[0] - before, rival.anonymous_mb() - memory_mb
    writer.transport.abort()
    return {"cpu_s": used_s, "grown_mb": grown_mb, "watched_s": watch_s}


async def misbehaving(openings: Mapping[str, Opening], watch_s: float) -> dict[str, Any]:
    """Every server started afresh for each of them, because some go on working for long."""
    table: dict[str, Any] = {}
    for name, opening in openings.items():
        table[name] = {}
        for measure in (leaver, never_reads):
            async with opening() as rival:
                await rival.listen(SENTENCE)
                table[name][measure.__name__] = await measure(rival, watch_s)
    return table


# ---- the whole --------------------------------------------------------------------------------------------------------


def contenders(voice: Path, folder: Path) -> dict[str, Opening]:
    """By name. Un-cut is the same server with the same voice on the rung ``sentences``, which is kept from cutting the
    first four words off as a unit of their own; the two that differ in one thing only tell which is worth what."""
    cut = rivals.added(voice, folder)
    uncut = rivals.uncut(voice, cut)
    stem, whole = voice.stem, "100"
    return {
        "vivavoce": partial(rivals.ours, stem, cut),
        # It takes everybody, as the peers do: of the few it would admit, first audio tells nothing.
        UNCUT: partial(rivals.ours, stem, uncut, UNCUT, first_unit_words=whole, max_load="100"),
        WHOLE_UNIT: partial(rivals.ours, stem, cut, WHOLE_UNIT, UNITS, first_unit_words=whole),
        UNCUT_SHORT_UNIT: partial(rivals.ours, stem, uncut, UNCUT_SHORT_UNIT, UNITS),
        "piper http": partial(rivals.piper_http, voice),
        "wyoming-piper": partial(rivals.wyoming, voice),
        rivals.LIBRARY_NAME: partial(rivals.library, voice),
    }


@asynccontextmanager
async def all_up(openings: Mapping[str, Opening]) -> AsyncIterator[list[Rival]]:
    """Every server started and warm: both texts of one listener, and enough at once for every worker."""
    async with AsyncExitStack() as stack:
        everybody = [await stack.enter_async_context(opening()) for opening in openings.values()]
        for rival in everybody:
            for text in (SENTENCE, LONG):
                await first_audio(rival, text)
            if "units" in rival.rows:
                await ask_together(rival, Crowd(), [SENTENCE] * (os.cpu_count() or 1))
        yield everybody


async def size(name: str, folder: Path, plan: Plan) -> dict[str, Any]:
    """All servers with a random voice of this size."""
    voice = await asyncio.to_thread(random_voices.write, name, folder)
    openings = await asyncio.to_thread(contenders, voice, folder)
    openings.pop(plan.without, None)
    unbound = {
        name: partial(openings[name], lead_s="3600", outlet_s="600", max_load="100")
        for name in ("vivavoce", WHOLE_UNIT, UNCUT)
    }
    full = await full_load(unbound, *plan.full)
    async with all_up(openings) as everybody:
        found = {
            "alone": {
                "16 words": await alone(everybody, TEXTS["16 words"], plan.short),
                "66 words": await alone(everybody, TEXTS["66 words"], plan.long),
            },
            "llm_pace": await paced(everybody, plan.pace),
            "together": await together(everybody, plan.rows, plan.most_s),
            "full_load": full,
            "capacity": await capacity(
                everybody[0], *plan.offered, full["servers"]["vivavoce"]["audio_s_per_core_s"]
            ),
        }
    main = ("vivavoce", UNCUT, "piper http", "wyoming-piper")
    return {**found, "misbehaving": await misbehaving({name: openings[name] for name in main}, plan.watch_s)}


async def run(plans: Mapping[str, Plan], keep: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The whole suite, by size of voice; ``keep`` gets what there is when one is done."""
    versions, before = await asyncio.to_thread(rivals.versions), os.getloadavg()[0]
    voices: dict[str, Any] = {}
    results: dict[str, Any] = {"versions": versions, "voices": voices}
    for name, plan in plans.items():
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="vivavoce-peers-") as folder:
            voices[name] = await size(name, Path(folder), plan)
        voices[name]["took_s"] = time.perf_counter() - began
        results["load_average"] = [before, os.getloadavg()[0]]
        keep(results)
    return results
