"""`vivavoce say` as a user runs it: files, pipes, interrupts, errors."""

from __future__ import annotations

import io
import json
import os
import re
import select
import signal
import subprocess
import time
import wave
from pathlib import Path

import av
import psutil
import pytest

from integration.cli_runs import TIMEOUT_S, VIVAVOCE, environment, vivavoce

pytestmark = pytest.mark.integration

TEXT = "The quick brown fox jumps over the lazy dog."


def decoded_s(path: Path) -> float:
    """Seconds of audio that FFmpeg finds in ``path``."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples / frame.sample_rate for frame in container.decode(stream))


@pytest.mark.parametrize("extension", ["wav", "mp3", "ogg", "flac", "aac"])
def test_each_container_is_what_its_extension_says(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"out.{extension}"
    done = vivavoce("say", TEXT, "-o", str(path), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert done.stderr == b""
    assert decoded_s(path) == pytest.approx(told["audio_s"], abs=0.15)
    assert told["audio_s"] > 1.5
    assert (told["characters"], told["words"]) == (len(TEXT), 9)
    assert told["first_audio_ms"] > 0
    assert told["real_time_factor"] > 0


@pytest.mark.parametrize(
    ("extension", "bytes_a_s"), [("ulaw", 8000), ("alaw", 8000), ("pcm", None), ("f32", None)]
)
def test_headerless_formats_have_the_length_they_claim(
    tmp_path: Path, extension: str, bytes_a_s: int | None
) -> None:
    path = tmp_path / f"out.{extension}"
    told = json.loads(vivavoce("say", TEXT, "-o", str(path), "--json").stdout)
    width = {"pcm": 2, "f32": 4}.get(extension, 1)
    assert path.stat().st_size == pytest.approx(told["audio_s"] * told["rate_hz"] * width, abs=width)
    assert bytes_a_s in (None, told["rate_hz"] * width)


def test_a_wav_file_has_true_sizes_and_a_pipe_has_not(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    assert vivavoce("say", TEXT, "-o", str(path)).returncode == 0
    piped = vivavoce("say", TEXT).stdout
    with wave.open(str(path)) as file:
        assert file.getnframes() * 2 + 44 == path.stat().st_size
        assert file.getframerate() > 0
    assert piped[:8] == b"RIFF\xff\xff\xff\xff"
    assert piped[44:] == path.read_bytes()[44:]
    with open(tmp_path / "redirected", "wb") as out:
        subprocess.run([VIVAVOCE, "say", TEXT], stdout=out, env=environment(), timeout=TIMEOUT_S, check=True)
    assert (tmp_path / "redirected").read_bytes() == path.read_bytes()


def test_options_are_heard(tmp_path: Path) -> None:
    def length(*options: str) -> float:
        done = vivavoce("say", TEXT, "-o", str(tmp_path / "a.pcm"), "--json", *options)
        assert done.returncode == 0, done.stderr
        return float(json.loads(done.stdout)["audio_s"])

    plain = length()
    assert length("--speed", "2") == pytest.approx(plain / 2, rel=0.25)
    assert length("--duration", "5") == pytest.approx(5, abs=0.05)
    assert length("--language", "fr") != plain


def test_words_have_times_and_spans(tmp_path: Path) -> None:
    marks = tmp_path / "words.json"
    told = json.loads(
        vivavoce("say", TEXT, "-o", str(tmp_path / "a.wav"), "--marks", str(marks), "--json").stdout
    )
    words = json.loads(marks.read_text(encoding="utf-8"))
    assert [re.sub(r"\W", "", word["text"]) for word in words] == re.findall(r"\w+", TEXT)
    starts = [word["start_s"] for word in words]
    assert starts == sorted(starts)
    assert all(word["start_s"] < word["stop_s"] <= told["audio_s"] for word in words)
    assert all(TEXT[word["text_start"] : word["text_stop"]] == word["text"] for word in words)


def test_subtitles_show_the_text(tmp_path: Path) -> None:
    for name, head in (("a.srt", "1\n00:00:0"), ("a.vtt", "WEBVTT\n\n00:00:0")):
        done = vivavoce("say", TEXT, "-o", str(tmp_path / "a.mp3"), "--marks", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        written = (tmp_path / name).read_text(encoding="utf-8")
        assert written.startswith(head)
        shown = [line for line in written.splitlines() if line and "-->" not in line and not line.isdigit()]
        assert " ".join(shown).removeprefix("WEBVTT ") == TEXT


def test_text_comes_from_a_file_or_standard_input_alike(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    spoken = vivavoce("say", TEXT, "--format", "pcm").stdout
    assert len(spoken) > 30_000
    assert vivavoce("say", "--file", str(path), "--format", "pcm").stdout == spoken
    assert vivavoce("say", "--stdin", "--format", "pcm", stdin=TEXT.encode()).stdout == spoken
    assert vivavoce("say", "-", "--format", "pcm", stdin=b"\xef\xbb\xbf" + TEXT.encode()).stdout == spoken
    with open(path, "rb") as text:
        redirected = subprocess.run(
            [VIVAVOCE, "say", "--format", "pcm"],
            stdin=text,
            capture_output=True,
            env=environment(),
            timeout=TIMEOUT_S,
        )
    assert redirected.stdout == spoken


def start(*arguments: str, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [VIVAVOCE, "say", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**env),
        bufsize=0,
    )


def heard(process: subprocess.Popen[bytes], timeout_s: float = 30.0) -> bytes:
    """The next bytes of audio, or nothing after ``timeout_s``."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], timeout_s)
    return os.read(process.stdout.fileno(), 65536) if ready else b""


