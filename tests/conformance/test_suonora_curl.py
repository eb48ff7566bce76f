"""Suonora's wire as its pages show it, with curl: both calls, voices, balance, errors, resending, and the traps that the
specification numbers."""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import judge
from conftest import missing
from live import Live, serving
from spoken import f0_hz

pytestmark = pytest.mark.conformance

BODY = {"input": "Streaming is fast!", "model": "legacy-v2.5", "voice": "axel"}
SENTENCE = "We have lived in this house for twenty years."
HOUR = "The small house on the hill is for sale. " * 120
"""Nearly 5,000 characters."""
CURL = ("curl", "--silent", "--show-error", "--max-time", "40", "-H", "Authorization: Bearer YOUR_API_KEY")
JSON = ("-H", "Content-Type: application/json")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("suonora"), engines="espeak,flite", lead_s=600) as live:
        yield live


def curl(*arguments: str) -> bytes:
    if shutil.which("curl") is None:
        missing("curl", "install it with the system's package manager")
    done = subprocess.run([*CURL, *arguments], capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout


def post(url: str, body: dict[str, Any], *more: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the vendor's curl line."""
    answer = curl(
        "-X", "POST", url, *JSON, "--output", "-", "--dump-header", "-", "-d", json.dumps(body), *more
    )
    head, _, rest = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, rest


def get(server: Live, path: str) -> Any:
    return json.loads(curl(f"{server.url}{path}"))


def frames(data: bytes) -> int:
    """How many MPEG-1 layer III frames of 44.1 kHz and 128 kbit/s there are, end to end."""
    at = count = 0
    while at < len(data):
        assert data[at : at + 2] == b"\xff\xfb", f"no frame at byte {at}"
        assert data[at + 2] & 0xFC in (0x90, 0x90 | 0)
        at += 417 + (data[at + 2] >> 1 & 1)
        count += 1
    assert at == len(data)
    return count


@pytest.mark.parametrize("prefix", ["", "/suonora"])
def test_the_vendors_curl_line_streams_mp3(server: Live, prefix: str) -> None:
    status, headers, data = post(f"{server.url}{prefix}/v1/audio/stream", BODY)
    assert (status, headers["content-type"], headers["transfer-encoding"]) == (200, "audio/mpeg", "chunked")
    assert "content-length" not in headers
    assert "content-encoding" not in headers
    assert frames(data) > 20
    assert b"Xing" not in data[:500]
    assert b"Info" not in data[:500]
    samples, rate = judge.decode(data)
    assert rate == 44_100
    assert judge.word_errors("streaming is fast", judge.recognise(judge.prepare(samples, rate))).errors <= 1


def test_speech_has_its_length(server: Live) -> None:
    status, headers, data = post(f"{server.url}/v1/audio/speech", BODY)
    assert (status, headers["content-type"]) == (200, "audio/mpeg")
    assert int(headers["content-length"]) == len(data)
    assert "transfer-encoding" not in headers
    frames(data)


def test_ffmpeg_plays_the_stream_as_it_comes(server: Live) -> None:
    if shutil.which("ffmpeg") is None:
        missing("ffmpeg", "install it with the system's package manager")
    _, _, data = post(f"{server.url}/v1/audio/stream", BODY)
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "mp3", "-i", "-", "-f", "s16le", "-"],
        input=data,
        capture_output=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) > 44_100


