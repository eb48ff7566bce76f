"""Which marks end a sentence, which belong inside it, and which have to wait for more."""

from __future__ import annotations

import pytest

from vivavoce.speech import Boundary
from vivavoce.text.ends import Verdict, ending, judge_end
from vivavoce.text.punctuation import ALL_ENDS

pytestmark = pytest.mark.fast


def judged(text: str, *, final: bool = False) -> Verdict:
    """The verdict on the marks that ``|`` stands before in ``text``."""
    start = text.index("|")
    text = text.replace("|", "")
    stop = start
    while stop < len(text) and text[stop] in ALL_ENDS:
        stop += 1
    return judge_end(text, start, stop, final)[0]


SENTENCES = [
    "ends|. ", "ends|! n", "ends|?! N", "ends|. lower", 'said|." N', "end|.) N", "TV|. n", "in 2024|. T",
    "Wait|… What", "etc|. The", "9 p.m|. He", "the U.S|. The ", "vitamin C|. It ", "No|. I", "I have 3|. Then ",
    "你好|。世", "你好|。」他", "你好|?我", "क|। क", "مرحبا|؟ن", "a|!* N", "Quoi |? B", "« Oui|. » D",
    "end|.\u200b N", "Well|.. W",
]  # fmt: skip
OPEN = [
    "ends|.", "ends|?", "ends|.)", "etc|. ", "J|. ", "J|. Th", "am 3|. Ma", "J|. The", "am 3|. Mai", "No|. ", "well|... ", "end|.) ", "Quoi |? ",
    "« Oui|. ", "« Oui|. »", "你好|。", "你好|。」", "3|.",
]  # fmt: skip
INSIDE = [
    "3|.14", "www|.example", "a@b|.de", "Dr|. S", "e.g|. t", "J|. R", "J|. \u201cThe", "U.S|. Army ", "J|. A. Smith", "am 3|. Mai ",
    "am 3|. m", "3|. 4", "etc|. and", "No|. 5", "1|. Item", "x\n2|. Item", "x\n 12|. Item", "100|. Item", "１|．５", "you|?x",
    "Hm|!?)x", "Quoi |? !", "你|。，",
]  # fmt: skip
CLAUSES = ['"Stop|!" he', "(really|?) and", "well|... maybe", "hm|… so", "« Oui|. » dit"]


@pytest.mark.parametrize("text", SENTENCES)
def test_ends_a_sentence(text: str) -> None:
    assert judged(text) is Verdict.SENTENCE


@pytest.mark.parametrize("text", OPEN)
def test_waits_for_more(text: str) -> None:
    assert judged(text) is Verdict.WAIT


@pytest.mark.parametrize("text", [text for text in OPEN if not text.endswith(("Th", "The", "Ma", "Mai"))])
def test_waits_for_nothing_when_nothing_comes(text: str) -> None:
    assert judged(text, final=True) is Verdict.NOTHING


def test_the_last_word_decides_when_nothing_comes() -> None:
    assert judged("J|. The", final=True) is Verdict.SENTENCE
    assert judged("am 3|. Ma", final=True) is Verdict.SENTENCE
    assert judged("am 3|. Mai", final=True) is Verdict.NOTHING


@pytest.mark.parametrize("text", INSIDE)
def test_belongs_inside(text: str) -> None:
    assert judged(text) is Verdict.NOTHING


@pytest.mark.parametrize("text", CLAUSES)
def test_lower_case_goes_on(text: str) -> None:
    assert judged(text) is Verdict.CLAUSE


@pytest.mark.parametrize("text", [*SENTENCES, *INSIDE, *CLAUSES])
def test_a_verdict_stands_whatever_comes_next(text: str) -> None:
    known = judged(text)
    for more in (" ", ".", "x", "X ", "5", ") ", "» ", "\n", "…", ","):
        assert judged(text + more) is known, more


def test_closing_quotes_and_brackets_belong_to_the_sentence() -> None:
    assert judge_end('He left.")* Then', 7, 8, False) == (Verdict.SENTENCE, 11)
    assert judge_end("« Oui. » Bon", 5, 6, False) == (Verdict.SENTENCE, 8)
    assert judge_end("Oui. »Komm", 3, 4, False) == (Verdict.SENTENCE, 4)


@pytest.mark.parametrize(
    ("text", "in_mid_text", "at_the_end"),
    [
        ("one two", Boundary.NONE, Boundary.SENTENCE),
        ("one,", Boundary.CLAUSE, Boundary.CLAUSE),
        ("one, \u201d", Boundary.CLAUSE, Boundary.CLAUSE),
        ("one —", Boundary.CLAUSE, Boundary.CLAUSE),
        ("one.", Boundary.SENTENCE, Boundary.SENTENCE),
        ("one?!)", Boundary.SENTENCE, Boundary.SENTENCE),
        ("世界。", Boundary.SENTENCE, Boundary.SENTENCE),
        ("well...", Boundary.CLAUSE, Boundary.SENTENCE),
        ("well…", Boundary.CLAUSE, Boundary.SENTENCE),
        ("Dr.", Boundary.NONE, Boundary.SENTENCE),
        ("J.", Boundary.NONE, Boundary.SENTENCE),
        ("in 2024.", Boundary.SENTENCE, Boundary.SENTENCE),
        ("", Boundary.NONE, Boundary.SENTENCE),
        ("— ...", Boundary.CLAUSE, Boundary.SENTENCE),
        ("Εσύ;", Boundary.CLAUSE, Boundary.SENTENCE),
        ("«Εσύ;»", Boundary.CLAUSE, Boundary.SENTENCE),
        ("you;", Boundary.CLAUSE, Boundary.CLAUSE),
        (";", Boundary.CLAUSE, Boundary.CLAUSE),
    ],
)
def test_how_a_text_ends(text: str, in_mid_text: Boundary, at_the_end: Boundary) -> None:
    assert ending(text, Boundary.NONE) is in_mid_text
    assert ending(text, Boundary.SENTENCE) is at_the_end
