"""Hearing audio at once: the sounddevice library if it works here, or else a player program behind a pipe.

Every player gets the same: 16-bit little-endian mono samples at :data:`PLAY_RATE_HZ`, which all sound systems take.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

from msgspec import Struct

from vivavoce.cli.choices import PLAY_RATE_HZ
from vivavoce.cli.sinks import Sink
from vivavoce.errors import MissingDependencyError, VivavoceError

BYTES_PER_S: Final = 2 * PLAY_RATE_HZ

INSTALL_A_PLAYER: Final = (
    "no audio player found; install one of ffplay (ffmpeg), paplay (pulseaudio-utils), pw-play (pipewire) or aplay "
    "(alsa-utils), or `pip install 'vivavoce[play]'`, or keep the audio with -o hello.wav"
)


class Program(Struct, frozen=True):
    """A player program that reads samples from its standard input."""

    name: str
    arguments: tuple[str, ...]

    def command(self) -> list[str]:
        """What to run."""
        raw = ("--raw",) if self.name == "pw-play" and _pw_play_wants_raw() else ()
        return [self.name, *raw, *self.arguments]


_RATE = str(PLAY_RATE_HZ)
PROGRAMS: Final = (
    # The input's layout is given as ffplay 4 to 8 all understand it: mono is the raw reader's own default.
    Program(
        "ffplay",
        tuple(f"-nodisp -autoexit -loglevel error -probesize 32 -f s16le -ar {_RATE} -i -".split()),
    ),
    Program("paplay", ("--raw", "--format=s16le", f"--rate={_RATE}", "--channels=1")),
    Program("pw-play", ("--format", "s16", "--rate", _RATE, "--channels", "1", "-")),
    Program("aplay", ("-q", "-t", "raw", "-f", "S16_LE", "-r", _RATE, "-c", "1", "-")),
)
FILE_PLAYER: Final = "afplay"
"""macOS's own: it cannot read a pipe, so it starts when everything has been said."""


def players(which: Callable[[str], str | None] = shutil.which) -> list[str]:
    """What could play here, best first."""
    programs = [*(p.name for p in PROGRAMS), FILE_PLAYER]
    library = ["sounddevice"] if _sounddevice() is not None else []
    return library + [name for name in programs if which(name)]


def player() -> Sink:
    """The best player of this machine, not yet started. Raises MissingDependencyError when there is none."""
    found = players()
    if not found:
        raise MissingDependencyError(INSTALL_A_PLAYER)
    if found[0] == "sounddevice":
        return DeviceSink()
    if found[0] == FILE_PLAYER:
        return AfterwardsSink()
    return ProgramSink(next(p for p in PROGRAMS if p.name == found[0]))


class ProgramSink:
    """A player program behind a pipe, started at the first samples. It sets the pace."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._said: IO[bytes] | None = None
        self._started_at = 0.0
        self._written = 0

    async def write(self, data: bytes) -> None:
        """See :class:`Sink`. Raises VivavoceError when the player failed rather than was closed."""
        pipe = (await self._started()).stdin
        assert pipe is not None
        try:
            pipe.write(data)
            self._written += len(data)
            await pipe.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self._ended(cut=True)
            raise BrokenPipeError from None

    async def finish(self) -> None:
        """See :class:`Sink`. Returns when the player has played everything."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        await self._ended(cut=False)

    async def abandon(self) -> None:
        """See :class:`Sink`. The player falls silent at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        if self._said is not None:
            self._said.close()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by abandon
            self._process = await asyncio.create_subprocess_exec(
                *self._program.command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                # A Ctrl-C is ours to handle: the player is told to stop, in order.
                start_new_session=True,
            )
            self._started_at = asyncio.get_running_loop().time()
        return self._process

    async def _ended(self, *, cut: bool) -> None:
        """Wait for the player's end; ``cut`` when it came before all samples were taken.

        Raises VivavoceError when the player failed. One that was closed says nothing and counts as well.
        """
        assert self._process is not None
        assert self._said is not None
        status = await self._process.wait()
        played_s = asyncio.get_running_loop().time() - self._started_at
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        # ALSA's library explains at length; what the player makes of it comes after.
        lines.sort(key=lambda line: line.startswith("ALSA lib"))
        # ffplay 5 without a sound device complains and exits 0, sooner than it could have played anything.
        silent = bool(lines) and (cut or played_s < self._written / BYTES_PER_S - 0.3)
        if status or silent:
            raise VivavoceError(
                f"the player {self._program.name} failed (status {status}): "
                f"{lines[0] if lines else 'it did not say why'}; check the sound device, or use -o hello.wav"
            )


class DeviceSink:
    """The machine's own sound device, through the sounddevice library."""

    def __init__(self) -> None:
        library = _sounddevice()
        assert library is not None
        self._stream = library.RawOutputStream(samplerate=PLAY_RATE_HZ, channels=1, dtype="int16")
        self._over = False

    async def write(self, data: bytes) -> None:
        """See :class:`Sink`."""
        if not self._stream.active:
            self._stream.start()
        await asyncio.to_thread(self._stream.write, data)

    async def finish(self) -> None:
        """See :class:`Sink`. Returns when everything has been heard."""
        if not self._over:
            self._over = True
            await asyncio.to_thread(self._stream.stop)
            self._stream.close()

    async def abandon(self) -> None:
        """See :class:`Sink`."""
        if not self._over:
            self._over = True
            self._stream.abort()
            self._stream.close()


class AfterwardsSink:
    """Samples to a temporary WAV file that is played when all has been said."""

    def __init__(self) -> None:
        handle, self._path = tempfile.mkstemp(suffix=".wav", prefix="vivavoce-")
        os.close(handle)
        self._file = wave.open(self._path, "wb")  # noqa: SIM115 - closed by finish or abandon
        self._file.setparams((1, 2, PLAY_RATE_HZ, 0, "NONE", ""))
        self._process: asyncio.subprocess.Process | None = None

    async def write(self, data: bytes) -> None:
        """See :class:`Sink`."""
        self._file.writeframesraw(data)

    async def finish(self) -> None:
        """See :class:`Sink`."""
        self._file.close()
        self._process = await asyncio.create_subprocess_exec(FILE_PLAYER, self._path, start_new_session=True)
        status = await self._process.wait()
        await self.abandon()
        if status:
            raise VivavoceError(f"the player {FILE_PLAYER} failed with status {status}; use -o hello.wav")

    async def abandon(self) -> None:
        """See :class:`Sink`."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        self.discard()

    def discard(self) -> None:
        """Delete the temporary file."""
        self._file.close()
        with suppress(FileNotFoundError):
            os.unlink(self._path)


def _sounddevice() -> Any:
    """The sounddevice module if it and an output device work here, else ``None``."""
    if "sounddevice" not in sys.modules and not _importable("sounddevice"):
        return None
    try:
        import sounddevice
    except OSError:  # the module is installed, the PortAudio library is not
        return None
    try:
        sounddevice.check_output_settings(samplerate=PLAY_RATE_HZ, channels=1, dtype="int16")
    except (sounddevice.PortAudioError, ValueError):
        return None
    return sounddevice


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _pw_play_wants_raw() -> bool:
    """Whether this pw-play has to be told that its standard input is raw (since PipeWire 1.4); older ones know."""
    answer = subprocess.run(
        ["pw-play", "--help"],  # noqa: S607 - looked up on the path, like every player
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
    )
    return "--raw" in answer.stdout + answer.stderr
