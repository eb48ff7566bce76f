"""Admission: refused before the cores are full, by what voices were measured to cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import OverloadedError
from vivavoce.runtime.admission import FRONT_COST, START_S, UNMEASURED_COST, Admission

pytestmark = pytest.mark.fast


def measured(admission: Admission, voice: str, cost: float, audio_s: float = 600.0) -> None:
    """Let ``admission`` see so much audio of ``voice`` at ``cost``."""
    for _ in range(round(audio_s)):
        admission.observe(voice, cost, 1.0)


def admitted(admission: Admission, voice: str, *, settling: bool = True) -> int:
    """How many streams of ``voice`` get in, one after the other or, without ``settling``, in one moment."""
    for count in range(1000):
        try:
            admission.admit(voice)
        except OverloadedError:
            return count
        if settling:
            admission.settle(voice)
    return 1000


def free_front(admission: Admission) -> None:
    """Let the front process cost nothing."""
    admission.observe_front(0.0, 1e9)


def test_a_measured_voice_fills_its_share_of_the_cores_and_no_more() -> None:
    admission = Admission(cores=2, max_load=0.95)
    measured(admission, "neural", 0.1)
    free_front(admission)
    assert admission.cost("neural") == pytest.approx(0.1, rel=1e-2)
    assert admitted(admission, "neural") == 18
    assert admission.load == pytest.approx(0.9, rel=1e-2)


@pytest.mark.parametrize(("cost", "streams"), [(0.6, 2), (0.47, 3), (0.3, 6), (0.02, 94), (0.005, 378)])
def test_no_stream_is_shared_out_over_two_cores(cost: float, streams: int) -> None:
    """The cores would carry 2, 4, 6, 95 and 380; the last to come count with the work that starts them."""
    admission = Admission(cores=2, max_load=0.95)
    free_front(admission)
    for _ in range(100):
        admission.observe("neural", cost * 100, 100)
    assert admitted(admission, "neural") == streams


def test_what_the_front_process_takes_is_counted_too() -> None:
    admission = Admission(cores=2, max_load=0.9)
    measured(admission, "neural", 0.05)
    assert admission.front_cost == FRONT_COST
    admission.observe_front(10.0, 1000.0)
    assert admission.front_cost == pytest.approx(0.01, rel=0.02)
    assert admitted(admission, "neural") == 29  # 1.8 cores for 0.05 and 0.01 each


def test_the_front_process_fills_one_core_at_most() -> None:
    admission = Admission(cores=64, max_load=0.9)
    measured(admission, "cheap", 0.001)
    admission.observe_front(20.0, 1000.0)
    assert admitted(admission, "cheap") == pytest.approx(0.9 / 0.02, abs=1)


def test_newcomers_count_with_the_work_that_starts_them() -> None:
    admission = Admission(cores=2, max_load=0.95)
    free_front(admission)
    measured(admission, "neural", 0.06)
    for _ in range(100):
        admission.observe("neural", 0.05 + 0.06 * 0.08, 0.08)
        admission.observe_start("neural", 0.05 + 0.06 * 0.08, 0.08)
        admission.observe("neural", 0.06 * 20, 20.0)
    assert admission.start_s("neural") == pytest.approx(0.05, rel=0.1)
    each = admission.cost("neural") + admission.start_s("neural") / START_S
    at_once = admitted(admission, "neural", settling=False)
    assert at_once == pytest.approx(1.9 / each, abs=1)
    for _ in range(at_once):
        admission.settle("neural")
    assert admitted(admission, "neural") >= 5, "settled ones left no room"


def test_a_stream_that_leaves_as_a_newcomer_leaves_nothing_behind() -> None:
    admission = Admission(cores=1, max_load=0.95)
    measured(admission, "neural", 0.1)
    before = admitted(admission, "neural", settling=False)
    for _ in range(before):
        admission.release("neural", settled=False)
    assert (admission.streams, admission.load) == (0, 0.0)
    assert admitted(admission, "neural", settling=False) == before


def test_a_costly_voice_still_gets_a_core_for_each() -> None:
    admission = Admission(cores=2, max_load=0.95)
    measured(admission, "high", 0.5)
    for _ in range(50):
        admission.observe("high", 0.1 + 0.5 * 0.1, 0.1)
        admission.observe_start("high", 0.1 + 0.5 * 0.1, 0.1)
    assert admitted(admission, "high", settling=False) == 2


def test_release_makes_room_again() -> None:
    admission = Admission(cores=1, max_load=1.0)
    measured(admission, "neural", 0.3)
    assert admitted(admission, "neural") == 3
    admission.release("neural", settled=True)
    admission.admit("neural")
    admission.release("neural", settled=False)
    for _ in range(2):
        admission.release("neural", settled=True)
    assert (admission.streams, admission.load) == (0, 0.0)


def test_a_refusal_says_when_to_come_back_and_counts_nothing() -> None:
    admission = Admission(cores=1, max_load=0.5, retry_after_s=2.5)
    measured(admission, "slow", 0.4)
    admission.admit("slow")
    with pytest.raises(OverloadedError, match="100% of the processor where 50%") as caught:
        admission.admit("slow")
    assert caught.value.retry_after_s == 2.5
    assert admission.streams == 1


def test_the_only_stream_is_admitted_however_slow_its_voice() -> None:
    admission = Admission(cores=1, max_load=0.95)
    measured(admission, "glacial", 4.0)
    admission.admit("glacial")
    with pytest.raises(OverloadedError):
        admission.admit("unheard of")


def test_a_voice_nobody_heard_is_not_refused() -> None:
    admission = Admission(cores=2, max_load=0.95)
    assert admission.cost("new") == UNMEASURED_COST
    assert admitted(admission, "new") >= 128


def test_one_costly_first_step_does_not_pass_for_the_price() -> None:
    """A neural voice prepares the whole sentence in its first step: 55 ms of work for 80 ms of audio."""
    admission = Admission(cores=2, max_load=0.95)
    admission.observe("neural", 0.055, 0.08)
    assert admission.cost("neural") < 0.1
    measured(admission, "neural", 0.08, audio_s=20)
    assert admission.cost("neural") == pytest.approx(0.08, rel=0.1)


def test_preparation_without_audio_is_charged() -> None:
    admission = Admission(cores=1, max_load=1.0)
    admission.observe("neural", 0.5, 0.0)
    assert admission.cost("neural") > 0.5


def test_a_voice_that_gets_cheaper_is_believed() -> None:
    admission = Admission(cores=1, max_load=1.0)
    measured(admission, "v", 0.5)
    measured(admission, "v", 0.05, audio_s=1200)
    assert admission.cost("v") == pytest.approx(0.05, rel=0.01)


def test_it_needs_a_core() -> None:
    with pytest.raises(ValueError, match="at least one core"):
        Admission(cores=0, max_load=1.0)


@examples(60)
@given(st.lists(st.sampled_from(["in a", "in b", "out a", "out b", "work a", "work b"]), max_size=60))
def test_the_load_is_the_sum_of_the_live_streams(doings: list[str]) -> None:
    admission = Admission(cores=2, max_load=0.9)
    live: list[str] = []
    for doing in doings:
        what, voice = doing.split()
        if what == "work":
            admission.observe(voice, 0.2, 0.5)
        elif what == "out" and voice in live:
            live.remove(voice)
            admission.release(voice, settled=False)
        elif what == "in":
            try:
                admission.admit(voice)
                live.append(voice)
            except OverloadedError:
                assert live, "an idle machine refused"
        assert admission.streams == len(live)
        alone = admission.front_cost
        assert admission.load == pytest.approx(sum(admission.cost(voice) + alone for voice in live) / 2)
