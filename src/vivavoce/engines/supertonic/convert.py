"""Prepares a model: checks the published files, optimises the graphs, tries every speaker, and measures the vocoder.

Run as ``python -m vivavoce.engines.supertonic.convert FOLDER`` in a process of its own (see ``engines/neural/process.py``).
FOLDER holds the files as they are published (see ``config.py``); ``cut/`` is made in it, and the published graphs, which
nothing reads any more, are deleted.

How far the vocoder reaches is found by trying: one frame of a latent is changed, and the samples that change with it are
within its reach. Where that is less than the whole, windows have to give the samples of the whole to one unit of int16.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from vivavoce.engines.neural.files import read_model
from vivavoce.engines.neural.folders import CUT, write_manifest
from vivavoce.engines.neural.loudness import Floats, furthest, gain_for
from vivavoce.engines.neural.noise import normal, seeded
from vivavoce.engines.neural.process import prepare
from vivavoce.engines.neural.sessions import GraphError, runtime, save_optimised
from vivavoce.engines.supertonic.config import Config, read_config, read_table, style_names
from vivavoce.engines.supertonic.manifest import GRAPHS, VERSION, Manifest, Reach
from vivavoce.engines.supertonic.model import INPUTS, Model, Sound, load_model
from vivavoce.engines.supertonic.text import numbers
from vivavoce.errors import UnsupportedMediaError
from vivavoce.speech import Boundary

SPOKEN: Final = "The quick brown fox jumps over the lazy dog, and then it sleeps."
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz "
SEED: Final = (20,)
_PROBE_FRAMES: Final = 96
_MAX_REACH: Final = 40
"""Beyond it, windows cost more than they bring."""


def convert(folder: Path) -> Manifest:
    """Prepare the model in ``folder``. Raises UnsupportedMediaError when it is none."""
    config, speakers = read_config(folder), style_names(folder)
    if not speakers:
        raise UnsupportedMediaError("voice_styles holds no speaker: expected F1.json and the like")
    _check_table(config, read_table(folder))
    shutil.rmtree(folder / CUT, ignore_errors=True)
    (folder / CUT).mkdir()
    try:
        for name in GRAPHS:
            _keep(folder, name)
        reach, why, gains = _measured(load_model(folder, speakers))
    except GraphError as error:
        raise UnsupportedMediaError(f"the model cannot be spoken with: {error}") from None
    manifest = Manifest(
        version=VERSION,
        onnxruntime=runtime().__version__,
        rung="denoised" if reach else "sentences",
        why=why,
        reach=reach,
        gains=gains,
        bytes=sum((folder / CUT / name).stat().st_size for name in GRAPHS),
    )
    write_manifest(manifest, folder / CUT)
    return manifest


def _check_table(config: Config, table: Sequence[int]) -> None:
    """Raises UnsupportedMediaError unless the model can read letters, and the tags that it is to be given."""
    needed = _LETTERS + ("<>/" if config.tags else "")
    unknown = [c for c in needed if ord(c) >= len(table) or table[ord(c)] < 0]
    if unknown:
        raise UnsupportedMediaError(f"unicode_indexer.json does not know {''.join(unknown)!r}")


def _keep(folder: Path, name: str) -> None:
    """Check a published graph and keep it optimised in its place. Raises GraphError, UnsupportedMediaError."""
    published = folder / "onnx" / name
    model = read_model(published)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = {value.name for value in model.graph.input} - stored
    if inputs != INPUTS[name] or not model.graph.output:
        raise UnsupportedMediaError(
            f"{name} takes {', '.join(sorted(inputs)) or 'nothing'}; expected {', '.join(sorted(INPUTS[name]))}"
        )
    save_optimised(model.SerializeToString(), folder / CUT / name)
    published.unlink()


def _measured(model: Model) -> tuple[Reach | None, str, dict[str, float]]:
    """How the vocoder can be run, why not better, and each speaker's gain. Raises GraphError."""
    latents = {speaker: _try(model, speaker) for speaker in model.speakers}
    audio = {speaker: _whole(model, latent) for speaker, latent in latents.items()}
    gains = {speaker: gain_for(sound) for speaker, sound in audio.items()}
    reach, why = _reach(model)
    if reach is not None:
        windows = {speaker: _windows(model, latent, reach) for speaker, latent in latents.items()}
        if any(furthest(windows[speaker], audio[speaker], gains[speaker]) > 1 for speaker in audio):
            reach, why = None, "the vocoder's windows differ from the whole"
    return reach, why, gains


def _try(model: Model, speaker: str) -> Floats:
    """A latent of ordinary speech; the text also holds the last character that the model has a number for."""
    ids = numbers(SPOKEN, Boundary.SENTENCE, "en", model.config.tags, model.table)
    draft = model.begin([*ids, max(model.table)], speaker, 1.0, SEED)
    while draft.left:
        draft.refine()
    return draft.latent


def _whole(model: Model, latent: Floats) -> Floats:
    return _all_of(model.sound(latent, None), latent.shape[2])


def _windows(model: Model, latent: Floats, reach: Reach) -> Floats:
    return _all_of(model.sound(latent, reach), 7)


def _all_of(sound: Sound, frames: int) -> Floats:
    pieces: list[Floats] = []
    while sound.left:
        pieces.append(sound.take(frames))
    return np.concatenate(pieces)


def _reach(model: Model) -> tuple[Reach | None, str]:
    """How far the samples of one frame depend on others; ``None`` with the reason when it is too far."""
    hop, changed = model.config.hop, _PROBE_FRAMES // 2
    latent = normal(seeded(SEED), model.config.channels, _PROBE_FRAMES + 1)
    other = latent[:, :, :_PROBE_FRAMES].copy()
    other[:, :, changed] = latent[:, :, _PROBE_FRAMES]
    differ = _whole(model, other) != _whole(model, latent[:, :, :_PROBE_FRAMES])
    frames = np.flatnonzero(differ.reshape(-1, hop).any(axis=1))
    if not frames.size:
        return None, "the vocoder does not listen to its latent"
    reach = Reach(left=int(frames[-1]) - changed, right=changed - int(frames[0]))
    if max(reach.left, reach.right) > _MAX_REACH:
        return None, f"the vocoder's samples depend on more than {_MAX_REACH} frames beside them"
    return Reach(max(reach.left, 0), max(reach.right, 0)), ""


def main(arguments: Sequence[str]) -> NoReturn:
    """``FOLDER``."""
    prepare(lambda: convert(Path(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
