"""Any text becomes ASCII that can be said, and every character of it knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.engines.folding import fold

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve café", "naive cafe"),
        ("“It’s”", '"It\'s"'),
        ("one—two", "one, two"),
        ("10–12", "10-12"),
        ("wait…", "wait..."),
        ("Straße œuvre Łódź", "Strasse oeuvre Lodz"),
        ("R&D", "R and D"),
        ("½ ﬁt ①", "1/2 fit 1"),
        ("２０時！", "20 character !"),
        ("😀", " grinning face "),
        ("👍🏽", " thumbs up "),
        ("да", " de  a "),
        ("こん", "kon"),
        ("한", "han"),
        ("٣", "3"),
        ("a\0\tb\nc\u00a0d", "a  b c d"),
        ("e\u0301\u200b", "e"),
        ("\ue000\ud800", ""),
        ("«x»、", '"x", '),
    ],
)
def test_texts_become_sayable_ascii(text: str, expected: str) -> None:
    assert fold(text).text == expected


def test_origins_lead_back_to_the_character() -> None:
    folded = fold("a😀ß")
    assert folded.text == "a grinning face ss"
    assert folded.origins == (0, *(1,) * 15, 2, 2)


@examples(60)
@given(st.text(st.characters(), max_size=12))
def test_any_text_folds_to_printable_ascii_with_origins(text: str) -> None:
    folded = fold(text)
    assert all(" " <= c <= "~" for c in folded.text)
    assert len(folded.origins) == len(folded.text)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= origin < len(text) for origin in folded.origins)


@given(st.text("abcdefghijklmnopqrstuvwxyz ABC.,'\"-0123456789", max_size=20))
@examples(20)
def test_plain_english_stays_as_it_is(text: str) -> None:
    assert fold(text).text == text
