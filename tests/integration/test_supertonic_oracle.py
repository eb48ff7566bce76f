"""Supertonic as its vendor's own package speaks it: supertonic 1.3.1, given the same files and the same noise."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from oracles import supertonic_numbers, supertonic_sound
from randomsupertonic import CHANNELS, installed, published
from sayings import SAYINGS
from spoken import speak
from vivavoce.engines.neural.folders import CUT
from vivavoce.engines.neural.loudness import limited
from vivavoce.engines.neural.noise import normal, seeded
from vivavoce.engines.supertonic.config import read_config, read_table
from vivavoce.engines.supertonic.engine import SupertonicEngine
from vivavoce.engines.supertonic.manifest import read_manifest
from vivavoce.engines.supertonic.text import numbers
from vivavoce.speech import Boundary

pytestmark = pytest.mark.integration

LETTERS = "abcXYZ ,.!?;:'\"“”‘’–—-[]|/#_ é한я(){}\n…`ﬁ"
_random = random.Random(1)
TEXTS = (
    [text for texts in SAYINGS.values() for text in texts]
    + ["“Quoted” — it’s [fine] / ok # 5 | a_b", "a , b . c ! d ? e ; f : g 'h", 'Say ""hi"" now', "me@home"]
    + ["".join(_random.choices(LETTERS, k=30)) for _ in range(300)]
)


@pytest.mark.parametrize("speaker", ["F1", "M1"])
@pytest.mark.parametrize("speed", [1.0, 1.5])
def test_the_samples_are_those_of_the_vendor_s_package(tmp_path: Path, speaker: str, speed: float) -> None:
    text = "Hello there, my dear friends, and all the others who came by."
    noise, sound = tmp_path / "noise.npy", tmp_path / "sound.npy"
    np.save(noise, normal(seeded((7,)), CHANNELS, 200))
    supertonic_sound(
        folder=str(published()), text=text, speaker=speaker, noise=str(noise), sound=str(sound),
        steps=8, speed=1.05 * speed, language="en",
    )  # fmt: skip
    voice = installed(tmp_path)
    manifest = read_manifest(voice / CUT)
    assert manifest is not None
    gain = manifest.gains[speaker]
    ours = speak(SupertonicEngine(tmp_path), text, f"{voice.name}:{speaker}", Boundary.NONE, step=4410, seed=7, speed=speed)  # fmt: skip
    theirs = np.load(sound)
    assert len(ours.samples) == len(theirs) > 50_000
    judged = np.frombuffer(limited(theirs, gain), "<i2").astype(int)
    assert np.abs(judged - ours.samples.astype(int)).max() <= 1


@pytest.mark.parametrize("language", ["en", "ko"])
def test_texts_are_read_as_the_vendor_s_package_reads_them(language: str) -> None:
    """Those whose every character the model knows: the package refuses the others."""
    table, tags = read_table(published()), read_config(published()).tags
    texts = [text for text in TEXTS if language == "en" or "@" not in text]
    judged = supertonic_numbers(published() / "onnx" / "unicode_indexer.json", language, texts)
    told = [(text, read) for text, read in zip(texts, judged, strict=True) if -1 not in read]
    assert len(told) > 200
    for text, read in told:
        if any(c.isalnum() for c in text):
            assert list(numbers(text, Boundary.SENTENCE, language, tags, table)) == read, text
