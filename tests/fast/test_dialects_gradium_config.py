"""Gradium's setup as the stream it opens."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.dialects.gradium.cast import CATALOG, NAMES, VOICES
from vivavoce.dialects.gradium.config import RANGES, config
from vivavoce.dialects.gradium.messages import Setup
from vivavoce.dialects.gradium.opening import OUTPUTS, Opening, opening
from vivavoce.errors import (
    OutOfRangeError,
    UnknownFormatError,
    UnknownModelError,
    VivavoceError,
    WrongTypeError,
)
from vivavoce.session.limits import check
from vivavoce.speech import OWN_RULES, Open, Prosody

pytestmark = pytest.mark.fast


def opened(**fields: Any) -> Opening:
    return opening(Setup(**fields))


@pytest.mark.parametrize("value", [None, {}, "{}", "", "null", '{"unknown": 1}', {"max_padding": 3}])
def test_a_config_may_be_an_object_a_string_or_nothing(value: object) -> None:
    assert config(value).prosody == Prosody()
    assert config(value).rewrite_rules is None


@pytest.mark.parametrize("value", ['{"padding_bonus": 2, "temp": null}', {"padding_bonus": 2.0}])
def test_a_padding_bonus_of_two_is_thirty_percent_longer(value: object) -> None:
    assert 1 / config(value).prosody.speed == pytest.approx(1.3)


def test_a_negative_padding_bonus_is_faster() -> None:
    assert 1 / config({"padding_bonus": -2}).prosody.speed == pytest.approx(0.7)


def test_temperature_moves_the_intonation() -> None:
    low, usual, high = (config({"temp": temp}).prosody.pitch_range for temp in (0, 0.7, 1.5))
    assert (low, usual, high) == pytest.approx((0.65, 1.0, 1.4))


@pytest.mark.parametrize("name", RANGES)
def test_numbers_out_of_range_name_key_and_range(name: str) -> None:
    low, high = RANGES[name]
    for value in (low - 0.1, high + 0.1, math.inf):
        with pytest.raises(OutOfRangeError) as caught:
            config({name: value})
        assert caught.value.message == f"{name} should be between {low} and {high}"
    for value in (low, high):
        check(Open(voice="paper", format=OUTPUTS["pcm"].format, prosody=config({name: value}).prosody))


def test_the_vendors_own_sentence_for_cfg_coef() -> None:
    with pytest.raises(OutOfRangeError, match=r"^cfg_coef should be between 1.0 and 10.0$"):
        config({"cfg_coef": 0.5})


@pytest.mark.parametrize(
    "value", ["[", "[]", "7", [], 3, {"temp": "hot"}, {"temp": True}, {"rewrite_rules": 1}]
)
def test_a_config_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(VivavoceError) as caught:
        config(value)
    assert caught.value.param is not None
    assert caught.value.param.startswith("json_config")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4))
@examples(40)
def test_any_value_is_a_config_or_our_error(value: Any) -> None:
    for given_ in (value, {"temp": value}, {"rewrite_rules": value}):
        try:
            config(given_)
        except VivavoceError:
            continue


def test_rewrite_rules_default_to_the_voices_language() -> None:
    assert opened().open.rewrite_rules == OWN_RULES
    assert opened(json_config={"rewrite_rules": "none"}).open.rewrite_rules == "none"
    assert opened(json_config={"rewrite_rules": "fr-be"}).open.rewrite_rules == "fr-be"
    assert opened(json_config='{"rewrite_rules": "TimeEn,Date"}').open.rewrite_rules == "TimeEn,Date"


def test_unknown_rewrite_rules_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="Klingon"):
        opened(json_config={"rewrite_rules": "Klingon"})


def test_everything_may_be_null() -> None:
    made = opened(
        model_name=None,
        voice=None,
        voice_id=None,
        output_format=None,
        json_config=None,
        pronunciation_id=None,
    )
    assert made.open.voice == "default"
    assert made.open.format.name == "wav"
    assert made.model_name == "default"
    assert made.open.dictionary_id is None


def test_a_voice_id_goes_before_a_name() -> None:
    assert opened(voice="Emma", voice_id="b").open.voice == "b"


def test_a_catalogue_name_is_its_id_and_other_names_are_left_as_they_are() -> None:
    assert opened(voice="Emma").open.voice == opened(voice_id="emma").open.voice == "YTpq7expH9539ERJ"
    assert opened(voice="Somebody").open.voice == "Somebody"


def test_a_pronunciation_is_a_dictionary() -> None:
    assert opened(pronunciation_id="p1").open.dictionary_id == "p1"


@pytest.mark.parametrize(
    ("name", "form", "rate_hz"),
    [
        ("pcm", "pcm_s16le", 48000),
        ("pcm_48000", "pcm_s16le", 48000),
        ("pcm_44100", "pcm_s16le", 44100),
        ("pcm_24000", "pcm_s16le", 24000),
        ("pcm_22050", "pcm_s16le", 22050),
        ("pcm_16000", "pcm_s16le", 16000),
        ("pcm_8000", "pcm_s16le", 8000),
        ("ulaw_8000", "mulaw", 8000),
        ("mulaw_8000", "mulaw", 8000),
        ("alaw_8000", "alaw", 8000),
        ("wav", "wav", 48000),
        ("opus", "opus", 48000),
    ],
)
def test_every_output_format(name: str, form: str, rate_hz: int) -> None:
    made = opened(output_format=name).open.format
    assert (made.name, made.rate_hz) == (form, rate_hz)


@pytest.mark.parametrize("name", ["mp3", "PCM", "pcm_11025", "flac", "webm"])
def test_other_formats_are_refused(name: str) -> None:
    with pytest.raises(UnknownFormatError, match="output_format"):
        opened(output_format=name)


@pytest.mark.parametrize(
    "name", ["default", "gradium-tts-beta", "gradium-tts-beta-202609", "gradium-tts-202602", "", None]
)
def test_known_models(name: str | None) -> None:
    assert opened(model_name=name).model_name == (name or "default")


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModelError):
        opened(model_name="sonic-9000")


def test_wrong_types_in_a_config_are_told_apart_from_ranges() -> None:
    with pytest.raises(WrongTypeError, match="temp should be a number"):
        config({"temp": "0.7"})


def test_ids_in_shipped_clients_are_aliases_that_keep_their_gender() -> None:
    for uid in ("YTpq7expH9539ERJ", "m86j6D7UZpGzHsNu", "LFZvm12tW_z0xfGo", "vjFyp2BcCyTlUmYb"):
        assert uid in VOICES
    # LiveKit's default up to 1.8.2, and Pipecat's.
    assert (VOICES["4SZHfMpw-p46Ywgs"].gender, VOICES["_6Aslh2DxfmnRLmP"].gender) == ("female", "male")
    assert (VOICES["YTpq7expH9539ERJ"].gender, VOICES["m86j6D7UZpGzHsNu"].gender) == ("female", "male")
    assert NAMES.keys().isdisjoint(VOICES)
    assert "default" in VOICES
    assert all(len(voice.uid) == 16 for voice in CATALOG)
    assert len({voice.uid for voice in CATALOG}) == len(CATALOG) == len(VOICES) - 1
    assert len(CATALOG) - 18 == 66, "the flagship voices, beside those before them"


def test_a_name_is_that_of_the_present_voice() -> None:
    assert NAMES["davi"] == "NuUr_x5V90hSHzCJ"
