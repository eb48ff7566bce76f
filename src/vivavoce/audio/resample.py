"""Change of sampling rate for live streams.

FFmpeg's resampler as a filter graph: it is the one that gives the first output after 1 to 4 ms of input at 90 dB and
more; block resamplers (soxr) wait for 20 to 140 ms. PyAV's own ``AudioResampler`` cannot pass the filter options,
and without them reaches 27 dB near the upper end. Its output is aligned in time with its input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from vivavoce.audio.codec import one_thread
from vivavoce.audio.pcm import Samples, join, resized, silence

if TYPE_CHECKING:
    from av.filter import Graph
    from av.filter.context import FilterContext

FILTER_TAPS: Final = 64


class Resampler:
    """From one rate to another, in any pieces, bit for bit the same however the stream was cut.

    In all it gives ``round(n * to_hz / from_hz)`` samples for ``n``. After ``flush`` it begins anew.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._to_hz = to_hz
        self._begin()

    @property
    def identity(self) -> bool:
        """Whether samples pass through untouched."""
        return self._from_hz == self._to_hz

    def feed(self, samples: Samples) -> Samples:
        if self.identity or not len(samples):
            return samples
        self._taken += len(samples)
        made = self._run(samples)
        self._given += len(made)
        return made

    def flush(self) -> Samples:
        if self.identity or not self._taken:
            return silence(0)
        # The library drops a stream shorter than its filter, so the end is pushed out with silence.
        taps = FILTER_TAPS * max(1, -(-self._from_hz // self._to_hz))
        rest = self._run(silence(2 * taps))
        rest = resized(rest, round(self._taken * self._to_hz / self._from_hz) - self._given)
        self._begin()
        return rest

    def _begin(self) -> None:
        self._taken = 0
        self._given = 0
        self._graph: _Graph | None = None

    def _run(self, samples: Samples) -> Samples:
        from av import AudioFrame

        graph = self._graph = self._graph or _graph(self._from_hz, self._to_hz)
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.float32)[np.newaxis], format="flt", layout="mono"
        )
        frame.sample_rate = self._from_hz
        graph.source.push(frame)
        return _pull(graph.sink)


class _Graph(NamedTuple):
    """A configured filter graph and its two ends, which do not keep it alive: without it they crash."""

    graph: Graph
    source: FilterContext
    sink: FilterContext


def _graph(from_hz: int, to_hz: int) -> _Graph:
    """Costs about 0.1 ms and starts no thread."""
    from av.filter import Graph

    one_thread()
    graph = Graph()
    source = graph.add_abuffer(sample_rate=from_hz, format="flt", layout="mono")
    change = graph.add("aresample", f"{to_hz}:filter_size={FILTER_TAPS}:cutoff=0.95")
    shape = graph.add("aformat", f"sample_fmts=flt:sample_rates={to_hz}:channel_layouts=mono")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, change, shape, sink).configure()
    return _Graph(graph, source, sink)


def _pull(sink: FilterContext) -> Samples:
    from av import AudioFrame

    pieces: list[Samples] = []
    while True:
        try:
            frame = sink.pull()
        except BlockingIOError:
            return join(pieces)
        assert isinstance(frame, AudioFrame)
        pieces.append(np.asarray(frame.to_ndarray()[0], np.float32))
