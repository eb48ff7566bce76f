"""The published Soniox client, blocking: every example of the vendor's page and more. Prints what came, as JSON.

Run with the server's address, a key, and a folder to write in. The examples stand here as on the page, but for the
client's addresses.
"""

import json
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

from soniox.errors import SonioxAPIError, SonioxRealtimeError
from soniox_setup import config
from soniox_sync_calls import CALLS
from soniox_sync_client import make_client, seconds

TEXT_CHUNKS = [
    "This is a test of Soniox real-time text to speech. ",
    "Audio is streamed back as it is generated. ",
    "Each chunk is sent as soon as it is ready.",
]
STREAM_TEXTS = {
    "a": ["Hello from stream A. ", "Stream A shares a connection with B. ", "Goodbye from A."],
    "b": ["Hello from stream B. ", "Stream B shares a connection with A. ", "Goodbye from B."],
}


def connect_to_a_session(client, folder):
    audio_chunks: list[bytes] = []
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunks(TEXT_CHUNKS, text_end=True)
        for chunk in session.receive_audio_chunks():
            audio_chunks.append(chunk)
    audio = b"".join(audio_chunks)
    (folder / "sync.wav").write_bytes(audio)
    return {
        "chunks": len(audio_chunks),
        "seconds": seconds(audio),
        "last": session.last_message.model_dump(exclude_none=True),
    }


def send_text_incrementally(client, folder):
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunk("Hello ", text_end=False)
        session.send_text_chunk("from Soniox ", text_end=False)
        session.send_text_chunk("real-time TTS.", text_end=True)
        one = b"".join(session.receive_audio_chunks())
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunk("Hello from Soniox real-time TTS.", text_end=False)
        session.finish()
        other = b"".join(session.receive_audio_chunks())
    return {"one_s": seconds(one), "other_s": seconds(other)}


def leave_at_once(client, folder):
    """As the page has it: the block ends right after the last text."""
    started = time.monotonic()
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunk("Hello from Soniox real-time TTS. " * 20, text_end=False)
        session.finish()
    return {"took_s": time.monotonic() - started}


def receive_events(client, folder):
    heard = []
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunk("Hello!", text_end=True)
        for event in session.receive_events():
            if event.audio is not None:
                heard.append("audio")
            if event.audio_end:
                heard.append("end")
            if event.terminated:
                heard.append("terminated")
                break
    return heard


def collect_audio(stream, results, key):
    results[key] = b"".join(stream.receive_audio_chunks())


def multiple_streams(client, folder):
    with client.realtime.tts.connect_multi_stream() as connection:
        streams = {}
        for key in STREAM_TEXTS:
            streams[key] = connection.open_stream(config=config(stream_id=f"multi-{key}-{uuid4()}"))
        audio_results: dict[str, bytes] = {}
        receivers = []
        for key, stream in streams.items():
            t = threading.Thread(target=collect_audio, args=(stream, audio_results, key))
            t.start()
            receivers.append(t)
        for key, stream in streams.items():
            stream.send_text_chunks(STREAM_TEXTS[key], text_end=True)
        for t in receivers:
            t.join()
    return {key: seconds(audio) for key, audio in sorted(audio_results.items())}


def a_silent_stream_does_not_starve_others(client, folder):
    """The receivers share a lock: who waits for a silent stream has to be woken."""
    results: dict[str, bytes] = {}
    with client.realtime.tts.connect_multi_stream() as connection:
        silent = connection.open_stream(config=config(stream_id="silent"))
        busy = connection.open_stream(config=config(stream_id="busy"))
        waiting = threading.Thread(target=collect_audio, args=(silent, results, "silent"))
        waiting.start()
        time.sleep(0.1)
        busy.send_text_chunks(TEXT_CHUNKS, text_end=True)
        started = time.monotonic()
        collect_audio(busy, results, "busy")
        took_s = time.monotonic() - started
        silent.finish()
        waiting.join()
    return {"took_s": took_s, "seconds": seconds(results["busy"]), "silent": len(results["silent"])}


def five_streams(client, folder):
    results: dict[str, bytes] = {}
    with client.realtime.tts.connect_multi_stream() as connection:
        streams = [connection.open_stream(config=config(stream_id=str(i))) for i in range(5)]
        receivers = [threading.Thread(target=collect_audio, args=(s, results, s.stream_id)) for s in streams]
        for receiver in receivers:
            receiver.start()
        for stream in streams:
            stream.send_text_chunks(f"This is stream number {stream.stream_id}.", text_end=True)
        for receiver in receivers:
            receiver.join()
        again = connection.open_stream(config=config(stream_id="0"))
        again.send_text_chunk("Once more.", text_end=True)
        collect_audio(again, results, "again")
    return {key: seconds(audio) for key, audio in results.items()}


