"""A voice's ONNX graph: read as the untrusted file it is, indexed, and cut where VITS has its seams.

No node names are relied on. The seams, from the structure that every exporter has to keep:

* *durations*: the one ``Ceil``, frames for each symbol;
* *latent*: the noise behind the durations is scaled by multiplications only and added to the means;
* *spectrum*: what the convolution before the first transposed convolution reads (behind an addition with a
  convolution of kernel 1 when the voice has several speakers);
* *audio*: the output.

Between latent and spectrum lies the flow, behind it the decoder. What depends on the speaker alone is computed once an
utterance, in the front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from vivavoce.engines.neural import files as neural
from vivavoce.errors import UnsupportedMediaError

INPUTS: Final = ("input", "input_lengths", "scales")
"""What every Piper voice takes: numbers, how many, and noise, length and duration noise."""
SPEAKER: Final = "sid"
_HEAVY: Final = frozenset({"Conv", "ConvTranspose", "MatMul", "Gemm", "Gather"})
_SMOOTH: Final = frozenset({"LeakyRelu", "Relu", "Identity", "Elu"})


class UncuttableError(Exception):
    """The graph is not built as this module knows it; the voice may still be spoken whole."""


class Seams(Struct, frozen=True):
    """Names of the tensors at which a voice's graph is cut."""

    durations: str
    """float32 (1, 1, ids): frames of each number."""
    mean: str
    """float32 (1, channels, frames)."""
    noise: str
    """What is added to ``mean``: standard normal noise times a scale, the same shape."""
    latent: str
    """``mean`` plus ``noise``."""
    masks: tuple[str, ...]
    """(1, 1, frames), all ones for a single utterance."""
    flow_static: tuple[str, ...]
    """(1, c, 1) each: what the flow takes of the speaker."""
    spectrum: str
    """(1, channels, frames): from the flow to the decoder."""
    decoder_static: tuple[str, ...]
    audio: str


def read_model(path: Path) -> ModelProto:
    """The model in ``path``, checked to be self-contained and plain. Raises UnsupportedMediaError."""
    model = neural.read_model(path)
    foreign = {node.domain for node in _nodes(model.graph)} - {"", "ai.onnx"}
    if foreign or model.functions:
        raise UnsupportedMediaError(
            f"{path.name} has operators that ONNX does not define; expected a plain voice"
        )
    return model


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Every node, those inside loops and branches too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                yield from _nodes(inner)


class Graph:
    """An index over a model that is not changed while it is used."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.nodes: Sequence[NodeProto] = list(model.graph.node)
        self.initializers = {tensor.name: tensor for tensor in model.graph.initializer}
        self.inputs = [value.name for value in model.graph.input if value.name not in self.initializers]
        self.producer = {name: node for node in self.nodes for name in node.output if name}
        self.consumers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)

    def constant(self, name: str) -> NDArray[Any] | None:
        """The value of a tensor that is stored in the graph; ``None`` for one that is computed."""
        if name in self.initializers:
            return numpy_helper.to_array(self.initializers[name])
        node = self.producer.get(name)
        if node is not None and node.op_type == "Constant" and node.attribute[0].name == "value":
            return numpy_helper.to_array(node.attribute[0].t)
        if node is not None and node.op_type == "Identity":
            return self.constant(node.input[0])
        return None

    def before(self, names: Iterable[str]) -> set[str]:
        """``names`` and every tensor they are computed from."""
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name and name not in found:
                found.add(name)
                if (node := self.producer.get(name)) is not None:
                    stack += node.input
        return found

    def behind(self, names: Iterable[str]) -> set[str]:
        """``names`` and every tensor that is computed from one of them."""
        found = set(names)
        for node in self.nodes:
            if not found.isdisjoint(node.input):
                found.update(node.output)
        return found

    @cached_property
    def computed(self) -> set[str]:
        """Every tensor that depends on what is put in."""
        return self.behind(self.inputs)

    def part(self, inputs: Mapping[str, Sequence[int | str]], outputs: Sequence[str]) -> ModelProto:
        """The float graph from ``inputs`` (with their shapes) to ``outputs``; the model's own inputs it needs stay.

        Raises UncuttableError when something else is missing.
        """
        needed: set[str] = set()
        stack = list(outputs)
        while stack:
            name = stack.pop()
            if not name or name in needed:
                continue
            needed.add(name)
            if name not in inputs and (node := self.producer.get(name)) is not None:
                stack += node.input
        nodes = [
            node for node in self.nodes if any(name in needed and name not in inputs for name in node.output)
        ]
        own = [
            value for value in self.model.graph.input if value.name in needed and value.name in self.inputs
        ]
        cut = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in inputs.items()
            if name in needed
        ]
        return self.model_of(nodes, [*own, *cut], outputs)

    def model_of(
        self,
        nodes: Sequence[NodeProto],
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        more: Sequence[Any] = (),
    ) -> ModelProto:
        """A model of ``nodes`` in this model's dialect, with the initializers that they use and ``more`` of them."""
        used = {name for node in nodes for name in node.input} | {o for o in outputs if isinstance(o, str)}
        stored = [tensor for tensor in [*self.initializers.values(), *more] if tensor.name in used]
        ends = [helper.make_empty_tensor_value_info(o) if isinstance(o, str) else o for o in outputs]
        graph = helper.make_graph(nodes, "vivavoce", inputs, ends, stored)
        return helper.make_model(
            graph, opset_imports=list(self.model.opset_import), ir_version=self.model.ir_version
        )


