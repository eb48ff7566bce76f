"""A model's ONNX file, read as the untrusted input it is. Needs onnx, so only preparing processes import it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto

from vivavoce.errors import UnsupportedMediaError

MAX_MODEL_BYTES: Final = 512 << 20
"""The largest published graph that is spoken with here has 257 MB."""


def read_model(path: Path) -> ModelProto:
    """The model in ``path``, checked to be self-contained. Raises UnsupportedMediaError."""
    name = path.name
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise UnsupportedMediaError(
                f"{name} has {size >> 20} MB; a voice has at most {MAX_MODEL_BYTES >> 20}"
            )
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise UnsupportedMediaError(f"cannot read {name}: {error.strerror or error}") from None
    except DecodeError:
        raise UnsupportedMediaError(f"{name} is no ONNX file, or only a part of one") from None
    if not model.graph.node or not model.opset_import:
        raise UnsupportedMediaError(f"{name} is no ONNX file: there is no graph in it")
    graphs = [model.graph, *(GraphProto(node=function.node) for function in model.functions)]
    for tensor in (tensor for graph in graphs for tensor in _tensors(graph)):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise UnsupportedMediaError(
                f"{name} refers to data in other files, which is refused; expected all in one file"
            )
    return model


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    """Every tensor that is stored in ``graph``."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in [attribute.g, *attribute.graphs]:
                yield from _tensors(inner)
