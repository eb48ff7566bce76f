"""What a person at a terminal sees, over a pseudo-terminal of 80 columns; and what a player is given."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from conftest import missing
from integration.cli_runs import TIMEOUT_S, VIVAVOCE, environment, program, vivavoce

pytestmark = pytest.mark.integration

TEXT = "The quick brown fox jumps over the lazy dog."


def at_terminal(*arguments: str, **env: str) -> tuple[int, str]:
    """Exit status and everything that 80 columns showed, with standard input, output and error on the terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [VIVAVOCE, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(TERM="xterm-256color", **env),
        start_new_session=True,
    )
    os.close(slave)
    shown = bytearray()
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:  # the other side closed
            break
        if not data:
            break
        shown += data
    os.close(master)
    return process.wait(TIMEOUT_S), shown.decode()


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)


def with_player(tmp_path: Path, name: str, script: str) -> dict[str, str]:
    """A path where ``name`` is the only player: the sound card is not ours to test, what it is given is."""
    folder = tmp_path / "players"
    program(folder, name, script)
    for tool in ("cat", "sh", "head", "sleep"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return {"PATH": str(folder)}


def test_progress_and_summary_are_shown(tmp_path: Path) -> None:
    status, shown = at_terminal("say", TEXT, "-o", str(tmp_path / "a.mp3"))
    assert status == 0
    last = plain(shown).strip().splitlines()[-1]
    assert re.search(r"\d\.\d s spoken · real-time factor \d+\.\d\d · first audio \d+ ms · \S+ → ", last)


def test_quiet_shows_nothing(tmp_path: Path) -> None:
    assert at_terminal("say", TEXT, "-q", "-o", str(tmp_path / "a.mp3")) == (0, "")


def test_an_error_is_red() -> None:
    status, shown = at_terminal("say", TEXT, "--speed", "9")
    assert status == 2
    assert shown.startswith("\x1b[31m\x1b[1merror: ")
    assert plain(shown).strip() == "error: speed: expected 0.25 to 4, got 9"


def test_nothing_to_say_at_a_terminal_says_what_to_do() -> None:
    status, shown = at_terminal("say")
    assert status == 2
    assert "expected TEXT, --file FILE or --stdin" in plain(shown)


def test_audio_is_not_thrown_at_a_terminal() -> None:
    status, shown = at_terminal("say", TEXT, "-o", "-")
    assert status == 2
    assert "standard output is a terminal; expected a pipe or a file" in plain(shown)


def test_at_a_terminal_it_is_played(tmp_path: Path) -> None:
    played = tmp_path / "played.pcm"
    status, shown = at_terminal(
        "say", TEXT, **with_player(tmp_path, "aplay", f"cat > {played}; echo $* > {played}.how")
    )
    assert status == 0, shown
    expected = vivavoce("say", TEXT, "--format", "pcm", "--rate", "48000").stdout
    assert played.read_bytes() == expected
    assert (tmp_path / "played.pcm.how").read_text().split() == [
        "-q",
        "-t",
        "raw",
        "-f",
        "S16_LE",
        "-r",
        "48000",
        "-c",
        "1",
        "-",
    ]


def test_without_a_player_it_says_what_to_install(tmp_path: Path) -> None:
    status, shown = at_terminal("say", TEXT, **with_player(tmp_path, "not-a-player", "exit"))
    assert status == 1
    said = " ".join(plain(shown).split())
    assert said.startswith("error: no audio player found; install one of ffplay")


def test_a_player_that_fails_is_quoted(tmp_path: Path) -> None:
    env = environment(**with_player(tmp_path, "paplay", "echo 'Connection refused' >&2; exit 1"))
    done = vivavoce("say", TEXT, "--play", env=env)
    assert done.returncode == 1
    assert done.stderr == (
        b"error: the player paplay failed (status 1): Connection refused; check the sound device, or use -o hello.wav\n"
    )


def test_a_player_that_complains_and_plays_nothing_has_failed(tmp_path: Path) -> None:
    env = environment(**with_player(tmp_path, "ffplay", "echo 'audio open failed' >&2; exit 0"))
    done = vivavoce("say", TEXT, "--play", env=env)
    assert done.returncode == 1
    assert b"the player ffplay failed (status 0): audio open failed" in done.stderr


def test_a_player_that_is_closed_ends_the_work_quietly(tmp_path: Path) -> None:
    env = environment(**with_player(tmp_path, "aplay", "head -c 50000 > /dev/null"))
    done = vivavoce("say", "--stdin", "--play", env=env, stdin=(TEXT + " ").encode() * 100)
    assert (done.returncode, done.stderr) == (141, b"")


def test_pipewires_player_is_told_that_samples_are_raw_if_it_wants_to_be(tmp_path: Path) -> None:
    how = tmp_path / "how"
    script = (
        f'if [ "$1" = --help ]; then echo "  --raw  RAW mode"; else echo "$@" > {how}; cat > /dev/null; fi'
    )
    env = environment(**with_player(tmp_path, "pw-play", script))
    assert vivavoce("say", TEXT, "--play", env=env).returncode == 0
    assert how.read_text().split() == ["--raw", "--format", "s16", "--rate", "48000", "--channels", "1", "-"]


def test_a_player_that_needs_a_file_gets_one(tmp_path: Path) -> None:
    copy = tmp_path / "copy.wav"
    env = environment(**with_player(tmp_path, "afplay", f'cat "$1" > {copy}; echo "$1" > {copy}.name'))
    assert vivavoce("say", TEXT, "--play", env=env).returncode == 0
    data = copy.read_bytes()
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[40:44], "little") == len(data) - 44 > 50_000
    assert not Path((tmp_path / "copy.wav.name").read_text().strip()).exists()


def test_ffplay_itself_plays_it() -> None:
    if shutil.which("ffplay") is None:
        missing("ffplay", "apt install ffmpeg")
    begun = time.monotonic()
    done = vivavoce("say", TEXT, "--play", env=environment(SDL_AUDIODRIVER="dummy"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert time.monotonic() - begun > 1.0, "playing takes as long as speaking"
