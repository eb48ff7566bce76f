"""One stream of live speech, without I/O and without a clock.

Theory. Commands go in with :meth:`Session.send`; utterances are drawn out with :meth:`Session.pull` when there is
somebody to speak them, one at a time or several; their chunks come back, in any order among utterances, through
:meth:`take`, :meth:`finish` and :meth:`fail`; :meth:`events` gives what the listener gets, in the order of the text.

Everything owed to the listener is a queue of *slots* (utterance, pause, flush point) in text order. Only the first
slot's audio moves; later chunks wait in their slots. Effects and encoding happen in :meth:`events`, so they cost
nothing before the listener takes the result, and each call does a bounded amount.

Time comes in as ``now`` (seconds of any steady clock). :meth:`deadline` says when :meth:`tick` wants to be called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from vivavoce.errors import VivavoceError
from vivavoce.session import limits as bounds
from vivavoce.session.limits import Limits
from vivavoce.session.marks import CallerText, Characters, heard
from vivavoce.session.patience import Patience
from vivavoce.session.pipeline import Pipeline, divide
from vivavoce.session.slots import FlushSlot, PauseSlot, Slot, SpeechSlot
from vivavoce.session.styles import styled
from vivavoce.session.table import OVER, Outcome, State, after_command, after_outcome
from vivavoce.speech import (
    Audio,
    Cancel,
    Chunk,
    Command,
    End,
    Ended,
    Event,
    Failed,
    Flush,
    Flushed,
    Open,
    Text,
    Utterance,
    VoiceInfo,
)
from vivavoce.text.cut import Place
from vivavoce.text.segment import FlushPoint, Item, Pause, Segmenter, Unit
from vivavoce.text.spans import SpannedText

PAUSE_STEP_S: Final = 1.0
"""Silence made by one pull, so that a long pause obeys back-pressure like speech."""
UNSPEAKABLE_PAUSE_S: Final = 0.2
"""What is heard for text that has nothing to say, such as a lone "..."."""
REDUCED_PAUSE: Final = 0.35
"""What is left of an engine's pauses for a caller who wants little silence."""
ITEMS_A_PULL: Final = 64


