"""The report of ``bench/piper.py``: what cutting a Piper voice is worth."""

from __future__ import annotations

from typing import Any

from bench.report_neural import table, where

WAYS = {
    "uncut": "un-cut, as published",
    "stateful": "cut, stateful",
    "windows": "cut, windows",
    "sentences": "cut, whole sentences",
}


def markdown(results: dict[str, Any]) -> str:
    """First audio and work by voice, then loading and exactness."""
    voices: dict[str, dict[str, Any]] = results["piper"]
    rows = [_row(voice, way, found) for voice, found in voices.items() for way in WAYS]
    head = (
        *("voice", "way", "first audio, 15 words (ms)", "sooner", "60 words (ms)", "sooner"),
        *("CPU ms per audio s", "work against the whole", "load (s)", "load (MB)"),
    )
    furthest = max(
        check["furthest_units"]
        for found in voices.values()
        for name, check in found["exactness"].items()
        if name != "samples"
    )
    exact = (
        f"Streamed samples differ from the whole sentence's by at most {furthest} of 32767, on every voice, rung and "
        "step size tried."
    )
    return "\n".join([*table(head, rows), exact, "", where(results)])


def _row(voice: str, way: str, found: dict[str, Any]) -> list[object]:
    cells: list[object] = [voice, WAYS[way]]
    for words in ("words_15", "words_60"):
        cells.append(found[words]["first_audio_ms"][way]["p50"])
        cells.append("" if way == "uncut" else f"{found[words]['first_audio_sooner'][way]:.1f}×")
    work = found["words_15"]
    cells += [work["cpu_s_per_audio_s"][way] * 1e3, f"{work['work_against_whole'][way]:.2f}"]
    load = found["load"][way]
    return [*cells, f"{load['seconds']:.2f}", f"{load['mb']:.0f}"]
