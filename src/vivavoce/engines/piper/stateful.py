"""A part of a voice rewritten so that it can be fed piece by piece: exact at any chunk size, for no more work.

Every tensor that somebody looks back at gets one history: the last L samples come in as a state, the new ones are put
behind, at the very end the zeros that the original pads with, and the last L go out as the next state. Each reader
takes its window of it. Convolutions keep their weights and lose their padding.

* Padding is zeros *in every layer's own input*; feeding zero frames is not the same, for biases. So a state begins
  with as many zeros as the original pads on the left and no more, and it grows on the first call: which call is the
  first is seen by a state's length. Input ``final`` adds the zeros on the right.
* Slack: where branches of different delay meet, the early one has to wait. Delays are made as late as possible from
  the output upwards, so that it waits where all its readers share one history (:func:`_delay_late`).
* An activation f with f(0) = 0 between a history and its readers is applied to the history: one state fewer.
* Transposed convolutions read ``reach`` samples of look-back and their output is cropped: no overlap to be added.

Initial state of name: zeros of (1, channels, first). The idea of caching convolutions' tails is old and public.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from vivavoce.engines.piper.graph import attributes
from vivavoce.engines.piper.manifest import State, StreamInfo
from vivavoce.engines.piper.timeline import Kind, Step, Timeline

FINAL: Final = "final"
"""int64 (1,): 1 on the last call, else 0."""
AUDIO: Final = "streamed"
_OPEN: Final = 1 << 40
_KEEPS_ZERO: Final = frozenset({"LeakyRelu", "Relu", "Tanh", "Neg", "Elu", "Abs", "Sin"})
_TIME: Final = 2


class _Window(Struct, frozen=True):
    """What a reader takes of a history."""

    left: int = 0
    right: int = 0
    reach: int = 0
    slack: int = 0

    @property
    def back(self) -> int:
        return self.reach + self.slack


class _History(Struct):
    """What all the readers of a tensor need together."""

    steady: int = 0
    left: int = 0
    right: int = 0

    def grow(self, window: _Window) -> None:
        self.steady = max(self.steady, window.back)
        self.left = max(self.left, window.left)
        self.right = max(self.right, window.right)


def rewrite(line: Timeline) -> tuple[ModelProto, StreamInfo]:
    """The streaming form of the part that ``line`` describes, and how to drive it."""
    natural = dict(line.delay)
    _delay_late(line, natural)
    return _Writer(line).write()


def _delay_late(line: Timeline, natural: dict[str, int]) -> None:
    """Raise delays as far as the readers allow. They stay natural at input, output and transposed convolutions."""
    for step in reversed(line.steps):
        if step.kind is Kind.FIXED:
            continue
        used = [name for name in step.node.output if name in line.users]
        for name in used:
            if name != line.output and step.kind is not Kind.UPSAMPLING:
                line.delay[name] = min(_allowed(line, user, natural[name]) for user in line.users[name])
        if len(step.node.output) > 1 and used:
            together = min(line.delay[name] for name in used)
            line.delay.update(dict.fromkeys(step.node.output, together))


def _allowed(line: Timeline, user: Step, natural: int) -> int:
    """The latest delay of an input of ``user``."""
    if user.kind is Kind.UPSAMPLING:
        return natural
    return line.delay[user.node.output[0]] - user.right


class _Writer:
    """Writes the nodes of one rewritten part."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self._nodes: list[NodeProto] = []
        self._stored: list[TensorProto] = list(line.stored)
        self._made: dict[object, str] = {}
        """What was written already, by what it is."""
        self._views = self._activations()
        for name in self._views:
            line.delay[name] = line.delay[self._root(name)]
        self._histories = self._needs()
        self._numbers = {name: i for i, name in enumerate(self._histories)}

    def write(self) -> tuple[ModelProto, StreamInfo]:
        line = self._line
        for step in line.steps:
            if step.node.output[0] not in self._views:
                self._write(step)
        self._nodes.append(helper.make_node("Identity", [self._plain(line.output)], [AUDIO]))
        states = [self._state(name) for name in self._histories]
        for name in self._histories:
            self._history(name)
        model = line.graph.model_of(self._nodes, self._inputs(states), self._outputs(states), self._stored)
        rate, delay = line.hop, line.delay[line.output]
        info = StreamInfo(
            source=line.source,
            static=line.static,
            channels=line.channels[line.source],
            rate=rate,
            delay=delay,
            min_first=max(delay // rate + 1, *(self._min_upsampled(step) for step in line.steps)),
            states=tuple(states),
        )
        return model, info

    def _min_upsampled(self, step: Step) -> int:
        """Frames after which a transposed convolution has something to read."""
        if step.kind is not Kind.UPSAMPLING:
            return 0
        name = step.inputs[0]
        return -(-(step.reach + self._line.delay[name]) // self._line.rate[name])

    # ---- what is needed -------------------------------------------------------------------------------------------

    def _activations(self) -> dict[str, NodeProto]:
        """Activations that are applied to the history of their input, by their output."""
        return {
            step.node.output[0]: step.node
            for step in self._line.steps
            if step.kind is Kind.MOMENT
            and step.node.op_type in _KEEPS_ZERO
            and len(step.node.input) == 1
            and len(self._line.users.get(step.inputs[0], [])) > 1
        }

    def _root(self, name: str) -> str:
        """The tensor whose history ``name`` is read from."""
        while name in self._views:
            name = self._line.resolve(self._views[name].input[0])
        return name

    def _windows(self, step: Step) -> dict[str, _Window]:
        """What ``step`` takes of each of its varying inputs."""
        delay, own = self._line.delay, step.node.output[0]
        match step.kind:
            case Kind.CONVOLUTION:
                name = step.inputs[0]
                slack = delay[own] - delay[name] - step.right
                return {name: _Window(step.left, step.right, step.reach, slack)}
            case Kind.UPSAMPLING:
                return {step.inputs[0]: _Window(reach=step.reach)}
            case _:
                return {name: _Window(slack=delay[own] - delay[name]) for name in step.inputs}

    def _needs(self) -> dict[str, _History]:
        found: dict[str, _History] = {}
        for step in self._line.steps:
            if step.node.output[0] in self._views:
                continue
            for name, window in self._windows(step).items():
                if window.back:
                    found.setdefault(self._root(name), _History()).grow(window)
        return found

    # ---- nodes ----------------------------------------------------------------------------------------------------

    def _write(self, step: Step) -> None:
        node, own = step.node, dict(attributes(step.node))
        if step.kind is Kind.FIXED:
            self._nodes.append(node)
            return
        windows = {name: self._window(name, window) for name, window in self._windows(step).items()}
        line = self._line
        inputs = [windows[line.resolve(i)] if i in line.varying else i for i in node.input]
        if step.kind is Kind.MOMENT:
            self._nodes.append(helper.make_node(node.op_type, inputs, list(node.output), **own))
            return
        own["pads"] = [0, 0]
        if step.kind is Kind.CONVOLUTION:
            self._nodes.append(helper.make_node("Conv", inputs, list(node.output), **own))
            return
        own.pop("output_padding", None)
        kernel, stride = own["kernel_shape"][0], step.stride
        raw = self._node("ConvTranspose", inputs, **own)
        start = self._either(self._first, step.reach * stride, step.left)
        stop = self._either(self._last, stride - kernel, (stride - kernel + step.left) or _OPEN)
        slice_ = helper.make_node("Slice", [raw, start, stop, self._number(_TIME)], list(node.output))
        self._nodes.append(slice_)

    def _window(self, name: str, window: _Window) -> str:
        """What a reader gets of ``name``."""
        if window.back == 0:
            return self._plain(name)
        history = self._histories[self._root(name)]
        start = history.steady - window.back
        start_first = history.left - window.left
        stop = -window.slack or _OPEN
        stop_last = -(history.right - window.right) or _OPEN
        view = self._view(name)
        if start == start_first == 0 and stop == stop_last == _OPEN:
            return view
        return self._once(
            ("window", view, start, start_first, stop, stop_last),
            lambda: self._node(
                "Slice",
                [
                    view,
                    self._either(self._first, start, start_first),
                    self._either(self._last, stop, stop_last),
                    self._number(_TIME),
                ],
            ),
        )

    def _plain(self, name: str) -> str:
        """The new samples of ``name`` only."""
        if name not in self._views:
            return name

        def make() -> str:
            node = self._views[name]
            source = self._plain(self._line.resolve(node.input[0]))
            self._nodes.append(helper.make_node(node.op_type, [source], [name], **attributes(node)))
            return name

        return self._once(("plain", name), make)

    def _view(self, name: str) -> str:
        """``name`` with its history in front, and with the padding behind it in the last call."""
        if name not in self._views:
            return self._history(name)
        node = self._views[name]
        return self._once(
            ("view", name),
            lambda: self._node(
                node.op_type, [self._view(self._line.resolve(node.input[0]))], **attributes(node)
            ),
        )

    def _history(self, name: str) -> str:
        def make() -> str:
            history, state = self._histories[name], self._state(name)
            padding = [self._padding(state.channels, history.right)] if history.right else []
            whole = self._node("Concat", [state.name, name, *padding], axis=_TIME)
            bounds = [self._number(-history.steady), self._number(_OPEN), self._number(_TIME)]
            self._nodes.append(helper.make_node("Slice", [whole, *bounds], [state.out]))
            return whole

        return self._once(("history", name), make)

    def _state(self, name: str) -> State:
        history, number = self._histories[name], self._numbers[name]
        channels = self._line.channels[name]
        return State(f"state_{number}", f"next_{number}", channels, history.left, history.steady)

    # ---- small parts ----------------------------------------------------------------------------------------------

    def _node(self, op: str, inputs: Sequence[str], **own: Any) -> str:
        name = f"vivavoce_{op.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], **own))
        return name

    def _once(self, key: object, make: Callable[[], str]) -> str:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _number(self, *values: int) -> str:
        def make() -> str:
            name = f"vivavoce_number_{len(self._stored)}"
            self._stored.append(numpy_helper.from_array(np.array(values, np.int64), name))
            return name

        return self._once(("number", values), make)

    def _either(self, flag: Callable[[], str], otherwise: int, flagged: int) -> str:
        """``flagged`` where ``flag`` is 1, else ``otherwise``."""
        if flagged == otherwise:
            return self._number(flagged)

        def make() -> str:
            change = self._node("Mul", [flag(), self._number(flagged - otherwise)])
            return self._node("Add", [change, self._number(otherwise)])

        return self._once(("either", flag.__name__, otherwise, flagged), make)

    def _last(self) -> str:
        return FINAL

    def _first(self) -> str:
        """1 in the first call, which has shorter states."""

        def make() -> str:
            states = map(self._state, self._histories)
            telling = next(state for state in states if state.first != state.steady)
            shape = self._node("Shape", [telling.name])
            length = self._node("Slice", [shape, self._number(2), self._number(3), self._number(0)])
            same = self._node("Equal", [length, self._number(telling.first)])
            return self._node("Cast", [same], to=TensorProto.INT64)

        return self._once("first", make)

    def _padding(self, channels: int, samples: int) -> str:
        """``samples`` of zeros in the last call, none before."""

        def make() -> str:
            shape = self._node(
                "Concat",
                [self._number(1, channels), self._node("Mul", [FINAL, self._number(samples)])],
                axis=0,
            )
            zero = numpy_helper.from_array(np.zeros(1, np.float32))
            return self._node("ConstantOfShape", [shape], value=zero)

        return self._once(("padding", channels, samples), make)

    # ---- ends -----------------------------------------------------------------------------------------------------

    def _inputs(self, states: Sequence[State]) -> list[Any]:
        value, line = helper.make_tensor_value_info, self._line
        return [
            value(line.source, TensorProto.FLOAT, [1, line.channels[line.source], "n"]),
            *(value(name, TensorProto.FLOAT, [1, "c", 1]) for name in line.static),
            value(FINAL, TensorProto.INT64, [1]),
            *(value(s.name, TensorProto.FLOAT, [1, s.channels, f"{s.name}_n"]) for s in states),
        ]

    def _outputs(self, states: Sequence[State]) -> list[Any]:
        value, line = helper.make_tensor_value_info, self._line
        return [
            value(AUDIO, TensorProto.FLOAT, [1, line.channels[line.output], "m"]),
            *(value(s.out, TensorProto.FLOAT, [1, s.channels, f"{s.out}_n"]) for s in states),
        ]
