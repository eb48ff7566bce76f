"""The engine of Supertonic voices, with a model of random weights and the published shapes."""

from __future__ import annotations

import json
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
from randomsupertonic import CHANNELS, HOP, RATE_HZ, durations, installed, prepare, published, vocoder
from spoken import Spoken, check_marks, keeping, speak, utterance
from vivavoce.engines.base import HeavyEngine
from vivavoce.engines.neural.folders import CUT, MANIFEST
from vivavoce.engines.neural.noise import normal, seeded
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.engines.supertonic.manifest import GRAPHS, read_manifest
from vivavoce.engines.supertonic.model import STEPS, load_model
from vivavoce.errors import EngineError
from vivavoce.speech import Boundary, Chunk

pytestmark = pytest.mark.integration

SENTENCE = "The children are playing in the garden behind the school while their parents talk at home."
TEXTS = (
    SENTENCE,
    "He paid $1,234.56 for 25 of them. Dr. Smith: “Really?” for the men - and (too) left",
    "x",
)
VOICE = "supertonic-3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("voices")
    installed(made)
    return made


@pytest.fixture(scope="module")
def engine(folder: Path) -> SupertonicEngine:
    return SupertonicEngine(folder)


def test_a_model_speaks_as_each_of_its_speakers_in_all_its_languages(engine: SupertonicEngine) -> None:
    voices = {voice.id: voice for voice in engine.voices()}
    assert list(voices) == [VOICE, f"{VOICE}:F1", f"{VOICE}:F2", f"{VOICE}:M1"]
    assert [voice.gender for voice in voices.values()] == ["female", "female", "female", "male"]
    assert {(voice.rate_hz, len(voice.languages), voice.language) for voice in voices.values()} == {
        (RATE_HZ, 31, "en")
    }
    assert all("Word times are estimates" in voice.description for voice in voices.values())


@pytest.mark.parametrize(("model", "languages"), [("supertonic", 1), ("supertonic-2", 5)])
def test_older_models_speak_fewer_languages(tmp_path: Path, model: str, languages: int) -> None:
    installed(tmp_path, model)
    engine = SupertonicEngine(tmp_path)
    assert {len(voice.languages) for voice in engine.voices()} == {languages}
    assert len(speak(engine, "Hello there.", model).samples) > RATE_HZ // 2


