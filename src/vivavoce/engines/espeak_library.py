"""espeak-ng's shared library (1.52), through ctypes: one utterance at a time, audio and events as they come.

All its state is global to the process and everything is set anew for each utterance. Measured facts behind the
choices: a buffer length of 0 gives 60 ms blocks; every event arrives in the block that holds its sample; ``sample`` is
exact where ``audio_position`` is in milliseconds; returning 1 from the callback ends the call at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, c_char, c_char_p, c_int, c_short, c_size_t, c_uint, c_void_p
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from vivavoce.engines.callback import Carried
from vivavoce.errors import EngineError, quoted

RATE_HZ: Final = 22050

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1, 2, 0x8000
_UTF8, _PHONEME_INPUT = 1, 0x100
_WORD, _PHONEME = 1, 7
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class _EventId(ctypes.Union):
    _fields_ = (("number", c_int), ("name", c_char_p), ("string", c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", c_int),
        ("identifier", c_uint),
        ("text_position", c_int),
        ("length", c_int),
        ("audio_position", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


class Event(Struct, frozen=True):
    """A word or phoneme begins at ``sample``."""

    kind: Literal["word", "phoneme"]
    sample: int
    position: int
    """Where in the text, in code points from 0; may be off by a few."""
    name: str
    """A phoneme in IPA, "" for silence; a word's is empty. Cut at 8 bytes of UTF-8 by the library."""


Listener: TypeAlias = Callable[[bytes, list[Event]], bool]
"""Takes a block of int16 samples and its events; ``False`` stops the utterance."""


class Parameters(Struct, frozen=True):
    """The library's own numbers for one utterance."""

    words_per_minute: int
    """80 to 450."""
    pitch: int
    """0 to 99; 50 is the voice's own."""
    pitch_range: int
    """0 (monotone) to 99; 50 is the voice's own."""
    volume: int
    """0 to 200; what is over 100 may clip."""


class Library:
    """The loaded library. Make one per process, and use it from one thread."""

    def __init__(self, path: Path, data: Path) -> None:
        """Raises EngineError when the library or its data cannot be used."""
        try:
            self._c: Any = ctypes.CDLL(str(path))
        except OSError as error:
            raise EngineError(f"espeak-ng cannot be loaded from {path}: {error}") from None
        self._c.espeak_Synth.argtypes = [
            c_void_p, c_size_t, c_uint, c_int, c_uint, c_uint, POINTER(c_uint), c_void_p,
        ]  # fmt: skip
        self._c.espeak_SetVoiceByName.argtypes = [c_char_p]
        self._c.espeak_Initialize.argtypes = [c_int, c_int, c_char_p, c_int]
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        rate = self._c.espeak_Initialize(_SYNCHRONOUS, 0, str(data).encode(), options)
        if rate != RATE_HZ:
            raise EngineError(f"espeak-ng: expected {RATE_HZ} Hz with the data in {data}, got {rate}")
        self._carried = Carried()
        self._listener: Listener | None = None
        self._on_block = _Callback(self._block)  # kept: the library holds only its address
        self._c.espeak_SetSynthCallback(self._on_block)

    def choose(self, voice: str) -> None:
        """Make ``voice`` ("en-us+f2": a language file's name and a variant's) the current one. Raises EngineError."""
        if self._c.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {quoted(voice)}")

    def speak(
        self,
        voice: str,
        text: str,
        parameters: Parameters,
        listener: Listener,
        *,
        phoneme_input: bool = False,
    ) -> None:
        """Speak the whole of ``text``, which has no NUL and no lone surrogates, to ``listener``.

        Returns when the last block has been taken or the listener has stopped it. What the listener raises is
        raised here. Raises EngineError when the library refuses.
        """
        self.choose(voice)
        numbers = (
            (_RATE, parameters.words_per_minute),
            (_VOLUME, parameters.volume),
            (_PITCH, parameters.pitch),
            (_RANGE, parameters.pitch_range),
        )
        for key, value in numbers:
            self._c.espeak_SetParameter(key, value, 0)
        data = text.encode() + b"\0"
        flags = _UTF8 | (_PHONEME_INPUT if phoneme_input else 0)
        self._listener = listener
        code = self._c.espeak_Synth(data, len(data), 0, 0, 0, flags, None, None)
        self._listener = None
        self._carried.release()
        if code != 0:
            raise EngineError(f"espeak-ng: synthesis returned error {code}")

    def _block(self, samples: Any, count: int, events: Any) -> int:
        """The library's callback: 0 to go on, 1 to stop."""
        go_on = False
        with self._carried:
            pcm = ctypes.string_at(samples, 2 * count) if samples and count > 0 else b""
            go_on = self._listener is not None and self._listener(pcm, _read(events))
        return 0 if go_on else 1


def _read(events: Any) -> list[Event]:
    """The word and phoneme events of a block."""
    found: list[Event] = []
    i = 0
    while (event := events[i]).type != 0:
        i += 1
        if event.type == _WORD:
            found.append(Event("word", event.sample, event.text_position - 1, ""))
        elif event.type == _PHONEME:
            name = event.id.string.decode("utf-8", "ignore")
            if not name.startswith("("):  # "(en)" tells of a change of language, not of a sound
                found.append(Event("phoneme", event.sample, event.text_position - 1, name))
    return found
