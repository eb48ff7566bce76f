"""flite's shared libraries (2.2, Debian's libflite1), through ctypes: audio as it is made, times before the first of it.

Settings go on the utterance, whose features stand before the voice's, so requests share no state. In the first
callback the utterance already has the end of every segment, hence every word's time. A voice may be used from several
threads; only its registration may not.
"""

from __future__ import annotations

import ctypes
import os
import sysconfig
from collections.abc import Callable, Iterator
from ctypes import POINTER, c_char_p, c_float, c_int, c_short, c_void_p
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from vivavoce.engines.callback import Carried
from vivavoce.errors import EngineError

RATE_HZ: Final = 16000
"""Of slt, rms, awb and kal16."""

FIRST_SAMPLES: Final = 320
LATER_SAMPLES: Final = 1600
"""Smallest blocks asked for, the first and those after it."""

_LIBRARIES: Final = ("libflite_usenglish", "libflite_cmulex")
_SUFFIXES: Final = (".so.1", ".dylib")
_FOLDERS: Final = (
    *os.environ.get("LD_LIBRARY_PATH", "").split(":"),
    f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or ''}",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/opt/homebrew/lib",
)
"""Where :func:`installed` looks; the loader may know more places."""


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", c_char_p),
        ("sample_rate", c_int),
        ("num_samples", c_int),
        ("num_channels", c_int),
        ("samples", POINTER(c_short)),
    )


class _Stream(ctypes.Structure):
    """The library's cst_audio_streaming_info."""


_Callback = ctypes.CFUNCTYPE(c_int, POINTER(_Wave), c_int, c_int, c_int, POINTER(_Stream))
_Stream._fields_ = (
    ("min_buffsize", c_int),
    ("callback", _Callback),
    ("utterance", c_void_p),
    ("item", c_void_p),
    ("userdata", c_void_p),
)


class _Utterance(ctypes.Structure):
    _fields_ = (("features", c_void_p),)


_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "flite_init": (c_int, []),
    "new_utterance": (c_void_p, []),
    "delete_utterance": (None, [c_void_p]),
    "utt_set_input_text": (c_void_p, [c_void_p, c_char_p]),
    "flite_do_synth": (c_void_p, [c_void_p, c_void_p, c_void_p]),
    "utt_relation": (c_void_p, [c_void_p, c_char_p]),
    "relation_head": (c_void_p, [c_void_p]),
    "item_next": (c_void_p, [c_void_p]),
    "flite_path_to_item": (c_void_p, [c_void_p, c_char_p]),
    "flite_ffeature_string": (c_char_p, [c_void_p, c_char_p]),
    "flite_ffeature_float": (c_float, [c_void_p, c_char_p]),
    "flite_feat_set": (None, [c_void_p, c_char_p, c_void_p]),
    "flite_feat_set_float": (None, [c_void_p, c_char_p, c_float]),
    "new_audio_streaming_info": (POINTER(_Stream), []),
    "audio_streaming_info_val": (c_void_p, [POINTER(_Stream)]),
}


class Word(Struct, frozen=True):
    """A word as the library says it; several may come from one word of the text."""

    start_s: float
    stop_s: float
    at: int
    """Where the text's token begins that it belongs to."""


class Segment(Struct, frozen=True):
    """A phone, in the library's own name, or a pause ("pau"). Segments follow each other without gaps."""

    name: str
    start_s: float
    stop_s: float


class Reading(Struct, frozen=True):
    """Everything the library knows about an utterance before its first sample."""

    words: tuple[Word, ...]
    segments: tuple[Segment, ...]


