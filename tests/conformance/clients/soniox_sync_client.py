"""What the scenes of the blocking Soniox client have in common: the client, a stream's shape, the length of a WAV."""

from uuid import uuid4

from soniox import SonioxClient
from soniox.types import RealtimeTTSConfig


def make_client(base, key):
    return SonioxClient(
        api_key=key,
        api_base_url=f"{base}/v1",
        tts_api_base_url=base,
        tts_websocket_base_url=base.replace("http", "ws", 1) + "/tts-websocket",
    )


def config(**more):
    fields = {
        "stream_id": f"sync-{uuid4()}",
        "model": "tts-rt-v1-preview",
        "language": "en",
        "voice": "Adrian",
        "audio_format": "wav",
    }
    return RealtimeTTSConfig(**{**fields, **more})


def seconds(audio):
    """Length of a streamed WAV, whose sizes are unknown when its header is written."""
    assert audio[:4] == b"RIFF", audio[:16]
    assert audio[36:40] == b"data", audio[:44]
    assert audio.count(b"RIFF") == 1
    rate = int.from_bytes(audio[24:28], "little")
    return round((len(audio) - 44) / 2 / rate, 3)
