"""Rules for all tests: every test module declares one category; under CI nothing is skipped."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Generator
from typing import NoReturn

import pytest

# Nothing that a test starts may read or write the state of the person who runs it.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="vivavoce-tests-")

# What was started in the background of a script ignores Ctrl-C, and so would all that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

CATEGORIES = frozenset({"fast", "integration", "conformance", "browser"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fail collection for a test that has no category, or two."""
    for item in items:
        found = CATEGORIES.intersection(mark.name for mark in item.iter_markers())
        if len(found) != 1:
            raise pytest.UsageError(
                f"{item.nodeid}: expected exactly one marker of {sorted(CATEGORIES)}, got {sorted(found)}"
            )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that collecting makes is garbage, and looking for some takes a fifth of its time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not looked through again by every garbage collection (a tenth of the time)."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under ``CI=true`` a skipped test is a failed one: what a test needs has to be installed there."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped under CI: {report.longrepr}"
    return report


def missing(what: str, hint: str) -> NoReturn:
    """Skip the test here, fail it under CI, saying what to install."""
    pytest.skip(f"{what} is not installed; {hint}")
