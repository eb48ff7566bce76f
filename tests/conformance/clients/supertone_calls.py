"""The published Supertone client, blocking and async, unmodified. Prints what came, as JSON.

Run with the server's address, a key, a folder to write in, and the name of a scenario: a function below.
"""

import asyncio
import contextlib
import inspect
import io
import json
import sys
import time
import wave
from pathlib import Path

from supertone import Supertone, models
from supertone.errors import SupertoneError

ADAM, AGATHA = "91992bbd4758bdcf9c9b01", "e5f6fb1a53d0add87afb4f"
SHORT = "Good morning. How are you today?"
LONG = (
    "The sun came up over the small village, and the people went out to work. They had waited for rain for weeks; "
    "now it was here at last! The children ran through the wet streets, laughing. "
    'Nobody minded... The old man at the gate said: "I have seen many summers, but never one like this." '
    "His dog looked up at him and slept again. Later, in the evening, everybody met at the well and sang. "
    "It was the best day of the whole year, and they talked about it for a long time."
)
EN = models.APIConvertTextToSpeechUsingCharacterRequestLanguage.EN


def facts(data):
    """What a WAV or an MP3 file is like."""
    if data[:4] == b"RIFF":
        with wave.open(io.BytesIO(data)) as file:
            frames = file.readframes(1 << 30)
            return {
                "kind": "wav",
                "rate": file.getframerate(),
                "channels": file.getnchannels(),
                "width": file.getsampwidth(),
                "seconds": len(frames) / 2 / file.getframerate(),
                "declared": int.from_bytes(data[40:44], "little"),
                "size": len(data),
            }
    return {"kind": "mp3", "head": data[:2].hex(), "size": len(data), "seconds": len(data) * 8 / 128000}


def dump(result):
    return json.loads(result.model_dump_json())


def create(client, folder):
    found = client.text_to_speech.create_speech(voice_id=ADAM, text=SHORT, language=EN)
    data = found.result.read()
    (folder / "create.wav").write_bytes(data)
    return {
        **facts(data),
        "length": found.headers["x-audio-length"],
        "type": found.headers["content-type"],
    }


def create_mp3_with_everything(client, folder):
    found = client.text_to_speech.create_speech(
        voice_id=AGATHA,
        text="Number #1: " + SHORT,
        language="en",
        style="happy",
        model="sona_speech_2",
        output_format=models.APIConvertTextToSpeechUsingCharacterRequestOutputFormat.MP3,
        voice_settings={"speed": 1.5},
        include_phonemes=False,
    )
    data = found.result.read()
    (folder / "create.mp3").write_bytes(data)
    return {**facts(data), "length": found.headers["x-audio-length"], "type": found.headers["content-type"]}


def create_with_phonemes(client, folder):
    found = client.text_to_speech.create_speech(
        voice_id=ADAM, text=SHORT, language="en", include_phonemes=True
    )
    (folder / "timed.json").write_text(found.result.model_dump_json())
    return dump(found.result)["phonemes"]


def phonemes_that_a_model_has_not(client, folder):
    found = client.text_to_speech.create_speech(
        voice_id=ADAM, text=SHORT, language="en", model="supertonic_api_3", include_phonemes=True
    )
    return {"phonemes": found.result.phonemes, "audio": len(found.result.audio_base64)}


def create_long(client, folder):
    found = client.text_to_speech.create_speech(voice_id=ADAM, text=LONG, language="en")
    data = found.result.read()
    (folder / "long.wav").write_bytes(data)
    return facts(data)


def create_long_with_phonemes(client, folder):
    found = client.text_to_speech.create_speech(
        voice_id=ADAM, text=LONG, language="en", include_phonemes=True
    )
    (folder / "long.json").write_text(found.result.model_dump_json())
    return dump(found.result)["phonemes"]


def create_punctuation(client, folder):
    return facts(client.text_to_speech.create_speech(voice_id=ADAM, text="...", language="en").result.read())


async def create_async(client, folder):
    found = await client.text_to_speech.create_speech_async(voice_id=ADAM, text=SHORT, language="en")
    data = await found.result.aread()
    return facts(data)


async def create_async_very_long(client, folder):
    """The client sends all pieces of a text at once."""
    found = await client.text_to_speech.create_speech_async(voice_id=ADAM, text=LONG * 4, language="en")
    result = found.result
    data = result.read()
    if inspect.isawaitable(data):
        data = await data
    return facts(data)


