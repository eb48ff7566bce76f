"""Voices cut, rewritten and driven in every way: always the samples of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import Struct
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from randomvoices import published
from vivavoce.engines.neural.sessions import GraphError, plain_session
from vivavoce.engines.piper.graph import (
    Graph,
    Seams,
    UncuttableError,
    check_voice,
    find_seams,
    read_model,
)
from vivavoce.engines.piper.manifest import WindowInfo
from vivavoce.engines.piper.seeded import front_of, whole_of
from vivavoce.engines.piper.stateful import rewrite
from vivavoce.engines.piper.streaming import Pushed, StatefulStream, Stream, WindowStream
from vivavoce.engines.piper.timeline import Timeline, margins, trace
from vivavoce.errors import UnsupportedMediaError

pytestmark = pytest.mark.integration

Floats = NDArray[np.float32]


class Cut(Struct):
    """A voice in parts, and what the whole makes of one sentence."""

    graph: Graph
    seams: Seams
    latent: Floats
    static: Mapping[str, Floats]
    durations: Floats
    audio: Floats
    parts: tuple[ModelProto, ModelProto]
    lines: Callable[[], tuple[Timeline, Timeline]]


def cut_of(size: str, ids: int = 61) -> Cut:
    random = np.random.default_rng(3)
    graph = Graph(read_model(published(size)))
    seams = find_seams(graph)
    feed: dict[str, Any] = {
        "input": random.integers(3, 160, (1, ids)),
        "input_lengths": np.array([ids]),
        "scales": np.array([0.667, 1.0, 0.8], np.float32),
        "duration_noise": random.standard_normal((1, 2, ids), np.float32),
    }
    if "sid" in graph.inputs:
        feed["sid"] = np.array([2])
    names = list(dict.fromkeys([*seams.flow_static, *seams.decoder_static]))
    wanted = [seams.durations, seams.mean, seams.noise, *names]
    durations, mean, scale, *static = plain_session(front_of(graph, seams).SerializeToString()).run(
        wanted, feed
    )
    noise = random.standard_normal(mean.shape, np.float32)
    more = np.concatenate([noise, noise[:, :, :7]], 2)  # what is too much of it is not used
    whole = plain_session(whole_of(graph).SerializeToString())
    audio, same = whole.run(None, {**feed, "latent_noise": more})
    assert np.array_equal(durations, same)
    fixed = dict(zip(names, static, strict=True))
    channels = {name: value.shape[1] for name, value in fixed.items()}
    flow, decoder = (
        graph.part(
            {begin: [1, mean.shape[1], "n"]}
            | {name: [1, 1, "n"] for name in masks}
            | {name: [1, channels[name], 1] for name in own},
            [end],
        )
        for begin, masks, own, end in (
            (seams.latent, seams.masks, seams.flow_static, seams.spectrum),
            (seams.spectrum, (), seams.decoder_static, seams.audio),
        )
    )

    def lines() -> tuple[Timeline, Timeline]:
        return (
            trace(
                flow, seams.latent, seams.masks, {n: channels[n] for n in seams.flow_static}, mean.shape[1]
            ),
            trace(decoder, seams.spectrum, (), {n: channels[n] for n in seams.decoder_static}, mean.shape[1]),
        )

    return Cut(
        graph, seams, mean + noise * scale, fixed, durations, audio.reshape(-1), (flow, decoder), lines
    )


@pytest.fixture(scope="module", params=["tiny", "tiny-multi"])
def cut(request: pytest.FixtureRequest) -> Cut:
    return cut_of(request.param)


def units(audio: Floats) -> NDArray[np.int32]:
    """Samples as int16 has them, of a voice brought to full scale."""
    return np.rint(np.clip(audio, -1, 1) * 32767).astype(np.int32)


def drained(stream: Stream, sizes: Callable[[int], int]) -> Floats:
    pieces: list[Floats] = []
    while stream.left:
        pieces.append(stream.take(sizes(len(pieces))))
    return np.concatenate(pieces)


def same(streamed: Floats, cut: Cut) -> bool:
    """Whether the samples are the whole's to one unit, at the loudness of speech."""
    gain = np.float32(0.9 / np.abs(cut.audio).max())
    assert streamed.shape == cut.audio.shape
    return int(np.abs(units(streamed * gain) - units(cut.audio * gain)).max()) <= 1


def stateful(cut: Cut, latent: Floats | None = None) -> StatefulStream:
    (flow, flow_info), (decoder, decoder_info) = map(rewrite, cut.lines())
    return StatefulStream(
        cut.latent if latent is None else latent,
        cut.static,
        (plain_session(flow.SerializeToString()), flow_info),
        (plain_session(decoder.SerializeToString()), decoder_info),
    )


