"""What the command line of `say` means, before anything is spoken."""

from __future__ import annotations

from typing import Any

import click
import pytest

from vivavoce.cli.choices import (
    PLAY_RATE_HZ,
    Choices,
    Sound,
    bit_rate,
    chosen,
    plays,
    request_of,
    sound_of,
)
from vivavoce.cli.say import say, settings_of, summary
from vivavoce.cli.speaking import Progress, Spoken
from vivavoce.errors import EmptyTextError, OutOfRangeError, UnknownFormatError
from vivavoce.formats import audio_format
from vivavoce.speech import Mark

pytestmark = pytest.mark.fast


def choose(*arguments: str, stdin_waits: bool = False) -> Choices:
    """The choices of a command line, parsed by the command's own options."""
    with say.make_context("say", list(arguments)) as context:
        given: dict[str, Any] = dict(context.params)
        return chosen(given.pop("text"), given, stdin_waits=stdin_waits)


def test_words_are_joined_like_echo_does() -> None:
    assert choose("Hello", "there.").text == "Hello there."


@pytest.mark.parametrize("arguments", [["-"], ["--stdin"]])
def test_standard_input_can_be_asked_for(arguments: list[str]) -> None:
    choices = choose(*arguments)
    assert (choices.text, choices.stdin) == (None, True)


def test_a_pipe_is_spoken_when_nothing_is_named() -> None:
    assert choose(stdin_waits=True).stdin
    assert not choose("Hi", stdin_waits=True).stdin


def test_nothing_to_say_on_a_terminal_is_refused() -> None:
    with pytest.raises(click.UsageError, match="expected TEXT, --file FILE or --stdin"):
        choose()


@pytest.mark.parametrize(
    "arguments",
    [["Hi", "--stdin"], ["Hi", "--file", "a"], ["--file", "a", "-"], ["Hi", "-o", "a.wav", "--play"]],
)
def test_contradictions_are_refused(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError, match="expected one of"):
        choose(*arguments)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_blank_text_is_refused(text: str) -> None:
    with pytest.raises(EmptyTextError):
        choose(text)


def test_a_lone_surrogate_is_replaced() -> None:
    assert choose("caf\udce9").text == "caf\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("arguments", "sound"),
    [
        (["-o", "a.mp3"], Sound("mp3")),
        (["-o", "a.ogg", "--rate", "24000", "--bit-rate", "48k"], Sound("opus", 24000, 48000)),
        (["-o", "a.bin", "--format", "flac"], Sound("flac")),
        (["-o", "-"], Sound("wav")),
        ([], Sound("wav")),
        (["--format", "mulaw"], Sound("mulaw")),
        (["--play"], Sound("pcm_s16le", PLAY_RATE_HZ)),
    ],
)
def test_the_sound_follows_from_file_and_format(arguments: list[str], sound: Sound) -> None:
    assert sound_of(choose("Hi", *arguments), to_stdout=True) == sound


def test_on_a_terminal_it_is_played() -> None:
    assert plays(choose("Hi"), to_stdout=False)
    assert not plays(choose("Hi"), to_stdout=True)
    assert not plays(choose("Hi", "-o", "-"), to_stdout=False)
    assert sound_of(choose("Hi"), to_stdout=False).name == "pcm_s16le"


def test_an_unknown_extension_says_which_are_known() -> None:
    with pytest.raises(OutOfRangeError, match=r"'a\.xyz': expected an extension of .*\.mp3.*, or --format"):
        sound_of(choose("Hi", "-o", "a.xyz"), to_stdout=True)


def test_what_no_encoder_makes_is_refused() -> None:
    with pytest.raises(UnknownFormatError):
        sound_of(choose("Hi", "--format", "mp4"), to_stdout=True)
    with pytest.raises(UnknownFormatError):
        sound_of(choose("Hi", "-o", "a.mp3", "--rate", "12345"), to_stdout=True)


def test_a_player_takes_no_format() -> None:
    with pytest.raises(click.UsageError, match="a player needs none"):
        sound_of(choose("Hi", "--play", "--format", "mp3"), to_stdout=True)


def test_every_option_arrives_in_the_request() -> None:
    choices = choose(
        *("Hi", "-v", "slt", "-l", "en-US", "--speed", "1.5", "--pitch", "-2", "--pitch-range", "0.5"),
        *("--volume", "0.8", "--style", "sad", "--style-degree", "2", "--duration", "9", "--seed", "7"),
        "--no-markup",
    )
    request = request_of(choices, Sound("wav"))
    prosody = request.prosody
    assert (request.voice, request.language, request.seed, request.markup) == ("slt", "en-US", 7, False)
    assert (prosody.speed, prosody.pitch_semitones, prosody.pitch_range, prosody.volume) == (
        1.5,
        -2,
        0.5,
        0.8,
    )
    assert (request.style, request.style_degree, request.duration_s) == ("sad", 2, 9)
    assert request.marks == {"word"}


@pytest.mark.parametrize(("text", "bps"), [("64000", 64000), ("64k", 64000), ("128K", 128000)])
def test_bit_rates_are_read_both_ways(text: str, bps: int) -> None:
    assert bit_rate(text) == bps


@pytest.mark.parametrize("text", ["fast", "", "k", "1.5k", "-64k", "²"])
def test_other_bit_rates_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 64000 or 64k"):
        bit_rate(text)


def test_a_file_is_made_as_fast_as_it_goes_by_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORKERS", "LEAD_S"):
        monkeypatch.delenv(f"VIVAVOCE_{name}", raising=False)
    assert settings_of(playing=False).lead_s == 86_400
    assert settings_of(playing=True).lead_s == 10
    assert settings_of(playing=True).workers == 1
    monkeypatch.setenv("VIVAVOCE_WORKERS", "2")
    monkeypatch.setenv("VIVAVOCE_LEAD_S", "5")
    assert settings_of(playing=False).workers == 2
    assert settings_of(playing=False).lead_s == 5


def test_the_summary_has_the_figures() -> None:
    progress = Progress(start_s=0.25, began=0.0, first_audio_s=0.0421, audio_s=2.0, work_s=0.5, characters=5)
    spoken = Spoken("v", audio_format("mp3"), (Mark("word", "Hello", 0, 1, 0, 5),), "Hello")
    assert summary(progress, spoken) == {
        "audio_s": 2.0,
        "first_audio_ms": 42.1,
        "real_time_factor": 0.25,
        "start_ms": 250.0,
        "characters": 5,
        "words": 1,
        "voice": "v",
        "format": "mp3",
        "rate_hz": 24000,
    }


def test_a_summary_without_audio_has_no_figures() -> None:
    told = summary(Progress(), Spoken("v", audio_format("mp3"), (), "…"))
    assert (told["first_audio_ms"], told["real_time_factor"]) == (None, None)
