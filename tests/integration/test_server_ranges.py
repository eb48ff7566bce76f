"""A broken download of the native wire is taken up where it broke; without a range nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from live import Live, serving
from wire import eventually, idle

pytestmark = pytest.mark.integration

ASK = {"text": "A story of some length, " * 12, "voice": "tone", "format": "pcm", "sample_rate_hz": 24000}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("data"), lead_s=600) as live:
        yield live


def _broken(server: Live, size: int, **headers: str) -> bytes:
    """The beginning of a download that is given up after at least ``size`` bytes."""
    got = b""
    with httpx.stream("POST", f"{server.url}/v1/speech", json=ASK, headers=headers) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            got += piece
            if len(got) >= size:
                break
    return got


def test_a_resend_goes_on_from_the_byte_that_is_missing(server: Live) -> None:
    whole = httpx.post(f"{server.url}/v1/speech", json=ASK).content
    before = server.figure("vivavoce_audio_seconds_total")
    begun = _broken(server, 30_000, range="bytes=0-")
    rest = httpx.post(f"{server.url}/v1/speech", json=ASK, headers={"range": f"bytes={len(begun)}-"})
    assert rest.status_code == 206
    assert rest.headers["content-range"].startswith(f"bytes {len(begun)}-")
    assert begun + rest.content == whole
    made_s = server.figure("vivavoce_audio_seconds_total") - before
    assert made_s == pytest.approx(len(whole) / 48_000, rel=0.05), "nothing was spoken twice"


def test_without_a_range_the_work_ends_with_its_listener(server: Live) -> None:
    _broken(server, 1000)
    eventually(lambda: idle(server))
