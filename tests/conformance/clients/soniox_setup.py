"""What the scenes of both Soniox clients have in common: where the server is, and a stream's shape."""

from uuid import uuid4

from soniox.types import RealtimeTTSConfig


def addresses(base):
    """What a client is told of the server at ``base``."""
    return {
        "api_base_url": f"{base}/v1",
        "tts_api_base_url": base,
        "tts_websocket_base_url": base.replace("http", "ws", 1) + "/tts-websocket",
    }


def config(**more):
    fields = {
        "stream_id": str(uuid4()),
        "model": "tts-rt-v1-preview",
        "language": "en",
        "voice": "Adrian",
        "audio_format": "wav",
    }
    return RealtimeTTSConfig(**{**fields, **more})
