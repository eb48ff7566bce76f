"""Every sh and Python snippet of the docs runs as it stands there, against a running server."""

from __future__ import annotations

import json
import re
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import Live, serving
from snippets import ROOT, Snippet, follow, reader, snippets

pytestmark = pytest.mark.integration

PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/how-to/command-line.md",
    "docs/how-to/llm-streaming.md",
    "docs/how-to/telephony-mulaw.md",
    "docs/how-to/subtitles.md",
    "docs/how-to/keys-and-limits.md",
    "docs/how-to/custom-voices.md",
    "docs/reference/native.md",
    "docs/reference/settings.md",
)
ELSEWHERE = re.compile(
    r"docs/(reference|how-to)/(move-from-|python-)?(soniox|gradium|supertone|supertonic|suonora|sdk|neural)[\w-]*\.md"
)
"""Pages whose snippets need a vendor's client or a model: the tests beside those prove them."""
ALL = [(page, snippet) for page in PAGES for snippet in snippets(page)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("server"), engines="") as live:
        yield live


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each page."""
    return {page: tmp_path_factory.mktemp(Path(page).stem) for page in PAGES}


@pytest.mark.parametrize(("page", "snippet"), ALL, ids=[f"{page}: {one.title}" for page, one in ALL])
def test_the_snippet_runs(server: Live, folders: dict[str, Path], page: str, snippet: Snippet) -> None:
    follow(snippet, folders[page], reader(folders[page]), server.port)


def test_what_the_pages_made_is_what_they_say(server: Live, folders: dict[str, Path]) -> None:
    native, tutorial = folders["docs/reference/native.md"], folders["docs/tutorial.md"]
    subtitles = folders["docs/how-to/subtitles.md"]
    for page, folder in folders.items():
        # Run by itself, this test has to follow the pages that the tests above have followed otherwise.
        if folder in (native, tutorial, subtitles) and not (folder / "bin").exists():
            for snippet in snippets(page):
                follow(snippet, folder, reader(folder), server.port)
    assert (native / "hello.mp3").read_bytes()[:1] == b"\xff"
    with wave.open(str(native / "numbers.wav")) as file:
        assert file.getnframes() > 4000
    lines = [json.loads(line) for line in (native / "lines.ndjson").read_text().splitlines()]
    assert [line["value"] for line in lines if line["type"] == "mark"] == ["Hello", "there."]
    assert "Once upon a time there was an end." in (tutorial / "story.srt").read_text().replace("\n", " ")
    assert (tutorial / "talk.mp3").stat().st_size > 5000
    assert (tutorial / "played").stat().st_size > 1000
    times = (subtitles / "times.txt").read_text().split()
    assert times[1::2] == ["Every", "word", "has", "its", "time."]
    seconds = [float(time) for time in times[::2]]
    assert seconds == sorted(seconds)


def test_every_page_with_snippets_is_followed() -> None:
    found = subprocess.run(
        ["git", "ls-files", "README.md", "docs/**.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missed = [page for page in found if snippets(page) and page not in PAGES and not ELSEWHERE.match(page)]
    assert missed == []


def test_the_two_commands_are_there() -> None:
    for page in ("README.md", "docs/tutorial.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"^make (\w+)$", text, re.MULTILINE):
            assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True).returncode == 0


def test_the_command_line_page_has_all_commands() -> None:
    page = "\n".join(one.code for one in snippets("docs/how-to/command-line.md"))
    for command in ("say", "voices", "serve", "doctor"):
        assert f"vivavoce {command}" in page


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        path = ROOT / page
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{page}: {target}"
