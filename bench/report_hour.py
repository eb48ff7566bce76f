"""The report of the hour of mixed load: a table by ten minutes, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bench.report import ROOT
from bench.report_neural import table, where

PLOT: Final = ROOT / "docs" / "benchmarks-hour.png"


def markdown(results: dict[str, Any]) -> str:
    """The table, with what the load was."""
    head = ["from, to (min)", "came", "refused"]
    head += [f"{voice}: first audio p50 / p95 (ms)" for voice in results["prices"]]
    head += ["starved", "writers who starved", "errors", "there at a kill: starved, errors", "cores busy"]
    head += ["front (MB)", "workers (MB)", "front's open files", "audio made for those who had left (s)"]
    rows = [_row(window, results["prices"]) for window in results["windows"]]
    prices = ", ".join(
        f"{voice} {price['cpu_s'] * 1e3:.0f} ms, {price['share']:.0%} of all"
        for voice, price in results["prices"].items()
    )
    load_cores = [window["load_cores"] for window in results["windows"]]
    said = (
        f"{results['guests']:,} listeners in {results['seconds'] / 60:.0f} min, so many that they need {results['load']:.0%} "
        f"of the cores. CPU time for a second of audio, measured before: {prices}. "
        f"The load generator used {max(load_cores, default=0.0):.2f} cores at most, on the same machine."
    )
    shown = "![First audio and memory over time](benchmarks-hour.png)"
    return "\n".join([*table(head, rows), said, "", where(results), "", shown])


def _row(window: dict[str, Any], voices: dict[str, Any]) -> Sequence[object]:
    firsts = (window["first_audio_ms"][voice] for voice in voices)
    at_kill = (
        f"{window['starved_by_kill']} of {window['touched_by_kill']}, {_errors(window['errors_by_kill'])}"
    )
    return [
        f"{window['begin_s'] / 60:.0f}, {window['end_s'] / 60:.0f}",
        window["came"],
        window["refused"],
        *(f"{one['p50']:,.0f} / {one['p95']:,.0f}" if one else "" for one in firsts),
        window["starved"],
        window["starved_writers"],
        _errors(window["errors"]),
        at_kill,
        f"{window['cores']:.2f}",
        *(f"{window[name]:,.0f}" for name in ("peak_front_mb", "peak_workers_mb", "peak_front_fds")),
        window["work_after_disconnect_seconds"],
    ]


def _errors(codes: dict[str, int]) -> str:
    return ", ".join(f"{count} {code}" for code, count in sorted(codes.items())) or "none"


def plot(results: dict[str, Any]) -> None:
    """First audio and memory over time; a dotted line is a worker that was killed."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (first, memory) = pyplot.subplots(2, 1, figsize=(9, 6), layout="constrained", sharex=True)
    at_min = [point["at_s"] / 60 for point in results["points"]]
    for name, label in (("p50", "first audio, median"), ("p95", "first audio, 95th percentile")):
        first.plot(at_min, [point[name] for point in results["points"]], marker=".", label=label)
    sampled_min = [sample["at_s"] / 60 for sample in results["samples"]]
    for name, label in (("workers_mb", "workers"), ("front_mb", "front process")):
        memory.plot(sampled_min, [sample[name] for sample in results["samples"]], label=label)
    first.set(ylabel="ms", yscale="log")
    memory.set(xlabel="minutes", ylabel="proportional memory (MB)", ylim=(0, None))
    for axis in (first, memory):
        for number, kill in enumerate(results["kills"]):
            axis.axvline(kill / 60, ls=":", color="gray", label=None if number else "a worker is killed")
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    figure.savefig(PLOT, dpi=110)
    pyplot.close(figure)
