"""What lasts, as values: keys, dictionaries, custom voices and usage, free of any database.

All times are Unix seconds (UTC). Ids are opaque. Values are frozen; a change is a new value.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from vivavoce.speech import Gender, Prosody
from vivavoce.text.language import primary
from vivavoce.text.pronounce import Entry

Scope: TypeAlias = Literal["speech", "manage", "admin"]
VoiceKind: TypeAlias = Literal["custom", "preset"]

SCOPES: Final[dict[Scope, str]] = {
    "speech": "make speech and look at voices",
    "manage": "the key's own voices, dictionaries, usage and temporary keys",
    "admin": "everything, of every key",
}


class KeyLimits(Struct, frozen=True, kw_only=True):
    """What one key may take; ``None`` is no limit. A temporary key shares its parent's."""

    concurrent_streams: int | None = None
    requests_per_minute: int | None = None
    """Over a moving window of 60 s."""
    characters_per_month: int | None = None
    """Characters of text over a calendar month, UTC."""


UNLIMITED: Final = KeyLimits()


class Key(Struct, frozen=True, kw_only=True):
    """One API key, without its secret and without the secret's hash."""

    id: str
    name: str
    prefix: str
    """The secret's first characters, to tell keys apart."""
    scopes: tuple[Scope, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    used_at: float | None = None
    """When a single-use key was used."""
    temporary: bool = False
    parent_id: str | None = None
    """The key that made this temporary one; ``None`` also when a server without keys made it."""
    single_use: bool = False
    max_session_s: float | None = None
    """Longest connection that this key may hold."""
    client_reference_id: str | None = None
    """Goes into the usage of everything done with this key, whatever a request says."""
    limits: KeyLimits = UNLIMITED

    @property
    def account(self) -> str:
        """The id under which limits and usage are counted: the parent's, for a temporary key."""
        return self.parent_id or self.id

    def allows(self, scope: Scope) -> bool:
        """Whether it may be used for ``scope``; expiry and revocation are another question."""
        return scope in self.scopes or "admin" in self.scopes


class IssuedKey(Struct, frozen=True):
    """A new key and its secret, which exists nowhere else from now on."""

    key: Key
    secret: str


class Dictionary(Struct, frozen=True, kw_only=True):
    """A pronunciation dictionary. Entries keep the order in which they were given."""

    id: str
    name: str
    language: str | None
    """BCP 47 tag that the text must have; ``None`` is any."""
    description: str
    entries: tuple[Entry, ...]
    owner: str | None
    """Account of the key that made it; ``None`` is everybody's."""
    created_at: float
    updated_at: float

    def suits(self, language: str) -> bool:
        """Whether it is for text in ``language``; regional forms do not matter."""
        return self.language is None or primary(self.language) == primary(language)


class Sample(Struct, frozen=True, kw_only=True):
    """An uploaded recording of a voice."""

    path: str
    """Relative to the data directory, so that the directory can be moved."""
    filename: str
    """What the uploader called it; never used as a path."""
    sha256: str
    size_bytes: int
    duration_s: float | None = None


class CustomVoice(Struct, frozen=True, kw_only=True):
    """A voice made from an installed one: matched to a sample (``custom``) or set by hand (``preset``)."""

    id: str
    kind: VoiceKind
    name: str
    description: str
    language: str | None
    gender: Gender
    base_voice: str
    """Id of the installed voice that speaks."""
    prosody: Prosody
    style: str
    style_degree: float
    sample: Sample | None
    owner: str | None
    """Account of the key that made it; ``None`` is everybody's."""
    dialect: str
    """The wire it came by, ``native`` among them."""
    metadata: dict[str, Any]
    """What that wire alone knows (tags, rank, age …); JSON. Not to be changed in place."""
    created_at: float
    updated_at: float


class VoiceDraft(Struct, frozen=True, kw_only=True):
    """A voice to be made; see :class:`CustomVoice` for the fields."""

    name: str
    base_voice: str
    kind: VoiceKind = "custom"
    id: str | None = None
    """Chosen by the caller, as presets are; otherwise 22 hex digits, the shape of Supertone's ids."""
    description: str = ""
    language: str | None = None
    gender: Gender = "neutral"
    prosody: Prosody = Prosody()
    style: str = "neutral"
    style_degree: float = 1.0
    owner: str | None = None
    dialect: str = "native"
    metadata: dict[str, Any] = {}


class UsageRow(Struct, frozen=True, kw_only=True):
    """One finished request or stream."""

    id: str
    account: str | None
    """:attr:`Key.account`; ``None`` when served without a key."""
    dialect: str
    voice: str
    model: str
    characters: int
    audio_s: float
    started_at: float
    ended_at: float
    status: str = "ok"
    """``ok``, ``cancelled``, or the ``code`` of the error."""
    request_id: str = ""
    client_reference_id: str = ""


class UsagePage(Struct, frozen=True):
    """Some rows, and the cursor of those after them; ``None`` when there are none."""

    rows: tuple[UsageRow, ...]
    next_cursor: str | None


UsageField: TypeAlias = Literal["account", "dialect", "voice", "model"]


class UsageTotal(Struct, frozen=True, kw_only=True):
    """A sum over the requests that ended in ``[starting_at, ending_at)``.

    A field that the totals were not broken down by is ``None``.
    """

    starting_at: float
    ending_at: float
    requests: int
    characters: int
    audio_s: float
    account: str | None = None
    dialect: str | None = None
    voice: str | None = None
    model: str | None = None
