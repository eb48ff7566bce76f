"""The simulator plays the real scheduler: it starves nobody where first come, first served does."""

from __future__ import annotations

import pytest
from bench.policies import POLICIES
from bench.simulator import Outcome, Play, Scene, play
from msgspec import structs

pytestmark = pytest.mark.fast

BUSY = Scene("a busy minute", cores=2, streams=60, over_s=25.0, slow_share=0.1, barge_share=0.1)


def outcomes(scene: Scene) -> dict[str, Outcome]:
    return {policy: play(scene, policy) for policy in POLICIES}


def test_the_earliest_deadline_starves_nobody_where_others_do() -> None:
    found = outcomes(BUSY)
    assert found["edf"].starved == 0
    assert found["edf"].stalled_s < 0.02
    for other in ("fifo", "round robin"):
        assert found[other].starved > 0
        assert found["edf"].first_p50_ms < found[other].first_p50_ms / 3
        assert found["edf"].first_p95_ms < found[other].first_p95_ms / 3


def test_admission_refuses_before_anybody_starves() -> None:
    crowd = Scene("far too many", cores=2, streams=50, over_s=2.0, talk_s=(4.0, 8.0))
    refusing, open_door = play(crowd, "edf"), play(structs.replace(crowd, admitting=False), "edf")
    assert refusing.refused > 10
    assert refusing.starved == 0
    assert open_door.refused == 0
    assert open_door.starved > 10


@pytest.mark.parametrize("policy", POLICIES)
def test_everybody_who_stays_hears_everything(policy: str) -> None:
    run = Play(structs.replace(BUSY, admitting=False, slow_share=0.5), POLICIES[policy](BUSY.cores))
    wanted = [sum(listener.utterances) for listener in run.listeners]
    run.run()
    for listener, want_s in zip(run.listeners, wanted, strict=True):
        if listener.leaves == float("inf"):
            assert listener.got_s == pytest.approx(want_s)
        else:
            assert listener.got_s <= want_s + 1e-6
    assert run.busy_s <= BUSY.cores * run.now


def test_a_scene_is_the_same_each_time() -> None:
    assert play(BUSY, "edf") == play(BUSY, "edf")
