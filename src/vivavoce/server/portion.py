"""How much of a stream's events is sent at once: as much audio as the listener has credit for, and never so much
that the streams beside it on the socket wait long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vivavoce.speech import Audio, Event

MAX_AUDIO_BYTES: Final = 65_536
"""Audio of one portion; a multiple of any sample's size, so that a cut keeps samples whole."""


def portion(events: Sequence[Event], limit: int) -> tuple[list[Event], list[Event]]:
    """``events`` as what goes now, with at most ``limit`` bytes of audio, and the rest.

    Audio that fits in part is cut in two. What carries no audio goes as soon as it is first in line.
    """
    left = limit
    for at, event in enumerate(events):
        if not isinstance(event, Audio):
            continue
        if len(event.data) > left:
            now, later = list(events[:at]), list(events[at:])
            if left > 0:
                head, later[0] = _cut(event, left)
                now.append(head)
            return now, later
        left -= len(event.data)
    return list(events), []


def audio_bytes(events: Sequence[Event]) -> int:
    """Bytes of audio in ``events``."""
    return sum(len(event.data) for event in events if isinstance(event, Audio))


def _cut(audio: Audio, size: int) -> tuple[Audio, Audio]:
    middle_s = audio.start_s + (audio.stop_s - audio.start_s) * size / len(audio.data)
    return (
        Audio(audio.data[:size], audio.start_s, middle_s),
        Audio(audio.data[size:], middle_s, audio.stop_s),
    )
