"""Which words end in a period of their own, and that the lists do not contradict each other."""

from __future__ import annotations

import pytest

from vivavoce.text import abbreviations
from vivavoce.text.abbreviations import Kind, kind_of

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        (Kind.WORD, "house Tolkien TV me ok my 2024 3.14 a1 example.com hmmm_ Ärzte дом"),
        (Kind.TITLE, "Dr DR Mr e.g i.e z.B d.h Sr Fr vgl Mme Sra т.е"),
        (Kind.OFTEN, "etc p.m Inc usw Ph.D grdn hmm Hss fr sr т.д EE.UU"),
        (Kind.COUNTED, "No no Nr Jan fig pp art"),
        (Kind.INITIAL, "J x U.S J.R.R St É г"),
        (Kind.ORDINAL, "3 19 ٣"),
    ],
)
def test_kinds(kind: Kind, tokens: str) -> None:
    assert {token: kind_of(token) for token in tokens.split()} == dict.fromkeys(tokens.split(), kind)


def test_the_lists_are_lower_case_and_do_not_contradict_each_other() -> None:
    lists = (abbreviations.TITLES, abbreviations.OFTEN, abbreviations.COUNTED, abbreviations.INITIALS)
    every = [word for words in lists for word in words]
    assert len(every) == len(set(every))
    assert all(word == word.lower() and not word.endswith(".") for word in every)
    assert not {word.lower() for word in abbreviations.CAPITAL_TITLES} & set(every)