class Session:
    """The state of one stream. Not for use from several threads.

    Raises OutOfRangeError from the constructor when ``request`` asks for what cannot be.
    """

    def __init__(
        self,
        request: Open,
        voice: VoiceInfo,
        limits: Limits,
        now: float,
        prepare: Callable[[SpannedText], SpannedText] | None = None,
    ) -> None:
        """``prepare`` makes each unit's text sayable (pronunciation, rewriting); it never fails."""
        bounds.check(request)
        self._prepare = prepare
        self.state = State.WRITING
        self._request = request
        self._voice = voice
        self._limits = limits
        self._native, self._rest = divide(styled(request.prosody, request.style, request.style_degree), voice)
        self._held = bounds.holds(request)
        self._pipeline: Pipeline | None = None
        self._segmenter = Segmenter(
            first_words=limits.first_unit_words,
            max_chars=min(limits.max_unit_chars, voice.max_unit_chars),
            markup=request.markup,
        )
        self._text = CallerText()
        self._characters = Characters() if "character" in request.marks else None
        self._slots: deque[Slot] = deque()
        self._speeches: dict[int, SpeechSlot] = {}
        self._flushes = 0
        """Flush slots among them."""
        self._count = 0
        self._pause_s = 0.0
        self._made = 0
        self.more_to_pull = False
        """The last :meth:`pull` stopped short: at a long pause, or at text of nothing but tags."""
        self._patience = Patience(request.idle_flush_s or limits.idle_flush_s, now)
        self._last: list[Event] = []

    # ---- the writer's side ------------------------------------------------------------------------------------

    def send(self, command: Command, now: float) -> None:
        """Carry out a command.

        Raises OutOfOrderError or TextTooLongError; the stream then stands as before and goes on.
        """
        following = after_command(self.state, command)
        match command:
            case Text():
                total = self._segmenter.characters + len(command.text)
                bounds.check_length(self._request, self._limits, total)
                self._segmenter.feed(command.text)
                self._text.feed(command.text)
                self._patience.written_at = now
            case Flush():
                bounds.check_flushes(self._segmenter.stops + self._flushes)
                self._segmenter.flush(command.flush_id)
            case End():
                self._segmenter.end()
            case Cancel():
                if self.state not in OVER:
                    self._stop(Ended(self._audio_s, self._segmenter.characters, cancelled=True))
        self.state = following

    def listening_until(self, when: float) -> None:
        """The listener has audio until ``when``; before that no half sentence is spoken for want of the rest."""
        self._patience.runs_out_at = when

    def deadline(self) -> float | None:
        """When to call :meth:`tick` if nothing happens before, or ``None``. It changes with text, pulls and chunks."""
        if self.state is not State.WRITING or not (pending := self._segmenter.pending_chars):
            return None
        # Nobody is hungry while more is being made, or may be found in the text.
        hungry = self.listened and self._segmenter.dry and all(s.complete for s in self._speeches.values())
        return self._patience.ends_at(pending, hungry=hungry)

    def tick(self, now: float) -> None:
        """Time has passed: past the deadline, whole words may be pulled although nobody knows how they go on."""
        deadline = self.deadline()
        if deadline is not None and now >= deadline:
            self._segmenter.release(Place.FIRST if now >= self._patience.silent_at else Place.SECOND)

    @property
    def unread_chars(self) -> int:
        """Code points of text that wait to be pulled."""
        return self._segmenter.unread

    # ---- the engine's side ------------------------------------------------------------------------------------

    @property
    def made_s(self) -> float:
        """Audio made so far in heard seconds, whether or not it has been taken; an estimate while a target is open."""
        return self._made / self._voice.rate_hz / self._rest.speed

    def pull(self) -> Utterance | None:
        """The next utterance to be spoken, or ``None``: no more text is decided, or :attr:`more_to_pull`."""
        self.more_to_pull = False
        silence_s = PAUSE_STEP_S
        for _ in range(ITEMS_A_PULL):
            if self.state in OVER:
                return None
            silence_s -= self._take_up_pause(silence_s)
            if self._pause_s > 0:
                break
            item = self._segmenter.pull()
            if item is None:
                return None
            utterance = self._enqueue(item)
            if utterance is not None:
                return utterance
        self.more_to_pull = True
        return None

    def take(self, number: int, chunk: Chunk) -> None:
        """A chunk of utterance ``number``, in that utterance's order."""
        if (slot := self._speeches.get(number)) is not None:
            slot.chunks.append(chunk)
            self._made += len(chunk.pcm) // 2

    def finish(self, number: int) -> None:
        """All chunks of utterance ``number`` have been taken."""
        if (slot := self._speeches.get(number)) is not None:
            slot.complete = True

    def fail(self, number: int, error: VivavoceError) -> None:
        """Utterance ``number`` breaks off here: the stream fails once all before it has been heard."""
        if (slot := self._speeches.get(number)) is not None:
            slot.error = error
            slot.complete = True

    # ---- the listener's side ----------------------------------------------------------------------------------

    @property
    def listened(self) -> bool:
        """Whether somebody listens while it is made; if not, it need not keep to a listener's pace."""
        return self._request.listened and not (self._held or self._request.known_length)

    @property
    def untaken_s(self) -> float:
        """Audio made that :meth:`events` has not given yet; 0 for a stream that is held anyway."""
        return 0.0 if self._held else self.made_s - self._audio_s

    @property
    def owes(self) -> bool:
        """Whether :meth:`events` would give something now."""
        if self._last:
            return True
        if self.state in OVER:
            return False
        if self._held and not self._all_made():
            return any(slot.error for slot in self._speeches.values())
        return bool(self._slots and self._slots[0].moves) or self._all_made()

    def events(self, max_audio_s: float = 0.25) -> list[Event]:
        """What the listener gets next: up to about ``max_audio_s`` of audio, with its marks before it.

        Empty when nothing is owed. The last event ever is Ended or Failed.
        """
        out: list[Event] = []
        if not self._last and self.state not in OVER:
            try:
                self._advance(out, max_audio_s)
            except VivavoceError as error:
                self.abort(error)
        if self.state in OVER:
            out, self._last = out + self._last, []
        return out

    def abort(self, error: VivavoceError) -> None:
        """The stream fails now, whatever is owed."""
        if self.state not in OVER:
            self._stop(Failed(error))
            self.state = after_outcome(self.state, Outcome.BROKEN)

    # ---- within -----------------------------------------------------------------------------------------------

    @property
    def _audio_s(self) -> float:
        return self._pipeline.audio_s if self._pipeline else 0.0

    def _stop(self, last: Event) -> None:
        self._slots.clear()
        self._speeches.clear()
        self._pause_s = 0.0
        self._last.append(last)

    def _all_made(self) -> bool:
        return (
            self.state is State.FINISHING
            and self._segmenter.drained
            and self._pause_s <= 0
            and all(slot.complete for slot in self._slots)
        )

    def _take_up_pause(self, most_s: float) -> float:
        """Turn up to ``most_s`` of the pause at hand into silence; how much it was."""
        step_s = min(most_s, self._pause_s)
        if step_s <= 0:
            return 0.0
        self._pause_s -= step_s
        samples = round(step_s * self._voice.rate_hz)
        self._slots.append(PauseSlot(samples))
        self._made += samples
        return step_s

    def _enqueue(self, item: Item) -> Utterance | None:
        match item:
            case Pause():
                self._pause_s = item.seconds
            case FlushPoint():
                self._slots.append(FlushSlot(item.flush_id))
                self._flushes += 1
            case Unit() if item.speakable:
                spoken = self._prepare(item.spoken) if self._prepare else item.spoken
                if spoken.text.strip():
                    return self._utter(item, spoken)
                self._pause_s = UNSPEAKABLE_PAUSE_S
            case Unit():
                self._pause_s = UNSPEAKABLE_PAUSE_S
        return None

    def _utter(self, unit: Unit, spoken: SpannedText) -> Utterance:
        number, self._count = self._count, self._count + 1
        source = self._text.between(unit.source_start, unit.source_stop)
        self._text.forget(unit.source_stop)
        slot = SpeechSlot(number, spoken, source, unit.source_start)
        self._slots.append(slot)
        self._speeches[number] = slot
        return Utterance(
            number=number,
            voice=self._voice.id,
            language=self._request.language or self._voice.language,
            text=spoken.text,
            boundary=unit.boundary,
            prosody=self._native,
            pause=REDUCED_PAUSE if self._request.reduce_silence else 1.0,
            phonemes="phoneme" in self._request.marks,
            # Each utterance has noise of its own, the same for the same request.
            seed=self._request.seed * 1_000_003 + number,
        )

    def _advance(self, out: list[Event], max_audio_s: float) -> None:
        if self._held and not self._all_made():
            broken = next((slot.error for slot in self._speeches.values() if slot.error), None)
            if broken is not None:
                self.abort(broken)
            return
        pipeline = self._pipeline or self._start()
        begun_s = pipeline.audio_s
        while self._slots and self._slots[0].moves and pipeline.audio_s - begun_s < max_audio_s:
            self._move(self._slots[0], pipeline, out)
            if self.state in OVER:
                return
        if not self._slots and self._all_made():
            self._put(out, pipeline.finish(), pipeline.audio_s)
            self._stop(Ended(pipeline.audio_s, self._segmenter.characters))
            self.state = after_outcome(self.state, Outcome.SPOKEN)

    def _start(self) -> Pipeline:
        total, prosody = None, self._rest
        if self._held:
            total = sum(slot.samples for slot in self._slots)
            if self._request.duration_s is not None and total:
                speed = total / self._voice.rate_hz / self._request.duration_s
                prosody = type(prosody)(
                    speed=min(4.0, max(0.25, speed)),
                    pitch_semitones=prosody.pitch_semitones,
                    volume=prosody.volume,
                )
        self._pipeline = Pipeline(self._voice.rate_hz, self._request.format, prosody, total_samples=total)
        return self._pipeline

    def _move(self, slot: Slot, pipeline: Pipeline, out: list[Event]) -> None:
        """Let the first slot's next piece out, and the slot itself when it is used up."""
        match slot:
            case PauseSlot():
                self._slots.popleft()
                start_s = pipeline.audio_s
                self._put(out, pipeline.silence(slot.samples), start_s)
            case FlushSlot():
                self._slots.popleft()
                self._flushes -= 1
                out.append(Flushed(slot.flush_id, pipeline.audio_s))
            case SpeechSlot():
                self._speak(slot, pipeline, out)

    def _speak(self, slot: SpeechSlot, pipeline: Pipeline, out: list[Event]) -> None:
        if slot.base is None:
            slot.base = pipeline.position
            if self._characters:
                out.extend(self._characters.begin(slot.source, slot.source_start))
        start_s = pipeline.audio_s
        if slot.chunks:
            chunk = slot.chunks.popleft()
            out.extend(self._marks(slot, chunk, pipeline))
            self._put(out, pipeline.speech(chunk.pcm), start_s)
        if slot.complete and not slot.chunks:
            self._slots.popleft()
            del self._speeches[slot.number]
            if self._characters:
                out.extend(self._characters.end(pipeline.time_s(pipeline.position)))
            self._put(out, pipeline.cut(), start_s)
            if slot.error:
                self.abort(slot.error)

    def _marks(self, slot: SpeechSlot, chunk: Chunk, pipeline: Pipeline) -> Iterator[Event]:
        wanted = self._request.marks
        for raw in chunk.marks:
            if raw.kind not in wanted and not (raw.kind == "word" and self._characters):
                continue
            mark = heard(raw, slot.spoken, slot.source, slot.source_start, pipeline.time_s, slot.base or 0)
            if mark.kind in wanted:
                yield mark
            if mark.kind == "word" and self._characters:
                yield from self._characters.word(mark)

    def _put(self, out: list[Event], data: bytes, start_s: float) -> None:
        if data and self._pipeline:
            out.append(Audio(data, start_s, self._pipeline.audio_s))
