"""The playground in a real browser: that it speaks at once, follows, stops at once, and gives what was heard."""

from __future__ import annotations

import io
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
import soundfile
from playwright.sync_api import Browser

from browsing import LOUD, Visitor, shown_ms, visiting
from live import Live
from wire import eventually, idle

pytestmark = pytest.mark.browser

WORDS = "The first words of many are spoken while the others wait."
BLOCK = 128
"""Samples that a browser asks for at a time."""
LONG = " ".join(f"This is sentence number {number}." for number in range(1, 30))

# Presses Stop, and gives the milliseconds until the loudspeaker gets nothing but zeros and stays so.
STOP = """async () => {
  const from = performance.now();
  document.querySelector("#stop").click();
  let silentAt = null;
  while (performance.now() - from < 400) {
    if (vivavoce.figures.rms > 1e-4) silentAt = null;
    else silentAt ??= performance.now();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return silentAt === null ? Infinity : silentAt - from;
}"""
# Keeps what the loudspeaker tells, before anything of it is there: frame and samples of one instant of its own thread.
LISTEN = """() => {
  window.told = [];
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...given) {
      super(...given);
      this.port.addEventListener("message", (event) => window.told.push(event.data));
    }
  };
}"""
# Keeps the words that are lit, what the sound's clock shows and how many marks there are then.
WATCH = """() => {
  window.seen = [];
  new MutationObserver((records) => {
    const timeS = vivavoce.figures.contextTimeS;
    for (const record of records)
      for (const { textContent: word } of record.addedNodes)
        if (word && window.seen.at(-1)?.word !== word) window.seen.push({ word, timeS, marks: vivavoce.marks.length });
  }).observe(document.querySelector(".word"), {childList: true});
}"""


def told(visitor: Visitor) -> list[dict[str, Any]]:
    """What the loudspeaker told since ``LISTEN``, in its order."""
    found: list[dict[str, Any]] = visitor.page.evaluate("window.told")
    return found


def check_pace(reports: list[dict[str, Any]]) -> None:
    """A sample is played in a frame of the sound's clock, and whole blocks of them at a time.

    A browser that is kept from the processor lets frames go by without asking for sound: never all of them.
    """
    going = [each for each in reports if each["kind"] == "at" and each["consumed"] and not each["dry"]]
    steps = [
        (after["consumed"] - before["consumed"], after["frame"] - before["frame"])
        for before, after in pairwise(going)
    ]
    assert all(samples % BLOCK == 0 and 0 < samples <= frames for samples, frames in steps), steps
    assert any(samples == frames for samples, frames in steps), steps


# ---- heard ------------------------------------------------------------------------------------------------------


def test_speak_is_heard_and_ends(visitor: Visitor) -> None:
    visitor.page.evaluate(LISTEN)
    visitor.choose_voice("en-us+edward")
    visitor.write(WORDS)
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    before = visitor.figures
    visitor.heard(before["samplesConsumed"] + before["rateHz"] // 2)
    after = visitor.figures
    assert (after["way"], after["format"], after["contextState"]) == ("loudspeaker", "pcm_s16le", "running")
    reports = told(visitor)
    check_pace(reports)
    # What was played is told by the sound's thread with the frame of its clock, which then goes on.
    frame = next(each["frame"] for each in reports if each["consumed"] == after["samplesConsumed"])
    assert round(after["contextTimeS"] * after["rateHz"]) >= frame
    assert after["underruns"] == 0
    assert 0 < after["firstAudioMs"] <= after["firstSoundMs"]
    assert visitor.page.inner_text("#figure-first") == shown_ms(after["firstSoundMs"])
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] > end["rateHz"]
    assert end["underruns"] == 0
    assert 0 < end["realTimeFactor"] < 1
    assert visitor.page.inner_text("#hint") == f"Spoke {end['samplesConsumed'] / end['rateHz']:.1f} s."