def test_the_first_words_are_heard_before_the_pipe_ends() -> None:
    process = start("--stdin", "--format", "pcm")
    assert process.stdin is not None
    for word in ["Once", "upon", "a", "time,", "there", "was", "a", "writer", "who", "never", ""]:
        process.stdin.write(f"{word} ".encode())
    assert heard(process)
    process.stdin.write(b"stopped.")
    rest, errors = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, errors) == (0, b"")
    assert len(rest) > 10_000


def test_a_silent_writers_words_are_spoken() -> None:
    process = start("--stdin", "--format", "pcm")
    assert process.stdin is not None
    process.stdin.write(b"Well ")
    first = heard(process, timeout_s=20)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert first


def test_bytes_that_are_no_utf8_are_spoken_around_with_one_warning() -> None:
    done = vivavoce("say", "--stdin", "--format", "pcm", stdin=b"caf\xe9 au lait, d\xe9j\xe0 vu. " * 20)
    assert done.returncode == 0
    assert len(done.stdout) > 50_000
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"warning: the text is not all UTF-8")


def children_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return found


def test_ctrl_c_ends_cleanly_and_keeps_what_was_spoken(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    process = start("--stdin", "-o", str(path))
    assert process.stdin is not None
    process.stdin.write((TEXT + " ").encode() * 3)
    until = time.monotonic() + 30
    while not (path.exists() and path.stat().st_size > 20_000):
        assert time.monotonic() < until, "no audio"
        time.sleep(0.02)
    workers = children_of(process)
    assert workers
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert errors.strip() == b""
    _, alive = psutil.wait_procs(workers, timeout=TIMEOUT_S)
    assert not alive
    with wave.open(str(path)) as file:
        assert file.getnframes() * 2 + 44 == path.stat().st_size


def test_ctrl_c_while_starting_shows_no_traceback() -> None:
    for delay_s in (0.05, 0.15, 0.3):
        process = start("--stdin")
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode in (130, -signal.SIGINT)
        if process.returncode == 130:
            assert b"Traceback" not in errors


def test_a_reader_who_leaves_ends_the_work_quietly() -> None:
    process = start("--stdin", "--format", "pcm")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write((TEXT + " ").encode() * 200)
    assert heard(process)
    workers = children_of(process)
    process.stdout.close()
    process.stdout = None
    assert process.stderr is not None
    assert process.wait(TIMEOUT_S) == 141
    assert process.stderr.read() == b""
    _, alive = psutil.wait_procs(workers, timeout=TIMEOUT_S)
    assert not alive
    process.stdin.close()
    process.stderr.close()


def test_a_pipeline_with_head_is_quiet() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{VIVAVOCE}' say --file <(yes '{TEXT}' | head -n 500) | head -c 1000 | wc -c"],
        capture_output=True,
        env=environment(),
        timeout=TIMEOUT_S,
    )
    assert (done.stdout.strip(), done.stderr) == (b"1000", b"")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Hi", "--voice", "nobody"], "nobody"),
        (["Hi", "--language", "tlh-XX"], "tlh"),
        (["Hi", "--format", "mp4"], "unknown audio format 'mp4'; expected one of"),
        (["Hi", "--format", "mp3", "--rate", "1"], "mp3 has no rate 1 Hz; expected one of"),
        (["Hi", "--format", "mp3", "--bit-rate", "1"], "has no bit rate 1 bit/s; expected one of"),
        (["Hi", "-o", "a.xyz"], "expected an extension of"),
        (["Hi", "-o", "none/a.wav"], "there is no folder 'none'; create it first"),
        (["Hi", "--marks", "none/a.json"], "there is no folder 'none'; create it first"),
        (["Hi", "--speed", "9"], "speed: expected 0.25 to 4, got 9"),
        (["Hi", "--speed", "nan"], "speed: expected 0.25 to 4, got nan"),
        (["Hi", "--speed", "fast"], "'--speed': 'fast' is not a valid float"),
        (["Hi", "--style", "operatic"], "unknown style 'operatic'; expected one of neutral, "),
        (["--file", "absent.txt"], "--file 'absent.txt': No such file"),
        (["  "], "expected some text, got only white space"),
        (["--stdin"], "expected some text, got none"),
    ],
)
def test_an_impossible_request_is_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = vivavoce("say", *arguments, cwd=tmp_path)
    errors = done.stderr.decode()
    assert done.returncode == 2, errors
    assert errors.startswith("error: ")
    assert sentence in errors
    assert errors.count("\n") == 1
    assert done.stdout == b""


