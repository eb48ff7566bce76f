"""One real worker process, spoken to over its socket without an event loop."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Generator

import pytest
from msgspec.structs import replace

from scripted import CRASH, FAIL, VOICE, pause, utterance, words
from vivavoce.runtime.frames import (
    Broken,
    Drop,
    FrameReader,
    Load,
    Loaded,
    Message,
    Plan,
    Ready,
    Step,
    Stepped,
    encode,
)
from vivavoce.speech import Chunk

pytestmark = pytest.mark.integration

ALL = 1 << 30
"""More samples than any text here has."""


class Front:
    """The front process's end of one worker."""

    def __init__(self) -> None:
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(10)
        with theirs:
            arguments = [str(theirs.fileno()), str(os.getpid()), "tone"]
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vivavoce.runtime.worker", *arguments], pass_fds=[theirs.fileno()]
            )
        self.reader = FrameReader()
        self.inbox: list[tuple[int, Message]] = []

    def say(self, *messages: tuple[int, Message]) -> None:
        """Send all of ``messages`` at once."""
        self.sock.sendall(b"".join(encode(number, message) for number, message in messages))

    def hear(self) -> tuple[int, Message]:
        while not self.inbox:
            data = self.sock.recv(65536)
            assert data, "the worker closed its socket"
            self.inbox += self.reader.feed(data)
        return self.inbox.pop(0)

    def answer(self, number: int) -> tuple[list[Chunk], Message]:
        """Everything up to the answer of the step of ``number``."""
        chunks: list[Chunk] = []
        while True:
            about, message = self.hear()
            assert about == number
            if not isinstance(message, Chunk):
                return chunks, message
            chunks.append(message)

    def speak(self, number: int, text: str, max_samples: int = ALL) -> bytes:
        """All the audio of ``text``, made in steps of ``max_samples``."""
        self.say((number, Plan(utterance(text))))
        pcm = b""
        while True:
            self.say((number, Step(max_samples)))
            chunks, end = self.answer(number)
            assert isinstance(end, Stepped)
            made = b"".join(chunk.pcm for chunk in chunks)
            assert end.samples == len(made) // 2
            pcm += made
            if end.done:
                return pcm


@pytest.fixture(name="front")
def _front() -> Generator[Front]:
    front = Front()
    _, ready = front.hear()
    assert isinstance(ready, Ready)
    assert ready.pid == front.process.pid
    assert VOICE in [voice.id for voice in ready.voices]
    yield front
    front.sock.close()
    try:
        assert front.process.wait(20) in (0, -signal.SIGKILL)
    finally:
        front.process.kill()
        front.process.wait()


def test_the_size_of_steps_does_not_change_the_audio(front: Front) -> None:
    whole = front.speak(1, words(20))
    assert len(whole) > 0
    assert front.speak(2, words(20), max_samples=800) == whole
    assert front.speak(3, words(20), max_samples=100) == whole


def test_jobs_interleave_step_by_step(front: Front) -> None:
    alone = {number: front.speak(number, words(5 + number)) for number in (1, 2)}
    made = {3: b"", 4: b""}
    front.say((3, Plan(utterance(words(6)))), (4, Plan(utterance(words(7)))))
    alive = [3, 4]
    while alive:
        number = alive.pop(0)
        front.say((number, Step(700)))
        chunks, end = front.answer(number)
        made[number] += b"".join(chunk.pcm for chunk in chunks)
        assert isinstance(end, Stepped)
        if not end.done:
            alive.append(number)
    assert made == {3: alone[1], 4: alone[2]}


def test_the_first_chunk_leaves_before_the_step_is_over(front: Front) -> None:
    """The step lasts longer than this end waits for anything."""
    front.say((1, Plan(utterance(f"{words(1)} {pause(60)} {words(1)}"))), (1, Step(ALL)))
    assert isinstance(front.hear()[1], Chunk)
    front.process.kill()


