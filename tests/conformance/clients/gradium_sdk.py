"""The published Gradium client, in every way its pages use it. Prints what came, as JSON.

Run with the server's address, a key, and a folder to write in. With the key "wrong" only refusals are tried.
"""

import asyncio
import io
import json
import subprocess
import sys
import wave
from pathlib import Path

from gradium import GradiumClient, TTSSetup

TEXT = "Hello there. This costs $1500, my friend."


def shown(result):
    return {
        "bytes": len(result.raw_data),
        "head": result.raw_data[:4].hex(),
        "sample_rate": result.sample_rate,
        "request_id": result.request_id,
        "words": [[w.text, w.start_s, w.stop_s] for w in result.text_with_timestamps],
    }


async def failing(awaitable):
    """What an awaitable raises, as the client's user reads it."""
    (outcome,) = await asyncio.gather(asyncio.wait_for(awaitable, 20), return_exceptions=True)
    return f"{type(outcome).__name__}: {outcome}" if isinstance(outcome, BaseException) else "nothing"


async def buffered(client, folder):
    found = {}
    wav = await client.tts(TTSSetup(voice_id="YTpq7expH9539ERJ", output_format="wav"), TEXT)
    (folder / "hello.wav").write_bytes(wav.raw_data)
    with wave.open(io.BytesIO(wav.raw_data)) as file:
        found["wave"] = [file.getframerate(), file.getnchannels(), file.getsampwidth()]
    found["wav"] = shown(wav)
    for name in ("pcm", "pcm_24000", "pcm_16000", "pcm_8000", "ulaw_8000", "alaw_8000", "opus"):
        found[name] = shown(await client.tts({"output_format": name}, TEXT))
    found["samples"] = len((await client.tts({"output_format": "pcm"}, TEXT)).pcm())
    found["list"] = shown(await client.tts({"output_format": "pcm"}, ["Hello", "there.", "", "Friend"]))
    found["empty"] = shown(await client.tts({"output_format": "pcm"}, []))
    found["nulls"] = shown(
        await client.tts({"voice": None, "voice_id": None, "json_config": None, "model_name": None}, "Hi.")
    )
    for name, bonus in (("fast", -2), ("slow", 2)):
        setup = {"output_format": "pcm", "json_config": {"padding_bonus": bonus}}
        found[name] = (await client.tts(setup, TEXT)).raw_data.__len__()
    for name, rules in (("rewritten", "en"), ("plain", "none")):
        setup = {"output_format": "pcm", "json_config": {"rewrite_rules": rules}}
        found[name] = (await client.tts(setup, "www.example.de")).raw_data.__len__()
    return found


async def streamed(client, folder):
    async def written():
        for piece in (
            "Hello, ",
            "my ",
            "dear ",
            "friend. ",
            "Wait <break",
            ' time="0.5s" />',
            "and<flush>",
            "go.",
        ):
            yield piece
            await asyncio.sleep(0.02)

    found = {}
    for name, text in (("text", TEXT), ("list", TEXT.split()), ("generator", written())):
        stream = await client.tts_stream(TTSSetup(voice_id="LFZvm12tW_z0xfGo", output_format="pcm"), text)
        sizes = [len(chunk) async for chunk in stream.iter_bytes()]
        found[name] = {
            "sizes": sizes,
            "sample_rate": stream.sample_rate,
            "words": [w.text for w in stream._text_with_timestamps],
        }
    return found


async def realtime(client, folder):
    """Sending and receiving at once; audio has to come before the end of the text is sent."""
    found = {"types": [], "before_eos": 0}
    sent_eos = False
    async with client.tts_realtime(
        wait_for_ready_on_start=True, voice="default", output_format="pcm", json_config={"temp": 0.7}
    ) as tts:
        found["ready"] = tts._ready
        heard = asyncio.Event()

        async def send():
            nonlocal sent_eos
            for word in ["One", "two", "three", "four", "five", "six", "seven.", "Eight", "nine", "ten."]:
                await tts.send_text(word)
            await asyncio.wait_for(heard.wait(), 20)
            sent_eos = True
            await tts.send_eos()

        async def receive():
            async for message in tts:
                found["types"].append(message["type"])
                if message["type"] == "audio":
                    assert isinstance(message["audio"], bytes)
                    heard.set()
                    found["before_eos"] += not sent_eos
                    found["stop_s"] = message["stop_s"]

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            group.create_task(receive())
    return found


async def multiplexed(client, folder):
    """Two requests at once on one socket, in two formats; then one of them again, and a wrong one between."""
    found = {}
    setup = {"voice": "default", "output_format": "pcm", "close_ws_on_eos": False}

    async def say(tts, name, text, **more):
        await tts.send_setup({**setup, "client_req_id": name, **more})
        await tts.send_text(text, client_req_id=name)
        await tts.send_eos(client_req_id=name)

    async with client.tts_realtime(send_setup_on_start=False) as tts:
        await say(tts, "a", "This is the first.")
        await say(tts, "b", "And this the second, which is longer.", output_format="pcm_8000")
        while not {"a", "b"} <= {name for name, one in found.items() if one["ended"]}:
            message = await tts.recv()
            one = found.setdefault(
                message["client_req_id"], {"bytes": 0, "words": [], "ended": False, "ready": 0}
            )
            match message["type"]:
                case "ready":
                    one["ready"] += 1
                case "audio":
                    one["bytes"] += len(message["audio"])
                case "text":
                    one["words"].append(message["text"])
                case "end_of_stream":
                    one["ended"] = True
        await tts.send_setup({**setup, "client_req_id": "c", "output_format": "mp3"})
        try:
            await tts.recv()
        except RuntimeError as error:
            found["wrong"] = str(error)
        await say(tts, "a", "Again.")
        again = []
        while "end_of_stream" not in again:
            again.append((await tts.recv())["type"])
        found["again"] = again
    return found


