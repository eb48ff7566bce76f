"""Whether a mark ends the sentence: the rules for periods, ellipses, quotes and their relatives.

Every question is asked of the text known so far and answered once: with :attr:`Verdict.WAIT` as long as a
continuation could change the answer. So no rule may look at what follows unless the text up to the mark says it must,
and a rule that looks has to wait for what it looks at.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from vivavoce.speech import Boundary
from vivavoce.text.abbreviations import MONTHS, STARTERS, Kind, kind_of
from vivavoce.text.punctuation import (
    ALL_CLAUSES,
    CLOSERS,
    ENDS,
    FREE_ENDS,
    SPACED_CLOSERS,
    is_greek,
    is_unspaced,
    last_mark,
)

LONGEST_TOKEN: Final = 24
"""How far back the word before a period is read."""
LONGEST_WORD: Final = 16
"""How far ahead the word after an abbreviation is read; no word of our lists is longer."""

_TOKEN: Final = re.compile(r"[^\W_](?:[\w.’'\-]*)\Z")
_LETTERS: Final = re.compile(r"[^\W\d_]*")
_SPACE: Final = re.compile(r"\s*")


class Verdict(Enum):
    """What ends at a mark."""

    SENTENCE = "sentence"
    CLAUSE = "clause"
    NOTHING = "nothing"
    """The mark belongs inside a word or phrase."""
    WAIT = "wait"
    """More text has to come first."""


def judge_end(text: str, start: int, stop: int, final: bool) -> tuple[Verdict, int]:
    """What the end marks ``text[start:stop]`` are, and where the closing quotes and brackets after them stop.

    ``final``: no more text will be seen; what cannot be decided is then ``NOTHING``.
    """
    unsure = Verdict.NOTHING if final else Verdict.WAIT
    before = text[start - 1] if start else ""
    spaced = before.isspace() or "«" in text[:start]
    close = (SPACED_CLOSERS if spaced else CLOSERS).match(text, stop)
    assert close is not None, "closers match everywhere"
    cut = close.end()
    if cut == len(text):
        return unsure, cut
    marks, following = text[start:stop], text[cut]
    free = any(mark in FREE_ENDS for mark in marks)
    if not following.isspace():
        if free:
            decimal = before.isdigit() and following.isdigit()
            return (Verdict.NOTHING if decimal or following in ALL_CLAUSES else Verdict.SENTENCE), cut
        # Chinese with Western marks: 你好吗?我很好
        joined = bool(before) and is_unspaced(before) and is_unspaced(following)
        return (Verdict.SENTENCE if joined else Verdict.NOTHING), cut
    if spaced and _may_close(text, cut):
        return unsure, cut
    if free:
        return Verdict.SENTENCE, cut
    verdict = _period(text, start, cut, final) if marks == "." else Verdict.SENTENCE
    ellipsis = "…" in marks or ".." in marks
    if verdict is Verdict.SENTENCE and (ellipsis or spaced or cut > stop):
        verdict = _with_what_follows(text, cut, ellipsis or cut > stop, unsure)
    return verdict, cut


def ending(text: str, otherwise: Boundary) -> Boundary:
    """How ``text`` ends by its last mark, or ``otherwise`` when that says nothing. A semicolon after a Greek letter asks.

    Where the text goes on (``otherwise`` is no sentence), an abbreviation's period says nothing and an ellipsis keeps
    the voice up.
    """
    marks = last_mark(text)
    if not marks:
        return otherwise
    if marks[-1] in ALL_CLAUSES:
        asks = marks[-1] == ";" and otherwise is Boundary.SENTENCE and _is_greek_question(text)
        return Boundary.SENTENCE if asks else Boundary.CLAUSE
    if otherwise is Boundary.SENTENCE:
        return Boundary.SENTENCE
    if marks == "." and kind_of(_token_before(text, text.rindex("."))) in (Kind.TITLE, Kind.INITIAL):
        return otherwise
    return Boundary.CLAUSE if "…" in marks or ".." in marks else Boundary.SENTENCE


def _is_greek_question(text: str) -> bool:
    """Whether the last semicolon of ``text`` follows a Greek letter, and so is a question mark."""
    at = text.rindex(";")
    return at > 0 and is_greek(text[at - 1])


def _may_close(text: str, cut: int) -> bool:
    """Whether a guillemet after the space at ``cut`` may yet close the sentence, as in « Oui. »"""
    following = _after_space(text, cut)
    return following == len(text) or (text[following] in "»›" and following + 1 == len(text))


def _with_what_follows(text: str, cut: int, lower_goes_on: bool, unsure: Verdict) -> Verdict:
    """For marks after which a sentence may go on: “Stop!” he said. · Well... maybe. · Quoi ? !"""
    following = _after_space(text, cut)
    if following == len(text):
        return unsure
    character = text[following]
    if character in ENDS:
        return Verdict.NOTHING
    return Verdict.CLAUSE if lower_goes_on and character.islower() else Verdict.SENTENCE


def _period(text: str, start: int, cut: int, final: bool) -> Verdict:
    """One period with white space after it at ``cut``, judged by the word before it and then by what follows."""
    token = _token_before(text, start)
    kind = kind_of(token)
    if kind is Kind.WORD:
        if token.isdecimal() and len(token) == 3 and _begins_line(text, start - len(token)):
            return Verdict.NOTHING
        return Verdict.SENTENCE
    if kind is Kind.TITLE or (kind is Kind.ORDINAL and _begins_line(text, start - len(token))):
        return Verdict.NOTHING
    following = _after_space(text, cut)
    if following == len(text):
        return Verdict.NOTHING if final else Verdict.WAIT
    character = text[following]
    if character.isdigit():
        return Verdict.NOTHING
    if kind is Kind.COUNTED:
        return Verdict.SENTENCE
    if character.islower():
        return Verdict.NOTHING
    if kind is Kind.OFTEN:
        return Verdict.SENTENCE
    return _by_next_word(text, following, kind, final)


def _by_next_word(text: str, start: int, kind: Kind, final: bool) -> Verdict:
    found = _LETTERS.match(text, start, start + LONGEST_WORD)
    assert found is not None, "the pattern matches the empty word"
    stop = found.end()
    word = found[0].lower()
    known = MONTHS if kind is Kind.ORDINAL else STARTERS
    grows = stop == len(text) and stop - start < LONGEST_WORD and not final
    if grows and any(candidate.startswith(word) for candidate in known):
        return Verdict.WAIT
    if kind is Kind.ORDINAL:
        return Verdict.NOTHING if word in known else Verdict.SENTENCE
    # "J. A. Smith": a starter with a period of its own is one more initial.
    starts = word in known and text[stop : stop + 1] != "."
    return Verdict.SENTENCE if starts else Verdict.NOTHING


def _token_before(text: str, stop: int) -> str:
    found = _TOKEN.search(text[max(0, stop - LONGEST_TOKEN) : stop])
    return found[0] if found else ""


def _begins_line(text: str, at: int) -> bool:
    """Whether what stands at ``at`` is the first thing of its line or unit, as the number of a list item is."""
    return not text[:at].strip() or text[max(0, at - 8) : at].rstrip(" \t").endswith("\n")


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None, "the pattern matches no space too"
    return found.end()


assert all(len(word) < LONGEST_WORD for word in MONTHS | STARTERS)