def test_voices_and_balance(server: Live) -> None:
    found = get(server, "/v1/voices/list")
    assert found["success"] is True
    assert {"axel", "jennifer"} <= {row["id"] for row in found["voices"]}
    for path in ("/v1/balance", "/v1/user/balance", "/suonora/v1/balance"):
        balance = get(server, path)["balance"]
        assert balance["remaining_credits"] == balance["total_credits"] - balance["used_credits"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"input": ""}, 400),
        ({"input": "a" * 5001}, 400),
        ({"model": "tts-1"}, 400),
        ({"voice": "nobody"}, 400),
        ({"lang": "tlh-QO"}, 400),
        ({"pitch": "+101%"}, 400),
        ({"style": "furious"}, 400),
        ({"styleDegree": 3}, 400),
    ],
)
@pytest.mark.parametrize("path", ["speech", "stream"])
def test_errors_come_before_the_first_byte(
    server: Live, path: str, change: dict[str, Any], status: int
) -> None:
    found, headers, data = post(f"{server.url}/v1/audio/{path}", {**BODY, **change})
    assert (found, headers["content-type"]) == (status, "application/json")
    said = json.loads(data)
    assert set(said) == {"success", "message"}
    assert said["success"] is False


def test_an_unknown_path_is_404(server: Live) -> None:
    assert post(f"{server.url}/suonora/v1/audio/song", BODY)[0] == 404


# ---- the numbered traps -----------------------------------------------------------------------------------------


def test_trap_1_the_prefix_is_always_this_wire(server: Live) -> None:
    """The path is OpenAI's too; who uses the prefix gets this vendor's errors whatever the body is."""
    status, _, data = post(
        f"{server.url}/suonora/v1/audio/speech", {"input": "Hi.", "model": "tts-1", "voice": "x"}
    )
    assert (status, json.loads(data)["success"]) == (400, False)


def test_trap_2_voices_list_is_no_voice_id(server: Live) -> None:
    assert "voices" in get(server, "/v1/voices/list")


def test_trap_3_the_first_frames_of_a_long_text_do_not_wait_for_the_last(server: Live) -> None:
    body = {**BODY, "input": HOUR[:5000], "lang": "en-US"}
    url = f"{server.url}/v1/audio/stream"
    with httpx.stream("POST", url, json=body, timeout=40) as answer:
        assert next(answer.iter_raw())[:2] == b"\xff\xfb"
        with httpx.stream("POST", url, json=body, headers={"range": "bytes=1-"}, timeout=40) as beside:
            assert beside.headers["content-range"] == "bytes 1-9007199254740991/*", (
                "the last frame is not made yet"
            )


def test_trap_4_base_url_with_v1_and_a_prefix(server: Live) -> None:
    """The Node client appends "/audio/speech" to a base that has to end in "/v1", and sends JSON's type on GET."""
    base = f"{server.url}/suonora/v1"
    assert json.loads(curl(f"{base}/voices/list", *JSON))["success"] is True
    assert post(f"{base}/audio/stream", BODY, "-H", "Accept: audio/mpeg")[0] == 200


def test_trap_5_stream_and_speech_are_equally_long(server: Live) -> None:
    body = {**BODY, "input": SENTENCE}
    whole = post(f"{server.url}/v1/audio/speech", body)[2]
    streamed = post(f"{server.url}/v1/audio/stream", body)[2]
    assert abs(frames(whole) - frames(streamed)) <= 3


# ---- resending --------------------------------------------------------------------------------------------------


