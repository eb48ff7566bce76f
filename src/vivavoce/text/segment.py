"""Units of speech cut from text that is still being written.

Theory. Text is fed as it comes; :meth:`Segmenter.pull` gives the next *item*: a unit to be spoken, a pause, or a
flush point. **What is pulled depends on the text alone**, together with where in it :meth:`~Segmenter.flush`,
:meth:`~Segmenter.release` and :meth:`~Segmenter.end` were called: never on how the text was chopped into pieces, nor
on when somebody pulled. So a unit is let out only when no continuation of the text could change it, and as soon as
that is so. All work is done in ``pull``, on a window of at most ``max_chars`` plus 128 characters.

*Sentences* (boundary SENTENCE; :mod:`~vivavoce.text.ends`)

1. ``. ! ? …`` and their Western relatives end a sentence when white space follows; the marks of Chinese, Japanese,
   Hindi, Arabic, Urdu, Armenian, Ethiopic, Khmer and Burmese also without. A run of marks is one. Closing quotes and
   brackets, and Markdown's stars, belong to the sentence before them. ``;`` after a Greek letter is a question mark.
2. A period does not end it after an abbreviation, an initial, or a short number that lower case, a digit or a
   German month follows; inside numbers, addresses and file names no white space follows anyway. What kind of word
   the period stands after is told in :mod:`~vivavoce.text.abbreviations`. After any other word the period is
   believed, whatever follows: people chat in lower case.
3. After an ellipsis, or a mark with closing quotes or brackets, lower case goes on with the sentence, which then has
   a clause there: ``"Stop!" he said.``
4. A blank line ends a sentence, and so does the line break before a list item or a Markdown heading ("- ", "1. ",
   "# "). Any other line break is white space. The number of a list item does not end a sentence.

*Clauses* (boundary CLAUSE): ``, ; :`` with white space after them, CJK and Arabic ones without; the em dash; other
dashes with white space on both sides.

*The first unit*, and the first after each flush point or released words, is cut early, because somebody waits for it: at a sentence,
at the first clause of two or more words, or after ``first_words`` words (boundary NONE) once the next word has
begun. It does not part an abbreviation from its word, digit groups, or words with a no-break space between. Three
characters of a script without spaces count as a word. Nothing beyond the start of the next word is waited for, so a
short rest of the sentence may be left for the next unit.

*Later units* are whole sentences. One that is longer than ``max_chars`` is cut at its last clause in the second half
of the bound, else at the last white space, else at any clause, else between two characters. For the second unit that
bound is 160 characters if ``max_chars`` is more, and a clause in its last three quarters will do.

*A silent writer*: :meth:`~Segmenter.release` lets the whole words so far out, with boundary NONE unless they end in
a mark; a last half word stays. The same goes for a listener who would run out of speech while the writer still writes;
there the next unit is a second one.

*Tags* (:mod:`~vivavoce.text.markup`) end the unit before them, with boundary CLAUSE before a break, SENTENCE before
a flush, unless a mark says otherwise. Text that ends, or that is flushed, ends as a sentence unless in a comma.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from vivavoce.speech import Boundary
from vivavoce.text.clean import leading_blank, level, sayable, speakable, trimmed
from vivavoce.text.cut import Cut, Cutter, Place, whole_words
from vivavoce.text.intake import Intake
from vivavoce.text.markup import MAX_TAG_CHARS, Tag, may_become_tag, tag_at
from vivavoce.text.spans import SpannedText

MIN_UNIT_CHARS: Final = 16


class Unit(Struct, frozen=True):
    """One unit of speech, at most a sentence. Offsets are code points of all the text fed."""

    spoken: SpannedText
    """What is to be said: stripped, never empty, with spans into the caller's text."""
    boundary: Boundary
    source_start: int
    source_stop: int
    """The span of the caller's text that it covers, without the blank around it."""
    speakable: bool
    """Whether there is anything a voice would say: not for a lone "..." or dash."""


class Pause(Struct, frozen=True):
    """A ``<break>``."""

    seconds: float
    source_start: int
    source_stop: int


class FlushPoint(Struct, frozen=True):
    """All items of the text before a flush have been pulled."""

    flush_id: str | None
    """As given to :meth:`Segmenter.flush`; ``None`` for a ``<flush>`` tag."""


