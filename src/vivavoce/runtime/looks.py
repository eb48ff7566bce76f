"""Waiting until every worker has looked which voices there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


class Looks:
    """The workers that were asked to look and have not answered."""

    def __init__(self) -> None:
        self._waits: dict[int, asyncio.Future[None]] = {}

    async def wait(self, workers: Sequence[int]) -> None:
        """Returns when each of ``workers`` has answered, or has ended."""
        loop = asyncio.get_running_loop()
        for worker in workers:
            self._waits.setdefault(worker, loop.create_future())
        await asyncio.gather(*(self._waits[worker] for worker in workers))

    def over(self, worker: int | None = None) -> None:
        """``worker`` has answered or ended; ``None`` is all of them. No error if it was not asked."""
        for one in [*self._waits] if worker is None else [worker]:
            if (wait := self._waits.pop(one, None)) is not None and not wait.done():
                wait.set_result(None)
