"""Everything a front end needs to speak: the voices, and streams that use them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Protocol

import msgspec

from vivavoce.errors import NotFoundError, OverloadedError, ShuttingDownError, UnknownVoiceError, quoted
from vivavoce.records import CustomVoice
from vivavoce.runtime.backend import Backend, Changing
from vivavoce.runtime.clock import Clock, SystemClock
from vivavoce.runtime.driver import Stream
from vivavoce.runtime.watch import watch
from vivavoce.session import limits as bounds
from vivavoce.session.core import Session
from vivavoce.session.limits import Limits
from vivavoce.settings import Settings
from vivavoce.speech import OWN_RULES, Open, VoiceInfo
from vivavoce.text.pronounce import Dictionary
from vivavoce.text.rewrite import language_rules, rewrite, undashed
from vivavoce.text.rewrite import rules as rewrite_rules
from vivavoce.text.spans import SpannedText
from vivavoce.voices.casting import Casting, Persona, both, cast
from vivavoce.voices.catalogue import Catalogue

# Loaded by the first stream otherwise, at the cost of its first audio.
WARMED: Final = ("numpy", "av", "lameenc", "vivavoce.audio.encoder", "vivavoce.audio.resample")
DEFAULT_LANGUAGE: Final = "en-US"


class Library(Protocol):
    """What lasts beyond a stream; lookups are from memory."""

    def custom_voice(self, name: str, account: str | None) -> CustomVoice | None:
        """The custom voice of that id that ``account`` may use, if there is one."""
        ...

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        """A dictionary, ready to apply. Raises NotFoundError."""
        ...

    def own_dictionary(self, language: str) -> Dictionary | None:
        """The one for streams in ``language`` that name none, if there is one."""
        ...


class Studio:
    """The runtime of one process: a backend, the catalogue of its voices, and the live streams.

    Use it as an async context manager, or with :meth:`start` and :meth:`close`.
    """

    def __init__(
        self,
        settings: Settings,
        backend: Backend | None = None,
        clock: Clock | None = None,
        *,
        library: Library | None = None,
        personas: Mapping[str, Persona] | None = None,
    ) -> None:
        """``library`` has what lasts; ``personas`` are names beside the installed voices', in lower case."""
        self.settings = settings
        self.library = library
        self._personas = personas or {}
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
        self._watching: asyncio.Task[None] | None = None
        self.catalogue = Catalogue(())

    async def start(self) -> None:
        """Workers run, voices are known and codecs are loaded when this returns."""
        warm = asyncio.get_running_loop().run_in_executor(None, _warm)
        try:
            await self._backend.start()
        finally:
            await warm
        self._know_voices()
        if isinstance(self._backend, Changing):
            self._watching = asyncio.create_task(watch(self.settings.data_dir, self._look))

    async def _look(self) -> None:
        assert isinstance(self._backend, Changing)
        await self._backend.look()
        self._know_voices()

    def _know_voices(self) -> None:
        self.catalogue = Catalogue(self._backend.voices(), variants=self._backend.speakers() or None)

    async def close(self) -> None:
        """Cancels every live stream and stops the workers; safe to call more than once."""
        self._draining = True
        for stream in list(self._streams):
            stream.cancel()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
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

    def voice(self, name: str, language: str | None = None, account: str | None = None) -> VoiceInfo:
        """The voice that a stream opened so would speak with. Raises UnknownVoiceError, UnknownLanguageError."""
        return self.cast(name, language, account).voice

    def cast(self, name: str, language: str | None = None, account: str | None = None) -> Casting:
        """Who speaks for ``name``, and how: an installed voice, a custom voice of ``account``, a persona, or the best
        voice for a language; that one for a name that nobody has, too, where the settings say so.

        Raises UnknownVoiceError, UnknownLanguageError.
        """
        if not name:
            return self._default(language)
        custom = self.library.custom_voice(name, account) if self.library else None
        try:
            return cast(self.catalogue, self._personas, custom, name, language)
        except UnknownVoiceError:
            if self.settings.unknown_voice == "refuse":
                raise
            return self._default(language)

    def _default(self, language: str | None) -> Casting:
        return Casting(voice=self.catalogue.best(language or DEFAULT_LANGUAGE))

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
        casting = self.cast(request.voice, request.language, request.account)
        played, prepare = _played(request, casting), self._preparation(request, casting.voice)
        session = Session(played, casting.voice, self._limits, self._clock.now(), prepare)
        stream = Stream(
            session,
            self._backend,
            casting.voice,
            self.settings,
            self._clock,
            lambda: self._streams.discard(stream),
            request.dialect,
        )
        self._streams.add(stream)
        return stream

    def _preparation(self, request: Open, voice: VoiceInfo) -> Callable[[SpannedText], SpannedText] | None:
        """What makes a stream's text sayable, if anything has to. Raises NotFoundError, OutOfRangeError."""
        language = request.language or voice.language
        dictionary = self._dictionary(request, language)
        own = request.rewrite_rules == OWN_RULES
        named = language_rules(language) if own else request.rewrite_rules
        rules = rewrite_rules(named)
        if dictionary is None and not rules:
            return None

        def prepare(text: SpannedText) -> SpannedText:
            if dictionary is not None:
                text = dictionary.apply(text)
            # The engines here say hyphens aloud that the rules put between spelled letters and digits.
            return undashed(rewrite(text, rules)) if rules else text

        return prepare

    def _dictionary(self, request: Open, language: str) -> Dictionary | None:
        """The dictionary that ``request`` names, or else the server's own. Raises NotFoundError."""
        wanted = request.dictionary_id
        if self.library is not None:
            if wanted is None:
                return self.library.own_dictionary(language)
            return self.library.dictionary(wanted, request.account)
        if wanted is not None:
            raise NotFoundError(f"no dictionary {quoted(wanted)} here", param="dictionary_id")
        return None

    def status(self) -> Mapping[str, float]:
        """Figures of the moment; see :meth:`Backend.status`."""
        return {**self._backend.status(), "live": float(self.live)}


def _played(request: Open, casting: Casting) -> Open:
    """``request`` with the ways of whoever was cast."""
    style, degree = request.style, request.style_degree
    if style == "neutral":
        style, degree = casting.style, casting.style_degree
    bounds.check(request)  # before prosodies are put together, which clamps
    return msgspec.structs.replace(
        request, prosody=both(request.prosody, casting.prosody), style=style, style_degree=degree
    )


def _local_pool(settings: Settings, clock: Clock) -> Backend:
    from vivavoce.runtime.pool import LocalPool

    return LocalPool(settings, clock)


def _warm() -> None:
    for name in WARMED:
        importlib.import_module(name)
