"""Everything a front end needs to speak: the voices, and streams that use them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from vivavoce.errors import OverloadedError, ShuttingDownError
from vivavoce.runtime.backend import Backend
from vivavoce.runtime.clock import Clock, SystemClock
from vivavoce.runtime.driver import Stream
from vivavoce.session.core import Session
from vivavoce.session.limits import Limits
from vivavoce.settings import Settings
from vivavoce.speech import Open, VoiceInfo
from vivavoce.voices.catalogue import Catalogue

# Loaded by the first stream otherwise, at the cost of its first audio.
WARMED: Final = ("numpy", "av", "lameenc", "vivavoce.audio.encoder", "vivavoce.audio.resample")
DEFAULT_LANGUAGE: Final = "en-US"


class Studio:
    """The runtime of one process: a backend, the catalogue of its voices, and the live streams.

    Use it as an async context manager, or with :meth:`start` and :meth:`close`.
    """

    def __init__(
        self, settings: Settings, backend: Backend | None = None, clock: Clock | None = None
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._backend = backend or _local_pool(settings, self._clock)
        self._limits = Limits(
            first_unit_words=settings.first_unit_words,
            max_unit_chars=settings.max_unit_chars,
            max_text_chars=settings.max_text_chars,
            idle_flush_s=settings.idle_flush_s,
        )
        self._streams: set[Stream] = set()
        self._draining = False
        self.catalogue = Catalogue(())

    async def start(self) -> None:
        """Workers run, voices are known and codecs are loaded when this returns."""
        warm = asyncio.get_running_loop().run_in_executor(None, _warm)
        try:
            await self._backend.start()
        finally:
            await warm
        self.catalogue = Catalogue(self._backend.voices())

    async def close(self) -> None:
        """Cancels every live stream and stops the workers; safe to call more than once."""
        self._draining = True
        for stream in list(self._streams):
            stream.cancel()
        await self._backend.close()

    async def __aenter__(self) -> Studio:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def live(self) -> int:
        """Live streams."""
        return len(self._streams)

    def drain(self) -> None:
        """Take no new streams; the live ones go on."""
        self._draining = True

    def voice(self, name: str, language: str | None = None) -> VoiceInfo:
        """The voice that a stream opened so would speak with. Raises UnknownVoiceError, UnknownLanguageError."""
        return self.catalogue.resolve(name or language or DEFAULT_LANGUAGE, language)

    def open(self, request: Open) -> Stream:
        """A new stream.

        Raises VivavoceError: an unknown voice, a number out of range, a full or closing server.
        """
        if self._draining:
            raise ShuttingDownError("the server is shutting down; try again soon", retry_after_s=1.0)
        if len(self._streams) >= self.settings.max_streams:
            raise OverloadedError(
                f"{len(self._streams)} streams are live, as many as allowed",
                retry_after_s=self.settings.retry_after_s,
            )
        voice = self.voice(request.voice, request.language)
        session = Session(request, voice, self._limits, self._clock.now())
        stream = Stream(
            session,
            self._backend,
            voice.id,
            self.settings,
            self._clock,
            lambda: self._streams.discard(stream),
        )
        self._streams.add(stream)
        return stream

    def status(self) -> Mapping[str, float]:
        """Figures of the moment; see :meth:`Backend.status`."""
        return {**self._backend.status(), "live": float(self.live)}


def _local_pool(settings: Settings, clock: Clock) -> Backend:
    from vivavoce.runtime.pool import LocalPool

    return LocalPool(settings, clock)


def _warm() -> None:
    for name in WARMED:
        importlib.import_module(name)
