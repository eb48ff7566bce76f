"""Text cut whole, for tests: everything that a segmenter gives."""

from __future__ import annotations

from vivavoce.text.segment import Item, Segmenter


def pulled(segmenter: Segmenter) -> list[Item]:
    """All that it gives now."""
    items: list[Item] = []
    while (item := segmenter.pull()) is not None:
        items.append(item)
    return items


def segmented(*pieces: str, first_words: int = 4, max_chars: int = 300, markup: bool = True) -> list[Item]:
    """All that it gives of ``pieces`` and their end, taken after each piece."""
    segmenter = Segmenter(first_words=first_words, max_chars=max_chars, markup=markup)
    items: list[Item] = []
    for piece in pieces:
        segmenter.feed(piece)
        items += pulled(segmenter)
    segmenter.end()
    items += pulled(segmenter)
    assert segmenter.drained
    return items
