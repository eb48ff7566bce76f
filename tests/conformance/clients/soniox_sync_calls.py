"""Scenes of the published Soniox client, blocking: its plain calls, and what they have to do with its sockets."""

import time
from uuid import uuid4

from soniox.errors import SonioxAPIError
from soniox.types import CreateTtsConfig
from soniox_setup import config
from soniox_sync_client import seconds


def formats(client, folder):
    """Every format at every rate, over REST; what came is left in the folder."""
    found = {}
    wanted = {
        "pcm_s16le": (8000, 48000),
        "pcm_f32le": (24000,),
        "pcm_mulaw": (8000,),
        "pcm_alaw": (8000,),
        "wav": (None, 16000),
        "flac": (44100,),
        "mp3": (None, 44100),
        "opus": (48000,),
        "aac": (24000,),
    }
    for form, rates in wanted.items():
        for rate in rates:
            shape = CreateTtsConfig(audio_format=form, sample_rate=rate)
            name = f"{form}-{rate or 'default'}"
            found[name] = client.tts.generate_to_file(
                folder / name, text="One two three four five.", language="en", config=shape
            )
    return found


def rest_and_socket_agree(client, folder):
    text = "The quick brown fox jumps over the lazy dog. It does so every day, without a rest."
    shape = CreateTtsConfig(audio_format="pcm_s16le", sample_rate=24000, speed=1.1)
    whole = client.tts.generate(text=text, voice="Maya", language="en", model="tts-rt-v2", config=shape)
    streamed = config(voice="Maya", model="tts-rt-v2", audio_format="pcm_s16le", sample_rate=24000, speed=1.1)
    with client.realtime.tts.connect(config=streamed) as session:
        session.send_text_chunks(iter(text[i : i + 4] for i in range(0, len(text), 4)), text_end=True)
        pieces = b"".join(session.receive_audio_chunks())
    (folder / "fox.pcm").write_bytes(pieces)
    return {"whole": len(whole), "same": whole == pieces}


def rest_errors(client, folder):
    said = {}
    for name, fields in {
        "voice": {"voice": "Nobody"},
        "language": {"language": "xx"},
        "model": {"model": "nothing"},
    }.items():
        try:
            client.tts.generate(**{"text": "Hi.", "voice": "Maya", "language": "en", **fields})
        except SonioxAPIError as error:
            said[name] = [type(error).__name__, error.status_code, error.api_error.error_type, str(error)]
    return said


def management(client, folder):
    models = client.tts_models.list().models
    shared = list(client.voices.list_all_shared("tts-rt-v1", gender="female", limit=2))
    sample = (folder / "sync.wav").read_bytes()
    name = f"Me {uuid4()}"
    voice = client.voices.create(sample, name=name, filename="me.wav")
    try:
        client.voices.create(sample, name=name)
    except SonioxAPIError as error:
        twice = type(error).__name__
    with client.realtime.tts.connect(config=config(voice=voice.id)) as session:
        session.send_text_chunk("Is this me?", text_end=True)
        mine_s = seconds(b"".join(session.receive_audio_chunks()))
    found = {
        "models": [model.id for model in models],
        "adrian": [v.gender for model in models for v in model.voices if v.id == "Adrian"],
        "languages": len(models[0].languages),
        "shared": [one.id for one in shared],
        "voice": [voice.name == name, voice.filename, [model.status for model in voice.models]],
        "twice": twice,
        "mine_s": mine_s,
        "count": client.voices.count().total,
        "listed": [one.id == voice.id for one in client.voices.list_all(limit=1)],
        "got": client.voices.get(voice.id).id == voice.id,
        "recomputed": client.voices.recompute(voice.id, model="tts-rt-v2").id == voice.id,
    }
    client.voices.delete(voice.id)
    client.voices.delete_if_exists(voice.id)
    found["gone"] = client.voices.get_or_none(voice.id) is None
    found["stt"] = len(client.models.list().models)
    return found


def accounts(client, folder):
    key = client.auth.create_temporary_api_key(
        usage_type="tts_rt",
        expires_in_seconds=60,
        client_reference_id="the app",
        max_session_duration_seconds=60,
    )
    with client.realtime.tts.connect(config=config(), api_key=key.api_key) as session:
        session.send_text_chunk("Hello!", text_end=True)
        temporary_s = seconds(b"".join(session.receive_audio_chunks()))
        limits = client.concurrency_limits.get()
    now = time.time()
    window = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + shift)) for shift in (-3600, 60)]
    logs = list(client.usage_logs.list_all(*window, limit=2))
    summary = client.usage.summary(*window)
    history = client.concurrency_limits.history(*window, period_sec=60, kind="tts")
    return {
        "temporary_s": temporary_s,
        "stt": limits.project.current.transcribe_concurrent,
        "logs": len(logs),
        "models": sorted({log.model for log in logs}),
        "references": sorted({log.client_reference_id for log in logs}),
        "audio_ms": sum(log.output_audio_duration_ms for log in logs),
        "total": [summary.total.total_num_requests, summary.total.total_output_audio_duration_ms],
        "days": len(summary.total.days),
        "peak": max(entry.sample_max for entry in history.entries),
    }


CALLS = (formats, rest_and_socket_agree, rest_errors, management, accounts)
