"""Piper's own front ends and Supertonic's own package as judges of ours, in an environment of their own: they bring other
builds of espeak-ng.

``python tests/oracles.py`` makes ``.venv-oracles``; ``make test`` does so, and under CI the tests do. piper-phonemize has wheels up to Python
3.11 only. Nothing of the project needs any of these packages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from conftest import missing

ROOT: Final = Path(__file__).parents[1]
HOME: Final = ROOT / ".venv-oracles"
PACKAGES: Final = ("piper-phonemize==1.1.0", "piper-tts==1.8.0", "supertonic==1.3.1")
OLDEST, NEWEST = (3, 9), (3, 11)

_ASK: Final = """
import json, sys
asked = json.load(sys.stdin)
if asked["of"] == "piper-phonemize":
    import piper_phonemize
    phonemize = lambda text, voice: piper_phonemize.phonemize_espeak(text, voice)
elif asked["of"] == "piper-tts":
    from piper.phonemize_espeak import EspeakPhonemizer
    espeak = EspeakPhonemizer()
    phonemize = lambda text, voice: espeak.phonemize(voice, text)
else:
    from piper.config import PhonemeType, PiperConfig
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
    from piper.voice import PiperVoice
    def phonemize(text, voice):
        config = PiperConfig(256, 1, 22050, voice, DEFAULT_PHONEME_ID_MAP, PhonemeType.ESPEAK)
        piper = PiperVoice(None, config)
        return [[s, piper.phonemes_to_ids(s)] for s in piper.phonemize(text)]
json.dump({v: [phonemize(t, v) for t in texts] for v, texts in asked["texts"].items()}, sys.stdout)
"""

_SPEAK: Final = """
import json, sys
import numpy
from supertonic.loader import load_model, load_voice_style_from_name
asked = json.load(sys.stdin)
model, style = load_model(asked["folder"], auto_download=False), None
numpy.random.randn = lambda *shape: numpy.load(asked["noise"])[:, :, : shape[2]]
style = load_voice_style_from_name(asked["folder"], asked["speaker"])
sound, length = model([asked["text"]], style, asked["steps"], asked["speed"], asked["language"])
numpy.save(asked["sound"], sound[0, : int(model.sample_rate * length[0])])
"""
_READ: Final = """
import json, sys
from supertonic.core import UnicodeProcessor
asked = json.load(sys.stdin)
read = UnicodeProcessor(asked["table"])
json.dump([read([text], asked["language"])[0][0].tolist() for text in asked["texts"]], sys.stdout)
"""


def judgement(
    of: Literal["piper-phonemize", "piper-tts", "piper-tts ids"], texts: Mapping[str, Sequence[str]]
) -> dict[str, list[Any]]:
    """What a judge makes of texts by espeak-ng voice: for each text its sentences, each a list of symbols; with ids
    also those. Skips where there is no judge."""
    found: dict[str, list[Any]] = json.loads(_ran(_ASK, {"of": of, "texts": texts}))
    return found


def supertonic_sound(**asked: object) -> None:
    """Have Supertonic's own package speak: ``text`` by ``speaker`` of the model in ``folder``, out of the noise in the
    file ``noise``, into the file ``sound``. Skips where there is no judge."""
    _ran(_SPEAK, asked)


def supertonic_numbers(table: Path, language: str, texts: Sequence[str]) -> list[list[int]]:
    """Texts as Supertonic's own package reads them. Skips where there is no judge."""
    found: list[list[int]] = json.loads(
        _ran(_READ, {"table": str(table), "language": language, "texts": texts})
    )
    return found


def _ran(script: str, asked: Mapping[str, object]) -> str:
    """What ``script`` answers in the judges' environment."""
    return subprocess.run(
        [_python(), "-c", script],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=55,
        check=True,
    ).stdout


def packaged(path: str) -> Path:
    """A file of the judges' packages."""
    _python()  # makes the environment, where that is allowed
    found = next(iter(sorted(HOME.glob(f"lib/python3*/site-packages/{path}"))), None)
    if found is None:
        missing("the oracle packages", "run `python tests/oracles.py`")
    return found


def _python() -> Path:
    if not _is_made() and os.environ.get("CI") == "true":
        main()
    if not _is_made():
        missing("piper-phonemize", "run `python tests/oracles.py`, with a Python 3.9 to 3.11 at hand")
    return HOME / "bin" / "python"


def _is_made() -> bool:
    stamp = HOME / ".installed"
    return stamp.exists() and stamp.read_text() == "\n".join(PACKAGES)


def _fitting_python() -> Path | None:
    """A Python that piper-phonemize has wheels for."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [Path(sys.executable)]
    found += [Path(path) for minor in range(9, 12) if (path := shutil.which(f"python3.{minor}"))]
    found += sorted(pyenv.glob("3.*/bin/python3"))
    for python in found:
        asked = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if asked.returncode == 0 and OLDEST <= tuple(map(int, asked.stdout.split())) <= NEWEST:
            return python
    return None


def main() -> None:
    """Make the environment, as far as this machine can."""
    python = _fitting_python()
    if _is_made() or python is None:
        return
    print("Installing Piper's own front ends and Supertonic's package into .venv-oracles …", flush=True)
    pip = [str(HOME / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    try:
        subprocess.run([python, "-m", "venv", HOME], check=True)
        subprocess.run([*pip, "install", *PACKAGES], check=True)
    except subprocess.CalledProcessError:
        print("They cannot be installed here: the tests that ask them will be skipped.")
        return
    (HOME / ".installed").write_text("\n".join(PACKAGES))


if __name__ == "__main__":
    main()
