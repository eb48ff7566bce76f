"""What the front process and its workers say to each other, as bytes. Pure.

A frame is a header of nine bytes (payload length, kind, number; little-endian) and its payload: one message in
MessagePack, or for a chunk the length of its marks, the marks in MessagePack, and the samples as they are. The number
says which utterance the message is about, and is 0 where it is about none.

To a worker go :class:`Load`, :class:`Plan`, :class:`Step` and :class:`Drop`; each ``Load`` is answered by one
:class:`Loaded`, which comes unasked, too, when a step needed a heavy voice that was not at hand; and each ``Step`` by any number of chunks and then one :class:`Stepped` or :class:`Broken`, also when
its utterance was dropped meanwhile. A worker's first word is :class:`Ready`.
"""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct, msgpack

from vivavoce.errors import EngineError, InternalError, VivavoceError, error_classes
from vivavoce.speech import Chunk, Gender, SampleMark, Utterance, VoiceInfo

HEADER: Final = struct.Struct("<IBI")
MAX_PAYLOAD_BYTES: Final = 1 << 28
"""Far over any real chunk (an hour and a half at 24 kHz); a longer frame means that the bytes are out of step."""
MAX_NUMBER: Final = (1 << 32) - 1

_LENGTH: Final = struct.Struct("<I")
_ERRORS: Final = {cls.code: cls for cls in error_classes()}


class Load(Struct, frozen=True):
    """Make a voice ready."""

    voice: str


class Plan(Struct, frozen=True):
    """Here is an utterance; nothing is made of it before its first :class:`Step`."""

    utterance: Utterance


class Step(Struct, frozen=True):
    """Make about so many more samples."""

    max_samples: int


class Drop(Struct, frozen=True):
    """Nobody listens to this utterance any more; takes effect inside a step, too."""


class Look(Struct, frozen=True):
    """Look which voices there are now; answered with :class:`Ready`."""


class Ready(Struct, frozen=True):
    """The worker has its engines; or, later, has looked for voices again."""

    pid: int
    voices: tuple[VoiceInfo, ...]
    speakers: dict[str, Gender] = {}
    """See :meth:`~vivavoce.engines.base.Engine.speakers`, of all engines."""
    memory_mb: dict[str, float] = {}
    """What loaded models take, in MiB; those that are not worth counting are not in it."""


class Loaded(Struct, frozen=True):
    """A voice is ready, or cannot be made so: ``error`` says why."""

    voice: str
    error: str | None = None
    took_s: float = 0.0
    """0 when it was at hand already."""
    unloaded: tuple[str, ...] = ()
    """Models that had to make room for it."""


class Stepped(Struct, frozen=True):
    """A step is over; all its chunks came before."""

    done: bool
    """Whether the utterance is complete."""
    cpu_s: float
    samples: int
    took_s: float = 0.0
    """Time that the worker was busy with it: more than ``cpu_s`` where others use the cores, too. Loading a voice does
    not count."""


class Broken(Struct, frozen=True):
    """The utterance cannot be spoken (further)."""

    code: str
    """A code of the error tree."""
    message: str
    cpu_s: float = 0.0

    def error(self) -> VivavoceError:
        """As it was in the worker; an EngineError where the code is none of ours."""
        return _ERRORS.get(self.code, EngineError)(self.message)


Message: TypeAlias = Load | Plan | Step | Drop | Look | Ready | Loaded | Stepped | Broken | Chunk

_KINDS: Final[tuple[type[Message], ...]] = (
    Chunk,
    Load,
    Plan,
    Step,
    Drop,
    Look,
    Ready,
    Loaded,
    Stepped,
    Broken,
)
_KIND_OF: Final = {cls: kind for kind, cls in enumerate(_KINDS)}
_CHUNK: Final = 0
_ENCODER: Final = msgpack.Encoder()
_DECODERS: Final = tuple(msgpack.Decoder(cls) for cls in _KINDS)
_MARKS: Final = msgpack.Decoder(tuple[SampleMark, ...])


def encode(number: int, message: Message) -> bytes:
    """The frame of ``message`` about utterance ``number`` (0 to ``MAX_NUMBER``)."""
    if isinstance(message, Chunk):
        marks = _ENCODER.encode(message.marks) if message.marks else b""
        length = _LENGTH.size + len(marks) + len(message.pcm)
        head = HEADER.pack(length, _CHUNK, number)
        return b"".join((head, _LENGTH.pack(len(marks)), marks, message.pcm))
    payload = _ENCODER.encode(message)
    return HEADER.pack(len(payload), _KIND_OF[type(message)], number) + payload


class FrameReader:
    """Bytes in as they come, messages out as they are complete."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, Message]]:
        """The messages that ``data`` completes, each with its number, in order.

        Raises InternalError when the bytes are no frames; the reader is of no use after that.
        """
        if self._rest:
            self._rest += data
            data = bytes(self._rest) if self._complete() else b""
        messages: list[tuple[int, Message]] = []
        if data:
            used = _read(memoryview(data), messages)
            self._rest = bytearray(data[used:])
        return messages

    def _complete(self) -> bool:
        """Whether the first frame is all here; spares a copy for each piece of a long one."""
        if len(self._rest) < HEADER.size:
            return False
        length = _checked(HEADER.unpack_from(self._rest)[0])
        return len(self._rest) >= HEADER.size + length


def _read(view: memoryview, messages: list[tuple[int, Message]]) -> int:
    """Append the messages of all whole frames in ``view``; returns the bytes used."""
    start = 0
    while len(view) - start >= HEADER.size:
        length, kind, number = HEADER.unpack_from(view, start)
        stop = start + HEADER.size + _checked(length)
        if stop > len(view):
            break
        messages.append((number, _decode(kind, view[start + HEADER.size : stop])))
        start = stop
    return start


def _checked(length: int) -> int:
    if length > MAX_PAYLOAD_BYTES:
        raise InternalError(f"a frame of {length} bytes; expected at most {MAX_PAYLOAD_BYTES}")
    return length


def _decode(kind: int, payload: memoryview) -> Message:
    if kind >= len(_KINDS):
        raise InternalError(f"a frame of kind {kind}; expected 0 to {len(_KINDS) - 1}")
    try:
        if kind != _CHUNK:
            return _DECODERS[kind].decode(payload)
        (marks_length,) = _LENGTH.unpack_from(payload)
        split = _LENGTH.size + marks_length
        if split > len(payload):
            raise InternalError(f"a chunk of {len(payload)} bytes with {marks_length} bytes of marks")
        marks = _MARKS.decode(payload[_LENGTH.size : split]) if marks_length else ()
        return Chunk(bytes(payload[split:]), marks)
    except (msgspec.MsgspecError, struct.error, UnicodeDecodeError) as error:
        raise InternalError(f"a {_KINDS[kind].__name__} frame that does not parse: {error}") from error
