"""Players: which one is chosen, and what it is told."""

from __future__ import annotations

import pytest

from vivavoce.cli import playback
from vivavoce.cli.playback import FILE_PLAYER, PROGRAMS, AfterwardsSink, ProgramSink, player, players
from vivavoce.errors import MissingDependencyError

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def _no_sound_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only programs: whether PortAudio finds a device is this machine's own business."""
    monkeypatch.setattr(playback, "_sounddevice", lambda: None)


def only(*names: str) -> dict[str, str]:
    return {name: f"/usr/bin/{name}" for name in names}


def test_players_come_best_first() -> None:
    assert players(only("aplay", "ffplay", "afplay").get) == ["ffplay", "aplay", "afplay"]
    assert players(only().get) == []


def test_without_any_player_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingDependencyError) as caught:
        player()
    for name in ("ffplay", "aplay", "vivavoce[play]", "-o hello.wav"):
        assert name in caught.value.message


def test_the_best_player_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "players", lambda: ["paplay", "aplay"])
    assert isinstance(player(), ProgramSink)
    monkeypatch.setattr(playback, "players", lambda: [FILE_PLAYER])
    chosen = player()
    assert isinstance(chosen, AfterwardsSink)
    chosen.discard()


def test_every_program_is_told_the_rate_and_reads_its_standard_input() -> None:
    for program in PROGRAMS:
        command = [program.name, *program.arguments]
        assert "48000" in " ".join(command)
        assert "-" in command or program.name == "paplay"
