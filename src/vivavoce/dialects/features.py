"""What a wire can do, as its package declares it. The table in the README and in ``docs/reference/dialects.md`` is made
of it and of what the wire's own tables say; a test tries every claim on the wire's adapters."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from vivavoce.speech import MarkKind

KeyPlace: TypeAlias = Literal[
    "bearer", "api-key", "x-api-key", "x-sup-api-key", "token", "subprotocol", "message"
]
"""Where a key travels: ``Authorization: Bearer`` or ``Api-Key``, a header of that name, ``?token=``, a subprotocol, or
the first message of a stream."""
Means: TypeAlias = Literal[
    "speed", "pitch", "intonation", "volume", "style", "duration", "short pauses", "seed"
]
"""What of the speaking a request can ask for."""

Resuming: TypeAlias = Literal["download", "range", "session"]
"""How speech goes on after its connection broke: the same request sent again goes on with what was made, or it does
where it has a ``Range`` header each time, or a session outlives its socket."""


class Features(Struct, frozen=True, kw_only=True):
    """The declared part of a wire's row."""

    formats: tuple[str, ...]
    """Audio formats, as the wire calls them."""
    marks: tuple[MarkKind, ...] = ()
    streams_a_socket: int | None = None
    """The wire's own bound of live streams on one socket; ``None`` where only the server's settings bound them."""
    means: tuple[Means, ...] = ()
    keys: tuple[KeyPlace, ...]
    temporary_keys: str = ""
    """The plain request that makes a short-lived key; empty where there is none. So are the next three."""
    uploads: str = ""
    """The path that makes a voice from a recording."""
    dictionary: str = ""
    """The member of a request that names a pronunciation dictionary."""
    rewrite: str = ""
    """The member of a request that names rewrite rules."""
    resumes: tuple[Resuming, ...] = ()
