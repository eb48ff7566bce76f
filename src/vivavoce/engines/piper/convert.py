"""Prepares a voice: checks the published model, cuts it, rewrites the parts, and tries the result against the whole.

Run as ``python -m vivavoce.engines.piper.convert FOLDER`` in a process of its own, because a model is untrusted
input: memory and time are bounded there, and what crashes is not ours. FOLDER holds ``voice.onnx`` and ``voice.json``;
``cut/`` is made in it. Says one line of JSON: the manifest, or ``{"error": ...}``, then with exit status 1.

The rungs are tried from the best down. Each has to give the whole sentence's samples to one unit of int16 for two
sentences at several chunk sizes; why a rung was left is kept in the manifest.
"""

from __future__ import annotations

import hashlib
import resource
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray
from onnx import ModelProto, helper

from vivavoce.engines.piper.config import BOS, EOS, PAD, VoiceConfig, read_config
from vivavoce.engines.piper.espeak_text import reader_for
from vivavoce.engines.piper.graph import (
    DURATION_NOISE,
    LATENT_NOISE,
    SPEAKER,
    Graph,
    Seams,
    UncuttableError,
    check_voice,
    find_seams,
    front_of,
    noises,
    read_model,
    whole_of,
)
from vivavoce.engines.piper.manifest import (
    CONFIG,
    CUT,
    DECODER,
    FLOW,
    FRONT,
    MODEL,
    VERSION,
    WHOLE,
    FrontInfo,
    Manifest,
    Rung,
    StreamInfo,
    WindowInfo,
    write_manifest,
)
from vivavoce.engines.piper.model import Begun, Model, Scales, files_of, limited, load_model
from vivavoce.engines.piper.phonemes import SILENT, Symbol, ids_of, read
from vivavoce.engines.piper.sessions import GraphError, plain_session, probe_session, runtime, save_optimised
from vivavoce.engines.piper.stateful import rewrite
from vivavoce.engines.piper.streaming import Floats
from vivavoce.engines.piper.timeline import Timeline, margins, trace
from vivavoce.errors import EngineError, UnsupportedMediaError, VivavoceError

MAX_MEMORY_BYTES: Final = 8 << 30
"""Of address space; the largest published voice needs a quarter of it."""
MAX_CPU_S: Final = 900
_SEED: Final = (20,)
_SPOKEN: Final = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"
"""Every language reads it as words of its own."""
_MIN_SYMBOLS, _MAX_SYMBOLS = 90, 360
_PEAK: Final = 0.9
"""Where the loudest sample of ordinary speech comes to lie, as a share of full scale."""
_GAINS: Final = (0.05, 20.0)


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


def convert(folder: Path, best: Rung = Rung.STATEFUL) -> Manifest:
    """Prepare the voice in ``folder``, on no better rung than ``best``. Raises UnsupportedMediaError when it is none."""
    voice = _checked(folder)
    shutil.rmtree(folder / CUT, ignore_errors=True)
    (folder / CUT).mkdir()
    whole = _Whole(voice)
    reasons: list[str] = []
    manifest: Manifest | None = None
    for rung in [*Rung][[*Rung].index(best) :]:
        try:
            manifest = _climb(voice, whole, rung)
        except (UncuttableError, GraphError) as error:
            reasons.append(f"{rung.value}: {error}")
            continue
        break
    if manifest is None:
        raise UnsupportedMediaError(f"the voice cannot be spoken: {reasons[-1]}")
    manifest = structs.replace(manifest, why="; ".join(reasons), bytes=_keep_only(voice, manifest.rung))
    write_manifest(manifest, folder / CUT)
    return manifest


def _checked(folder: Path) -> Voice:
    config = read_config(folder / CONFIG)
    graph = Graph(read_model(folder / MODEL))
    check_voice(graph, config.num_speakers)
    scales = Scales(config.inference.noise_scale, 1.0, config.inference.noise_w)
    sha256 = hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()
    return Voice(folder, config, graph, sha256, scales)


# ---- the whole, as the measure ------------------------------------------------------------------------------------


class _Whole:
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
            gain=self._gain(),
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
        begun = self._model().begin(sentence.numbers, sentence.speaker, self._voice.scales, _SEED)
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

    def _gain(self) -> float:
        peak = float(np.abs(self.audio[-1][0]).max())
        return min(max(_PEAK / peak, _GAINS[0]), _GAINS[1]) if peak > 0 else 1.0


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
    random = np.random.default_rng(_SEED)
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


# ---- the rungs ----------------------------------------------------------------------------------------------------


def _climb(voice: Voice, whole: _Whole, rung: Rung) -> Manifest:
    """Make the graphs of ``rung`` and try them. Raises UncuttableError, GraphError."""
    manifest = whole.manifest(rung)
    if rung is Rung.SENTENCES:
        save_optimised(whole.model().SerializeToString(), voice.folder / CUT / WHOLE)
    else:
        manifest = _cut(voice, whole, manifest)
    model = load_model(voice.folder, voice.config, manifest)
    for sentence, (audio, frames) in zip(whole.sentences, whole.audio, strict=True):
        begun = model.begin(sentence.numbers, sentence.speaker, voice.scales, _SEED)
        if sum(begun.samples) != frames * whole.hop:
            raise UncuttableError("the durations of the parts differ from the whole's")
        _compare(_in_chunks(begun, sentence.chunks), audio, manifest.gain)
    return manifest


