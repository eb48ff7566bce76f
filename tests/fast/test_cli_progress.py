"""The line on the terminal while it speaks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from vivavoce.cli.progress import ProgressLine, figures
from vivavoce.cli.speaking import Progress

pytestmark = pytest.mark.fast


def shown(progress: Progress) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, color_system=None)
    console.print(ProgressLine(progress, console).line())
    return out.getvalue().rstrip("\n")


def test_figures_are_told_as_far_as_known() -> None:
    progress = Progress()
    assert figures(progress) == "0.0 s spoken"
    progress.audio_s, progress.work_s, progress.first_audio_s = 12.34, 0.617, 0.0456
    assert figures(progress) == "12.3 s spoken · real-time factor 0.05 · first audio 46 ms"


def test_the_bar_follows_the_spoken_characters() -> None:
    half = shown(Progress(began=0.0, characters=100, complete=True, spoken_chars=50))
    full = shown(Progress(began=0.0, characters=100, complete=True, spoken_chars=100))
    assert half.count("━") == 8
    assert full.count("━") == 16
    assert "0.0 s spoken" in half


def test_it_waits_for_a_writer_who_has_not_begun() -> None:
    assert shown(Progress()).endswith("waiting for text")


def test_it_fits_one_line_of_80_columns() -> None:
    progress = Progress(began=0.0, audio_s=12_345.6, work_s=1_000.0, first_audio_s=12.345)
    line = shown(progress)
    assert "\n" not in line
    assert len(line) <= 80


def test_nothing_is_left_behind() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    with ProgressLine(Progress(), console):
        pass
    assert out.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K") or out.getvalue().endswith("\x1b[2K")
