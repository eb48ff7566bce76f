"""A voice's graph with its noise coming from outside, so that the same request gives the same sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from vivavoce.engines.piper.graph import Graph, Seams, UncuttableError, durations, noises

DURATION_NOISE: Final = "duration_noise"
LATENT_NOISE: Final = "latent_noise"


def front_of(graph: Graph, seams: Seams) -> ModelProto:
    """From numbers to durations, means and scales of noise, and what depends on the speaker.

    The latent's noise is replaced by ones, so that the noise branch gives its scale: noise comes from outside.
    """
    for_durations, for_latent = noises(graph)
    changed = [*_as_input(for_durations, DURATION_NOISE), *_ones(for_latent)]
    static = list(dict.fromkeys([*seams.flow_static, *seams.decoder_static]))
    return _replaced(graph, changed, for_durations, [seams.durations, seams.mean, seams.noise, *static])


def whole_of(graph: Graph, outputs: Sequence[str] = ()) -> ModelProto:
    """From numbers and noise to ``outputs``, which are audio and durations when none are named. The noise may be
    longer than what is needed of it."""
    for_durations, for_latent = noises(graph)
    changed = [*_as_input(for_durations, DURATION_NOISE), *_cut_noise(for_latent)]
    wanted = list(outputs) or [graph.model.graph.output[0].name, durations(graph)]
    return _replaced(
        graph, changed, for_durations, wanted, [(LATENT_NOISE, [1, "c", "t"])] if for_latent else []
    )


def _replaced(
    graph: Graph,
    changed: Sequence[NodeProto],
    for_durations: Sequence[NodeProto],
    outputs: Sequence[str],
    more: Sequence[tuple[str, Sequence[int | str]]] = (),
) -> ModelProto:
    """The graph with the nodes that make noise exchanged for ``changed``, cut to ``outputs``."""
    made = {name for node in changed for name in node.output}
    model = ModelProto()
    model.CopyFrom(graph.model)
    kept = [node for node in graph.nodes if made.isdisjoint(node.output)]
    del model.graph.node[:]
    model.graph.node.extend(_sorted([*kept, *changed], set(graph.inputs) | set(graph.initializers)))
    noise: list[tuple[str, Sequence[int | str]]] = [(DURATION_NOISE, [1, "c", "n"])] if for_durations else []
    for name, shape in [*noise, *more]:
        model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
    return Graph(model).part({}, outputs)


def _sorted(nodes: Sequence[NodeProto], known: set[str]) -> list[NodeProto]:
    """``nodes`` so that each stands behind what it reads. Names nobody makes are taken to be known."""
    made = {name for node in nodes for name in node.output}
    waiting = list(nodes)
    ready = set(known)
    found: list[NodeProto] = []
    while waiting:
        later: list[NodeProto] = []
        for node in waiting:
            if all(not name or name in ready or name not in made for name in node.input):
                found.append(node)
                ready.update(node.output)
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise UncuttableError("the graph has a circle")
        waiting = later
    return found


def _as_input(made: Sequence[NodeProto], name: str) -> list[NodeProto]:
    return [helper.make_node("Identity", [name], list(node.output)) for node in made]


def _ones(made: Sequence[NodeProto]) -> list[NodeProto]:
    one = numpy_helper.from_array(np.ones(1, np.float32))
    found: list[NodeProto] = []
    for node in made:
        shape = f"{node.output[0]}_shape"
        found.append(helper.make_node("Shape", [node.input[0]], [shape]))
        found.append(helper.make_node("ConstantOfShape", [shape], list(node.output), value=one))
    return found


def _cut_noise(made: Sequence[NodeProto]) -> list[NodeProto]:
    """Noise from outside, as long as what it goes to."""
    found: list[NodeProto] = []
    for node in made:
        name = node.output[0]
        names = [f"{name}_{part}" for part in ("shape", "two", "three", "length")]
        shape, two, three, length = names
        found += [
            helper.make_node("Shape", [node.input[0]], [shape]),
            helper.make_node("Constant", [], [two], value=numpy_helper.from_array(np.array([2]))),
            helper.make_node("Constant", [], [three], value=numpy_helper.from_array(np.array([3]))),
            helper.make_node("Slice", [shape, two, three], [length]),
            helper.make_node("Constant", [], [f"{name}_zero"], value=numpy_helper.from_array(np.array([0]))),
            helper.make_node("Slice", [LATENT_NOISE, f"{name}_zero", length, two], [name]),
        ]
    return found
