"""A call into C pauses, goes on, stops, and leaves no thread behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import pytest

from vivavoce.engines.pausable import Pausable

pytestmark = pytest.mark.fast


def keeping(taken: list[int], last: int | None = None) -> Callable[[int], bool]:
    """A taker that keeps what comes and has enough after ``last``."""

    def take(number: int) -> bool:
        taken.append(number)
        return number != last

    return take


class Counter:
    """A body that puts the numbers up to ``last``, each of size 1, and remembers how it ended."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.reached = 0
        self.ended = threading.Event()

    def __call__(self, put: Callable[[int, int], bool]) -> None:
        for number in range(1, self.last + 1):
            self.reached = number
            if not put(number, 1):
                break
        self.ended.set()


def test_it_pauses_when_the_budget_is_used_up() -> None:
    body = Counter(5)
    call: Pausable[int] = Pausable(body, "counter")
    taken: list[int] = []
    assert not call.advance(2, keeping(taken))
    assert taken == [1, 2]
    assert body.reached == 2
    assert not call.advance(2, keeping(taken))
    assert call.advance(2, keeping(taken))
    assert taken == [1, 2, 3, 4, 5]
    assert call.advance(2, keeping(taken))
    assert taken == [1, 2, 3, 4, 5]


def test_a_taker_that_has_enough_ends_it() -> None:
    body = Counter(1000)
    call: Pausable[int] = Pausable(body, "counter")
    taken: list[int] = []
    assert call.advance(100, keeping(taken, last=3))
    assert taken == [1, 2, 3]
    assert body.ended.is_set()


@pytest.mark.parametrize("budget", [0, 1])
def test_stop_ends_the_body_and_its_thread(budget: int) -> None:
    before = threading.active_count()
    body = Counter(1000)
    call: Pausable[int] = Pausable(body, "counter")
    if budget:
        call.advance(budget, lambda n: True)
    call.stop()
    call.stop()
    assert body.ended.is_set() == bool(budget)
    assert threading.active_count() == before
    assert call.advance(5, lambda n: False)


def test_a_forgotten_call_ends_by_itself() -> None:
    body = Counter(1000)
    call: Pausable[int] = Pausable(body, "counter")
    call.advance(1, lambda n: True)
    del call
    gc.collect()
    assert body.ended.wait(5)


def test_the_bodys_error_is_raised_to_its_owner() -> None:
    def body(put: Callable[[int, int], bool]) -> None:
        put(1, 1)
        raise LookupError("lost")

    call: Pausable[int] = Pausable(body, "loser")
    assert not call.advance(1, lambda n: True)
    with pytest.raises(LookupError, match="lost"):
        call.advance(1, lambda n: True)
    assert call.advance(1, lambda n: True)


def test_the_takers_error_leaves_a_call_that_can_be_stopped() -> None:
    body = Counter(1000)
    call: Pausable[int] = Pausable(body, "counter")

    def take(number: int) -> bool:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        call.advance(3, take)
    call.stop()
    assert body.ended.is_set()
