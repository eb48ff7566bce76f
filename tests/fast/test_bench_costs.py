"""The simulator's costs are those that the Piper suite measured, if it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from bench.costs import HIGH, MEDIUM, RATE_HZ, SMALL_STEP_S, Costs, Voice, doubling_steps, read, voice_of
from bench.simulator import SCENES, priced

pytestmark = pytest.mark.fast

KNOWN = Voice("medium", 0.06, 0.04, 0.001)
AUDIO_S = 5.0


def results(voice: Voice) -> dict[str, Any]:
    """What the suite would measure of a voice that costs so much."""
    audio_s = round(AUDIO_S * RATE_HZ) / RATE_HZ

    def work(steps: float) -> float:
        return voice.cost + (voice.front_s + steps * voice.step_s) / audio_s

    usual = work(doubling_steps(audio_s))
    first_s = voice.front_s + voice.step_s + SMALL_STEP_S * usual
    return {
        "exactness": {"samples": round(AUDIO_S * RATE_HZ)},
        "words_15": {
            "first_audio_ms": {"stateful": {"p50": first_s * 1e3}},
            "cpu_s_per_audio_s": {"stateful": usual, "stateful_8_frames": work(audio_s / SMALL_STEP_S)},
        },
    }


def test_costs_come_back_out_of_what_they_make_the_suite_measure() -> None:
    found = voice_of("medium", results(KNOWN))
    assert (found.cost, found.front_s, found.step_s) == pytest.approx(
        (KNOWN.cost, KNOWN.front_s, KNOWN.step_s), rel=1e-3
    )


def test_steps_double_up_to_a_second() -> None:
    assert [doubling_steps(audio_s) for audio_s in (0.05, 0.08, 0.1, 0.24, 2.2, 2.3)] == [1, 1, 2, 2, 5, 6]


def test_results_of_this_machine_are_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "piper.json"
    both = {"medium": results(KNOWN), "high": results(Voice("high", 0.5, 0.1, 0.002))}
    path.write_bytes(orjson.dumps({"piper": both, "machine": {"date": "2026-01-02"}}))
    found = read(path)
    assert found.medium.cost == pytest.approx(0.06)
    assert found.high.cost == pytest.approx(0.5)
    assert "2026-01-02" in found.source


@pytest.mark.parametrize("text", [None, "{}", '{"piper": {"medium": {}}, "machine": {"date": ""}}'])
def test_without_results_other_costs_are_taken_and_said_to_be(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "piper.json"
    if text is not None:
        path.write_text(text)
    assert read(path) == Costs()
    assert "another machine" in Costs().source


def test_scenes_are_played_with_the_costs_given() -> None:
    costs = Costs(KNOWN, Voice("high", 0.5, 0.1, 0.002), "here")
    voices = {scene.voice: priced([scene], costs)[0].voice for scene in SCENES}
    assert voices == {MEDIUM: costs.medium, HIGH: costs.high}
