"""One stream, from text to bytes: the standing properties, and the rules of order."""

from __future__ import annotations

import itertools
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from stage import PCM, RATE_HZ, SAMPLES_PER_CHARACTER, Stage, audio, chop, request, say
from vivavoce.errors import EngineError, OutOfOrderError, TextTooLongError
from vivavoce.session.limits import MAX_FLUSHES, Limits
from vivavoce.session.patience import HUNGER_MARGIN_S
from vivavoce.session.table import State
from vivavoce.speech import Audio, Cancel, End, Ended, Failed, Flush, Flushed, Mark, Text, Utterance

pytestmark = pytest.mark.fast

STORY = (
    "Dr. Vance paid $1,234.56 for it, believe it or not. “Really?” she asked… "
    'Then <break time="0.3s"/> nothing. <flush>Visit example.com now! 你好。世界！ Ünïcödé naïve 😀 end'
)
TEXTS = st.one_of(
    st.just(STORY),
    st.text(alphabet=st.sampled_from('ab .,!?…<>"brflush/ 。\n'), max_size=60),
    st.text(max_size=40),
)


@given(TEXTS, st.integers(0, 10_000))
@examples(60)
def test_any_chopping_of_the_text_gives_the_same_speech(text: str, seed: int) -> None:
    whole = say(text, marks=frozenset({"word", "character"}))
    chopped = say(text, pieces=chop(text, seed), marks=frozenset({"word", "character"}))
    assert chopped == whole


@given(st.integers(0, 10_000))
@examples(40)
def test_any_order_of_completion_gives_the_same_speech(seed: int) -> None:
    rng = random.Random(seed)
    stage = Stage(request(marks=frozenset({"word"})))
    stage.send(Text(STORY), End())
    events = stage.play(rng.choice)
    expected = say(STORY, marks=frozenset({"word"}))
    assert audio(events) == audio(expected)
    assert [e for e in events if not isinstance(e, Audio)] == [
        e for e in expected if not isinstance(e, Audio)
    ]


@given(st.integers(0, 60), st.integers(0, 10_000))
@examples(60)
def test_a_cancel_at_any_step_leaves_nothing_running(steps: int, seed: int) -> None:
    stage = Stage(request())
    rng = random.Random(seed)
    stage.send(Text(STORY), *([End()] if seed % 2 else []))
    stage.pull_all()
    for _ in range(steps):
        stage.step(rng.choice)
    before = len(stage.events)
    stage.send(Cancel())
    assert stage.session.pull() is None
    while stage.step(rng.choice):
        pass
    stage.take()
    assert not stage.session.owes
    last = stage.events[before:]
    assert len(last) == 1
    assert isinstance(last[0], Ended)
    assert last[0].cancelled
    stage.send(Cancel())
    assert not stage.session.owes


def test_flushes_that_nobody_takes_are_bounded() -> None:
    stage = Stage(request())
    stage.send(Text("One. "), *[Flush()] * MAX_FLUSHES)
    with pytest.raises(OutOfOrderError, match="10000 flushes"):
        stage.send(Flush())
    stage.pull_all()
    with pytest.raises(OutOfOrderError):
        stage.send(Flush())
    stage.send(Text("Two."), End())
    events = stage.play(lambda ready: ready[0])
    assert sum(isinstance(event, Flushed) for event in events) == MAX_FLUSHES
    assert isinstance(events[-1], Ended)


def test_flushes_that_are_taken_are_not() -> None:
    stage = Stage(request())
    for _ in range(3):
        stage.send(*[Flush()] * (MAX_FLUSHES - 1))
        stage.pull_all()
        stage.take()
    assert len(stage.events) == 3 * (MAX_FLUSHES - 1)


def test_the_words_lead_back_to_the_callers_own_text_and_none_is_lost() -> None:
    events = say(STORY, marks=frozenset({"word"}))
    words = [e for e in events if isinstance(e, Mark)]
    assert all(STORY[w.text_start : w.text_stop] == w.value for w in words)
    plain = STORY.replace('<break time="0.3s"/>', " ").replace("<flush>", " ")
    # Chinese sentences need no white space between them.
    assert "".join(w.value for w in words) == "".join(plain.split())
    assert [w.value for w in words[:6]] == plain.split()[:6]


def test_marks_never_come_after_their_audio_and_never_go_back() -> None:
    heard_s = 0.0
    starts = []
    for event in say(STORY, marks=frozenset({"word"})):
        if isinstance(event, Audio):
            assert event.start_s == pytest.approx(heard_s)
            heard_s = event.stop_s
        elif isinstance(event, Mark):
            assert event.start_s >= heard_s - 1e-9
            assert event.stop_s >= event.start_s
            starts.append(event.start_s)
    assert len(starts) > 10
    assert starts == sorted(starts)


