"""A stream of the client between two effects: what may happen while it sends, and while its caller is stopped."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.client.core.effects import Effect, Transmit, Wait
from vivavoce.client.core.link import Link, Switchboard
from vivavoce.client.core.plan import Plan
from vivavoce.client.core.speech import Speech
from vivavoce.client.types import Audio, Ended
from wire_frames import ENDED, Bell, audio

pytestmark = pytest.mark.fast

PIECES = [b"ab", b"cd", b"ef"]
WHOLE = [*map(Audio, PIECES), Ended(1.0, 3, False), None]
STOPPED = object()

Move: TypeAlias = tuple[int, bool, bool]
"""What happens at an effect: frames that come, whether a sibling wants to send, whether the caller is stopped."""


class Desk:
    """A stream on a connection that is up, whose effects a test carries out itself."""

    def __init__(self) -> None:
        plan = Plan(buffer_bytes=8)  # credit is given back at every piece
        self.link = Link(plan, Bell())
        self.link.state = "up"
        self.speech = Speech(Switchboard(plan, Bell), {}, self.link)
        self.speech.preset("Hi.")
        for effect in self.speech.start():
            self.carry_out(effect)
        self.frames: list[str | bytes] = [
            *(audio(n, piece) for n, piece in enumerate(PIECES)),
            ENDED,
        ]

    def arrive(self) -> None:
        """The next frame comes, if there is any."""
        if self.frames:
            self.link.wire.receive(self.frames.pop(0))

    def carry_out(self, effect: Effect) -> None:
        """What a driver does."""
        match effect:
            case Transmit():
                self.link.wire.frames()
            case Wait():
                while not effect.ready():
                    assert self.frames, "waits for something that will never come"
                    self.arrive()
            case _:
                raise AssertionError(effect)

    def next(self, moves: list[Move]) -> Any:
        """What the listener gets next, or :data:`STOPPED`; each effect takes the first of ``moves``."""
        flow = self.speech.next()
        try:
            effect = next(flow)
            while True:
                frames, sibling, stop = moves.pop(0) if moves else (0, False, False)
                for _ in range(frames):
                    self.arrive()
                if sibling:
                    self.link.wire.say({"type": "credit", "stream": 2, "bytes": 1})
                if stop:
                    flow.close()
                    return STOPPED
                self.carry_out(effect)
                effect = flow.send(True)
        except StopIteration as done:
            return done.value

    def all(self, moves: list[Move]) -> list[Any]:
        """Everything that the listener gets, who comes back whenever it was stopped."""
        heard = [self.next(moves)]
        while heard[-1] is not None:
            heard.append(self.next(moves))
        return [event for event in heard if event is not STOPPED]


def test_what_comes_while_a_siblings_credit_is_sent_is_still_taken() -> None:
    desk = Desk()
    desk.link.wire.say({"type": "credit", "stream": 2, "bytes": 1})
    # All that is missing comes while the listener, who found nothing, sends.
    assert desk.all([(4, False, False)]) == WHOLE


def test_a_piece_whose_listener_was_stopped_while_its_credit_was_sent_is_the_next_again() -> None:
    desk = Desk()
    desk.arrive()
    assert desk.next([(0, False, True)]) is STOPPED
    assert desk.all([]) == WHOLE


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=40))
def test_whatever_comes_and_stops_between_effects_everything_is_heard_once(moves: list[Move]) -> None:
    desk = Desk()
    assert desk.all(moves) == WHOLE
    assert desk.link.wire.channels == {}
    assert desk.link.seats == 0
