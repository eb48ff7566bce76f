"""One worker process: engines on one thread, frames over one socket. ``python -m vivavoce.runtime.worker FD``.

The socket is a descriptor of its own, so that what a native library prints cannot get between the frames. The
process makes a step when told to, and at every chunk looks, without waiting, whether its utterance was dropped; so a
drop takes effect in the middle of a long call into a library. It ends with its parent: at the end of the socket, and on
Linux by a signal from the kernel, which also reaches it inside a library. When the parent stops reading, the process
waits in ``send``; at most one step of audio is under way at any time.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections import deque
from typing import Final, NoReturn, TypeAlias, assert_never

from vivavoce.engines.base import Engine, HeavyEngine, Job, model_of
from vivavoce.engines.registry import load_engines
from vivavoce.errors import EngineError, UnknownVoiceError, VivavoceError, quoted
from vivavoce.runtime.defects import told
from vivavoce.runtime.frames import (
    Broken,
    Drop,
    FrameReader,
    Load,
    Loaded,
    Look,
    Message,
    Plan,
    Ready,
    Step,
    Stepped,
    encode,
)
from vivavoce.runtime.shelf import Shelf
from vivavoce.settings import load
from vivavoce.speech import Chunk, Gender, Utterance, VoiceInfo

THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ORT_NUM_THREADS")
"""One thread a worker: the workers are the parallelism, and more threads on busy cores cost time (engines.md)."""

_READ_BYTES: Final = 1 << 16
_PR_SET_PDEATHSIG: Final = 1

_Work: TypeAlias = Utterance | Job
"""An utterance that no step was made of yet, or its job."""


class Worker:
    """The engines of this process, and the utterances they are at."""

    def __init__(self, sock: socket.socket, engines: dict[str, Engine], voice_memory_mb: float) -> None:
        self._sock = sock
        self._reader = FrameReader()
        self._inbox: deque[tuple[int, Message]] = deque()
        self._families = tuple(engines.values())
        self._engines: dict[str, Engine] = {}
        """By voice. One that was removed stays here, for the streams that speak with it."""
        self._speakers: dict[str, Gender] = {}
        self._many_voiced: Engine | None = None
        """The engine that speaks with any pair of language and speaker."""
        self._shelf = Shelf(voice_memory_mb, {})
        self._work: dict[int, _Work] = {}
        self._models: dict[int, str] = {}
        """Heavy models that live jobs use, by utterance."""
        self._just_loaded = False
        self._current = 0
        self._samples = 0
        self._dropped = False
        self._orphaned = False

    def run(self) -> None:
        """Serve until the parent closes its end."""
        self._look()
        while not self._orphaned:
            if not self._inbox:
                self._receive(wait=True)
            while self._inbox and not self._orphaned:
                self._obey(*self._inbox.popleft())

    def _obey(self, number: int, message: Message) -> None:
        match message:
            case Load(voice):
                self._load(voice)
            case Look():
                self._look()
            case Plan(utterance):
                self._work[number] = utterance
            case Step(max_samples):
                self._step(number, max_samples)
            case Drop():
                self._drop(number)
            case Chunk() | Ready() | Loaded() | Stepped() | Broken():
                raise RuntimeError(f"a worker got its own kind of message: {type(message).__name__}")
            case _:
                assert_never(message)

    def _look(self) -> None:
        """Find out which voices there are now, and say so."""
        voices: list[VoiceInfo] = []
        for engine in self._families:
            found = engine.voices()
            voices += found
            self._engines |= dict.fromkeys((voice.id for voice in found), engine)
            if speakers := engine.speakers():
                self._speakers |= speakers
                self._many_voiced = engine
        self._shelf.learn(_weights(self._engines))
        self._send(0, Ready(os.getpid(), tuple(voices), self._speakers, dict(self._shelf.memory_mb)))

    def _load(self, voice: str) -> None:
        try:
            loaded = self._at_hand(voice)
            if loaded is None:
                self._engine(voice).load(voice)
        except Exception as error:  # noqa: BLE001 - an engine's defect is an answer; the process has other voices
            self._send(0, Loaded(voice, _broken(error).message))
        else:
            self._send(0, loaded or Loaded(voice))

    def _at_hand(self, voice: str) -> Loaded | None:
        """Load ``voice`` if it is a heavy one that is not loaded, making room first; what was done, if anything.

        Raises EngineError when it cannot be loaded, or finds no room beside the voices at work.
        """
        model = model_of(voice)
        if not self._shelf.is_heavy(model) or self._shelf.use(model):
            return None
        began = time.monotonic()
        engine = self._engine(voice)
        unloaded = self._shelf.make_room(model, frozenset(self._models.values()))
        for other in unloaded:
            owner = self._engine(other)
            assert isinstance(owner, HeavyEngine)
            owner.unload(other)
        engine.load(voice)
        self._shelf.put(model)
        return Loaded(voice, took_s=time.monotonic() - began, unloaded=unloaded)

    def _step(self, number: int, max_samples: int) -> None:
        """Make a step and answer it; whatever the engine raises ends this utterance only."""
        began, began_at = time.process_time(), time.monotonic()
        self._current, self._samples = number, 0
        self._dropped = number not in self._work or self._drop_waits(number)
        answer: Message
        try:
            job = None if self._dropped else self._job(number)
            if self._just_loaded:  # Loading is no part of the price of speech.
                began, began_at, self._just_loaded = time.process_time(), time.monotonic(), False
            done = job is None or job.step(max_samples, self._emit)
            cpu_s, took_s = time.process_time() - began, time.monotonic() - began_at
            answer = Stepped(done or self._dropped, cpu_s, self._samples, took_s)
        except Exception as error:  # noqa: BLE001 - an engine's defect ends this utterance; others are aboard
            done, answer = True, _broken(error, time.process_time() - began)
        if done or self._dropped:
            self._drop(number)
        self._send(number, answer)

    def _drop_waits(self, number: int) -> bool:
        """Whether a drop of ``number`` was read together with its step."""
        return any(about == number and isinstance(message, Drop) for about, message in self._inbox)

    def _job(self, number: int) -> Job:
        work = self._work[number]
        if isinstance(work, Utterance):
            if (loaded := self._at_hand(work.voice)) is not None:
                self._just_loaded = True
                self._send(0, loaded)
            if self._shelf.is_heavy(model := model_of(work.voice)):
                self._models[number] = model
            work = self._work[number] = self._engine(work.voice).plan(work)
        return work

    def _engine(self, voice: str) -> Engine:
        engine = self._engines.get(voice) or (self._many_voiced if "+" in voice else None)
        if engine is None:
            raise UnknownVoiceError(f"no engine of this worker has the voice {quoted(voice)}")
        return engine

    def _drop(self, number: int) -> None:
        work = self._work.pop(number, None)
        self._models.pop(number, None)
        if work is None or isinstance(work, Utterance):
            return
        try:
            work.cancel()
        except Exception as error:  # noqa: BLE001 - the job is gone all the same; others are aboard
            _report(error)

    def _emit(self, chunk: Chunk) -> bool:
        """Send ``chunk`` at once, unless its utterance was dropped. Called from inside libraries: never raises."""
        if not (self._dropped or self._orphaned):
            self._receive(wait=False)
        if self._dropped or self._orphaned:
            return False
        self._samples += len(chunk.pcm) // 2
        self._send(self._current, chunk)
        return not self._orphaned

    def _receive(self, *, wait: bool) -> None:
        """Take in what has come, and notice a drop of the current utterance and the end of the parent."""
        try:
            data = self._sock.recv(_READ_BYTES, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._orphaned = True
            return
        for number, message in self._reader.feed(data):
            self._inbox.append((number, message))
            if number == self._current and isinstance(message, Drop):
                self._dropped = True

    def _send(self, number: int, message: Message) -> None:
        try:
            self._sock.sendall(encode(number, message))
        except OSError:
            self._orphaned = True


def _weights(engines: dict[str, Engine]) -> dict[str, float]:
    """Memory of the heavy models, in MiB, from the engine of each voice."""
    found: dict[str, float] = {}
    for voice, engine in engines.items():
        model = model_of(voice)
        if isinstance(engine, HeavyEngine) and model not in found and (size := engine.memory_mb(model)) > 0:
            found[model] = size
    return found


def _broken(error: Exception, cpu_s: float = 0.0) -> Broken:
    """What to tell the parent. An unexpected exception is told by its name: its words may hold the caller's text."""
    if isinstance(error, VivavoceError):
        return Broken(error.code, error.message, cpu_s)
    _report(error)
    return Broken(EngineError.code, f"the engine failed with {type(error).__name__}", cpu_s)


def _report(error: Exception) -> None:
    """Where a defect happened, to stderr, without its words."""
    sys.stderr.write(f"vivavoce worker {os.getpid()}: {told(error)}\n")
    sys.stderr.flush()


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` ends; elsewhere than on Linux the socket's end must do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # It ended before the call.
        os._exit(0)


def main(arguments: list[str]) -> NoReturn:
    """``FD PARENT_PID ENGINES``: engine names comma separated, empty for all that are installed."""
    fd, parent, names = int(arguments[0]), int(arguments[1]), arguments[2]
    # Ctrl-C and a service manager's stop reach the whole group of processes, but are the parent's to obey: it lets
    # live streams finish and then closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _die_with(parent)
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, "1")
    engines = load_engines([name for name in names.split(",") if name])
    Worker(socket.socket(fileno=fd), engines, load().voice_memory_mb).run()
    # Skips the libraries' own tear-down, which has nothing to save and may hang.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