def test_a_wrong_environment_variable_is_named() -> None:
    done = vivavoce("say", "Hi", env=environment(VIVAVOCE_LEAD_S="much"))
    assert (done.returncode, done.stderr) == (2, b"error: VIVAVOCE_LEAD_S: expected a number, got 'much'\n")


def test_a_full_disk_is_said_so() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has /dev/full, a disk that is always full")
    done = vivavoce("say", TEXT, "-o", "/dev/full", "--format", "pcm")
    assert done.returncode == 1
    assert done.stderr == b"error: No space left on device\n"


@pytest.mark.parametrize("text", ["...", "😀", "\x00\x07 bell", "a" * 5000, "<flush><break time='0.1s'/>ok"])
def test_odd_text_is_spoken_sensibly_or_refused_clearly(text: str) -> None:
    done = vivavoce("say", "--stdin", "--format", "pcm", stdin=text.encode())
    if done.returncode:
        assert re.fullmatch(rb"error: [^\n]+\n", done.stderr)
    else:
        assert done.stderr == b""


def test_json_goes_where_the_audio_does_not() -> None:
    done = vivavoce("say", TEXT, "--json")
    assert done.stdout[:4] == b"RIFF"
    told = json.loads(done.stderr)
    with wave.open(io.BytesIO(done.stdout)) as file:
        assert file.getframerate() == told["rate_hz"]
    assert (len(done.stdout) - 44) / 2 / told["rate_hz"] == pytest.approx(told["audio_s"], abs=0.002)


def test_help_loads_nothing_heavy() -> None:
    heavy = ("numpy", "av", "uvicorn", "starlette", "lameenc", "rich", "sqlalchemy")
    code = (
        "import sys; from vivavoce.cli import main; main(sys.argv[1:]);"
        f"print('LOADED', [name for name in {heavy} if name in sys.modules])"
    )
    for arguments in (
        [],
        ["--help"],
        ["say", "--help"],
        ["serve", "--help"],
        ["doctor", "--help"],
        ["--version"],
    ):
        done = subprocess.run(
            [VIVAVOCE.parent / "python", "-c", code, *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=TIMEOUT_S,
            check=True,
        )
        assert done.stdout.endswith("LOADED []\n"), arguments
