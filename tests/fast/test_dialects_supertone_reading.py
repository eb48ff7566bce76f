"""What Supertone's requests ask for, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.supertone.cast import LANGUAGES, MODELS, STYLES
from vivavoce.dialects.supertone.reading import Manner, Wish, wish
from vivavoce.errors import VivavoceError
from vivavoce.session.limits import check
from vivavoce.session.styles import STYLES as PROFILES
from vivavoce.speech import Prosody

pytestmark = pytest.mark.fast


def asked(
    *,
    voice: str = "adam",
    manner: Manner | None = None,
    streaming: bool = False,
    query: dict[str, str] | None = None,
    **fields: Any,
) -> Wish:
    body = json.dumps({"text": "Hello there.", "language": "en", **fields}).encode()
    return wish(body, query or {}, voice, manner or Manner(), streaming=streaming)


def refused(**fields: Any) -> VivavoceError:
    with pytest.raises(VivavoceError) as caught:
        asked(**fields)
    return caught.value


def test_the_defaults_are_the_vendors() -> None:
    found = asked()
    assert (found.text, found.phonemes) == ("Hello there.", False)
    assert (found.open.voice, found.open.language, found.open.model) == ("adam", "en", "sona_speech_1")
    assert (found.open.format.name, found.open.format.rate_hz) == ("wav", 44_100)
    assert (found.open.prosody, found.open.style, found.open.duration_s) == (Prosody(), "neutral", None)
    assert found.open.known_length
    assert not found.open.markup


def test_the_sdks_own_body_with_one_setting_given() -> None:
    found = asked(
        model="sona_speech_1",
        output_format="mp3",
        include_phonemes=False,
        voice_settings={
            "pitch_shift": 0.0,
            "pitch_variance": 1.0,
            "speed": 1.5,
            "duration": 0.0,
            "similarity": 3.0,
            "text_guidance": 1.0,
            "subharmonic_amplitude_control": 1.0,
        },
    )
    assert found.open.prosody == Prosody(speed=1.5)
    assert found.open.duration_s is None
    assert (found.open.format.name, found.open.format.bit_rate_bps) == ("mp3", 128_000)


def test_settings_become_prosody() -> None:
    found = asked(voice_settings={"pitch_shift": -3, "pitch_variance": 0, "speed": 2})
    assert found.open.prosody == Prosody(speed=2, pitch_semitones=-3, pitch_range=0)


@pytest.mark.parametrize(("divides", "target_s"), [(False, 10.0), (True, 2.5)])
def test_duration_first_then_speed(divides: bool, target_s: float) -> None:
    found = asked(voice_settings={"duration": 5, "speed": 2}, manner=Manner(speed_divides=divides))
    assert found.open.duration_s == target_s
    assert found.open.prosody.speed == 1.0


def test_what_a_model_does_not_obey_is_ignored() -> None:
    found = asked(
        model="supertonic_api_3",
        voice_settings={"pitch_shift": 5, "pitch_variance": 0, "duration": 9, "speed": 1.2},
        include_phonemes=True,
    )
    assert found.open.prosody == Prosody(speed=1.2)
    assert found.open.duration_s is None
    assert found.phonemes
    assert not found.open.marks


def test_phonemes_are_asked_for() -> None:
    assert asked(include_phonemes=True).open.marks == {"phoneme"}
    assert not asked().open.marks


def test_normalized_text_is_spoken_by_the_models_that_take_it() -> None:
    assert asked(model="sona_speech_2", normalized_text="はい").text == "はい"
    assert asked(model="sona_speech_1", normalized_text="はい").text == "Hello there."
    assert asked(model="sona_speech_2", normalized_text=" ").text == "Hello there."


def test_output_format_in_the_query_is_for_older_clients_and_the_body_wins() -> None:
    assert asked(query={"output_format": "mp3"}).open.format.name == "mp3"
    assert asked(query={"output_format": "mp3"}, output_format="wav").open.format.name == "wav"
    assert refused(query={"output_format": "flac"}).param == "output_format"


def test_null_is_absent() -> None:
    found = asked(style=None, model=None, output_format=None, voice_settings=None, include_phonemes=None)
    assert found == asked()
    assert asked(voice_settings={"speed": None}) == asked()


def test_number_signs_are_stripped_and_punctuation_alone_is_a_silence() -> None:
    assert asked(text="Number #1").text == "Number 1"
    for text in ("...", "?!", "#", "\u200b", "— …"):
        assert asked(text=text).text == "."


def test_300_code_points_pass_and_301_do_not() -> None:
    assert len(asked(text="\N{GRINNING FACE}a" * 150).text) == 300
    assert refused(text="a" * 301).code == "text_too_long"


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000"])
def test_blank_text_is_refused(text: str) -> None:
    assert refused(text=text).code == "empty_text"


def test_styles_are_found_whatever_their_case() -> None:
    assert asked(style="Happy").open.style == "happy"
    assert refused(style="furious").param == "style"


def test_every_style_has_a_profile() -> None:
    assert set(STYLES) <= set(PROFILES)
    assert len(set(STYLES)) == len(STYLES)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_speaks_its_languages_and_no_others(model: str) -> None:
    for language in LANGUAGES:
        if language in MODELS[model].languages:
            assert asked(model=model, language=language).open.language == language
        else:
            assert refused(model=model, language=language).code == "unknown_language"


def test_only_the_first_model_streams_unless_the_operator_lets_all() -> None:
    assert [name for name, model in MODELS.items() if model.streams] == ["sona_speech_1"]
    assert not asked(streaming=True).open.known_length
    assert refused(streaming=True, model="sona_speech_2").param == "model"
    asked(streaming=True, model="sona_speech_2", manner=Manner(any_model_streams=True))


BAD = [
    ({"text": 1}, "text"),
    ({"language": "xx"}, "language"),
    ({"model": "gpt"}, "model"),
    ({"output_format": "ogg"}, "output_format"),
    ({"voice_settings": []}, "voice_settings"),
    ({"voice_settings": {"speed": "fast"}}, "voice_settings.speed"),
    ({"voice_settings": {"speed": 0.49}}, "voice_settings.speed"),
    ({"voice_settings": {"speed": 2.01}}, "voice_settings.speed"),
    ({"voice_settings": {"pitch_shift": 24.1}}, "voice_settings.pitch_shift"),
    ({"voice_settings": {"pitch_variance": -0.1}}, "voice_settings.pitch_variance"),
    ({"voice_settings": {"duration": 60.1}}, "voice_settings.duration"),
    ({"voice_settings": {"similarity": 0}}, "voice_settings.similarity"),
    ({"voice_settings": {"text_guidance": 4.1}}, "voice_settings.text_guidance"),
    (
        {"voice_settings": {"subharmonic_amplitude_control": True}},
        "voice_settings.subharmonic_amplitude_control",
    ),
    ({"include_phonemes": "yes"}, "include_phonemes"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
def test_each_bad_field_is_named(fields: dict[str, Any], param: str) -> None:
    error = refused(**fields)
    assert error.param == param
    assert error.message.startswith(f"{param}: ")


@pytest.mark.parametrize("missing", ["text", "language"])
def test_required_fields_are_named(missing: str) -> None:
    body = {"text": "a", "language": "en"}
    del body[missing]
    with pytest.raises(VivavoceError, match=f"^{missing}: this field is required$"):
        wish(json.dumps(body).encode(), {}, "adam", Manner())


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-99, 99))
FIELDS = st.fixed_dictionaries(
    {"text": st.text(max_size=20), "language": st.sampled_from(["en", "ko", "fr", "xx"])},
    optional={
        "style": st.one_of(st.none(), st.text(max_size=8), st.sampled_from(STYLES)),
        "model": st.sampled_from([*MODELS, "x", None]),
        "output_format": st.sampled_from(["wav", "mp3", "x", None]),
        "include_phonemes": st.booleans(),
        "voice_settings": st.dictionaries(
            st.sampled_from(["speed", "duration", "pitch_shift", "pitch_variance", "similarity"]), NUMBERS
        ),
    },
)


@examples(80)
@given(FIELDS, st.booleans())
def test_any_request_is_one_that_can_be_spoken_or_our_error(body: dict[str, Any], streaming: bool) -> None:
    try:
        found = wish(json.dumps(body).encode(), {}, "adam", Manner(), streaming=streaming)
    except VivavoceError:
        return
    check(found.open)
    assert found.text.strip()


@examples(60)
@given(st.one_of(st.binary(max_size=40), st.text(max_size=40).map(str.encode)))
def test_any_bytes_are_a_request_or_our_error(body: bytes) -> None:
    with pytest.raises(VivavoceError):
        wish(body, {}, "adam", Manner())
