"""Where a stream waits that the machine has no room for yet. Pure; time comes in as ``now``, in seconds.

First come, first served, whatever the voice: a cheap one that overtook a costly one could do so for ever. So whoever
comes while others wait goes behind them, even if there were room for it. Everybody may wait for the same time; the
number of places is bounded, and whoever finds none, or waits in vain, gets the refusal it would have had at once.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from vivavoce.errors import OverloadedError
from vivavoce.runtime.admission import Admission

G = TypeVar("G", bound=Hashable)
"""What names a guest."""


class WaitingRoom(Generic[G]):
    """The door of :class:`~vivavoce.runtime.admission.Admission`, and the places before it."""

    def __init__(self, admission: Admission, *, wait_s: float, places: int) -> None:
        """With ``wait_s`` 0 nobody waits."""
        self._admission = admission
        self._wait_s = wait_s
        self._places = places if wait_s > 0 else 0
        self._waiting: dict[G, tuple[str, float]] = {}
        """Voice and end of patience, in the order of arrival."""

    def __len__(self) -> int:
        return len(self._waiting)

    def guests(self) -> tuple[G, ...]:
        """Those who wait, in the order of arrival."""
        return tuple(self._waiting)

    def enter(self, guest: G, voice: str, now: float) -> bool:
        """Whether ``guest`` is admitted at once, and not waiting. Raises OverloadedError when it may not even wait."""
        if not self._waiting and self._admission.refusal(voice) is None:
            self._admission.admit(voice)
            return True
        if len(self._waiting) >= self._places:
            raise self._refusal(voice)
        self._waiting[guest] = (voice, now + self._wait_s)
        return False

    def leave(self, guest: G) -> bool:
        """``guest`` goes away; whether it was waiting."""
        return self._waiting.pop(guest, None) is not None

    def admitted(self) -> list[G]:
        """Those for whom there is room now, first come first; they are counted and wait no longer."""
        found: list[G] = []
        for guest, (voice, _) in self._waiting.items():
            if self._admission.refusal(voice) is not None:
                break
            self._admission.admit(voice)
            found.append(guest)
        for guest in found:
            del self._waiting[guest]
        return found

    def expired(self, now: float) -> list[tuple[G, OverloadedError]]:
        """Those who waited in vain, each with its refusal; they wait no longer."""
        late = [(guest, voice) for guest, (voice, until) in self._waiting.items() if until <= now]
        refused = [(guest, self._refusal(voice)) for guest, voice in late]
        for guest, _ in late:
            del self._waiting[guest]
        return refused

    def next_expiry(self) -> float | None:
        """When the first of those who wait has waited long enough."""
        return next((until for _, until in self._waiting.values()), None)

    def _refusal(self, voice: str) -> OverloadedError:
        refusal = self._admission.refusal(voice)
        if refusal is not None:
            return refusal
        retry_s = self._admission.retry_after_s
        return OverloadedError(
            f"{len(self._waiting)} streams wait for room already; try again in {retry_s:g} s",
            retry_after_s=retry_s,
        )
