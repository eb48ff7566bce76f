"""The report: tables for people, and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import browser, sdk

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks-streams.png"
BEGIN, STOP = "<!-- figures: begin -->", "<!-- figures: end -->"


def _row(*cells: object) -> str:
    return "| " + " | ".join(f"{c:.1f}" if isinstance(c, float) else str(c) for c in cells) + " |"


def _quantiles(name: str, values: dict[str, float]) -> str:
    return _row(name, values["p50"], values["p95"], values["iqr"])


def _first_audio(part: dict[str, Any]) -> list[str]:
    return [
        "**First audio**, one listener, a sentence of 16 words (ms)",
        "",
        _row("", "p50", "p95", "IQR"),
        _row("---", "---", "---", "---"),
        _quantiles("the engine alone, its first chunk in-process", part["engine_ms"]),
        _quantiles("HTTP, connection included", part["http_ms"]),
        _quantiles("WebSocket, from the text", part["websocket_ms"]),
        _row("HTTP, more than the engine", part["http_more_ms"]["p50"], part["http_more_ms"]["p95"], ""),
        _row(
            "WebSocket, more than the engine",
            part["websocket_more_ms"]["p50"],
            part["websocket_more_ms"]["p95"],
            "",
        ),
        "",
    ]


def _simultaneous(part: dict[str, Any]) -> list[str]:
    lines = [
        "**Simultaneous listeners**, 30 s of speech each, all asking in the same moment",
        "",
        _row(
            "listeners",
            "first audio p50 (ms)",
            "p95 (ms)",
            "starved at 1x",
            "health p95 (ms)",
            "CPU ms per audio s",
            "front (MB)",
            "worker (MB)",
        ),
        _row(*["---"] * 8),
    ]
    for count, row in part.items():
        lines.append(
            _row(
                count,
                row["first_audio_ms"]["p50"],
                row["first_audio_ms"]["p95"],
                row["starved"],
                row["health_ms"]["p95"],
                row["cpu_ms_per_audio_s"],
                row["front_mb"],
                row["worker_mb"],
            )
        )
    return [*lines, ""]


def _others(results: dict[str, Any]) -> list[str]:
    lines = [_row("what", "figure"), _row("---", "---")]
    if "leaver" in results:
        part = results["leaver"]
        lines.append(
            _row(
                "listener leaves: its place is free after, p50 / p95 (ms)",
                f"{part['free_again_ms']['p50']:.1f} / {part['free_again_ms']['p95']:.1f}",
            )
        )
        lines.append(
            _row(
                "listener leaves: audio still made for it, p50 / max (ms)",
                f"{part['audio_made_after_ms']['p50']:.0f} / {part['audio_made_after_ms']['high']:.0f}",
            )
        )
    if "never_reads" in results:
        part = results["never_reads"]
        lines.append(
            _row(
                f"listener never reads, watched for {part['watched_s']:.0f} s: audio made (s)",
                part["audio_made_s"],
            )
        )
        lines.append(
            _row("listener never reads: memory of the front process grows by (MB)", part["front_grown_mb"])
        )
    if "llm_pace" in results:
        part = results["llm_pace"]
        lines.append(
            _row(
                "words at 12 a second: first audio after the first word, p50 / p95 (ms)",
                f"{part['first_audio_ms']['p50']:.0f} / {part['first_audio_ms']['p95']:.0f}",
            )
        )
        lines.append(
            _row("words at 12 a second: the fourth word is complete after (ms)", part["four_words_ms"])
        )
    if "throughput" in results:
        part = results["throughput"]
        lines.append(
            _row(
                "audio seconds per CPU second: server / engine alone / ratio",
                f"{part['server_audio_s_per_cpu_s']:.0f} / {part['engine_audio_s_per_cpu_s']:.0f} / {part['ratio']:.2f}",
            )
        )
    if "memory" in results:
        part = results["memory"]
        lines.append(
            _row(
                "resident memory at rest: front / one worker (MB)",
                f"{part['front_mb']:.0f} / {part['worker_mb']:.0f}",
            )
        )
    return [*lines, ""]


def _dialects(results: dict[str, Any]) -> list[str]:
    costs = results.get("dialects_cost", {})
    lines = [
        "**Vendors' wires** against the native one",
        "",
        _row("wire", "first audio p50 (ms)", "p95 (ms)", "more than native, p50 (ms)", "CPU ms per audio s"),
        _row(*["---"] * 5),
    ]
    for name, part in results["dialects_first_audio"].items():
        cost = costs.get(name, {}).get("cpu_ms_per_audio_s", "")
        lines.append(_row(name, part["p50"], part["p95"], part["more_p50"], cost))
    if "start_up" in results:
        ready = results["start_up"]["ready_ms"]
        lines += [
            "",
            f"Ready after a start on an empty data folder, migrations included: {ready['p50']:.0f} ms (median).",
        ]
    return [*lines, ""]


def markdown(results: dict[str, Any]) -> str:
    """Everything that was measured, as tables."""
    lines: list[str] = []
    if "first_audio" in results:
        lines += _first_audio(results["first_audio"])
    if "simultaneous" in results:
        lines += _simultaneous(results["simultaneous"])
    lines += _others(results)
    if "dialects_first_audio" in results:
        lines += _dialects(results)
    lines += sdk.markdown(results)
    lines += browser.markdown(results)
    where = results["machine"]
    packages = ", ".join(f"{k} {v}" for k, v in where["packages"].items())
    lines.append(
        f"Measured {where['date']} on {where['cores']} cores ({where['processor']}, {where['system']}), "
        f"Python {where['python']}; {packages}."
    )
    return "\n".join(lines)


def write(results: dict[str, Any]) -> None:
    """Put the tables into docs/benchmarks.md, between its two marks, and draw the plot."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(STOP)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(results)}\n{STOP}{after}")
    if "simultaneous" in results:
        _plot(results["simultaneous"])


def _plot(part: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    counts = [int(count) for count in part]
    figure, axis = pyplot.subplots(figsize=(7, 3.5), layout="constrained")
    for name, label in (("p50", "first audio, median"), ("p95", "first audio, 95th percentile")):
        axis.plot(counts, [row["first_audio_ms"][name] for row in part.values()], marker="o", label=label)
    axis.plot(
        counts,
        [row["health_ms"]["p95"] for row in part.values()],
        marker=".",
        ls="--",
        label="/health, 95th percentile",
    )
    axis.set(
        xlabel="simultaneous listeners",
        ylabel="ms",
        xscale="log",
        yscale="log",
        xticks=counts,
        xticklabels=counts,
    )
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    figure.savefig(PLOT, dpi=130)
    pyplot.close(figure)