def stream(client, folder, **more):
    began = time.monotonic()
    found = client.text_to_speech.stream_speech(voice_id=ADAM, text=SHORT, language="en", **more)
    pieces, first_s = [], None
    for piece in found.result.iter_bytes():
        first_s = first_s or time.monotonic() - began
        pieces.append(piece)
    data = b"".join(pieces)
    header = {
        name: found.headers.get(name) for name in ("content-type", "content-length", "transfer-encoding")
    }
    return {**facts(data), **header, "pieces": len(pieces), "first": pieces[0][:44].hex(), "first_s": first_s}


def stream_mp3(client, folder):
    return stream(client, folder, output_format="mp3")


def stream_long(client, folder):
    found = client.text_to_speech.stream_speech(voice_id=ADAM, text=LONG, language="en")
    data = b"".join(found.result.iter_bytes())
    (folder / "streamed.wav").write_bytes(data)
    return facts(data)


async def stream_async(client, folder):
    found = await client.text_to_speech.stream_speech_async(voice_id=ADAM, text=SHORT, language="en")
    return facts(b"".join([piece async for piece in found.result.aiter_bytes()]))


def stream_lines(client, folder):
    found = client.text_to_speech.stream_speech(
        voice_id=ADAM, text=SHORT, language="en", include_phonemes=True
    )
    return {"type": type(found.result).__name__, "lines": found.result.splitlines()}


def stream_long_lines(client, folder):
    found = client.text_to_speech.stream_speech(
        voice_id=ADAM, text=LONG, language="en", include_phonemes=True
    )
    result = found.result if isinstance(found.result, str) else found.result.read()
    return json.loads(result)["phonemes"]


def predict(client, folder):
    said = {}
    for name, settings in {
        "plain": None,
        "fast": {"speed": 2.0},
        "timed": {"duration": 4.0},
        "timed_and_fast": {"duration": 2.0, "speed": 2.0},
    }.items():
        more = {"voice_settings": settings} if settings else {}
        found = client.text_to_speech.predict_duration(voice_id=ADAM, text=SHORT, language="en", **more)
        made = client.text_to_speech.create_speech(voice_id=ADAM, text=SHORT, language="en", **more)
        said[name] = {"predicted": found.duration, "made": facts(made.result.read())["seconds"]}
    return said


async def predict_async(client, folder):
    found = await client.text_to_speech.predict_duration_async(voice_id=ADAM, text=SHORT, language="en")
    return found.duration


def voices(client, folder):
    first = client.voices.list_voices()
    second = client.voices.list_voices(page_size=20, next_page_token=first.next_page_token)
    one = client.voices.get_voice(voice_id=first.items[0].voice_id)
    plus = next(
        row for row in client.voices.list_voices(page_size=100).items if row.voice_id not in (ADAM, AGATHA)
    )
    again = client.voices.get_voice(voice_id=plus.voice_id)
    return {
        "total": first.total,
        "pages": [len(first.items), len(second.items)],
        "one": dump(one),
        "same": again.voice_id == plus.voice_id,
        "found": [
            row.name
            for row in client.voices.search_voices(name="agatha", language="en,fr", style="happy;sad").items
        ],
        "none": client.voices.search_voices(name="nobody at all").total,
    }


async def voices_async(client, folder):
    page = await client.voices.list_voices_async(page_size=10)
    found = await client.voices.search_voices_async(gender="female", age="child")
    one = await client.voices.get_voice_async(voice_id=ADAM)
    return {"size": len(page.items), "found": [row.name for row in found.items], "one": one.name}


def custom(client, folder):
    sample = (folder / "create.wav").read_bytes()
    made = client.custom_voices.create_cloned_voice(
        files={"file_name": "me.wav", "content": sample}, name="Me", description="Mine."
    )
    voice_id = made.voice_id
    got = client.custom_voices.get_custom_voice(voice_id=voice_id)
    edited = client.custom_voices.edit_custom_voice(voice_id=voice_id, name="You")
    spoken = client.text_to_speech.create_speech(voice_id=voice_id, text=SHORT, language="en")
    found = {
        "id": voice_id,
        "got": dump(got),
        "edited": dump(edited),
        "listed": [row.name for row in client.custom_voices.list_custom_voices().items],
        "searched": [row.name for row in client.custom_voices.search_custom_voices(name="you").items],
        "spoken": facts(spoken.result.read()),
        "deleted": client.custom_voices.delete_custom_voice(voice_id=voice_id),
    }
    found["left"] = client.custom_voices.list_custom_voices().total
    return found


