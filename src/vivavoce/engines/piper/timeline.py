"""How time runs through a part of a voice: which tensors vary with it, how fast, and how far each looks around.

A part has one input that varies with time (last axis) and others that do not. It is understood when every node on the
way to its output is a convolution that keeps the length, a transposed convolution that multiplies it by its stride,
or works on each moment alone. Everything else raises :class:`UncuttableError`: such a voice is streamed in another way.

Two numbers for each tensor: its *rate*, samples for an input frame, and its *delay*: when N frames have come in, and
more may come, ``rate * N - delay`` samples of it can be known. A convolution adds its right padding to the delay, a
transposed one multiplies it by the stride and adds its left padding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from fractions import Fraction
from math import ceil
from typing import Any, Final

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from vivavoce.engines.neural.sessions import probe_session
from vivavoce.engines.piper.graph import Graph, UncuttableError, attributes

_ALONE: Final = frozenset(
    {
        "LeakyRelu",
        "Relu",
        "Tanh",
        "Sigmoid",
        "Neg",
        "Exp",
        "Softplus",
        "Elu",
        "Erf",
        "Abs",
        "Sin",
        "Cos",
        "Sqrt",
    }
)
_TOGETHER: Final = frozenset({"Add", "Sub", "Mul", "Div", "Concat", "Sum"})
_AT_THE_END: Final = frozenset({"Unsqueeze", "Squeeze", "Identity"})
_PROBE_FRAMES: Final = 61
"""A prime that is no size of a voice's layers, so that a wrong rate shows."""
_OPEN: Final = 1 << 30


class Kind(Enum):
    """What a node does with time."""

    FIXED = "fixed"
    """Nothing: its inputs do not vary."""
    MOMENT = "moment"
    """It takes each moment of its inputs alone."""
    CONVOLUTION = "convolution"
    UPSAMPLING = "upsampling"


class Step(Struct, frozen=True):
    """A node, and what it needs to know of time."""

    kind: Kind
    node: NodeProto
    inputs: tuple[str, ...] = ()
    """Those that vary, aliases resolved."""
    left: int = 0
    right: int = 0
    """A convolution's padding; a transposed one's cropping."""
    reach: int = 0
    """Samples before the newest that it reads."""
    stride: int = 1


class Timeline(Struct):
    """A part of a voice, understood."""

    graph: Graph
    source: str
    static: tuple[str, ...]
    output: str
    steps: list[Step] = field(default_factory=list)
    stored: list[TensorProto] = field(default_factory=list)
    """Constants that take the place of nodes which only made zeros of a shape."""
    alias: dict[str, str] = field(default_factory=dict)
    """Tensors that are others under another name."""
    varying: set[str] = field(default_factory=set)
    rate: dict[str, int] = field(default_factory=dict)
    delay: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    users: dict[str, list[Step]] = field(default_factory=dict)

    def resolve(self, name: str) -> str:
        """The tensor that ``name`` stands for."""
        while name in self.alias:
            name = self.alias[name]
        return name

    @property
    def hop(self) -> int:
        """Output samples for an input frame."""
        return self.rate[self.output]

    @property
    def work(self) -> int:
        """Multiplications that the convolutions do for an input frame."""
        found = 0
        for step in self.steps:
            if step.kind in (Kind.CONVOLUTION, Kind.UPSAMPLING):
                weight = self.graph.constant(step.node.input[1])
                found += 0 if weight is None else weight.size * self.rate[step.inputs[0]]
        return found


def trace(
    part: ModelProto, source: str, masks: Sequence[str], static: Mapping[str, int], channels: int
) -> Timeline:
    """The timeline of ``part`` from ``source`` to its output. ``masks`` are all ones and are dropped; ``static`` has
    the channels of the inputs that do not vary. Raises UncuttableError."""
    graph = Graph(part)
    line = Timeline(graph, source, tuple(static), _last(graph))
    nodes = _needed(graph, line.output)
    zeros = _mark_varying(line, nodes, masks)
    shapes = _probe(part, source, masks, static, channels, [n for n in nodes if n.op_type != "Shape"])
    line.rate[source], line.delay[source], line.channels[source] = 1, 0, channels
    reader = _Reader(line, frozenset(masks), zeros, shapes)
    for node in nodes:
        reader.read(node)
    line.output = line.resolve(line.output)
    return line


def _last(graph: Graph) -> str:
    """The output, without what only adds or removes axes at the very end."""
    name = graph.model.graph.output[0].name
    while (node := graph.producer.get(name)) is not None and node.op_type in _AT_THE_END:
        name = node.input[0]
    return str(name)


