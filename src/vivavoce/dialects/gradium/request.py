"""One request while it is spoken: text in, messages to the client out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vivavoce.dialects.gradium import messages as wire
from vivavoce.dialects.gradium.joining import Joiner
from vivavoce.dialects.gradium.opening import Opening
from vivavoce.dialects.gradium.words import Words
from vivavoce.speech import Audio, Ended, Event, Failed, Flushed, Mark


class Request:
    """Turns the events of one stream into Gradium's messages: words before the audio they are heard in, audio in
    blocks of 80 ms."""

    def __init__(self, opening: Opening, request_id: str, client_req_id: str | None = None) -> None:
        self.opening = opening
        self.client_req_id = client_req_id
        self._request_id = request_id
        self._joiner = Joiner()
        self._words = Words()
        self._blocks = opening.output.blocks()

    def ready(self) -> dict[str, Any]:
        """The first message."""
        return wire.ready(
            request_id=self._request_id,
            model_name=self.opening.model_name,
            rate_hz=self.opening.open.format.rate_hz,
            client_req_id=self.client_req_id,
        )

    def text(self, message: str) -> str:
        """What a text message adds to the stream's text."""
        return self._known(self._joiner.feed(message))

    def end(self) -> str:
        """What the end of the text adds to it."""
        return self._known(self._joiner.end())

    def said(self, events: Sequence[Event]) -> Iterator[dict[str, Any]]:
        """The messages for ``events``; for ``Failed``, only what was owed before it."""
        marks: list[Mark] = []
        audio: list[bytes] = []
        for event in events:
            match event:
                case Mark():
                    marks.append(event)
                case Audio():
                    audio.append(event.data)
                case Flushed() | Ended() | Failed():
                    yield from self._stretch(marks, audio)
                    marks, audio = [], []
                    yield from self._closing(event)
        yield from self._stretch(marks, audio)

    def _known(self, text: str) -> str:
        if self.opening.words:
            self._words.feed(text)
        return text

    def _stretch(self, marks: Sequence[Mark], audio: Sequence[bytes]) -> Iterator[dict[str, Any]]:
        for word in self._words.heard(marks, self._blocks.shift_s):
            yield wire.text(word.text, word.start_s, word.stop_s, self.client_req_id)
        for block in self._blocks.feed(b"".join(audio)):
            yield wire.audio(block.data, block.start_s, block.stop_s, self.client_req_id)

    def _closing(self, event: Flushed | Ended | Failed) -> Iterator[dict[str, Any]]:
        last = isinstance(event, Ended)
        for block in self._blocks.finish() if last else self._blocks.flush():
            yield wire.audio(block.data, block.start_s, block.stop_s, self.client_req_id)
        if last:
            yield wire.end_of_stream(self.client_req_id)
