"""Spans: where each part of a sayable text came from in the caller's own text.

A :class:`SpannedText` is built once per unit and asked once per mark. Rewriting steps (pronunciation, numbers) keep
it right by :meth:`SpannedText.replace`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct


class Piece(Struct, frozen=True):
    """A run of the sayable text, up to the next piece, and the span of the caller's text behind it.

    ``literal`` runs have the same length on both sides and map character by character; others map as a whole.
    """

    start: int
    source_start: int
    source_stop: int
    literal: bool


class SpannedText(Struct, frozen=True):
    """A sayable text with the way back. Pieces ascend in ``start`` and tile the text."""

    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def verbatim(cls, text: str, source_start: int) -> SpannedText:
        """``text`` taken as it stands from the caller's text at ``source_start``."""
        return cls(text, (Piece(0, source_start, source_start + len(text), True),))

    def source(self, start: int, stop: int) -> tuple[int, int]:
        """The caller's span behind ``text[start:stop]``; both ends are clamped to the text.

        An empty stretch has an empty span, where its place is in the caller's text; within a run that maps as a
        whole it has the span of that run.
        """
        start = max(0, min(start, len(self.text)))
        stop = max(start, min(stop, len(self.text)))
        if start == stop:
            return self._between(start)
        first, _ = self._around(start)
        _, last = self._around(stop - 1)
        return first, max(first, last)

    def _between(self, index: int) -> tuple[int, int]:
        """The caller's span of the place before the character at ``index``."""
        after = self._around(index)[0] if index < len(self.text) else self._around(index - 1)[1]
        before = self._around(index - 1)[1] if index else after
        return after, max(after, before)

    def replace(self, changes: Iterable[tuple[int, int, str]]) -> SpannedText:
        """This text with each ``text[start:stop]`` replaced; changes ascend and do not overlap."""
        out: list[str] = []
        pieces: list[Piece] = []
        length = cursor = 0
        for start, stop, new in (*changes, (len(self.text), len(self.text), "")):
            assert cursor <= start <= stop <= len(self.text), "changes ascend within the text"
            for kept, source_start, source_stop, literal in self._runs(cursor, start):
                out.append(kept)
                pieces.append(Piece(length, source_start, source_stop, literal))
                length += len(kept)
            if new:
                out.append(new)
                pieces.append(Piece(length, *self.source(start, stop), False))
                length += len(new)
            cursor = stop
        return SpannedText("".join(out), tuple(pieces))

    def _runs(self, start: int, stop: int) -> Iterator[tuple[str, int, int, bool]]:
        """The pieces of ``text[start:stop]``: text, span of the caller's text, whether it is literal."""
        for i in range(self._piece_at(start), len(self.pieces)):
            piece = self.pieces[i]
            if piece.start >= stop:
                return
            end = self.pieces[i + 1].start if i + 1 < len(self.pieces) else len(self.text)
            low, high = max(start, piece.start), min(stop, end)
            if low >= high:
                continue
            source_start, source_stop = piece.source_start, piece.source_stop
            if piece.literal:
                source_start += low - piece.start
                source_stop = source_start + high - low
            yield self.text[low:high], source_start, source_stop, piece.literal

    def _piece_at(self, index: int) -> int:
        return max(0, bisect_right(self.pieces, index, key=lambda piece: piece.start) - 1)

    def _around(self, index: int) -> tuple[int, int]:
        """The caller's span behind the one character at ``index``."""
        if not self.pieces:
            return 0, 0
        piece = self.pieces[self._piece_at(index)]
        if not piece.literal:
            return piece.source_start, piece.source_stop
        at = max(piece.source_start, min(piece.source_start + index - piece.start, piece.source_stop))
        return at, min(at + 1, piece.source_stop)
