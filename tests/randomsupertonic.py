"""A Supertonic model of random weights, for tests: published names, inputs, shapes and rates, and a voice like nothing.

Only the layers inside are small. The vocoder looks back and not ahead, as the published one does.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from voice_folders import converted, scratch

Shape: TypeAlias = Sequence[int | str | None]
CHANNELS, HOP, RATE_HZ = 144, 3072, 44_100
SPEAKERS = ("F1", "F2", "M1")
KNOWN = [*range(0x20, 0x7F), *range(0x300, 0x370), *range(0x400, 0x460), *range(0x1100, 0x1200)]
"""Code points that the model reads: Latin letters, accents, Cyrillic letters, the parts of Hangul."""
VERSIONS = {
    "supertonic": ("v1.5.0", "opensource-en"),
    "supertonic-2": ("v1.6.0", "opensource-multilingual"),
    "supertonic-3": ("v1.7.3", "opensource-multilingual"),
}


def graph(
    nodes: Sequence[NodeProto],
    weights: Mapping[str, NDArray[np.generic]],
    inputs: Mapping[str, Shape],
    output: tuple[str, Shape],
) -> ModelProto:
    """A model; inputs are float32 but for ``text_ids``."""
    made = helper.make_graph(
        nodes,
        "random",
        [
            helper.make_tensor_value_info(
                name, TensorProto.INT64 if name == "text_ids" else TensorProto.FLOAT, shape
            )
            for name, shape in inputs.items()
        ],
        [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, output[1])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _weights(seed: int, **shapes: tuple[int, ...]) -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(seed)
    return {
        name: (random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        for name, shape in shapes.items()
    }


def _numbers(*values: int) -> NDArray[np.generic]:
    return np.array(values, np.int64)


def durations() -> ModelProto:
    """About 0.07 s for each character, more for some speakers and characters than for others."""
    make = helper.make_node
    nodes = [
        make("Gather", ["table", "text_ids"], ["each"]),
        make("Transpose", ["each"], ["turned"], perm=[0, 2, 1]),
        make("Mul", ["turned", "text_mask"], ["masked"]),
        make("ReduceSum", ["masked", "both"], ["sum"], keepdims=0),
        make("ReduceMean", ["style_dp"], ["who"], axes=[1, 2], keepdims=0),
        make("Exp", ["who"], ["slow"]),
        make("Mul", ["sum", "slow"], ["duration"]),
    ]
    random = np.random.default_rng(1)
    table = random.uniform(0.05, 0.09, (len(KNOWN), 1)).astype(np.float32)
    inputs: dict[str, Shape] = {"text_ids": [1, "n"], "style_dp": [1, 8, 16], "text_mask": [1, 1, "n"]}
    return graph(nodes, {"table": table, "both": _numbers(1, 2)}, inputs, ("duration", [1]))


def encoder() -> ModelProto:
    make = helper.make_node
    nodes = [
        make("Gather", ["table", "text_ids"], ["each"]),
        make("Transpose", ["each"], ["turned"], perm=[0, 2, 1]),
        make("ReduceMean", ["style_ttl"], ["who"], axes=[1], keepdims=0),
        make("Unsqueeze", ["who", "two"], ["beside"]),
        make("Add", ["turned", "beside"], ["both"]),
        make("Mul", ["both", "text_mask"], ["text_emb"]),
    ]
    weights = {**_weights(2, table=(len(KNOWN), 256)), "two": _numbers(2)}
    inputs: dict[str, Shape] = {"text_ids": [1, "n"], "style_ttl": [1, 50, 256], "text_mask": [1, 1, "n"]}
    return graph(nodes, weights, inputs, ("text_emb", [1, 256, "n"]))


def estimator() -> ModelProto:
    """A step: most of the latent stays, some comes of its neighbours, the text, the speaker and the time."""
    make = helper.make_node
    nodes = [
        make("Mul", ["text_emb", "text_mask"], ["read"]),
        make("ReduceMean", ["read"], ["meant"], axes=[2], keepdims=1),
        make("ReduceMean", ["style_ttl"], ["who"], axes=[1], keepdims=0),
        make("Unsqueeze", ["who", "two"], ["beside"]),
        make("Add", ["meant", "beside"], ["told"]),
        make("Conv", ["told", "from_text"], ["wanted"]),
        make("Conv", ["noisy_latent", "around"], ["near"], pads=[1, 1]),
        make("Div", ["current_step", "total_step"], ["time"]),
        make("Add", ["wanted", "time"], ["timed"]),
        make("Add", ["near", "timed"], ["sum"]),
        make("Tanh", ["sum"], ["bent"]),
        make("Div", ["bent", "total_step"], ["some"]),
        make("Add", ["noisy_latent", "some"], ["next"]),
        make("Mul", ["next", "latent_mask"], ["denoised_latent"]),
    ]
    weights = {
        **_weights(3, from_text=(CHANNELS, 256, 1), around=(CHANNELS, CHANNELS, 3)),
        "two": _numbers(2),
    }
    inputs: dict[str, Shape] = {
        "noisy_latent": [1, CHANNELS, "t"],
        "text_emb": [1, 256, "n"],
        "style_ttl": [1, 50, 256],
        "text_mask": [1, 1, "n"],
        "latent_mask": [1, 1, "t"],
        "current_step": [1],
        "total_step": [1],
    }
    return graph(nodes, weights, inputs, ("denoised_latent", [1, CHANNELS, "t"]))


def vocoder(*, local: bool = True) -> ModelProto:
    """``local``: each sample depends on a stretch of the latent before it, else on all of it."""
    make = helper.make_node
    nodes = [
        make("Reshape", ["latent", "apart"], ["parts"]),
        make("Transpose", ["parts"], ["turned"], perm=[0, 1, 3, 2]),
        make("Reshape", ["turned", "unpacked"], ["frames"]),
        make("Pad", ["frames", "before"], ["padded"], mode="edge"),
        make("Conv", ["padded", "first"], ["one"]),
        make("Tanh", ["one"], ["bent"]),
        make("Pad", ["bent", "long_before"], ["padded_too"], mode="edge"),
        make("Conv", ["padded_too", "second"], ["two"], dilations=[4]),
        *([] if local else [make("ReduceMean", ["two"], ["level"], axes=[2], keepdims=1)]),
        make("Identity", ["two"], ["out"]) if local else make("Sub", ["two", "level"], ["out"]),
        make("Transpose", ["out"], ["in_time"], perm=[0, 2, 1]),
        make("Reshape", ["in_time", "flat"], ["wav_tts"]),
    ]
    weights = {
        **_weights(4, first=(32, 24, 7), second=(512, 32, 7)),
        "apart": _numbers(1, 24, 6, -1),
        "unpacked": _numbers(1, 24, -1),
        "before": _numbers(0, 0, 6, 0, 0, 0),
        "long_before": _numbers(0, 0, 24, 0, 0, 0),
        "flat": _numbers(1, -1),
    }
    return graph(nodes, weights, {"latent": [1, CHANNELS, "t"]}, ("wav_tts", [1, "samples"]))


def _style(seed: int) -> dict[str, object]:
    random = np.random.default_rng(seed)
    return {
        name: {"dims": list(dims), "data": random.normal(0.0, 1.0, dims).round(4).tolist(), "type": "float32"}
        for name, dims in {"style_ttl": (1, 50, 256), "style_dp": (1, 8, 16)}.items()
    }


def publish(folder: Path, model: str = "supertonic-3") -> Path:
    """``folder`` as the hub's repository of ``model``."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "voice_styles").mkdir()
    made = {
        "duration_predictor": durations(),
        "text_encoder": encoder(),
        "vector_estimator": estimator(),
        "vocoder": vocoder(),
    }
    for name, proto in made.items():
        (folder / "onnx" / f"{name}.onnx").write_bytes(proto.SerializeToString())
    version, split = VERSIONS[model]
    sizes = {
        "tts_version": version,
        "split": split,
        "ae": {"sample_rate": RATE_HZ, "base_chunk_size": 512, "chunk_compress_factor": 1, "ldim": 24},
        "ttl": {"latent_dim": 24, "chunk_compress_factor": 6},
    }
    table = [-1] * 65_536
    for number, point in enumerate(KNOWN):
        table[point] = number
    (folder / "onnx" / "tts.json").write_text(json.dumps(sizes))
    (folder / "onnx" / "unicode_indexer.json").write_text(json.dumps(table))
    for seed, speaker in enumerate(SPEAKERS):
        (folder / "voice_styles" / f"{speaker}.json").write_text(json.dumps(_style(seed)))
    (folder / "README.md").write_text("---\nlicense: openrail\nlanguage:\n- en\n---\n# Supertonic\n")
    return folder


def published(model: str = "supertonic-3") -> Path:
    """A folder laid out as the hub's repository of ``model``; not to be changed."""
    folder = scratch("supertonic") / "published" / model
    return folder if folder.exists() else publish(folder, model)


def prepare(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the preparing process on the model in ``folder``."""
    return converted("supertonic", folder)


@functools.cache
def _prepared(model: str) -> Path:
    folder = scratch("supertonic") / "prepared" / model
    shutil.copytree(published(model), folder)
    done = prepare(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def installed(folder: Path, model: str = "supertonic-3", name: str | None = None) -> Path:
    """A prepared ``model`` called ``name`` in ``folder``, the folder of all Supertonic models."""
    target = folder / (name or model)
    shutil.copytree(_prepared(model), target)
    return target
