"""A voice's configuration: the ``.onnx.json`` file that is published beside a Piper model, checked.

Format: piper-tts 1.8.0, ``piper/config.py``. Fields that are not named here are of no use to us and are ignored.
``espeak.library`` and ``espeak.data`` are ours: paths of another espeak-ng than espeakng-loader's, for a voice that
was trained with another one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vivavoce.errors import UnsupportedMediaError, quoted

MAX_CONFIG_BYTES: Final = 4 << 20
PHONEME_TYPES: Final = ("espeak", "text")
"""What this engine can make phonemes of; Piper has more, each with a front end of its own."""
BOS, EOS, PAD, SPACE = "^", "$", "_", " "
_RATES_HZ: Final = range(8_000, 48_001)
_MAX_SPEAKERS: Final = 10_000
_MAX_SYMBOLS: Final = 100_000
_MAX_IDS: Final = 16
"""Of one symbol; published voices have one."""


class Audio(Struct, frozen=True):
    """``audio``."""

    sample_rate: int
    quality: str = ""


class Espeak(Struct, frozen=True):
    """``espeak``."""

    voice: str = ""
    library: str = ""
    data: str = ""


class Inference(Struct, frozen=True):
    """``inference``: how much chance and how slow, where the request does not say."""

    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8


class Language(Struct, frozen=True):
    """``language``."""

    code: str = ""
    name_english: str = ""
    country_english: str = ""


class VoiceConfig(Struct, frozen=True):
    """What a voice says of itself."""

    audio: Audio
    phoneme_id_map: dict[str, list[int]]
    num_symbols: int = 256
    num_speakers: int = 1
    espeak: Espeak = Espeak()
    inference: Inference = Inference()
    phoneme_type: str = "espeak"
    speaker_id_map: dict[str, int] = {}
    default_speaker_id: int = 0
    hop_length: int = 256
    vowel_clusters: list[list[str]] = []
    language: Language = Language()
    dataset: str = ""

    @property
    def tag(self) -> str:
        """The BCP 47 tag of its language."""
        code = self.language.code or self.espeak.voice
        return code.replace("_", "-") or "und"


def read_config(path: Path) -> VoiceConfig:
    """The configuration in ``path``. Raises UnsupportedMediaError saying what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise UnsupportedMediaError(f"cannot read {path.name}: {error.strerror or error}") from None
    return parse_config(data, path.name)


def parse_config(data: bytes, name: str = "the configuration") -> VoiceConfig:
    """``data`` as a configuration; ``name`` is what messages call it. Raises UnsupportedMediaError."""
    if len(data) > MAX_CONFIG_BYTES:
        raise UnsupportedMediaError(
            f"{name} is larger than {MAX_CONFIG_BYTES} bytes; a voice's configuration is not"
        )
    try:
        config = msgspec.json.decode(data, type=VoiceConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnsupportedMediaError(f"{name} is no Piper configuration: {error}") from None
    for problem in _problems(config):
        raise UnsupportedMediaError(f"{name}: {problem}")
    return config


def _problems(config: VoiceConfig) -> list[str]:
    """What is wrong with the values, each as expected and actual."""
    found: list[str] = []

    def expect(holds: bool, message: str) -> None:
        if not holds:
            found.append(message)

    rate, scales = config.audio.sample_rate, config.inference
    expect(rate in _RATES_HZ, f"audio.sample_rate: expected 8000 to 48000, got {rate}")
    expect(
        config.phoneme_type in PHONEME_TYPES,
        f"phoneme_type: expected {' or '.join(PHONEME_TYPES)}, got {quoted(config.phoneme_type)}; "
        "voices of other types need a front end that is not here",
    )
    expect(
        config.phoneme_type != "espeak" or config.espeak.voice != "",
        "espeak.voice: expected the name of an espeak-ng voice, got none",
    )
    expect(
        1 <= config.num_symbols <= _MAX_SYMBOLS,
        f"num_symbols: expected 1 to {_MAX_SYMBOLS}, got {config.num_symbols}",
    )
    expect(
        1 <= config.num_speakers <= _MAX_SPEAKERS,
        f"num_speakers: expected 1 to {_MAX_SPEAKERS}, got {config.num_speakers}",
    )
    expect(0.05 <= scales.length_scale <= 20, f"inference.length_scale: got {scales.length_scale}")
    expect(
        0 <= scales.noise_scale <= 10 and 0 <= scales.noise_w <= 10,
        f"inference: expected noise of 0 to 10, got {scales.noise_scale} and {scales.noise_w}",
    )
    return found + _map_problems(config) + _speaker_problems(config)


def _map_problems(config: VoiceConfig) -> list[str]:
    absent = [symbol for symbol in (BOS, EOS, PAD) if not config.phoneme_id_map.get(symbol)]
    found = [f"phoneme_id_map: expected an entry for {quoted(symbol)}, found none" for symbol in absent]
    if len(config.phoneme_id_map) <= 3:
        found.append("phoneme_id_map: expected phonemes, found none")
    for symbol, ids in config.phoneme_id_map.items():
        if len(ids) > _MAX_IDS:
            found.append(f"phoneme_id_map: {quoted(symbol)} has {len(ids)} ids, expected at most {_MAX_IDS}")
        if any(not 0 <= number < config.num_symbols for number in ids):
            found.append(
                f"phoneme_id_map: {quoted(symbol)} has the ids {ids[:4]}, expected 0 to {config.num_symbols - 1}"
            )
    return found


def _speaker_problems(config: VoiceConfig) -> list[str]:
    numbers = {"default_speaker_id": config.default_speaker_id, **config.speaker_id_map}
    return [
        f"speaker {quoted(name)} has the number {number}, expected 0 to {config.num_speakers - 1}"
        for name, number in numbers.items()
        if not 0 <= number < config.num_speakers
    ]
