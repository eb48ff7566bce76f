"""The engine of Piper voices, with voices of random weights: exact, reproducible, marked in time, and well-mannered."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from neural_manners import (
    check_listed_and_loaded_without,
    check_needs_its_runtime_and_its_folder,
    check_nothing_after_a_cancel,
    check_the_seed_is_the_noise,
)
from randomvoices import installed
from spoken import Spoken, check_marks, keeping, speak, utterance
from vivavoce.engines.base import HeavyEngine
from vivavoce.engines.neural.folders import CUT, MANIFEST
from vivavoce.engines.neural.loudness import limited
from vivavoce.engines.piper.engine import PiperEngine
from vivavoce.engines.piper.manifest import CONFIG
from vivavoce.errors import EngineError
from vivavoce.speech import Boundary, Chunk
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.integration

SENTENCE = "The children are playing in the garden behind the school while their parents talk at home."
TEXTS = (
    SENTENCE,
    "He paid $1,234.56 for 25 of them. Dr. Smith: “Really?” for the men - and (too) left",
    "Go! Stop. Wait? [[həlˈoʊ wˈɜːld]] there.",
    "x",
)
HOP = 256


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("voices")
    installed(made, "tiny", "random")
    installed(made, "tiny-multi", "choir")
    return made


@pytest.fixture(scope="module")
def engine(folder: Path) -> PiperEngine:
    return PiperEngine(folder)


def test_voices_and_their_speakers_are_listed(engine: PiperEngine) -> None:
    assert [voice.id for voice in engine.voices()] == ["choir", "choir:p0", "choir:p1", "choir:p2", "random"]
    assert {voice.language for voice in engine.voices()} == {"en-US"}
    assert all("inside the sentence" in voice.description for voice in engine.voices())


def test_an_engine_without_its_runtime_or_its_folder_has_no_voices(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_needs_its_runtime_and_its_folder(PiperEngine, folder, tmp_path / "none", monkeypatch)


@pytest.mark.parametrize("voice", ["random", "choir:p1"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("boundary", Boundary)
def test_marks_are_right_for_every_kind_of_end(
    engine: PiperEngine, voice: str, text: str, boundary: Boundary
) -> None:
    spoken = speak(engine, text, voice, boundary, phonemes=True, step=1764)
    check_marks(spoken)
    assert [word.value for word in spoken.words] == [
        token for token in text.split() if any(c.isalnum() for c in token)
    ]
    assert all(word.stop > word.start for word in spoken.words)


@pytest.mark.parametrize("step", [1, 1000, 1764, 7000, 22_050])
def test_steps_make_no_difference(engine: PiperEngine, step: int) -> None:
    for text in TEXTS:
        whole, stepped = (speak(engine, text, "random", seed=3, step=size) for size in (1 << 40, step))
        assert whole.pcm == stepped.pcm
        assert [len(chunk.pcm) for chunk in whole.chunks] == [len(chunk.pcm) for chunk in stepped.chunks]
        assert whole.marks == stepped.marks


def test_marks_go_with_their_sentence_s_first_chunk(engine: PiperEngine) -> None:
    spoken = speak(engine, SENTENCE, "random", step=1764)
    assert len(spoken.chunks) > 10
    assert [len(chunk.marks) > 0 for chunk in spoken.chunks] == [True] + [False] * (len(spoken.chunks) - 1)


def test_the_first_chunk_is_small_at_any_length(engine: PiperEngine) -> None:
    for text in (SENTENCE, " ".join([SENTENCE] * 3)):
        chunks: list[Chunk] = []
        assert not engine.plan(utterance(text, "random")).step(1764, keeping(chunks, 1 << 30))
        assert 1 <= len(chunks) <= 2
        assert sum(len(chunk.pcm) for chunk in chunks) // 2 <= 16 * HOP


def test_frames_are_the_samples(engine: PiperEngine) -> None:
    spoken = speak(engine, SENTENCE, "random", Boundary.NONE)
    assert len(spoken.samples) % HOP == 0
    marks = speak(engine, SENTENCE, "random", Boundary.NONE, phonemes=True).phonemes
    assert all(mark.start % HOP == 0 and mark.stop % HOP == 0 for mark in marks)


def test_the_seed_is_the_noise(engine: PiperEngine) -> None:
    check_the_seed_is_the_noise(engine, SENTENCE, "random")


def test_two_sentences_of_an_utterance_differ_in_noise(engine: PiperEngine) -> None:
    spoken = speak(engine, "Go on. Go on.", "random", Boundary.SENTENCE)
    halves = [spoken.samples[: len(spoken.samples) // 3], spoken.samples[-len(spoken.samples) // 3 :]]
    assert not np.array_equal(halves[0], halves[1])


def test_speakers_differ_and_have_names(engine: PiperEngine) -> None:
    def pcm(voice: str) -> bytes:
        return speak(engine, SENTENCE, voice).pcm

    assert pcm("choir") == pcm("choir:p0")
    assert len({pcm(f"choir:p{i}") for i in range(3)}) == 3
    for voice in ("choir:p3", "choir:", "random:p0", "nobody", "../random", ""):
        with pytest.raises(EngineError):
            engine.plan(utterance(SENTENCE, voice))


def test_speakers_whose_names_differ_only_by_case_are_told_apart(engine: PiperEngine, tmp_path: Path) -> None:
    config = installed(tmp_path, "tiny-multi", "choir") / CONFIG
    told = msgspec.json.decode(config.read_bytes())
    config.write_bytes(msgspec.json.encode({**told, "speaker_id_map": {"ann": 0, "ANN": 1, "Ann": 2}}))
    renamed = PiperEngine(tmp_path)
    catalogue = Catalogue(renamed.voices())
    for number, name in enumerate(("ann", "ANN", "Ann")):
        voice = catalogue.resolve(f"choir:{name}").id
        assert speak(renamed, SENTENCE, voice).pcm == speak(engine, SENTENCE, f"choir:p{number}").pcm
    assert catalogue.resolve("Choir:ann").id == "choir:ANN"


def test_speed_changes_the_length(engine: PiperEngine) -> None:
    lengths = [
        len(speak(engine, SENTENCE, "random", Boundary.NONE, speed=speed).samples)
        for speed in (0.25, 0.5, 1.0, 2.0)
    ]
    assert lengths == sorted(lengths, reverse=True)
    assert 1.8 < lengths[1] / lengths[2] < 2.2
    assert lengths[3] < 0.75 * lengths[2]  # no sound is shorter than a frame


def test_a_sentence_s_pause_is_at_least_ours(engine: PiperEngine) -> None:
    ends = {
        boundary: len(spoken.samples) - spoken.words[-1].stop
        for boundary in Boundary
        for spoken in [speak(engine, SENTENCE, "random", boundary)]
    }
    assert ends[Boundary.SENTENCE] >= round(0.3 * 22_050)
    assert round(0.15 * 22_050) <= ends[Boundary.CLAUSE] < ends[Boundary.SENTENCE]
    assert ends[Boundary.NONE] < ends[Boundary.CLAUSE]


def test_a_request_for_short_pauses_gets_them(engine: PiperEngine) -> None:
    said = utterance(SENTENCE, "random", Boundary.SENTENCE)
    chunks: list[Chunk] = []
    job = engine.plan(msgspec.structs.replace(said, pause=0.1))
    while not job.step(1764, keeping(chunks)):
        pass
    spoken = Spoken(SENTENCE, tuple(chunks), 1)
    check_marks(spoken)
    assert len(spoken.samples) - spoken.words[-1].stop == round(0.03 * 22_050)


@pytest.mark.parametrize(
    "text",
    ["...", "!", "—", "😀", "\u200b", "\ud800 go", "a\x00b", "\x01\x02", "'", "[[", "]]", "[[]]", "()", "x" * 300, "9" * 300, "新 的"],
)  # fmt: skip
@pytest.mark.parametrize("boundary", Boundary)
def test_odd_texts_are_spoken_or_passed_over(engine: PiperEngine, text: str, boundary: Boundary) -> None:
    spoken = speak(engine, text, "random", boundary, phonemes=True, step=22_050)
    check_marks(spoken)
    assert len(spoken.samples) < 400 * 22_050


def test_nothing_is_made_for_who_has_left(engine: PiperEngine) -> None:
    for chunks_wanted in (1, 2, 5):
        chunks: list[Chunk] = []
        job = engine.plan(utterance(SENTENCE, "random"))
        assert job.step(1 << 40, keeping(chunks, chunks_wanted))
        assert len(chunks) == chunks_wanted
        assert job.step(1 << 40, keeping(chunks, chunks_wanted))
        assert len(chunks) == chunks_wanted


def test_cancel_at_any_step_leaves_nothing(engine: PiperEngine) -> None:
    for steps in range(4):
        check_nothing_after_a_cancel(engine, SENTENCE, "random", steps=steps, samples=1764)


def test_jobs_that_take_turns_sound_as_they_do_alone(engine: PiperEngine) -> None:
    plans = [(TEXTS[0], "random"), (TEXTS[1], "random"), (TEXTS[2], "choir:p2")]
    alone = [speak(engine, text, voice, step=1764) for text, voice in plans]
    jobs = [engine.plan(utterance(text, voice)) for text, voice in plans]
    made: list[list[Chunk]] = [[] for _ in jobs]
    live = list(range(len(jobs)))
    while live:
        live = [i for i in live if not jobs[i].step(1764, keeping(made[i]))]
    assert ["".join(c.pcm.hex() for c in chunks) for chunks in made] == [spoken.pcm.hex() for spoken in alone]


def test_a_voice_removed_while_it_speaks_is_heard_to_the_end(folder: Path) -> None:
    voice = installed(folder, "tiny", "leaving")
    engine = PiperEngine(folder)
    job, chunks = engine.plan(utterance(SENTENCE, "leaving")), list[Chunk]()
    job.step(1764, keeping(chunks))
    shutil.rmtree(voice)
    while not job.step(1764, keeping(chunks)):
        pass
    assert Spoken(SENTENCE, tuple(chunks), 1).pcm == speak(engine, SENTENCE, "leaving", step=1764).pcm
    assert "leaving" not in {info.id for info in engine.voices()}
    with pytest.raises(EngineError, match="is not installed, or was removed"):
        PiperEngine(folder).load("leaving")


def test_an_unloaded_voice_goes_on_in_its_live_jobs(folder: Path) -> None:
    engine = PiperEngine(folder)
    assert isinstance(engine, HeavyEngine)
    job, chunks = engine.plan(utterance(SENTENCE, "random")), list[Chunk]()
    job.step(1764, keeping(chunks))
    engine.unload("random")
    engine.unload("random")
    while not job.step(1764, keeping(chunks)):
        pass
    assert Spoken(SENTENCE, tuple(chunks), 1).pcm == speak(engine, SENTENCE, "random", step=1764).pcm


def test_a_voice_tells_what_it_takes_before_it_is_loaded(folder: Path) -> None:
    engine = PiperEngine(folder)
    files = sum(path.stat().st_size for path in (folder / "random" / CUT).glob("*.onnx")) / (1 << 20)
    assert files < engine.memory_mb("random") < files * 2 + 100
    assert engine.memory_mb("nobody") == engine.memory_mb("../random") == 0


@pytest.mark.parametrize("broken", ["flow.onnx", "decoder.onnx", "front.onnx"])
def test_damaged_graphs_are_an_error_that_says_what_to_do(tmp_path: Path, broken: str) -> None:
    voice = installed(tmp_path, "tiny", "random")
    graph = voice / CUT / broken
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(EngineError, match=r"cannot be loaded .* add it again"):
        PiperEngine(tmp_path).load("random")
    graph.unlink()
    with pytest.raises(EngineError, match="cannot be loaded"):
        PiperEngine(tmp_path).load("random")


def test_what_is_not_prepared_is_not_listed(tmp_path: Path) -> None:
    voice = installed(tmp_path, "tiny", "random")
    (voice / CUT / MANIFEST).write_text('{"version": 0}')
    assert PiperEngine(tmp_path).voices() == []
    with pytest.raises(EngineError, match="is not installed"):
        PiperEngine(tmp_path).load("random")


def test_a_damaged_configuration_does_not_hide_the_others(tmp_path: Path) -> None:
    installed(tmp_path, "tiny", "good")
    (installed(tmp_path, "tiny", "bad") / "voice.json").write_text("{")
    assert [voice.id for voice in PiperEngine(tmp_path).voices()] == ["good"]


def test_the_limiter_bends_what_is_loud_and_nothing_else() -> None:
    ramp = np.linspace(-3, 3, 6001, dtype=np.float32)
    samples = np.frombuffer(limited(ramp, 1.0), "<i2").astype(int)
    quiet = np.abs(ramp) <= 0.8
    assert np.array_equal(samples[quiet], np.rint(ramp[quiet] * np.float32(32767)).astype(int))
    assert (np.diff(samples) >= 0).all()
    assert (samples.min(), samples.max()) == (-32767, 32767)
    assert all(b - a <= 40 for a, b in itertools.pairwise(samples))
    assert limited(ramp, 2.0) == limited(ramp * 2, 1.0)


def test_neither_numpy_nor_onnxruntime_is_loaded_to_list_voices(folder: Path) -> None:
    check_listed_and_loaded_without(PiperEngine, folder, "random", 5)
