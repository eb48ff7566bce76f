"""Frames: any chopping gives the same messages, any bytes give messages or our error."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from vivavoce.errors import InternalError
from vivavoce.runtime import frames
from vivavoce.runtime.frames import FrameReader, Message, encode
from vivavoce.speech import Boundary, Chunk, Prosody, SampleMark, Utterance, VoiceInfo

pytestmark = pytest.mark.fast

VOICE = VoiceInfo(
    id="tone",
    name="Tone",
    engine="tone",
    language="en",
    languages=("en", "de"),
    gender="neutral",
    rate_hz=16000,
    licence="Apache-2.0",
    capabilities=frozenset({"speed", "words"}),
)
UTTERANCE = Utterance(
    number=7,
    voice="tone",
    language="en",
    text="Grüße, 世界 \N{MUSICAL SYMBOL G CLEF}",
    boundary=Boundary.CLAUSE,
    prosody=Prosody(speed=1.5),
    phonemes=True,
    seed=3,
)
MARK = SampleMark("word", "Grüße", 0, 1600, 0, 5)
MESSAGES: list[tuple[int, Message]] = [
    (0, frames.Ready(4711, (VOICE,))),
    (0, frames.Load("tone")),
    (0, frames.Loaded("tone")),
    (0, frames.Loaded("tone", "no such file")),
    (1, frames.Plan(UTTERANCE)),
    (1, frames.Step(1600)),
    (1, Chunk(b"\x01\x02" * 5, (MARK, MARK))),
    (1, Chunk(b"\x01\x02" * 5)),
    (1, Chunk(b"", (MARK,))),
    (1, Chunk(b"")),
    (1, frames.Stepped(True, 0.25, 1600)),
    (frames.MAX_NUMBER, frames.Broken("engine_failed", "no", 0.1)),
    (1, frames.Drop()),
]
WIRE = b"".join(encode(number, message) for number, message in MESSAGES)


def test_every_message_comes_back_as_it_was() -> None:
    assert FrameReader().feed(WIRE) == MESSAGES


@examples(40)
@given(st.lists(st.integers(0, len(WIRE)), max_size=30))
def test_any_chopping_gives_the_same_messages(cuts: list[int]) -> None:
    reader, got = FrameReader(), []
    edges = [0, *sorted(cuts), len(WIRE)]
    for start, stop in pairwise(edges):
        got += reader.feed(WIRE[start:stop])
    assert got == MESSAGES


def test_byte_by_byte() -> None:
    reader = FrameReader()
    assert [message for byte in WIRE for message in reader.feed(bytes([byte]))] == MESSAGES


@examples(100)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_give_messages_or_our_error(pieces: list[bytes]) -> None:
    reader = FrameReader()
    try:
        for piece in pieces:
            reader.feed(piece)
    except InternalError:
        return


@examples(100)
@given(st.integers(0, 255), st.binary(max_size=60))
def test_any_payload_gives_a_message_or_our_error(kind: int, payload: bytes) -> None:
    wire = frames.HEADER.pack(len(payload), kind, 1) + payload
    try:
        ((number, _),) = FrameReader().feed(wire)
    except InternalError:
        return
    assert number == 1


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (frames.HEADER.pack(0, 200, 1), "kind 200"),
        (frames.HEADER.pack(frames.MAX_PAYLOAD_BYTES + 1, 0, 1), "expected at most"),
        (frames.HEADER.pack(4, 0, 1) + b"\xff\x00\x00\x00", "bytes of marks"),
        (frames.HEADER.pack(2, 0, 1) + b"\x00\x00", "Chunk"),
        (frames.HEADER.pack(1, 3, 1) + b"\xc0", "Step"),
    ],
)
def test_broken_frames_are_named(wire: bytes, says: str) -> None:
    with pytest.raises(InternalError, match=says):
        FrameReader().feed(wire)


def test_a_long_frame_in_small_pieces_comes_whole() -> None:
    pcm = bytes(2_000_000)
    wire = encode(1, Chunk(pcm))
    reader = FrameReader()
    pieces = [wire[at : at + 4096] for at in range(0, len(wire), 4096)]
    assert all(reader.feed(piece) == [] for piece in pieces[:-1])
    assert reader.feed(pieces[-1]) == [(1, Chunk(pcm))]
