"""The report of the comparison with peers: tables for docs/benchmarks.md, what was aimed at, and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bench.report import ROOT
from bench.report_neural import table, where

PLOT: Final = ROOT / "docs" / "benchmarks-peers.png"
OURS, UNCUT, HTTP, WYOMING = "vivavoce", "vivavoce, un-cut", "piper http", "wyoming-piper"
RATES: Final = ("audio_s_per_core_s", "audio_s_per_worker_s")
SOONER: Final = {"medium": 6.0, "high": 25.0}
"""How many times sooner than un-cut the first audio of 16 words is to be, by size of voice."""


def markdown(results: dict[str, Any]) -> str:
    """A section for each size of voice."""
    lines: list[str] = []
    for size, part in results["voices"].items():
        lines += [f"### Voice of size {size}, random weights", ""]
        lines += [*_alone(part), *_together(part), *_others(part), *_misbehaving(part)]
        lines += table(("aim", "wanted", "measured", "reached"), [*aims(size, part)])
    before, after = results["load_average"]
    took = ", ".join(f"{size} {part['took_s'] / 60:.0f} min" for size, part in results["voices"].items())
    lines += [
        f"Load average of the machine {before:.1f} before the run and {after:.1f} after it; it took {took}.",
        "",
    ]
    packages = {f"peers' {name}": number for name, number in results["versions"].items()}
    shown = "![First audio with quartiles, and who starved, against the number of listeners](benchmarks-peers.png)"
    return "\n".join([*lines, where(results, packages), "", shown])


# ---- tables -----------------------------------------------------------------------------------------------------------


def _alone(part: dict[str, Any]) -> list[str]:
    head = [
        "one listener at a time: first audio p50 / p95 / IQR (ms)",
        "a sentence of 16 words",
        "a sentence of 66 words",
        "32 words at 12 a second, from the first",
    ]
    rows: list[Sequence[object]] = []
    for name, short in part["alone"]["16 words"].items():
        pace = part["llm_pace"].get(name)
        rows.append(
            [
                name,
                _three(short["first_audio_ms"]),
                _three(part["alone"]["66 words"][name]["first_audio_ms"]),
                "" if pace is None else _paced(pace),
            ]
        )
    return table(head, rows)


def _paced(pace: dict[str, Any]) -> str:
    return _three(pace["first_audio_ms"]) + (" (takes whole texts only)" if pace["whole_text_only"] else "")


def _together(part: dict[str, Any]) -> list[str]:
    head = [
        "listeners at once, text of each",
        "server",
        "rounds",
        "refused",
        "first audio p50 / p95 / IQR (ms)",
        "starved at 1x",
        "worst silence (ms)",
        "audio s per core s",
        "per s of the workers",
        "peak memory (MB)",
    ]
    rows: list[Sequence[object]] = []
    left_out = []
    for row in part["together"]:
        title = f"{row['listeners']}, {row['text']}"
        if "left_out" in row:
            left_out.append(f"Left out: {title}: {row['left_out']}.")
            continue
        for name, one in row["servers"].items():
            first, stalled, rate = one["first_audio_ms"], one["worst_stall_ms"], one["audio_s_per_worker_s"]
            refused = f"{one['refused']} of {one['listeners']}"
            cells = (
                refused,
                _three(first),
                one["starved"],
                f"{stalled:,.0f}",
                one["audio_s_per_core_s"],
                rate,
            )
            rows.append([title, name, one["rounds"], *cells, f"{one['peak_mb']:,.0f}"])
    return [*table(head, rows), *left_out, *([""] if left_out else [])]


def _others(part: dict[str, Any]) -> list[str]:
    full, fits = part["full_load"], part["capacity"]
    rows = [
        [
            name,
            *(f"{one[rate]:.1f} ({one[f'{rate}_against_uncut']:.1%})" for rate in RATES),
            one["busy_cores"],
        ]
        for name, one in full["servers"].items()
    ]
    title = f"full load, {full['listeners']} listeners of {full['text']}, no bound on the lead"
    head = (title, "audio s per core s (of un-cut)", "per s of the workers (of un-cut)", "cores busy")
    said = (
        f"{fits['offered']} listeners of {fits['text']} came, one every 0.1 s: {fits['admitted']} were admitted and "
        f"{fits['starved']} of them starved. At {full['servers'][OURS]['audio_s_per_core_s']:.1f} audio seconds per core "
        f"second the cores can carry {fits['cores_can_carry']:.1f}, and 95 % of them may be used."
    )
    return [*table(head, rows), said, ""]


def _misbehaving(part: dict[str, Any]) -> list[str]:
    head = ("CPU seconds spent on", "one who left after 0.5 s", "one who never reads", "memory for it (MB)")
    rows = []
    for name, one in part["misbehaving"].items():
        leaver, mute = one["leaver"], one["never_reads"]
        left = f"{leaver['cpu_s_after_leaving']:.2f} in {leaver['watched_s']:.0f} s"
        rows.append(
            [name, left, f"{mute['cpu_s']:.1f} in {mute['watched_s']:.0f} s", f"{mute['grown_mb']:,.0f}"]
        )
    return table(head, rows)


def _three(part: dict[str, float]) -> str:
    return f"{part['p50']:,.0f} / {part['p95']:,.0f} / {part['iqr']:,.0f}"


# ---- aims -------------------------------------------------------------------------------------------------------------


def aims(size: str, part: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """What issue 5 asks for, what came out, and whether that is it."""
    yield from _alone_aims(size, part["alone"])
    rows = [row for row in part["together"] if "servers" in row]
    yield from _crowd_aims(rows)
    starved = sum(row["servers"][OURS]["starved"] for row in rows) + part["capacity"]["starved"]
    heard = sum(row["servers"][OURS]["listeners"] - row["servers"][OURS]["refused"] for row in rows)
    heard += part["capacity"]["admitted"]
    yield "admitted listeners who starved", "0", f"{starved} of {heard}", _reached(starved == 0)
    for name, title in zip(RATES, ("all processes", "workers only"), strict=True):
        for server, one in part["full_load"]["servers"].items():
            if server != UNCUT:
                ratio = one[f"{name}_against_uncut"]
                said = f"throughput of {server} against un-cut at full load, {title}"
                yield said, "97 %", f"{ratio:.1%}", _reached(ratio >= 0.97)
    fits = part["capacity"]
    wanted = min(fits["offered"], int(fits["cores_can_carry"] * 0.95))
    admitted = fits["admitted"]
    yield "admitted, of what the cores carry", f"{wanted}", f"{admitted}", _reached(admitted >= wanted)


def _alone_aims(size: str, alone: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    short, long = ({name: one["first_audio_ms"] for name, one in alone[text].items()} for text in alone)
    for other, times in ((UNCUT, SOONER.get(size, 6.0)), (HTTP, 5.0)):
        ratio = short[other]["p50"] / short[OURS]["p50"]
        yield (
            f"first audio, one listener, against {other}",
            f"{times:g}x",
            f"{ratio:.1f}x",
            _reached(ratio >= times),
        )
    late = long[OURS]["p50"] - short[OURS]["p50"]
    # Within the spread of the two measurements nothing can be told.
    no_later = late <= max(short[OURS]["iqr"], long[OURS]["iqr"])
    yield "first audio of 66 words, later than of 16", "not", f"{late:+.0f} ms", _reached(no_later)


def _crowd_aims(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    for row in rows:
        servers = row["servers"]
        title = f"{row['listeners']} at once, {row['text']}"
        if row["listeners"] == 1:
            stall = servers[OURS]["worst_stall_ms"]
            yield (
                f"under-runs, {title}",
                "none",
                f"{stall:.0f} ms of silence",
                _reached(not servers[OURS]["starved"]),
            )
        if row["listeners"] != 16:
            continue
        for other, times in ((UNCUT, 4.0), (HTTP, 8.0), (WYOMING, 8.0)):
            ratio = servers[other]["first_audio_ms"]["p50"] / servers[OURS]["first_audio_ms"]["p50"]
            yield (
                f"first audio, {title}, against {other}",
                f"{times:g}x",
                f"{ratio:.1f}x",
                _reached(ratio >= times),
            )
        share = servers[OURS]["peak_mb"] / servers[HTTP]["peak_mb"]
        yield f"memory, {title}, against {HTTP}", "under 50 %", f"{share:.0%}", _reached(share < 0.5)


def _reached(reached: bool) -> str:
    return "yes" if reached else "no"


# ---- the plot ---------------------------------------------------------------------------------------------------------


def plot(results: dict[str, Any]) -> None:
    """First audio with quartiles, and the share who starved, against the number of listeners; a row for each voice."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    sizes = results["voices"]
    figure, axes = pyplot.subplots(
        len(sizes), 2, figsize=(10, 3.5 * len(sizes)), layout="constrained", squeeze=False
    )
    for (first, starved), (size, part) in zip(axes, sizes.items(), strict=True):
        rows = [row for row in part["together"] if "servers" in row and row["text"].endswith("sentences")]
        counts = [row["listeners"] for row in rows]
        for name in (OURS, UNCUT, HTTP, WYOMING):
            found = [row["servers"][name] for row in rows]
            firsts = [one["first_audio_ms"] for one in found]
            middle = [one["p50"] for one in firsts]
            below = [one["p50"] - one["p25"] for one in firsts]
            above = [one["p75"] - one["p50"] for one in firsts]
            first.errorbar(counts, middle, yerr=(below, above), marker="o", capsize=3, label=name)
            share = [100 * one["starved"] / max(1, one["listeners"] - one["refused"]) for one in found]
            starved.plot(counts, share, marker="o", label=name)
        first.set(ylabel="first audio, median and quartiles (ms)", yscale="log", title=f"{size} voice")
        starved.set(ylabel="admitted listeners who starved (%)", ylim=(-5, 105), title=f"{size} voice")
        for axis in (first, starved):
            axis.set(xlabel="simultaneous listeners", xscale="log", xticks=counts, xticklabels=counts)
            axis.minorticks_off()
            axis.grid(alpha=0.3)
            axis.legend(frameon=False)
    figure.savefig(PLOT, dpi=110)
    pyplot.close(figure)