def test_a_word_mark_lies_where_its_samples_are() -> None:
    text = "One two three, four five six seven. Eight nine."
    events = say(text, marks=frozenset({"word"}))
    samples = struct.unpack(f"<{len(audio(events)) // 2}h", audio(events))
    for word in (e for e in events if isinstance(e, Mark)):
        middle = round((word.start_s + word.stop_s) / 2 * RATE_HZ)
        assert samples[middle] == pytest.approx(1000 + sum(map(ord, word.value)) % 8000, abs=2)


def test_character_marks_tile_the_text_with_one_space_between_units() -> None:
    text = "Hello  there, big wide world of ours. And more."
    marks = [e for e in say(text, marks=frozenset({"character"})) if isinstance(e, Mark)]
    assert "".join(m.value for m in marks).split() == text.split()
    for before, after in itertools.pairwise(marks):
        assert before.stop_s <= after.start_s + 1e-9
    assert marks[-1].stop_s == pytest.approx(len(audio(say(text))) / 2 / RATE_HZ, abs=1e-3)


def test_the_length_of_the_audio_is_the_length_of_what_was_spoken() -> None:
    stage = Stage(request())
    stage.send(Text('One two. <break time="1.5s"/> Three.'), End())
    events = stage.play()
    spoken = sum(len(u.text) for u in stage.spoken) * SAMPLES_PER_CHARACTER
    assert len(audio(events)) // 2 == spoken + round(1.5 * RATE_HZ)
    last = events[-1]
    assert isinstance(last, Ended)
    assert last.audio_s == pytest.approx(spoken / RATE_HZ + 1.5)
    assert last.characters == len('One two. <break time="1.5s"/> Three.')


def test_flushed_follows_the_last_audio_of_the_text_before_it() -> None:
    stage = Stage(request())
    stage.send(Text("Half a sen"), Flush("f1"), Text("tence more."), End())
    events = stage.play()
    at = next(i for i, e in enumerate(events) if isinstance(e, Flushed))
    flushed = events[at]
    assert isinstance(flushed, Flushed)
    assert flushed.flush_id == "f1"
    before = len(audio(events[:at])) / 2 / RATE_HZ
    assert flushed.audio_s == pytest.approx(before, abs=0.02)
    assert [u.text for u in stage.spoken] == ["Half a sen", "tence more."]


def test_an_utterance_that_fails_ends_the_stream_after_all_before_it_was_heard() -> None:
    stage = Stage(request())
    stage.send(Text("The first one is fine. The second breaks. The third is never heard."), End())
    stage.pull_all()
    second = next(u.number for u in stage.spoken if "second" in u.text)
    stage.session.fail(second, EngineError("no breath"))
    assert not any(isinstance(e, Failed) for e in stage.events)
    events = stage.play()
    assert isinstance(events[-1], Failed)
    assert events[-1].error.message == "no breath"
    before = sum(len(u.text) for u in stage.spoken if u.number < second) * SAMPLES_PER_CHARACTER
    assert len(audio(events)) // 2 == pytest.approx(before, abs=RATE_HZ * 0.02)
    assert stage.session.state is State.FAILED
    assert stage.session.pull() is None


def test_refused_text_leaves_the_stream_as_it_was() -> None:
    stage = Stage(request(), limits=Limits(max_text_chars=10))
    stage.send(Text("Fine. "))
    with pytest.raises(TextTooLongError, match="expected at most 10 characters, got 16"):
        stage.send(Text("Too long.."))
    stage.send(Text("Ok."), End())
    assert [u.text for u in _spoken(stage)] == ["Fine.", "Ok."]
    with pytest.raises(OutOfOrderError):
        stage.send(Text("late"))


def _spoken(stage: Stage) -> list[Utterance]:
    stage.play()
    return stage.spoken


def test_whole_words_of_a_silent_writer_are_spoken_at_the_deadline() -> None:
    stage = Stage(request(), limits=Limits(idle_flush_s=0.4))
    assert stage.session.deadline() is None
    stage.send(Text("two words an"))
    assert stage.session.deadline() == pytest.approx(0.4)
    stage.pull_all()
    stage.session.tick(0.3)
    stage.pull_all()
    assert stage.spoken == []
    stage.session.tick(0.4)
    stage.pull_all()
    assert [u.text for u in stage.spoken] == ["two words"]
    assert stage.session.deadline() is None, "half a word waits for its rest"


