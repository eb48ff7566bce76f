"""Text from bytes as they arrive: any chopping gives the same text, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.cli.reading import Utf8Decoder, open_text, pieces, without_surrogates
from vivavoce.errors import RequestError

pytestmark = pytest.mark.fast


def decode(data: bytes, cuts: list[int]) -> tuple[str, bool]:
    decoder = Utf8Decoder()
    places = sorted({min(cut, len(data)) for cut in cuts})
    parts = [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]
    text = "".join(decoder.feed(part) for part in parts) + decoder.flush()
    return text, decoder.damaged


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.lists(st.integers(0, 90), max_size=6)
)
@examples(60)
def test_any_chopping_of_clean_text_gives_it_back(text: str, cuts: list[int]) -> None:
    assert decode(text.encode(), cuts) == (text.removeprefix("\ufeff"), False)


@given(st.binary(max_size=30), st.lists(st.integers(0, 30), max_size=6))
@examples(60)
def test_any_bytes_give_text_that_can_be_encoded(data: bytes, cuts: list[int]) -> None:
    text, damaged = decode(data, cuts)
    assert (text, damaged) == decode(data, [])
    assert text.encode().decode() == text
    try:
        clean = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        assert damaged
        assert "\N{REPLACEMENT CHARACTER}" in text
    else:
        assert (text, damaged) == (clean, False)


@pytest.mark.parametrize("data", [b"\xef", b"\xef\xbb"])
def test_half_a_byte_order_mark_is_told_as_damage(data: bytes) -> None:
    assert decode(data, []) == ("\N{REPLACEMENT CHARACTER}" * len(data), True)


def test_half_a_character_waits_for_its_other_half() -> None:
    decoder = Utf8Decoder()
    assert decoder.feed("é".encode()[:1]) == ""
    assert decoder.feed("é".encode()[1:] + b"t") == "ét"
    assert not decoder.damaged


def test_half_a_character_at_the_end_is_replaced() -> None:
    assert decode(b"caf\xc3", []) == ("caf\N{REPLACEMENT CHARACTER}", True)


def test_a_replacement_character_of_the_writers_own_is_no_damage() -> None:
    assert decode("\N{REPLACEMENT CHARACTER}".encode(), []) == ("\N{REPLACEMENT CHARACTER}", False)


def test_an_argument_that_was_no_utf8_can_be_spoken() -> None:
    assert without_surrogates(os.fsdecode(b"caf\xe9")) == "caf\N{REPLACEMENT CHARACTER}"


async def collect(fd: int) -> list[str]:
    return [piece async for piece in pieces(fd, Utf8Decoder())]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("añb " * 40_000, encoding="utf-8")
    fd = open_text(str(path))
    try:
        assert "".join(asyncio.run(collect(fd))) == "añb " * 40_000
    finally:
        os.close(fd)


def test_each_write_to_a_pipe_is_a_piece_at_once() -> None:
    async def converse() -> list[str]:
        read, write = os.pipe()
        heard: list[str] = []
        reading = pieces(read, Utf8Decoder())
        for word in ("Hello ", "there. "):
            os.write(write, word.encode())
            heard.append(await anext(reading))
        os.close(write)
        assert await anext(reading, None) is None
        os.close(read)
        return heard

    assert asyncio.run(converse()) == ["Hello ", "there. "]


@pytest.mark.parametrize(("name", "sentence"), [("absent.txt", "No such file"), (".", "got a folder")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence) as caught:
        open_text(str(tmp_path / name))
    assert "--file" in caught.value.message
