"""espeak-ng as a reader: the phonemes of a text clause by clause, and which word of the text each belongs to.

The library's state is global to its copy in memory, and reading must not disturb a synthesis. So this loads a copy of
the file under another name, which the system takes for another library. One thread may use it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from ctypes import POINTER, c_char_p, c_int, c_void_p
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from vivavoce.engines.espeak_guard import guarded
from vivavoce.engines.espeak_library import Event, Library, Parameters
from vivavoce.engines.piper.config import VoiceConfig
from vivavoce.engines.piper.terminators import Terminator, terminator
from vivavoce.errors import EngineError

_UTF8: Final = 1
_IPA: Final = 2
_TELLS_TERMINATORS: Final = "espeak_TextToPhonemesWithTerminator"
"""A function that patched builds export; where it is there it is asked, and nothing has to be recovered."""
_KNOWN: Final = {
    0x80028: Terminator(".", True),
    0x82028: Terminator("?", True),
    0x8302D: Terminator("!", True),
    0x41014: Terminator(",", False),
    0x4001E: Terminator(":", False),
    0x4101E: Terminator(";", False),
}
_KIND_BITS: Final = 0xFFFFF
_SENTENCE_BIT: Final = 0x80000
_QUIET: Final = Parameters(words_per_minute=175, pitch=50, pitch_range=50, volume=0)


class Clause(Struct, frozen=True):
    """A stretch of text that the library takes in one go."""

    ipa: str
    """Its phonemes, words divided by spaces, with flags like ``(en)`` where the language changes."""
    end: Terminator


class EspeakText:
    """One copy of the library at ``path`` with the data at ``data``."""

    def __init__(self, path: Path, data: Path) -> None:
        """Raises EngineError when they cannot be used."""
        self._voice = ""
        with tempfile.TemporaryDirectory(prefix="vivavoce-espeak-") as folder:
            copy = Path(folder) / f"reader-{os.getpid()}-{id(self):x}{path.suffix}"
            try:
                shutil.copyfile(path, copy)
            except OSError as error:
                raise EngineError(
                    f"espeak-ng cannot be copied from {path}: {error.strerror or error}"
                ) from None
            self._library = Library(copy, data)
            self._c: Any = ctypes.CDLL(str(copy))  # the same copy once more, for what Library does not offer
        self._tells = hasattr(self._c, _TELLS_TERMINATORS)
        name = _TELLS_TERMINATORS if self._tells else "espeak_TextToPhonemes"
        self._read = getattr(self._c, name)
        self._read.restype = c_char_p
        self._read.argtypes = [POINTER(c_void_p), c_int, c_int] + self._tells * [POINTER(c_int)]

    def choose(self, voice: str) -> None:
        """Make ``voice``, such as ``en-us``, the current one. Raises EngineError when there is none."""
        if voice != self._voice:
            self._library.choose(voice)
            self._voice = voice

    def clauses(self, voice: str, text: str) -> list[Clause]:
        """The clauses of ``text``, as the library divides it. Raises EngineError for an unknown voice."""
        self.choose(voice)
        self._forget()
        raw = plain(text).encode()
        buffer = ctypes.create_string_buffer(raw)
        base = ctypes.addressof(buffer)
        pointer = c_void_p(base)
        found: list[Clause] = []
        start = 0
        while pointer.value:
            told = c_int(0)
            arguments = (ctypes.byref(pointer), _UTF8, _IPA) + self._tells * (ctypes.byref(told),)
            ipa = (self._read(*arguments) or b"").decode("utf-8", "replace")
            last = not pointer.value
            stop = _look_ahead(raw, len(raw) if last else pointer.value - base, last=last)
            if self._tells:
                end = _told(told.value)
            else:
                end = terminator(raw[start:stop].decode("utf-8", "replace"), last=last, voice=voice)
            found.append(Clause(ipa, end))
            start = stop
        return found

    def events(self, voice: str, text: str) -> list[Event]:
        """Where the library begins words and phonemes as it speaks ``text``; positions are code points of it.

        Costs a few milliseconds a sentence: the only way to learn them is to speak and throw the sound away.
        """
        self._voice = ""
        found: list[Event] = []

        def listen(_: bytes, events: list[Event]) -> bool:
            found.extend(events)
            return True

        self._library.speak(voice, plain(text), _QUIET, listen)
        return found

    def _forget(self) -> None:
        """The library keeps one character of look-ahead between calls: one text must not leak into the next."""
        self._c.espeak_Synth(c_char_p(b" "), ctypes.c_size_t(2), 0, 0, 0, _UTF8, None, None)


def plain(text: str) -> str:
    """``text`` with control characters but white space, and lone surrogates, as spaces, and guarded; every place is
    kept."""
    return guarded(
        "".join(
            " "
            if (c < " " and c not in "\t\n\r") or "\x7f" <= c <= "\x84" or "\ud800" <= c <= "\udfff"
            else c
            for c in text
        )
    )


def _look_ahead(raw: bytes, moved: int, *, last: bool) -> int:
    """Where the next clause begins: unless the text is finished, the last character read belongs to it."""
    if last:
        return moved
    moved -= 1
    while moved > 0 and raw[moved] & 0xC0 == 0x80:
        moved -= 1
    return moved


def _told(code: int) -> Terminator:
    kind = code & _KIND_BITS
    return _KNOWN.get(kind, Terminator("", bool(kind & _SENTENCE_BIT)))


def installed() -> tuple[Path, Path] | None:
    """espeakng-loader's library and data; ``None`` without it."""
    try:
        import espeakng_loader

        path, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
    except (ImportError, RuntimeError):
        return None
    return (path, data) if path.exists() else None


def reader_for(config: VoiceConfig) -> EspeakText | None:
    """A reader with the library that a voice wants; ``None`` for one that reads letters. Raises EngineError."""
    if config.phoneme_type != "espeak":
        return None
    usual = installed()
    own = config.espeak
    if usual is None and not (own.library and own.data):
        raise EngineError("Piper voices need espeak-ng; install the Python package espeakng-loader")
    path, data = usual or (Path(), Path())
    return EspeakText(Path(own.library) if own.library else path, Path(own.data) if own.data else data)
