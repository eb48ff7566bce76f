"""The server's side of a dialect's plain requests: the studio's voices and the store's things, by account.

Ownership is one rule: what belongs to no account is everybody's to see and, on a server without keys, to change;
what belongs to another account does not exist. A key with the scope ``admin`` sees everything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec

from vivavoce.dialects.desk import Upload
from vivavoce.errors import NotFoundError, quoted
from vivavoce.formats import audio_format
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
from vivavoce.runtime.studio import DEFAULT_LANGUAGE, Studio
from vivavoce.speech import Audio, End, Ended, Event, Failed, Gender, Open, Text, VoiceInfo
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Entry
from vivavoce.voices import matching

Owned = TypeVar("Owned", CustomVoice, Dictionary)
MATCHED: Final = "Matched to the recording by pitch and gender; not cloned."
SPECIMEN: Final = "0 1 2 3 4 5 6 7 8 9."
"""Digits are read aloud in every language."""
MOST_CANDIDATES: Final = 12


class StoreDesk:
    """See :class:`vivavoce.dialects.desk.Desk`. It is the studio's library as well."""

    def __init__(self, studio: Studio, store: Store) -> None:
        self._studio = studio
        self._store = store
        self._pitches: dict[str, float | None] = {}

    # ---- voices -----------------------------------------------------------------------------------------------

    def voices(self, language: str | None = None) -> Sequence[VoiceInfo]:
        return self._studio.catalogue.listing(language)

    def resolve(self, name: str, language: str | None = None, *, account: str | None = None) -> VoiceInfo:
        return self._studio.cast(name, language, account).voice

    def custom_voices(self, account: str | None) -> Sequence[CustomVoice]:
        return [voice for voice in self._store.voices.all() if self._sees(voice, account)]

    def custom_voice(self, voice_id: str, account: str | None) -> CustomVoice:
        voice = self._store.voices.get(voice_id)
        if not self._sees(voice, account):
            raise NotFoundError(f"there is no voice {quoted(voice_id)}", param="voice_id")
        return voice

    async def create_voice(self, draft: VoiceDraft, sample: Upload | None) -> CustomVoice:
        if sample is None:
            return await self._store.voices.create(draft)
        audio = await asyncio.to_thread(matching.samples, sample.data)
        pitch_hz = await asyncio.to_thread(matching.median_pitch_hz, audio)
        draft = await self._matched(draft, pitch_hz)
        return await self._store.voices.create(
            draft, sample=sample.data, filename=sample.filename, duration_s=len(audio) / matching.RATE_HZ
        )

    async def update_voice(self, voice_id: str, account: str | None, **changes: Any) -> CustomVoice:
        self.custom_voice(voice_id, account)
        return await self._store.voices.update(voice_id, **changes)

    async def delete_voice(self, voice_id: str, account: str | None) -> None:
        self.custom_voice(voice_id, account)
        await self._store.voices.delete(voice_id)

    async def _matched(self, draft: VoiceDraft, pitch_hz: float | None) -> VoiceDraft:
        """``draft`` with the nearest installed voice under it, moved to ``pitch_hz``."""
        gender: Gender = draft.gender if draft.gender != "neutral" else matching.gender_of(pitch_hz)
        language = draft.language or DEFAULT_LANGUAGE
        if draft.base_voice:
            candidates: Sequence[VoiceInfo] = [self._studio.voice(draft.base_voice, draft.language)]
        else:
            candidates = self._studio.catalogue.listing(language) or self.voices()
        fitting = [voice for voice in candidates if gender in ("neutral", voice.gender)] or candidates
        pitches = {voice.id: await self._pitch_hz(voice) for voice in fitting[:MOST_CANDIDATES]}
        base, semitones = matching.nearest(pitches, pitch_hz)
        return msgspec.structs.replace(
            draft,
            base_voice=base,
            gender=gender,
            prosody=msgspec.structs.replace(draft.prosody, pitch_semitones=semitones),
            description=f"{draft.description} {MATCHED}".strip(),
        )

    async def _pitch_hz(self, voice: VoiceInfo) -> float | None:
        """Median pitch of an installed voice; spoken once, then remembered."""
        if voice.id not in self._pitches:
            form = audio_format("wav", rate_hz=matching.RATE_HZ)
            spoken = await self._speak(Open(voice=voice.id, format=form, known_length=True), SPECIMEN)
            audio = await asyncio.to_thread(
                matching.samples, b"".join(e.data for e in spoken if isinstance(e, Audio))
            )
            self._pitches[voice.id] = await asyncio.to_thread(matching.median_pitch_hz, audio)
        return self._pitches[voice.id]

    # ---- the studio's library -----------------------------------------------------------------------------------

    def find_custom_voice(self, name: str, account: str | None) -> CustomVoice | None:
        """The custom voice of that id, if the account may use it."""
        try:
            return self.custom_voice(name, account)
        except NotFoundError:
            return None

    # ---- dictionaries -------------------------------------------------------------------------------------------

    def dictionaries(self, account: str | None, language: str | None = None) -> Sequence[Dictionary]:
        return [one for one in self._store.dictionaries.all(language=language) if self._sees(one, account)]

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        one = self._store.dictionaries.get(dictionary_id)
        if not self._sees(one, account):
            raise NotFoundError(f"there is no dictionary {quoted(dictionary_id)}", param="dictionary_id")
        return one

    async def create_dictionary(
        self,
        *,
        name: str,
        language: str | None,
        description: str,
        entries: Sequence[Entry],
        account: str | None,
    ) -> Dictionary:
        return await self._store.dictionaries.create(
            name, entries, language=language, description=description, owner=account
        )

    async def update_dictionary(self, dictionary_id: str, account: str | None, **changes: Any) -> Dictionary:
        self.dictionary(dictionary_id, account)
        return await self._store.dictionaries.update(dictionary_id, **changes)

    async def delete_dictionary(self, dictionary_id: str, account: str | None) -> None:
        self.dictionary(dictionary_id, account)
        await self._store.dictionaries.delete(dictionary_id)

    # ---- keys and usage -----------------------------------------------------------------------------------------

    def all_keys(self) -> Sequence[Key]:
        return self._store.keys.all()

    async def create_key(
        self, name: str, scopes: Sequence[Scope], expires_at: float | None, limits: KeyLimits
    ) -> IssuedKey:
        return await self._store.keys.create(name, scopes=scopes, expires_at=expires_at, limits=limits)

    async def revoke_key(self, key_id: str) -> Key:
        return await self._store.keys.revoke(key_id)

    async def temporary_key(
        self,
        parent: Key | None,
        *,
        scope: Scope = "speech",
        ttl_s: float,
        single_use: bool,
        max_session_s: float | None = None,
        client_reference_id: str | None = None,
    ) -> IssuedKey:
        return await self._store.keys.temporary(
            parent,
            ttl_s=ttl_s,
            scope=scope,
            single_use=single_use,
            max_session_s=max_session_s,
            client_reference_id=client_reference_id,
        )

    def characters_this_month(self, account: str | None) -> int:
        return self._store.usage.characters_this_month(account, time.time())

    def character_allowance(self, account: str | None) -> int | None:
        key = self._key(account)
        return key.limits.characters_per_month if key else None

    def live_streams(self, account: str | None) -> int:
        return self._studio.live if account is None else self._store.limiter.streams(account)

    async def usage_page(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None,
        limit: int = 100,
        newest_first: bool = True,
        cursor: str | None = None,
    ) -> UsagePage:
        await self._store.usage.flush()
        return await self._store.usage.page(
            start_at, stop_at, account=account, limit=limit, newest_first=newest_first, cursor=cursor
        )

    async def usage_totals(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None,
        bucket: Literal["hour", "day"] | None = None,
        by: Sequence[UsageField] = (),
    ) -> Sequence[UsageTotal]:
        await self._store.usage.flush()
        return await self._store.usage.totals(start_at, stop_at, bucket=bucket, by=by, account=account)

    async def duration_s(self, request: Open, text: str, key: Key | None) -> float:
        lease = self._store.limiter.admit(key, time.time()) if key is not None else None
        try:
            last = (await self._speak(request, text))[-1]
        finally:
            if lease is not None:
                lease.release()
        assert isinstance(last, Ended)
        return last.audio_s

    # ---- within -------------------------------------------------------------------------------------------------

    async def _speak(self, request: Open, text: str) -> list[Event]:
        """All events of a stream that nobody listens to. Raises what it failed of."""
        stream = self._studio.open(request)
        events: list[Event] = []
        try:
            stream.send(Text(text))
            stream.send(End())
            while not (events and isinstance(events[-1], (Ended, Failed))):
                events += await stream.events()
        finally:
            stream.cancel()
        if isinstance(events[-1], Failed):
            raise events[-1].error
        return events

    def _key(self, account: str | None) -> Key | None:
        return next((key for key in self._store.keys.all() if key.id == account), None)

    def _sees(self, one: Owned, account: str | None) -> bool:
        if one.owner is None or one.owner == account:
            return True
        key = self._key(account)
        # Without keys there is nobody to hide anything from.
        return "admin" in key.scopes if key else not self._store.keys.any_exist()
