"""Sessions in the style of realtime SDKs: a stream whose text can be paused, and events of their shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from vivavoce.client.core import options
from vivavoce.client.core.effects import END, Fault, Flow, Pull
from vivavoce.client.core.link import Link, Switchboard
from vivavoce.client.core.speech import Speech
from vivavoce.client.types import (
    Audio,
    Ended,
    Flushed,
    Mark,
    Opened,
    RealtimeTTSConfig,
    RealtimeTTSEvent,
    Timestamps,
)
from vivavoce.errors import VivavoceClientError, VivavoceConnectionError, VivavoceRealtimeError


class RealtimeCore:
    """One realtime stream."""

    def __init__(self, board: Switchboard, config: RealtimeTTSConfig, link: Link) -> None:
        self.config = config
        self.link = link
        self.speech = Speech(board, options.realtime(config), link)
        self.last: RealtimeTTSEvent | None = None
        self.paused = False
        self._held: deque[Callable[[], Flow[None]]] = deque()
        self._ready: deque[RealtimeTTSEvent] = deque()
        self._characters: list[Mark] = []
        self._over = False

    def start(self) -> Flow[None]:
        """Opens the connection, if it is not open yet, and the stream."""
        yield from self._told(self.speech.start())

    # ---- text ---------------------------------------------------------------------------------------------------

    def chunk(self, text: str, text_end: bool) -> Flow[None]:
        """Says ``text``, and that it was the last if ``text_end``; kept while paused."""
        if text:
            yield from self._do(lambda: self.speech.text(text))
        if text_end:
            yield from self._do(self.speech.end)

    def chunks(self, source: object, text_end: bool) -> Flow[None]:
        """Says all that an iterator of the caller's gives. What that raises is raised here."""
        while (piece := (yield Pull(source))) is not END:
            if isinstance(piece, Fault):
                raise piece.error
            yield from self.chunk(piece, False)
        if text_end:
            yield from self.chunk("", True)

    def cancel(self) -> Flow[None]:
        """Stops the stream; text that was kept is dropped with it."""
        self._held.clear()
        yield from self._told(self.speech.cancel())

    def keep_alive(self) -> Flow[None]:
        """Shows the server that somebody is there."""
        yield from self._told(self.speech.ping())

    def pause(self) -> None:
        """Keep text here from now on."""
        self.paused = True

    def resume(self) -> Flow[None]:
        """Sends what was kept, in its order, and no longer keeps any."""
        while self._held:
            yield from self._told(self._held.popleft()())
        self.paused = False

    def _do(self, what: Callable[[], Flow[None]]) -> Flow[None]:
        if self.paused or self._held:
            self._held.append(what)
        else:
            yield from self._told(what())

    # ---- events -------------------------------------------------------------------------------------------------

    def next(self) -> Flow[RealtimeTTSEvent | None]:
        """The next event, ``None`` after the last. Raises VivavoceRealtimeError when the stream fails and
        VivavoceConnectionError when its connection does."""
        while not self._ready and not self._over:
            try:
                event = yield from self._told(self.speech.next())
            except VivavoceClientError as error:
                self._over = True
                self.last = self._event(error_code=error.code, error_message=error.message)
                raise
            if event is None:
                self._over = True
            else:
                self._take(event)
        if not self._ready:
            return None
        self.last = self._ready.popleft()
        return self.last

    def _take(self, event: Opened | Audio | Mark | Flushed | Ended) -> None:
        match event:
            case Mark():
                self._characters.append(event)
            case Audio():
                self._ready.append(self._event(data=event.data, timestamps=self._timestamps()))
            case Ended():
                if not event.cancelled:
                    self._ready.append(self._event(audio_end=True, timestamps=self._timestamps()))
                self._ready.append(self._event(terminated=True))
                self._over = True

    def _timestamps(self) -> Timestamps | None:
        marks, self._characters = self._characters, []
        if not marks:
            return None
        return Timestamps([m.value for m in marks], [m.start_s for m in marks], [m.stop_s for m in marks])

    def _event(self, **fields: Any) -> RealtimeTTSEvent:
        return RealtimeTTSEvent(stream_id=self.config.stream_id, **fields)

    def _told(self, flow: Flow[Any]) -> Flow[Any]:
        """``flow``, with a failure of the stream told as one of a realtime stream."""
        if self.link.state == "new":
            yield from self.link.opened()
        try:
            return (yield from flow)
        except (VivavoceConnectionError, VivavoceRealtimeError):
            raise
        except VivavoceClientError as error:
            raise VivavoceRealtimeError(
                error.message,
                stream_id=self.config.stream_id,
                code=error.code,
                param=error.param,
                retry_after_s=error.retry_after_s,
                request_id=error.request_id or self.speech.request_id,
            ) from error
