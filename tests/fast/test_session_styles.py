"""Styles change prosody by degree and stay within its ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from vivavoce.errors import OutOfRangeError, TextTooLongError
from vivavoce.formats import audio_format
from vivavoce.session.limits import Limits, check, check_length, holds
from vivavoce.session.pipeline import divide
from vivavoce.session.styles import STYLES, styled
from vivavoce.speech import Open, Prosody, VoiceInfo

pytestmark = pytest.mark.fast

WAV = audio_format("wav", rate_hz=24000)


def test_degree_zero_and_neutral_leave_the_voice_alone() -> None:
    prosody = Prosody(speed=1.3, pitch_semitones=2, pitch_range=0.7, volume=0.5)
    assert styled(prosody, "angry", 0.0) == prosody
    assert styled(prosody, "neutral", 2.0) == prosody


def test_every_style_but_neutral_is_heard_and_a_higher_degree_more_so() -> None:
    for name in STYLES.keys() - {"neutral"}:
        one, two = styled(Prosody(), name, 1.0), styled(Prosody(), name, 2.0)
        assert one != Prosody()
        for field in Prosody.__struct_fields__:
            rest, first, second = (getattr(p, field) for p in (Prosody(), one, two))
            assert abs(second - rest) >= abs(first - rest)


@given(
    st.sampled_from(sorted(STYLES)),
    st.floats(0, 2),
    st.floats(0.25, 4),
    st.floats(-24, 24),
    st.floats(0, 2),
    st.floats(0, 4),
)
def test_what_is_styled_stays_in_range(
    style: str, degree: float, speed: float, pitch: float, pitch_range: float, volume: float
) -> None:
    prosody = Prosody(speed=speed, pitch_semitones=pitch, pitch_range=pitch_range, volume=volume)
    check(Open(voice="v", format=WAV, prosody=styled(prosody, style, degree)))


@pytest.mark.parametrize(
    ("field", "value"),
    [("speed", 0.2), ("speed", float("nan")), ("pitch_semitones", 25), ("pitch_range", -1), ("volume", 5)],
)
def test_prosody_out_of_range_is_refused(field: str, value: float) -> None:
    with pytest.raises(OutOfRangeError, match=f"{field}: expected"):
        check(Open(voice="v", format=WAV, prosody=Prosody(**{field: value})))


@pytest.mark.parametrize(
    ("field", "value"), [("style_degree", 3.0), ("duration_s", 0.0), ("idle_flush_s", 1e9)]
)
def test_numbers_of_the_request_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(OutOfRangeError, match=f"{field}: expected"):
        check(structs.replace(Open(voice="v", format=WAV), **{field: value}))


def test_an_unknown_style_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OutOfRangeError, match="unknown style 'smug'; expected one of neutral"):
        check(Open(voice="v", format=WAV, style="smug"))


def test_held_audio_bounds_the_text_more_tightly() -> None:
    plain, held = Open(voice="v", format=WAV), Open(voice="v", format=WAV, duration_s=5)
    assert not holds(plain)
    assert holds(held)
    check_length(plain, Limits(), 60_000)
    with pytest.raises(TextTooLongError, match="expected at most 50000 characters, got 60000"):
        check_length(held, Limits(), 60_000)


def test_what_an_engine_cannot_reach_is_left_to_the_samples() -> None:
    voice = VoiceInfo(
        id="v", name="V", engine="e", language="en", languages=("en",), gender="neutral", rate_hz=16_000,
        licence="-", capabilities=frozenset({"speed", "pitch", "pitch_range"}),
    )  # fmt: skip
    native, rest = divide(Prosody(speed=4, pitch_semitones=-12, pitch_range=0.5, volume=2), voice)
    assert (native.speed * rest.speed, native.speed) == (4, 2.5)
    assert (native.pitch_semitones + rest.pitch_semitones, native.pitch_semitones) == (-12, -7)
    assert (native.pitch_range, native.volume, rest.volume) == (0.5, 1.0, 2)
    deaf = structs.replace(voice, capabilities=frozenset())
    native, rest = divide(Prosody(speed=2, pitch_semitones=3, pitch_range=0), deaf)
    assert native == Prosody()
    assert (rest.speed, rest.pitch_semitones) == (2, 3)