class Library:
    """The loaded libraries. Register voices from one thread."""

    def __init__(self) -> None:
        """Raises EngineError when libflite or its English parts are not installed."""
        c = _open("libflite")
        for name in _LIBRARIES:
            _open(name)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(c, name)
            function.restype, function.argtypes = result, arguments
        c.flite_init()
        self._c = c
        self._synthesis = ctypes.cast(c.utt_synth, c_void_p)
        self._voices: dict[str, tuple[int, Any]] = {}

    def register(self, voice: str) -> None:
        """Load ``voice`` ("slt"). Raises EngineError when it is not installed."""
        if voice in self._voices:
            return
        library = _open(_voice_library(voice))
        register = getattr(library, f"register_cmu_us_{voice}")
        register.restype, register.argtypes = c_void_p, [c_char_p]
        self._voices[voice] = (register(None), library)

    def speak(
        self,
        voice: str,
        text: str,
        listener: Callable[[Reading | bytes], bool],
        *,
        speed: float,
        f0_factor: float,
    ) -> None:
        """Speak ``text`` (ASCII) with a registered voice: first the Reading, then int16 samples, to ``listener``.

        Returns when all has been taken or the listener has returned ``False``; raises what it raised.
        """
        c, carried, raw = self._c, Carried(), text.encode("ascii")
        said = False

        def block(wave: Any, start: int, size: int, last: int, stream: Any) -> int:
            nonlocal said
            go_on = False
            with carried:
                if not said:
                    said = True
                    stream.contents.min_buffsize = LATER_SAMPLES
                    go_on = listener(self._reading(stream.contents.utterance, raw))
                    if not go_on:
                        return -1
                address = ctypes.addressof(wave.contents.samples.contents) + 2 * start
                go_on = listener(ctypes.string_at(address, 2 * size))
            return 0 if go_on else -1

        callback = _Callback(block)  # kept until the call has returned: the library holds only its address
        utterance = c.new_utterance()
        features = _Utterance.from_address(utterance).features
        c.utt_set_input_text(utterance, raw)
        c.flite_feat_set_float(features, b"duration_stretch", 1.0 / speed)
        c.flite_feat_set_float(features, b"f0_shift", f0_factor)
        stream = c.new_audio_streaming_info()
        stream.contents.min_buffsize, stream.contents.callback = FIRST_SAMPLES, callback
        # From here on the stream belongs to the utterance, which frees it.
        c.flite_feat_set(features, b"streaming_info", c.audio_streaming_info_val(stream))
        done = c.flite_do_synth(utterance, self._voices[voice][0], self._synthesis)
        c.delete_utterance(done or utterance)
        carried.release()
        if not done:
            raise EngineError("flite could not speak this text")

    def _items(self, utterance: int, relation: bytes) -> Iterator[int]:
        found = self._c.utt_relation(utterance, relation)
        item = self._c.relation_head(found) if found else None
        while item:
            yield item
            item = self._c.item_next(item)

    def _reading(self, utterance: int, raw: bytes) -> Reading:
        number = self._c.flite_ffeature_float
        segments: list[Segment] = []
        start = 0.0
        for item in self._items(utterance, b"Segment"):
            stop = number(item, b"end")
            segments.append(Segment(self._c.flite_ffeature_string(item, b"name").decode(), start, stop))
            start = stop
        return Reading(tuple(self._words(utterance, raw)), tuple(segments))

    def _words(self, utterance: int, raw: bytes) -> Iterator[Word]:
        """The words that are heard, in order."""
        path, number = self._c.flite_path_to_item, self._c.flite_ffeature_float
        places = self._token_places(utterance, raw)
        for word in self._items(utterance, b"Word"):
            first = path(word, b"R:SylStructure.daughter1.daughter1.R:Segment")
            if not first:
                continue
            before = path(first, b"p")
            start = number(before, b"end") if before else 0.0
            stop = number(word, b"R:SylStructure.daughtern.daughtern.end")
            yield Word(start, stop, places[path(word, b"R:Token.parent")])

    def _token_places(self, utterance: int, raw: bytes) -> dict[int, int]:
        """For every token, by the address of its item, where it begins in ``raw``.

        The library tells no places of string input, but what stands around each token; where the sum does not meet
        the text (it drops the dot of "Dr.") the token is looked for.
        """
        places: dict[int, int] = {}
        cursor = 0
        for token in self._items(utterance, b"Token"):
            space, before, name, after = (
                self._text(token, key) for key in (b"whitespace", b"prepunctuation", b"name", b"punc")
            )
            start = cursor + len(space)
            whole = before + name + after
            if raw[start : start + len(whole)] != whole:
                found = raw.find(name, cursor)
                start, whole = (found, name) if found >= 0 else (cursor, b"")
            places[token] = start
            cursor = start + len(whole)
        return places

    def _text(self, item: int, key: bytes) -> bytes:
        """A feature's text; absent ones read as "0", which only a name can truly be."""
        value: bytes = self._c.flite_ffeature_string(item, key) or b""
        return b"" if value == b"0" and key != b"name" else value


def installed(voice: str) -> bool:
    """Whether ``voice`` and what it needs are on this system; looks for the files and loads nothing."""
    return all(_find(name) for name in ("libflite", *_LIBRARIES, _voice_library(voice)))


def _voice_library(voice: str) -> str:
    return f"libflite_cmu_us_{voice}"


def _find(name: str) -> Path | None:
    """The file of library ``name``."""
    paths = (Path(folder, name + suffix) for folder in filter(None, _FOLDERS) for suffix in _SUFFIXES)
    return next((path for path in paths if path.exists()), None)


def _open(name: str) -> Any:
    """The library called ``name``, its symbols open to the others. Raises EngineError."""
    try:
        return ctypes.CDLL(str(_find(name) or name + _SUFFIXES[0]), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        raise EngineError(
            f"{name} cannot be loaded; install flite's shared libraries (Debian and Ubuntu: libflite1)"
        ) from None
