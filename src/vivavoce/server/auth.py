"""Who may use the server. Until keys are made, everybody on this machine may, and nobody else."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

from vivavoce.errors import OutOfRangeError, quoted
from vivavoce.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether listening on ``host`` is open to this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings) -> None:
    """Raises OutOfRangeError when strangers could use a server that has no keys."""
    if not is_loopback(settings.host) and not settings.insecure:
        raise OutOfRangeError(
            f"host: expected a loopback address, as no keys exist, got {quoted(settings.host)}; "
            "--insecure serves other addresses without keys",
            param="host",
        )


class Gate:
    """Checks keys. While there are none, any key or none is accepted."""

    def authorise(self, scope: Scope) -> None:
        """Raises AuthenticationError when the request or handshake in ``scope`` carries no valid key."""

    def admit(self, credential: str) -> None:
        """Raises AuthenticationError when a key that came inside a message is not valid."""
