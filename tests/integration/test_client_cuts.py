"""The connection is cut at every message: nothing is lost, doubled or reordered, in either client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutting_proxy import CuttingProxy, cutting
from live import Live, serving
from vivavoce import AsyncVivavoceClient, VivavoceClient
from vivavoce.errors import VivavoceConnectionError
from vivavoce.types import RealtimeTTSConfig

pytestmark = pytest.mark.integration

TEXT = ["One two three. ", "Four fi", "ve six. ", "Seven eight nine ten."]
OPTIONS: dict[str, Any] = {"voice": "tone", "output_format": "pcm_s16le", "sample_rate": 8000}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("cuts")) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(live: Live) -> Iterator[CuttingProxy]:
    with cutting(live.port) as found:
        yield found


@pytest.fixture(scope="module")
def whole(live: Live) -> tuple[bytes, list[Any]]:
    """What an uncut stream gives."""
    with VivavoceClient(live.url) as client:
        result = client.tts("".join(TEXT), **OPTIONS)
    assert len(result) > 10_000
    assert len(result.marks) == 10
    return result.raw_data, result.marks


async def spoken(client: AsyncVivavoceClient) -> tuple[bytes, list[Any]]:
    stream = client.tts_stream(iter(TEXT), **OPTIONS)
    audio = b"".join([chunk async for chunk in stream.iter_bytes()])
    return audio, stream.marks


def test_every_message_of_a_stream(live: Live, proxy: CuttingProxy, whole: tuple[bytes, list[Any]]) -> None:
    async def story() -> int:
        proxy.counted.clear()
        async with AsyncVivavoceClient(proxy.url, buffer_bytes=4096) as client:
            assert await spoken(client) == whole
        total = proxy.counted[0]
        for frames in range(total + 1):
            proxy.cuts[:] = [frames]
            async with AsyncVivavoceClient(proxy.url, buffer_bytes=4096) as client:
                assert await spoken(client) == whole, f"cut after {frames} of {total} frames"
        return total

    assert asyncio.run(story()) > 25


def test_cut_again_and_again(proxy: CuttingProxy, whole: tuple[bytes, list[Any]]) -> None:
    proxy.counted.clear()
    proxy.cuts[:] = [9] * 12
    with VivavoceClient(proxy.url, buffer_bytes=4096) as client:
        stream = client.tts_stream(iter(TEXT), **OPTIONS)
        assert (b"".join(stream.iter_bytes()), stream.marks) == whole
    proxy.cuts.clear()
    assert len(proxy.counted) > 3, "it was cut, and came back"


def test_many_streams_on_a_socket_that_is_cut(proxy: CuttingProxy, whole: tuple[bytes, list[Any]]) -> None:
    """Threads on one multi-stream socket, cut several times."""
    proxy.cuts[:] = [20, 30, 40]
    heard: dict[str, bytes] = {}
    with (
        VivavoceClient(proxy.url, buffer_bytes=4096) as client,
        client.realtime.tts.connect_multi_stream() as connection,
    ):

        def speak(name: str) -> None:
            config = RealtimeTTSConfig(
                stream_id=name, voice="tone", audio_format="pcm_s16le", sample_rate=8000
            )
            session = connection.open_stream(config)
            session.send_text_chunks(TEXT, text_end=True)
            heard[name] = b"".join(session.receive_audio_chunks())

        threads = [threading.Thread(target=speak, args=(f"s{i}",)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    proxy.cuts.clear()
    assert [len(audio) for audio in heard.values()] == [len(whole[0])] * 6
    assert set(heard.values()) == {whole[0]}


def test_a_client_that_comes_back_too_late_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, resume_window_s=0) as server, cutting(server.port) as proxy:
        proxy.cuts[:] = [12]
        with VivavoceClient(proxy.url) as client:
            stream = client.tts_stream(" ".join(TEXT * 20), **OPTIONS)
            with pytest.raises(VivavoceConnectionError) as caught:
                b"".join(stream.iter_bytes())
        assert caught.value.close_code in (1006, 1008)
        assert not server.look("health")["live_streams"]
