"""Vivavoce: a self-hosted server for live speech, and the client of one.

Importing this package is light: it loads no engine, no numpy, no web framework, and the client when it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vivavoce.client.aio.client import AsyncVivavoceClient
    from vivavoce.client.sync.client import VivavoceClient

__version__ = "0.1.0"
__all__ = ["AsyncVivavoceClient", "VivavoceClient", "__version__"]

_CLIENTS = {
    "AsyncVivavoceClient": "vivavoce.client.aio.client",
    "VivavoceClient": "vivavoce.client.sync.client",
}


def __getattr__(name: str) -> Any:
    """The clients, imported when they are first asked for."""
    if name not in _CLIENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_CLIENTS[name]), name)
