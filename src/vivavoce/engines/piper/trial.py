"""The measure for a cut voice: the same voice in one piece, and the sentences that both have to speak alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from onnx import ModelProto, helper

from vivavoce.engines.neural.loudness import Floats, gain_for
from vivavoce.engines.neural.sessions import GraphError, plain_session, probe_session, runtime
from vivavoce.engines.piper.config import BOS, EOS, PAD, VoiceConfig
from vivavoce.engines.piper.espeak_text import reader_for
from vivavoce.engines.piper.graph import SPEAKER, Graph, UncuttableError, noises
from vivavoce.engines.piper.manifest import VERSION, WHOLE, Manifest, Rung
from vivavoce.engines.piper.model import Model, Scales
from vivavoce.engines.piper.phonemes import SILENT, Symbol, ids_of, read
from vivavoce.engines.piper.seeded import DURATION_NOISE, LATENT_NOISE, whole_of
from vivavoce.errors import EngineError, UnsupportedMediaError

SEED: Final = (20,)
_SPOKEN: Final = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
"""Every language reads it as words of its own."""
_MIN_SYMBOLS, _MAX_SYMBOLS = 90, 360


class Sentence(Struct, frozen=True):
    """What a voice is tried with."""

    numbers: tuple[int, ...]
    speaker: int
    chunks: tuple[int, ...]
    """Frames at a time, the last repeated."""


class Voice(Struct, frozen=True):
    """A checked voice that is to be cut."""

    folder: Path
    config: VoiceConfig
    graph: Graph
    sha256: str
    scales: Scales


class Whole:
    """The voice in one piece, with its noise coming from outside: what every rung has to equal."""

    def __init__(self, voice: Voice) -> None:
        """Raises UnsupportedMediaError when it does not run, or does not fit its configuration."""
        self._voice = voice
        for_durations, for_latent = _noises(voice.graph)
        self.sentences = list(_trials(voice.config))
        shapes = self._try_original([node.output[0] for node in [*for_durations, *for_latent]])
        self.latent_noise = bool(for_latent)
        self.channels = shapes.pop()[1] if for_latent else 0
        self.duration_noise = _channels(shapes[0], self.sentences[0]) if for_durations else 0
        self._session = plain_session(self.model().SerializeToString())
        self.audio = [self._speak(sentence) for sentence in self.sentences]
        self.hop = self._measure_hop()

    def model(self) -> ModelProto:
        """The graph with its noise as inputs."""
        return whole_of(self._voice.graph)

    def manifest(self, rung: Rung) -> Manifest:
        """The manifest of a rung, without the parts."""
        return Manifest(
            version=VERSION,
            onnxruntime=runtime().__version__,
            model_sha256=self._voice.sha256,
            rung=rung,
            hop=self.hop,
            channels=self.channels,
            duration_noise=self.duration_noise,
            latent_noise=self.latent_noise,
            gain=gain_for(self.audio[-1][0]),
        )

    def _try_original(self, taps: Sequence[str]) -> list[tuple[int, ...]]:
        """Run the model as it came, and give the shapes of ``taps``."""
        tapped = ModelProto()
        tapped.CopyFrom(self._voice.graph.model)
        tapped.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in taps)
        feed = _feed(self.sentences[0], self._voice)
        try:
            _, *values = probe_session(tapped.SerializeToString()).run(None, feed)
        except GraphError as error:
            raise UnsupportedMediaError(f"the model cannot be run with its configuration: {error}") from None
        return [tuple(value.shape) for value in values[-len(taps) :]] if taps else []

    def _speak(self, sentence: Sentence) -> tuple[Floats, int]:
        """Audio, and frames, of ``sentence``; the noise is drawn as :class:`Model` draws it."""
        begun = self._model().begin(sentence.numbers, sentence.speaker, self._voice.scales, SEED)
        return begun.stream.take(1 << 30), sum(begun.samples)

    def _model(self) -> Model:
        manifest = Manifest(
            version=VERSION, onnxruntime="", model_sha256="", rung=Rung.SENTENCES, hop=1,
            channels=self.channels, duration_noise=self.duration_noise, latent_noise=self.latent_noise,
        )  # fmt: skip
        return Model(self._voice.config, manifest, {WHOLE: self._session})

    def tap(self, names: Sequence[str]) -> list[NDArray[Any]]:
        """The values of tensors inside, for the second sentence, with more than enough noise."""
        sentence = self.sentences[1]
        feed = _feed(sentence, self._voice)
        if self.duration_noise:
            feed[DURATION_NOISE] = np.zeros((1, self.duration_noise, len(sentence.numbers)), np.float32)
        if self.latent_noise:
            feed[LATENT_NOISE] = np.zeros((1, self.channels, 1 << 14), np.float32)
        model = whole_of(self._voice.graph, names)
        return probe_session(model.SerializeToString()).run(names, feed)

    def _measure_hop(self) -> int:
        hops = {audio.size / frames for audio, frames in self.audio if frames}
        hop = hops.pop() if len(hops) == 1 else 0.0
        if hop < 1 or hop != int(hop):
            raise UnsupportedMediaError("the voice's durations do not add up to its audio")
        return int(hop)


def _noises(graph: Graph) -> tuple[list[Any], list[Any]]:
    try:
        for_durations, for_latent = noises(graph)
    except UncuttableError as error:
        raise UnsupportedMediaError(f"the ONNX file is no Piper voice: {error}") from None
    if len(for_durations) > 1 or len(for_latent) > 1:
        raise UnsupportedMediaError("the ONNX file is no Piper voice: it has too many sources of noise")
    return for_durations, for_latent


def _channels(shape: tuple[int, ...], sentence: Sentence) -> int:
    if len(shape) != 3 or shape[2] != len(sentence.numbers):
        raise UnsupportedMediaError(f"the noise behind the durations has the unknown shape {shape}")
    return shape[1]


def _feed(sentence: Sentence, voice: Voice) -> dict[str, Any]:
    feed: dict[str, Any] = {
        "input": np.array([sentence.numbers], np.int64),
        "input_lengths": np.array([len(sentence.numbers)], np.int64),
        "scales": np.array(
            [voice.scales.noise, voice.scales.length, voice.scales.duration_noise], np.float32
        ),
    }
    if voice.config.num_speakers > 1:
        feed[SPEAKER] = np.array([sentence.speaker], np.int64)
    return feed


def _trials(config: VoiceConfig) -> Iterator[Sentence]:
    """Two sentences: every symbol of the map, so that none is outside the model's table; then numbers as they are
    read in the voice's language, which are ordinary speech."""
    random = np.random.default_rng(SEED)
    symbols = [s for s, numbers in config.phoneme_id_map.items() if s not in (BOS, EOS, PAD) and numbers]
    every = [symbols[i] for i in random.permutation(len(symbols))][:_MAX_SYMBOLS]
    every += [symbols[i] for i in random.integers(0, len(symbols), max(0, _MIN_SYMBOLS - len(every)))]
    yield Sentence(_numbers(every, config), config.num_speakers - 1, (8, 16, 32))
    try:
        sentences = read(_SPOKEN, config, reader_for(config)).sentences
    except EngineError as error:
        raise UnsupportedMediaError(f"the configuration cannot be used here: {error}") from None
    spoken = [symbol.value for sentence in sentences for symbol in sentence]
    known = [value for value in spoken if config.phoneme_id_map.get(value)]
    if len(known) < len(spoken) / 2:
        raise UnsupportedMediaError(
            f"phoneme_id_map lacks {len(spoken) - len(known)} of {len(spoken)} phonemes of ordinary speech; "
            "the configuration does not fit its language"
        )
    yield Sentence(_numbers(known, config), config.default_speaker_id, (1, 2, 9, 32, 5))


def _numbers(symbols: Sequence[str], config: VoiceConfig) -> tuple[int, ...]:
    return ids_of([Symbol(value, SILENT) for value in symbols], config).numbers
