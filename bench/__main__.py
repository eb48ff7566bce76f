"""``python -m bench``: run the measurements, write JSON, a plot and the tables of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import platform
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from bench import (
    browser,
    costs,
    dialects,
    hour,
    peers,
    piper,
    report,
    report_hour,
    report_neural,
    report_peers,
    report_piper,
    sdk,
    simulator,
    speech,
)

RESULTS = Path(__file__).parent / "results"
MARKDOWN = {
    "piper": report_piper.markdown,
    "simulator": report_neural.markdown,
    "peers": report_peers.markdown,
    "hour": report_hour.markdown,
}
PLOTS = {"simulator": report_neural.plot, "peers": report_peers.plot, "hour": report_hour.plot}
PACKAGES = (
    "vivavoce",
    "uvicorn",
    "uvloop",
    "starlette",
    "websockets",
    "av",
    "lameenc",
    "espeakng-loader",
    "numpy",
    "onnxruntime",
)


def suites(quick: bool) -> dict[str, Callable[[], Awaitable[dict[str, Any]]]]:
    """Name and measurement, in the order they are run."""
    rounds = 20 if quick else 200
    counts = (1, 8) if quick else speech.STREAMS
    return {
        "first_audio": lambda: speech.first_audio(rounds),
        "simultaneous": lambda: speech.simultaneous(counts),
        "leaver": lambda: speech.leaver(5 if quick else 30),
        "never_reads": lambda: speech.never_reads(4 if quick else 20),
        "llm_pace": lambda: speech.writer_at_llm_pace(3 if quick else 20),
        "throughput": lambda: speech.throughput(8 if quick else 64),
        "memory": speech.memory,
        "dialects_first_audio": lambda: dialects.first_audio(10 if quick else 100),
        "dialects_cost": lambda: dialects.cost(8 if quick else 64),
        "sdk": lambda: sdk.overhead(rounds),
        "sdk_many": lambda: sdk.many(8 if quick else 64),
        "sdk_slow": lambda: sdk.slow_consumer(4 if quick else 30),
        "browser": lambda: asyncio.to_thread(browser.measure, 3 if quick else 20),
        "start_up": lambda: dialects.start_up(2 if quick else 10),
    }


def separate(given: argparse.Namespace, writing: bool) -> dict[str, Callable[[], Awaitable[dict[str, Any]]]]:
    """Suites with results and marks of their own, in the order they are run: the simulator goes by what the Piper suite
    measured. Those that take long write what they have on the way."""
    quick: bool = given.quick

    def keeping(name: str) -> Callable[[dict[str, Any]], None]:
        return lambda found: keep(name, {"machine": machine(), **found}) if writing else None

    found: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "piper": lambda: piper.voices(2 if quick else 7, ("x_low",) if quick else piper.SIZES),
        "simulator": lambda: asyncio.to_thread(simulator.run, quick, costs.read(RESULTS / "piper.json")),
        "peers": lambda: peers.run({"x_low": peers.SMOKE} if quick else peers.PLANS, keeping("peers")),
        "hour": lambda: hour.run(
            given.seconds, given.load, keeping("hour"), ("x_low", "medium") if quick else hour.SIZES
        ),
    }
    # An hour is never run unasked; peers are installed first, which a quick run is not to do.
    unasked = {"hour", "peers"} if quick else {"hour"}
    return {k: v for k, v in found.items() if (k in given.names if given.names else k not in unasked)}


def keep(name: str, results: dict[str, Any]) -> None:
    """Write the results of a separate suite, what they come to, and their plot."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    report_neural.write(name, MARKDOWN[name](results))
    if name in PLOTS:
        PLOTS[name](results)


def machine() -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="suites to run; all but the hour if none is named")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of a minute; its figures mean little"
    )
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--seconds", type=float, default=3600.0, help="length of the hour")
    parser.add_argument("--load", type=float, default=0.6, help="share of the cores that the hour needs")
    given = parser.parse_args()
    chosen = {k: v for k, v in suites(given.quick).items() if not given.names or k in given.names}
    console = Console(stderr=True)
    writing = not given.no_write and not given.quick
    if chosen:
        path = RESULTS / "speech.json"
        results: dict[str, Any] = orjson.loads(path.read_bytes()) if path.exists() and given.names else {}
        results["machine"] = machine()
        for name, suite in chosen.items():
            results[name] = await measured(console, name, suite)
        print(report.markdown(results))
        if writing:
            RESULTS.mkdir(exist_ok=True)
            path.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
            report.write(results)
    for name, suite in separate(given, writing).items():
        found = {"machine": machine(), **await measured(console, name, suite)}
        print(MARKDOWN[name](found))
        if writing:
            keep(name, found)


async def measured(
    console: Console, name: str, suite: Callable[[], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """The results of a suite, with a word about its progress."""
    with console.status(f"{name} …"):
        found = await suite()
    console.print(f"{name}: done")
    return found


asyncio.run(main())