def a_failed_stream_leaves_its_sibling(client, folder):
    found = {}
    with client.realtime.tts.connect_multi_stream() as connection:
        good = connection.open_stream(config=config(stream_id="good"))
        bad = connection.open_stream(config=config(stream_id="bad", voice="Nobody"))
        try:
            list(bad.receive_events())
        except SonioxRealtimeError as error:
            found["bad"] = str(error)
        good.send_text_chunk("Still here.", text_end=True)
        found["good"] = seconds(b"".join(good.receive_audio_chunks()))
    return found


def error_handling(client, folder):
    said = {}
    wrong = {
        "voice": {"voice": "Nobody"},
        "language": {"language": "en-US"},
        "model": {"model": "tts-rt-v9"},
        "rate": {"audio_format": "mp3", "sample_rate": 8000},
        "silence": {"reduce_silence": True},
    }
    for name, fields in wrong.items():
        try:
            with client.realtime.tts.connect(config=config(**fields)) as session:
                session.send_text_chunk("Hello!", text_end=True)
                for _chunk in session.receive_audio_chunks():
                    pass
        except SonioxRealtimeError as exc:
            said[name] = str(exc)
    return said


def a_wrong_key(client, folder):
    """What each way of coming in says to a wrong key; nothing, where none is needed."""
    stranger = make_client(client.tts_api_base_url, "vv_wrong")
    said = {}
    try:
        with stranger.realtime.tts.connect(config=config()) as session:
            session.finish()
            list(session.receive_events())
    except SonioxRealtimeError as error:
        said["socket"] = str(error)
    for name, call in (
        ("speech", lambda: stranger.tts.generate(text="Hi.", voice="Adrian", language="en")),
        ("management", lambda: stranger.tts_models.list()),
    ):
        try:
            call()
        except SonioxAPIError as error:
            said[name] = [type(error).__name__, error.status_code, str(error)]
    return said


def cancelling(client, folder):
    with client.realtime.tts.connect(config=config()) as session:
        session.send_text_chunk("This goes on and on. " * 200, text_end=False)
        first = session.receive_event()
        session.cancel()
        rest = list(session.receive_events())
        session.keep_alive()
    return {
        "first": first.audio is not None,
        "terminated": rest[-1].terminated,
        "audio_end": any(event.audio_end for event in rest),
    }


def pausing(client, folder):
    with client.realtime.tts.connect(config=config()) as session:
        session.pause()
        session.send_text_chunk("This is lost.")
        session.resume()
        session.send_text_chunk("Hi.", text_end=True)
        return {"seconds": seconds(b"".join(session.receive_audio_chunks()))}


def timestamps(client, folder):
    text = "Streaming is fast, and  it is steady.\nIsn't it?"
    characters, starts, stops = [], [], []
    late = 0
    heard_s = 0.0
    shape = config(return_timestamps=True, audio_format="pcm_s16le", sample_rate=24000)
    with client.realtime.tts.connect(config=shape) as session:
        session.send_text_chunks([text[i : i + 4] for i in range(0, len(text), 4)], text_end=True)
        for event in session.receive_events():
            if event.timestamps is not None:
                characters += event.timestamps.characters
                starts += event.timestamps.character_start_times_seconds
                stops += event.timestamps.character_end_times_seconds
                late += sum(
                    c.isalpha() and start < heard_s - 0.01
                    for c, start in zip(
                        event.timestamps.characters,
                        event.timestamps.character_start_times_seconds,
                        strict=False,
                    )
                )
            heard_s += len(event.audio_bytes() or b"") / 48000
    return {
        "text": "".join(characters),
        "single": all(len(c) == 1 for c in characters),
        "sorted": starts == sorted(starts) and all(a <= b for a, b in zip(starts, stops, strict=False)),
        "last_s": stops[-1],
        "audio_s": heard_s,
        "late": late,
    }


def nothing_to_say(client, folder):
    """White space, nothing, and punctuation: no error, an end, a last message."""
    found = {}
    for name, text in {"blank": " \n ", "nothing": "", "dots": "...!?", "emoji": "🙂👩‍👩‍👧"}.items():
        with client.realtime.tts.connect(config=config(audio_format="pcm_s16le")) as session:
            session.send_text_chunk(text, text_end=True)
            events = list(session.receive_events())
        found[name] = [
            sum(len(event.audio_bytes() or b"") for event in events),
            any(event.audio_end for event in events),
            events[-1].terminated,
        ]
    return found


SCENES = (
    connect_to_a_session,
    send_text_incrementally,
    leave_at_once,
    receive_events,
    multiple_streams,
    a_silent_stream_does_not_starve_others,
    five_streams,
    a_failed_stream_leaves_its_sibling,
    error_handling,
    a_wrong_key,
    cancelling,
    pausing,
    timestamps,
    *CALLS,
    nothing_to_say,
)


def main():
    base, key, folder, *names = sys.argv[1:]
    client = make_client(base, key)
    found = {
        scene.__name__: scene(client, Path(folder))
        for scene in SCENES
        if not names or scene.__name__ in names
    }
    client.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