def test_an_engine_without_its_runtime_or_its_folder_has_no_voices(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_needs_its_runtime_and_its_folder(SupertonicEngine, folder, tmp_path / "none", monkeypatch)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("boundary", Boundary)
def test_every_word_has_its_share_of_the_time_in_order(
    engine: SupertonicEngine, text: str, boundary: Boundary
) -> None:
    spoken = speak(engine, text, VOICE, boundary, step=4410)
    check_marks(spoken)
    words = [token for token in text.split() if any(c.isalnum() for c in token)]
    assert [word.value for word in spoken.words] == words
    assert all(word.stop > word.start for word in spoken.words)
    pause = {Boundary.NONE: 0.0, Boundary.CLAUSE: 0.15, Boundary.SENTENCE: 0.3}[boundary]
    assert spoken.words[0].start == 0
    assert len(spoken.samples) - spoken.words[-1].stop == round(pause * RATE_HZ)


@pytest.mark.parametrize("step", [1, 1000, 70_000])
def test_steps_make_no_difference(engine: SupertonicEngine, step: int) -> None:
    whole, stepped = (speak(engine, SENTENCE, VOICE, seed=3, step=size) for size in (1 << 40, step))
    assert np.array_equal(whole.samples, stepped.samples)
    assert whole.marks == stepped.marks


def test_only_one_piece_of_work_is_done_in_a_step(engine: SupertonicEngine) -> None:
    """Reading, eight steps of denoising, and then windows of sound."""
    chunks: list[Chunk] = []
    job = engine.plan(utterance(SENTENCE, VOICE))
    for _ in range(1 + STEPS):
        assert not job.step(1 << 40, keeping(chunks))
        assert chunks == []
    assert not job.step(1000, keeping(chunks))
    assert len(chunks[0].pcm) == 2 * 16 * HOP
    assert len(chunks[0].marks) == len(SENTENCE.split())
    while not job.step(1000, keeping(chunks)):
        pass
    assert all(chunk.marks == () for chunk in chunks[1:])


def test_a_text_without_words_begins_with_a_short_window_too(engine: SupertonicEngine) -> None:
    """Signs that are read as letters are no words, and so have no marks."""
    chunks = speak(engine, "™" * 40, VOICE).chunks
    assert len(chunks[0].pcm) == 2 * 16 * HOP
    assert all(chunk.marks == () for chunk in chunks)


def test_the_sound_is_as_long_as_the_model_says(engine: SupertonicEngine, folder: Path) -> None:
    spoken = speak(engine, SENTENCE, VOICE, Boundary.NONE)
    model = load_model(folder / VOICE, ("F1",))
    ids = [model.table[ord(c)] for c in f"<en>{SENTENCE}</en>"]
    draft = model.begin(ids, "F1", 1.0, (0,))
    assert len(spoken.samples) == draft.samples
    assert draft.latent.shape == (1, CHANNELS, -(-draft.samples // HOP))
    assert 3 * RATE_HZ < draft.samples < 12 * RATE_HZ


def test_the_sound_is_neither_silent_nor_clipped(engine: SupertonicEngine) -> None:
    for speaker in ("F1", "F2", "M1"):
        samples = speak(engine, SENTENCE, f"{VOICE}:{speaker}").samples.astype(int)
        assert 20_000 < np.abs(samples).max() < 32_767
        assert np.sqrt((samples**2.0).mean()) > 1000


def test_the_seed_is_the_noise(engine: SupertonicEngine) -> None:
    check_the_seed_is_the_noise(engine, "Go on.", VOICE)


def test_speakers_and_languages_differ(engine: SupertonicEngine) -> None:
    assert speak(engine, "Go on.", VOICE).pcm == speak(engine, "Go on.", f"{VOICE}:F1").pcm
    assert len({speak(engine, "Go on.", f"{VOICE}:{name}").pcm for name in ("F1", "F2", "M1")}) == 3

    def in_language(language: str) -> bytes:
        chunks: list[Chunk] = []
        job = engine.plan(msgspec.structs.replace(utterance("Go on.", VOICE), language=language))
        while not job.step(1 << 40, keeping(chunks)):
            pass
        return b"".join(chunk.pcm for chunk in chunks)

    assert in_language("en") == in_language("en-GB") != in_language("fr")
    for voice in (f"{VOICE}:F9", f"{VOICE}:", "nobody", "../supertonic-3", ""):
        with pytest.raises(EngineError):
            engine.plan(utterance(SENTENCE, voice))


def test_speed_divides_the_length(engine: SupertonicEngine) -> None:
    lengths = [
        len(speak(engine, SENTENCE, VOICE, Boundary.NONE, speed=speed).samples) for speed in (0.5, 1.0, 2.0)
    ]
    assert abs(lengths[0] - 2 * lengths[1]) <= 2
    assert abs(lengths[1] - 2 * lengths[2]) <= 2


def test_a_request_for_short_pauses_gets_them(engine: SupertonicEngine) -> None:
    job = engine.plan(msgspec.structs.replace(utterance("Go on.", VOICE), pause=0.1))
    chunks: list[Chunk] = []
    while not job.step(1 << 40, keeping(chunks)):
        pass
    spoken = Spoken("Go on.", tuple(chunks), 1)
    assert len(spoken.samples) - spoken.words[-1].stop == round(0.03 * RATE_HZ)


@pytest.mark.parametrize("text", ["...", "—", "😀", "\ud800 go", "a\x00b", "'", "新 的", "x" * 300])
@pytest.mark.parametrize("boundary", Boundary)
def test_odd_texts_are_spoken_or_passed_over(engine: SupertonicEngine, text: str, boundary: Boundary) -> None:
    spoken = speak(engine, text, VOICE, boundary, step=22_050)
    check_marks(spoken)
    assert len(spoken.samples) < 60 * RATE_HZ


def test_nothing_is_made_for_who_has_left(engine: SupertonicEngine) -> None:
    chunks: list[Chunk] = []
    job = engine.plan(utterance(SENTENCE, VOICE))
    while not job.step(1, keeping(chunks, 1)):
        pass
    assert len(chunks) == 1
    assert job.step(1, keeping(chunks, 1))
    assert len(chunks) == 1


@pytest.mark.parametrize("steps", [0, 1, 4, 1 + STEPS, 2 + STEPS])
def test_cancel_at_any_step_leaves_nothing(engine: SupertonicEngine, steps: int) -> None:
    check_nothing_after_a_cancel(engine, SENTENCE, VOICE, steps=steps, samples=1)


def test_jobs_that_take_turns_sound_as_they_do_alone(engine: SupertonicEngine) -> None:
    plans = [(TEXTS[0], VOICE), (TEXTS[1], f"{VOICE}:M1")]
    alone = [speak(engine, text, voice, step=4410).pcm for text, voice in plans]
    jobs = [engine.plan(utterance(text, voice)) for text, voice in plans]
    made: list[list[Chunk]] = [[] for _ in jobs]
    live = list(range(len(jobs)))
    while live:
        live = [i for i in live if not jobs[i].step(4410, keeping(made[i]))]
    assert [b"".join(chunk.pcm for chunk in chunks) for chunks in made] == alone


def test_a_model_removed_or_unloaded_while_it_speaks_is_heard_to_the_end(folder: Path) -> None:
    leaving = installed(folder, name="leaving")
    engine = SupertonicEngine(folder)
    assert isinstance(engine, HeavyEngine)
    job, chunks = engine.plan(utterance(SENTENCE, "leaving")), list[Chunk]()
    job.step(1, keeping(chunks))
    shutil.rmtree(leaving)
    engine.unload("leaving")
    engine.unload("leaving")
    while not job.step(4410, keeping(chunks)):
        pass
    whole = speak(SupertonicEngine(folder), SENTENCE, VOICE, step=4410)
    assert b"".join(chunk.pcm for chunk in chunks) == whole.pcm
    with pytest.raises(EngineError, match="is not installed, or was removed"):
        engine.load("leaving")


def test_a_model_tells_what_it_takes_before_it_is_loaded(folder: Path) -> None:
    engine = SupertonicEngine(folder)
    files = sum((folder / VOICE / CUT / name).stat().st_size for name in GRAPHS) / (1 << 20)
    assert files < engine.memory_mb(VOICE) < files * 2 + 100
    assert engine.memory_mb("nobody") == engine.memory_mb("../supertonic-3") == 0


@pytest.mark.parametrize("broken", GRAPHS)
def test_damaged_graphs_are_an_error_that_says_what_to_do(tmp_path: Path, broken: str) -> None:
    graph = installed(tmp_path) / CUT / broken
    graph.write_bytes(graph.read_bytes()[:500])
    with pytest.raises(EngineError, match=r"cannot be loaded .* add it again"):
        SupertonicEngine(tmp_path).load(VOICE)


@pytest.mark.parametrize("gives", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_model_without_measure_fails_its_utterance(tmp_path: Path, gives: float) -> None:
    model = durations()
    (table,) = (tensor for tensor in model.graph.initializer if tensor.name == "table")
    table.raw_data = np.full(table.dims, gives, np.float32).tobytes()
    (installed(tmp_path) / CUT / "duration_predictor.onnx").write_bytes(model.SerializeToString())
    job = SupertonicEngine(tmp_path).plan(utterance(SENTENCE, VOICE))
    with pytest.raises(EngineError, match=r"duration_predictor\.onnx gives a length of"):
        job.step(1, keeping([]))
    assert job.step(1, keeping([]))


def test_what_is_not_prepared_or_damaged_does_not_hide_the_others(tmp_path: Path) -> None:
    installed(tmp_path, name="good")
    (installed(tmp_path, name="bad") / "onnx" / "tts.json").write_text("{")
    (installed(tmp_path, name="old") / CUT / MANIFEST).write_text('{"version": 0}')
    assert {voice.id.partition(":")[0] for voice in SupertonicEngine(tmp_path).voices()} == {"good"}


# ---- the vocoder's windows -------------------------------------------------------------------------------------------


def test_the_reach_of_the_vocoder_is_measured(folder: Path) -> None:
    """Two convolutions look back 6 and 24 of the coder's frames, of which six are one of the latent's."""
    manifest = read_manifest(folder / VOICE / CUT)
    assert manifest is not None
    assert manifest.reach is not None
    assert (manifest.rung, manifest.reach.left, manifest.reach.right) == ("denoised", 5, 0)
    model = load_model(folder / VOICE, ("F1",))
    latent = normal(seeded((1,)), CHANNELS, 60)
    whole = model.sound(latent, None).take(1)
    windows = model.sound(latent, manifest.reach)
    pieces = []
    while windows.left:
        pieces.append(windows.take(9))
    assert len(pieces) == 7
    assert np.abs(np.concatenate(pieces) - whole).max() < 1e-5


def test_a_vocoder_that_hears_everything_runs_over_the_whole(tmp_path: Path) -> None:
    model = tmp_path / VOICE
    shutil.copytree(published(), model)
    (model / "onnx" / "vocoder.onnx").write_bytes(vocoder(local=False).SerializeToString())
    told = json.loads(prepare(model).stdout)
    assert told["rung"] == "sentences"
    assert told["why"].startswith("the vocoder's samples depend on more than")
    spoken = speak(SupertonicEngine(tmp_path), SENTENCE, VOICE, Boundary.NONE, step=1)
    assert len(spoken.chunks) == 1
    check_marks(spoken)


def test_neither_numpy_nor_onnxruntime_is_loaded_to_list_voices(folder: Path) -> None:
    check_listed_and_loaded_without(SupertonicEngine, folder, VOICE, 4)
