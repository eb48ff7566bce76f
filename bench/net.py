"""Graphs of random weights, built node by node, with the layers that VITS is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class Net:
    """Builds a graph, node by node."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []

    def op(self, kind: str, *inputs: str, outputs: int = 1, **own: Any) -> Any:
        """A node; its output's name, or a list of them."""
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **own))
        return names[0] if outputs == 1 else names

    def number(self, value: Any, dtype: type = np.int64) -> str:
        """A constant."""
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def weight(self, *shape: int, scale: float) -> str:
        return self.stored(self._random.standard_normal(shape, np.float32) * np.float32(scale))

    def stored(self, value: NDArray[np.float32]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value.astype(np.float32), name))
        return name

    def conv(
        self,
        x: str,
        c_in: int,
        c_out: int,
        kernel: int = 1,
        dilation: int = 1,
        *,
        gain: float = 1.0,
        groups: int = 1,
    ) -> str:
        """A convolution that keeps the length."""
        fan = c_in // groups * kernel
        weight = self.weight(c_out, c_in // groups, kernel, scale=gain / math.sqrt(fan))
        bias = self.weight(c_out, scale=0.05 * gain)
        pad = (kernel - 1) * dilation // 2
        own: dict[str, Any] = {
            "kernel_shape": [kernel],
            "dilations": [dilation],
            "pads": [pad, pad],
            "strides": [1],
            "group": groups,
        }
        return str(self.op("Conv", x, weight, bias, **own))

    def part(self, x: str, start: int, stop: int, axis: int = 1) -> str:
        """A slice."""
        return str(self.op("Slice", x, self.number([start]), self.number([stop]), self.number([axis])))

    def norm(self, x: str, channels: int) -> str:
        """Layer normalisation over the channels, written out as the exporter does."""
        mean = self.op("ReduceMean", x, axes=[1], keepdims=1)
        centred = self.op("Sub", x, mean)
        variance = self.op("ReduceMean", self.op("Mul", centred, centred), axes=[1], keepdims=1)
        root = self.op("Sqrt", self.op("Add", variance, self.number(1e-5, np.float32)))
        scaled = self.op(
            "Mul", self.op("Div", centred, root), self.stored(np.ones((1, channels, 1), np.float32))
        )
        return str(self.op("Add", scaled, self.stored(np.zeros((1, channels, 1), np.float32))))
