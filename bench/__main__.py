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

from bench import dialects, peers, piper, report, report_neural, report_piper, sdk, simulator, speech

RESULTS = Path(__file__).parent / "results"
MARKDOWN = {**report_neural.MARKDOWN, "piper": report_piper.markdown}
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
        "start_up": lambda: dialects.start_up(2 if quick else 10),
    }


def separate(quick: bool) -> dict[str, Callable[[], Awaitable[dict[str, Any]]]]:
    """Suites with results and marks of their own. The peers are left out of a quick run: they are installed first."""
    found: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "simulator": lambda: asyncio.to_thread(simulator.run, quick),
        "piper": lambda: piper.voices(2 if quick else 7, ("x_low",) if quick else piper.SIZES),
    }
    if not quick:
        found["peers"] = lambda: peers.run(("medium", "high"), (1, 4, 16, 32), 12)
    return found


def keep(name: str, results: dict[str, Any]) -> None:
    """Write the results of a separate suite, and what they come to."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    report_neural.write(name, MARKDOWN[name](results))
    if name == "simulator":
        report_neural.plot_simulator(results)


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
    parser.add_argument("names", nargs="*", help="suites to run; all if none is named")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of a minute; its figures mean little"
    )
    parser.add_argument("--no-write", action="store_true", help="print only")
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
    for name, suite in separate(given.quick).items():
        if not given.names or name in given.names:
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
