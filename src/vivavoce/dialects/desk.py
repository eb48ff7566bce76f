"""What a dialect's plain requests (voices, dictionaries, usage, keys) may reach, and how they are answered.

A dialect's REST calls are async functions ``(Call, Desk) -> Answer`` listed in a table of :class:`Service`; the one
endpoint in ``server/services.py`` reads the request, checks the key and carries them out. They do no I/O of their own:
what lasts is kept by the desk, which is the server's side of this border.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from vivavoce.errors import VivavoceError
from vivavoce.records import (
    CustomVoice,
    Dictionary,
    IssuedKey,
    Key,
    KeyLimits,
    Scope,
    UsageField,
    UsagePage,
    UsageTotal,
    VoiceDraft,
)
from vivavoce.speech import Open, VoiceInfo
from vivavoce.text.pronounce import Entry


class Upload(Struct, frozen=True):
    """One file of a multipart form."""

    filename: str
    content_type: str
    data: bytes


class Call(Struct, frozen=True, kw_only=True):
    """A plain request, read whole."""

    method: str
    path: Mapping[str, str]
    """Parameters in the path."""
    query: Sequence[tuple[str, str]]
    """In order; names may repeat."""
    headers: Mapping[str, str]
    """Names are lower case."""
    body: bytes
    fields: Mapping[str, str] = {}
    """Text fields of a form, when the body was one."""
    files: Mapping[str, Upload] = {}
    key: Key | None
    """The key that came with it; ``None`` where none is needed."""
    now: float
    """Unix seconds."""

    @property
    def account(self) -> str | None:
        """Under which things are owned and counted."""
        return self.key.account if self.key else None


class Answer(Struct, frozen=True):
    """The whole answer; ``content-length`` is added."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Desk(Protocol):
    """The server's side: voices that are installed, and what lasts. All of it raises VivavoceError only.

    Lookups are from memory; only what is async touches the disk.
    """

    def voices(self, language: str | None = None) -> Sequence[VoiceInfo]:
        """Installed voices, best first."""
        ...

    def resolve(self, name: str, language: str | None = None, *, account: str | None = None) -> VoiceInfo:
        """The installed voice that ``name`` (an id, alias, custom voice or language tag) speaks with."""
        ...

    def custom_voices(self, account: str | None) -> Sequence[CustomVoice]:
        """Those the account may see, oldest first."""
        ...

    def custom_voice(self, voice_id: str, account: str | None) -> CustomVoice:
        """Raises NotFoundError."""
        ...

    async def create_voice(self, draft: VoiceDraft, sample: Upload | None) -> CustomVoice:
        """A voice matched to ``sample``: ``draft.base_voice`` may be "" and is then chosen by the sample's pitch
        and ``draft.gender``; the prosody is set so that the median pitch fits. Raises UnsupportedMediaError when the
        sample is no audio."""
        ...

    async def update_voice(self, voice_id: str, account: str | None, **changes: Any) -> CustomVoice: ...

    async def delete_voice(self, voice_id: str, account: str | None) -> None: ...

    def dictionaries(self, account: str | None, language: str | None = None) -> Sequence[Dictionary]: ...

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        """Raises NotFoundError."""
        ...

    async def create_dictionary(
        self,
        *,
        name: str,
        language: str | None,
        description: str,
        entries: Sequence[Entry],
        account: str | None,
    ) -> Dictionary: ...

    async def update_dictionary(
        self, dictionary_id: str, account: str | None, **changes: Any
    ) -> Dictionary: ...

    async def delete_dictionary(self, dictionary_id: str, account: str | None) -> None: ...

    def all_keys(self) -> Sequence[Key]:
        """Every lasting key, oldest first."""
        ...

    async def create_key(
        self, name: str, scopes: Sequence[Scope], expires_at: float | None, limits: KeyLimits
    ) -> IssuedKey: ...

    async def revoke_key(self, key_id: str) -> Key:
        """Raises NotFoundError."""
        ...

    async def temporary_key(
        self,
        parent: Key | None,
        *,
        scope: Scope = "speech",
        ttl_s: float,
        single_use: bool,
        max_session_s: float | None = None,
        client_reference_id: str | None = None,
    ) -> IssuedKey: ...

    def characters_this_month(self, account: str | None) -> int: ...

    def character_allowance(self, account: str | None) -> int | None:
        """Characters a month that the account may use; ``None`` is no limit."""
        ...

    def live_streams(self, account: str | None) -> int: ...

    async def usage_page(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None,
        limit: int = 100,
        newest_first: bool = True,
        cursor: str | None = None,
    ) -> UsagePage: ...

    async def usage_totals(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None,
        bucket: Literal["hour", "day"] | None = None,
        by: Sequence[UsageField] = (),
    ) -> Sequence[UsageTotal]: ...

    async def duration_s(self, request: Open, text: str, key: Key | None) -> float:
        """How long ``text`` would be; it is spoken and thrown away, not counted as usage.

        Meanwhile it is a stream of ``key`` like others. Raises ConcurrencyLimitError, RateLimitedError or
        QuotaExceededError when the key allows no more.
        """
        ...


Handler: TypeAlias = Callable[[Call, Desk], Awaitable[Answer]]
Refuse: TypeAlias = Callable[[VivavoceError], Answer]


class Service(Struct, frozen=True):
    """One plain request of a dialect."""

    method: str
    path: str
    """A Starlette path, such as ``/v1/voices/{voice_id}``; matched in the order of the table."""
    handler: Handler
    refuse: Refuse
    """The dialect's own body for any failure, those before the handler included."""
    scope: Scope = "speech"
    max_body_bytes: int = 1 << 20
