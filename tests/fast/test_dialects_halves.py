r"""Halves of surrogate pairs, as JavaScript writes them, on the wires whose parser knows none."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.dialects import halves
from vivavoce.dialects.gradium import reading as gradium
from vivavoce.dialects.gradium.messages import OneShot, TextPiece
from vivavoce.dialects.halves import decoded
from vivavoce.dialects.suonora import reading as suonora
from vivavoce.dialects.supertone import reading as supertone
from vivavoce.dialects.supertone.reading import Manner

pytestmark = pytest.mark.fast

CUT = "Well done \ud83c"
HEARD = "Well done \N{REPLACEMENT CHARACTER}"


def said(**members: str) -> bytes:
    """As ``JSON.stringify`` writes it."""
    return json.dumps(members).encode()


def test_gradium() -> None:
    frame = said(type="text", text=CUT)
    assert gradium.message(frame.decode()) == TextPiece(text=HEARD)
    body = said(text=CUT, voice_id="default", output_format="pcm")
    assert gradium.body(body, OneShot).text == HEARD


def test_supertone() -> None:
    assert supertone.wish(said(text=CUT, language="en"), {}, "v", Manner()).text == HEARD


def test_suonora() -> None:
    assert suonora.wish(said(input=CUT, model="legacy-v2.5", voice="axel")).text == HEARD


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb'"\ud83c\udf89"', "\N{PARTY POPPER}"),
        (rb'"\ud83c\ud83c\udf89"', "\N{REPLACEMENT CHARACTER}\N{PARTY POPPER}"),
        (rb'"\udf89\ud83c"', "\N{REPLACEMENT CHARACTER}" * 2),
        (rb'"\\ud83c \ud83c"', r"\ud83c " + "\N{REPLACEMENT CHARACTER}"),
        (rb'"\\\ud83c"', "\\\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_only_halves_are_replaced(source: bytes, text: str) -> None:
    assert decoded(source, msgspec.json.decode) == text


@pytest.mark.parametrize("source", [b"{", rb'"\ud83c', b'"\xed\xa0\xbc"', rb'"\u12"', b""])
def test_what_is_no_json_stays_none(source: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeError)):
        decoded(source, msgspec.json.decode)


def test_other_escapes_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bytes] = []

    def noted(match: re.Match[bytes]) -> bytes:
        found.append(match[0])
        return match[0]

    monkeypatch.setattr(halves, "_whole", noted)
    with pytest.raises(msgspec.DecodeError):
        decoded(b'"' + rb"\n\\\u0041\"" * 1000, msgspec.json.decode)
    assert found == []


@given(st.text(st.characters(), max_size=20))
def test_any_string_that_javascript_can_write_is_read(text: str) -> None:
    units = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert decoded(json.dumps(text), msgspec.json.decode) == units