def broken(server: Live, body: dict[str, Any], size: int) -> bytes:
    """The first bytes of a stream whose connection then breaks."""
    sent = json.dumps(body).encode()
    head = (
        f"POST /v1/audio/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer me\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), 10) as line:
        line.settimeout(20)
        line.sendall(head.encode() + sent)
        data = b""
        while len(data) < size * 2:
            data += line.recv(65536)
        # Not closed but reset, as a network does it.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return unchunked(data.partition(b"\r\n\r\n")[2])[:size]


def unchunked(data: bytes) -> bytes:
    """As much of a chunked body as is there."""
    found = b""
    while b"\r\n" in data:
        size, _, data = data.partition(b"\r\n")
        found += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return found


def resent(server: Live, body: dict[str, Any], range_: str | None = None) -> httpx.Response:
    headers = {"Authorization": "Bearer me"} | ({"Range": range_} if range_ else {})
    return httpx.post(f"{server.url}/v1/audio/stream", json=body, headers=headers, timeout=40)


def test_a_resend_goes_on_with_the_same_audio(server: Live) -> None:
    body = {**BODY, "input": HOUR[:600], "pitch": "+3%"}
    begun = broken(server, body, 20_000)
    whole = resent(server, body)
    assert (whole.status_code, whole.content[:20_000]) == (200, begun)
    frames(whole.content)
    part = resent(server, body, "bytes=20000-")
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 20000-{len(whole.content) - 1}/{len(whole.content)}"
    assert begun + part.content == whole.content
    beyond = resent(server, body, f"bytes={len(whole.content)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")


def test_a_range_of_a_stream_that_is_not_done_has_no_end_yet(server: Live) -> None:
    body = {**BODY, "input": HOUR[:1000], "pitch": "+7%"}
    begun = broken(server, body, 10_000)
    part = resent(server, body, "bytes=10000-")
    assert (part.status_code, part.headers["content-range"]) == (206, "bytes 10000-9007199254740991/*")
    frames(begun + part.content)


def test_curl_takes_up_a_file(server: Live) -> None:
    body = {**BODY, "input": HOUR[:600], "pitch": "-3%"}
    whole = resent(server, body).content
    status, headers, rest = post(f"{server.url}/v1/audio/stream", body, "-H", "Range: bytes=5000-")
    assert (status, headers["accept-ranges"]) == (206, "bytes")
    assert whole[:5000] + rest == whole


# ---- what the fields do to the sound ----------------------------------------------------------------------------


def spoken(server: Live, **fields: Any) -> tuple[Any, int]:
    body = {"input": SENTENCE, "model": "legacy-v2.5", "voice": "en-us+edward", "style": "neutral", **fields}
    answer = httpx.post(f"{server.url}/v1/audio/speech", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    return judge.decode(answer.content)


def test_pitch_moves_the_frequency_by_its_share(server: Live) -> None:
    plain, rate = spoken(server)
    f0 = statistics.median(f0_hz(plain, rate))
    for percent in (-30, 40):
        moved, _ = spoken(server, pitch=f"{percent:+d}%")
        ratio = statistics.median(f0_hz(moved, rate)) / f0
        assert ratio == pytest.approx(1 + percent / 100, rel=0.08)
        assert len(moved) == pytest.approx(len(plain), rel=0.05)


def test_minus_100_percent_is_still_a_voice(server: Live) -> None:
    samples, rate = spoken(server, pitch="-100%")
    assert len(f0_hz(samples, rate, low=30.0)) > 20


def energy(samples: Any) -> float:
    return float((samples.astype(float) ** 2).mean() ** 0.5)


def test_styles_are_heard_and_degree_makes_them_stronger(server: Live) -> None:
    plain, _ = spoken(server)
    sad, _ = spoken(server, style="sad", styleDegree=0.5)
    sadder, _ = spoken(server, style="sad", styleDegree=2.0)
    assert len(plain) < len(sad) < len(sadder)
    assert energy(plain) > energy(sad) > energy(sadder)
    excited, _ = spoken(server, style="excited", styleDegree=2.0)
    assert len(excited) < 0.9 * len(plain)
    whisper, _ = spoken(server, style="whispering", styleDegree=1.0)
    assert energy(whisper) < 0.6 * energy(plain)


def test_calm_at_1_5_is_the_default(server: Live) -> None:
    plain, _ = spoken(server)
    default, _ = spoken(server, style=None)
    assert len(default) > 1.04 * len(plain)


def test_axel_speaks_what_lang_says(server: Live) -> None:
    heard = set()
    for lang in ("en-US", "de-DE", "fr-FR"):
        samples, rate = spoken(server, voice="axel", lang=lang)
        heard.add(samples.tobytes())
        f0 = statistics.median(f0_hz(samples, rate))
        assert 60 < f0 < 165, f"axel is a man, also in {lang}"
    assert len(heard) == 3
