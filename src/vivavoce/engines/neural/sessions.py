"""onnxruntime sessions, set up as measurements say. The only module that imports onnxruntime, and late.

One thread: the workers are the parallelism, and more threads on busy cores cost time. A graph that was optimised and
saved when the voice was added loads in a tenth of the time with optimisation and the planning of memory reuse off,
at the same speed (medium voice: 0.12 s instead of 1.31, 165 MB instead of 240).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from vivavoce.errors import MissingDependencyError

if TYPE_CHECKING:
    import onnxruntime

INSTALL: Final = "install it with `pip install 'vivavoce[neural]'`"


class GraphError(Exception):
    """onnxruntime refused a graph, or failed in it. For the engine and the converter to put into words."""


class Session:
    """An inference session whose failures are :class:`GraphError`."""

    def __init__(self, model: bytes | str, options: Any) -> None:
        """``model`` as bytes or the path of a file."""
        self._errors = _errors()
        try:
            self._session = runtime().InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except self._errors as error:
            raise GraphError(_first_line(error)) from None

    def run(self, names: Sequence[str] | None, feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs called ``names``, or all."""
        try:
            outputs: list[NDArray[Any]] = self._session.run(
                None if names is None else list(names), dict(feed)
            )
        except self._errors as error:
            raise GraphError(_first_line(error)) from None
        return outputs


def _errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: classes of its own that have no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    own = [kind for kind in vars(native).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, ValueError, RuntimeError)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


def runtime() -> Any:
    """The module. Raises MissingDependencyError."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(f"neural voices need onnxruntime ({error}); {INSTALL}") from None
    return onnxruntime


def _options() -> onnxruntime.SessionOptions:
    options = runtime().SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def probe_session(model: bytes) -> Session:
    """A session for a few runs of ``model`` as it stands."""
    ort = runtime()
    options = _options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_reuse = False
    return Session(model, options)


def plain_session(model: bytes | str) -> Session:
    """A session as anybody makes it: what the others are compared with."""
    return Session(model, _options())


def save_optimised(model: bytes, path: Path) -> Session:
    """Optimise ``model`` and keep the result in ``path``, in a form that depends on onnxruntime's version but not on
    the processor. Returns a session for it. Raises GraphError, and OSError where there is no room."""
    ort = runtime()
    path.write_bytes(model)  # onnxruntime has no words for a full disk; what it writes has about this size
    options = _options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    return Session(model, options)


def saved_session(path: Path) -> Session:
    """A session for a graph from :func:`save_optimised`."""
    ort = runtime()
    options = _options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_reuse = False
    return Session(str(path), options)