def usage(client, folder):
    balance = client.usage.get_credit_balance()
    now = time.time()
    moments = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + days * 86400)) for days in (-1, 1)]
    found = client.usage.get_usage(
        start_time=moments[0],
        end_time=moments[1],
        bucket_width=models.BucketWidth.HOUR,
        breakdown_type=[models.BreakdownType.VOICE_ID, models.BreakdownType.MODEL],
        page_size=20,
    )
    pages = [found]
    while pages[-1].next_page_token:
        pages.append(
            client.usage.get_usage(
                start_time=moments[0],
                end_time=moments[1],
                bucket_width=models.BucketWidth.HOUR,
                breakdown_type=[models.BreakdownType.VOICE_ID, models.BreakdownType.MODEL],
                page_size=20,
                next_page_token=pages[-1].next_page_token,
            )
        )
    buckets = [bucket for page in pages for bucket in page.data]
    days = [moment[:10] for moment in moments]
    by_voice = client.usage.get_voice_usage(start_date=days[0], end_date=days[1])
    return {
        "balance": balance.balance,
        "total": found.total,
        "buckets": len(buckets),
        "results": [dump(result) for bucket in buckets for result in bucket.results],
        "by_voice": [dump(row) for row in by_voice.usages],
    }


def raised(call, *arguments, **named):
    """Which exception a call raises, and what stands in it."""
    try:
        call(*arguments, **named)
    except SupertoneError as error:
        detail = getattr(getattr(error, "data", None), "message", None)
        return {
            "class": type(error).__name__,
            "status": error.status_code,
            "message": getattr(detail, "message", None),
            "error": getattr(detail, "error", None),
            "code": getattr(detail, "status_code", None),
        }
    return None


def errors(client, folder):
    say, stream_, predict_ = (
        client.text_to_speech.create_speech,
        client.text_to_speech.stream_speech,
        client.text_to_speech.predict_duration,
    )
    fine = {"voice_id": ADAM, "text": "Hi.", "language": "en"}
    clone = client.custom_voices.create_cloned_voice
    return {
        "blank": raised(say, **{**fine, "text": " "}),
        "language": raised(say, **{**fine, "language": "fr"}),
        "style": raised(say, **fine, style="furious"),
        "range": raised(say, **fine, voice_settings={"speed": 3.0}),
        "voice": raised(say, **{**fine, "voice_id": "0" * 22}),
        "stream_voice": raised(stream_, **{**fine, "voice_id": "0" * 22}),
        "stream_model": raised(stream_, **fine, model="sona_speech_2"),
        "predict_long": raised(predict_, **{**fine, "text": "a" * 301}),
        "predict_voice": raised(predict_, **{**fine, "voice_id": "0" * 22}),
        "get_voice": raised(client.voices.get_voice, voice_id="0" * 22),
        "get_custom": raised(client.custom_voices.get_custom_voice, voice_id="0" * 22),
        "delete_custom": raised(client.custom_voices.delete_custom_voice, voice_id="0" * 22),
        "clone_kind": raised(clone, files={"file_name": "a.wav", "content": b"hello"}, name="Me"),
        "clone_size": raised(
            clone, files={"file_name": "a.wav", "content": b"RIFF\0\0\0\0WAVE" + bytes(3 << 20)}, name="Me"
        ),
        "clone_name": raised(
            clone, files={"file_name": "a.wav", "content": b"RIFF\0\0\0\0WAVE"}, name="M" * 101
        ),
        "usage_dates": raised(client.usage.get_usage, start_time="2026-01-01", end_time="2026-01-02"),
    }


def refused(client, folder):
    """With a key that is not good here."""
    say = client.text_to_speech.create_speech
    return {
        "create": raised(say, voice_id=ADAM, text="Hi.", language="en"),
        "usage": raised(client.usage.get_credit_balance),
        "custom": raised(client.custom_voices.list_custom_voices),
    }


async def errors_async(client, folder):
    try:
        await client.text_to_speech.create_speech_async(voice_id="0" * 22, text="Hi.", language="en")
    except SupertoneError as error:
        return {"class": type(error).__name__, "status": error.status_code}
    return None


async def in_async_context(address, key, scenario, folder):
    async with Supertone(api_key=key, server_url=address) as client:
        return await scenario(client, folder)


def main():
    address, key, folder, names = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]
    said = {}
    for name in names:
        scenario = globals()[name]
        with contextlib.redirect_stdout(sys.stderr):
            if inspect.iscoroutinefunction(scenario):
                said[name] = asyncio.run(in_async_context(address, key, scenario, folder))
            else:
                with Supertone(api_key=key, server_url=address) as client:
                    said[name] = scenario(client, folder)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
