"""Memory of one server's processes, every page counted once, whatever else on the machine has mapped it.

Proportional memory (PSS) will not do while servers run side by side: a library that two of them have mapped would count
half for each. So anonymous pages, which no two of these processes share (none is forked), are summed, and of every
mapped file the most that one of the processes holds. Linux only, as ``/proc/PID/smaps`` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_HEAD: Final = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ (\S+) (\d+)", re.MULTILINE)
"""A mapping's first line: device and inode are what is asked for."""
_SIZE: Final = re.compile(r"^(Rss|Anonymous): +(\d+) kB", re.MULTILINE)


def anonymous_mb(pids: Iterable[int]) -> float:
    """What these processes have made of their own: heaps, stacks, written pages. Cheap enough to watch."""
    total = 0
    for pid in pids:
        total += dict(_sizes(_read(pid, "smaps_rollup"))).get("Anonymous", 0)
    return total * 1024 / 1e6


def files_mb(pids: Iterable[int]) -> float:
    """What they hold of files, libraries above all, each file once. Takes some milliseconds a process."""
    most: dict[tuple[str, str], int] = {}
    for pid in pids:
        for file, size in held(_read(pid, "smaps")).items():
            most[file] = max(most.get(file, 0), size)
    return sum(most.values()) * 1024 / 1e6


def held(smaps: str) -> dict[tuple[str, str], int]:
    """Unwritten pages in kB by file (device and inode), of the text of ``/proc/PID/smaps``."""
    found: dict[tuple[str, str], int] = {}
    heads = [*_HEAD.finditer(smaps)]
    ends = [*(head.start() for head in heads[1:]), len(smaps)]
    for head, end in zip(heads, ends, strict=False):  # of no heads there is one end
        if head[2] == "0":
            continue
        sizes = dict(_sizes(smaps[head.end() : end]))
        clean = sizes.get("Rss", 0) - sizes.get("Anonymous", 0)
        found[head[1], head[2]] = found.get((head[1], head[2]), 0) + clean
    return found


def _sizes(text: str) -> list[tuple[str, int]]:
    return [(name, int(number)) for name, number in _SIZE.findall(text)]


def _read(pid: int, name: str) -> str:
    """Empty when the process has gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
