"""The counting of sessions: whatever is cut where, both sides take every frame once and in order."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.client.core.wire import Wire
from vivavoce.client.types import Audio
from vivavoce.dialects.native.tally import ACK_BYTES, ACK_FRAMES, Tally
from vivavoce.errors import OutOfRangeError
from wire_frames import Bell

pytestmark = pytest.mark.fast


def test_what_is_unconfirmed_is_sent_again() -> None:
    tally: Tally[str] = Tally(100)
    for frame in "abcd":
        tally.keep(frame, 10)
    assert [tally.take() for _ in range(5)] == ["a", "b", "c", "d", None]
    tally.confirm(1)
    tally.rewind(2)
    assert tally.unsent == 2
    assert [tally.take() for _ in range(3)] == ["c", "d", None]


@pytest.mark.parametrize("after", [0, 5])
def test_counts_that_cannot_be_are_refused(after: int) -> None:
    tally: Tally[str] = Tally(100)
    for frame in "abcd":
        tally.keep(frame, 10)
    tally.confirm(1)
    with pytest.raises(OutOfRangeError, match=rf"expected 1 to 4, got {after}"):
        tally.rewind(after)


def test_it_is_full_by_bytes_until_some_are_confirmed() -> None:
    tally: Tally[str] = Tally(20)
    tally.keep("a", 19)
    assert not tally.full
    tally.keep("b", 1)
    assert tally.full
    tally.confirm(1)
    assert not tally.full


def test_the_other_side_is_told_after_some_frames_or_bytes() -> None:
    tally: Tally[str] = Tally(20)
    assert [tally.count(1) for _ in range(ACK_FRAMES)] == [False] * (ACK_FRAMES - 1) + [True]
    assert tally.told() == ACK_FRAMES
    assert not tally.count(ACK_BYTES - 1)
    assert tally.count(1)


class Side:
    """A server's side of a session that answers each text with as many audio frames as it says."""

    def __init__(self) -> None:
        self.tally: Tally[str | bytes] = Tally(1 << 20)
        self.heard: list[Any] = []
        self.sequence = 0
        self.attached = False

    def take(self, frame: str) -> list[str]:
        """What is answered without being counted."""
        message = json.loads(frame)
        match message["type"]:
            case "session":
                self.attached = True
                return ['{"type":"session","token":"t","window_s":9}']
            case "resume":
                self.tally.rewind(message["after"])
                self.attached = True
                return [f'{{"type":"resumed","after":{self.tally.told()}}}']
            case "ack":
                self.tally.confirm(message["after"])
                return []
        self.heard.append(message)
        if message["type"] == "text":
            for _ in range(int(message["text"])):
                header = (1).to_bytes(4, "little") + self.sequence.to_bytes(4, "little")
                self.tally.keep(header + bytes([self.sequence % 256]), 9)
                self.sequence += 1
        due = self.tally.count(len(frame))
        return [f'{{"type":"ack","after":{self.tally.told()}}}'] if due else []


@examples(30)
@given(
    texts=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    cuts=st.lists(st.integers(1, 60), max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_both_directions_survive_any_cuts(texts: list[int], cuts: list[int], order: Any) -> None:
    wire, side = Wire(lambda: ""), Side()
    channel = wire.open({}, 1 << 20, Bell())
    todo, heard = deque(texts), bytearray()
    up: deque[str] = deque()
    down: deque[str | bytes] = deque()
    left = cuts.pop(0) if cuts else None
    while todo or wire.pending or up or down or side.tally.unsent:
        moves = [move for move, can in (("say", todo), ("up", up), ("down", down)) if can]
        move = order.choice([*moves, "send"])
        if move == "say":
            wire.say({"type": "text", "stream": 1, "text": str(todo.popleft())})
        elif move == "send":
            up.extend(wire.frames())
            while side.attached and (frame := side.tally.take()) is not None:
                down.append(frame)
        elif move == "up":
            down.extendleft(reversed(side.take(up.popleft())))
        else:
            wire.receive(down.popleft())
        if left is not None and move in ("up", "down"):
            left -= 1
            # Until the client knows the token, the server has to forget what it began.
            if left <= 0 and wire.resumes and wire.token:
                up.clear()
                down.clear()
                wire.redialled()
                side.attached = False
                left = cuts.pop(0) if cuts else None
    while (event := wire.take(channel)) is not None:
        assert isinstance(event, Audio), "nothing but audio is sent here"
        heard += event.data
    assert [m["text"] for m in side.heard if m["type"] == "text"] == [str(n) for n in texts]
    assert bytes(heard) == bytes(n % 256 for n in range(sum(texts)))
