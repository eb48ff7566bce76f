"""Text as a Supertonic model reads it: one number a character, the vendor's rules, nothing it does not know."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.supertonic.config import (
    Config,
    gender_of,
    read_config,
    read_style,
    read_table,
    style_names,
)
from vivavoce.engines.supertonic.text import numbers
from vivavoce.errors import UnsupportedMediaError
from vivavoce.speech import Boundary

pytestmark = pytest.mark.fast

POINTS = [*range(0x20, 0x7F), *range(0x300, 0x370), *range(0x1100, 0x1200)]
TABLE = [POINTS.index(point) if point in POINTS else -1 for point in range(0x1200)]
SIZES = {
    "ae": {"sample_rate": 44_100, "base_chunk_size": 512},
    "ttl": {"latent_dim": 24, "chunk_compress_factor": 6},
}


def read(
    text: str,
    boundary: Boundary = Boundary.SENTENCE,
    language: str = "en-US",
    tags: tuple[str, ...] = ("en", "ko", "na"),
) -> str:
    heard = "".join(chr(POINTS[number]) for number in numbers(text, boundary, language, tags, TABLE))
    return unicodedata.normalize("NFC", heard)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Hello there.", "Hello there."),
        ("Hello there", "Hello there."),
        (" two \t spaces\n", "two spaces."),
        ("“It’s” – [fine] | a_b / c #", '"It\'s" - fine a b c.'),
        ("so , so . so !", "so, so. so!"),
        ('""Twice""', '"Twice"'),
        ("smile 😀 now", "smile now."),
        ("me@home", "me at home."),
        ("ﬁne café", "fine café."),
        ("wait…", "wait..."),
    ],
)
def test_the_vendor_s_rules(text: str, heard: str) -> None:
    assert read(text) == f"<en>{heard}</en>"


def test_a_unit_inside_a_sentence_does_not_end_it() -> None:
    assert read("and so", Boundary.NONE) == "<en>and so,</en>"
    assert read("and so,", Boundary.CLAUSE) == "<en>and so,</en>"


def test_languages_are_told_as_tags() -> None:
    assert read("한국", language="ko-KR") == "<ko>한국.</ko>"
    assert read("x@y", language="xx") == "<na>x y.</na>"
    assert read("x", language="xx", tags=("en", "ko")) == "<en>x.</en>"


def test_the_english_model_is_told_nothing_and_has_no_accents() -> None:
    assert read("café", tags=()) == "cafe."


@pytest.mark.parametrize("text", ["", " ", "...", "—", "😀", "新的", "\ud800", "\u0301", "()", "\x00"])
def test_what_cannot_be_said_is_nothing(text: str) -> None:
    assert numbers(text, Boundary.SENTENCE, "en", ("en",), TABLE) == ()


@given(st.text(max_size=60), st.sampled_from(Boundary))
def test_any_text_is_numbers_that_the_model_knows(text: str, boundary: Boundary) -> None:
    made = numbers(text, boundary, "en", ("en",), TABLE)
    assert all(0 <= number < len(POINTS) for number in made)
    assert not made or len(made) > len("<en></en>")


# ---- what is published beside the graphs -----------------------------------------------------------------------------


READERS: dict[str, Callable[[Path], object]] = {
    "tts.json": read_config,
    "unicode_indexer.json": read_table,
    "F1.json": lambda folder: read_style(folder, "F1"),
}


def sizes(**more: object) -> Config:
    return msgspec.convert({**SIZES, **more}, Config)


def test_sizes_and_languages_of_the_three_models() -> None:
    first = sizes(tts_version="v1.5.0", split="opensource-en")
    second = sizes(tts_version="v1.6.0", split="opensource-multilingual")
    third = sizes(tts_version="v1.7.3", split="opensource-multilingual")
    assert (third.hop, third.channels, third.ae.sample_rate) == (3072, 144, 44_100)
    assert (first.tags, first.languages) == ((), ("en",))
    assert second.tags == second.languages == ("en", "ko", "es", "pt", "fr")
    assert (len(third.languages), third.languages[0], third.tags[-1]) == (31, "en", "na")


def test_speakers_have_the_vendor_s_names() -> None:
    assert [gender_of(name) for name in ("F1", "M12", "Fred", "me")] == [
        "female",
        "male",
        "neutral",
        "neutral",
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("onnx/tts.json", "{", "tts.json is not what Supertonic has by that name"),
        ("onnx/tts.json", '{"ae": {}}', "missing required field `sample_rate`"),
        (
            "onnx/tts.json",
            json.dumps({**SIZES, "ae": {"sample_rate": 1, "base_chunk_size": 512}}),
            ">= 8000",
        ),
        ("onnx/unicode_indexer.json", "{}", "Expected `array`"),
        ("onnx/unicode_indexer.json", "[-1, -1]", "knows no character"),
        ("onnx/unicode_indexer.json", "[" * 200_000, "is not what Supertonic has"),
        ("voice_styles/F1.json", '{"style_ttl": 1}', "F1.json is not what"),
        (
            "voice_styles/F1.json",
            json.dumps({name: {"dims": [2, 8, 16], "data": []} for name in ("style_ttl", "style_dp")}),
            r"the shape \(2, 8, 16\)",
        ),
        (
            "voice_styles/F1.json",
            json.dumps({name: {"dims": [1, 1 << 20, 9], "data": []} for name in ("style_ttl", "style_dp")}),
            "expected",
        ),
    ],
)
def test_wrong_files_are_said_to_be_wrong(tmp_path: Path, name: str, content: str, problem: str) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(UnsupportedMediaError, match=problem):
        READERS[path.name](tmp_path)


def test_absent_and_oversized_files_are_errors_too(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    with pytest.raises(UnsupportedMediaError, match=r"cannot read tts\.json: No such file"):
        read_config(tmp_path)
    with (tmp_path / "onnx" / "tts.json").open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(UnsupportedMediaError, match="larger than 16 MB"):
        read_config(tmp_path)


def test_only_names_that_can_be_names_are_speakers(tmp_path: Path) -> None:
    assert style_names(tmp_path) == ()
    (tmp_path / "voice_styles").mkdir()
    for name in ("M1", "F1", "a b", ".hidden", "x" * 41):
        (tmp_path / "voice_styles" / f"{name}.json").touch()
    assert style_names(tmp_path) == ("F1", "M1")
