"""Any bytes are a configuration or our error, and whatever passes can be told of and read with."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fast.test_piper_config import GOOD
from vivavoce.engines.piper.config import VoiceConfig, parse_config
from vivavoce.engines.piper.engine import _infos
from vivavoce.engines.piper.manifest import VERSION, Manifest, Rung
from vivavoce.engines.piper.phonemes import SILENT, Symbol, ids_of
from vivavoce.errors import UnsupportedMediaError

pytestmark = pytest.mark.fast

MANIFEST = Manifest(
    version=VERSION, onnxruntime="1", model_sha256="", rung=Rung.STATEFUL, hop=256, channels=192
)
NUMBERS = st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
)
PATHS = [
    (),
    *((name,) for name in (*GOOD, "default_speaker_id", "hop_length", "vowel_clusters", "dataset")),
    *(("audio", name) for name in ("sample_rate", "quality")),
    *(("espeak", name) for name in ("voice", "library", "data")),
    *(("inference", name) for name in ("noise_scale", "length_scale", "noise_w")),
    ("language", "code"),
    ("phoneme_id_map", "a"),
    ("speaker_id_map", "ann"),
]


def judged(data: bytes) -> VoiceConfig | None:
    """The configuration, if it is one. Lets nothing out but our error."""
    try:
        return parse_config(data)
    except UnsupportedMediaError:
        return None


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    assert judged(data) is None


@given(st.sampled_from(PATHS), VALUES)
def test_any_value_at_any_place_is_understood_or_refused(path: tuple[str, ...], value: Any) -> None:
    told: Any = copy.deepcopy(GOOD)
    inner = told
    for name in path[:-1]:
        inner = inner[name]
    if path:
        inner[path[-1]] = value
    else:
        told = value
    config = judged(msgspec.json.encode(told))
    if config is not None:
        assert {info.language for info in _infos("voice", config, MANIFEST, "")} == {config.tag}
        numbers = ids_of([Symbol(symbol, SILENT) for symbol in config.phoneme_id_map], config).numbers
        assert all(0 <= number < config.num_symbols for number in numbers)


@given(st.data())
def test_a_configuration_with_a_byte_changed_is_one_or_is_refused(data: st.DataObject) -> None:
    good = bytearray(msgspec.json.encode(GOOD))
    good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    judged(bytes(good[: data.draw(st.integers(1, len(good)))]))
