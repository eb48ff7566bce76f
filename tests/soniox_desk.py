"""Soniox's management calls in the hands of a test: a desk of paper, and its answers decoded."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from paper_desk import KEY, NOW, PaperDesk, ask
from vivavoce.dialects.desk import Upload
from vivavoce.dialects.soniox import SERVICES
from vivavoce.records import CustomVoice, IssuedKey, Key, Sample, Scope, UsagePage, UsageRow, VoiceDraft


class Desk(PaperDesk):
    """A desk that has keys and usage as well."""

    def __init__(self) -> None:
        super().__init__()
        self.key_wanted: dict[str, Any] = {}
        self.rows: list[UsageRow] = []

    async def create_voice(self, draft: VoiceDraft, sample: Upload | None) -> CustomVoice:
        made = await super().create_voice(draft, sample)
        assert sample is not None
        stored = Sample(path="x", filename=sample.filename, sha256="", size_bytes=len(sample.data))
        self.custom[made.id] = msgspec.structs.replace(made, sample=stored)
        return self.custom[made.id]

    async def temporary_key(self, parent: Key | None, *, ttl_s: float, **fields: Any) -> IssuedKey:
        self.key_wanted = {"parent": parent, "ttl_s": ttl_s, **fields}
        scopes: tuple[Scope, ...] = ("speech",)
        key = Key(id="t", name="", prefix="vvt_", scopes=scopes, created_at=NOW, expires_at=NOW + ttl_s)
        return IssuedKey(key, "vvt_secret")

    def live_streams(self, account: str | None) -> int:
        return 3

    async def usage_page(self, start_at: float, stop_at: float, **fields: Any) -> UsagePage:
        self.asked.append((start_at, stop_at, fields))
        return UsagePage(tuple(self.rows), None if fields["cursor"] else "next")


def get(path: str, desk: Desk | None = None, *, key: Key | None = KEY, **query: str) -> tuple[int, Any]:
    """Status and decoded body."""
    answer = ask(SERVICES, "GET", path, desk or Desk(), query=list(query.items()), key=key)
    return answer.status, json.loads(answer.body)


def post(path: str, desk: Desk, members: Any = None, **more: Any) -> tuple[int, Any]:
    """Status and decoded body."""
    body = b"" if members is None else json.dumps(members).encode()
    answer = ask(SERVICES, "POST", path, desk, body=body, **more)
    return answer.status, json.loads(answer.body)
