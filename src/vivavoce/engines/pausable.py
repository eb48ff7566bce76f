"""A call into C that can be paused: it runs in a thread of its own, but only while its owner waits for it.

The body hands out items with sizes; when the owner's budget is used up it blocks inside that call until the owner
comes back or stops it. So there is never more than one of the two at work on the C side, and no lock is needed there.
The thread ends when the body ends; a stopped or forgotten Pausable wakes its body, which gets ``False`` and returns.
"""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

from vivavoce.engines.callback import Carried

T = TypeVar("T")


class _Turn(Enum):
    PAUSED = 1
    ENDED = 2


class _Desk(Generic[T]):
    """What the two threads share. Knows nothing of the Pausable, so that forgetting that one is noticed."""

    def __init__(self) -> None:
        self.items: queue.SimpleQueue[T | _Turn] = queue.SimpleQueue()  # bounded by the budget
        self.go = threading.Semaphore(0)
        self.budget = 0
        self.stopped = False
        self.carried = Carried()

    def put(self, item: T, size: int) -> bool:
        """The body's side: hand out ``item``; ``False`` means return soon and put nothing more."""
        if self.stopped:
            return False
        self.items.put(item)
        self.budget -= size
        if self.budget <= 0:
            self.items.put(_Turn.PAUSED)
            self.go.acquire()
        return not self.stopped


class Pausable(Generic[T]):
    """``body(put)``, started at the first :meth:`advance`. To be used from one thread."""

    def __init__(self, body: Callable[[Callable[[T, int], bool]], None], name: str) -> None:
        self._desk = _Desk[T]()
        self._thread = threading.Thread(target=_run, args=(self._desk, body), name=name, daemon=True)
        self._started = self._ended = False
        self._forgotten = weakref.finalize(self, _stop, self._desk)

    def advance(self, budget: int, take: Callable[[T], bool]) -> bool:
        """Let the body hand out items of about ``budget`` in total size to ``take``; ``True`` when it has ended.

        When ``take`` returns ``False`` the body is stopped. Raises what the body raised.
        """
        if self._ended:
            return True
        self._desk.budget = budget
        if not self._started:
            self._started = True
            self._thread.start()
        self._desk.go.release()
        while (item := self._desk.items.get()) is not _Turn.ENDED:
            if item is _Turn.PAUSED:
                if not self._desk.stopped:
                    return False
                self._desk.go.release()
            elif not self._desk.stopped and not take(item):
                self._desk.stopped = True
        self._end()
        self._desk.carried.release()
        return True

    def stop(self) -> None:
        """End the body, wait for its thread. Safe more than once."""
        if self._started and not self._ended:
            _stop(self._desk)
            while self._desk.items.get() is not _Turn.ENDED:
                pass
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._forgotten.detach()
        if self._started:
            self._thread.join()


def _stop(desk: _Desk[T]) -> None:
    desk.stopped = True
    desk.go.release()


def _run(desk: _Desk[T], body: Callable[[Callable[[T, int], bool]], None]) -> None:
    desk.go.acquire()
    with desk.carried:
        if not desk.stopped:
            body(desk.put)
    desk.items.put(_Turn.ENDED)
