"""Piper voices with random weights: ``python -m bench.random_voices medium FOLDER`` writes ``random-medium.onnx`` and
its configuration. They say what speed and exactness are, and never anything about how a voice sounds.

The graph is VITS as Piper publishes it, at the published layer sizes, built here without torch: text encoder,
durations through ``Ceil``, noise, four coupling layers, HiFi-GAN decoder. Flow and decoder are the published ones node
for node. The text encoder has no relative positions, and in place of the spline flows behind the durations stands a
stack of the same depthwise convolutions, which makes all before the flow cost a fifth less than in a graph of Piper's
own exporter (medium: 42 ms instead of 55 for 221 symbols; for such graphs see ``bench/exported_voices.py``). The
configuration's length scale brings random durations to the pace of ordinary speech.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import orjson
from msgspec import Struct
from onnx import ModelProto, TensorProto, helper

from bench.net import Net


class Size(Struct, frozen=True, kw_only=True):
    """Layer sizes of a voice."""

    hidden: int
    filters: int
    layers: int = 6
    flow_layers: int = 4
    channels: int
    """Of the decoder before its first upsampling; halved by each."""
    rates: tuple[int, ...] = (8, 8, 4)
    kernels: tuple[int, ...] = (16, 16, 8)
    block: int = 2
    """Which residual block: 1 has two convolutions for each dilation."""
    block_kernels: tuple[int, ...] = (3, 5, 7)
    dilations: tuple[tuple[int, ...], ...] = ((1, 2), (2, 6), (3, 12))
    speakers: int = 1
    speaker_channels: int = 512
    rate_hz: int = 22_050
    frames: float | None = 2.05
    """Frames of a symbol on average, which makes fifteen words five seconds; ``None`` for what the weights say."""


SIZES = {
    "tiny": Size(
        hidden=16, filters=24, layers=1, flow_layers=2, channels=16, block_kernels=(3, 5), dilations=((1, 2), (2, 6)),
        speaker_channels=8, frames=None,
    ),
    "tiny-multi": Size(
        hidden=16, filters=24, layers=1, flow_layers=2, channels=16, block_kernels=(3, 5), dilations=((1, 2), (2, 6)),
        speaker_channels=8, frames=None, speakers=3,
    ),
    "x_low": Size(hidden=96, filters=384, channels=256, rate_hz=16_000),
    "medium": Size(hidden=192, filters=768, channels=256),
    "high": Size(
        hidden=192, filters=768, channels=512, rates=(8, 8, 2, 2), kernels=(16, 16, 4, 4), block=1,
        block_kernels=(3, 7, 11), dilations=((1, 3, 5),) * 3,
    ),
    "multi": Size(hidden=192, filters=768, channels=256, speakers=904),
}  # fmt: skip

SYMBOLS = (
    "_^$ !'(),-.:;?"
    + "abcdefghijklmnopqrstuvwxyz"
    + "æçðøħŋœβθχεᵻⱱ"
    + "".join(map(chr, range(0x250, 0x2AF)))
    + "ʰʲʷˈˌːˑ˞ˤ↓↑"
    + "\u0303\u0327\u0329\u032a\u032f\u033a\u033b\u0306\u0361"
    + "0123456789"
)
"""Padding, begin, end, space and what espeak-ng's IPA is made of."""
SYMBOL_COUNT = 256
_HEADS = 2


def build(size: Size, seed: int = 7) -> ModelProto:
    """The voice's model."""
    net = Net(seed)
    speaker = _speaker(net, size) if size.speakers > 1 else None
    hidden = _encoder(net, size)
    stats = net.conv(hidden, size.hidden, 2 * size.hidden, gain=1.0)
    frames = _durations(net, size, hidden, speaker)
    mean, deviation, mask = _spread(net, size, stats, frames)
    noise = net.op("RandomNormalLike", mean, dtype=TensorProto.FLOAT)
    scale = net.op("Gather", "scales", net.number(0), axis=0)
    scaled = net.op("Mul", net.op("Mul", noise, net.op("Exp", deviation)), scale)
    latent = net.op("Add", mean, scaled)
    spectrum = net.op("Mul", _flow(net, size, latent, mask, speaker), mask)
    audio = _decoder(net, size, spectrum, speaker)
    net.nodes.append(helper.make_node("Unsqueeze", [audio, net.number([1])], ["output"]))
    return _model(net, size)


