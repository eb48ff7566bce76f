"""The same clients with the engines in this machine's worker processes: no server, no port."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from vivavoce import AsyncVivavoceClient, VivavoceClient
from vivavoce.errors import OutOfRangeError, VivavoceValidationError
from vivavoce.types import RealtimeTTSConfig

pytestmark = pytest.mark.integration

SETTINGS: dict[str, Any] = {"workers": 2, "engines": "tone,espeak"}
OPTIONS: dict[str, Any] = {"voice": "tone", "output_format": "pcm_s16le", "sample_rate": 16_000}
LONG = "Words and more words, and so on. " * 2000


def workers() -> int:
    return sum(
        "vivavoce.runtime.worker" in " ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)
    )


def test_every_shape_of_the_threaded_client() -> None:
    with VivavoceClient.local(**SETTINGS) as client:
        whole = client.tts("One two. Three.", **OPTIONS)
        assert len(whole) > 1000
        assert [word.text for word in whole.text_with_timestamps] == ["One", "two.", "Three."]
        began = time.monotonic()
        long = client.tts("Words and more words, and so on. " * 40, **OPTIONS)
        assert time.monotonic() - began < len(long.pcm16()) / 16_000 / 2, (
            "nobody listens to what is wanted whole"
        )
        stream = client.tts_stream(iter(["One t", "wo. Th", "ree."]), **OPTIONS)
        assert b"".join(stream.iter_bytes()) == whole.raw_data
        with client.tts_realtime(**OPTIONS) as speech:
            speech.send_text("One two. Three.")
            speech.send_eos()
            assert b"".join(m["audio"] for m in speech if m["type"] == "audio") == whole.raw_data
        with client.realtime.tts.connect_multi_stream() as connection:
            config = RealtimeTTSConfig(voice="tone", sample_rate=16_000)
            session = connection.open_stream(config=config)
            session.send_text_chunk("One two. Three.", text_end=True)
            assert b"".join(session.receive_audio_chunks()) == whole.raw_data
        for _ in client.tts_stream(LONG, **OPTIONS).iter_bytes():
            break
        assert client.voices("en-US")
        assert client.languages()
        assert {"wav", "mp3"} <= {row.name for row in client.formats()}
        with pytest.raises(VivavoceValidationError) as caught:
            client.tts("x", voice="nobody")
        assert caught.value.code == "unknown_voice"
        with pytest.raises(VivavoceValidationError) as caught:
            client.keys.list()
        assert caught.value.code == "not_local"
        assert workers() == 2
    assert workers() == 0


def test_the_client_of_asyncio() -> None:
    async def story() -> None:
        async with AsyncVivavoceClient.local(**SETTINGS) as client:
            found = await asyncio.gather(*(client.tts(f"Number {i}.", **OPTIONS) for i in range(20)))
            assert all(len(result) > 1000 for result in found)
            stream = client.tts_stream(LONG, **OPTIONS)
            async for _ in stream.iter_bytes():
                break
            await stream.aclose()
            assert (await client.health()).live_streams <= 1
        assert workers() == 0

    asyncio.run(story())


def test_settings_are_checked() -> None:
    with pytest.raises(OutOfRangeError):
        VivavoceClient.local(workers=-1)


def test_a_client_that_was_never_used_starts_nothing() -> None:
    with VivavoceClient.local(**SETTINGS):
        assert workers() == 0


def test_a_program_that_ends_without_closing_ends_quietly() -> None:
    """In the middle of a stream: nothing hangs, nothing is complained of, and no worker is left."""
    script = (
        "import psutil\n"
        "from vivavoce import VivavoceClient\n"
        "client = VivavoceClient.local(workers=1, engines='tone')\n"
        "chunks = client.tts_stream('Words and words. ' * 2000, voice='tone').iter_bytes()\n"
        "assert next(chunks)\n"
        "print(*(child.pid for child in psutil.Process().children()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    children = done.stdout.split()
    assert children
    assert not [pid for pid in children if psutil.pid_exists(int(pid))]


def test_importing_the_clients_is_light() -> None:
    script = (
        "import sys; from vivavoce import VivavoceClient, AsyncVivavoceClient; import vivavoce.types, vivavoce.errors;"
        "heavy = {'numpy', 'av', 'httpx', 'websockets', 'starlette', 'vivavoce.engines', 'vivavoce.runtime'};"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, timeout=30
    )
    assert done.returncode == 0, done.stderr
