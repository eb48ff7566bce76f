"""Tags of one language begin alike, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.text.language import primary, spelled, subtags

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("tag", "usual"),
    [
        ("EN-us", "en-US"), ("en", "en"), ("zh-hant-tw", "zh-Hant-TW"), ("ES-419", "es-419"), ("zh-yue", "zh-yue"),
        ("CMN", "cmn"), ("sr-latn", "sr-Latn"), ("ca-es-valencia", "ca-ES-valencia"), ("en-GB-x-RP", "en-GB-x-rp"),
        ("vi-vn-x-central", "vi-VN-x-central"), ("de-1996", "de-1996"), ("zh-latn-pinyin", "zh-Latn-pinyin"),
    ],
)  # fmt: skip
def test_usual_spelling(tag: str, usual: str) -> None:
    assert spelled(tag) == usual
    assert spelled(usual) == usual


@pytest.mark.parametrize(
    ("tag", "alone"),
    [("en-GB", "en"), ("cmn", "zh"), ("zh-cmn", "zh"), ("zh-TW", "zh"), ("yue", "yue"), ("zh-yue", "yue"),
     ("nb-NO", "no"), ("nn", "nn"), ("iw", "he"), ("deu", "de"), ("fil-PH", "tl"), (" pt_BR ", "pt")],
)  # fmt: skip
def test_one_language_has_one_code(tag: str, alone: str) -> None:
    assert primary(tag) == alone


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("EN_us", ("en", "us")),
        ("zh-Hant-TW", ("zh", "hant", "tw")),
        ("zh-cmn-Hans", ("zh", "hans")),
        ("zh-yue-HK", ("yue", "hk")),
        ("", ("",)),
        ("no tag", ("no tag",)),
    ],
)
def test_parts(tag: str, parts: tuple[str, ...]) -> None:
    assert subtags(tag) == parts


@given(st.text(st.sampled_from("enUSzhcmn-_x419 é\n"), max_size=12))
@examples(80)
def test_any_text_has_parts_and_case_does_not_matter(text: str) -> None:
    assert subtags(text) == subtags(text.upper().lower())
    assert primary(text) == subtags(text)[0]
