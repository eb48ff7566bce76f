"""What may follow what in one stream.

Theory. A stream is written and heard at the same time, but only the writer's side has an order worth enforcing:
text until ``End``, then nothing. So the state says what the *writer* may still do, and the audio side moves it on
by two outcomes: ``SPOKEN`` (all that was owed has been sent) and ``BROKEN`` (some of it cannot be made). The table
below is the whole rule; ``docs/reference/session-states.md`` is drawn from it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from vivavoce.errors import OutOfOrderError
from vivavoce.speech import Cancel, Command, End, Flush, Text


class State(Enum):
    """Where a stream stands."""

    WRITING = "writing"
    """Open: text may come, audio may go."""
    FINISHING = "finishing"
    """No more text comes; audio is still owed."""
    ENDED = "ended"
    """Everything owed was sent."""
    CANCELLED = "cancelled"
    """Stopped by the caller; what was owed is dropped."""
    FAILED = "failed"
    """Stopped by an error."""


class Outcome(Enum):
    """What the audio side reports."""

    SPOKEN = "spoken"
    BROKEN = "broken"


Trigger: TypeAlias = type[Command] | Outcome

TABLE: Final[dict[tuple[State, Trigger], State]] = {
    (State.WRITING, Text): State.WRITING,
    (State.WRITING, Flush): State.WRITING,
    (State.WRITING, End): State.FINISHING,
    (State.WRITING, Cancel): State.CANCELLED,
    (State.WRITING, Outcome.BROKEN): State.FAILED,
    (State.FINISHING, Cancel): State.CANCELLED,
    (State.FINISHING, Outcome.SPOKEN): State.ENDED,
    (State.FINISHING, Outcome.BROKEN): State.FAILED,
    # A cancel crosses the end of its stream on the wire now and then; it must not become an error.
    (State.ENDED, Cancel): State.ENDED,
    (State.CANCELLED, Cancel): State.CANCELLED,
    (State.FAILED, Cancel): State.FAILED,
}

OVER: Final = frozenset({State.ENDED, State.CANCELLED, State.FAILED})


def name(trigger: Trigger) -> str:
    """The trigger's name as wires and diagrams spell it."""
    return trigger.value if isinstance(trigger, Outcome) else trigger.__name__.lower()


def after_command(state: State, command: Command) -> State:
    """The state after ``command``. Raises OutOfOrderError when it may not come now."""
    following = TABLE.get((state, type(command)))
    if following is None:
        allowed = ", ".join(sorted(name(t) for s, t in TABLE if s is state and not isinstance(t, Outcome)))
        raise OutOfOrderError(
            f"{type(command).__name__.lower()} may not come while the stream is {state.value}; expected {allowed}"
        )
    return following


def after_outcome(state: State, outcome: Outcome) -> State:
    """The state after ``outcome``; a stream that is over stays as it is."""
    return TABLE.get((state, outcome), state)


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> writing: open"]
    lines += [f"    {s.value} --> {to.value}: {name(trigger)}" for (s, trigger), to in TABLE.items()]
    lines += [f"    {s.value} --> [*]" for s in (State.ENDED, State.CANCELLED, State.FAILED)]
    return "\n".join(lines)
