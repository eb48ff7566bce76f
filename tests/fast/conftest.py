"""How properties are tried: a busy machine is no reason to fail, so hypothesis holds no watch over the examples."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from examples import count_of

# The parent is hypothesis' own choice: fixed examples under CI, others each time everywhere else.
settings.register_profile(
    "vivavoce",
    settings(),
    max_examples=count_of(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("vivavoce")
