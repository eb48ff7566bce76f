"""The figures: those of docs/reference/metrics.md and no others, with labels that cannot grow without bound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vivavoce.runtime.metrics import MAX_VOICES, OTHER, Metrics

pytestmark = pytest.mark.fast

PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"
STATUS = dict.fromkeys(("streams", "running", "waiting", "workers", "spares", "load", "lead_seconds"), 0.0)


def watched() -> Metrics:
    metrics = Metrics()
    metrics.watch(lambda: STATUS)
    return metrics


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_figure_is_told_with_its_kind_and_labels() -> None:
    rows = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(
            r"^\| `(\w+)` \| (\w+) \|(.*?)\|", PAGE.read_text(), re.MULTILINE
        )
    }
    metrics = watched()
    metrics.stream("piper", "amy", "soniox").over(1.0, 0.1, 0.5)
    metrics.refused("overloaded", "piper")
    found = {}
    for family in metrics.registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for one in family.samples for label in one.labels} - {"le"}
        found[name] = (family.type, labels)
    assert rows == found


def test_a_stream_is_counted_under_its_wire_engine_and_voice() -> None:
    metrics = watched()
    one = metrics.stream("piper", "amy", "soniox")
    one.queue_wait(0.01)
    one.first_audio(0.06)
    one.step(0.5, 0.05)
    one.step(0.5, 0.05)
    one.underrun()
    one.after_disconnect(0.25)
    one.over(1.0, 0.1, 0.0)
    wire = {"dialect": "soniox", "engine": "piper"}
    spoken = {**wire, "voice": "amy"}
    assert sample(metrics, "vivavoce_queue_wait_seconds_sum", **wire) == 0.01
    assert sample(metrics, "vivavoce_first_audio_seconds_sum", **wire) == 0.06
    assert sample(metrics, "vivavoce_steps_total", **wire) == 2
    assert sample(metrics, "vivavoce_audio_seconds_total", **spoken) == 1.0
    assert sample(metrics, "vivavoce_cpu_seconds_total", **spoken) == 0.1
    assert sample(metrics, "vivavoce_underruns_total", **spoken) == 1
    assert sample(metrics, "vivavoce_work_after_disconnect_seconds_total", **wire) == 0.25
    assert sample(metrics, "vivavoce_streams_ended_total", **spoken) == 1
    assert sample(metrics, "vivavoce_real_time_factor_sum", engine="piper", voice="amy") == 0.1
    assert sample(metrics, "vivavoce_least_lead_seconds_bucket", **wire, le="0.0") == 1


def test_a_stream_that_made_nothing_has_no_factor_and_no_lead() -> None:
    metrics = watched()
    metrics.stream("tone", "tone").over(0.0, 0.0, None)
    assert sample(metrics, "vivavoce_real_time_factor_count", engine="tone", voice="tone") == 0
    assert sample(metrics, "vivavoce_least_lead_seconds_count", dialect="local", engine="tone") == 0
    assert sample(metrics, "vivavoce_streams_ended_total", dialect="local", engine="tone", voice="tone") == 1


def test_refusals_are_counted_by_wire_and_code() -> None:
    metrics = watched()
    metrics.refused("overloaded", "piper", "gradium")
    labels = {"dialect": "gradium", "engine": "piper", "code": "overloaded"}
    assert sample(metrics, "vivavoce_refusals_total", **labels) == 1


def test_voices_beyond_the_bound_share_a_label() -> None:
    metrics = watched()
    for number in range(MAX_VOICES + 20):
        metrics.stream("espeak", f"voice {number}").over(1.0, 0.1, None)
    metrics.stream("espeak", "voice 3").over(1.0, 0.1, None)
    labels = {"dialect": "local", "engine": "espeak"}
    assert sample(metrics, "vivavoce_streams_ended_total", **labels, voice=OTHER) == 20
    assert sample(metrics, "vivavoce_streams_ended_total", **labels, voice="voice 3") == 2
    shown = metrics.render().decode().count("vivavoce_streams_ended_total{")
    assert shown == MAX_VOICES + 1


def test_gauges_are_read_when_somebody_looks() -> None:
    status = dict(STATUS)
    metrics = Metrics()
    metrics.watch(lambda: status)
    status["lead_seconds"] = 4.5
    assert sample(metrics, "vivavoce_lead_seconds") == 4.5
