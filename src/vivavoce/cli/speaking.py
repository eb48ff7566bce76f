"""One text spoken in this process, from its source to its sink: what ``vivavoce say`` does, without the terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from msgspec import Struct, structs

from vivavoce.cli.choices import Sound
from vivavoce.cli.sinks import Sink
from vivavoce.errors import EmptyTextError, VivavoceError
from vivavoce.formats import AudioFormat
from vivavoce.runtime.driver import Stream
from vivavoce.runtime.studio import Studio
from vivavoce.speech import Audio, End, Ended, Event, Failed, Flushed, Mark, Open, Text

AHEAD_CHARS: Final = 65_536
"""Text that is read before it can be spoken: an hour of speech. An endless writer has to wait for the voice."""


class Progress(Struct):
    """How far it is; changes while the text is spoken."""

    clock: Callable[[], float] = time.monotonic
    start_s: float = 0.0
    """Seconds until the engine workers ran."""
    began: float | None = None
    """When the first text went in, on ``clock``."""
    first_audio_s: float | None = None
    """From then to the first audio."""
    audio_s: float = 0.0
    work_s: float = 0.0
    """From the first text to the latest audio: waiting for a slow writer or a player counts."""
    characters: int = 0
    """Code points of text taken in so far."""
    complete: bool = False
    """Whether that is all the text."""
    spoken_chars: int = 0
    """Code points of text up to the latest word that was spoken."""

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of audio; below 1 is faster than speech. ``None`` before any audio."""
        return self.work_s / self.audio_s if self.audio_s > 0 else None


class Spoken(Struct, frozen=True):
    """What came of it."""

    voice: str
    format: AudioFormat
    marks: tuple[Mark, ...]
    text: str


async def speak(
    studio: Studio, request: Open, sound: Sound, text: AsyncIterator[str], sink: Sink, progress: Progress
) -> Spoken:
    """Speak ``text`` as it comes into ``sink``, keeping ``progress`` up to date. ``request.format`` is not used.

    ``studio`` is not started yet, and closed when this is over.

    Raises VivavoceError when the request or the stream fails, BrokenPipeError when the sink's listener has left.
    Cancelling it stops the work. The sink is ended in every case.
    """
    asked = progress.clock()
    try:
        async with studio:
            progress.start_s = progress.clock() - asked
            voice = studio.voice(request.voice, request.language)
            request = structs.replace(request, format=sound.format(voice.rate_hz))
            stream = studio.open(request)
            try:
                heard = await _both_ways(stream, text, sink, progress)
            finally:
                stream.cancel()
            await sink.finish()
    finally:
        await sink.abandon()
    return Spoken(voice.id, request.format, tuple(heard.marks), heard.text)


class _Heard:
    """What went in and what came back besides audio, kept for the marks file."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.marks: list[Mark] = []
        self.refused: VivavoceError | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)


async def _both_ways(stream: Stream, text: AsyncIterator[str], sink: Sink, progress: Progress) -> _Heard:
    heard = _Heard()
    writer = asyncio.create_task(_write(stream, text, heard, progress))
    try:
        await _listen(stream, sink, heard, progress)
    finally:
        writer.cancel()
        await asyncio.wait([writer])
    if heard.refused is not None:
        raise heard.refused
    if not writer.cancelled():
        writer.result()
    return heard


async def _write(stream: Stream, text: AsyncIterator[str], heard: _Heard, progress: Progress) -> None:
    """Feed the stream. Whatever goes wrong here stops the stream, so that the listening side ends too."""
    ended = False
    try:
        async for piece in text:
            if progress.began is None and piece.strip():
                progress.began = progress.clock()
            stream.send(Text(piece))
            heard.pieces.append(piece)
            progress.characters += len(piece)
            await stream.room(AHEAD_CHARS)
        if progress.began is None:
            raise EmptyTextError("nothing to say: expected some text, got none", param="text")
        stream.send(End())
        progress.complete = ended = True
    except VivavoceError as error:
        heard.refused = error
    finally:
        if not ended:
            stream.cancel()


async def _listen(stream: Stream, sink: Sink, heard: _Heard, progress: Progress) -> None:
    """Take events until the last one, which raises when it is a failure."""
    while True:
        for event in await stream.events():
            if await _take(event, sink, heard, progress):
                return


async def _take(event: Event, sink: Sink, heard: _Heard, progress: Progress) -> bool:
    """Carry out one event; ``True`` after the last."""
    match event:
        case Audio():
            if event.stop_s > 0 and progress.began is not None:
                progress.work_s = progress.clock() - progress.began
                if progress.first_audio_s is None:
                    progress.first_audio_s = progress.work_s
            progress.audio_s = max(progress.audio_s, event.stop_s)
            await sink.write(event.data)
        case Mark():
            heard.marks.append(event)
            progress.spoken_chars = max(progress.spoken_chars, event.text_stop)
        case Ended():
            progress.audio_s = event.audio_s
            return True
        case Failed():
            raise event.error
        case Flushed():
            pass
    return False