def _model(net: Net, size: Size) -> ModelProto:
    info = helper.make_tensor_value_info
    inputs = [
        info("input", TensorProto.INT64, ["batch_size", "phonemes"]),
        info("input_lengths", TensorProto.INT64, ["batch_size"]),
        info("scales", TensorProto.FLOAT, [3]),
    ]
    if size.speakers > 1:
        inputs.append(info("sid", TensorProto.INT64, ["batch_size"]))
    output = info("output", TensorProto.FLOAT, ["batch_size", 1, 1, "time"])
    graph = helper.make_graph(net.nodes, "random_voice", inputs, [output], net.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _speaker(net: Net, size: Size) -> str:
    table = net.weight(size.speakers, size.speaker_channels, scale=1.0)
    return str(net.op("Unsqueeze", net.op("Gather", table, "sid", axis=0), net.number([2])))


def _encoder(net: Net, size: Size) -> str:
    """(1, hidden, ids). ``input_lengths`` masks what is beyond it, which for one utterance is nothing."""
    table = net.weight(SYMBOL_COUNT, size.hidden, scale=1.0)
    x = net.op("Transpose", net.op("Gather", table, "input", axis=0), perm=[0, 2, 1])
    mask = _mask(net, net.op("Shape", "input"), "input_lengths")
    x = net.op("Mul", x, mask)
    for _ in range(size.layers):
        x = net.norm(net.op("Add", x, _attention(net, size, x)), size.hidden)
        inner = net.op("Relu", net.conv(x, size.hidden, size.filters, 3))
        x = net.norm(net.op("Add", x, net.conv(inner, size.filters, size.hidden, 3)), size.hidden)
    return str(net.op("Mul", x, mask))


def _mask(net: Net, shape: str, lengths: str) -> str:
    """(1, 1, n): 1 up to the length."""
    count = net.op("Squeeze", net.part(shape, 1, 2, axis=0))
    steps = net.op("Range", net.number(0), count, net.number(1))
    inside = net.op("Less", steps, net.op("Unsqueeze", lengths, net.number([1])))
    return str(net.op("Unsqueeze", net.op("Cast", inside, to=TensorProto.FLOAT), net.number([1])))


def _attention(net: Net, size: Size, x: str) -> str:
    width = size.hidden // _HEADS
    shape = net.number([1, _HEADS, width, -1])
    query, key, value = (net.op("Reshape", net.conv(x, size.hidden, size.hidden), shape) for _ in range(3))
    scores = net.op("MatMul", net.op("Transpose", query, perm=[0, 1, 3, 2]), key)
    scores = net.op("Div", scores, net.number(math.sqrt(width), np.float32))
    mixed = net.op(
        "MatMul", value, net.op("Transpose", net.op("Softmax", scores, axis=-1), perm=[0, 1, 3, 2])
    )
    return net.conv(net.op("Reshape", mixed, net.number([1, size.hidden, -1])), size.hidden, size.hidden)


def _durations(net: Net, size: Size, hidden: str, speaker: str | None) -> str:
    """(1, 1, ids): frames of each symbol."""
    x = net.conv(hidden, size.hidden, size.hidden)
    if speaker is not None:
        x = net.op("Add", x, net.conv(speaker, size.speaker_channels, size.hidden, gain=0.3))
    shape = net.op("Concat", net.number([1, 2]), net.part(net.op("Shape", "input"), 1, 2, axis=0), axis=0)
    noise = net.op("RandomNormalLike", net.op("ConstantOfShape", shape), dtype=TensorProto.FLOAT)
    scaled = net.op("Mul", noise, net.op("Gather", "scales", net.number(2), axis=0))
    x = net.op("Add", x, net.conv(scaled, 2, size.hidden, gain=0.5))
    for layer in range(15 if size.layers == 6 else 1):
        apart = net.conv(x, size.hidden, size.hidden, 3, 3 ** (layer % 3), groups=size.hidden)
        inner = net.op("Relu", net.norm(apart, size.hidden))
        x = net.op("Add", x, net.norm(net.conv(inner, size.hidden, size.hidden), size.hidden))
    log = net.op("Tanh", net.conv(net.norm(x, size.hidden), size.hidden, 1, gain=0.5))
    log = net.op("Add", log, net.number(1.2, np.float32))
    length = net.op("Gather", "scales", net.number(1), axis=0)
    return str(net.op("Ceil", net.op("Mul", net.op("Exp", log), length)))


def _spread(net: Net, size: Size, stats: str, frames: str) -> tuple[str, str, str]:
    """Means, logarithms of deviations and mask, each symbol repeated for its frames."""
    mean, deviation = net.op("Split", stats, outputs=2, axis=1)
    stop = net.op("CumSum", frames, net.number(2))
    total = net.op("Cast", net.op("ReduceSum", frames, net.number([1, 2]), keepdims=0), to=TensorProto.INT64)
    steps = net.op("Range", net.number(0), net.op("Squeeze", total), net.number(1))
    steps = net.op("Cast", steps, to=TensorProto.FLOAT)
    column = net.op("Transpose", stop, perm=[0, 2, 1])
    before = net.op("Sub", stop, frames)
    reached = net.op("Cast", net.op("Less", steps, column), to=TensorProto.FLOAT)
    passed = net.op("Less", steps, net.op("Transpose", before, perm=[0, 2, 1]))
    path = net.op("Sub", reached, net.op("Cast", passed, to=TensorProto.FLOAT))
    inside = net.op(
        "Less", steps, net.op("Cast", net.op("Unsqueeze", total, net.number([1])), to=TensorProto.FLOAT)
    )
    mask = net.op("Unsqueeze", net.op("Cast", inside, to=TensorProto.FLOAT), net.number([1]))
    small = net.op("Mul", deviation, net.number(0.2, np.float32))
    return str(net.op("MatMul", mean, path)), str(net.op("MatMul", small, path)), str(mask)


def _flow(net: Net, size: Size, x: str, mask: str, speaker: str | None) -> str:
    half = size.hidden // 2
    last = np.iinfo(np.int64).min
    for _ in range(4):
        x = net.op("Slice", x, net.number([-1]), net.number([last]), net.number([1]), net.number([-1]))
        kept, other = net.op("Split", x, outputs=2, axis=1)
        inner = net.op("Mul", net.conv(kept, half, size.hidden), mask)
        inner = _wavenet(net, size, inner, mask, speaker)
        mean = net.op("Mul", net.conv(inner, size.hidden, half, gain=0.3), mask)
        zeros = net.op("ConstantOfShape", net.op("Shape", mean))
        moved = net.op("Mul", net.op("Sub", other, mean), net.op("Exp", net.op("Neg", zeros)))
        x = net.op("Concat", kept, net.op("Mul", moved, mask), axis=1)
    return str(x)


def _wavenet(net: Net, size: Size, x: str, mask: str, speaker: str | None) -> str:
    width, layers = size.hidden, size.flow_layers
    total: str = net.op("ConstantOfShape", net.op("Shape", x))
    given = net.conv(speaker, size.speaker_channels, 2 * width * layers, gain=0.3) if speaker else None
    for layer in range(layers):
        both = net.conv(x, width, 2 * width, 5)
        if given is not None:
            both = net.op("Add", both, net.part(given, 2 * width * layer, 2 * width * (layer + 1)))
        gate = net.op("Sigmoid", net.part(both, width, 2 * width))
        gated = net.op("Mul", net.op("Tanh", net.part(both, 0, width)), gate)
        if layer == layers - 1:
            total = net.op("Add", total, net.conv(gated, width, width))
            break
        out = net.conv(gated, width, 2 * width)
        x = net.op("Mul", net.op("Add", x, net.part(out, 0, width)), mask)
        total = net.op("Add", total, net.part(out, width, 2 * width))
    return str(net.op("Mul", total, mask))


def _decoder(net: Net, size: Size, x: str, speaker: str | None) -> str:
    channels = size.channels
    x = net.conv(x, size.hidden, channels, 7)
    if speaker is not None:
        x = net.op("Add", x, net.conv(speaker, size.speaker_channels, channels, gain=0.3))
    for rate, kernel in zip(size.rates, size.kernels, strict=True):
        x = net.op("LeakyRelu", x, alpha=0.1)
        x = _upsample(net, x, channels, channels // 2, kernel, rate)
        channels //= 2
        blocks = [
            _residual(net, size.block, x, channels, k, d)
            for k, d in zip(size.block_kernels, size.dilations, strict=True)
        ]
        total = blocks[0]
        for block in blocks[1:]:
            total = net.op("Add", total, block)
        x = net.op("Div", total, net.number(len(blocks), np.float32))
    x = net.op("LeakyRelu", x, alpha=0.01)
    return str(net.op("Tanh", net.conv(x, channels, 1, 7, gain=0.3)))


def _upsample(net: Net, x: str, c_in: int, c_out: int, kernel: int, rate: int) -> str:
    weight = net.weight(c_in, c_out, kernel, scale=1.0 / math.sqrt(c_in * kernel / rate))
    pad = (kernel - rate) // 2
    own: dict[str, Any] = {
        "kernel_shape": [kernel],
        "dilations": [1],
        "pads": [pad, pad],
        "strides": [rate],
        "group": 1,
    }
    return str(net.op("ConvTranspose", x, weight, net.weight(c_out, scale=0.05), **own))


def _residual(net: Net, block: int, x: str, channels: int, kernel: int, dilations: Sequence[int]) -> str:
    for dilation in dilations:
        inner = net.conv(net.op("LeakyRelu", x, alpha=0.1), channels, channels, kernel, dilation, gain=0.7)
        if block == 1:
            inner = net.conv(net.op("LeakyRelu", inner, alpha=0.1), channels, channels, kernel, gain=0.7)
        x = net.op("Add", x, inner)
    return x


def config(size: Size, quality: str = "", espeak_voice: str = "en-us") -> dict[str, Any]:
    """The voice's configuration, as it is published beside a model."""
    return {
        "audio": {"sample_rate": size.rate_hz, "quality": quality},
        "espeak": {"voice": espeak_voice},
        "language": {"code": "en_US"},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(dict.fromkeys(SYMBOLS))},
        "num_symbols": SYMBOL_COUNT,
        "num_speakers": size.speakers,
        "speaker_id_map": {f"p{i}": i for i in range(size.speakers)} if size.speakers > 1 else {},
        "dataset": "random weights",
        "piper_version": "1.0.0",
    }


def _length_scale(path: Path, size: Size, wanted: float) -> float:
    """What brings the model's symbols to ``wanted`` frames on average, found by trying: frames are rounded up."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    numbers = np.random.default_rng(1).integers(15, 100, (1, 161))
    numbers[0, ::2] = 0
    feed: dict[str, Any] = {"input": numbers, "input_lengths": np.array([numbers.shape[1]])}
    if size.speakers > 1:
        feed["sid"] = np.array([0])
    hop, low, high = math.prod(size.rates), 0.05, 2.0
    for _ in range(7):
        middle = math.sqrt(low * high)
        feed["scales"] = np.array([0.667, middle, 0.8], np.float32)
        frames = session.run(None, feed)[0].size / hop / numbers.shape[1]
        low, high = (low, middle) if frames > wanted else (middle, high)
    return round(math.sqrt(low * high), 3)


def write(name: str, folder: Path, seed: int = 7) -> Path:
    """Write the voice of size ``name`` into ``folder``; the path of its model."""
    size = SIZES[name]
    path = folder / f"random-{name}.onnx"
    path.write_bytes(build(size, seed).SerializeToString())
    told = config(size, name.removesuffix("-multi"))
    if size.frames is not None:
        told["inference"]["length_scale"] = _length_scale(path, size, size.frames)
    path.with_name(path.name + ".json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.random_voices", description=__doc__)
    parser.add_argument("size", choices=list(SIZES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = write(given.size, given.folder, given.seed)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB of random weights, for speed and exactness only")


if __name__ == "__main__":
    main()
