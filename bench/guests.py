"""Who comes in an hour: listeners of every kind, at random moments from a seed. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from bench.speech import STORY

SENTENCES: Final = tuple(re.split(r"(?<=\.) ", STORY))
KINDS: Final = {"listener": 0.58, "writer": 0.17, "leaver": 0.15, "slow": 0.10}
"""Share of guests: who reads as fast as it can; who writes a word at a time, as a language model does; who leaves at a
random moment; who reads at half of playback."""
MUTE: Final = "never reads"
SLOW_PACE: Final = 0.5
WORDS_A_SECOND: Final = 12.0
SHORT_SHARE: Final = 0.6
"""Of one or two sentences; the others have four to twelve, and one to three of a costly voice."""
UNREAD_S: Final = 25.0
"""Audio made for somebody who reads nothing: the lead, and what sockets take."""


class Guest(Struct, frozen=True):
    """One listener. Times in seconds."""

    number: int
    at_s: float
    """After the beginning."""
    kind: str
    voice: str
    text: str
    leaves_s: float | None = None
    """After asking."""


class VoicePrice(Struct, frozen=True):
    """What a voice costs, as measured before the hour begins."""

    share: float
    """Of the guests."""
    cpu_s: float
    """CPU seconds per audio second, of the front process and the workers."""
    word_s: float
    """Audio seconds of a word."""
    costly: bool = False


def guests(
    prices: Mapping[str, VoicePrice], seconds: float, load: float, cores: int, window_s: float, seed: int
) -> Sequence[Guest]:
    """Arrivals that need ``load`` of the cores on average; and in every window one who never reads, with the first voice,
    until the window is over."""
    some = random.Random(seed)
    mean_s = sum(expected_cpu_s(_draw(some, 0, 0.0, prices), prices) for _ in range(4000)) / 4000
    rate = load * cores / mean_s
    rng = random.Random(seed + 1)
    made: list[Guest] = []
    at_s = rng.expovariate(rate)
    while at_s < seconds:
        made.append(_draw(rng, len(made), at_s, prices))
        at_s += rng.expovariate(rate)
    voice, minutes = next(iter(prices)), " ".join([STORY] * 20)
    for window in range(round(seconds / window_s)):
        made.append(Guest(len(made), window * window_s, MUTE, voice, minutes, window_s * 0.95))
    return sorted(made, key=lambda guest: guest.at_s)


def expected_cpu_s(guest: Guest, prices: Mapping[str, VoicePrice]) -> float:
    """Work for a guest, if nobody is in the way."""
    price = prices[guest.voice]
    audio_s = len(guest.text.split()) * price.word_s
    if guest.kind == MUTE:
        audio_s = min(audio_s, UNREAD_S)
    elif guest.leaves_s is not None:
        audio_s = min(audio_s, guest.leaves_s + 10.0)  # what is made ahead of playback
    return audio_s * price.cpu_s


def _draw(rng: random.Random, number: int, at_s: float, prices: Mapping[str, VoicePrice]) -> Guest:
    (kind,) = rng.choices([*KINDS], [*KINDS.values()])
    (voice,) = rng.choices([*prices], [price.share for price in prices.values()])
    price = prices[voice]
    if price.costly:
        sentences = rng.randint(1, 3)
    else:
        sentences = rng.randint(1, 2) if rng.random() < SHORT_SHARE else rng.randint(4, 12)
    first = rng.randrange(len(SENTENCES))
    text = " ".join(SENTENCES[(first + i) % len(SENTENCES)] for i in range(sentences))
    speech_s = len(text.split()) * price.word_s
    leaves_s = rng.uniform(0.05, speech_s) if kind == "leaver" else None
    return Guest(number, at_s, kind, voice, text, leaves_s)