def test_durations_add_up_to_the_audio(cut: Cut) -> None:
    assert cut.durations.min() >= 1
    assert int(cut.durations.sum()) * 256 == cut.audio.size == cut.latent.shape[2] * 256


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 8, 13, 16, 32, 64, 1000])
def test_streaming_gives_the_samples_of_the_whole_at_any_chunk_size(cut: Cut, frames: int) -> None:
    assert same(drained(stateful(cut), lambda _: frames), cut)


@pytest.mark.parametrize("seed", range(6))
def test_and_at_random_chunk_sizes(cut: Cut, seed: int) -> None:
    random = np.random.default_rng(seed)
    assert same(drained(stateful(cut), lambda _: int(random.integers(1, 40))), cut)


def test_two_streams_that_take_turns_do_not_disturb_each_other(cut: Cut) -> None:
    (flow, flow_info), (decoder, decoder_info) = map(rewrite, cut.lines())
    parts = (
        (plain_session(flow.SerializeToString()), flow_info),
        (plain_session(decoder.SerializeToString()), decoder_info),
    )
    first, second = (StatefulStream(latent, cut.static, *parts) for latent in (cut.latent, -cut.latent))
    pieces: list[Floats] = []
    while first.left:
        pieces.append(first.take(9))
        if second.left:
            second.take(4)
    assert same(np.concatenate(pieces), cut)


@pytest.mark.parametrize("frames", [1, 5, 8, 31, 1000])
def test_windows_give_them_too(cut: Cut, frames: int) -> None:
    lines = cut.lines()
    parts = [
        (
            plain_session(part.SerializeToString()),
            WindowInfo(line.source, masks, line.static, margins(line).left, margins(line).right),
        )
        for part, line, masks in zip(cut.parts, lines, (cut.seams.masks, ()), strict=True)
    ]
    stream = WindowStream(cut.latent, cut.static, parts[0], parts[1], 256)
    assert same(drained(stream, lambda _: frames), cut)


