"""A desk of paper: voices and records in memory, for the plain requests of dialects, without a server or a store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from vivavoce.dialects.desk import Answer, Call, Service, Upload
from vivavoce.errors import NotFoundError, UnknownLanguageError, UnknownVoiceError, VivavoceError
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
from vivavoce.speech import Gender, Open, VoiceInfo
from vivavoce.text.pronounce import Entry

NOW = 1_790_000_000.0
KEY = Key(id="k1", name="one", prefix="vv_", scopes=("admin",), created_at=NOW)


def voice(voice_id: str, *languages: str, gender: Gender = "female", phonemes: bool = True) -> VoiceInfo:
    """A voice that is good for being listed."""
    return VoiceInfo(
        id=voice_id,
        name=voice_id.title(),
        engine="paper",
        language=languages[0],
        languages=languages,
        gender=gender,
        rate_hz=22_050,
        licence="Apache-2.0",
        capabilities=frozenset({"phonemes"} if phonemes else ()),
    )


def resolve(name: str, language: str | None) -> VoiceInfo:
    """A voice for every name but ``nobody``; ``mute`` has no phonemes, and nobody speaks Klingon."""
    if name == "nobody":
        raise UnknownVoiceError("no such voice", param="voice")
    if language is not None and language.startswith("tlh"):
        raise UnknownLanguageError(f"nobody speaks {language}", param="language")
    return voice(name, language or "en-US", phonemes=name != "mute")


class PaperDesk:
    """See :class:`vivavoce.dialects.desk.Desk`."""

    def __init__(self, *voices: VoiceInfo) -> None:
        self.installed = list(voices) or [voice("rms", "en-US", gender="male"), voice("siwis", "fr-FR")]
        self.custom: dict[str, CustomVoice] = {}
        self.samples: dict[str, Upload] = {}
        self.written: dict[str, Dictionary] = {}
        self.issued: list[Key] = []
        self.characters = 0
        self.allowance: int | None = None
        self.totals: list[UsageTotal] = []
        self.asked: list[tuple[Any, ...]] = []
        """What the usage was asked for, and what was to be timed."""

    def voices(self, language: str | None = None) -> Sequence[VoiceInfo]:
        return [one for one in self.installed if language is None or language in one.languages]

    def resolve(self, name: str, language: str | None = None, *, account: str | None = None) -> VoiceInfo:
        return resolve(name, language)

    def custom_voices(self, account: str | None) -> Sequence[CustomVoice]:
        return [one for one in self.custom.values() if one.owner in (None, account)]

    def custom_voice(self, voice_id: str, account: str | None) -> CustomVoice:
        found = next((one for one in self.custom_voices(account) if one.id == voice_id), None)
        if found is None:
            raise NotFoundError(f"there is no voice {voice_id!r}", param="voice_id")
        return found

    async def create_voice(self, draft: VoiceDraft, sample: Upload | None) -> CustomVoice:
        fields = msgspec.structs.asdict(draft)
        fields.update(id=draft.id or f"{len(self.custom):022x}", base_voice=draft.base_voice or "rms")
        made = CustomVoice(**fields, sample=None, created_at=NOW, updated_at=NOW)
        self.custom[made.id] = made
        if sample is not None:
            self.samples[made.id] = sample
        return made

    async def update_voice(self, voice_id: str, account: str | None, **changes: Any) -> CustomVoice:
        made = msgspec.structs.replace(self.custom_voice(voice_id, account), **changes)
        self.custom[voice_id] = made
        return made

    async def delete_voice(self, voice_id: str, account: str | None) -> None:
        del self.custom[self.custom_voice(voice_id, account).id]

    def dictionaries(self, account: str | None, language: str | None = None) -> Sequence[Dictionary]:
        found = [one for one in self.written.values() if one.owner in (None, account)]
        return [one for one in found if language is None or one.language in (None, language)]

    def dictionary(self, dictionary_id: str, account: str | None) -> Dictionary:
        found = next((one for one in self.dictionaries(account) if one.id == dictionary_id), None)
        if found is None:
            raise NotFoundError(f"there is no dictionary {dictionary_id!r}", param="dictionary_id")
        return found

    async def create_dictionary(
        self,
        *,
        name: str,
        language: str | None,
        description: str,
        entries: Sequence[Entry],
        account: str | None,
    ) -> Dictionary:
        made = Dictionary(
            id=f"d{len(self.written)}",
            name=name,
            language=language,
            description=description,
            entries=tuple(entries),
            owner=account,
            created_at=NOW,
            updated_at=NOW,
        )
        self.written[made.id] = made
        return made

    async def update_dictionary(self, dictionary_id: str, account: str | None, **changes: Any) -> Dictionary:
        made = msgspec.structs.replace(self.dictionary(dictionary_id, account), **changes)
        self.written[dictionary_id] = made
        return made

    async def delete_dictionary(self, dictionary_id: str, account: str | None) -> None:
        del self.written[self.dictionary(dictionary_id, account).id]

    def all_keys(self) -> Sequence[Key]:
        return [KEY]

    async def create_key(
        self, name: str, scopes: Sequence[Scope], expires_at: float | None, limits: KeyLimits
    ) -> IssuedKey:
        raise NotFoundError("no keys are made on this desk")

    async def revoke_key(self, key_id: str) -> Key:
        raise NotFoundError("no keys are made on this desk")

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
        made = Key(
            id=f"t{len(self.issued)}",
            name="temporary",
            prefix="vv_tmp_",
            scopes=(scope,),
            created_at=NOW,
            expires_at=NOW + ttl_s,
            temporary=True,
            parent_id=parent.id if parent else None,
            single_use=single_use,
            max_session_s=max_session_s,
            client_reference_id=client_reference_id,
        )
        self.issued.append(made)
        return IssuedKey(made, f"vv_tmp_{made.id}")

    def characters_this_month(self, account: str | None) -> int:
        return self.characters

    def character_allowance(self, account: str | None) -> int | None:
        return self.allowance

    def live_streams(self, account: str | None) -> int:
        return 0

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
        return UsagePage((), None)

    async def usage_totals(
        self,
        start_at: float,
        stop_at: float,
        *,
        account: str | None,
        bucket: Literal["hour", "day"] | None = None,
        by: Sequence[UsageField] = (),
    ) -> Sequence[UsageTotal]:
        self.asked.append((start_at, stop_at, account, bucket, tuple(by)))
        return self.totals

    async def duration_s(self, request: Open, text: str, key: Key | None) -> float:
        self.asked.append((request, text))
        return len(text) / 10


def ask(
    services: Sequence[Service],
    method: str,
    path: str,
    desk: PaperDesk,
    *,
    query: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    fields: Mapping[str, str] | None = None,
    files: Mapping[str, Upload] | None = None,
    key: Key | None = KEY,
) -> Answer:
    """The answer of whichever service has this method and path, refusals included, found as the server finds it."""
    service, parameters = _find(services, method, path)
    call = Call(
        method=method,
        path=parameters,
        query=query,
        headers={},
        body=body,
        fields=fields or {},
        files=files or {},
        key=key,
        now=NOW,
    )
    try:
        return asyncio.run(_handled(service, call, desk))
    except VivavoceError as error:
        return service.refuse(error)


async def _handled(service: Service, call: Call, desk: PaperDesk) -> Answer:
    return await service.handler(call, desk)


def _find(services: Sequence[Service], method: str, path: str) -> tuple[Service, dict[str, str]]:
    steps = path.strip("/").split("/")
    for service in services:
        pattern = service.path.strip("/").split("/")
        pairs = list(zip(pattern, steps, strict=False))
        fits = all(one.startswith("{") or one == step for one, step in pairs)
        if service.method == method and len(pattern) == len(steps) and fits:
            return service, {one[1:-1]: step for one, step in pairs if one.startswith("{")}
    raise AssertionError(f"no service for {method} {path}")