def _cut(voice: Voice, whole: _Whole, manifest: Manifest) -> Manifest:
    """Cut the voice into front, flow and decoder, and keep them in the form that the manifest's rung wants."""
    graph = voice.graph
    seams = find_seams(graph)
    channels, static = _border_channels(whole, seams)
    front = front_of(graph, seams)
    save_optimised(front.SerializeToString(), voice.folder / CUT / FRONT)
    flow = graph.part(
        {
            seams.latent: [1, manifest.channels, "n"],
            **{name: [1, 1, "n"] for name in seams.masks},
            **{name: [1, static[name], 1] for name in seams.flow_static},
        },
        [seams.spectrum],
    )
    decoder = graph.part(
        {
            seams.spectrum: [1, channels, "n"],
            **{name: [1, static[name], 1] for name in seams.decoder_static},
        },
        [seams.audio],
    )
    lines = (
        trace(
            flow,
            seams.latent,
            seams.masks,
            {name: static[name] for name in seams.flow_static},
            manifest.channels,
        ),
        trace(
            decoder,
            seams.spectrum,
            (),
            {name: static[name] for name in seams.decoder_static},
            channels,
        ),
    )
    if lines[1].hop != manifest.hop:
        raise UncuttableError(f"the decoder makes {lines[1].hop} samples a frame, the voice {manifest.hop}")
    keep = _keep_streaming if manifest.rung is Rung.STATEFUL else _keep_windows
    cut = voice.folder / CUT
    return structs.replace(
        manifest,
        front=FrontInfo(seams.durations, seams.mean, seams.noise, tuple(static)),
        flow=keep(flow, lines[0], seams.masks, cut / FLOW),
        decoder=keep(decoder, lines[1], (), cut / DECODER),
    )


def _border_channels(whole: _Whole, seams: Seams) -> tuple[int, dict[str, int]]:
    """Channels of the spectrum, and of what depends on the speaker; checks that masks are what they are taken for."""
    names = list(dict.fromkeys([*seams.flow_static, *seams.decoder_static]))
    spectrum, *values = whole.tap([seams.spectrum, *names, *seams.masks])
    for mask in values[len(names) :]:
        if mask.ndim != 3 or mask.shape[:2] != (1, 1) or not (mask == 1).all():
            raise UncuttableError("the flow takes something of the durations that is no mask")
    shapes = {name: value.shape for name, value in zip(names, values, strict=False)}
    if any(len(shape) != 3 or shape[2] != 1 for shape in shapes.values()):
        raise UncuttableError("what depends on the speaker has an unknown shape")
    return spectrum.shape[1], {name: shape[1] for name, shape in shapes.items()}


def _keep_streaming(part: ModelProto, line: Timeline, masks: Sequence[str], path: Path) -> StreamInfo:
    model, info = rewrite(line)
    save_optimised(model.SerializeToString(), path)
    return info


def _keep_windows(part: ModelProto, line: Timeline, masks: Sequence[str], path: Path) -> WindowInfo:
    save_optimised(part.SerializeToString(), path)
    around = margins(line)
    return WindowInfo(line.source, tuple(masks), line.static, around.left, around.right)


def _in_chunks(begun: Begun, chunks: Sequence[int]) -> Floats:
    pieces: list[Floats] = []
    while begun.stream.left:
        pieces.append(begun.stream.take(chunks[min(len(pieces), len(chunks) - 1)]))
    return np.concatenate(pieces)


def _compare(streamed: Floats, whole: Floats, gain: float) -> None:
    """Raises UncuttableError unless the two are the same to one unit of int16."""
    if streamed.shape != whole.shape:
        raise UncuttableError(f"streaming made {streamed.size} samples of {whole.size}")
    units = [np.frombuffer(limited(audio, gain), "<i2").astype(np.int32) for audio in (streamed, whole)]
    furthest = int(np.abs(units[0] - units[1]).max())
    if furthest > 1:
        raise UncuttableError(f"streamed samples differ from the whole's by {furthest} of 32767")


def _keep_only(voice: Voice, rung: Rung) -> int:
    """Delete the graphs of other rungs; how many bytes those of ``rung`` have."""
    wanted = files_of(rung)
    for path in (voice.folder / CUT).iterdir():
        if path.name not in wanted:
            path.unlink()
    return sum((voice.folder / CUT / name).stat().st_size for name in wanted)


# ---- the process --------------------------------------------------------------------------------------------------


def _bound() -> None:
    """What a model can make this process use."""
    for kind, limit in ((resource.RLIMIT_AS, MAX_MEMORY_BYTES), (resource.RLIMIT_CPU, MAX_CPU_S)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def main(arguments: Sequence[str]) -> NoReturn:
    """``FOLDER``, and for measurements a rung to begin with."""
    _bound()
    answer: object
    try:
        answer = convert(Path(arguments[0]), *map(Rung, arguments[1:2]))
    except VivavoceError as error:
        answer = {"error": error.message, "code": error.code}
    except MemoryError:
        answer = {
            "error": f"the voice needs more than {MAX_MEMORY_BYTES >> 30} GB of memory",
            "code": "unsupported_media",
        }
    except OSError as error:
        answer = {
            "error": f"the voice cannot be written: {error.strerror or error}",
            "code": "storage_failed",
        }
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()
    sys.exit(isinstance(answer, dict))


if __name__ == "__main__":
    main(sys.argv[1:])
