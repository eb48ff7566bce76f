"""Every language and every speaker of espeak-ng."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from spoken import check_marks, speak
from vivavoce.engines.espeak import EspeakEngine
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.integration

ENGINE: Final = EspeakEngine()

OWN_SCRIPT: Final = {
    "am": "ሰላም ነው", "ar": "مرحبا بك", "as": "নমস্কাৰ বন্ধু", "bg": "добър ден", "bn": "নমস্কার বন্ধু", "bpy": "নমস্কার মানু",
    "chr-x-west": "ᎣᏏᏲ ᏙᎯᏧ", "cv": "салам тантӑш", "el": "καλημέρα σας", "en-Shaw": "𐑣𐑩𐑤𐑴 𐑢𐑻𐑤𐑛", "fa": "سلام دوست",
    "gu": "નમસ્તે મિત્ર", "he": "שלום לכם", "hi": "नमस्ते दोस्त", "hy": "բարեւ ձեզ", "ja": "こんにちは みなさん",
    "ka": "გამარჯობა მეგობარო", "ko": "안녕하세요 여러분", "kn": "ನಮಸ್ಕಾರ ಸ್ನೇಹಿತ", "ml": "നമസ്കാരം സുഹൃത്തേ",
    "mr": "नमस्कार मित्रा", "my": "မင်္ဂလာပါ", "ne": "नमस्ते साथी", "or": "ନମସ୍କାର ବନ୍ଧୁ", "pa": "ਸਤ ਸ੍ਰੀ", "ru": "добрый день",
    "sd": "سلام دوست", "shn": "မႂ်ႇသုင်", "si": "ආයුබෝවන් මිතුර", "sjn": "mae govannen", "ta": "வணக்கம் நண்பா",
    "te": "నమస్కారం మిత్రమా", "th": "สวัสดี ครับ", "ti": "ሰላም ሓወይ", "uk": "добрий день", "ur": "سلام دوست", "yue": "你好嗎",
    "zh": "你好，朋友",
}  # fmt: skip


def voices() -> list[VoiceInfo]:
    return list(ENGINE.voices())


@pytest.mark.parametrize("voice", [v for v in voices() if v.gender == "male"], ids=lambda v: str(v.id))
def test_every_language_speaks_its_own_script_or_digits(voice: VoiceInfo) -> None:
    text = OWN_SCRIPT.get(voice.language, "123 45")
    spoken = speak(ENGINE, text, voice.id, phonemes=True)
    check_marks(spoken)
    assert np.abs(spoken.samples).max() > 2000
    assert spoken.samples.any()
    covered = {i for mark in spoken.words for i in range(mark.text_start, mark.text_stop)}
    assert covered == {i for i, c in enumerate(text) if not c.isspace()}


def test_there_are_more_than_a_hundred_languages_in_two_voices_each() -> None:
    found = voices()
    languages = {voice.language for voice in found}
    assert len(languages) > 130
    assert len(found) == 2 * len({voice.id.partition("+")[0] for voice in found})
    assert {voice.gender for voice in found} == {"male", "female"}
    assert len({voice.id for voice in found}) == len(found)
    assert all(voice.language == voice.languages[0] and voice.licence and voice.name for voice in found)


def test_every_speaker_is_loud_and_does_not_clip() -> None:
    speakers = ENGINE.speakers()
    assert len(speakers) > 100
    for speaker in speakers:
        spoken = speak(ENGINE, "Amazing! How are you today?", f"en-us+{speaker}")
        peaks = np.abs(spoken.samples.astype(np.int32))
        assert peaks.max() > 2500, speaker
        assert (peaks >= 32700).sum() <= 20, speaker
        assert len(spoken.words) == 5


def test_the_curated_voices_hardly_reach_full_scale() -> None:
    for voice in voices():
        samples = speak(ENGINE, OWN_SCRIPT.get(voice.language, "123 45"), voice.id).samples
        assert (np.abs(samples.astype(np.int32)) >= 32760).sum() <= 5, voice.id


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en", "en-us+edward"),
        ("en-GB", "en+edward"),
        ("zh-CN", "cmn+edward"),
        ("yue", "yue+edward"),
        ("pt-BR", "pt-br+edward"),
        ("pt", "pt+edward"),
        ("fr", "fr+edward"),
        ("no", "nb+edward"),
        ("fr-CH", "fr-ch+edward"),
        ("de+klatt4", "de+klatt4"),
        ("ru+Mr Serious", "ru+Mr serious"),
    ],
)
def test_the_catalogue_finds_its_voices(name: str, expected: str) -> None:
    known = Catalogue(voices(), variants=ENGINE.speakers())
    found = known.resolve(name)
    assert found.id == expected
    assert speak(ENGINE, "12", found.id).samples.any()
