"""Writes ``docs/reference/sdk.md`` from the docstrings of the SDK: ``python docs/sdk_reference.py``.

Docstrings that stand under a field, or under an assignment to ``self``, are its documentation; they are read from the source.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vivavoce
from vivavoce import errors, types
from vivavoce.client import types as values
from vivavoce.client.aio import account as aio_account
from vivavoce.client.aio import realtime as aio_realtime
from vivavoce.client.aio import streams as aio_streams
from vivavoce.client.sync import account, realtime, streams

PAGE = Path(__file__).parent / "reference" / "sdk.md"
SECTIONS: dict[str, list[type[Any]]] = {
    "The client of threads: `vivavoce.VivavoceClient`": [
        vivavoce.VivavoceClient,
        streams.TTSStream,
        streams.RealtimeStream,
        realtime.RealtimeTTS,
        realtime.RealtimeTTSSession,
        realtime.MultiStreamConnection,
        account.Dictionaries,
        account.Keys,
    ],
    "The client of asyncio: `vivavoce.AsyncVivavoceClient`": [
        vivavoce.AsyncVivavoceClient,
        aio_streams.AsyncTTSStream,
        aio_streams.AsyncRealtimeStream,
        aio_realtime.AsyncRealtimeTTS,
        aio_realtime.AsyncRealtimeTTSSession,
        aio_realtime.AsyncMultiStreamConnection,
        aio_account.AsyncDictionaries,
        aio_account.AsyncKeys,
    ],
    "Values: `vivavoce.types`": [
        types.TTSResult,
        *(getattr(values, name) for name in values.__all__ if inspect.isclass(getattr(values, name))),
    ],
    "Errors: `vivavoce.errors`": [
        errors.VivavoceError,
        errors.VivavoceClientError,
        errors.VivavoceConnectionError,
        errors.VivavoceTimeoutError,
        errors.VivavoceAuthError,
        errors.VivavoceRateLimitError,
        errors.VivavoceValidationError,
        errors.VivavoceNotFoundError,
        errors.VivavoceServerError,
        errors.VivavoceRealtimeError,
    ],
}
HEAD = """# The Python SDK

Written by `docs/sdk_reference.py` from the docstrings; do not edit. [How to use it](../how-to/python-sdk.md) is the page to
begin with. Times are seconds, offsets in text are Unicode code points, half open. Every example is run by a test.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, classes in SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [part for cls in classes for part in described(cls)]
    return "\n".join(parts)


def described(cls: type[Any]) -> Iterator[str]:
    """A class: what it is, its fields, its methods."""
    parents = [base.__name__ for base in cls.__bases__ if base.__name__.startswith("Vivavoce")]
    yield f"### `{cls.__name__}`{f' ({parents[0]})' if parents else ''}\n"
    yield f"{_plain(inspect.getdoc(cls) or '')}\n"
    if cls.__init__ is not object.__init__ and (doc := _own_doc(cls.__init__)):
        yield f"`{cls.__name__}{_signature(cls.__init__)}`: {doc}\n"
    fields = list(_fields(cls))
    if fields:
        yield "\n".join(f"* `{name}`{f': {doc}' if doc else ''}" for name, doc in fields) + "\n"
    for name, member in vars(cls).items():
        yield from _method(cls, name, member)


def _method(cls: type[Any], name: str, member: Any) -> Iterator[str]:
    if name.startswith("_"):
        return
    doc = _plain(inspect.getdoc(member) or "")
    if isinstance(member, property):
        yield f"**`{name}`** — {doc}\n"
        return
    function = member.__func__ if isinstance(member, classmethod) else member
    if inspect.isfunction(function) and doc:
        prefix = "await " if inspect.iscoroutinefunction(function) else ""
        yield f"**`{prefix}{name}{_signature(function)}`**\n\n{doc}\n"


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    return str(signature.replace(parameters=parameters)).replace("'", "").replace(" -> None", "")


def _fields(cls: type[Any]) -> Iterator[tuple[str, str]]:
    """Annotated fields, and public attributes set in ``__init__``, each with the docstring under it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    bodies = [tree.body]
    bodies += [f.body for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
    for body in bodies:
        for at, statement in enumerate(body):
            if (name := _declared(statement)) is not None:
                yield name, _under(body, at)


def _declared(statement: ast.stmt) -> str | None:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name)) if name != "default_code":
            value = "" if statement.value is None else f" = {ast.unparse(statement.value)}"
            shown = f"{name}: {ast.unparse(statement.annotation)}{value}"
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
            shown = name
        case _:
            return None
    return None if name.startswith("_") else shown


def _under(body: list[ast.stmt], at: int) -> str:
    match body[at + 1 : at + 2]:
        case [ast.Expr(value=ast.Constant(value=str(doc)))]:
            return " ".join(_plain(doc).split())
    return ""


def _own_doc(function: Any) -> str:
    return _plain(inspect.cleandoc(function.__doc__ or ""))


def _plain(doc: str) -> str:
    """Docstring markup as Markdown."""
    doc = re.sub(r":(?:class|meth|attr|data):", "", doc)
    doc = re.sub(r"(?<!`)``(?!`)", "`", doc)
    return re.sub(r"`~[a-z.]+\.", "`", doc)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
