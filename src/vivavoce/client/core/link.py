"""Connections: dialled, read, resumed after a cut, and shared by streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec.structs import replace

from vivavoce.client.core.effects import Bell, Dial, Flow, Hang, Launch, Now, Receive, Sleep, Transmit, Wait
from vivavoce.client.core.faults import DroppedError, again, passing
from vivavoce.client.core.plan import Plan
from vivavoce.client.core.wire import Wire
from vivavoce.errors import VivavoceClientError, VivavoceConnectionError

HOPELESS: Final = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
"""Close codes that say this client did wrong: the same would happen again."""
MAX_CUTS: Final = 8
"""Sockets that may be cut in a row without a frame between them before the connection is given up."""


class Link:
    """One connection: its wire and its state. Drivers keep its socket."""

    def __init__(self, plan: Plan, bell: Bell, *, resumable: bool = True) -> None:
        self.plan = plan
        self.bell = bell
        """Rings when the state changes, or the wire has room again."""
        self.state: Literal["new", "up", "dead"] = "new"
        self.error: VivavoceClientError | None = None
        self.request_id = ""
        self.wire = Wire(lambda: self.request_id, resumable=resumable)
        self.seats = 0
        """Streams that use it."""
        self.leaving = False
        """Whether this side is closing it."""
        self.abandoned = False
        """Whether whoever opened it was stopped on the way."""
        self._opening = False

    def leave_seat(self) -> None:
        """A stream is done with it."""
        self.seats -= 1

    def opened(self) -> Flow[None]:
        """Opens it, or waits for whoever does. Raises VivavoceClientError."""
        if self._opening:
            yield Wait(self.bell, lambda: self.state != "new")
        elif self.state == "new":
            yield from self.opening()
        if self.error is not None:
            raise again(self.error)

    def opening(self) -> Flow[None]:
        """Opens it, with as many tries as the plan allows. Raises VivavoceClientError."""
        self._opening = True
        try:
            yield from self._dialling()
        finally:
            self._opening = False
            if self.state == "new":
                # Cancelled or interrupted: whoever waits for it must not wait for ever.
                self.abandoned = True
                self._die(
                    VivavoceConnectionError(
                        "the opening of the connection was stopped", code="connection_failed"
                    )
                )
        yield Launch(self._reading())

    def _dialling(self) -> Flow[None]:
        attempt = 0
        while True:
            try:
                self.request_id = yield Dial(self, self.plan.timeouts.connect_s)
                break
            except VivavoceClientError as error:
                attempt += 1
                if not worth_it(self.plan, error, attempt):
                    self._die(error)
                    raise
                yield Sleep(self.plan.delay_s(attempt, error.retry_after_s))
        self.state = "up"
        self.bell.ring()

    def closing(self) -> Flow[None]:
        """Closes it; live streams end with an error, and the server cancels them."""
        self.leaving = True
        if self.state != "dead":
            yield Hang(self)
            self._die(closed())

    def _reading(self) -> Flow[None]:
        """Takes frames until the connection is over for good; also while it is being closed, or the server's close
        frame would wait behind audio that nobody reads."""
        cuts = 0
        try:
            while True:
                try:
                    frame = yield Receive(self)
                    self.wire.receive(frame)
                except VivavoceConnectionError as error:
                    cuts += 1
                    if not isinstance(error, DroppedError):
                        yield Hang(self)
                    elif cuts <= MAX_CUTS and self._resumable(error) and (yield from self._resuming()):
                        continue
                    self._die(self._reason(error))
                    return
                cuts = 0
                if self.wire.pending:
                    yield Transmit(self)
                if not self.wire.crowded:
                    self.bell.ring()
        finally:
            # Not even a defect of ours may leave a listener waiting.
            self._die(
                VivavoceConnectionError("the connection is not read any more", request_id=self.request_id)
            )

    def _resumable(self, drop: DroppedError) -> bool:
        live = bool(self.wire.channels)
        return live and self.wire.resumes and drop.close_code not in HOPELESS and not self.leaving

    def _resuming(self) -> Flow[bool]:
        """Whether a new socket could be opened while the server keeps the session."""
        began = yield Now()
        attempt = 0
        while not self.leaving:
            try:
                yield Dial(self, self.plan.timeouts.connect_s)
            except VivavoceClientError as error:
                attempt += 1
                delay_s = self.plan.delay_s(attempt, error.retry_after_s)
                if not passing(error) or (yield Now()) + delay_s > began + self.wire.window_s:
                    return False
                yield Sleep(delay_s)
                continue
            self.wire.redialled()
            yield Transmit(self)
            return True
        return False

    def _reason(self, error: VivavoceConnectionError) -> VivavoceClientError:
        """What the streams are told: what the server said before it closed, with the close code and reason."""
        said = self.wire.failure
        if self.leaving:
            return closed()
        return VivavoceConnectionError(
            error.message if said is None else said.message,
            code=error.code if said is None else said.code,
            close_code=error.close_code,
            reason=error.reason,
            retry_after_s=None if said is None else said.retry_after_s,
            request_id=self.request_id,
        )

    def _die(self, error: VivavoceClientError) -> None:
        if self.state == "dead":
            return
        self.state, self.error = "dead", error
        self.wire.fail(error)
        self.bell.ring()


class Switchboard:
    """The sockets that a client's streams share. Another is opened when all are full."""

    def __init__(self, plan: Plan, bell: Callable[[], Bell], *, resumable: bool = True) -> None:
        self.plan = plan
        self.bell = bell
        self.links: list[Link] = []
        self.closed = False
        self._resumable = resumable

    def seat(self) -> Flow[Link]:
        """A link with room for one more stream, open. Raises VivavoceClientError."""
        while True:
            link = self._with_room() or self.new()
            link.seats += 1
            try:
                yield from link.opened()
            except VivavoceConnectionError:
                if not link.abandoned:
                    raise
                continue  # another stream's caller was stopped while it opened the connection for both
            except GeneratorExit:
                link.leave_seat()
                raise
            return link

    def check(self) -> None:
        """Raises VivavoceConnectionError when the client was closed."""
        if self.closed:
            raise closed()

    def new(self, connect_s: float | None = None) -> Link:
        """A link that is not open yet; ``connect_s`` stands for the plan's own."""
        self.check()
        plan = self.plan
        if connect_s is not None:
            plan = replace(plan, timeouts=replace(plan.timeouts, connect_s=connect_s))
        link = Link(plan, self.bell(), resumable=self._resumable)
        self.links = [known for known in self.links if known.state != "dead"]
        self.links.append(link)
        return link

    def closing(self) -> Flow[None]:
        """Closes everything."""
        self.closed = True
        for link in self.links:
            yield from link.closing()
        self.links = []

    def _with_room(self) -> Link | None:
        self.check()
        for link in self.links:
            if (
                link.state != "dead"
                and link.wire.failure is None
                and link.seats < self.plan.streams_per_socket
            ):
                return link
        return None


def closed() -> VivavoceConnectionError:
    """The error for what goes on after its client or connection was closed by the caller."""
    return VivavoceConnectionError("the connection was closed by this client", code="stream_closed")


def worth_it(plan: Plan, error: VivavoceClientError, attempt: int) -> bool:
    """Whether try ``attempt`` (from 1) may be made after ``error``."""
    if attempt > plan.retries.times or not passing(error):
        return False
    return error.retry_after_s is None or error.retry_after_s <= plan.retries.patience_s
