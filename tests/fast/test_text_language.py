from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.errors import UnknownLanguageError
from vivavoce.text import language
from vivavoce.text.language import DIALECT, EXACT, LANGUAGE, NONE, REGION

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("tag", "usual"),
    [
        ("EN_us", "en-US"), ("en", "en"), ("zh-hant-tw", "zh-Hant-TW"), ("ES-419", "es-419"), ("iw", "he"),
        ("zh-yue", "zh-yue"), ("CMN", "cmn"), ("sr-latn", "sr-Latn"), ("ca-es-valencia", "ca-ES-valencia"),
        ("en-GB-x-RP", "en-GB-x-rp"), ("vi-vn-x-central", "vi-VN-x-central"), ("de-1996", "de-1996"),
        ("en-u-ca-gregory", "en-u-ca-gregory"),
    ],
)  # fmt: skip
def test_usual_spelling(tag: str, usual: str) -> None:
    assert language.normalise(tag) == usual
    assert language.normalise(usual) == usual


@pytest.mark.parametrize(
    "tag", ["", "e", "-en", "en-", "en--US", "en US", "en-US.UTF-8", "123", "ën", "en-U", "x" * 9]
)
def test_what_is_no_tag_is_refused(tag: str) -> None:
    for ask in (language.normalise, language.primary, language.matches.__get__("en")):
        with pytest.raises(UnknownLanguageError, match="BCP 47"):
            ask(tag)


def test_the_kelvin_sign_is_no_letter() -> None:
    with pytest.raises(UnknownLanguageError):
        language.normalise("\u212ao")


@pytest.mark.parametrize(
    ("tag", "alone"),
    [("en-GB", "en"), ("cmn", "zh"), ("zh-cmn", "zh"), ("zh-TW", "zh"), ("yue", "yue"), ("zh-yue", "yue"),
     ("nb-NO", "no"), ("nn", "nn"), ("iw", "he"), ("deu", "de")],
)  # fmt: skip
def test_primary(tag: str, alone: str) -> None:
    assert language.primary(tag) == alone


@pytest.mark.parametrize(
    ("wanted", "offered", "score"),
    [
        ("en-US", "EN_us", EXACT),
        ("iw", "he", EXACT),
        ("en", "en-US", REGION),
        ("pt-BR", "pt", REGION),
        ("zh", "cmn", REGION),
        ("zh-CN", "cmn-Hans-CN", REGION),
        ("no", "nb", REGION),
        ("nb", "nb-NO", REGION),
        ("en-GB", "en-GB-x-rp", REGION),
        ("zh-HK", "yue", REGION),
        ("zh-yue", "yue", REGION),
        ("zh-Hant", "zh-TW", REGION),
        ("pt-PT", "pt", LANGUAGE),
        ("fr", "fr-CH", LANGUAGE),
        ("en-GB", "en", LANGUAGE),
        ("en-GB", "en-AU", DIALECT),
        ("zh-TW", "zh-CN", DIALECT),
        ("yue", "zh", NONE),
        ("nn", "nb", NONE),
        ("en", "de", NONE),
    ],
)
def test_how_well_a_voice_serves(wanted: str, offered: str, score: int) -> None:
    assert language.matches(wanted, offered) == score


def test_better_is_higher() -> None:
    assert EXACT > REGION > LANGUAGE > DIALECT > NONE == 0


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("こんにちは世界", "ja"), ("日本語の漢字文書中国経済新聞", "ja"), ("ｶﾀｶﾅ", "ja"), ("안녕하세요", "ko"),
        ("你好世界 OK", "zh"), ("Привет, мир", "ru"), ("مرحبا", "ar"), ("नमस्ते", "hi"), ("Γειά σου", "el"),
        ("สวัสดี", "th"), ("שלום", "he"), ("Hello 世 world", None), ("", None), ("123 … 😀", None), ("ᚠᚢᚦ", None),
    ],
)  # fmt: skip
def test_guess_by_script(text: str, tag: str | None) -> None:
    assert language.guess(text) == tag


@given(st.text(st.sampled_from("enUSzh-_x419 é\n"), max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_text_is_a_tag_or_our_error(text: str) -> None:
    try:
        usual = language.normalise(text)
    except UnknownLanguageError:
        return
    assert language.normalise(usual) == usual
    assert language.matches(text, usual) == EXACT
    assert language.primary(text).isalpha()