def attributes(node: NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def check_voice(graph: Graph, speakers: int) -> None:
    """Raises UnsupportedMediaError unless ``graph`` is a Piper voice of ``speakers``."""
    missing = [name for name in INPUTS if name not in graph.inputs]
    kinds = {node.op_type for node in graph.nodes}
    if missing or "ConvTranspose" not in kinds or not kinds & {"RandomNormalLike", "RandomNormal"}:
        lack = f"the input {missing[0]!r}" if missing else "a vocoder and noise"
        raise UnsupportedMediaError(f"the ONNX file is no Piper voice: it lacks {lack}")
    unknown = set(graph.inputs) - {*INPUTS, SPEAKER}
    if unknown:
        raise UnsupportedMediaError(
            f"the voice wants inputs that Piper does not give: {', '.join(sorted(unknown))}"
        )
    if (SPEAKER in graph.inputs) != (speakers > 1):
        has = "several speakers" if SPEAKER in graph.inputs else "one speaker"
        raise UnsupportedMediaError(
            f"the model has {has}, but its configuration says num_speakers {speakers}"
        )


def noises(graph: Graph) -> tuple[list[NodeProto], list[NodeProto]]:
    """The nodes that make noise: for the durations, and for the latent. Raises UncuttableError."""
    behind = graph.behind([durations(graph)])
    made = [node for node in graph.nodes if node.op_type == "RandomNormalLike"]
    return (
        [node for node in made if node.output[0] not in behind],
        [node for node in made if node.output[0] in behind],
    )


def durations(graph: Graph) -> str:
    """The tensor of frames for each number. Raises UncuttableError."""
    found = [node.output[0] for node in graph.nodes if node.op_type == "Ceil"]
    if len(found) != 1:
        raise UncuttableError(f"expected one Ceil for the durations, found {len(found)}")
    return str(found[0])


def find_seams(graph: Graph) -> Seams:
    """Where to cut. Raises UncuttableError."""
    frames = durations(graph)
    _, made = noises(graph)
    if len(made) != 1:
        raise UncuttableError(f"expected one source of noise behind the durations, found {len(made)}")
    noise, add = _added(graph, made[0].output[0])
    mean = add.input[0] if add.input[1] == noise else add.input[1]
    latent = add.output[0]
    spectrum = _spectrum(graph)
    masks, flow_static = _border(graph, spectrum, latent, frames)
    audio = graph.model.graph.output[0].name
    more_masks, decoder_static = _border(graph, audio, spectrum, frames)
    if more_masks:
        raise UncuttableError("the decoder depends on the durations in another way than through the spectrum")
    return Seams(frames, mean, noise, latent, masks, flow_static, spectrum, decoder_static, audio)


def _added(graph: Graph, noise: str) -> tuple[str, NodeProto]:
    """The addition that scaled ``noise`` goes into, and the scaled noise's name."""
    while True:
        users = graph.consumers.get(noise, [])
        if len(users) != 1 or users[0].op_type not in ("Mul", "Add"):
            raise UncuttableError("the noise is not just scaled and added")
        if users[0].op_type == "Add":
            return noise, users[0]
        noise = users[0].output[0]


def _spectrum(graph: Graph) -> str:
    """What the decoder's first convolution reads."""
    first = next(node for node in graph.nodes if node.op_type == "ConvTranspose")
    node = _above(graph, first.input[0])
    if node.op_type == "Add":
        branches = [_above(graph, name) for name in node.input]
        node = max(branches, key=lambda branch: _kernel(branch))
    if node.op_type != "Conv" or _kernel(node) < 2:
        raise UncuttableError("expected a convolution before the decoder's first upsampling")
    return str(node.input[0])


def _above(graph: Graph, name: str) -> NodeProto:
    """What made ``name``, activations aside."""
    node = graph.producer.get(name)
    while node is not None and node.op_type in _SMOOTH:
        node = graph.producer.get(node.input[0])
    if node is None:
        raise UncuttableError("the decoder begins in an unknown way")
    return node


def _kernel(node: NodeProto) -> int:
    return int(attributes(node).get("kernel_shape", [0])[0]) if node.op_type == "Conv" else 0


def _border(graph: Graph, end: str, begin: str, frames: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the part from ``begin`` to ``end`` takes beside ``begin``: of the durations, and of the speaker."""
    timed = graph.behind([frames])
    above = graph.before([begin])
    behind = graph.behind([begin])
    varying: set[str] = set()
    static: set[str] = set()
    seen = {begin}
    stack = [end]
    while stack:
        name = stack.pop()
        if name in seen or name not in graph.computed:
            continue
        seen.add(name)
        node = graph.producer.get(name)
        if name in timed and name not in behind:
            varying.add(name)
        elif name not in timed and (node is None or name in above or node.op_type in _HEAVY):
            static.add(name)
        else:
            assert node is not None
            stack += node.input
    order = {name: i for i, name in enumerate([*graph.inputs, *graph.producer])}
    return tuple(sorted(varying, key=order.__getitem__)), tuple(sorted(static, key=order.__getitem__))
