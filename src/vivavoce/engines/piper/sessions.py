"""onnxruntime sessions, set up as measurements say. The only module that imports onnxruntime, and late.

One thread: the workers are the parallelism, and more threads on busy cores cost time. A graph that was optimised and
saved when the voice was added loads in a tenth of the time with optimisation and the planning of memory reuse off,
at the same speed (medium voice: 0.12 s instead of 1.31, 165 MB instead of 240).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from vivavoce.errors import MissingDependencyError

if TYPE_CHECKING:
    import onnxruntime

INSTALL = "install it with `pip install 'vivavoce[neural]'`"


class Session(Protocol):
    """What is used of an inference session."""

    def run(self, output_names: list[str] | None, input_feed: dict[str, Any]) -> list[NDArray[Any]]: ...


def runtime() -> Any:
    """The module. Raises MissingDependencyError."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(f"Piper voices need onnxruntime ({error}); {INSTALL}") from None
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
    return _session(model, options)


def plain_session(model: bytes | str) -> Session:
    """A session as anybody makes it: what the others are compared with."""
    return _session(model, _options())


def save_optimised(model: bytes, path: Path) -> Session:
    """Optimise ``model`` and keep the result in ``path``, in a form that depends on onnxruntime's version but not on
    the processor. Returns a session for it."""
    ort = runtime()
    options = _options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    return _session(model, options)


def saved_session(path: Path) -> Session:
    """A session for a graph from :func:`save_optimised`."""
    ort = runtime()
    options = _options()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_reuse = False
    return _session(str(path), options)


def _session(model: bytes | str, options: Any) -> Session:
    session: Session = runtime().InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session
