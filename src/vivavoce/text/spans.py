"""Spans: where each part of a sayable text came from in the caller's own text.

A :class:`SpannedText` is built once per unit and asked once per mark. Rewriting steps (pronunciation, numbers) keep
it right by :meth:`SpannedText.replace`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

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
        """The caller's span behind ``text[start:stop]``; both ends are clamped to the text."""
        start = max(0, min(start, len(self.text)))
        stop = max(start, min(stop, len(self.text)))
        first, _ = self._around(start)
        _, last = self._around(max(start, stop - 1))
        return first, max(first, last)

    def replace(self, changes: Iterable[tuple[int, int, str]]) -> SpannedText:
        """This text with each ``text[start:stop]`` replaced; changes ascend and do not overlap."""
        out: list[str] = []
        pieces: list[Piece] = []
        length = cursor = 0

        def keep(upto: int) -> None:
            nonlocal length, cursor
            for i, piece in enumerate(self.pieces):
                end = self.pieces[i + 1].start if i + 1 < len(self.pieces) else len(self.text)
                low, high = max(cursor, piece.start), min(upto, end)
                if low >= high:
                    continue
                shift = low - piece.start
                source = (
                    (piece.source_start + shift, piece.source_start + shift + high - low)
                    if piece.literal
                    else (piece.source_start, piece.source_stop)
                )
                pieces.append(Piece(length, *source, piece.literal))
                out.append(self.text[low:high])
                length += high - low
            cursor = upto

        for start, stop, new in changes:
            keep(start)
            if new:
                pieces.append(Piece(length, *self.source(start, stop), False))
                out.append(new)
                length += len(new)
            cursor = stop
        keep(len(self.text))
        return SpannedText("".join(out), tuple(pieces))

    def _around(self, index: int) -> tuple[int, int]:
        """The caller's span behind the one character at ``index``."""
        if not self.pieces:
            return 0, 0
        piece = self.pieces[max(0, bisect_right(self.pieces, index, key=lambda p: p.start) - 1)]
        if not piece.literal:
            return piece.source_start, piece.source_stop
        at = min(piece.source_start + index - piece.start, piece.source_stop)
        return at, min(at + 1, piece.source_stop)
