"""Files and pipes: bytes in order, true WAV sizes, and a reader who leaves."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import struct
import threading
import wave
from pathlib import Path

import pytest

from vivavoce.cli.sinks import EXTENSIONS, DescriptorSink, FileSink, check_writable, format_of_path
from vivavoce.errors import RequestError
from vivavoce.formats import FORMATS

pytestmark = pytest.mark.fast

SAMPLES = struct.pack("<5h", 1, -2, 3, -4, 5)


def streaming_wav(samples: bytes) -> bytes:
    """A WAV file as a stream has it: all sizes 0xFFFFFFFF."""
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        2**32 - 1,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        8000,
        16000,
        2,
        16,
        b"data",
        2**32 - 1,
    )
    assert len(head) == 44
    return head + samples


def frames(data: bytes) -> tuple[int, bytes]:
    with wave.open(io.BytesIO(data)) as file:
        return file.getnframes(), file.readframes(100)


async def fill(sink: FileSink | DescriptorSink, *parts: bytes, finish: bool = True) -> None:
    for part in parts:
        await sink.write(part)
    if finish:
        await sink.finish()
    await sink.abandon()


@pytest.mark.parametrize("finish", [True, False])
def test_a_wav_file_gets_true_sizes_in_the_end(tmp_path: Path, finish: bool) -> None:
    path = tmp_path / "a.wav"
    data = streaming_wav(SAMPLES)
    asyncio.run(fill(FileSink(str(path), wav=True), data[:20], data[20:47], data[47:], finish=finish))
    written = path.read_bytes()
    assert struct.unpack_from("<I", written, 4) == (len(written) - 8,)
    assert frames(written) == (5, SAMPLES)


def test_other_files_are_left_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    asyncio.run(fill(FileSink(str(path), wav=False), streaming_wav(SAMPLES)))
    assert path.read_bytes() == streaming_wav(SAMPLES)
    assert not path.stat().st_mode & stat.S_IXUSR


def test_a_stream_that_fails_at_once_destroys_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    path.write_bytes(b"precious")
    asyncio.run(fill(FileSink(str(path), wav=True), finish=False))
    assert path.read_bytes() == b"precious"


def test_standard_output_into_a_file_gets_true_sizes_too(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "b", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"before")
    asyncio.run(fill(DescriptorSink(fd, wav=True), streaming_wav(SAMPLES)))
    os.close(fd)
    written = (tmp_path / "b").read_bytes()
    assert written[:6] == b"before"
    assert frames(written[6:]) == (5, SAMPLES)


def test_appending_keeps_the_streaming_sizes(tmp_path: Path) -> None:
    path = tmp_path / "c"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    asyncio.run(fill(DescriptorSink(fd, wav=True), streaming_wav(SAMPLES)))
    os.close(fd)
    assert path.read_bytes() == streaming_wav(SAMPLES)


def test_a_full_pipe_makes_the_writer_wait_without_blocking_the_loop() -> None:
    data = os.urandom(300_000)
    got = bytearray()

    def read_all(fd: int) -> None:
        with os.fdopen(fd, "rb") as file:
            got.extend(file.read())

    async def write_while_reading(read: int, write: int) -> None:
        writing = asyncio.create_task(fill(DescriptorSink(write, wav=False), data))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not writing.done(), "a pipe does not hold this much"
        thread = threading.Thread(target=read_all, args=(read,))
        thread.start()
        await writing
        os.close(write)
        thread.join()

    asyncio.run(write_while_reading(*os.pipe()))
    assert bytes(got) == data


def test_a_reader_who_left_is_told_as_a_broken_pipe() -> None:
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        asyncio.run(fill(DescriptorSink(write, wav=False), b"anyone?"))
    os.close(write)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.wav", "wav"),
        ("a.MP3", "mp3"),
        ("dir.v2/a.ogg", "opus"),
        ("a.opus", "opus"),
        ("a.flac", "flac"),
        ("a.aac", "aac"),
        ("a.ulaw", "mulaw"),
        ("a.alaw", "alaw"),
        ("a.pcm", "pcm_s16le"),
        ("a.raw", "pcm_s16le"),
        ("a.xyz", None),
        ("wav", None),
        ("a.tar.", None),
    ],
)
def test_the_extension_tells_the_format(name: str, format: str | None) -> None:
    assert format_of_path(name) == format


def test_every_format_has_an_extension() -> None:
    assert {EXTENSIONS[kind.extension] for kind in FORMATS.values()} == set(FORMATS)


def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"there is no folder .*; create it first"):
        FileSink(str(tmp_path / "none" / "a.wav"), wav=True)
    with pytest.raises(RequestError, match="got a folder"):
        check_writable(str(tmp_path), "--marks")
