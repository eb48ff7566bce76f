"""An FFmpeg encoder fed block by block: what ``aac``, ``flac`` and ``ogg_opus`` have in common.

PyAV and FFmpeg are loaded when the first of them is made.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Mapping
from functools import cache

import numpy as np

from vivavoce.audio.pcm import Blocks, Samples, steps


@cache
def one_thread() -> None:
    """Let FFmpeg believe in one processor, for this whole process.

    PyAV puts a filter graph in front of every audio encoder and gives no way to set its threads: each stream would
    cost as many idle threads as there are cores, up to 15. Without the symbol (a static build) they stay.
    """
    import av._core

    with contextlib.suppress(AttributeError):
        ctypes.CDLL(av._core.__file__).av_cpu_force_count(1)


class Codec:
    """Samples in any pieces to the encoder's packets, in order; every packet is whole.

    ``name`` is FFmpeg's, ``layout`` its sample format: "flt", "fltp" or "s16". Uses the calling thread only.
    """

    def __init__(
        self, name: str, layout: str, rate_hz: int, bit_rate_bps: int | None, options: Mapping[str, str]
    ) -> None:
        from av import AudioCodecContext, CodecContext

        one_thread()
        context = CodecContext.create(name, "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate, context.layout, context.format = rate_hz, "mono", layout
        context.thread_count = 1
        context.options = dict(options)
        if bit_rate_bps is not None:
            context.bit_rate = bit_rate_bps
        context.open()
        self._context = context
        self._layout = layout
        self._blocks = Blocks(context.frame_size)
        self._taken = 0

    @property
    def block(self) -> int:
        """Samples per packet."""
        return self._blocks.size

    @property
    def extradata(self) -> bytes:
        """The codec's own header: an OpusHead, a FLAC STREAMINFO."""
        return bytes(self._context.extradata or b"")

    def feed(self, samples: Samples) -> list[bytes]:
        return [packet for block in self._blocks.feed(samples) for packet in self._encode(block)]

    def flush(self) -> list[bytes]:
        """The packets of the last, shorter block and all that the encoder still holds."""
        rest = self._blocks.flush()
        last = self._encode(rest) if len(rest) else []
        return last + [bytes(packet) for packet in self._context.encode(None)]

    def _encode(self, block: Samples) -> list[bytes]:
        from av import AudioFrame

        data = steps(block) if self._layout == "s16" else np.clip(block, -1.0, 1.0)
        frame = AudioFrame.from_ndarray(data[np.newaxis], format=self._layout, layout="mono")
        frame.sample_rate = self._context.sample_rate
        frame.pts = self._taken
        self._taken += len(block)
        return [bytes(packet) for packet in self._context.encode(frame)]
