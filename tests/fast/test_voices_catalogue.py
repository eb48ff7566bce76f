from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import UnknownLanguageError, UnknownVoiceError
from vivavoce.speech import Gender, VoiceInfo
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast


def voice(
    voice_id: str, *languages: str, rank: int = 100, gender: Gender = "male", engine: str = "espeak"
) -> VoiceInfo:
    return VoiceInfo(
        id=voice_id,
        name=voice_id,
        engine=engine,
        language=languages[0],
        languages=languages,
        gender=gender,
        rate_hz=22050,
        licence="",
        rank=rank,
    )


VOICES = [
    voice("en+edward", "en-GB", "en", rank=120),
    voice("en-us+edward", "en-US", "en", rank=100),
    voice("en-us+f2", "en-US", "en", rank=105, gender="female"),
    voice("rms", "en-US", "en", rank=10, engine="flite"),
    voice("awb", "en-GB", "en", rank=20, engine="flite"),
    voice("slt", "en-US", "en", rank=25, gender="female", engine="flite"),
    voice("de+edward", "de", rank=150),
    voice("de+f2", "de", rank=155, gender="female"),
    voice("cmn+edward", "zh", "cmn", rank=150),
    voice("cmn-latn-pinyin+edward", "zh-Latn-pinyin", "cmn", "zh", rank=150),
    voice("es+edward", "es", rank=150),
    voice("es-419+edward", "es-419", "es-MX", rank=160),
]
CATALOGUE = Catalogue(
    VOICES,
    aliases={"Adrian": "slt", "Berta": "de"},
    variants={"edward": "male", "f2": "female", "klatt4": "male", "Alex": "male"},
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("slt", "slt"),
        (" SLT ", "slt"),
        ("en-us+f2", "en-us+f2"),
        ("adrian", "slt"),
        ("BERTA", "de+edward"),
        ("en", "rms"),
        ("en-us", "rms"),
        ("en_US", "rms"),
        ("en-GB", "awb"),
        ("en-AU", "rms"),
        ("de-AT", "de+edward"),
        ("zh", "cmn+edward"),
        ("zh-CN", "cmn+edward"),
        ("zh-cmn", "cmn+edward"),
        ("deu", "de+edward"),
        ("eng-GB", "awb"),
        ("zh-Latn", "cmn-latn-pinyin+edward"),
        ("es-MX", "es-419+edward"),
        ("es-ES", "es+edward"),
    ],
)
def test_names_lead_to_voices(name: str, expected: str) -> None:
    assert CATALOGUE.resolve(name).id == expected


def test_ids_that_differ_only_by_case_are_told_apart_by_it() -> None:
    found = [voice(f"two:{name}", "en", engine="piper") for name in ("ann", "Ann", "ANN", "Bob")]
    for order in itertools.permutations(found):
        catalogue = Catalogue(order)
        assert [catalogue.resolve(one.id).id for one in found] == [one.id for one in found]
        assert catalogue.resolve(" two:Ann ").id == "two:Ann"
        assert catalogue.resolve("TWO:ann").id == catalogue.listing()[0].id == "two:ANN"
        assert catalogue.resolve("two:BOB").id == "two:Bob"


def test_any_speaker_of_a_language_can_be_named() -> None:
    found = CATALOGUE.resolve("DE+KLATT4")
    assert (found.id, found.language, found.gender, found.rate_hz) == ("de+klatt4", "de", "male", 22050)
    assert CATALOGUE.resolve("en-us+alex").id == "en-us+Alex"
    assert CATALOGUE.resolve("de-AT+f2").id == "de+f2"
    assert CATALOGUE.resolve("en-gb+f2").id == "en+f2"


def test_without_a_list_of_speakers_any_is_believed() -> None:
    assert Catalogue(VOICES).resolve("de+zed").id == "de+zed"
    assert Catalogue(VOICES).resolve("de+zed").gender == "neutral"


def test_a_language_beside_a_name_narrows_it() -> None:
    assert CATALOGUE.resolve("en", "en-GB").id == "awb"
    assert CATALOGUE.resolve("en-GB", "en").id == "awb"
    assert CATALOGUE.resolve("slt", "en-AU").id == "slt"
    assert CATALOGUE.resolve("de+f2", "de").id == "de+f2"


@pytest.mark.parametrize(("name", "language"), [("slt", "de"), ("de", "en"), ("de+klatt4", "en-US")])
def test_a_voice_has_to_speak_the_language(name: str, language: str) -> None:
    with pytest.raises(UnknownLanguageError) as caught:
        CATALOGUE.resolve(name, language)
    assert caught.value.param == "language"
    assert language in caught.value.message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("slf", "did you mean slt"),
        ("en-us+edwrd", "did you mean edward"),
        ("adrain", "did you mean adrian"),
        ("qqqqqq", "languages here: de, en, es, zh"),
        ("qqqqqq+f2", "languages here"),
        ("", "languages here"),
        ("x" * 5000, "…"),
    ],
)
def test_unknown_names_are_answered_with_what_is_near(name: str, hint: str) -> None:
    with pytest.raises(UnknownVoiceError) as caught:
        CATALOGUE.resolve(name)
    assert hint in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.param == "voice"


def test_best_follows_language_then_rank() -> None:
    assert CATALOGUE.best("en").id == "rms"
    assert CATALOGUE.best("en", "female").id == "slt"
    assert CATALOGUE.best("de", "female").id == "de+f2"
    with pytest.raises(UnknownLanguageError, match="'tlh'"):
        CATALOGUE.best("tlh")
    with pytest.raises(UnknownLanguageError, match="female voice"):
        CATALOGUE.best("es", "female")


def test_listings_are_in_order_and_whole() -> None:
    assert [found.id for found in CATALOGUE.listing("en-GB")] == [
        "awb",
        "en+edward",
        "rms",
        "slt",
        "en-us+edward",
        "en-us+f2",
    ]
    assert {found.id for found in CATALOGUE.listing()} == {each.id for each in VOICES}
    assert [found.id for found in CATALOGUE.listing()][-2:] == ["cmn+edward", "cmn-latn-pinyin+edward"]
    assert CATALOGUE.listing("tlh") == []


def test_an_empty_catalogue_answers_too() -> None:
    with pytest.raises(UnknownVoiceError, match="languages here: none"):
        Catalogue(()).resolve("en")


@examples(60)
@given(st.text(max_size=20), st.none() | st.text(max_size=8))
def test_any_name_gives_a_voice_or_our_error(name: str, language: str | None) -> None:
    try:
        found = CATALOGUE.resolve(name, language)
    except (UnknownVoiceError, UnknownLanguageError):
        return
    assert found.id
