"""Loaded voices stay within their bound, and those at work stay loaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import EngineError
from vivavoce.runtime.placement import SPARE_MB, Placement
from vivavoce.runtime.shelf import Shelf

pytestmark = pytest.mark.fast

SIZES = {"a": 100.0, "b": 150.0, "c": 200.0, "huge": 900.0}
BOUND_MB = 400.0


def shelf(*loaded: str) -> Shelf:
    made = Shelf(BOUND_MB, SIZES)
    for model in loaded:
        assert made.make_room(model, ()) == ()
        made.put(model)
    return made


def test_the_least_recently_used_goes_first() -> None:
    made = shelf("a", "b")
    assert made.use("a")
    assert made.make_room("c", ()) == ("b",)
    made.put("c")
    assert made.used_mb == 300
    assert not made.use("b")


def test_no_more_goes_than_has_to() -> None:
    assert shelf("a").make_room("b", ()) == ()
    assert shelf("a", "b").make_room("c", ()) == ("a",)


def test_a_voice_at_work_stays() -> None:
    assert shelf("a", "b").make_room("c", {"a"}) == ("b",)
    made = shelf("a", "b")
    with pytest.raises(EngineError, match="voices at work leave less of the 400 MB"):
        made.make_room("c", {"a", "b"})
    assert made.use("a"), "nothing was forgotten"
    assert made.use("b")


def test_a_voice_over_the_bound_is_an_error_that_names_the_setting() -> None:
    made = shelf("a")
    with pytest.raises(EngineError, match=r"about 900 MB, more than the 400 MB .*VIVAVOCE_VOICE_MEMORY_MB"):
        made.make_room("huge", ())
    assert made.use("a")


def test_light_voices_are_not_on_it() -> None:
    made = shelf()
    assert made.is_heavy("a")
    assert not made.is_heavy("en-us")
    assert not made.use("en-us")
    assert len(made) == 0


@examples(60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.sampled_from("abc"))), max_size=30))
def test_the_bound_holds_whatever_is_asked_for(asked: list[tuple[str, set[str]]]) -> None:
    made = shelf()
    for model, at_work in asked:
        if not made.use(model):
            try:
                assert not at_work.intersection(made.make_room(model, at_work))
                made.put(model)
            except EngineError:
                assert made.used_mb + SIZES[model] > BOUND_MB
        assert made.used_mb <= BOUND_MB


# ---- across workers -----------------------------------------------------------------------------------------------------


def placement() -> Placement:
    made = Placement(2, BOUND_MB)
    made.learn(SIZES)
    return made


def test_a_worker_whose_voices_are_at_work_has_no_room_for_another() -> None:
    made = placement()
    made.board(0, "c")
    made.board(0, "c")
    made.board(0, "b")
    assert not made.fits(0, "a")
    assert made.fits(0, "b"), "it is at hand there"
    assert made.fits(1, "a")
    made.land(0, "c")
    assert not made.fits(0, "a")
    made.land(0, "c")
    assert made.fits(0, "a")


def test_a_worker_that_has_ended_holds_nothing() -> None:
    made = placement()
    made.board(0, "c")
    made.board(0, "b")
    made.clear(0)
    assert made.fits(0, "a")


def test_speakers_of_a_voice_share_what_is_loaded() -> None:
    made = placement()
    assert made.heavy("a:anna") == made.heavy("a") == "a"
    assert made.heavy("en-us") is None
    made.board(0, "b:anna")
    made.board(0, "c")
    assert made.fits(0, "b")
    made.land(0, "b:berta")
    assert made.fits(0, "a")


def test_a_voice_over_the_bound_is_refused_before_it_reaches_a_worker() -> None:
    made = placement()
    made.check("a")
    made.check("en-us")
    with pytest.raises(EngineError, match="900 MB"):
        made.check("huge:anna")


@pytest.mark.parametrize(
    ("voice", "took_s", "wants"),
    [("a", 0.1, False), ("a", 0.6, True), ("b", 0.1, True), ("en-us", 9.0, False)],
)
def test_a_spare_is_worth_it_for_voices_that_are_large_or_slow_to_load(
    voice: str, took_s: float, wants: bool
) -> None:
    assert SIZES["a"] <= SPARE_MB < SIZES["b"]
    assert placement().wants_spare(voice, took_s) is wants


def test_a_removed_model_stays_with_the_workers_that_have_it() -> None:
    made = Placement(2, BOUND_MB)
    made.learn({"ann": 100.0, "bob": 100.0})
    has, lacks = {"ann"}, {"bob"}
    assert made.reachable("ann", lacks, [has, lacks])
    made.keep(["bob:p1"])
    assert made.reachable("ann", has, [has, lacks])
    assert not made.reachable("ann", lacks, [has, lacks])
    assert made.reachable(
        "ann", lacks, [lacks, lacks]
    )  # It fails there, in words, rather than waiting for ever.
    assert made.reachable("bob", has, [has, lacks])
    made.learn({"ann": 120.0})
    made.keep(["ann", "bob"])
    assert made.reachable("ann", lacks, [has, lacks])