def test_a_listener_with_audio_left_is_not_given_half_a_sentence() -> None:
    stage = Stage(request(), limits=Limits(idle_flush_s=0.4))
    stage.session.listening_until(5.0)
    stage.send(Text("two words an"))
    assert stage.session.deadline() == pytest.approx(4.7)


def hungry(text: str) -> Stage:
    """The first unit was heard and runs out at 2.0; ``text`` goes on in the middle of the sentence, at 1.0."""
    stage = Stage(request(), limits=Limits(idle_flush_s=5.0))
    stage.send(Text("one two three four five"))
    stage.play()
    stage.session.listening_until(2.0)
    stage.session.send(Text(text), 1.0)
    stage.pull_all()
    return stage


def test_a_listener_who_would_run_out_gets_the_words_that_are_there() -> None:
    stage = hungry(" six seven eight nine te")
    assert stage.session.deadline() == pytest.approx(2.0 - HUNGER_MARGIN_S)
    stage.session.tick(2.0 - HUNGER_MARGIN_S - 0.1)
    stage.pull_all()
    assert [u.text for u in stage.spoken] == ["one two three four"]
    stage.session.tick(2.0 - HUNGER_MARGIN_S + 0.01)
    stage.pull_all()
    assert [u.text for u in stage.spoken[1:]] == ["five six seven eight nine"]
    stage.send(Text("n eleven twelve thirteen fourteen. "))
    stage.pull_all()
    assert [u.text for u in stage.spoken[2:]] == ["ten eleven twelve thirteen fourteen."], "no early cut"


def test_a_sentence_is_not_broken_for_a_word_or_two() -> None:
    assert hungry(" six se").session.deadline() == pytest.approx(6.0), "the writer's silence"


def test_a_sentence_is_not_broken_while_more_is_being_made() -> None:
    stage = hungry(" six seven. Then eight nine ten eleven twel")
    assert [u.text for u in stage.spoken[1:]] == ["five six seven."]
    assert stage.session.deadline() == pytest.approx(6.0)
    stage.play()
    stage.session.listening_until(2.0)
    assert stage.session.deadline() == pytest.approx(2.0 - HUNGER_MARGIN_S)


def test_a_sentence_is_not_broken_when_its_rest_has_come_but_was_not_pulled() -> None:
    stage = hungry(" six seven eight nine te")
    stage.session.send(Text("n eleven."), 1.1)
    assert stage.session.deadline() == pytest.approx(6.1)


def test_a_long_pause_is_made_a_step_at_a_time() -> None:
    stage = Stage(request())
    stage.send(Text('<break time="9s"/>' * 3 + "Hi."), End())
    made = []
    while (utterance := stage.session.pull()) is None:
        assert stage.session.more_to_pull
        made.append(stage.session.made_s)
    assert utterance.text == "Hi."
    assert max(b - a for a, b in itertools.pairwise(made)) <= 1.0 + 1e-6


def test_text_of_nothing_but_tags_gives_others_their_turn() -> None:
    stage = Stage(request())
    stage.send(Text("<flush>" * 5000), End())
    assert stage.session.pull() is None
    assert stage.session.more_to_pull
    assert sum(isinstance(e, Flushed) for e in stage.play()) == 5000


@pytest.mark.parametrize("target_s", [0.2, 1.5])
def test_a_target_duration_is_met_and_the_marks_follow(target_s: float) -> None:
    text = "A sentence of some words, and then a few more."
    events = say(text, duration_s=target_s, marks=frozenset({"word"}))
    assert len(audio(events)) / 2 / RATE_HZ == pytest.approx(target_s, rel=0.03)
    marks = [e for e in events if isinstance(e, Mark)]
    assert marks[-1].stop_s <= target_s * 1.03
    assert marks[-1].stop_s > target_s * 0.8


def test_a_wav_of_known_length_states_its_true_size_and_a_stream_does_not() -> None:
    wav = request().format.__class__("wav", RATE_HZ)
    known = audio(say("Hello there.", format=wav, known_length=True))
    assert struct.unpack_from("<I", known, 40)[0] == len(known) - 44
    assert struct.unpack_from("<I", known, 4)[0] == len(known) - 8
    streamed = audio(say("Hello there.", format=wav))
    assert struct.unpack_from("<I", streamed, 40)[0] == 0xFFFFFFFF
    assert known[44:] == streamed[44:]


def test_text_without_anything_to_say_is_a_short_silence_and_no_text_is_none() -> None:
    assert len(audio(say("..."))) / 2 / RATE_HZ == pytest.approx(0.2, abs=0.01)
    assert set(audio(say("...")[:1])) <= {0}
    events = say("")
    assert audio(events) == b""
    assert events == [Ended(0.0, 0)]
    assert PCM.rate_hz == RATE_HZ
