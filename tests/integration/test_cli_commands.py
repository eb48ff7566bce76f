"""`vivavoce voices`, `doctor` and `serve` as installed."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.cli_runs import TIMEOUT_S, VIVAVOCE, environment, vivavoce
from vivavoce import __version__
from vivavoce.formats import FORMATS

pytestmark = pytest.mark.integration


def table(*arguments: str) -> str:
    done = vivavoce("voices", *arguments, env=environment(COLUMNS="200"))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_voices_are_a_table_with_everything_asked_for() -> None:
    shown = table()
    head = shown.splitlines()[0].split()
    assert head == ["id", "language", "gender", "engine", "rate", "licence", "name"]
    assert re.search(r"^\* .*en-US", shown, flags=re.MULTILINE)


def test_voices_of_a_language() -> None:
    french = json.loads(vivavoce("voices", "--lang", "fr", "--json").stdout)
    assert french
    assert all(any(tag.split("-")[0] == "fr" for tag in voice["languages"]) for voice in french)
    assert sum(voice["default"] for voice in french if voice["language"] == french[0]["language"]) == 1
    everyone = json.loads(vivavoce("voices", "--json").stdout)
    assert len(everyone) > len(french)
    assert {"id", "name", "language", "gender", "engine", "rate_hz", "licence", "default"} <= everyone[
        0
    ].keys()


def test_voices_of_an_engine() -> None:
    voices = json.loads(vivavoce("voices", "--engine", "espeak", "--json").stdout)
    assert {voice["engine"] for voice in voices} == {"espeak"}


def test_all_lists_at_least_as_many() -> None:
    assert len(table("--all").splitlines()) >= len(table().splitlines())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--lang", "tlh"], "tlh"), (["--engine", "steam"], "unknown engine 'steam'; expected one of ")],
)
def test_voices_that_do_not_exist_are_an_error(arguments: list[str], sentence: str) -> None:
    done = vivavoce("voices", *arguments)
    assert done.returncode == 2
    assert re.fullmatch(r"error: [^\n]+\n", done.stderr.decode())
    assert sentence in done.stderr.decode()


def test_a_table_can_be_cut_short() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{VIVAVOCE}' voices --all | head -n 1"],
        capture_output=True,
        env=environment(),
        timeout=TIMEOUT_S,
    )
    assert done.stdout
    assert done.stderr == b""


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    env = environment(VIVAVOCE_PORT="0", VIVAVOCE_DATA_DIR=str(tmp_path_factory.mktemp("data") / "new"))
    done = vivavoce("doctor", "--json", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def named(examined: dict[str, object], name: str) -> dict[str, object]:
    checks = examined["checks"]
    assert isinstance(checks, list)
    found: dict[str, object] = next(check for check in checks if check["name"] == name)
    return found


def test_doctor_encodes_every_format(examined: dict[str, object]) -> None:
    for name in FORMATS:
        check = named(examined, name)
        assert check["state"] == "ok"
        assert isinstance(check["figures"], dict)
        assert check["figures"]["bytes"] > 500


def test_doctor_measures_the_first_audio(examined: dict[str, object]) -> None:
    figures = named(examined, "first audio")["figures"]
    assert isinstance(figures, dict)
    assert 0 < figures["median_ms"] <= figures["slowest_ms"]
    assert named(examined, "workers")["state"] == "ok"
    assert (examined["ok"], examined["version"]) == (True, __version__)


def test_every_line_that_is_not_well_says_what_to_do(examined: dict[str, object]) -> None:
    checks = examined["checks"]
    assert isinstance(checks, list)
    assert all(check["advice"] for check in checks if check["state"] != "ok")


def test_doctor_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env = environment(
            VIVAVOCE_PORT=str(taken.getsockname()[1]), VIVAVOCE_DATA_DIR=str(tmp_path / "file" / "data")
        )
        done = vivavoce("doctor", env=env)
    shown = done.stdout.decode()
    assert done.returncode == 1
    assert re.search(r"✗ data folder .*Not a directory *\n +→ choose another", shown)
    assert re.search(r"! port .*Address already in use *\n +→ stop what listens there", shown)
    assert "1 of " in shown.splitlines()[-1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and what it printed."""
    process = subprocess.Popen(
        [VIVAVOCE, "serve", "--port", "0", "--data-dir", str(tmp_path), "--workers", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    watchdog = threading.Timer(TIMEOUT_S, process.kill)
    watchdog.start()
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            break
    yield process, "".join(lines)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.communicate()
    watchdog.cancel()


def test_the_printed_curl_line_works(served: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    _, banner = served
    command = re.search(r"^  (curl.*?-o hello\.mp3)$", banner, flags=re.MULTILINE | re.DOTALL)
    assert command is not None, banner
    done = subprocess.run(["bash", "-c", command[1]], cwd=tmp_path, capture_output=True, timeout=TIMEOUT_S)
    assert done.returncode == 0
    data = (tmp_path / "hello.mp3").read_bytes()
    assert len(data) > 5000
    assert data[0] == 0xFF, data[:200]


@pytest.mark.parametrize(("level", "logged"), [("info", True), ("warning", False)])
def test_the_log_has_a_line_for_every_stream_unless_less_is_asked_for(
    level: str, logged: bool, tmp_path: Path
) -> None:
    words = "Nothing of this is logged."
    options = ("--port", "0", "--data-dir", str(tmp_path), "--workers", "1", "--engines", "tone")
    with subprocess.Popen(
        [VIVAVOCE, "serve", *options, "--log-level", level],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address is not None
        request = urllib.request.Request(
            f"{address[0]}/v1/speech",
            json.dumps({"text": words}).encode(),
            {"content-type": "application/json", "x-request-id": "seven"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            assert answer.read()
        process.terminate()
        _, errors = process.communicate(timeout=TIMEOUT_S)
    lines = [line for line in errors.splitlines() if "INFO vivavoce.stream: http native id=seven" in line]
    assert len(lines) == int(logged), errors
    assert words not in errors


def test_the_banner_fits_and_tells_where(served: tuple[subprocess.Popen[str], str]) -> None:
    _, banner = served
    address = re.search(r"listens on (http://127\.0\.0\.1:\d+)", banner)
    assert address is not None
    assert f"Playground  {address[1]}/" in banner
    assert re.search(r"Voices +\d+ in \d+ languages", banner)
    lines = [line for line in banner.splitlines() if not line.lstrip().startswith(("-d", "(or"))]
    assert max(map(len, lines)) <= 80


def test_stopping_is_success_and_leaves_nothing_to_read(served: tuple[subprocess.Popen[str], str]) -> None:
    process, _ = served
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = vivavoce("serve", "--port", str(port), "--data-dir", str(tmp_path))
    assert done.returncode == 2
    errors = done.stderr.decode()
    assert re.fullmatch(r"error: [^\n]+\n", errors)
    assert f"127.0.0.1:{port}" in errors
    assert "--port 0" in errors


def test_other_addresses_than_loopback_need_a_word(tmp_path: Path) -> None:
    done = vivavoce("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path))
    assert done.returncode == 2
    errors = done.stderr.decode()
    assert re.fullmatch(r"error: [^\n]+\n", errors)
    assert "--insecure" in errors or "VIVAVOCE_INSECURE" in errors


def test_a_wrong_flag_is_one_line() -> None:
    done = vivavoce("serve", "--port", "99999")
    assert done.returncode == 2
    assert b"'--port': expected 0 to 65535, got 99999" in done.stderr
