"""Secrets of API keys: how they look, and the only form in which they are stored.

A secret is ``vv_`` (``vvt_`` for a temporary key) and 43 characters of base64url: 256 random bits. Only its SHA-256
is stored. A slow password hash would add nothing, because no dictionary holds a 256-bit random number, and would
cost each request what it is there to cost an attacker. Every character is legal in an HTTP token, so that a browser
can send the secret as a WebSocket subprotocol.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

MAX_CHARS: Final = 250
"""No key of any vendor is longer ("API key is too long (max length 250).", Soniox REST reference)."""

_SHAPE: Final = re.compile(r"vvt?_[A-Za-z0-9_-]{43}")


def new_secret(*, temporary: bool = False) -> str:
    """A fresh secret from the system's own randomness."""
    return ("vvt_" if temporary else "vv_") + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 of ``secret`` in hex; any string has one, lone surrogates included."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def shown(secret: str) -> str:
    """The first characters, enough to tell keys apart and far too few to guess the rest."""
    return secret[: secret.index("_") + 6]


def well_formed(secret: str) -> bool:
    """Whether we could have issued this: what is not, is never looked up in the database."""
    return _SHAPE.fullmatch(secret) is not None