async def barge_in(client, folder):
    """Leaving in the middle; the client waits for the closing handshake."""
    async with client.tts_realtime(output_format="pcm") as tts:
        await tts.send_text("A long story about nothing in particular. " * 200)
        while (await tts.recv())["type"] != "audio":
            pass
    return {"left": True}


async def refused(client, folder):
    def speak(**setup):
        return failing(client.tts({"output_format": "pcm", **setup}, "Hi."))

    return {
        "voice": await speak(voice_id="unknown-voice-id"),
        "model": await speak(model_name="nonesuch"),
        "format": await speak(output_format="mp3"),
        "config": await speak(json_config={"cfg_coef": 0.5}),
        "pronunciation": await speak(pronunciation_id="nope"),
        "get": await failing(client.voice_get("unknown")),
        "delete": await failing(client.voice_delete("unknown")),
        "preview": await failing(client.voice_tts("vox_emb_unknown", "Hi.")),
    }


async def voices(client, folder):
    sample = folder / "hello.wav"
    made = await client.voice_create(sample, name="Mine", language="en", description="my own", start_s=0.0)
    uid = made["uid"]
    return {
        "created": made,
        "got": await client.voice_get(uid),
        "updated": await client.voice_update(uid, name="Ours", start_s=1.0),
        "unchanged": await client.voice_update(uid),
        "listed": [row["uid"] == uid for row in await client.voice_list()],
        "catalog": len(await client.voice_get(include_catalog=True)),
        "spoken": shown(await client.tts({"voice_id": uid, "output_format": "pcm"}, "Hello.")),
        "deleted": await client.voice_delete(uid),
        "after": await client.voice_list(),
    }


async def designed(client, folder):
    drafts = await client.voice_generate("A deep, slow male voice", language="en", n_samples=2, wait=True)
    first = drafts["embeddings"][0]["embedding_id"]
    preview = await client.voice_tts(first, "Hello, this is me.", json_config={"padding_bonus": 1})
    made = await client.voice_from_embedding(first, name="Bob")
    return {
        "drafts": drafts["embeddings"],
        "status": await client.voice_embedding_get(first),
        "preview": shown(preview),
        "made": made,
        "spoken": shown(await client.tts({"voice_id": made["uid"], "output_format": "pcm"}, "Hello.")),
        "again": await failing(client.voice_from_embedding(first, name="Bob")),
        "deleted": await client.voice_delete(made["uid"]),
    }


async def pronounced(client, folder):
    rules = [{"original": "Qdrant", "rewrite": "a very long word indeed, my dear friend"}]
    made = await client.post("pronunciations/", json={"name": "Brands", "language": "en", "rules": rules})
    uid = made["uid"]
    without = await client.tts({"output_format": "pcm"}, "We use Qdrant here.")
    with_it = await client.tts({"output_format": "pcm", "pronunciation_id": uid}, "We use Qdrant here.")
    return {
        "made": made,
        "without": shown(without),
        "with": shown(with_it),
        "listed": await client.get("pronunciations/", params={"limit": 10, "offset": 0, "language": "en"}),
        "got": await client.get(f"pronunciations/{uid}"),
        "put": await client.put(f"pronunciations/{uid}", json={"rules": []}),
        "deleted": await client.delete(f"pronunciations/{uid}"),
        "gone": await failing(client.get(f"pronunciations/{uid}")),
    }


async def metered(client, folder):
    return {
        "credits": await client.credits(),
        "summary": await client.usage_summary(),
        "token": await client.get("api-keys/token"),
    }


async def command_line(client, folder):
    found = {}
    base, key = sys.argv[1:3]
    for name in ("cli.wav", "cli.pcm", "cli.ogg"):
        command = ["gradium", "tts", "Hello from the command line.", "-o", str(folder / name)]
        command[0] = str(Path(sys.executable).with_name("gradium"))
        done = await asyncio.to_thread(
            subprocess.run,
            [*command, "--gradium-base-url", f"{base}/api", "--api-key", key],
            capture_output=True,
            text=True,
            timeout=30,
        )
        found[name] = [done.returncode, done.stderr[-300:], (folder / name).stat().st_size]
    return found


async def bases(client, folder):
    """Every address that a user may have given."""
    found = {}
    base, key = sys.argv[1:3]
    for suffix, route in (
        ("", "speech/tts"),
        ("/api", "speech/tts"),
        ("/gradium/api", "speech/tts"),
        ("/api", ""),
    ):
        other = GradiumClient(base_url=base + suffix, api_key=key, tts_route=route)
        result = await other.tts({"output_format": "pcm", "voice_id": "default"}, "Hi.")
        found[f"{suffix} {route}"] = [len(result.raw_data), isinstance(await other.credits(), dict)]
    return found


async def wrong_key(client, folder):
    return {
        "tts": await failing(client.tts({"output_format": "pcm"}, "Hi.")),
        "stream": await failing(client.tts_stream({"output_format": "pcm"}, "Hi.")),
        "credits": await failing(client.credits()),
        "preview": await failing(client.voice_tts("default", "Hi.")),
    }


async def main():
    base, key, folder = sys.argv[1:4]
    client = GradiumClient(base_url=f"{base}/api", api_key=key)
    parts = [wrong_key]
    if key != "wrong":
        parts = [buffered, streamed, realtime, multiplexed, barge_in, refused, voices, designed, pronounced]
        parts += [metered, command_line, bases]
    print(json.dumps({part.__name__: await part(client, Path(folder)) for part in parts}))


asyncio.run(main())
