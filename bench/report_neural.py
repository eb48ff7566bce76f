"""The reports of the simulator and of the comparison with peers: tables by marker into docs/benchmarks.md, and a plot."""

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


# ---- the simulator ----------------------------------------------------------------------------------------------------


def simulator_markdown(results: dict[str, Any]) -> str:
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
    return "\n".join([*table(head, rows), f"Costs: {costs}."])


def plot_simulator(results: dict[str, Any]) -> None:
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


# ---- peers --------------------------------------------------------------------------------------------------------------


def peers_markdown(results: dict[str, Any]) -> str:
    """A section for each size of voice."""
    lines: list[str] = []
    for size, servers in results["voices"].items():
        lines += [f"**Voice of size {size}, random weights**", "", *_alone(servers), *_together(servers)]
    before, after = results["load_average"]
    shared = (
        f"Load average of the machine {before:.1f} before the run and {after:.1f} after it: whatever of it is not the "
        "benchmark's own took cores away from every server here, and from each at its own time."
    )
    packages = {f"peers' {name}": number for name, number in results["versions"].items()}
    return "\n".join([*lines, shared, "", where(results, packages)])


def _alone(servers: dict[str, Any]) -> list[str]:
    head = [
        "one listener at a time",
        "16 words: first audio p50 / p95 / IQR (ms)",
        "70 words, one sentence (ms)",
        "words at 12 a second (ms)",
        "CPU s after a listener left",
        "CPU s for one who never reads",
    ]
    rows: list[Sequence[object]] = []
    for name, part in servers.items():
        if name == "un-cut":
            short, long = (_three(part[text]["first_audio_ms"]) for text in ("short", "long"))
            rows.append(["the library alone, un-cut", short, long, "", "", ""])
            continue
        pace = f"{part['llm_pace']['first_audio_ms']['p50']:,.0f}"
        rows.append(
            [
                name,
                _three(part["alone_short"]["first_audio_ms"]),
                _three(part["alone_long"]["first_audio_ms"]),
                pace + (" (takes whole texts only)" if part["llm_pace"]["whole_text_only"] else ""),
                f"{part['leaver']['cpu_s_after_leaving']:.2f}",
                f"{part['never_reads']['cpu_s']:.1f} in {part['never_reads']['watched_s']:.0f} s",
            ]
        )
    return table(head, rows)


def _together(servers: dict[str, Any]) -> list[str]:
    head = [
        "all at once, 30 s of speech each",
        "listeners",
        "refused",
        "first audio p50 / p95 / IQR (ms)",
        "starved at 1x",
        "worst silence (ms)",
        "audio s per core s",
        "peak memory (MB)",
    ]
    rows: list[Sequence[object]] = []
    for name, part in servers.items():
        for count, one in part.get("together", {}).items():
            rows.append(
                [
                    name,
                    count,
                    one["refused"],
                    _three(one["first_audio_ms"]),
                    one["starved"],
                    f"{one['worst_stall_ms']:,.0f}",
                    one["audio_s_per_core_s"],
                    f"{one['peak_mb']:,.0f}",
                ]
            )
    uncut = servers["un-cut"]["long"]["audio_s_per_core_s"]
    return [*table(head, rows), f"The library alone makes {uncut:.1f} audio seconds per core second.", ""]


def _three(part: dict[str, float]) -> str:
    return f"{part['p50']:,.0f} / {part['p95']:,.0f} / {part['iqr']:,.0f}"


MARKDOWN: Final = {"simulator": simulator_markdown, "peers": peers_markdown}
"""What results come to, by the name of the suite."""
