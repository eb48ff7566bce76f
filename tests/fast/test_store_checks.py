"""What may be stored, and how what is only logged is mended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import MissingFieldError, OutOfRangeError
from vivavoce.store import checks

pytestmark = pytest.mark.fast


def test_good_text_comes_back() -> None:
    assert checks.text("Éva 🙂", "name", 5) == "Éva 🙂"


@pytest.mark.parametrize("bad", ["x" * 6, "a\0b", "\ud800"])
def test_unstorable_text_is_refused(bad: str) -> None:
    with pytest.raises(OutOfRangeError, match="name") as caught:
        checks.text(bad, "name", 5)
    assert caught.value.param == "name"


def test_blank_text_is_missing_unless_allowed() -> None:
    with pytest.raises(MissingFieldError):
        checks.text(" \n", "name", 5)
    assert checks.text(" ", "name", 5, blank=True) == " "


@examples(50)
@given(st.text(st.characters(codec=None, categories=None), max_size=20))
def test_any_text_can_be_made_storable(text: str) -> None:
    mended = checks.storable(text, 10)
    assert len(mended) <= 10
    assert "\0" not in mended
    assert mended.encode("utf-8").decode("utf-8") == mended


def test_cutting_happens_before_mending() -> None:
    assert checks.storable("ab\ud800c\0", 4) == "ab?c"
    assert checks.storable("\0", 4) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("bad", [0.5, 11.0, float("nan"), float("inf")])
def test_numbers_outside_are_refused(bad: float) -> None:
    with pytest.raises(OutOfRangeError, match="ttl: expected 1 to 10"):
        checks.within(bad, "ttl", 1, 10)
    checks.within(1, "ttl", 1, 10)
    checks.within(10, "ttl", 1, 10)
