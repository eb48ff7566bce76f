"""Secrets: their shape, what is shown of them, what is stored of them."""

from __future__ import annotations

import hashlib
import re

import pytest

from vivavoce.store import tokens

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("temporary", "start"), [(False, "vv_"), (True, "vvt_")])
def test_secret_is_a_token_of_256_bits(temporary: bool, start: str) -> None:
    secret = tokens.new_secret(temporary=temporary)
    assert re.fullmatch(start + r"[A-Za-z0-9_-]{43}", secret)
    assert tokens.well_formed(secret)
    assert len(secret) <= tokens.MAX_CHARS


def test_secrets_differ() -> None:
    assert len({tokens.new_secret() for _ in range(1000)}) == 1000


def test_digest_is_sha256() -> None:
    assert tokens.digest("vv_x") == hashlib.sha256(b"vv_x").hexdigest()


def test_digest_takes_any_string() -> None:
    assert tokens.digest("\ud800") != tokens.digest("?")


@pytest.mark.parametrize("temporary", [False, True])
def test_shown_part_leaves_the_rest_unguessable(temporary: bool) -> None:
    secret = tokens.new_secret(temporary=temporary)
    shown = tokens.shown(secret)
    assert secret.startswith(shown)
    assert len(secret) - len(shown) == 38  # 228 bits


@pytest.mark.parametrize(
    "given",
    [
        "",
        "vv_",
        "vv_" + "a" * 42,
        "vv_" + "a" * 44,
        "sk_" + "a" * 43,
        "vv_" + "a" * 42 + "é",
        "vv_" + "a" * 43 + "\n",
    ],
)
def test_what_we_cannot_have_issued_is_not_well_formed(given: str) -> None:
    assert not tokens.well_formed(given)
