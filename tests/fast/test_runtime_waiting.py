"""Waiting for room: first come, first served, bounded, never for longer than allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import OverloadedError
from vivavoce.runtime.admission import HEAVY_COST, Admission
from vivavoce.runtime.waiting import WaitingRoom

pytestmark = pytest.mark.fast

WAIT_S = 2.0


def admission(**costs: float) -> Admission:
    """One core whose voices cost so much, and nothing beside."""
    made = Admission(cores=1, max_load=1.0, retry_after_s=3.0)
    made.observe_front(0.0, 1e12)
    for voice, cost in costs.items():
        made.expect(voice, cost)
        for _ in range(300):
            made.observe_start(voice, 0.0)
    return made


def room(wait_s: float = WAIT_S, places: int = 3, **costs: float) -> WaitingRoom[str]:
    return WaitingRoom(admission(**(costs or {"half": 0.5, "tenth": 0.1})), wait_s=wait_s, places=places)


def full(wait_s: float = WAIT_S, places: int = 3) -> tuple[WaitingRoom[str], Admission]:
    door = admission(half=0.5, tenth=0.1)
    made: WaitingRoom[str] = WaitingRoom(door, wait_s=wait_s, places=places)
    assert made.enter("a", "half", 0.0)
    assert made.enter("b", "half", 0.0)
    return made, door


def test_with_room_nobody_waits() -> None:
    made = room()
    assert made.enter("a", "half", 0.0)
    assert len(made) == 0
    assert made.next_expiry() is None


def test_without_a_wait_the_refusal_comes_at_once() -> None:
    made, _ = full(wait_s=0)
    with pytest.raises(OverloadedError, match="150% of the processor") as caught:
        made.enter("c", "half", 0.0)
    assert caught.value.retry_after_s == 3.0


def test_who_waits_comes_in_when_another_leaves() -> None:
    made, door = full()
    assert not made.enter("c", "half", 1.0)
    assert made.admitted() == []
    door.release("half", settled=False)
    assert made.admitted() == ["c"]
    assert (len(made), door.streams) == (0, 2)


def test_nobody_overtakes_however_little_it_needs() -> None:
    made, door = full()
    assert not made.enter("c", "half", 0.0)
    door.release("half", settled=False)
    door.admit("tenth")
    assert not made.enter("cheap", "tenth", 0.0), "there is room for it, but c was here before"
    assert made.admitted() == []
    door.release("tenth", settled=False)
    assert made.admitted() == ["c"]
    door.release("half", settled=False)
    assert made.admitted() == ["cheap"]


def test_places_are_bounded() -> None:
    made, door = full(places=1)
    assert not made.enter("c", "half", 0.0)
    with pytest.raises(OverloadedError):
        made.enter("d", "half", 0.0)
    door.release("half", settled=False)
    with pytest.raises(OverloadedError, match="1 streams wait"):
        made.enter("d", "tenth", 0.0)


def test_patience_ends_with_the_refusal() -> None:
    made, _ = full()
    made.enter("c", "half", 1.0)
    made.enter("d", "half", 1.5)
    assert made.next_expiry() == 1.0 + WAIT_S
    assert made.expired(2.9) == []
    ((guest, refusal),) = made.expired(3.0)
    assert guest == "c"
    assert refusal.retry_after_s == 3.0
    assert made.next_expiry() == 3.5
    assert made.guests() == ("d",)


def test_a_listener_who_leaves_gives_up_its_place() -> None:
    made, door = full()
    made.enter("c", "half", 0.0)
    made.enter("d", "tenth", 0.0)
    assert made.leave("c")
    assert not made.leave("c")
    assert not made.leave("a"), "it is inside"
    door.release("half", settled=False)
    assert made.admitted() == ["d"]


def test_a_voice_that_must_be_loaded_is_not_taken_for_a_cheap_one() -> None:
    door = Admission(cores=1, max_load=0.95)
    door.expect("neural", HEAVY_COST)
    count = 0
    while door.refusal("neural") is None:
        door.admit("neural")
        count += 1
    assert count == 7, "0.08 of a core each, and 0.05 as newcomers"


@examples(40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["come", "go", "quit"]), st.sampled_from(["half", "tenth"])), max_size=40
    )
)
def test_guests_come_in_in_the_order_in_which_they_came(doings: list[tuple[str, str]]) -> None:
    door = admission(half=0.5, tenth=0.1)
    made: WaitingRoom[int] = WaitingRoom(door, wait_s=1e9, places=1000)
    inside: list[tuple[int, str]] = []
    waiting: list[tuple[int, str]] = []
    for number, (what, voice) in enumerate(doings):
        if what == "come":
            (inside if made.enter(number, voice, 0.0) else waiting).append((number, voice))
        elif what == "quit" and waiting:
            assert made.leave(waiting.pop(len(waiting) // 2)[0])
        elif what == "go" and inside:
            door.release(inside.pop(0)[1], settled=False)
        for guest in made.admitted():
            assert guest == waiting[0][0]
            inside.append(waiting.pop(0))
        assert len(made) == len(waiting)
        assert inside or not waiting, "an empty machine lets somebody wait"
