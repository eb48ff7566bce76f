"""From a text's pieces to a sink, over a studio whose engine is arithmetic: order, failure and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from stage import PCM, SAMPLES_PER_CHARACTER, VOICE, perform
from vivavoce.cli.choices import Sound
from vivavoce.cli.speaking import AHEAD_CHARS, Progress, Spoken, speak
from vivavoce.errors import EmptyTextError, EngineError, TextTooLongError, UnknownVoiceError, VivavoceError
from vivavoce.runtime.backend import Seat, Source
from vivavoce.runtime.studio import Studio
from vivavoce.settings import Settings
from vivavoce.speech import Gender, Open, VoiceInfo

pytestmark = pytest.mark.fast


class PaperSeat:
    """Speaks on the loop itself, an utterance a turn."""

    def __init__(self, backend: PaperBackend, source: Source) -> None:
        self._backend = backend
        self._source: Source | None = source
        self._held = False

    def wake(self) -> None:
        asyncio.get_running_loop().call_soon(self._work)

    def delivered(self, seconds: float) -> None:
        self._backend.delivered_s += seconds

    def hold(self, held: bool) -> None:
        self._held = held
        if not held:
            self.wake()

    def leave(self) -> None:
        self._source = None
        self._backend.seated -= 1

    def _work(self) -> None:
        if self._held or self._source is None or (utterance := self._source.pull()) is None:
            return
        self._backend.spoken.append(utterance.text)
        if self._backend.failure is not None:
            self._source.fail(utterance.number, self._backend.failure)
            return
        for chunk in perform(utterance):
            self._source.take(utterance.number, chunk)
        self._source.finish(utterance.number)
        self.wake()


class PaperBackend:
    """A backend without processes."""

    def __init__(self, failure: VivavoceError | None = None) -> None:
        self.failure = failure
        self.spoken: list[str] = []
        self.seated = 0
        self.delivered_s = 0.0
        self.open = False

    async def start(self) -> None:
        self.open = True

    async def close(self) -> None:
        self.open = False

    def voices(self) -> Sequence[VoiceInfo]:
        return [VOICE]

    def speakers(self) -> dict[str, Gender]:
        return {}

    def attach(self, source: Source, voice: VoiceInfo, dialect: str = "") -> Seat:
        self.seated += 1
        return PaperSeat(self, source)

    def status(self) -> Mapping[str, float]:
        return {}


class Basket:
    """A sink that keeps everything, or whose listener leaves after ``patience`` writes."""

    def __init__(self, patience: int | None = None) -> None:
        self.data = b""
        self.writes = 0
        self.ended: list[str] = []
        self.written = asyncio.Event()
        self._patience = patience

    async def write(self, data: bytes) -> None:
        if self.writes == self._patience:
            raise BrokenPipeError
        self.writes += 1
        self.data += data
        self.written.set()

    async def finish(self) -> None:
        self.ended.append("finished")

    async def abandon(self) -> None:
        self.ended.append("abandoned")


async def these(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def for_ever() -> AsyncIterator[str]:
    yield "Once upon a time there was a writer. "
    await asyncio.Event().wait()


def run(
    text: AsyncIterator[str],
    basket: Basket,
    *,
    backend: PaperBackend | None = None,
    voice: str = VOICE.id,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Spoken:
    backend = backend or PaperBackend()
    studio = Studio(settings or Settings(), backend)
    request = Open(voice=voice, format=PCM, marks=frozenset({"word"}))
    try:
        return asyncio.run(speak(studio, request, Sound("pcm"), text, basket, progress or Progress()))
    finally:
        assert backend.seated == 0
        assert not backend.open


def test_all_text_becomes_audio_marks_and_figures() -> None:
    basket, progress = Basket(), Progress()
    spoken = run(these("Hello th", "ere. ", "Bye."), basket, progress=progress)
    assert spoken.text == "Hello there. Bye."
    assert [(m.value, m.text_start, m.text_stop) for m in spoken.marks] == [
        ("Hello", 0, 5),
        ("there.", 6, 12),
        ("Bye.", 13, 17),
    ]
    assert spoken.voice == VOICE.id
    assert spoken.format.rate_hz == VOICE.rate_hz
    assert progress.characters == len(spoken.text)
    assert progress.spoken_chars == 17
    assert progress.complete
    assert progress.audio_s == pytest.approx(len(basket.data) / 2 / VOICE.rate_hz, abs=1e-6)
    assert len(basket.data) >= 2 * SAMPLES_PER_CHARACTER * len("Hello there.Bye.")
    assert basket.ended == ["finished", "abandoned"]


def test_figures_come_from_the_clock() -> None:
    ticks = iter(range(1000))
    progress = Progress(clock=lambda: float(next(ticks)))
    run(these("Hello."), Basket(), progress=progress)
    assert progress.start_s == 1.0
    assert progress.began == 2.0
    assert progress.first_audio_s == 1.0
    assert progress.work_s >= progress.first_audio_s
    assert progress.real_time_factor == progress.work_s / progress.audio_s


def test_the_first_audio_does_not_wait_for_the_end_of_the_text() -> None:
    basket = Basket(patience=1)
    with pytest.raises(BrokenPipeError):
        run(for_ever(), basket)
    assert basket.data


def test_a_listener_who_leaves_stops_the_work() -> None:
    backend, basket = PaperBackend(), Basket(patience=1)
    text = ["This is sentence number one of many. "] * 500
    with pytest.raises(BrokenPipeError):
        run(these(*text), basket, backend=backend)
    assert basket.ended == ["abandoned"]
    assert len(backend.spoken) < 100


@pytest.mark.parametrize("line", ["y\n", "One more sentence. "])
def test_a_writer_without_end_waits_for_the_voice(line: str) -> None:
    async def endless() -> AsyncIterator[str]:
        while True:
            yield line * 4096

    basket, progress = Basket(patience=20), Progress()
    with pytest.raises(BrokenPipeError):
        run(endless(), basket, progress=progress)
    assert basket.data
    assert progress.characters <= 2 * AHEAD_CHARS + len(line) * 4096


def test_a_megabyte_of_blank_between_words_does_not_stop_the_writer() -> None:
    basket = Basket()
    spoken = run(these("Before.", *[" " * 100_000] * 10, "After."), basket)
    assert [mark.value for mark in spoken.marks] == ["Before.", "After."]


def test_cancelling_ends_the_sink_and_the_stream() -> None:
    backend, basket = PaperBackend(), Basket()

    async def interrupt() -> None:
        studio = Studio(Settings(), backend)
        request = Open(voice=VOICE.id, format=PCM)
        task = asyncio.create_task(speak(studio, request, Sound("wav"), for_ever(), basket, Progress()))
        await basket.written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupt())
    assert basket.ended == ["abandoned"]
    assert (backend.seated, backend.open) == (0, False)


def test_an_engines_failure_is_raised_as_it_is() -> None:
    failure = EngineError("out of breath")
    with pytest.raises(EngineError, match="out of breath"):
        run(for_ever(), Basket(), backend=PaperBackend(failure))


def test_refused_text_is_raised_and_ends_everything() -> None:
    basket = Basket()
    with pytest.raises(TextTooLongError):
        run(these("Short. ", "x" * 100), basket, settings=Settings(max_text_chars=50))
    assert "finished" not in basket.ended or basket.ended[-1] == "abandoned"


def test_an_unknown_voice_is_refused_before_anything_is_written() -> None:
    basket = Basket()
    with pytest.raises(UnknownVoiceError):
        run(these("Hi"), basket, voice="nobody")
    assert (basket.writes, basket.ended) == (0, ["abandoned"])


@pytest.mark.parametrize("pieces", [[], [" ", "\n"]])
def test_no_text_at_all_is_an_error_and_writes_nothing(pieces: list[str]) -> None:
    basket = Basket()
    with pytest.raises(EmptyTextError):
        run(these(*pieces), basket)
    assert (basket.writes, basket.ended) == (0, ["abandoned"])
