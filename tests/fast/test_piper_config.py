"""A voice's configuration: what is taken, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from vivavoce.engines.piper.config import MAX_CONFIG_BYTES, parse_config, read_config
from vivavoce.errors import UnsupportedMediaError

pytestmark = pytest.mark.fast

GOOD: dict[str, Any] = {
    "audio": {"sample_rate": 22050, "quality": "medium"},
    "espeak": {"voice": "en-gb-x-rp"},
    "language": {"code": "en_GB", "family": "en"},
    "inference": {"noise_scale": 0.5, "length_scale": 1.1, "noise_w": 0.7},
    "phoneme_type": "espeak",
    "phoneme_map": {},
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]},
    "num_symbols": 256,
    "num_speakers": 2,
    "speaker_id_map": {"ann": 0, "bob": 1},
}


def parsed(**changed: Any) -> Any:
    return parse_config(msgspec.json.encode({**GOOD, **changed}))


def test_a_published_configuration_is_understood() -> None:
    config = parsed()
    assert config.tag == "en-GB"
    assert config.espeak.voice == "en-gb-x-rp"
    assert config.inference.length_scale == 1.1
    assert config.speaker_id_map == {"ann": 0, "bob": 1}


def test_an_old_one_without_language_has_its_espeak_voice_for_a_tag() -> None:
    assert parsed(language={}).tag == "en-gb-x-rp"
    assert parsed(language={}, phoneme_type="text", espeak={}).tag == "und"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"audio": {"sample_rate": 0}}, "audio.sample_rate: expected 8000 to 48000, got 0"),
        ({"phoneme_type": "pinyin"}, "phoneme_type: expected espeak or text, got 'pinyin'"),
        ({"espeak": {}}, "espeak.voice: expected the name of an espeak-ng voice"),
        ({"num_symbols": 0}, "num_symbols: expected 1 to"),
        ({"num_speakers": -1}, "num_speakers: expected 1 to"),
        (
            {"phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3] * 17}},
            "'a' has 17 ids, expected at most 16",
        ),
        ({"num_symbols": 3}, r"'a' has the ids \[3\], expected 0 to 2"),
        (
            {"phoneme_id_map": {"_": [0], "^": [1], "a": [3], "b": [4]}},
            "expected an entry for '\\$', found none",
        ),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": [2]}}, "expected phonemes, found none"),
        ({"phoneme_id_map": "abc"}, "is no Piper configuration"),
        ({"phoneme_id_map": {"_": ["0"]}}, "is no Piper configuration"),
        ({"speaker_id_map": {"eve": 2}}, "speaker 'eve' has the number 2, expected 0 to 1"),
        ({"default_speaker_id": 7}, "speaker 'default_speaker_id' has the number 7"),
        ({"inference": {"length_scale": 0}}, "inference.length_scale"),
        ({"inference": {"noise_w": -1}}, "expected noise of 0 to 10"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=message):
        parsed(**changed)


@pytest.mark.parametrize("data", [b"", b"no json", b"[]", b"{}", b"\xff\xfe", b'{"audio": null}'])
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaError, match=r"my\.json is no Piper configuration"):
        parse_config(data, "my.json")


def test_a_file_of_any_size_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "voice.json"
    with path.open("wb") as file:
        file.truncate(MAX_CONFIG_BYTES + 1)
    with pytest.raises(UnsupportedMediaError, match="is larger than"):
        read_config(path)
    with pytest.raises(UnsupportedMediaError, match=r"cannot read none\.json"):
        read_config(tmp_path / "none.json")