def test_a_drop_takes_effect_inside_a_step(front: Front) -> None:
    text = " ".join([words(1), pause(0.02)] * 200)
    front.say((1, Plan(utterance(text))), (1, Step(ALL)))
    assert isinstance(front.hear()[1], Chunk)
    front.say((1, Drop()))
    chunks, end = front.answer(1)
    assert len(chunks) < 50
    assert isinstance(end, Stepped)
    assert end.done
    assert len(front.speak(2, words(3))) > 0


def test_a_drop_that_comes_with_its_step_stops_it_before_it_begins(front: Front) -> None:
    front.say((1, Plan(utterance(words(5)))), (1, Step(ALL)), (1, Drop()))
    chunks, end = front.answer(1)
    assert isinstance(end, Stepped)
    assert (chunks, end.done, end.samples) == ([], True, 0)


def test_a_drop_of_another_utterance_waits_for_the_step(front: Front) -> None:
    whole = front.speak(1, f"{words(2)} {pause(0.1)} {words(2)}")
    front.say((2, Plan(utterance(words(9)))), (2, Step(1)))
    assert front.answer(2)[0]
    front.say((3, Plan(utterance(f"{words(2)} {pause(0.1)} {words(2)}"))), (3, Step(ALL)))
    first = front.hear()[1]
    assert isinstance(first, Chunk)
    front.say((2, Drop()))
    chunks, _ = front.answer(3)
    assert first.pcm + b"".join(chunk.pcm for chunk in chunks) == whole
    front.say((2, Step(ALL)))
    _, end = front.answer(2)
    assert isinstance(end, Stepped)
    assert (end.done, end.samples) == (True, 0)


def test_a_failing_utterance_ends_alone(front: Front) -> None:
    front.say((1, Plan(utterance(words(9)))), (1, Step(1)))
    assert front.answer(1)[0]
    front.say((2, Plan(utterance(f"{words(2)} {FAIL}"))), (2, Step(ALL)))
    _, end = front.answer(2)
    assert isinstance(end, Broken)
    assert end.code == "engine_failed"
    front.say((1, Step(ALL)))
    assert front.answer(1)[0]


def test_an_unknown_voice_is_told_so(front: Front) -> None:
    front.say((1, Plan(replace(utterance("hello"), voice="nobody"))), (1, Step(ALL)))
    _, end = front.answer(1)
    assert isinstance(end, Broken)
    assert end.code == "unknown_voice"
    front.say((0, Load("nobody")), (0, Load(VOICE)))
    said = [front.hear()[1], front.hear()[1]]
    assert said[1] == Loaded(VOICE)
    assert isinstance(said[0], Loaded)
    assert said[0].error is not None


def test_ctrl_c_is_the_parents_affair(front: Front) -> None:
    front.process.send_signal(signal.SIGINT)
    assert len(front.speak(1, words(3))) > 0


def test_it_ends_with_its_socket(front: Front) -> None:
    front.sock.close()
    assert front.process.wait(20) == 0


def test_it_ends_although_nobody_reads_what_it_sends(front: Front) -> None:
    """It waits in ``send`` when the socket is full; closing the other end must wake it."""
    front.say((1, Plan(utterance(words(2000)))), (1, Step(ALL)))
    assert select.select([front.sock], [], [], 10)[0]
    with pytest.raises(subprocess.TimeoutExpired):
        front.process.wait(0.3)
    front.sock.close()
    assert front.process.wait(20) == 0


def test_a_crash_closes_the_socket(front: Front) -> None:
    front.say((1, Plan(utterance(CRASH))), (1, Step(ALL)))
    assert front.sock.recv(1) == b""


def test_a_worker_starts_light() -> None:
    """What a worker imports before it loads engines decides how soon a dead one is replaced."""
    heavy = ["asyncio", "numpy", "prometheus_client", "vivavoce.runtime.pool"]
    code = f"import sys, vivavoce.runtime.worker; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
