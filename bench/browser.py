"""From the click on Speak to the first sample that leaves the loudspeaker: ``python -m bench.browser [ROUNDS]``.

A real Chromium with a real server on this machine; prints JSON, times in milliseconds. The first click of a page also
makes the browser's audio context, so it stands apart.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import Visitor, chromium, visiting
from live import serving

ROUNDS: Final = 20
VOICES: Final = ("rms", "en-us+edward")
STEPS: Final = ("openedMs", "firstAudioMs", "firstSoundMs")


def click(visitor: Visitor) -> dict[str, float]:
    """One utterance, stopped after its first sounds."""
    visitor.speak()
    found = visitor.heard(2000)
    visitor.page.click("#stop")
    visitor.silent()
    return {step: round(found[step], 1) for step in STEPS}


def measure(rounds: int) -> dict[str, object]:
    report: dict[str, object] = {}
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
                    "p50": round(statistics.median(one[step] for one in later), 1),
                    "max": max(one[step] for one in later),
                }
                for step in STEPS
            }
    return report


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS), indent=2))
