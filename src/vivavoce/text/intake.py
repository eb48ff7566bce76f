"""Text as it was fed, given out again in order, a bounded piece at a time."""

from __future__ import annotations

from collections import deque

from vivavoce.text.clean import invisible


class Intake:
    """A queue of characters. Feeding costs the same however much waits; taking costs what is taken."""

    def __init__(self) -> None:
        self.fed = 0
        """Characters fed so far."""
        self.taken = 0
        """Characters given out so far."""
        self._pieces: deque[str] = deque()
        self._offset = 0

    @property
    def waiting(self) -> bool:
        """Whether anything fed has not been given out."""
        return self.taken < self.fed

    def feed(self, text: str) -> None:
        """More characters, behind those that wait."""
        if text:
            self._pieces.append(text)
            self.fed += len(text)

    def take(self, count: int) -> str:
        """The next characters: ``count`` of them, or as many as wait."""
        out: list[str] = []
        missing = count
        while missing > 0 and self._pieces:
            piece = self._pieces[0]
            part = piece[self._offset : self._offset + missing]
            out.append(part)
            missing -= len(part)
            self._offset += len(part)
            if self._offset == len(piece):
                self._pieces.popleft()
                self._offset = 0
        text = "".join(out)
        self.taken += len(text)
        return text

    def skip_invisible(self, limit: int) -> int:
        """Leave out the white space that comes next, up to ``limit`` characters of it; how many it was."""
        skipped = 0
        while self._pieces and skipped < limit:
            piece = self._pieces[0]
            stop = min(len(piece), self._offset + limit - skipped)
            after = invisible(piece, self._offset, stop)
            skipped += after - self._offset
            self._offset = after
            if after < len(piece):
                break
            self._pieces.popleft()
            self._offset = 0
        self.taken += skipped
        return skipped
