"""Runs one session against the backend and the clock; what a transport holds in its hand.

Everything happens on the event loop's thread. The transport writes with :meth:`Stream.send` and takes with
:meth:`Stream.events`; not taking is back-pressure: once more audio waits than the setting allows, the stream's work
pauses. The stream ends in exactly one of three ways: ``Ended``, ``Failed``, or :meth:`Stream.cancel`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from vivavoce.errors import IdleTimeoutError, InternalError, VivavoceError
from vivavoce.runtime.alarm import Alarm
from vivavoce.runtime.backend import Backend
from vivavoce.runtime.clock import Clock
from vivavoce.runtime.defects import told
from vivavoce.session.core import Session
from vivavoce.session.table import OVER
from vivavoce.settings import Settings
from vivavoce.speech import Cancel, Chunk, Command, End, Event, Text, Utterance, VoiceInfo

log = logging.getLogger(__name__)


class Stream:
    """One live stream. Made by :class:`~vivavoce.runtime.studio.Studio`; used by one transport task at a time.

    It is also the backend's :class:`~vivavoce.runtime.backend.Source`: ``pull``, ``take``, ``finish`` and ``fail``
    are for the backend alone.
    """

    def __init__(
        self,
        session: Session,
        backend: Backend,
        voice: VoiceInfo,
        settings: Settings,
        clock: Clock,
        on_over: Callable[[], None],
        dialect: str = "",
    ) -> None:
        """Raises what :meth:`Backend.attach` raises; nothing is left behind then."""
        self._session = session
        self._settings = settings
        self._clock = clock
        self._on_over: Callable[[], None] | None = on_over
        self._woken = asyncio.Event()
        self._pulled = asyncio.Event()
        self._alarm = Alarm(clock, self._tick)
        self._opened_at = self._active_at = clock.now()
        self._credited_s = 0.0
        self._runs_out_at = 0.0
        self._holding = False
        self.first_audio_s: float | None = None
        """Seconds from opening to the first audio that was made."""
        self.queue_s: float | None = None
        """Seconds from opening to the first turn of this stream."""
        self._seat = backend.attach(self, voice, dialect)
        self._arm()

    # ---- for the transport ------------------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Carry out ``command``; never blocks.

        Raises VivavoceError when it is refused; the stream itself then goes on as before.
        """
        now = self._clock.now()
        self._session.send(command, now)
        self._active_at = now
        if isinstance(command, Cancel):
            self._leave()
            self._woken.set()
            return
        self._seat.wake()
        if isinstance(command, (Text, End)):
            self._arm()
        if self._session.owes:
            self._woken.set()

    async def room(self, most_chars: int) -> None:
        """Waits until no more than ``most_chars`` code points of text wait to be spoken, or the stream is over.

        For a writer who may outrun speech without end. Stretches of text that only more text can cut are far shorter
        than 10,000 code points; ``most_chars`` is to be more than that.
        """
        while self._on_over is not None and self._session.unread_chars > most_chars:
            self._pulled.clear()
            await self._pulled.wait()

    async def events(self) -> list[Event]:
        """The next events, at least one, in order; call it no more after Ended or Failed.

        Cancelling the wait loses nothing.
        """
        while True:
            if self._session.owes:
                # Encoding is work on the loop's thread: let everybody else have a turn between two batches.
                await asyncio.sleep(0)
                if batch := self._take_batch():
                    return batch
            self._woken.clear()
            if not self._session.owes:
                await self._woken.wait()

    def cancel(self) -> None:
        """Stop now; the work ends within one step. Safe at any time and more than once."""
        if self._session.state not in OVER:
            self._session.send(Cancel(), self._clock.now())
        self._leave()
        self._woken.set()

    # ---- for the backend --------------------------------------------------------------------------------------

    def pull(self) -> Utterance | None:
        """See :class:`~vivavoce.runtime.backend.Source`."""
        try:
            utterance = self._session.pull()
        except Exception as error:  # noqa: BLE001 - whoever pulls serves every stream: a defect ends this one only
            self._defect("pull", error)
            return None
        self._pulled.set()
        if utterance is not None and self.queue_s is None:
            self.queue_s = self._clock.now() - self._opened_at
        if self._session.more_to_pull:
            # The backend takes "nothing" for an answer until it is woken.
            asyncio.get_running_loop().call_soon(self._seat.wake)
        self._made()
        return utterance

    def take(self, number: int, chunk: Chunk) -> None:
        """See :class:`~vivavoce.runtime.backend.Source`."""
        # These three only append; what could fail happens in pull and events, which catch it.
        self._session.take(number, chunk)
        self._made()

    def finish(self, number: int) -> None:
        """See :class:`~vivavoce.runtime.backend.Source`."""
        self._session.finish(number)
        self._made()
        self._arm()

    def fail(self, number: int, error: VivavoceError) -> None:
        """See :class:`~vivavoce.runtime.backend.Source`."""
        self._session.fail(number, error)
        self._made()

    def refuse(self, error: VivavoceError) -> None:
        """See :class:`~vivavoce.runtime.backend.Source`."""
        self._session.abort(error)
        self._woken.set()

    # ---- within -----------------------------------------------------------------------------------------------

    def _take_batch(self) -> list[Event]:
        try:
            batch = self._session.events()
        except Exception as error:  # noqa: BLE001 - what escapes ends the socket's other streams as well
            self._defect("events", error)
            batch = self._session.events()
        self._active_at = self._clock.now()
        if self._session.state in OVER:
            self._leave()
        elif self._holding and self._session.untaken_s < self._settings.outlet_s / 2:
            self._holding = False
            self._seat.hold(False)
        return batch

    def _made(self) -> None:
        """Something new may be owed: tell the schedule, the session and whoever waits for events."""
        session = self._session
        new_s = session.made_s - self._credited_s
        if new_s > 0:
            now = self._clock.now()
            if self.first_audio_s is None:
                self.first_audio_s = now - self._opened_at
            self._credited_s += new_s
            self._active_at = now
            self._runs_out_at = max(self._runs_out_at, now) + new_s
            session.listening_until(self._runs_out_at)
            if session.listened:
                self._seat.delivered(new_s)
            if not self._holding and session.untaken_s > self._settings.outlet_s:
                self._holding = True
                self._seat.hold(True)
        if session.owes:
            self._woken.set()

    def _arm(self) -> None:
        """Be woken for the next thing that time alone brings about."""
        if self._session.state in OVER:
            return
        due = self._active_at + self._settings.idle_timeout_s
        deadline = self._session.deadline()
        if deadline is not None:
            due = min(due, deadline)
        # Deadlines mostly move on: the alarm then comes too early, once, and is set for the next.
        self._alarm.set(due)

    def _tick(self) -> None:
        now = self._clock.now()
        if now >= self._active_at + self._settings.idle_timeout_s and not self._holding:
            idle_s = self._settings.idle_timeout_s
            self._session.abort(
                IdleTimeoutError(f"no text and no audio for {idle_s:g} s; expected one of them")
            )
        else:
            self._session.tick(now)
            self._seat.wake()
        if self._session.owes:
            self._woken.set()
        self._arm()

    def _defect(self, where: str, error: Exception) -> None:
        log.error("a stream failed in %s; this is a defect: %s", where, told(error))
        self._session.abort(InternalError("the server failed on this stream; its log says more"))
        self._woken.set()

    def _leave(self) -> None:
        self._alarm.cancel()
        if self._on_over is not None:
            on_over, self._on_over = self._on_over, None
            self._pulled.set()
            self._seat.leave()
            on_over()
