"""The report of the simulator, and what every report by marker into docs/benchmarks.md shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bench.report import PAGE, ROOT

PLOT: Final = ROOT / "docs" / "benchmarks-simulator.png"
POLICIES: Final = ("edf", "fifo", "round robin")


def row(*cells: object) -> str:
    shown = (f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in cells)
    return "| " + " | ".join(shown) + " |"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [row(*head), row(*["---"] * len(head)), *(row(*cells) for cells in rows), ""]


def where(results: dict[str, Any], more: dict[str, str] | None = None) -> str:
    """The machine, its date and the versions."""
    machine = results["machine"]
    packages = ", ".join(
        f"{name} {number}" for name, number in {**machine["packages"], **(more or {})}.items()
    )
    return (
        f"Measured {machine['date']} on {machine['cores']} cores ({machine['processor']}, {machine['system']}), "
        f"Python {machine['python']}; {packages}."
    )


def write(marker: str, text: str) -> None:
    """Put ``text`` into docs/benchmarks.md between the two marks of that name."""
    begin, stop = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    page = PAGE.read_text()
    before, rest = page.split(begin)
    after = rest.split(stop)[1]
    PAGE.write_text(f"{before}{begin}\n{text}\n{stop}{after}")


def markdown(results: dict[str, Any]) -> str:
    """A row for each scene: each policy's first audio, starved listeners and silence."""
    scenes: dict[str, dict[str, dict[str, Any]]] = {}
    for outcome in results["outcomes"]:
        scenes.setdefault(outcome["scene"], {})[outcome["policy"]] = outcome
    head = ["scene", "cores", "streams", "refused"]
    head += [f"{name}: first audio p50 / p95 (ms), starved" for name in POLICIES]
    rows = []
    for scene, found in scenes.items():
        edf = found["edf"]
        cells = [
            f"{one['first_p50_ms']:,.0f} / {one['first_p95_ms']:,.0f}, {one['starved']}"
            for one in map(found.__getitem__, POLICIES)
        ]
        rows.append([scene, edf["cores"], edf["streams"], edf["refused"], *cells])
    costs = ", ".join(
        f"{voice['name']} {voice['cost']:.3f} CPU s per audio s, {voice['front_s'] * 1e3:.0f} ms before an utterance and "
        f"{voice['step_s'] * 1e3:.1f} ms a step"
        for voice in results["voices"]
    )
    return "\n".join([*table(head, rows), f"Costs, {results['costs_from']}: {costs}."])


def plot(results: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (first, starved) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for policy in POLICIES:
        points = [one for one in results["sweep"] if one["policy"] == policy]
        wanted = [one["streams"] for one in points]
        first.plot(
            wanted, [one["first_p95_ms"] for one in points], marker="o", label=f"{policy}, 95th percentile"
        )
        share = [100 * one["starved"] / max(1, one["heard"]) for one in points]
        starved.plot(wanted, share, marker="o", label=policy)
    first.set(xlabel="streams in a minute, 32 cores", ylabel="first audio (ms)", yscale="log")
    starved.set(xlabel="streams in a minute, 32 cores", ylabel="listeners who starved (%)")
    for axis in (first, starved):
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    figure.savefig(PLOT, dpi=110)
    pyplot.close(figure)
