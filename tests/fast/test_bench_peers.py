"""Of the comparison with peers: turns, rows that are left out, memory counted once, and what the aims say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bench import peers
from bench.client import Heard, read_chunks
from bench.crowd import Crowd
from bench.memory import held
from bench.peers import TEXTS, Expectation, in_turn
from bench.report_peers import HTTP, OURS, UNCUT, WYOMING, aims
from bench.rivals import EVERYTHING, Rival

pytestmark = pytest.mark.fast


async def silent(text: str, first_only: bool = False) -> Heard:
    return Heard([(0.1, len(text))])


def rival(name: str, peer: bool = True, rows: frozenset[str] = EVERYTHING) -> Rival:
    return Rival(name=name, pid=1, listen=silent, peer=peer, rows=rows)


def test_everybody_is_first_once() -> None:
    everybody = [rival("a"), rival("b"), rival("c")]
    turns = [[one.name for one in in_turn(everybody, round_)] for round_ in range(4)]
    assert turns == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]


def test_a_row_is_left_out_only_by_what_a_peer_would_need_who_takes_part() -> None:
    expectation = Expectation(most_s=60.0)
    assert expectation.too_long(1000, "a b") == ""
    expectation.learn(rival("slow", peer=False), Crowd(words=1, wall_s=100.0))
    expectation.learn(rival("library", rows=frozenset({"one"})), Crowd(words=1, wall_s=100.0))
    expectation.learn(rival("quick"), Crowd(words=100, wall_s=10.0))
    assert expectation.too_long(300, "a b") == ""
    assert expectation.too_long(301, "a b") == "quick would need some 60 s, and 60 s are the most"


def test_texts_are_as_long_as_they_say() -> None:
    assert len(TEXTS["16 words"].split()) == 16
    assert len(TEXTS["66 words"].split()) == 66
    assert len(peers.LONG) <= 300  # else Vivavoce would cut it
    assert "," not in peers.LONG
    for count in (3, 6, 12):
        assert TEXTS[f"{count} sentences"].count(".") == count


SMAPS = """\
559e7b000000-559e7b021000 rw-p 00000000 00:00 0                          [heap]
Rss:                  40 kB
Anonymous:            40 kB
7f1c00000000-7f1c00100000 r-xp 00000000 fe:00 1234                       /lib/some.so
Rss:                 100 kB
Pss:                  30 kB
Anonymous:             0 kB
7f1c00100000-7f1c00110000 rw-p 00100000 fe:00 1234                       /lib/some.so
Rss:                  16 kB
Anonymous:            12 kB
7f1c00200000-7f1c00210000 r--p 00000000 fe:00 99                         /lib/other.so
Rss:                   8 kB
Anonymous:             0 kB
"""


def test_pages_of_a_file_are_those_that_nobody_wrote() -> None:
    assert held(SMAPS) == {("fe:00", "1234"): 104, ("fe:00", "99"): 8}
    assert held("") == {}


def test_a_body_that_breaks_off_is_no_end() -> None:
    async def heard(body: bytes) -> list[bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        reader.feed_eof()
        return [data async for data in read_chunks(reader)]

    assert asyncio.run(heard(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")) == [b"ab", b"c"]
    for broken in (b"2\r\nab\r\n", b"2\r\na"):
        with pytest.raises(EOFError):
            asyncio.run(heard(broken))


# ---- aims -------------------------------------------------------------------------------------------------------------


def first(p50: float) -> dict[str, Any]:
    return {"first_audio_ms": {"p50": p50, "iqr": 2.0}}


def part(
    ours_ms: float = 50.0, *, late_ms: float = 1.0, starved: int = 0, admitted: int = 19
) -> dict[str, Any]:
    """Results in which the others take 400 ms, and everything hangs on ours."""

    def row(count: int) -> dict[str, Any]:
        shared = {"listeners": count, "refused": 0, "worst_stall_ms": 0.0, "starved": 0}
        others = {name: {**shared, **first(400.0), "peak_mb": 1000.0} for name in (UNCUT, HTTP, WYOMING)}
        ours = {**shared, **first(ours_ms), "peak_mb": 499.0, "starved": starved}
        return {"listeners": count, "text": "3 sentences", "servers": {OURS: ours, **others}}

    rates = {"audio_s_per_core_s_against_uncut": 0.98, "audio_s_per_worker_s_against_uncut": 0.96}
    alone = {name: first(400.0) for name in (UNCUT, HTTP)}
    return {
        "alone": {
            "16 words": {OURS: first(ours_ms), **alone},
            "66 words": {OURS: first(ours_ms + late_ms), **alone},
        },
        "together": [row(1), row(16), {"listeners": 32, "text": "3 sentences", "left_out": "too long"}],
        "full_load": {"servers": {OURS: rates, UNCUT: {}}},
        "capacity": {"offered": 32, "admitted": admitted, "starved": 0, "cores_can_carry": 20.5},
    }


def verdicts(**given: Any) -> dict[str, str]:
    return {aim: reached for aim, _, _, reached in aims("medium", part(**given))}


def test_aims_are_reached_where_the_figures_say_so() -> None:
    found = verdicts()
    below = {aim for aim, reached in found.items() if reached == "no"}
    assert below == {"throughput of vivavoce against un-cut at full load, workers only"}
    assert len(found) == 12


def test_aims_are_missed_where_the_figures_say_so() -> None:
    slow = verdicts(ours_ms=90.0, late_ms=3.0, starved=1, admitted=18)
    assert slow["first audio, one listener, against vivavoce, un-cut"] == "no"
    assert slow["first audio of 66 words, later than of 16"] == "no"
    assert slow["first audio, 16 at once, 3 sentences, against vivavoce, un-cut"] == "yes"
    assert slow["first audio, 16 at once, 3 sentences, against piper http"] == "no"
    assert slow["admitted listeners who starved"] == "no"
    assert slow["under-runs, 1 at once, 3 sentences"] == "no"
    assert slow["admitted, of what the cores carry"] == "no"
