"""Both clients through every shape, against a real server on loopback."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy
import pytest

from live import Live, serving
from vivavoce import AsyncVivavoceClient, VivavoceClient
from vivavoce.errors import (
    VivavoceAuthError,
    VivavoceConnectionError,
    VivavoceNotFoundError,
    VivavoceRateLimitError,
    VivavoceRealtimeError,
    VivavoceValidationError,
)
from vivavoce.types import DictionaryEntry, RealtimeTTSConfig, Retries, Timeouts
from wire import eventually, idle

pytestmark = pytest.mark.integration

TEXT = "One two three. Four five six."
OPTIONS: dict[str, Any] = {"voice": "tone", "output_format": "pcm_s16le", "sample_rate": 16_000}
LONG = "Words and more words, and so on. " * 2000
QUICK = Retries(times=1, first_s=0.0)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def client(live: Live) -> Iterator[VivavoceClient]:
    with VivavoceClient(live.url) as found:
        yield found


@pytest.fixture(scope="module")
def reference(live: Live) -> bytes:
    """What :data:`TEXT` sounds like."""
    with VivavoceClient(live.url) as client:
        return client.tts(TEXT, **OPTIONS).raw_data


def pieces(size: int) -> Iterator[str]:
    return (TEXT[at : at + size] for at in range(0, len(TEXT), size))


# ---- threads ------------------------------------------------------------------------------------------------------


def test_whole(client: VivavoceClient, tmp_path: Any) -> None:
    result = client.tts(TEXT, voice="tone", sample_rate=16_000)
    assert (result.output_format, result.sample_rate) == ("wav", 16_000)
    assert result.raw_data[:4] == b"RIFF"
    assert int.from_bytes(result.raw_data[40:44], "little") == len(result) - 44
    samples = result.pcm16()
    assert samples.dtype == numpy.int16
    assert samples.shape == ((len(result) - 44) // 2,)
    assert float(numpy.abs(result.pcm()).max()) <= 1.0
    assert "".join(f"{word.text} " for word in result.text_with_timestamps) == f"{TEXT} "
    assert [TEXT[word.text_start : word.text_stop] for word in result.text_with_timestamps] == TEXT.split()
    starts = [word.start_s for word in result.text_with_timestamps]
    assert starts == sorted(starts)
    assert starts[-1] < len(samples) / 16_000
    assert result.save(tmp_path / "speech.wav").read_bytes() == result.raw_data
    assert result.request_id


def test_what_is_wanted_whole_does_not_keep_to_the_pace_of_a_listener(client: VivavoceClient) -> None:
    began = time.monotonic()
    result = client.tts("Words and more words, and so on. " * 40, **OPTIONS)
    audio_s = len(result.pcm16()) / 16_000
    assert audio_s > 60
    # A listener would be ten seconds from the end; the sound itself is made in less than one.
    assert time.monotonic() - began < audio_s / 2


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "mulaw", "alaw", "pcm_f32le"])
def test_every_format_gives_samples(client: VivavoceClient, name: str) -> None:
    result = client.tts(TEXT, voice="en-us", output_format=name)
    assert result.output_format == name
    seconds = len(result.pcm16()) / result.sample_rate
    assert seconds == pytest.approx(len(client.tts(TEXT, voice="en-us").pcm16()) / 22_050, abs=0.2)
    assert float(numpy.sqrt(numpy.mean(result.pcm() ** 2))) > 0.01


@pytest.mark.parametrize("size", [1, 3, 100])
def test_stream_of_pieces(client: VivavoceClient, reference: bytes, size: int) -> None:
    stream = client.tts_stream(pieces(size), **OPTIONS)
    assert stream.sample_rate == 16_000
    assert b"".join(stream.iter_bytes()) == reference
    assert [word.text for word in stream.text_with_timestamps] == TEXT.split()


def test_audio_comes_before_the_text_has_ended(client: VivavoceClient) -> None:
    heard = threading.Event()

    def model() -> Iterator[str]:
        yield "These are enough words to begin with. "
        assert heard.wait(20), "no audio came while the writer waited"
        yield "And the rest."

    for _ in client.tts_stream(model(), **OPTIONS).iter_bytes():
        heard.set()
    assert heard.is_set()


def test_leaving_early_stops_the_work(live: Live, client: VivavoceClient) -> None:
    for _ in client.tts_stream(LONG, **OPTIONS).iter_bytes():
        break
    eventually(lambda: idle(live))
    with client.tts_stream(LONG, **OPTIONS) as stream:
        next(stream.iter_bytes())
    eventually(lambda: idle(live))


def test_a_stream_that_nobody_holds_any_more_stops_the_work(live: Live, client: VivavoceClient) -> None:
    stream = client.tts_stream(LONG, **OPTIONS)
    assert stream.sample_rate == 16_000
    assert live.look("health")["live_streams"] == 1
    del stream
    eventually(lambda: idle(live))


def test_realtime(client: VivavoceClient, reference: bytes) -> None:
    with client.tts_realtime(**OPTIONS) as speech:
        for piece in pieces(7):
            speech.send_text(piece)
        speech.send_eos()
        messages = list(speech)
    assert messages[0]["type"] == "ready"
    assert messages[-1]["type"] == "end_of_stream"
    assert b"".join(m["audio"] for m in messages if m["type"] == "audio") == reference
    assert [m["text"] for m in messages if m["type"] == "text"] == TEXT.split()


def test_a_realtime_stream_is_cancelled_from_another_thread(client: VivavoceClient) -> None:
    with client.tts_realtime(**OPTIONS) as speech:
        speech.send_text(LONG)
        timer = threading.Timer(0.2, speech.cancel)
        timer.start()
        last = list(speech)[-1]
        timer.join()
    assert (last["type"], last["cancelled"]) == ("end_of_stream", True)


def test_one_client_in_many_threads(client: VivavoceClient, reference: bytes) -> None:
    found: list[bytes] = []

    def speak() -> None:
        for _ in range(3):
            found.append(client.tts(TEXT, **OPTIONS).raw_data)

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [reference] * 24


def test_session_that_pauses_keeps_its_text(client: VivavoceClient, reference: bytes) -> None:
    config = RealtimeTTSConfig(voice="tone", sample_rate=16_000, return_timestamps=True, model="tts-rt-v2")
    with client.realtime.tts.connect(config=config) as session:
        session.send_text_chunk(TEXT[:10])
        session.pause()
        assert session.paused
        session.send_text_chunks([TEXT[10:15], TEXT[15:]])
        session.finish()
        session.keep_alive()
        session.resume()
        events = list(session.receive_events())
    assert b"".join(event.audio_bytes() or b"" for event in events) == reference
    assert [event.terminated for event in events].index(True) == len(events) - 1
    assert [event.audio_end for event in events].index(True) == len(events) - 2
    characters = [c for event in events if event.timestamps for c in event.timestamps.characters]
    assert "".join(characters) == TEXT
    assert session.last_message == events[-1]


def test_a_waiting_receiver_starves_no_sibling(client: VivavoceClient, reference: bytes) -> None:
    config: dict[str, Any] = {"voice": "tone", "sample_rate": 16_000}
    with client.realtime.tts.connect_multi_stream() as connection:
        idle = connection.open_stream(config=RealtimeTTSConfig(stream_id="idle", **config))
        waiting = threading.Thread(target=lambda: list(idle.receive_events()))
        waiting.start()
        busy = connection.open_stream(config=RealtimeTTSConfig(stream_id="busy", **config))
        busy.send_text_chunks(TEXT, text_end=True)
        assert b"".join(busy.receive_audio_chunks()) == reference
        assert waiting.is_alive()
        idle.finish()
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_stream_fails_alone(client: VivavoceClient, reference: bytes) -> None:
    with client.realtime.tts.connect_multi_stream() as connection:
        bad = connection.open_stream(config=RealtimeTTSConfig(stream_id="bad", voice="nobody"))
        good = connection.open_stream(
            config=RealtimeTTSConfig(stream_id="good", voice="tone", sample_rate=16_000)
        )
        with pytest.raises(VivavoceRealtimeError) as caught:
            list(bad.receive_events())
        assert (caught.value.code, caught.value.stream_id) == ("unknown_voice", "bad")
        assert isinstance(caught.value.__cause__, VivavoceValidationError)
        assert bad.last_message is not None
        assert bad.last_message.error_code == "unknown_voice"
        good.send_text_chunk(TEXT, text_end=True)
        assert b"".join(good.receive_audio_chunks()) == reference


def test_what_the_server_has(live: Live, client: VivavoceClient) -> None:
    assert {voice.id for voice in client.voices()} == {row["id"] for row in live.look("voices")["voices"]}
    assert client.voices("fr-FR")[0].languages
    assert [row.name for row in client.formats()] == [row["name"] for row in live.look("formats")["formats"]]
    assert len(client.languages()) == len(live.look("languages")["languages"])
    assert client.health().status == "ok"


def test_dictionaries(client: VivavoceClient) -> None:
    entries = [DictionaryEntry(original="Nguyen", rewrite="Win", case_sensitive=True)]
    made = client.dictionaries.create("names", entries, language="en-US", description="of people")
    assert (made.name, made.language, made.description, made.entries) == (
        "names",
        "en-US",
        "of people",
        entries,
    )
    assert client.dictionaries.get(made.id) == made
    assert client.dictionaries.update(made.id, name="people").name == "people"
    assert [one.name for one in client.dictionaries.list()] == ["people"]
    said = client.tts("Nguyen.", voice="en-us", dictionary=made.id)
    assert len(said) == len(client.tts("Win.", voice="en-us"))
    assert len(said) != len(client.tts("Nguyen.", voice="en-us"))
    client.dictionaries.delete(made.id)
    with pytest.raises(VivavoceNotFoundError):
        client.dictionaries.get(made.id)


def test_keys(tmp_path: Any) -> None:
    with serving(tmp_path) as server:
        with VivavoceClient(server.url) as anybody:
            admin = anybody.keys.create("admin", scopes=["admin", "speech", "manage"])
        assert admin.secret is not None
        with VivavoceClient(server.url, api_key=admin.secret) as client:
            key = client.keys.create("radio", scopes=["speech"], limits={"requests_per_minute": 1})
            assert {one.name for one in client.keys.list()} == {"admin", "radio"}
            with VivavoceClient(server.url, api_key=key.secret, retries=QUICK) as radio:
                with pytest.raises(VivavoceAuthError):
                    radio.keys.list()
                assert len(radio.tts(TEXT, **OPTIONS)) > 1000
                with pytest.raises(VivavoceRateLimitError) as limited:
                    radio.tts(TEXT, **OPTIONS)
                assert limited.value.retry_after_s
            client.keys.revoke(key.id)
        with (
            VivavoceClient(server.url, api_key="wrong") as stranger,
            pytest.raises(VivavoceAuthError) as caught,
        ):
            stranger.tts(TEXT)
        assert caught.value.code == "unauthorized"


def test_nobody_there() -> None:
    with VivavoceClient("http://127.0.0.1:9", retries=QUICK, timeouts=Timeouts(connect_s=2)) as client:
        with pytest.raises(VivavoceConnectionError, match="is `vivavoce serve` running") as caught:
            client.tts(TEXT)
        assert caught.value.code == "connection_failed"
        with pytest.raises(VivavoceConnectionError, match="is `vivavoce serve` running"):
            client.voices()


def test_a_server_that_dies_is_an_error(tmp_path: Any) -> None:
    with (
        serving(tmp_path, resume_window_s=0.5) as server,
        VivavoceClient(server.url, retries=QUICK) as client,
    ):
        stream = client.tts_stream(LONG, voice="tone-slow", output_format="pcm")
        chunks = stream.iter_bytes()
        next(chunks)
        server.process.kill()
        with pytest.raises(VivavoceConnectionError) as caught:
            b"".join(chunks)
        assert caught.value.close_code == 1006


# ---- asyncio ------------------------------------------------------------------------------------------------------


def test_async_shapes(live: Live, reference: bytes) -> None:
    async def story() -> None:
        async with AsyncVivavoceClient(live.url) as client:
            assert (await client.tts(TEXT, **OPTIONS)).raw_data == reference
            for source in (pieces(2), TEXT, _slowly()):
                stream = await client.tts_stream(source, **OPTIONS)
                assert stream.sample_rate == 16_000
                assert b"".join([chunk async for chunk in stream.iter_bytes()]) == reference
            async with client.tts_realtime(**OPTIONS) as speech:
                await speech.send_text(TEXT)
                await speech.flush("f")
                await speech.send_eos()
                kinds = [message["type"] async for message in speech]
            assert (kinds[0], kinds[-1], kinds.count("flushed")) == ("ready", "end_of_stream", 1)
            config = RealtimeTTSConfig(voice="tone", sample_rate=16_000)
            async with client.realtime.tts.connect(config=config) as session:
                await session.pause()
                await session.send_text_chunks(_slowly(), text_end=True)
                await session.resume()
                assert b"".join([chunk async for chunk in session.receive_audio_chunks()]) == reference
            assert (await client.health()).status == "ok"
            assert [voice.id for voice in await client.voices()]

    asyncio.run(story())


async def _slowly() -> AsyncIterator[str]:
    for piece in pieces(5):
        await asyncio.sleep(0)
        yield piece


def test_64_async_streams(live: Live, reference: bytes) -> None:
    async def story() -> None:
        async with AsyncVivavoceClient(live.url) as client:

            async def speak() -> bytes:
                return b"".join([c async for c in client.tts_stream(_slowly(), **OPTIONS).iter_bytes()])

            assert await asyncio.gather(*(speak() for _ in range(64))) == [reference] * 64

    asyncio.run(story())


def test_leaving_early_and_being_cancelled_stop_the_work(live: Live) -> None:
    async def story() -> None:
        async with AsyncVivavoceClient(live.url) as client:
            async for _ in client.tts_stream(LONG, **OPTIONS).iter_bytes():
                break
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await client.tts(LONG, voice="tone-slow")
            await asyncio.to_thread(eventually, lambda: idle(live))

    asyncio.run(story())


def test_a_slow_consumer_slows_the_server(live: Live) -> None:
    async def story() -> float:
        async with AsyncVivavoceClient(live.url, buffer_bytes=32_768) as client:
            before = live.figure("vivavoce_audio_seconds_total")
            stream = client.tts_stream(LONG, voice="en-us", output_format="pcm")
            await anext(aiter(stream))
            await asyncio.sleep(1.5)
            made = live.figure("vivavoce_audio_seconds_total") - before
            await stream.aclose()
            return made

    assert asyncio.run(story()) < 40, "of more than an hour"
