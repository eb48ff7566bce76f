"""E-mail and URL rules: addresses as a person dictates them.

Words stay words. What is no word is spelled: the protocol, "www", parts of two letters (``.uk``, ``.fr``) and, in a
URL, parts without a vowel (``html``).
"""

from __future__ import annotations

import re
from functools import partial

from vivavoce.text.rewrite.rule import Rule, whole
from vivavoce.text.rewrite.speaker import Speaker

_PARTS = re.compile(r"[^\W\d_]+|\d+|[\W_]")
_VOWEL = re.compile(r"[aeiouyà-öø-ÿ]", re.IGNORECASE)

# A name without "www" or a protocol is an address only under a top-level domain that is no ending of a sentence.
_DOMAINS = (
    "com|org|net|edu|gov|info|dev|app|cloud|tech|shop|online|site|xyz|eu|uk|us|ca|fr|de|es|pt|br|be|ch|at|nl|lu|ie"
    "|io|ai|tv"
)
_URL = (
    r"(?:https?|ftp|wss?)://[^\s<>\"]*[\w/=#~-]"
    r"|www\.[^\s<>\"]*[\w/=#~-]"
    rf"|[a-z0-9-]{{1,63}}(?:\.[a-z0-9-]{{1,63}}){{0,8}}\.(?:{_DOMAINS})(?::\d{{1,5}})?(?:/(?:[^\s<>\"]*[\w/=#~-])?)?"
)
_EMAIL = r"(?P<user>[\w.+%-]{1,254})@(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"


def letters(word: str) -> str:
    """ "uk" → "U-K"."""
    return "-".join(word.upper())


def _abbreviated(part: str) -> bool:
    """Whether a part of an address is no word that could be said as one."""
    return part.isalpha() and (len(part) == 2 or (3 <= len(part) <= 5 and not _VOWEL.search(part)))


def _say(speaker: Speaker, address: str, *, spell: bool) -> str:
    """Each part of ``address`` in words; signs that nobody dictates are left out."""
    said = []
    for part in _PARTS.findall(address):
        if part.isalnum():
            said.append(letters(part) if spell and _abbreviated(part) else part)
        elif part in speaker.signs:
            said.append(speaker.signs[part])
    return " ".join(said)


def _read_email(speaker: Speaker, match: re.Match[str]) -> str | None:
    user, host = _say(speaker, match["user"], spell=False), _say(speaker, match["host"], spell=True)
    return f"{user} {speaker.signs['@']} {host}"


def _read_url(speaker: Speaker, match: re.Match[str]) -> str | None:
    return _say(speaker, match[0], spell=True)


def email_rule(name: str, speaker: Speaker) -> Rule:
    """``foo.bar@gmail.com`` → "foo dot bar at gmail dot com"."""
    return Rule(name, whole(_EMAIL), partial(_read_email, speaker))


def url_rule(name: str, speaker: Speaker) -> Rule:
    """``www.example.com`` → "W-W-W dot example dot com"."""
    return Rule(name, whole(_URL), partial(_read_url, speaker))
