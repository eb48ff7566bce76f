"""One stream of speech from its first text to its last audio, over whichever connections it takes.

Until anything of it has come, what was said is kept as its script: a stream that fails then, of something that may pass, is
opened anew and told it all again. Afterwards only the connection's own resume can mend it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vivavoce.client.core.effects import END, Fault, Flow, Pull, Sleep, Transmit, Wait
from vivavoce.client.core.faults import again
from vivavoce.client.core.link import Link, Switchboard, worth_it
from vivavoce.client.core.wire import Channel, Event
from vivavoce.client.types import Ended, Flushed, Opened
from vivavoce.errors import VivavoceClientError, VivavoceTimeoutError, VivavoceValidationError, quoted

PIECE_CHARS: Final = 100_000
"""Text of one message; the server reads up to 1 MiB, and JSON may take six bytes for a character."""


class Speech:
    """One stream. Text may be sent from one thread or task while another listens."""

    def __init__(self, board: Switchboard, options: Mapping[str, Any], link: Link | None = None) -> None:
        """``options`` are the wire's; ``link`` is a connection of its own, else it takes a seat on a shared one."""
        self._board = board
        self._options = options
        self._own_link = link
        self._link: Link | None = None
        self._channel: Channel | None = None
        self._bell = board.bell()
        self._script: list[dict[str, Any]] | None = []
        self._attempt = 0
        self._starting = False
        self._text_ended = False
        self._flushes = 0
        self._heard_audio = False
        self._left = False
        self._fault: BaseException | None = None
        self.opened: Opened | None = None
        """Voice, format and rate, once the server has said them."""
        self.ended: Ended | None = None
        """How it ended, if it has ended well."""

    @property
    def request_id(self) -> str:
        """How the server's log names this stream: its connection's id and its number there."""
        if self._link is None or self._channel is None:
            return ""
        return f"{self._link.request_id}/{self._channel.number}"

    @property
    def known(self) -> Opened | None:
        """:attr:`opened`, or what has come of it and was not taken yet."""
        first = self._channel.inbox[0] if self._channel is not None and self._channel.inbox else None
        return first if isinstance(first, Opened) else self.opened

    @property
    def link(self) -> Link | None:
        """The connection it is on."""
        return self._link

    @property
    def left(self) -> bool:
        """Whether nobody listens any more."""
        return self._left

    @property
    def over(self) -> bool:
        """Whether no text is wanted any more."""
        return self._left or (self._channel is not None and self._channel.over and self._script is None)

    # ---- from the writer --------------------------------------------------------------------------------------

    def start(self) -> Flow[None]:
        """Opens the stream, if it is not open. Raises VivavoceClientError when no connection can be had."""
        while self._channel is None and not self._left:
            if self._starting:
                yield Wait(self._bell, lambda: not self._starting)
                continue
            self._starting = True
            try:
                yield from self._open()
            except VivavoceClientError as error:
                self._abort(error)
                raise
            finally:
                # Also when the caller is stopped on the way: another may start it then.
                self._starting = False
                self._bell.ring()

    def preset(self, text: str) -> None:
        """All of the text, before the stream is open: it goes out together with the opening."""
        assert self._script is not None, "nothing has been heard of a stream that is not open"
        for at in range(0, len(text), PIECE_CHARS):
            self._script.append({"type": "text", "text": text[at : at + PIECE_CHARS]})
        self._script.append({"type": "end"})
        self._text_ended = True

    def text(self, piece: str) -> Flow[None]:
        """Says more text. Raises VivavoceClientError when the stream is over."""
        if not isinstance(piece, str):
            raise VivavoceValidationError(
                f"text: expected a string, got {type(piece).__name__}", code="wrong_type", param="text"
            )
        _complete(piece)
        for at in range(0, len(piece), PIECE_CHARS):
            yield from self._say({"type": "text", "text": piece[at : at + PIECE_CHARS]})

    def flush(self, flush_id: str | None = None) -> Flow[None]:
        """Asks for all the text so far to be spoken without waiting for more."""
        self._flushes += 1
        yield from self._say({"type": "flush", "flush_id": flush_id})

    def end(self) -> Flow[None]:
        """Says that no more text comes; twice is no error."""
        if not self._text_ended:
            self._text_ended = True
            yield from self._say({"type": "end"})
            self._bell.ring()

    def cancel(self) -> Flow[None]:
        """Stops it: at most a frame on its way still comes, then the end."""
        self._script = None
        self._text_ended = True
        if self._channel is not None and not self._channel.over and self._link is not None:
            self._link.wire.say({"type": "cancel", "stream": self._channel.number})
            yield Transmit(self._link)
        elif self._channel is None:
            self.leave()

    def ping(self) -> Flow[None]:
        """Shows the server that somebody is there."""
        yield from self.start()
        if self._link is not None:
            self._link.wire.say({"type": "ping"})
            yield Transmit(self._link)

    def leave(self) -> None:
        """Nobody listens any more. The driver transmits afterwards. Safe at any time."""
        if self._left:
            return
        self._left = True
        self._script = None
        if self._link is not None and self._channel is not None:
            self._link.wire.abandon(self._channel)
            self._link.leave_seat()
        self._bell.ring()

    def writing(self, source: object) -> Flow[None]:
        """Says all that ``source`` gives, an iterator of the caller's, then the end. What it raises, the listener gets."""
        try:
            yield from self.start()
            while (piece := (yield Pull(source))) is not END and not self.over:
                if isinstance(piece, Fault):
                    self._abort(piece.error)
                    if self._link is not None:
                        yield Transmit(self._link)
                    return
                yield from self.text(piece)
            if not self.over:
                yield from self.end()
        except VivavoceClientError as error:
            self._abort(error)
        finally:
            # Whatever ended this: nobody will say that the text has ended, and a listener must not wait for it.
            if not self._text_ended and not self.over:
                self._abort(VivavoceValidationError("the text is not read any more", code="stream_closed"))

    # ---- from the listener --------------------------------------------------------------------------------------

    def next(self) -> Flow[Event | None]:
        """The next event; ``None`` after the last.

        Raises VivavoceClientError when the stream has failed, VivavoceTimeoutError when audio that is owed does not come,
        and what the caller's own iterator of text raised.
        """
        yield from self.start()
        while True:
            link, channel = self._link, self._channel
            if self._fault is not None:
                raise self._fault
            if link is None or channel is None or self._left:
                return None
            # Looked at now: while something is sent, what is still missing may come, and then this is over too.
            over = channel.over
            event = yield from self._take(link, channel)
            if isinstance(event, VivavoceClientError):
                raise event
            if event is not None:
                self._note(event)
                return event
            if not over:
                yield from self._await(channel)
            elif channel.error is None:
                self.leave()
                return None
            elif not (yield from self._again(channel.error)):
                self.leave()
                raise again(channel.error)

    def ready(self) -> Flow[Opened]:
        """What was opened; waits for it, and takes nothing that comes after it."""
        yield from self.start()
        while (opened := self.known) is None:
            if (yield from self.next()) is None:
                raise VivavoceValidationError("the stream is over", code="stream_closed")
        return opened

    # ---- within -------------------------------------------------------------------------------------------------

    def _open(self) -> Flow[None]:
        link = self._own_link
        if link is None:
            link = yield from self._board.seat()
        else:
            link.seats += 1
        if self._left:
            link.leave_seat()
            return
        if self._link is not None:
            self._link.leave_seat()
        self._link = link
        if link.error is not None:
            raise again(link.error)
        self._channel = link.wire.open(self._options, self._board.plan.buffer_bytes, self._bell)
        for message in self._script or ():
            link.wire.say({**message, "stream": self._channel.number})
        self._bell.ring()
        yield Transmit(link)

    def _say(self, message: dict[str, Any]) -> Flow[None]:
        yield from self.start()
        if self._script is not None:
            self._script.append(message)
        link, channel = self._link, self._channel
        if link is None or channel is None or self._left:
            raise VivavoceValidationError("the stream is over: no text is taken", code="stream_closed")
        if channel.over:
            if self._script is not None and channel.error is not None:
                return  # the listener opens it anew, or raises
            if channel.error is not None:
                raise again(channel.error)
            raise VivavoceValidationError("the stream has ended: no text is taken", code="stream_closed")
        link.wire.say({**message, "stream": channel.number})
        yield Transmit(link)
        if link.wire.crowded:
            yield Wait(link.bell, lambda: not link.wire.crowded or link.state == "dead")

    def _take(self, link: Link, channel: Channel) -> Flow[Event | VivavoceClientError | None]:
        """The next of what has come, if anything has; a caller who is stopped here has taken nothing."""
        event = link.wire.take(channel)
        if link.wire.pending:
            try:
                yield Transmit(link)
            except GeneratorExit:
                if event is not None:
                    link.wire.untake(channel, event)
                raise
        return event

    def _await(self, channel: Channel) -> Flow[None]:
        """Waits for something to take, as long as the plan allows while audio is owed."""
        owed = self._owed
        timeouts = self._board.plan.timeouts
        limit_s = (timeouts.gap_s if self._heard_audio else timeouts.first_audio_s) if owed else None
        came = yield Wait(self._bell, lambda: channel.ready or self._left or self._owed != owed, limit_s)
        if not came:
            what = "gap_s: expected the next audio" if self._heard_audio else "first_audio_s: expected audio"
            request_id = self.request_id
            self.leave()
            if self._link is not None:
                yield Transmit(self._link)
            raise VivavoceTimeoutError(f"{what} within {limit_s:g} s", request_id=request_id)

    @property
    def _owed(self) -> bool:
        return self._text_ended or self._flushes > 0

    def _note(self, event: Event) -> None:
        if isinstance(event, Opened):
            self.opened = event
            return
        # From here on a second try would be heard twice.
        self._script = None
        if isinstance(event, Flushed):
            self._flushes = max(0, self._flushes - 1)
        elif isinstance(event, Ended):
            self.ended = event
        else:
            self._heard_audio = True

    def _again(self, error: VivavoceClientError) -> Flow[bool]:
        """Opens the stream anew after ``error``, if that may help and nothing of it has been heard."""
        self._attempt += 1
        plan = self._board.plan
        if self._script is None or self._own_link is not None or not worth_it(plan, error, self._attempt):
            return False
        yield Sleep(plan.delay_s(self._attempt, error.retry_after_s))
        if self._script is None or self._left:
            return False
        yield from self._open()
        return True

    def _abort(self, error: BaseException) -> None:
        if self._fault is None:
            self._fault = error
        self.leave()


def checked(text: str) -> str:
    """``text`` if there is anything to say in it. Raises VivavoceValidationError."""
    if not isinstance(text, str):
        raise VivavoceValidationError(
            f"text: expected a string, got {type(text).__name__}", code="wrong_type", param="text"
        )
    if not text.strip():
        raise VivavoceValidationError(
            f"text: expected something to say, got {quoted(text)}", code="empty_text", param="text"
        )
    _complete(text)
    return text


def _complete(text: str) -> None:
    # Half of a pair, as a decoder leaves it that cut an emoji in two: no wire can carry it.
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise VivavoceValidationError(
            f"text: expected whole characters, got a lone surrogate at position {fault.start}",
            code="malformed_message",
            param="text",
        ) from None
