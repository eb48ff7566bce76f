"""What the core asks of its driver.

Every operation of the SDK is a generator, a :data:`Flow`. It yields effects and is sent their results; a failed
effect is thrown into it as a :class:`~vivavoce.errors.VivavoceError`. Between two effects a flow runs alone: the
threaded driver holds one lock of the client meanwhile, the asyncio driver has but one thread. So the core's values
need no locks of their own, and every rule of the SDK is written once for both clients.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from vivavoce.client.calls import Request
    from vivavoce.client.core.link import Link

T = TypeVar("T")


class Bell(Protocol):
    """What a flow waits at."""

    def ring(self) -> None:
        """Whoever waits here looks again. Called by flows only."""
        ...


class Sleep(Struct, frozen=True):
    """Wait. No result."""

    seconds: float


class Now(Struct, frozen=True):
    """The monotonic time in seconds."""


class Fetch(Struct, frozen=True):
    """Make a plain request. The result is an :class:`~vivavoce.client.calls.Answer`, whatever its status."""

    request: Request
    timeout_s: float


class Dial(Struct, frozen=True):
    """Open a socket for the link, instead of the one it has. The result is the server's id of the connection."""

    link: Link
    timeout_s: float


class Transmit(Struct, frozen=True):
    """Send the link's pending frames, in their order. Without a socket nothing happens: its reader sees to that."""

    link: Link


class Receive(Struct, frozen=True):
    """The link's next frame. Fails with :class:`DroppedError` when its socket is gone."""

    link: Link


class Hang(Struct, frozen=True):
    """Close the link's socket."""

    link: Link


class Wait(Struct, frozen=True):
    """Wait until ``ready()``, which is asked again whenever the bell rings. The result is whether it was in time."""

    bell: Bell
    ready: Callable[[], bool]
    timeout_s: float | None = None


class Pull(Struct, frozen=True):
    """The next item of a caller's own iterator: the item, :data:`END`, or a :class:`Fault` when it raised."""

    source: object


class Launch(Struct, frozen=True):
    """Run another flow beside this one. No result."""

    flow: Flow[None]
    waited_for: bool = True
    """Whether closing the client waits for it; not where it may be stuck in a caller's own iterator."""


Effect: TypeAlias = Sleep | Now | Fetch | Dial | Transmit | Receive | Hang | Wait | Pull | Launch
Flow: TypeAlias = Generator[Effect, Any, T]

END: Final = object()
"""What :class:`Pull` gives after the last item."""


class Fault(Struct, frozen=True):
    """What a caller's iterator raised."""

    error: BaseException


class Catch:
    """A context that keeps what is raised inside it by somebody else's code, for another place to raise."""

    def __init__(self) -> None:
        self.fault: Fault | None = None

    def __enter__(self) -> Catch:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: object) -> bool:
        if not isinstance(value, Exception):
            return False  # nothing, or an order to stop
        self.fault = Fault(value)
        return True
