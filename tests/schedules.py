"""Schedules in the hands of a test: streams that all have something to say, picked one by one."""

from __future__ import annotations

from vivavoce.runtime.scheduler import Scheduler

LEAD_S = 10.0
FIRST_S = 0.1


def scheduler() -> Scheduler[str, int]:
    """A schedule of nobody yet, for two workers."""
    return Scheduler(lead_s=LEAD_S, first_deadline_s=FIRST_S, workers=2)


def ready(*names: str) -> Scheduler[str, int]:
    """A schedule with these streams, all of which have something to say."""
    made = scheduler()
    for name in names:
        made.add(name, 0.0)
        made.ready(name, True, 0.0)
    return made


def picked(schedule: Scheduler[str, int], worker: int, now: float) -> str | None:
    """Who goes next on ``worker``."""
    choice = schedule.pick(worker, now)
    return None if choice is None else choice.stream
