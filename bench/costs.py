"""What speech costs, for the simulator: from the Piper suite's results on this machine, if there are any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct


class Voice(Struct, frozen=True):
    """What speech costs, as measured on one core."""

    name: str
    cost: float
    """CPU seconds per audio second."""
    front_s: float
    """CPU seconds before the first sample of an utterance."""
    step_s: float
    """CPU seconds of a step, whatever its size."""


# Measured in one thread of a 2-core machine for real-size Piper voices of random weights that stream inside the
# sentence: the text encoder of some 15 words, flow and decoder in chunks of 8 to 64 frames of 11.6 ms.
MEDIUM: Final = Voice("medium", 0.066, 0.05, 0.0008)
HIGH: Final = Voice("high", 0.58, 0.06, 0.002)


class Costs(Struct, frozen=True):
    """A usual voice and a costly one, and where the figures are from."""

    medium: Voice = MEDIUM
    high: Voice = HIGH
    source: str = "measured on another machine, because there are none of this one"


SMALL_STEP_S: Final = 8 * 256 / 22_050
"""Audio of the smallest step, 8 frames."""
RATE_HZ: Final = 22_050


def read(path: Path) -> Costs:
    """From the results of ``bench/piper.py`` at ``path``; the figures above when there is no such file, or one that lacks
    something."""
    try:
        results = orjson.loads(path.read_bytes())
        found = results["piper"]
        date = results["machine"]["date"]
        medium, high = (voice_of(name, found[name]) for name in ("medium", "high"))
    except (FileNotFoundError, KeyError):
        return Costs()
    return Costs(medium, high, f"from the table above for 15 words, measured {date}")


def voice_of(name: str, found: Mapping[str, Any]) -> Voice:
    """Of one voice's results. Raises KeyError when something is not there.

    What a step costs is what 8 frames at a time cost more than steps that double up to a second, by the number of steps.
    What comes before the first sample is the first audio, less the first step. The rest of the work is the price of audio.
    """
    words = found["words_15"]
    work = words["cpu_s_per_audio_s"]
    audio_s = found["exactness"]["samples"] / RATE_HZ
    steps, small_steps = doubling_steps(audio_s), audio_s / SMALL_STEP_S
    more_s = (work["stateful_8_frames"] - work["stateful"]) * audio_s
    step_s = max(0.0, more_s / max(1.0, small_steps - steps))
    first_s = words["first_audio_ms"]["stateful"]["p50"] / 1e3
    front_s = max(0.0, first_s - step_s - SMALL_STEP_S * work["stateful"])
    cost = work["stateful"] - (front_s + steps * step_s) / audio_s
    return Voice(name, max(0.2 * work["stateful"], cost), front_s, step_s)


def doubling_steps(audio_s: float) -> int:
    """Steps of 0.08 s that double up to a second."""
    steps, left_s, step_s = 0, audio_s, 0.08
    while left_s > 0:
        left_s -= step_s
        step_s = min(2 * step_s, 1.0)
        steps += 1
    return steps
