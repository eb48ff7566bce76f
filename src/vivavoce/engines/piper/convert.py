"""Prepares a voice: checks the published model, cuts it, rewrites the parts, and tries the result against the whole.

Run as ``python -m vivavoce.engines.piper.convert FOLDER`` in a process of its own, because a model is untrusted
input: memory and time are bounded there, and what crashes is not ours. FOLDER holds ``voice.onnx`` and ``voice.json``;
``cut/`` is made in it. Says one line of JSON: the manifest, or ``{"error": ...}``, then with exit status 1.

The rungs are tried from the best down. Each has to give the whole sentence's samples to one unit of int16 for two
sentences at several chunk sizes; why a rung was left is kept in the manifest.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from msgspec import Struct, structs
from onnx import ModelProto

from vivavoce.engines.neural.folders import CUT, write_manifest
from vivavoce.engines.neural.loudness import Floats, furthest
from vivavoce.engines.neural.process import prepare
from vivavoce.engines.neural.sessions import GraphError, save_optimised
from vivavoce.engines.piper.config import read_config
from vivavoce.engines.piper.graph import (
    Graph,
    Seams,
    UncuttableError,
    check_voice,
    find_seams,
    read_model,
)
from vivavoce.engines.piper.manifest import (
    CONFIG,
    DECODER,
    FLOW,
    FRONT,
    MODEL,
    WHOLE,
    FrontInfo,
    Manifest,
    Rung,
    StreamInfo,
    WindowInfo,
)
from vivavoce.engines.piper.model import Begun, Scales, files_of, load_model
from vivavoce.engines.piper.pace import LARGEST, largest
from vivavoce.engines.piper.seeded import front_of
from vivavoce.engines.piper.stateful import rewrite
from vivavoce.engines.piper.timeline import Timeline, margins, trace
from vivavoce.engines.piper.trial import SEED, Voice, Whole
from vivavoce.errors import UnsupportedMediaError


def convert(folder: Path, best: Rung = Rung.STATEFUL) -> Manifest:
    """Prepare the voice in ``folder``, on no better rung than ``best``. Raises UnsupportedMediaError when it is none."""
    voice = _checked(folder)
    shutil.rmtree(folder / CUT, ignore_errors=True)
    (folder / CUT).mkdir()
    whole = Whole(voice)
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


# ---- the rungs ----------------------------------------------------------------------------------------------------


def _climb(voice: Voice, whole: Whole, rung: Rung) -> Manifest:
    """Make the graphs of ``rung`` and try them. Raises UncuttableError, GraphError."""
    manifest = whole.manifest(rung)
    if rung is Rung.SENTENCES:
        save_optimised(whole.model().SerializeToString(), voice.folder / CUT / WHOLE)
        manifest = structs.replace(manifest, largest_call=LARGEST)
    else:
        manifest = _cut(voice, whole, manifest)
    model = load_model(voice.folder, voice.config, manifest)
    for sentence, (audio, frames) in zip(whole.sentences, whole.audio, strict=True):
        begun = model.begin(sentence.numbers, sentence.speaker, voice.scales, SEED)
        if sum(begun.samples) != frames * whole.hop:
            raise UncuttableError("the durations of the parts differ from the whole's")
        _compare(_in_chunks(begun, sentence.chunks), audio, manifest.gain)
    return manifest


def _cut(voice: Voice, whole: Whole, manifest: Manifest) -> Manifest:
    """Cut the voice into front, flow and decoder, and keep them in the form that the manifest's rung wants."""
    graph = voice.graph
    seams = find_seams(graph)
    channels, static = _border_channels(whole, seams)
    save_optimised(front_of(graph, seams).SerializeToString(), voice.folder / CUT / FRONT)
    of_flow = {name: static[name] for name in seams.flow_static}
    of_decoder = {name: static[name] for name in seams.decoder_static}
    flow = _part(graph, seams.latent, seams.spectrum, manifest.channels, of_flow, seams.masks)
    decoder = _part(graph, seams.spectrum, seams.audio, channels, of_decoder)
    if decoder.line.hop != manifest.hop:
        raise UncuttableError(
            f"the decoder makes {decoder.line.hop} samples a frame, the voice {manifest.hop}"
        )
    keep = _keep_streaming if manifest.rung is Rung.STATEFUL else _keep_windows
    return structs.replace(
        manifest,
        front=FrontInfo(seams.durations, seams.mean, seams.noise, tuple(static)),
        flow=keep(flow, voice.folder / CUT / FLOW),
        decoder=keep(decoder, voice.folder / CUT / DECODER),
        # Small windows would be mostly overlap.
        largest_call=largest(decoder.line.work) if manifest.rung is Rung.STATEFUL else LARGEST,
    )


def _border_channels(whole: Whole, seams: Seams) -> tuple[int, dict[str, int]]:
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


class _Part(Struct, frozen=True):
    """Flow or decoder."""

    model: ModelProto
    """As it was published."""
    line: Timeline
    masks: tuple[str, ...]


def _part(
    graph: Graph,
    source: str,
    output: str,
    channels: int,
    static: Mapping[str, int],
    masks: tuple[str, ...] = (),
) -> _Part:
    """What is between ``source``, which has so many ``channels``, and ``output``; for ``static`` and ``masks`` see
    :func:`trace`."""
    shapes: dict[str, list[int | str]] = {source: [1, channels, "n"]}
    shapes |= {name: [1, 1, "n"] for name in masks}
    shapes |= {name: [1, width, 1] for name, width in static.items()}
    model = graph.part(shapes, [output])
    return _Part(model, trace(model, source, masks, static, channels), masks)


def _keep_streaming(part: _Part, path: Path) -> StreamInfo:
    model, info = rewrite(part.line)
    save_optimised(model.SerializeToString(), path)
    return info


def _keep_windows(part: _Part, path: Path) -> WindowInfo:
    save_optimised(part.model.SerializeToString(), path)
    around = margins(part.line)
    return WindowInfo(part.line.source, part.masks, part.line.static, around.left, around.right)


def _in_chunks(begun: Begun, chunks: Sequence[int]) -> Floats:
    pieces: list[Floats] = []
    while begun.stream.left:
        pieces.append(begun.stream.take(chunks[min(len(pieces), len(chunks) - 1)]))
    return np.concatenate(pieces)


def _compare(streamed: Floats, whole: Floats, gain: float) -> None:
    """Raises UncuttableError unless the two are the same to one unit of int16."""
    if streamed.shape != whole.shape:
        raise UncuttableError(f"streaming made {streamed.size} samples of {whole.size}")
    apart = furthest(streamed, whole, gain)
    if apart > 1:
        raise UncuttableError(f"streamed samples differ from the whole's by {apart} of 32767")


def _keep_only(voice: Voice, rung: Rung) -> int:
    """Delete the graphs of other rungs; how many bytes those of ``rung`` have."""
    wanted = files_of(rung)
    for path in (voice.folder / CUT).iterdir():
        if path.name not in wanted:
            path.unlink()
    return sum((voice.folder / CUT / name).stat().st_size for name in wanted)


# ---- the process --------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> NoReturn:
    """``FOLDER``, and for measurements a rung to begin with."""
    prepare(lambda: convert(Path(arguments[0]), *map(Rung, arguments[1:2])))


if __name__ == "__main__":
    main(sys.argv[1:])
