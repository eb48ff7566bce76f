"""What the scenes of the blocking Soniox client have in common: the client, and the length of a WAV."""

from soniox import SonioxClient
from soniox_setup import addresses


def make_client(base, key):
    return SonioxClient(api_key=key, **addresses(base))


def seconds(audio):
    """Length of a streamed WAV, whose sizes are unknown when its header is written."""
    assert audio[:4] == b"RIFF", audio[:16]
    assert audio[36:40] == b"data", audio[:44]
    assert audio.count(b"RIFF") == 1
    rate = int.from_bytes(audio[24:28], "little")
    return round((len(audio) - 44) / 2 / rate, 3)