def test_words_light_up_in_order_as_they_are_heard_and_not_as_they_come(visitor: Visitor) -> None:
    visitor.page.evaluate(LISTEN)
    visitor.choose_voice("tone")
    visitor.write(WORDS)
    visitor.page.evaluate(WATCH)
    visitor.speak()
    visitor.until("vivavoce.lit.length >= 3")
    visitor.silent()
    lit = visitor.until("vivavoce.lit.length === vivavoce.marks.length && vivavoce.lit")
    seen = visitor.page.evaluate("window.seen")
    assert [word["value"] for word in lit] == [each["word"] for each in seen] == WORDS.split()
    # All of it came long ago; only what was heard is lit.
    assert seen[2]["marks"] > 3
    frames = {each["consumed"]: each["frame"] for each in reversed(told(visitor))}
    for word, each in zip(lit, seen, strict=True):
        assert word["heard_s"] >= word["start_s"]
        since = round(each["timeS"] * 24000) - frames[word["samples"]] if word["samples"] else 0
        assert since >= 0
        assert word["samples"] + since >= int(word["start_s"] * 24000), (
            "told last, and by the clock since then"
        )
    assert sorted(word["heard_s"] - word["start_s"] for word in lit)[len(lit) // 2] < 0.1


def test_astral_and_right_to_left_text_lights_the_right_words(visitor: Visitor) -> None:
    text = "Tea 🍵 and 𝒎𝒂𝒕𝒉 come first"
    visitor.choose_voice("tone")
    visitor.write(text)
    visitor.page.evaluate(WATCH)
    visitor.speak()
    visitor.until("vivavoce.figures.samplesConsumed > 0")
    visitor.silent()
    visitor.until("window.seen.at(-1)?.word === 'first'")
    seen = [each["word"] for each in visitor.page.evaluate("window.seen")]
    assert [word for word in seen if word.isascii()] == ["Tea", "and", "come", "first"]
    assert set(seen) <= set(text.split())


def test_stop_is_silence_within_a_tenth_of_a_second(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    took_ms: list[float] = []
    while not took_ms or (min(took_ms) >= 100 and len(took_ms) < 5):  # A busy machine may delay one.
        visitor.speak()
        visitor.heard(20_000)
        visitor.until(f"vivavoce.figures.rms > {LOUD}")
        took_ms.append(visitor.page.evaluate(STOP))
    assert min(took_ms) < 100
    stopped = visitor.figures
    assert stopped["state"] == "idle"
    time.sleep(0.2)
    assert visitor.figures["samplesConsumed"] == stopped["samplesConsumed"] < stopped["samplesReceived"]
    assert visitor.page.inner_text("#hint") == "Stopped."


def test_stop_ends_the_work_at_the_server(visitor: Visitor, server: Live) -> None:
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(2000)
    assert server.look("health")["live_streams"] == 1
    visitor.page.click("#stop")
    eventually(lambda: idle(server))


def test_speaking_again_drops_what_was_being_said(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(10_000)
    visitor.write("Short")
    visitor.speak()
    visitor.until("vivavoce.figures.samplesConsumed < 10000")
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] < 20_000
    assert [word["value"] for word in visitor.until("vivavoce.lit.length && vivavoce.lit")] == ["Short"]


def test_a_listener_of_more_than_a_credit_hears_all_of_it(visitor: Visitor) -> None:
    """Eight seconds of tone: more than the six that may come ahead."""
    visitor.choose_voice("tone")
    visitor.page.evaluate("document.querySelector('#speed').value = 2")
    visitor.page.dispatch_event("#speed", "input")
    visitor.write(LONG[:330])
    visitor.speak()
    end = visitor.silent()
    assert end["samplesConsumed"] == end["samplesReceived"] > 7 * 24000
    assert end["underruns"] == 0


# ---- along ------------------------------------------------------------------------------------------------------


def test_type_along_speaks_before_the_text_ends(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("")
    visitor.page.check("#along", force=True)
    visitor.page.focus("#text")
    visitor.page.keyboard.type("One may start to write and ", delay=15)
    visitor.heard(2000)
    visitor.page.keyboard.type("go on writing", delay=15)
    visitor.page.click("#speak")
    end = visitor.silent()
    assert end["atFirstSound"]["finished"] is False
    assert end["atFirstSound"]["charactersSent"] < len("One may start to write and go on writing")
    assert end["underruns"] == 0
    lit = visitor.until("vivavoce.lit.length === vivavoce.marks.length && vivavoce.lit")
    assert [word["value"] for word in lit] == [
        "One",
        "may",
        "start",
        "to",
        "write",
        "and",
        "go",
        "on",
        "writing",
    ]


def test_type_along_says_a_word_that_nobody_finishes_and_only_what_is_new(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("Already here.")
    visitor.page.check("#along", force=True)
    visitor.page.focus("#text")
    visitor.page.keyboard.press("End")
    visitor.page.keyboard.type(" mole")
    visitor.page.keyboard.press("Backspace")
    visitor.page.keyboard.press("Backspace")
    visitor.page.keyboard.type("re")
    # No space follows: the pause alone sends it.
    visitor.until("vivavoce.lit.length === 1")
    assert visitor.figures["state"] == "speaking"
    visitor.page.keyboard.press("Escape")
    visitor.silent()
    assert [word["value"] for word in visitor.page.evaluate("vivavoce.lit")] == ["more"]


# ---- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pcm_f32le", "wav", "mulaw", "alaw"])
def test_plain_formats_are_heard_through_the_loudspeaker(visitor: Visitor, name: str) -> None:
    visitor.page.select_option("#format", name)
    visitor.choose_voice("tone")
    visitor.write("Heard at once, and for long enough to be looked at on a slow machine")
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    end = visitor.silent()
    assert (end["way"], end["rateHz"]) == ("loudspeaker", 8000 if name.endswith("law") else 24000)
    marks = visitor.page.evaluate("vivavoce.marks")
    assert end["samplesConsumed"] / end["rateHz"] >= marks[-1]["stop_s"]


@pytest.mark.parametrize(
    ("name", "way"), [("mp3", "stream"), ("aac", "stream"), ("opus", "file"), ("flac", "file")]
)
def test_coded_formats_are_heard_through_the_browsers_decoder(visitor: Visitor, name: str, way: str) -> None:
    visitor.page.select_option("#format", name)
    visitor.choose_voice("tone")
    visitor.write("Heard through a decoder")
    visitor.speak()
    visitor.until(f"vivavoce.figures.rms > {LOUD}")
    assert visitor.figures["way"] == way
    end = visitor.silent()
    assert (end["underruns"], visitor.page.is_hidden("#notice")) == (0, True)
    lit = visitor.until("vivavoce.lit.length === 4 && vivavoce.lit")
    assert [word["value"] for word in lit] == ["Heard", "through", "a", "decoder"]


def test_without_an_audio_worklet_mp3_is_the_choice(browser: Browser, server: Live) -> None:
    with visiting(browser) as visitor:
        visitor.page.add_init_script("delete window.AudioWorkletNode")
        visitor.go(server.url)
        assert visitor.page.input_value("#format") == "mp3"
        assert visitor.page.is_disabled("#format option[value=pcm_s16le]")
        visitor.speak()
        visitor.until(f"vivavoce.figures.rms > {LOUD}")
        assert visitor.figures["way"] == "stream"
        assert visitor.complaints == []


SAFARI = """
  const touched = new WeakSet();
  let gesture = false;
  for (const kind of ["click", "keydown"])
    addEventListener(kind, () => { gesture = true; setTimeout(() => { gesture = false; }); }, { capture: true });
  const { load, play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.load = function () { if (gesture) touched.add(this); return load.call(this); };
  HTMLMediaElement.prototype.play = function () {
    if (gesture) touched.add(this);
    return touched.has(this) ? play.call(this) : Promise.reject(new DOMException("no gesture", "NotAllowedError"));
  };
"""


@pytest.mark.parametrize("name", ["mp3", "opus"])
def test_an_element_is_touched_within_the_click(browser: Browser, server: Live, name: str) -> None:
    """Safari's rule, played here by a script: an element plays later only if a gesture's own task loaded or played it."""
    with visiting(browser) as visitor:
        visitor.page.add_init_script(SAFARI)
        visitor.go(server.url)
        visitor.page.select_option("#format", name)
        for text in ("Once by the first click.", "And once more by the second."):
            visitor.write(text)
            visitor.speak()
            visitor.until("vivavoce.figures.heardS > 0.2")
            visitor.page.click("#stop")
            visitor.silent()
        assert visitor.complaints == []


# ---- taken home -------------------------------------------------------------------------------------------------


def _downloaded(visitor: Visitor) -> tuple[str, bytes]:
    with visitor.page.expect_download() as waiting:
        visitor.page.click("#download")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_download_is_what_was_heard(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write("All of it")
    visitor.speak()
    visitor.heard()
    end = visitor.silent()
    name, data = _downloaded(visitor)
    samples, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert (name, rate, len(samples)) == ("speech.wav", 24000, end["samplesConsumed"])
    direct = httpx.post(
        f"{visitor.page.url}v1/speech", json={"text": "All of it", "voice": "tone", "format": "pcm"}
    ).content
    assert samples.tobytes() == direct


def test_a_download_after_stop_ends_where_one_stopped(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.write(LONG)
    visitor.speak()
    visitor.heard(12_000)
    visitor.page.evaluate(STOP)
    _, data = _downloaded(visitor)
    heard = visitor.figures["samplesConsumed"]
    assert abs(len(soundfile.read(io.BytesIO(data))[0]) - heard) < 24000 * 0.1


def test_a_download_of_mp3_is_mp3(visitor: Visitor) -> None:
    visitor.choose_voice("tone")
    visitor.page.select_option("#format", "mp3")
    visitor.write("All of it")
    visitor.speak()
    visitor.until("vivavoce.figures.firstSoundMs !== null")
    visitor.silent()
    name, data = _downloaded(visitor)
    with av.open(io.BytesIO(data), "r") as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    marks = visitor.page.evaluate("vivavoce.marks")
    assert name == "speech.mp3"
    assert marks[-1]["stop_s"] < seconds < marks[-1]["stop_s"] + 0.5
