"""How many examples a property is tried with: a few while one works, all of them in ``make test``."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import settings

THOROUGH: Final = os.environ.get("VIVAVOCE_TEST_EXAMPLES") == "all" or os.environ.get("CI") == "true"
"""The fast suite is to be done in ten seconds, so on its own it tries a quarter."""


def count_of(most: int) -> int:
    """The examples to try where ``most`` are thorough."""
    return most if THOROUGH else max(5, most // 4)


def examples(most: int) -> settings:
    """Decorates a property that is tried with ``most`` examples at most."""
    return settings(max_examples=count_of(most))
