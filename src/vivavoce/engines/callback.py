"""Python errors may not cross a C library: they wait here until the call has returned."""

from __future__ import annotations

from types import TracebackType


class Carried:
    """A context for the body of a C callback. Keeps the error raised in it; :meth:`release` raises it again."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = self.error or error
        return error is not None

    def release(self) -> None:
        """Raise what was kept, if anything; to be called once control is back from C."""
        error, self.error = self.error, None
        if error is not None:
            raise error
