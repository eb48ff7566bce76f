"""The line that lives on a terminal while ``vivavoce say`` speaks."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from vivavoce.cli.speaking import Progress

BAR_CHARS: Final = 16
REFRESHES_PER_S: Final = 10


class ProgressLine:
    """Shows a :class:`Progress` on standard error while it is entered, and nothing after it.

    The bar is the part of the text that has been spoken; it only pulses while the writer may still go on.
    """

    def __init__(self, progress: Progress, console: Console | None = None) -> None:
        self._progress = progress
        self._live = Live(
            console=console or Console(file=sys.stderr, highlight=False),
            get_renderable=self.line,
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> ProgressLine:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def line(self) -> Table:
        """What is shown now."""
        progress = self._progress
        row: list[Any] = [
            ProgressBar(
                total=progress.characters if progress.complete else None,
                completed=progress.spoken_chars,
                width=BAR_CHARS,
                pulse=not progress.complete,
            ),
            figures(progress) if progress.began is not None else "waiting for text",
        ]
        line = Table.grid(padding=(0, 1))
        line.add_column()
        line.add_column(no_wrap=True)
        line.add_row(*row)
        return line


def figures(progress: Progress) -> str:
    """``3.2 s spoken · real-time factor 0.07 · first audio 45 ms``, as far as known."""
    parts = [f"{progress.audio_s:.1f} s spoken"]
    if progress.real_time_factor is not None:
        parts.append(f"real-time factor {progress.real_time_factor:.2f}")
    if progress.first_audio_s is not None:
        parts.append(f"first audio {progress.first_audio_s * 1000:.0f} ms")
    return " · ".join(parts)