def _needed(graph: Graph, output: str) -> list[NodeProto]:
    above = graph.before([output])
    return [node for node in graph.nodes if any(name in above for name in node.output)]


def _mark_varying(line: Timeline, nodes: Sequence[NodeProto], masks: Sequence[str]) -> set[str]:
    """Find the tensors that vary. Returns those that are shapes: they may only say how many zeros to make."""
    line.varying = {line.source, *masks}
    shapes: set[str] = set()
    for node in nodes:
        if line.varying.isdisjoint(node.input) and shapes.isdisjoint(node.input):
            continue
        if node.op_type == "Shape":
            shapes.update(node.output)
        elif not shapes.isdisjoint(node.input):
            if node.op_type != "ConstantOfShape":
                raise UncuttableError(f"a {node.op_type} computes with lengths")
        else:
            line.varying.update(node.output)
    return shapes


def _probe(
    part: ModelProto,
    source: str,
    masks: Sequence[str],
    static: Mapping[str, int],
    channels: int,
    nodes: Sequence[NodeProto],
) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors, from one real run."""
    tapped = ModelProto()
    tapped.CopyFrom(part)
    del tapped.graph.output[:]
    names = [name for node in nodes if node.op_type != "Constant" for name in node.output if name]
    tapped.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    feed: dict[str, NDArray[Any]] = {
        source: np.random.default_rng(0).standard_normal((1, channels, _PROBE_FRAMES), np.float32)
    }
    feed |= {name: np.ones((1, 1, _PROBE_FRAMES), np.float32) for name in masks}
    feed |= {name: np.zeros((1, size, 1), np.float32) for name, size in static.items()}
    values = probe_session(tapped.SerializeToString()).run(names, feed)
    return {name: tuple(value.shape) for name, value in zip(names, values, strict=True)}


class _Reader:
    """Adds nodes to a timeline, one after the other."""

    def __init__(
        self, line: Timeline, masks: frozenset[str], lengths: set[str], shapes: Mapping[str, tuple[int, ...]]
    ) -> None:
        self._line = line
        self._masks = masks
        self._lengths = lengths
        self._shapes = shapes
        self._zeros: set[str] = set()
        """Zeros of a shape, and what was made of them alone: they spread over time."""

    def read(self, node: NodeProto) -> None:
        line, name = self._line, node.output[0]
        inputs = tuple(line.resolve(i) for i in node.input if i in line.varying)
        if name in self._lengths:
            return
        if not self._lengths.isdisjoint(node.input):
            self._make_constant(node)
        elif not inputs:
            if not self._zeros.isdisjoint(node.input):
                self._zeros.update(node.output)
            line.steps.append(Step(Kind.FIXED, node))
        elif not self._masks.isdisjoint(inputs):
            if node.op_type != "Mul" or len(inputs) != 2:
                raise UncuttableError(f"a {node.op_type} uses the mask")
            line.alias[name] = next(i for i in inputs if i not in self._masks)
        elif node.op_type == "Identity" or self._whole_slice(node):
            line.alias[name] = inputs[0]
        else:
            self._add(node, inputs)

    def _make_constant(self, node: NodeProto) -> None:
        value = attributes(node).get("value")
        number = numpy_helper.to_array(value).ravel()[:1] if value is not None else np.zeros(1, np.float32)
        self._line.stored.append(numpy_helper.from_array(number.reshape(1, 1, 1), node.output[0]))
        self._zeros.add(node.output[0])

    def _whole_slice(self, node: NodeProto) -> bool:
        """Whether ``node`` takes all of the time axis, from its beginning to its end. Raises UncuttableError."""
        if node.op_type != "Slice":
            return False
        starts, ends, axes = (self._line.graph.constant(name) for name in node.input[1:4])
        if starts is None or ends is None or axes is None:
            raise UncuttableError("a Slice has no constant bounds")
        over_time = [i for i, axis in enumerate(axes.ravel()) if axis in (2, -1)]
        if any(starts.ravel()[i] != 0 or ends.ravel()[i] < _OPEN for i in over_time):
            raise UncuttableError("a Slice cuts in time")
        return len(over_time) == axes.size

    def _add(self, node: NodeProto, inputs: tuple[str, ...]) -> None:
        line = self._line
        rates = {line.rate[name] for name in inputs}
        if len(rates) != 1:
            raise UncuttableError(f"a {node.op_type} joins different rates")
        step = self._step(node, inputs)
        delay = max(line.delay[name] for name in inputs)
        delay = delay * step.stride + (step.left if step.kind is Kind.UPSAMPLING else step.right)
        line.steps.append(step)
        for name in set(inputs):
            line.users.setdefault(name, []).append(step)
        for name in node.output:
            self._place(node, name, line.rate[inputs[0]] * step.stride, delay)

    def _place(self, node: NodeProto, name: str, rate: int, delay: int) -> None:
        shape = self._shapes[name]
        if len(shape) != 3 or shape[2] != rate * _PROBE_FRAMES:
            raise UncuttableError(
                f"a {node.op_type} gave the shape {shape} for {_PROBE_FRAMES} frames at rate {rate}"
            )
        line = self._line
        line.rate[name], line.delay[name], line.channels[name] = rate, delay, shape[1]

    def _step(self, node: NodeProto, inputs: tuple[str, ...]) -> Step:
        match node.op_type:
            case "Conv":
                return _convolution(node, inputs)
            case "ConvTranspose":
                return _upsampling(node, inputs)
            case "Split" | "Concat" if attributes(node).get("axis", 0) not in (1, -2):
                raise UncuttableError(f"a {node.op_type} works along time")
            case op if op in _ALONE | {"Slice", "Split"}:
                return Step(Kind.MOMENT, node, inputs)
            case op if op in _TOGETHER:
                self._check_others(node)
                return Step(Kind.MOMENT, node, inputs)
            case op:
                raise UncuttableError(f"a {op} is not understood")

    def _check_others(self, node: NodeProto) -> None:
        """What is joined with varying tensors must not vary, or be spread by the join itself."""
        for name in node.input:
            if name in self._line.varying:
                continue
            if name in self._zeros:
                if node.op_type == "Concat":
                    raise UncuttableError("a Concat needs zeros of a length")
                continue
            constant = self._line.graph.constant(name)
            shape = constant.shape if constant is not None else self._shapes.get(name, (1, 1, 1))
            if shape and shape[-1] != 1:
                raise UncuttableError(f"a {node.op_type} joins a constant that varies with time")


def _geometry(node: NodeProto, inputs: tuple[str, ...]) -> tuple[int, int, int, int, int]:
    """Kernel, dilation, stride and the two paddings of a convolution over time."""
    own = attributes(node)
    kernel, pads = list(own.get("kernel_shape", [])), list(own.get("pads", [0, 0]))
    if len(kernel) != 1 or len(pads) != 2 or len(inputs) != 1 or own.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise UncuttableError(f"a {node.op_type} is not over one axis with plain padding")
    return kernel[0], own.get("dilations", [1])[0], own.get("strides", [1])[0], pads[0], pads[1]


def _convolution(node: NodeProto, inputs: tuple[str, ...]) -> Step:
    kernel, dilation, stride, left, right = _geometry(node, inputs)
    reach = (kernel - 1) * dilation
    if stride != 1 or left + right != reach:
        raise UncuttableError("a convolution changes the length")
    return Step(Kind.CONVOLUTION, node, inputs, left, right, reach)


def _upsampling(node: NodeProto, inputs: tuple[str, ...]) -> Step:
    kernel, dilation, stride, left, right = _geometry(node, inputs)
    own = attributes(node)
    longer = own.get("output_padding", [0])[0]
    exact = kernel - left - right + longer == stride
    if dilation != 1 or not exact or left > kernel - stride or "output_shape" in own:
        raise UncuttableError("a transposed convolution does not multiply the length by its stride")
    return Step(Kind.UPSAMPLING, node, inputs, left, right, (kernel - 1) // stride, stride)


class Margins(Struct, frozen=True):
    """Input frames around a window beyond which nothing reaches its output."""

    left: int
    right: int


def margins(line: Timeline) -> Margins:
    """How far the output looks around, from kernels, dilations and strides."""
    reach: dict[str, tuple[Fraction, Fraction]] = {line.source: (Fraction(0), Fraction(0))}
    for step in line.steps:
        if step.kind is Kind.FIXED:
            continue
        rate = line.rate[step.inputs[0]]
        left = max(reach[name][0] for name in step.inputs)
        right = max(reach[name][1] for name in step.inputs)
        if step.kind is Kind.CONVOLUTION:
            left, right = left + Fraction(step.left, rate), right + Fraction(step.right, rate)
        elif step.kind is Kind.UPSAMPLING:
            kernel = attributes(step.node)["kernel_shape"][0]
            left += Fraction(kernel - 1 - step.left, rate * step.stride)
            right += Fraction(step.left, rate * step.stride)
        reach.update(dict.fromkeys(step.node.output, (left, right)))
    left, right = reach[line.output]
    return Margins(ceil(left), ceil(right))