def test_smaller_margins_would_not_do(cut: Cut) -> None:
    lines = cut.lines()
    parts = [
        (
            plain_session(part.SerializeToString()),
            WindowInfo(line.source, masks, line.static, margins(line).left // 2, margins(line).right // 2),
        )
        for part, line, masks in zip(cut.parts, lines, (cut.seams.masks, ()), strict=True)
    ]
    assert not same(drained(WindowStream(cut.latent, cut.static, parts[0], parts[1], 256), lambda _: 8), cut)


def test_very_short_sentences_are_one_call(cut: Cut) -> None:
    """Shorter than what the first call needs otherwise."""
    for frames in (1, 2, 5, 12, 30):
        latent = np.ascontiguousarray(cut.latent[:, :, :frames])
        pieces = [part.SerializeToString() for part in cut.parts]
        flow = plain_session(pieces[0]).run(
            None,
            {cut.seams.latent: latent}
            | {name: np.ones((1, 1, frames), np.float32) for name in cut.seams.masks}
            | {name: cut.static[name] for name in cut.seams.flow_static},
        )[0]
        whole = plain_session(pieces[1]).run(
            None, {cut.seams.spectrum: flow} | {name: cut.static[name] for name in cut.seams.decoder_static}
        )[0]
        streamed = drained(stateful(cut, latent), lambda _: 1)
        assert streamed.size == frames * 256
        assert float(np.abs(streamed - whole.reshape(-1)).max()) < 1e-5


def test_a_rewritten_decoder_tells_how_much_it_holds_back(cut: Cut) -> None:
    model, info = rewrite(cut.lines()[1])
    pushed = Pushed(plain_session(model.SerializeToString()), info, cut.static)
    frames = made = 0
    for size in (info.min_first, 1, 5, 17):
        piece = np.ascontiguousarray(cut.latent[:, :, frames : frames + size])
        frames += size
        made += pushed.push(piece, final=False).size
        assert made == frames * info.rate - info.delay
    made += pushed.push(np.zeros((1, info.channels, 0), np.float32), final=True).size
    assert made == frames * info.rate


def test_too_small_a_first_push_is_an_error_and_no_garbage(cut: Cut) -> None:
    model, info = rewrite(cut.lines()[1])
    pushed = Pushed(plain_session(model.SerializeToString()), info, cut.static)
    with pytest.raises(GraphError):
        pushed.push(np.ascontiguousarray(cut.latent[:, :, : info.min_first - 4]), final=False)


# ---- graphs that are not so ------------------------------------------------------------------------------------------


def changed(change: Callable[[ModelProto], None], size: str = "tiny") -> Graph:
    model = read_model(published(size))
    change(model)
    return Graph(model)


def retyped(old: str, new: str, nth: int = 0) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        [node for node in model.graph.node if node.op_type == old][nth].op_type = new

    return change


def silenced(model: ModelProto) -> None:
    """Without any noise."""
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            node.op_type = "Identity"


def test_what_is_not_understood_in_time_is_refused() -> None:
    cut = cut_of("tiny")
    for old, new in (("Tanh", "Softmax"), ("Sub", "Pow"), ("Sigmoid", "Hardmax")):
        part = ModelProto()
        part.CopyFrom(cut.parts[0])
        retyped(old, new)(part)
        with pytest.raises(UncuttableError, match=new):
            trace(part, cut.seams.latent, cut.seams.masks, {}, cut.latent.shape[1])


def test_a_strided_convolution_is_refused() -> None:
    cut = cut_of("tiny")
    part = ModelProto()
    part.CopyFrom(cut.parts[1])
    convolution = next(node for node in part.graph.node if node.op_type == "Conv")
    for attribute in convolution.attribute:
        if attribute.name == "pads":
            attribute.ints[:] = [2, 3]
    with pytest.raises(UncuttableError, match=r"changes the length|gave the shape"):
        trace(part, cut.seams.spectrum, (), {}, cut.latent.shape[1])


def test_a_graph_without_durations_has_no_seams() -> None:
    with pytest.raises(UncuttableError, match="expected one Ceil for the durations, found 0"):
        find_seams(changed(retyped("Ceil", "Floor")))


def test_noise_that_is_more_than_scaled_is_no_seam() -> None:
    def change(model: ModelProto) -> None:
        noise = [node for node in model.graph.node if node.op_type == "RandomNormalLike"][-1].output[0]
        user = next(node for node in model.graph.node if noise in node.input)
        user.op_type = "Pow"

    with pytest.raises(UncuttableError, match="just scaled and added"):
        find_seams(changed(change))


def test_what_is_no_voice_is_told_apart(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph(
        [node], "g", [value("x", TensorProto.FLOAT, [1])], [value("y", TensorProto.FLOAT, [1])]
    )
    other = helper.make_model(graph)
    with pytest.raises(UnsupportedMediaError, match="no Piper voice: it lacks the input 'input'"):
        check_voice(Graph(other), 1)
    with pytest.raises(UnsupportedMediaError, match="a vocoder and noise"):
        check_voice(changed(silenced), 1)
    with pytest.raises(
        UnsupportedMediaError, match="has one speaker, but its configuration says num_speakers 4"
    ):
        check_voice(Graph(read_model(published())), 4)
    with pytest.raises(UnsupportedMediaError, match="has several speakers, but its"):
        check_voice(Graph(read_model(published("tiny-multi"))), 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no ONNX file"),
        (b"no onnx at all", "no ONNX file"),
        (b"\x08\x07" * 300, "no ONNX file"),
        (b"\x00" * 4096, "no ONNX file"),
    ],
)
def test_what_is_no_onnx_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "voice.onnx"
    path.write_bytes(data)
    with pytest.raises(UnsupportedMediaError, match=message):
        read_model(path)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    data = published().read_bytes()
    path = tmp_path / "voice.onnx"
    for share in (0.01, 0.3, 0.7, 0.999):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(UnsupportedMediaError):
            check_voice(Graph(read_model(path)), 1)


def test_data_in_other_files_is_refused_wherever_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx"
    for place in ("initializer", "constant"):
        model = read_model(published())
        if place == "initializer":
            tensor = model.graph.initializer[0]
        else:
            stored = numpy_helper.from_array(np.zeros(3, np.float32), "stored")
            model.graph.node.append(helper.make_node("Constant", [], ["stored"], value=stored))
            tensor = model.graph.node[-1].attribute[0].t
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
        path.write_bytes(model.SerializeToString())
        with pytest.raises(UnsupportedMediaError, match="data in other files, which is refused"):
            read_model(path)


def test_foreign_operators_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx"
    model = read_model(published())
    model.graph.node[0].domain = "com.example"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UnsupportedMediaError, match="operators that ONNX does not define"):
        read_model(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx"
    with path.open("wb") as file:
        file.truncate(600 << 20)
    with pytest.raises(UnsupportedMediaError, match="has 600 MB; a voice has at most 512"):
        read_model(path)
