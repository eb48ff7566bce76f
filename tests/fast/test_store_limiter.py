"""Limits of keys, with the time handed in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import ConcurrencyLimitError, QuotaExceededError, RateLimitedError, VivavoceError
from vivavoce.records import Key, KeyLimits
from vivavoce.store.limiter import Lease, Limiter

pytestmark = pytest.mark.fast

NOW = 1_700_000_000.0


def key(**limits: int) -> Key:
    return Key(id="k", name="k", prefix="vv_", scopes=("speech",), created_at=0.0, limits=KeyLimits(**limits))


def limiter(spent: int = 0) -> Limiter:
    return Limiter(lambda account, now: spent)


def test_no_limits_let_everything_through() -> None:
    one = limiter(10**9)
    leases = [one.admit(key(), NOW) for _ in range(100)]
    assert one.streams("k") == 100
    for lease in leases:
        lease.spend(10**6, NOW)
        lease.release()
    assert one.streams("k") == 0
    assert one.characters("k", NOW) == 10**9


def test_streams_at_once() -> None:
    one = limiter()
    first = one.admit(key(concurrent_streams=2), NOW)
    one.admit(key(concurrent_streams=2), NOW)
    with pytest.raises(ConcurrencyLimitError) as caught:
        one.admit(key(concurrent_streams=2), NOW)
    assert caught.value.retry_after_s == 1.0
    first.release()
    first.release()
    assert one.streams("k") == 1
    one.admit(key(concurrent_streams=2), NOW)


def test_temporary_keys_count_for_their_parent() -> None:
    one = limiter()
    limits = KeyLimits(concurrent_streams=1)
    child = Key(
        id="t", name="t", prefix="vvt_", scopes=("speech",), created_at=0.0, parent_id="k", limits=limits
    )
    one.admit(key(concurrent_streams=1), NOW)
    with pytest.raises(ConcurrencyLimitError):
        one.admit(child, NOW)


def test_requests_in_a_moving_window() -> None:
    one = limiter()
    for second in (0, 10, 50):
        one.admit(key(requests_per_minute=3), NOW + second).release()
    with pytest.raises(RateLimitedError) as caught:
        one.admit(key(requests_per_minute=3), NOW + 55)
    assert caught.value.retry_after_s == 5.0
    one.admit(key(requests_per_minute=3), NOW + 60)
    with pytest.raises(RateLimitedError) as caught:
        one.admit(key(requests_per_minute=3), NOW + 60)
    assert caught.value.retry_after_s == 10.0


def test_refused_requests_do_not_count() -> None:
    one = limiter()
    one.admit(key(requests_per_minute=1), NOW)
    for second in range(1, 60):
        with pytest.raises(RateLimitedError):
            one.admit(key(requests_per_minute=1), NOW + second)
    one.admit(key(requests_per_minute=1), NOW + 60)
    assert one.streams("k") == 2


def test_a_clock_set_back_does_not_lock_the_key_out() -> None:
    one = limiter()
    one.admit(key(requests_per_minute=1), NOW)
    one.admit(key(requests_per_minute=1), NOW - 3600)


def test_limit_of_nothing() -> None:
    with pytest.raises(RateLimitedError):
        limiter().admit(key(requests_per_minute=0), NOW)
    with pytest.raises(ConcurrencyLimitError):
        limiter().admit(key(concurrent_streams=0), NOW)
    with pytest.raises(QuotaExceededError):
        limiter().admit(key(characters_per_month=0), NOW)


def test_characters_of_running_streams_count() -> None:
    one = limiter(spent=90)
    first, second = (one.admit(key(characters_per_month=100), NOW) for _ in range(2))
    first.spend(8, NOW)
    with pytest.raises(QuotaExceededError, match="100 characters a month and has spoken 98"):
        second.spend(3, NOW)
    second.spend(2, NOW)
    assert one.characters("k", NOW) == 100
    with pytest.raises(QuotaExceededError):
        one.admit(key(characters_per_month=100), NOW)
    first.release()
    assert one.characters("k", NOW) == 92


def test_what_is_spent_is_asked_for_the_account_and_the_time() -> None:
    asked: list[tuple[str, float]] = []

    def spent(account: str, now: float) -> int:
        asked.append((account, now))
        return 0

    Limiter(spent).admit(key(characters_per_month=1), NOW)
    assert asked == [("k", NOW)]


def _refusal(streams: int, recent: list[float]) -> type[VivavoceError] | None:
    if streams == 3:
        return ConcurrencyLimitError
    return RateLimitedError if len(recent) == 5 else None


@examples(50)
@given(st.lists(st.sampled_from(["admit", "release", "tick"]), max_size=60))
def test_never_more_than_allowed(moves: list[str]) -> None:
    """Whatever happens in whatever order: at most 3 streams, at most 5 admissions in any 60 s."""
    one, now = limiter(), NOW
    leases: list[Lease] = []
    admitted: list[float] = []
    for move in moves:
        if move == "tick":
            now += 7.0
        elif move == "release" and leases:
            leases.pop(0).release()
        elif move == "admit":
            recent = [at for at in admitted if at > now - 60]
            refusal = _refusal(len(leases), recent)
            if refusal is None:
                leases.append(one.admit(key(concurrent_streams=3, requests_per_minute=5), now))
                admitted.append(now)
            else:
                with pytest.raises(refusal):
                    one.admit(key(concurrent_streams=3, requests_per_minute=5), now)
        assert one.streams("k") == len(leases) <= 3
