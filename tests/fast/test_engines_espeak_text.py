"""What espeak-ng is given: text without commands, its own numbers for prosody, its voices' tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from spoken import utterance
from vivavoce.engines.espeak import parameters, sayable
from vivavoce.engines.espeak_voices import languages, tag, variants
from vivavoce.speech import Boundary

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "boundary", "expected"),
    [
        ("Hello", Boundary.SENTENCE, "Hello"),
        ("Hello!", Boundary.SENTENCE, "Hello!"),
        ("Well,", Boundary.SENTENCE, "Well."),
        ("well", Boundary.CLAUSE, "well,"),
        ("well;", Boundary.CLAUSE, "well;"),
        ("Dr.", Boundary.CLAUSE, "Dr,"),
        ("and the", Boundary.NONE, "and the\x01V "),
        ("Dr.", Boundary.NONE, "Dr\x01V "),
    ],
)
def test_the_end_is_shaped_by_the_boundary(text: str, boundary: Boundary, expected: str) -> None:
    assert sayable(text, boundary) == (expected, False)


def test_nothing_of_the_caller_is_a_command() -> None:
    assert sayable("a\x01Vde b\0c\x7f\ud800<b>&", Boundary.SENTENCE) == ("a Vde b c  <b>&", False)


@pytest.mark.parametrize("text", ["say [[h@l'oU]]", "[[a b]] c"])
def test_well_formed_phonemes_are_obeyed(text: str) -> None:
    assert sayable(text, Boundary.SENTENCE) == (text, True)


@pytest.mark.parametrize("text", ["a[[1]]", "[[]]", "[[ a ]]", "[[a", "[[ä]]", "[[a]", "[ [a]]"])
def test_other_brackets_are_text(text: str) -> None:
    assert sayable(text, Boundary.SENTENCE) == (text, False)


def test_brackets_beside_phonemes_are_blunted() -> None:
    assert sayable("[[x]] [[1]] [[", Boundary.SENTENCE) == ("[[x]]  [1]]  [", True)


@examples(50)
@given(st.text(st.characters(), max_size=20), st.sampled_from(Boundary))
def test_every_character_keeps_its_place(text: str, boundary: Boundary) -> None:
    said, _ = sayable(text, boundary)
    said.encode()
    kept = len(said.rstrip("\x01V ,."))
    assert "\x01" not in said[:kept]
    assert all(a == b or a in " [" for a, b in zip(said[:kept], text, strict=False))


def test_prosody_becomes_the_librarys_numbers() -> None:
    plain = parameters(utterance("x", "en-us+edward"))
    assert (plain.words_per_minute, plain.pitch, plain.pitch_range) == (165, 50, 50)
    fast = parameters(utterance("x", "en-us+edward", speed=2.0, pitch_semitones=5.2))
    assert (fast.words_per_minute, fast.pitch) == (341, 80)
    flat = parameters(utterance("x", "de", pitch_range=0.0))
    assert flat.pitch_range == 0
    assert flat.pitch > 60
    assert parameters(utterance("x", "de", pitch_range=2.0)).pitch_range == 99


@pytest.mark.parametrize(("speed", "expected"), [(0.25, 80), (0.5, 80), (4.0, 450)])
def test_speeds_beyond_the_librarys_are_its_ends(speed: float, expected: int) -> None:
    assert parameters(utterance("x", "en-us+f2", speed=speed)).words_per_minute == expected


@pytest.mark.parametrize(("semitones", "expected"), [(-24, 0), (24, 99)])
def test_pitches_beyond_the_librarys_are_its_ends(semitones: float, expected: int) -> None:
    assert parameters(utterance("x", "en-us+f2", pitch_semitones=semitones)).pitch == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en-us", "en-US"),
        ("en-gb-x-rp", "en-GB-x-rp"),
        ("en-gb-scotland", "en-GB-scotland"),
        ("pt-br", "pt-BR"),
        ("es-419", "es-419"),
        ("fa-latn", "fa-Latn"),
        ("vi-vn-x-south", "vi-VN-x-south"),
        ("zh-cmn", "cmn"),
        ("ca-va", "ca-ES-valencia"),
        ("cmn-latn-pinyin", "zh-Latn-pinyin"),
        ("de", "de"),
    ],
)
def test_codes_become_tags(code: str, expected: str) -> None:
    assert tag(code) == expected


def test_data_files_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "lang" / "gmw"
    folder.mkdir(parents=True)
    (folder / "en-US").write_text("name English (America) // note\nlanguage en-us 2\nlanguage en 3\n")
    (folder / "xx").write_text("name Silent\nlanguage xx\n")
    (folder / "nb").write_text("name Norwegian\nlanguage nb\nlanguage no\ndictionary no\n")
    for name in ("en_dict", "no_dict"):
        (tmp_path / name).touch()
    found = languages(tmp_path)
    assert [(each.file, each.name, each.tags, each.priority) for each in found] == [
        ("en-us", "English (America)", ("en-US", "en"), 3),
        ("nb", "Norwegian", ("nb", "no"), 5),
    ]
    folder = tmp_path / "voices" / "!v"
    folder.mkdir(parents=True)
    (folder / "f2").write_text("language variant\nname female2\ngender female 70\n")
    (folder / "max").write_text("language variant\nname Max\n")
    assert {name: each.gender for name, each in variants(tmp_path).items()} == {"f2": "female", "max": "male"}
    assert languages(tmp_path / "none") == []
    assert variants(tmp_path / "none") == {}
