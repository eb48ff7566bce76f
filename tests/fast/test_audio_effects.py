"""Tempo, pitch, volume and seams, measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fast.audio_probe import SIZES, level_db, pieces, pitch_hz, roughness, tone, voiced
from vivavoce.audio.effects import THRESHOLD, Chain, Limiter, Seam, effects
from vivavoce.audio.pcm import Samples, join, silence

pytestmark = pytest.mark.fast

RATE_HZ = 16000
SETTINGS = st.tuples(
    st.sampled_from([0.25, 0.5, 0.8, 1.0, 1.03, 1.5, 2.0, 4.0]),
    st.sampled_from([-24.0, -5.5, 0.0, 2.0, 12.0, 24.0]),
    st.sampled_from([0.0, 0.5, 1.0, 4.0]),
)


def through(chain: Chain, samples: Samples, sizes: list[int]) -> Samples:
    return join([*(chain.feed(piece) for piece in pieces(samples, sizes)), chain.flush()])


def middle(samples: Samples, seconds: float) -> Samples:
    n = round(seconds * RATE_HZ)
    return samples[(len(samples) - n) // 2 :][:n]


@examples(60)
@given(length=st.integers(0, 5000), setting=SETTINGS, sizes=SIZES)
def test_any_cut_gives_the_same_sound_of_the_exact_length(
    length: int, setting: tuple[float, float, float], sizes: list[int]
) -> None:
    tempo, semitones, gain = setting
    samples = voiced(RATE_HZ, 0.35)[:length]
    made = through(effects(RATE_HZ, tempo=tempo, pitch_semitones=semitones, gain=gain), samples, sizes)
    once = through(effects(RATE_HZ, tempo=tempo, pitch_semitones=semitones, gain=gain), samples, [10**6])
    assert len(made) == round(length / tempo)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, once, atol=1e-6)
    assert len(made) == 0 or np.max(np.abs(made)) < 1.0


@pytest.mark.parametrize("tempo", [0.25, 0.5, 0.9, 1.02, 1.3, 2.0, 3.0])
def test_tempo_keeps_pitch_and_level_and_adds_no_click(tempo: float) -> None:
    samples = voiced(RATE_HZ, 1.0 * tempo, glide_hz=0.0)
    made = through(effects(RATE_HZ, tempo=tempo), samples, [320])
    assert len(made) == round(len(samples) / tempo)
    assert pitch_hz(middle(made, 0.15), RATE_HZ) == pytest.approx(120, rel=0.02)
    assert abs(level_db(made) - level_db(samples)) < 1
    assert roughness(made) < 1.3 * roughness(samples)


@pytest.mark.parametrize("semitones", [-24, -12, -3, 0.5, 4, 12, 24])
def test_pitch_moves_by_the_semitones_and_the_duration_stays(semitones: float) -> None:
    samples = voiced(RATE_HZ, 0.6, glide_hz=0.0)
    made = through(effects(RATE_HZ, pitch_semitones=semitones), samples, [320])
    assert len(made) == len(samples)
    assert pitch_hz(middle(made, 0.2), RATE_HZ) == pytest.approx(120 * 2 ** (semitones / 12), rel=0.02)
    assert abs(level_db(made) - level_db(samples)) < 1
    # The wave itself moves faster by the ratio, its curvature by the square.
    assert roughness(made) < 1.5 * max(1.0, 2 ** (semitones / 6)) * roughness(samples)


@pytest.mark.parametrize("tempo", [0.7, 1.5])
def test_hiss_neither_fades_nor_flutters_at_the_joins(tempo: float) -> None:
    hiss = np.random.default_rng(1).normal(0, 0.1, RATE_HZ).astype(np.float32)
    made = through(effects(RATE_HZ, tempo=tempo), hiss, [320])
    assert abs(level_db(made) - level_db(hiss)) < 0.3
    # Each segment of 20 ms begins with a join of 10 ms.
    halves = made[: len(made) // 320 * 320].reshape(-1, 2, 160)
    assert abs(level_db(halves[:, 0]) - level_db(halves[:, 1])) < 0.5


def test_tempo_and_pitch_together() -> None:
    samples = voiced(RATE_HZ, 1.0, glide_hz=0.0)
    made = through(effects(RATE_HZ, tempo=1.6, pitch_semitones=5), samples, [320])
    assert len(made) == round(len(samples) / 1.6)
    assert pitch_hz(middle(made, 0.15), RATE_HZ) == pytest.approx(120 * 2 ** (5 / 12), rel=0.02)


@pytest.mark.parametrize(
    ("tempo", "semitones"), [(0.5, 0), (1.3, 0), (2.0, 0), (3.0, 0), (1.0, 7), (1.0, -7)]
)
def test_every_sound_stays_at_its_time(tempo: float, semitones: float) -> None:
    """Marks are moved by the tempo alone, so a burst at t has to be heard at t / tempo."""
    samples = silence(2 * RATE_HZ)
    for start_s in (0.5, 1.0, 1.5):
        at = round(start_s * RATE_HZ)
        samples[at : at + RATE_HZ // 10] = tone(RATE_HZ, 0.1, 300.0)
    made = through(effects(RATE_HZ, tempo=tempo, pitch_semitones=semitones), samples, [320])
    heard = np.flatnonzero(np.abs(made) > 0.05)
    starts = [heard[0], *heard[1:][np.diff(heard) > RATE_HZ // 20]]
    assert np.array(starts) / RATE_HZ == pytest.approx(np.array([0.5, 1.0, 1.5]) / tempo, abs=0.025)


@pytest.mark.parametrize(("tempo", "semitones"), [(0.5, 0), (1.02, 0), (2.0, 0), (1.0, 4), (1.0, -4)])
def test_no_more_than_30_ms_of_input_is_held_back(tempo: float, semitones: float) -> None:
    chain = effects(RATE_HZ, tempo=tempo, pitch_semitones=semitones)
    taken = given = 0
    for piece in pieces(voiced(RATE_HZ, 0.5), [320]):
        taken, given = taken + len(piece), given + len(chain.feed(piece))
        assert given > 0
        assert taken - given * tempo <= 0.03 * RATE_HZ


def test_what_asks_for_nothing_costs_nothing() -> None:
    chain = effects(RATE_HZ)
    samples = tone(RATE_HZ, 0.02)
    assert chain.identity
    assert chain.feed(samples) is samples
    assert len(chain.flush()) == 0
    assert not effects(RATE_HZ, tempo=1.01).identity
    assert not effects(RATE_HZ, gain=0.9).identity
    assert not effects(RATE_HZ, pitch_semitones=-0.1).identity


def test_after_flush_a_chain_begins_anew() -> None:
    chain = effects(RATE_HZ, tempo=1.4, pitch_semitones=3, gain=2)
    samples = voiced(RATE_HZ, 0.2)
    assert np.array_equal(through(chain, samples, [320]), through(chain, samples, [320]))


@pytest.mark.parametrize("bad", [{"tempo": 0.2}, {"tempo": 4.1}, {"pitch_semitones": 25.0}, {"gain": -0.1}])
def test_out_of_range_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        effects(RATE_HZ, **bad)


def test_under_the_threshold_the_limiter_only_multiplies() -> None:
    samples = tone(RATE_HZ, 0.1, level=THRESHOLD)
    assert np.array_equal(Limiter(RATE_HZ, 1.0).feed(samples), samples)
    assert np.array_equal(Limiter(RATE_HZ, 0.5).feed(samples), samples * np.float32(0.5))


def test_far_too_loud_stays_under_full_scale_and_keeps_its_wave() -> None:
    samples = tone(RATE_HZ, 0.5, 200.0, level=0.9)
    made = Limiter(RATE_HZ, 4.0).feed(samples)
    assert THRESHOLD < np.max(np.abs(made)) < 1.0
    # A clipped sine would have its third harmonic 10 dB under the first one.
    spectrum = np.abs(np.fft.rfft(made[1600:] * np.hanning(len(made) - 1600)))
    bin_hz = RATE_HZ / (len(made) - 1600)
    assert spectrum[round(600 / bin_hz)] < 0.1 * spectrum[round(200 / bin_hz)]


def test_after_a_loud_moment_the_volume_comes_back() -> None:
    limiter = Limiter(RATE_HZ, 2.0)
    limiter.feed(tone(RATE_HZ, 0.1, level=0.9))
    quiet = tone(RATE_HZ, 0.3, level=0.2)
    made = limiter.feed(quiet)
    assert level_db(made[:800]) < level_db(2 * quiet[:800]) - 0.5
    assert np.array_equal(made[-800:], quiet[-800:] * 2)


# ---- seams ----


def joined(utterances: list[Samples], sizes: list[int], rate_hz: int = RATE_HZ) -> Samples:
    seam = Seam(rate_hz)
    made: list[Samples] = []
    for utterance in utterances:
        made += [seam.feed(piece) for piece in pieces(utterance, sizes)]
        made += [seam.cut(), silence(rate_hz // 50)]
    return join(made)


@examples(30)
@given(first=st.integers(0, 900), second=st.integers(0, 900), sizes=SIZES)
def test_any_cut_gives_the_same_seams_and_no_length(first: int, second: int, sizes: list[int]) -> None:
    cosine = np.cos(np.arange(900) / 20).astype(np.float32)
    utterances = [cosine[:first], cosine[:second]]
    made = joined(utterances, sizes)
    assert len(made) == first + second + 2 * (RATE_HZ // 50)
    assert np.array_equal(made, joined(utterances, [10**6]))
    assert roughness(join([silence(5), made])) < 0.1


def test_an_utterance_that_rests_at_both_ends_is_untouched() -> None:
    calm = voiced(RATE_HZ, 0.5)
    assert np.array_equal(joined([calm], [320])[: len(calm)], calm)


def test_only_the_ends_are_faded() -> None:
    made = joined([np.full(RATE_HZ // 10, 0.5, np.float32)], [320])
    edge = 3 * RATE_HZ // 1000
    assert np.all(made[edge : RATE_HZ // 10 - edge] == 0.5)
    assert made[0] < 0.01
    assert made[RATE_HZ // 10 - 1] < 0.01


def test_a_seam_holds_at_most_3_ms() -> None:
    seam = Seam(RATE_HZ)
    assert 320 - len(seam.feed(tone(RATE_HZ, 0.02))) <= 3 * RATE_HZ // 1000
    assert len(seam.feed(silence(0))) == 0
    assert len(seam.flush()) == 3 * RATE_HZ // 1000
    assert len(seam.flush()) == 0