Item: TypeAlias = Unit | Pause | FlushPoint


class _Kind(Enum):
    FLUSH = "flush"
    RELEASE = "release"
    END = "end"


class _Stop(Struct, frozen=True):
    """A call that concerns the text before ``offset``. The window never reaches past the first stop."""

    offset: int
    kind: _Kind
    flush_id: str | None = None
    then: Place = Place.FIRST
    """Which unit comes after released words."""


class Segmenter:
    """Cuts one stream's text. ``max_chars`` is at least 16, ``first_words`` at least 1."""

    def __init__(self, *, first_words: int = 4, max_chars: int = 300, markup: bool = True) -> None:
        assert first_words >= 1
        assert max_chars >= MIN_UNIT_CHARS
        self._markup = markup
        self._cutter = Cutter(first_words, max_chars)
        self._intake = Intake()
        self._stops: deque[_Stop] = deque()
        self._ended = False
        self._dry_at = -1
        """Code points fed when the last pull found nothing; -1 if it found something."""
        self._place = Place.FIRST
        # The window: characters [base, base + len(text)) of the stream; no tag begins before text[plain].
        self._base = 0
        self._text = ""
        self._plain = 0

    # ---- the writer's side ------------------------------------------------------------------------------------

    def feed(self, text: str) -> None:
        """More text. Costs the same for a long piece as for a short one."""
        assert not self._ended, "feed after end"
        self._intake.feed(text)

    def flush(self, flush_id: str | None = None) -> None:
        """Everything fed so far can be pulled, and a :class:`FlushPoint` after it."""
        assert not self._ended, "flush after end"
        self._stops.append(_Stop(self._intake.fed, _Kind.FLUSH, flush_id))

    def end(self) -> None:
        """No more text comes: everything can be pulled. Ending twice is ending once."""
        if not self._ended:
            self._ended = True
            self._stops.append(_Stop(self._intake.fed, _Kind.END))

    def release(self, then: Place = Place.FIRST) -> None:
        """All whole words fed so far can be pulled: the writer has been silent, or the listener has nothing left.
        ``then`` is the unit after them."""
        if not self._ended and not self._stops_here():
            self._stops.append(_Stop(self._intake.fed, _Kind.RELEASE, then=then))

    @property
    def pending_chars(self) -> int:
        """How much of the window :meth:`release` would let out; 0 if nothing. Exact when :meth:`pull` has just returned
        ``None``; while items wait to be pulled it may count words that need no release.
        """
        if self._ended or self._stops_here():
            return 0
        if self._stops:
            return self._cutter.window
        self._fill()
        held = self._text.find("<", self._plain) if self._markup else -1
        words = whole_words(self._text if held < 0 else self._text[:held])
        return max(words, int(self._intake.waiting))

    @property
    def dry(self) -> bool:
        """Whether the last :meth:`pull` has looked at all that was fed and called since, and found nothing."""
        return self._dry_at == self._intake.fed and not self._stops

    @property
    def stops(self) -> int:
        """Calls of :meth:`flush`, :meth:`release` and :meth:`end` that no pull has come to yet."""
        return len(self._stops)

    @property
    def characters(self) -> int:
        """Code points fed so far."""
        return self._intake.fed

    @property
    def unread(self) -> int:
        """Code points fed that no item pulled so far covers."""
        return self._intake.fed - self._base

    # ---- the listener's side ----------------------------------------------------------------------------------

    @property
    def drained(self) -> bool:
        """Whether :meth:`end` was called and everything has been pulled."""
        if not self._ended:
            return False
        self._skip_blank()
        return not self._text and self._stops[0].kind is _Kind.END

    def pull(self) -> Item | None:
        """The next item, or ``None`` when nothing more is decided."""
        item = self._next()
        self._dry_at = self._intake.fed if item is None else -1
        return item

    def _next(self) -> Item | None:
        while True:
            self._skip_blank()
            if not self._text:
                if not self._stops or self._stops[0].kind is _Kind.END:
                    return None
                stop = self._stops.popleft()
                if stop.kind is _Kind.FLUSH:
                    return self._flush_point(stop.flush_id)
                continue
            known, tag = self._plain_text()
            if tag is not None and tag.start == 0:
                return self._obey(tag)
            cut = self._cutter.decide(self._text[:known], self._otherwise(known, tag))
            if cut is not None:
                return self._unit(cut)
            if not self._at_stop(_Kind.RELEASE):
                return None
            if stop_words := whole_words(self._text[:known]):
                return self._released(stop_words)
            self._stops.popleft()

    # ---- the window ---------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Bring the window to its size, or to the first stop."""
        within = (self._stops[0].offset if self._stops else self._intake.fed) - self._intake.taken
        if not self._text:
            # A megabyte of spaces costs one step, not a step for each window of it.
            skipped = self._intake.skip_invisible(within)
            self._base += skipped
            within -= skipped
        room = min(within, self._cutter.window + MAX_TAG_CHARS - len(self._text))
        if room > 0:
            self._text += level(self._intake.take(room))

    def _skip_blank(self) -> None:
        """Fill the window so that it begins with something; it is empty only at a stop or where the text ends."""
        self._fill()
        while self._text and (blank := leading_blank(self._text, self._complete())):
            self._drop(blank)
            self._fill()

    def _drop(self, count: int) -> None:
        """Go on ``count`` characters later, with a new unit."""
        self._text = self._text[count:]
        self._base += count
        self._plain = max(0, self._plain - count)
        self._cutter.begin(self._place)

    def _at_stop(self, *kinds: _Kind) -> bool:
        """Whether the window reaches to the first stop, and that is of one of ``kinds``."""
        if not self._stops or self._stops[0].kind not in kinds:
            return False
        return self._base + len(self._text) == self._stops[0].offset

    def _complete(self) -> bool:
        """Whether no continuation of the window belongs to it."""
        return self._at_stop(_Kind.FLUSH, _Kind.END)

    def _stops_here(self) -> bool:
        """Whether some call already concerns all the text fed."""
        return bool(self._stops) and self._stops[-1].offset == self._intake.fed

    def _plain_text(self) -> tuple[int, Tag | None]:
        """How much of the window is certainly text, and the tag that stands there, if one does."""
        if not self._markup:
            return len(self._text), None
        while (at := self._text.find("<", self._plain)) >= 0:
            self._plain = at
            if tag := tag_at(self._text, at):
                return at, tag
            if not self._complete() and may_become_tag(self._text, at):
                return at, None
            self._plain = at + 1
        self._plain = len(self._text)
        return len(self._text), None

    # ---- items --------------------------------------------------------------------------------------------------

    def _otherwise(self, known: int, tag: Tag | None) -> Boundary | None:
        """The boundary of the text at hand where its last mark says nothing; ``None`` when it may go on."""
        if tag is not None:
            return Boundary.SENTENCE if tag.pause_s is None else Boundary.CLAUSE
        return Boundary.SENTENCE if known == len(self._text) and self._complete() else None

    def _unit(self, cut: Cut) -> Unit:
        text = self._text[: trimmed(self._text[: cut.stop])]
        spoken = sayable(text, self._base)
        unit = Unit(spoken, cut.boundary, self._base, self._base + len(text), speakable(spoken.text))
        if unit.speakable:
            self._place = Place.SECOND if self._place is Place.FIRST else Place.LATER
        self._drop(cut.stop)
        return unit

    def _released(self, stop: int) -> Unit:
        """The next unit of the words up to ``stop``, which are spoken before what follows them is known."""
        cut = self._cutter.decide(self._text[:stop], Boundary.NONE)
        assert cut is not None, "text that ends here is always decided"
        unit = self._unit(cut)
        if cut.stop == stop:
            self._place = self._stops[0].then
            self._cutter.begin(self._place)
        return unit

    def _obey(self, tag: Tag) -> Item:
        start = self._base
        self._drop(tag.stop)
        if tag.pause_s is None:
            return self._flush_point(None)
        return Pause(tag.pause_s, start, self._base)

    def _flush_point(self, flush_id: str | None) -> FlushPoint:
        self._place = Place.FIRST
        self._cutter.begin(self._place)
        return FlushPoint(flush_id)
