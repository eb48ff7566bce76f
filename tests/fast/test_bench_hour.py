"""An hour's guests come as planned, and what they got is counted by whose fault it can be."""

from __future__ import annotations

import pytest
from bench.guests import KINDS, MUTE, Guest, VoicePrice, expected_cpu_s, guests
from bench.hour_figures import COUNTED, Told
from bench.hour_load import Gone

pytestmark = pytest.mark.fast

PRICES = {
    "usual": VoicePrice(0.7, 0.07, 0.3),
    "costly": VoicePrice(0.1, 0.6, 0.3, costly=True),
    "cheap": VoicePrice(0.2, 0.005, 0.3),
}


def hour(seed: int = 5) -> list[Guest]:
    return [*guests(PRICES, 3600.0, 0.6, 2, 600.0, seed)]


def test_guests_need_the_share_of_the_cores_that_was_asked_for() -> None:
    needed_s = sum(expected_cpu_s(guest, PRICES) for guest in hour() if guest.kind != MUTE)
    assert needed_s / (2 * 3600.0) == pytest.approx(0.6, rel=0.1)


def test_guests_come_in_order_every_kind_and_the_same_each_time() -> None:
    came = hour()
    assert came == hour()
    assert came != hour(seed=6)
    assert [guest.at_s for guest in came] == sorted(guest.at_s for guest in came)
    for kind, share in KINDS.items():
        assert sum(guest.kind == kind for guest in came) / len(came) == pytest.approx(share, abs=0.05)
    assert [guest.at_s for guest in came if guest.kind == MUTE] == [
        0.0,
        600.0,
        1200.0,
        1800.0,
        2400.0,
        3000.0,
    ]
    assert all((guest.leaves_s is not None) == (guest.kind in ("leaver", MUTE)) for guest in came)


def gone(
    at_s: float,
    over_s: float,
    *,
    kind: str = "listener",
    first_s: float | None = 0.05,
    stalled_s: float = 0.0,
    code: str = "",
) -> Gone:
    return Gone(0, at_s, over_s, kind, "usual", first_s, stalled_s, audio_s=5.0, code=code)


def sample(at_s: float, growth: float) -> dict[str, float]:
    names = ("front_mb", "workers_mb", "front_fds", "cpu_s", "load_cpu_s", *COUNTED)
    return {"at_s": at_s, **dict.fromkeys(names, growth)}


def told(*some: Gone, kills: tuple[float, ...] = ()) -> dict[str, object]:
    """The figures of the first of six windows of ten seconds."""
    samples = [sample(0.0, 1.0), sample(5.0, 9.0), sample(10.0, 4.0)]
    whole = Told(
        seconds=60.0, load=0.6, prices=PRICES, guests=9, gone=[*some], samples=samples, kills=[*kills]
    )
    (window,) = whole.figures()["windows"]
    return dict(window)


def test_who_starved_is_told_by_whose_fault_it_can_be() -> None:
    window = told(
        gone(1.0, 2.0, stalled_s=0.5),
        gone(1.5, 3.0),
        gone(1.0, 3.0, kind="slow", stalled_s=0.5),
        gone(1.0, 9.0, kind=MUTE, stalled_s=0.5),
        gone(2.0, 3.0, kind="writer", stalled_s=0.5),
        gone(4.0, 6.0, stalled_s=0.5),
        gone(7.0, 9.0, stalled_s=0.5),
        kills=(5.0,),
    )
    assert (window["starved"], window["starved_writers"]) == (1, 1)
    assert (window["starved_by_kill"], window["touched_by_kill"]) == (2, 3)


def test_refused_and_failed_are_counted_apart() -> None:
    refused = gone(1.0, 1.1, code="overloaded", first_s=None)
    window = told(
        refused,
        gone(2.0, 3.0, code="engine_failed"),
        gone(3.0, 4.0),
        gone(8.0, 9.5, code="worker_died"),
        gone(12.0, 13.0),
        kills=(9.0,),
    )
    assert (window["came"], window["refused"]) == (4, 1)
    assert (window["errors"], window["errors_by_kill"]) == ({"engine_failed": 1}, {"worker_died": 1})


def test_first_audio_is_of_those_who_gave_their_whole_text() -> None:
    window = told(gone(1.0, 2.0, first_s=0.1), gone(1.0, 2.0, first_s=0.3), gone(2.0, 3.0, kind="writer"))
    assert window["first_audio_ms"] == {
        "usual": pytest.approx({"p50": 200.0, "p95": 290.0, "highest": 300.0, "count": 2}),
        "costly": {},
        "cheap": {},
    }


def test_peaks_and_growth_of_a_window() -> None:
    window = told(gone(1.0, 2.0))
    assert window["peak_front_mb"] == 9.0
    assert window["worker_deaths"] == 3.0
    assert window["cores"] == pytest.approx(0.3)
