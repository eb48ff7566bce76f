"""Where the next unit of speech stops. The rules are told in :mod:`vivavoce.text.segment`.

A :class:`Cutter` looks at the text from the unit's start, each time a little more of it, and answers with a
:class:`Cut` or with ``None``: not before more text comes. It walks from event to event (a mark, white space, a run
of a script without spaces), settles each once and for all, and remembers where it stands, so looking again costs
only what is new.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from msgspec import Struct

from vivavoce.speech import Boundary
from vivavoce.text.clean import speakable, trimmed
from vivavoce.text.ends import Verdict, ending, judge_end
from vivavoce.text.punctuation import (
    ALL_CLAUSES,
    ALL_ENDS,
    CLAUSES,
    CLOSERS,
    CLOSING,
    ENDS,
    FREE_CLAUSES,
    FREE_ENDS,
    NO_WORD_BEGINS,
    QUOTES,
    UNSPACED,
    is_greek,
    is_han_or_kana,
    is_unspaced,
    splits_cluster,
)

LOOKAHEAD: Final = 64
"""How far past the longest unit a rule may look. A question still open there is answered without the rest."""
WORD_THIRDS: Final = 3
"""Words are counted in thirds: a character of a script without spaces is one, any other word three."""
MIN_CLAUSE_WORDS: Final = 2
SECOND_CHARS: Final = 160
"""The longest second unit: some 27 words. It has to be begun while the short first one is heard, a second and a half,
and a neural voice reads all of a unit before its first sound (a medium one: 2 ms a word on an idle core)."""

_MARKS: Final = (
    f"(?P<end>[{re.escape(ENDS + FREE_ENDS)}]+)|(?P<clause>[{re.escape(CLAUSES + FREE_CLAUSES)}-]+)"
)
_EARLY_EVENTS: Final = re.compile(rf"(?P<space>\s+)|{_MARKS}|(?P<unspaced>[{UNSPACED}]+)")
_EVENTS: Final = re.compile(rf"(?P<space>[\n\u2029]\s*)|{_MARKS}")
_BLANK_LINE: Final = re.compile(r"\n[^\S\n]*\n|\u2029")
_LIST_ITEM: Final = re.compile(r"(?:[-*+•–]|#{1,6}|\d{1,3}[.)])\s")
_LIST_ITEM_BEGUN: Final = re.compile(r"[-*+•–]|#{1,6}|\d{1,3}[.)]?")
_WORD: Final = re.compile(r"[^\W_]")
_FIXED_SPACES: Final = frozenset("\u00a0\u202f\u2007")


class Cut(Struct, frozen=True):
    """The unit is the text before ``stop``."""

    stop: int
    boundary: Boundary


class Place(Enum):
    """Which unit it is of what is said in one go."""

    FIRST = "first"
    """Somebody waits for it, so it may be the beginning of a sentence."""
    SECOND = "second"
    """Hardly anything is in hand while it is made, so it is not long."""
    LATER = "later"


class Settled(Enum):
    """What an event may come to, beside a cut."""

    PASSED = "passed"
    OPEN = "open"


class Cutter:
    """The search for the end of one unit, and after :meth:`begin` of the next.

    Texts given to :meth:`decide` start where the unit starts, not with a blank, and each continues the one before.
    """

    def __init__(self, first_words: int, max_chars: int) -> None:
        self._first_thirds = first_words * WORD_THIRDS
        self._longest = max_chars
        self.window = max_chars + LOOKAHEAD
        """No more than so many characters are ever needed for a decision."""
        self.begin(Place.FIRST)

    def begin(self, place: Place) -> None:
        """A new unit."""
        self._early = place is Place.FIRST
        second = place is Place.SECOND
        self._max = min(self._longest, SECOND_CHARS) if second else self._longest
        # A short unit costs little where the next one may be long, and a cut in the middle of a clause is heard.
        self._least_clause = self._max // (4 if second else 2)
        self._at = 0
        self._thirds = 0
        self._token = 0
        self._clause = 0

    def decide(self, text: str, otherwise: Boundary | None) -> Cut | None:
        """The cut, if no continuation of ``text`` could change it.

        With ``otherwise`` the text ends here, and its rest has that boundary when its last mark says nothing.
        """
        window = self._max + LOOKAHEAD
        text = text[:window]
        final = otherwise is not None or len(text) == window
        events = _EARLY_EVENTS if self._early else _EVENTS
        while (event := events.search(text, self._at)) and event.start() <= self._max:
            outcome = self._settle(text, event, final)
            if outcome is Settled.OPEN:
                return None
            if isinstance(outcome, Cut):
                return outcome if outcome.stop <= self._max else self._shorten(text)
            self._at = event.end()
        if event is not None:
            return self._shorten(text)
        self._at = len(text)
        if not final:
            return None
        stop = trimmed(text)
        return (
            self._shorten(text)
            if stop > self._max
            else Cut(stop, ending(text[:stop], otherwise or Boundary.NONE))
        )

    # ---- events -------------------------------------------------------------------------------------------------

    def _settle(self, text: str, event: re.Match[str], final: bool) -> Cut | Settled:
        match event.lastgroup:
            case "space":
                return self._space(text, event, final)
            case "end":
                return self._end(text, event, final)
            case "clause":
                return self._comma(text, event, final)
            case _:
                return self._unspaced(text, event)

    def _space(self, text: str, event: re.Match[str], final: bool) -> Cut | Settled:
        stop = event.end()
        start = len(text[: event.start()].rstrip())
        space = text[start:stop]
        if _BLANK_LINE.search(space):
            return Cut(start, Boundary.SENTENCE)
        if stop == len(text):
            return Settled.PASSED if final else Settled.OPEN
        if "\n" in space:
            if _LIST_ITEM.match(text, stop):
                return Cut(start, Boundary.SENTENCE)
            if not final and _LIST_ITEM_BEGUN.fullmatch(text, stop):
                return Settled.OPEN
        if self._early:
            self._thirds = self._thirds_before(text, start)
            self._token = stop
            if self._thirds >= self._first_thirds and _parts_words(text, start, stop):
                return Cut(start, ending(text[:start], Boundary.NONE))
        return Settled.PASSED

    def _end(self, text: str, event: re.Match[str], final: bool) -> Cut | Settled:
        verdict, stop = judge_end(text, event.start(), event.end(), final)
        match verdict:
            case Verdict.SENTENCE:
                return Cut(stop, Boundary.SENTENCE)
            case Verdict.CLAUSE:
                return self._end_clause(text, event.start(), stop)
            case Verdict.WAIT:
                return Settled.OPEN
            case Verdict.NOTHING:
                return Settled.PASSED

    def _comma(self, text: str, event: re.Match[str], final: bool) -> Cut | Settled:
        start, marks = event.start(), event[0]
        close = CLOSERS.match(text, event.end())
        assert close is not None, "closers match everywhere"
        stop = close.end()
        if stop == len(text):
            return Settled.PASSED if final else Settled.OPEN
        before, following = text[start - 1 : start], text[stop]
        if marks == ";" and before and is_greek(before) and following.isspace():
            return Cut(stop, Boundary.SENTENCE)
        if following in ALL_ENDS or not _ends_clause(before, marks, following):
            return Settled.PASSED
        return self._end_clause(text, start, stop)

    def _end_clause(self, text: str, start: int, stop: int) -> Cut | Settled:
        """A clause ends with a mark at ``start``, which with what closes it stops at ``stop``."""
        if self._early and self._thirds_before(text, start) >= MIN_CLAUSE_WORDS * WORD_THIRDS:
            return Cut(stop, Boundary.CLAUSE)
        if stop <= self._max:
            self._clause = stop
        return Settled.PASSED

    def _unspaced(self, text: str, event: re.Match[str]) -> Cut | Settled:
        start, stop = event.span()
        self._thirds = self._thirds_before(text, start)
        for at in range(start, stop):
            enough = self._thirds >= self._first_thirds and at > 0 and is_unspaced(text[at - 1])
            if enough and not splits_cluster(text, at):
                return Cut(at, Boundary.NONE)
            self._thirds += 1
            self._token = at + 1
        return Settled.PASSED

    def _thirds_before(self, text: str, stop: int) -> int:
        return self._thirds + (WORD_THIRDS if _WORD.search(text, self._token, stop) else 0)

    # ---- too long -------------------------------------------------------------------------------------------------

    def _shorten(self, text: str) -> Cut:
        """The cut of a sentence that goes on past the bound: at a clause, else at white space, else anywhere."""
        if self._clause > self._least_clause:
            return Cut(self._clause, Boundary.CLAUSE)
        head = text[: self._max + 1]
        words = head.rstrip() if head[-1].isspace() else head.rsplit(None, 1)[0].rstrip()
        if len(words) <= self._max:
            return Cut(len(words), ending(words, Boundary.NONE))
        if self._clause:
            return Cut(self._clause, Boundary.CLAUSE)
        for at in range(self._max, max(0, self._max - LOOKAHEAD), -1):
            if not splits_cluster(text, at):
                return Cut(at, Boundary.NONE)
        return Cut(self._max, Boundary.NONE)


def whole_words(text: str) -> int:
    """The length of ``text`` up to its last whole word: one with white space or closing punctuation after it, or of
    Han or kana. 0 when nothing before that can be said.
    """
    if not text:
        return 0
    last = text.rsplit(None, 1)[-1] if text.strip() else ""
    closed = text[-1] in _CLOSING_A_WORD and last.strip(QUOTES)
    if closed or is_han_or_kana(text[-1]):
        stop = len(text)
    else:
        stop = len(text.rstrip()) if text[-1].isspace() else len(text[: len(text) - len(last)].rstrip())
    return stop if speakable(text[:stop]) else 0


_CLOSING_A_WORD: Final = ALL_ENDS | ALL_CLAUSES | frozenset(CLOSING + '"»”')


def _parts_words(text: str, start: int, stop: int) -> bool:
    """Whether the white space ``text[start:stop]`` is a place to take breath: between two words that do not belong
    together like "Dr. Smith", "10 000" and "20 %".
    """
    before, after = text[start - 1], text[stop : stop + 1]
    if not after or after in NO_WORD_BEGINS or before == "." or (before.isdigit() and after.isdigit()):
        return False
    return any(space not in _FIXED_SPACES for space in text[start:stop])


def _ends_clause(before: str, marks: str, following: str) -> bool:
    if "—" in marks or "--" in marks:
        return True
    if any(mark in FREE_CLAUSES for mark in marks):
        return not (before.isdigit() and following.isdigit())
    if all(mark in "-–" for mark in marks):
        return before.isspace() and following.isspace()
    return following.isspace()
