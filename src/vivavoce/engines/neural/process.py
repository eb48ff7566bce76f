"""The process in which a voice is prepared: bounded, because a model is untrusted input and what crashes is not ours.

It says one line of JSON: the manifest, or ``{"error": ..., "code": ...}``, then with exit status 1.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

import msgspec

from vivavoce.errors import VivavoceError

MAX_MEMORY_BYTES: Final = 8 << 30
"""Of address space; the largest published voice needs a quarter of it."""
MAX_CPU_S: Final = 900


def prepare(convert: Callable[[], Any]) -> NoReturn:
    """Run ``convert`` within bounds, say what it gave or what went wrong, and end the process."""
    _bound()
    answer: object
    try:
        answer = convert()
    except VivavoceError as error:
        answer = {"error": error.message, "code": error.code}
    except MemoryError:
        answer = {
            "error": f"the voice needs more than {MAX_MEMORY_BYTES >> 30} GB of memory",
            "code": "unsupported_media",
        }
    except OSError as error:
        answer = {
            "error": f"the voice cannot be written: {error.strerror or error}",
            "code": "storage_failed",
        }
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()
    sys.exit(isinstance(answer, dict))


def _bound() -> None:
    """What a model can make this process use."""
    for kind, limit in ((resource.RLIMIT_AS, MAX_MEMORY_BYTES), (resource.RLIMIT_CPU, MAX_CPU_S)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
