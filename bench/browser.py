"""From the click on Speak to the first sample that leaves the loudspeaker, in a real Chromium with a real server.

All runs on this machine; times are milliseconds. The first click of a page also makes the browser's audio context, so it
stands apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import CHROMIUM, Visitor, chromium, visiting
from live import serving

VOICES: Final = ("rms", "en-us+edward")
STEPS: Final = {
    "openedMs": "the server has opened the stream",
    "firstAudioMs": "the first audio is here",
    "firstSoundMs": "the first sample leaves the loudspeaker",
}


def click(visitor: Visitor) -> dict[str, float]:
    """One utterance, stopped after its first sounds."""
    visitor.speak()
    found = visitor.heard(2000)
    visitor.page.click("#stop")
    visitor.silent()
    return {step: round(found[step], 1) for step in STEPS}


def measure(rounds: int) -> dict[str, Any]:
    """By voice: the page's first click, and the median and the worst of ``rounds`` more. Empty without Chromium. Not for
    a thread with an event loop."""
    report: dict[str, Any] = {}
    if not CHROMIUM.exists():
        return report
    with (
        tempfile.TemporaryDirectory() as data,
        serving(Path(data), engines="flite,espeak") as live,
        chromium() as browser,
    ):
        for voice in VOICES:
            with visiting(browser, live.url) as visitor:
                visitor.choose_voice(voice)
                first = click(visitor)
                later = [click(visitor) for _ in range(rounds)]
            report[voice] = {"first": first} | {
                step: {
                    "p50": statistics.median(one[step] for one in later),
                    "max": max(one[step] for one in later),
                }
                for step in STEPS
            }
    return report


def markdown(results: dict[str, Any]) -> list[str]:
    """The table of this suite, if it was run."""
    if not (part := results.get("browser")):
        return []
    lines = [
        "**In the browser**, from the click on Speak, headless Chromium (ms)",
        "",
        "| | " + " | ".join(f"{voice}: first click | later, p50 / max" for voice in part) + " |",
        "| --- |" + " --- | --- |" * len(part),
    ]
    for step, what in STEPS.items():
        cells = [
            f"{row['first'][step]:.0f} | {row[step]['p50']:.0f} / {row[step]['max']:.0f}"
            for row in part.values()
        ]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return [*lines, ""]
