"""The resampler: clean, aligned, of exact length, soon, and the same however the stream was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fast.audio_probe import SIZES, pieces, tone, voiced
from vivavoce.audio.pcm import Samples, join, silence
from vivavoce.audio.resample import Resampler

pytestmark = pytest.mark.fast

PAIRS = [(24000, 48000), (22050, 48000), (24000, 8000), (22050, 8000), (48000, 44100), (8000, 24000)]
RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000])


def resampled(samples: Samples, from_hz: int, to_hz: int, sizes: list[int]) -> Samples:
    resampler = Resampler(from_hz, to_hz)
    return join([*(resampler.feed(piece) for piece in pieces(samples, sizes)), resampler.flush()])


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_a_high_tone_comes_out_clean_and_in_place(from_hz: int, to_hz: int) -> None:
    hz = 0.4 * min(from_hz, to_hz)
    made = resampled(tone(from_hz, 0.5, hz), from_hz, to_hz, [from_hz // 50])
    wanted = tone(to_hz, 0.5, hz)
    assert len(made) == len(wanted)
    middle = slice(to_hz // 20, -to_hz // 20)  # at the ends the tone itself is cut off
    error = made[middle].astype(np.float64) - wanted[middle]
    assert np.mean(error**2) < 10**-8 * np.mean(wanted[middle] ** 2)


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_an_impulse_stays_where_it_is(from_hz: int, to_hz: int) -> None:
    impulse = silence(from_hz // 5)
    impulse[from_hz // 10] = 1.0
    power = resampled(impulse, from_hz, to_hz, [from_hz // 50]).astype(np.float64) ** 2
    centre_s = np.sum(np.arange(len(power)) * power) / np.sum(power) / to_hz
    assert abs(centre_s - (from_hz // 10) / from_hz) < 0.0001


def test_what_the_lower_rate_cannot_carry_is_removed() -> None:
    made = resampled(tone(24000, 0.2, 7000.0), 24000, 8000, [480])
    assert np.max(np.abs(made[400:-400])) < 0.5 * 10 ** (-80 / 20)


@examples(40)
@given(length=st.integers(0, 3000), from_hz=RATES, to_hz=RATES, sizes=SIZES)
def test_any_cut_gives_the_same_samples_and_the_exact_length(
    length: int, from_hz: int, to_hz: int, sizes: list[int]
) -> None:
    samples = voiced(from_hz, 0.4)[:length]
    made = resampled(samples, from_hz, to_hz, sizes)
    assert len(made) == round(len(samples) * to_hz / from_hz)
    assert np.array_equal(made, resampled(samples, from_hz, to_hz, [10**6]))


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_the_first_20_ms_give_output_at_once(from_hz: int, to_hz: int) -> None:
    n = from_hz // 50
    made = Resampler(from_hz, to_hz).feed(tone(from_hz, 1.0)[:n])
    held_s = n / from_hz - len(made) / to_hz
    assert 0 <= held_s < 0.005


def test_after_flush_it_begins_anew() -> None:
    resampler = Resampler(22050, 24000)
    samples = voiced(22050, 0.1)
    first = join([resampler.feed(samples), resampler.flush()])
    again = join([resampler.feed(samples), resampler.flush()])
    assert np.array_equal(first, again)
    assert len(resampler.flush()) == 0


def test_the_same_rate_costs_nothing() -> None:
    resampler = Resampler(24000, 24000)
    samples = tone(24000, 0.02)
    assert resampler.identity
    assert resampler.feed(samples) is samples
    assert len(resampler.flush()) == 0
    assert not Resampler(24000, 22050).identity
