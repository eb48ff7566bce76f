"""The published Soniox client, asynchronous: the examples of the vendor's page and the calls beside them.

Run with the server's address, a key, and a folder to write in; prints what came, as JSON. The examples stand here as
on the page, but for the client's addresses.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from soniox import AsyncSonioxClient
from soniox.errors import SonioxRealtimeError
from soniox.types import CreateTtsConfig
from soniox_setup import addresses, config

TEXT_CHUNKS = [
    "This is a test of Soniox real-time text to speech. ",
    "Audio is streamed back as it is generated. ",
    "Each chunk is sent as soon as it is ready.",
]
STREAM_TEXTS = {
    "a": ["Hello from stream A. ", "Stream A shares a connection with B. ", "Goodbye from A."],
    "b": ["Hello from stream B. ", "Stream B shares a connection with A. ", "Goodbye from B."],
}


def make_client(base, key):
    return AsyncSonioxClient(api_key=key, **addresses(base))


async def iter_text_chunks(chunks: list[str]) -> AsyncIterator[str]:
    for chunk in chunks:
        yield chunk


async def collect_audio(stream) -> bytes:
    chunks: list[bytes] = []
    async for chunk in stream.receive_audio_chunks():
        chunks.append(chunk)
    return b"".join(chunks)


async def async_session(client, folder):
    audio_chunks: list[bytes] = []
    async with client.realtime.tts.connect(config=config()) as session:
        await session.send_text_chunks(iter_text_chunks(TEXT_CHUNKS), text_end=True)
        async for chunk in session.receive_audio_chunks():
            audio_chunks.append(chunk)
    audio = b"".join(audio_chunks)
    (folder / "async.wav").write_bytes(audio)
    return {"chunks": len(audio_chunks), "bytes": len(audio), "terminated": session.last_message.terminated}


async def multi_stream(client, folder):
    found = {}
    async with client.realtime.tts.connect_multi_stream() as connection:
        streams = {}
        for key in STREAM_TEXTS:
            streams[key] = await connection.open_stream(config=config(stream_id=f"multi-{key}-{uuid4()}"))
        receiver_tasks = {key: asyncio.create_task(collect_audio(stream)) for key, stream in streams.items()}
        sender_tasks = [
            asyncio.create_task(stream.send_text_chunks(iter_text_chunks(STREAM_TEXTS[key]), text_end=True))
            for key, stream in streams.items()
        ]
        await asyncio.gather(*sender_tasks)
        for key, task in receiver_tasks.items():
            found[key] = len(await task)
    return found


async def as_it_is_written(client, folder):
    """Words come at the pace of a model; the first sound comes before the last word."""
    words = [
        "the",
        "first",
        "sound",
        "of",
        "this",
        "sentence",
        "comes",
        "long",
        "before",
        "its",
        "last",
        "word",
        "has",
        "been",
        "written",
        "down",
    ]
    order = []

    async def write(session):
        for word in words:
            await session.send_text_chunk(word + " ")
            order.append("word")
            await asyncio.sleep(0.08)
        await session.finish()
        order.append("end")

    async with client.realtime.tts.connect(config=config(voice="Maya")) as session:
        writing = asyncio.create_task(write(session))
        async for event in session.receive_events():
            if event.audio is not None:
                order.append("audio")
        await writing
    return {
        "words_before_sound": order.index("audio"),
        "sounds_before_end": order[: order.index("end")].count("audio"),
    }


async def one_error(client, folder):
    try:
        async with client.realtime.tts.connect(config=config(voice="Nobody")) as session:
            await session.send_text_chunk("Hello!", text_end=True)
            async for _chunk in session.receive_audio_chunks():
                pass
    except SonioxRealtimeError as error:
        return str(error)
    return ""


async def cancelled(client, folder):
    async with client.realtime.tts.connect(config=config()) as session:
        await session.send_text_chunk("This goes on and on. " * 200)
        await session.cancel()
        started = time.monotonic()
        events = [event async for event in session.receive_events()]
        await session.keep_alive()
    return {"took_s": time.monotonic() - started, "terminated": events[-1].terminated}


async def plain_calls(client, folder):
    shape = CreateTtsConfig(audio_format="mp3")
    audio = await client.tts.generate(text="Hello there.", voice="Maya", language="en", config=shape)
    voice = await client.voices.create((folder / "async.wav").read_bytes(), name=f"Me {uuid4()}")
    found = {
        "mp3": len(audio),
        "models": len((await client.tts_models.list()).models),
        "shared": len((await client.voices.list_shared("tts-rt-v2", limit=200)).voices),
        "mine": [one.id async for one in client.voices.list_all()] == [voice.id],
        "limits": (await client.concurrency_limits.get()).project.current.tts_concurrent,
        "key": bool((await client.auth.create_temporary_api_key(usage_type="tts_rt")).api_key),
    }
    await client.voices.delete(voice.id)
    found["gone"] = await client.voices.get_or_none(voice.id) is None
    window = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift)) for shift in (-60, 60)]
    found["logs"] = len([log async for log in client.usage_logs.list_all(*window)])
    found["requests"] = (await client.usage.summary(*window)).total.total_num_requests
    return found


SCENES = (async_session, multi_stream, as_it_is_written, one_error, cancelled, plain_calls)


async def main():
    base, key, folder = sys.argv[1:]
    client = make_client(base, key)
    found = {scene.__name__: await scene(client, Path(folder)) for scene in SCENES}
    await client.aclose()
    print(json.dumps(found))


asyncio.run(main())
