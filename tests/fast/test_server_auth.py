"""Without keys, strangers are kept out."""

from __future__ import annotations

import pytest

from vivavoce.errors import OutOfRangeError
from vivavoce.server.auth import check_exposure, is_loopback
from vivavoce.settings import Settings

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("LocalHost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("localhost.example.org", False),
    ],
)
def test_only_this_machine_without_keys(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    check_exposure(Settings(host=host, insecure=True))
    if loopback:
        check_exposure(Settings(host=host))
    else:
        with pytest.raises(OutOfRangeError, match="--insecure") as caught:
            check_exposure(Settings(host=host))
        assert caught.value.param == "host"
