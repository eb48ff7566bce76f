"""Random-weight voices from Piper's own exporter: graphs node for node as they are published, to try the cut on.

An optional tool, for an environment of its own: ``pip install torch piper-tts onnx`` (torch's CPU build will do), then
``python bench/exported_voices.py medium out.onnx``. It uses the model code in piper-tts, which is GPL-3.0, and brings
none of it here; nothing of the project needs it. The weights are random: speed and exactness only.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import types
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

SMALL = {
    "resblock": "2",
    "resblock_kernel_sizes": (3, 5, 7),
    "resblock_dilation_sizes": ((1, 2), (2, 6), (3, 12)),
    "upsample_rates": (8, 8, 4),
    "upsample_initial_channel": 256,
    "upsample_kernel_sizes": (16, 16, 8),
}
LARGE = {
    "resblock": "1",
    "resblock_kernel_sizes": (3, 7, 11),
    "resblock_dilation_sizes": ((1, 3, 5),) * 3,
    "upsample_rates": (8, 8, 2, 2),
    "upsample_initial_channel": 512,
    "upsample_kernel_sizes": (16, 16, 4, 4),
}
SIZES: dict[str, tuple[int, int, dict[str, Any]]] = {
    "x_low": (96, 384, SMALL),
    "medium": (192, 768, SMALL),
    "high": (192, 768, LARGE),
}
"""Hidden channels, filter channels, decoder."""


def synthesizer() -> Any:
    """Piper's model class, without the training framework around it."""
    try:
        folder = distribution("piper-tts").locate_file("piper/train/vits")
    except PackageNotFoundError:
        sys.exit("piper-tts is not installed here; see this file's beginning")
    package = types.ModuleType("vits")
    package.__path__ = [str(folder)]
    sys.modules["vits"] = package
    return importlib.import_module("vits.models").SynthesizerTrn


def build(size: str, speakers: int) -> Any:
    """A model whose durations are about two frames a symbol and whose decoder is not silent."""
    torch: Any = importlib.import_module("torch")
    torch.manual_seed(7)
    hidden, filters, decoder = SIZES[size]
    model = synthesizer()(
        256, 513, 32, hidden, hidden, filters, 2, 6, 3, 0.1, **decoder,
        n_speakers=speakers, gin_channels=512 if speakers > 1 else 0, use_sdp=True,
    )  # fmt: skip
    model.eval()
    with torch.no_grad():
        model.dec.remove_weight_norm()
        for layer in model.dec.modules():
            if isinstance(layer, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
                torch.nn.init.kaiming_normal_(layer.weight, a=0.1)
                layer.weight.mul_(0.8)
        model.dec.conv_post.weight.mul_(0.3)
        for flow in model.flow.flows:
            if hasattr(flow, "post"):
                torch.nn.init.normal_(flow.post.weight, 0, 0.02)
        affine = model.dp.flows[0]
        affine.m.copy_(torch.tensor([[-0.3], [0.0]]))
        affine.logs.copy_(torch.tensor([[0.9], [0.0]]))
    return model


def export(model: Any, path: Path, speakers: int) -> None:
    """As Piper exports: opset 15, through TorchScript, names and free axes the same."""
    torch: Any = importlib.import_module("torch")

    def forward(text: Any, lengths: Any, scales: Any, sid: Any = None) -> Any:
        audio = model.infer(
            text, lengths, noise_scale=scales[0], length_scale=scales[1], noise_scale_w=scales[2], sid=sid
        )[0]
        return audio.unsqueeze(1)

    model.forward = forward
    speaker = torch.LongTensor([0]) if speakers > 1 else None
    example = (
        torch.randint(0, 256, (1, 50)),
        torch.LongTensor([50]),
        torch.FloatTensor([0.667, 1.0, 0.8]),
        speaker,
    )
    torch.onnx.export(
        model=model,
        args=example,
        f=str(path),
        opset_version=15,
        input_names=["input", "input_lengths", "scales", "sid"],
        output_names=["output"],
        dynamic_axes={
            "input": {0: "batch_size", 1: "phonemes"},
            "input_lengths": {0: "batch_size"},
            "output": {0: "batch_size", 2: "time"},
        },
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=list(SIZES))
    parser.add_argument("path", type=Path)
    parser.add_argument("--speakers", type=int, default=1)
    given = parser.parse_args()
    export(build(given.size, given.speakers), given.path, given.speakers)
    print(f"{given.path}: {given.path.stat().st_size / 1e6:.1f} MB of random weights")


if __name__ == "__main__":
    main()
