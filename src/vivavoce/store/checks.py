"""Rules for what callers give the store to keep."""

from __future__ import annotations

from vivavoce.errors import MissingFieldError, OutOfRangeError, quoted


def text(value: str, param: str, limit: int, *, blank: bool = False) -> str:
    """``value`` if it can be stored: at most ``limit`` characters, no NUL, no lone surrogate, not only spaces.

    Raises OutOfRangeError, or MissingFieldError where ``blank`` text is not allowed.
    """
    if not blank and not value.strip():
        raise MissingFieldError(f"{param}: expected some text, got none", param=param)
    if len(value) > limit:
        raise OutOfRangeError(f"{param}: expected at most {limit} characters, got {len(value)}", param=param)
    if value != storable(value, limit):
        raise OutOfRangeError(
            f"{param}: expected text without NUL and lone surrogates, got {quoted(value)}", param=param
        )
    return value


def storable(value: str, limit: int) -> str:
    """``value`` cut and mended until every database takes it.

    For what is only logged: one bad row must not keep a batch from being written. PostgreSQL refuses NUL, and no
    driver encodes a lone surrogate.
    """
    return value[:limit].encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def within(value: float, param: str, low: float, high: float) -> None:
    """Raises OutOfRangeError unless ``low <= value <= high``; not-a-number is outside."""
    if not low <= value <= high:
        raise OutOfRangeError(f"{param}: expected {low:g} to {high:g}, got {value:g}", param=param)
