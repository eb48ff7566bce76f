"""What the streamed shapes do with a stream: text from a source, events for a loop, messages as dictionaries."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import Any

from vivavoce.client.core.effects import Flow, Launch
from vivavoce.client.core.speech import Speech, checked
from vivavoce.client.core.wire import Event
from vivavoce.client.types import Audio, Ended, Flushed, Mark, Opened, StreamEvent
from vivavoce.errors import VivavoceValidationError


class StreamCore:
    """One stream whose text comes from a source."""

    def __init__(self, speech: Speech, source: object) -> None:
        """``source`` is text, or what :func:`pieces` made of an iterable."""
        self.speech = speech
        self.marks: list[Mark] = []
        self._source = source
        self._begun = False

    def begin(self) -> Flow[None]:
        """Text flows from here on."""
        if self._begun:
            return
        self._begun = True
        if isinstance(self._source, str):
            self.speech.preset(self._source)
            yield from self.speech.start()
        else:
            yield Launch(self.speech.writing(self._source), waited_for=False)

    def ready(self) -> Flow[Opened]:
        """Voice, format and rate."""
        yield from self.begin()
        return (yield from self.speech.ready())

    def next(self) -> Flow[StreamEvent | None]:
        """The next audio, mark or end of a flush; ``None`` at the end."""
        yield from self.begin()
        while (event := (yield from self.speech.next())) is not None:
            if isinstance(event, Mark):
                self.marks.append(event)
            if isinstance(event, Audio | Mark | Flushed):
                return event
        return None

    def next_bytes(self) -> Flow[bytes | None]:
        """The next audio; ``None`` at the end."""
        while (event := (yield from self.next())) is not None:
            if isinstance(event, Audio):
                return event.data
        return None


def next_message(speech: Speech) -> Flow[dict[str, Any] | None]:
    """The next event as a dictionary; ``None`` at the end."""
    event = yield from speech.next()
    return None if event is None else message(event, speech.request_id)


def message(event: Event, request_id: str) -> dict[str, Any]:
    """An event as a dictionary with a ``type``; audio is bytes."""
    match event:
        case Audio():
            return {"type": "audio", "audio": event.data}
        case Opened():
            return {
                "type": "ready",
                "request_id": request_id,
                "voice": event.voice,
                "output_format": event.format,
                "sample_rate": event.rate_hz,
            }
        case Mark():
            times = {
                "start_s": event.start_s,
                "stop_s": event.stop_s,
                "text_start": event.text_start,
                "text_stop": event.text_stop,
            }
            if event.kind == "word":
                return {"type": "text", "text": event.value, **times}
            return {"type": event.kind, "value": event.value, **times}
        case Flushed():
            return {"type": "flushed", "flush_id": event.flush_id, "audio_s": event.audio_s}
        case Ended():
            return {
                "type": "end_of_stream",
                "audio_s": event.audio_s,
                "characters": event.characters,
                "cancelled": event.cancelled,
            }


def pieces(text: object) -> object:
    """``text`` as the source of a stream of the client of threads. Raises VivavoceValidationError."""
    if isinstance(text, AsyncIterable):
        raise VivavoceValidationError(
            "text: expected a string or an iterable of strings, got an async one; AsyncVivavoceClient takes these",
            code="wrong_type",
            param="text",
        )
    return async_pieces(text)


def async_pieces(text: object) -> object:
    """``text`` as the source of a stream of the client of asyncio. Raises VivavoceValidationError."""
    if isinstance(text, str):
        return checked(text)
    if isinstance(text, AsyncIterable):
        return aiter(text)
    if isinstance(text, Iterable) and not isinstance(text, bytes | bytearray):
        return iter(text)
    raise VivavoceValidationError(
        f"text: expected a string or an iterable of strings, got {type(text).__name__}",
        code="wrong_type",
        param="text",
    )


class Mapped:
    """An iterator, plain or async, with each item turned into text."""

    def __init__(self, source: Iterator[Any], turn: Callable[[Any], str]) -> None:
        self._source = source
        self._turn = turn

    def __iter__(self) -> Mapped:
        return self

    def __next__(self) -> str:
        return self._turn(next(self._source))


class AsyncMapped:
    """An async iterator with each item turned into text."""

    def __init__(self, source: Any, turn: Callable[[Any], str]) -> None:
        self._source = source
        self._turn = turn

    def __aiter__(self) -> AsyncMapped:
        return self

    async def __anext__(self) -> str:
        return self._turn(await anext(self._source))


def spoken_tokens(source: object, turn: Callable[[Any], str]) -> object:
    """A source of text from a source of tokens."""
    if isinstance(source, str):
        return source
    if hasattr(source, "__anext__"):
        return AsyncMapped(source, turn)
    assert isinstance(source, Iterator), "made by pieces() or async_pieces()"
    return Mapped(source, turn)
