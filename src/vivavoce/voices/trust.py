"""What a voice that comes over the network may not ask for.

A configuration may name a library of espeak-ng for its voice. Whoever writes one for a voice of their own means that; a
publisher could have any file of this machine loaded as code.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from vivavoce.errors import StorageError, UnsupportedMediaError


class _Espeak(Struct, frozen=True):
    library: object = ""
    data: object = ""


class _Config(Struct, frozen=True):
    espeak: _Espeak = _Espeak()


def check_published(config: Path) -> None:
    """Raises UnsupportedMediaError when the configuration in ``config`` names files of this machine, StorageError.

    What is no configuration at all is left to the engine, which says so better.
    """
    try:
        espeak = msgspec.json.decode(config.read_bytes(), type=_Config).espeak
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    except OSError as error:
        raise StorageError(f"cannot read {config.name}: {error.strerror or error}") from None
    for name in ("library", "data"):
        if getattr(espeak, name):
            raise UnsupportedMediaError(
                f"its configuration names files of this machine (espeak.{name}), which only a voice from a path "
                "may; download it, look at it, and add it by its path"
            )
