"""Speech whose download can be taken up again: a resend of the same request goes on from what was already made.

A request is the same when the same key asks the same path for the same speech in the same form, however its JSON is
written. ``Range: bytes=n-`` skips what the client has: 206, with :data:`NO_END` as its last byte while nobody knows
the end. When nothing is kept any more, the answer is the whole one, 200, as for any server that does not know ranges.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from vivavoce.dialects.contract import Exchange, HttpDialect, Reading
from vivavoce.errors import VivavoceError
from vivavoce.records import Key
from vivavoce.server.auth import Credential, native_credential
from vivavoce.server.house import House
from vivavoce.server.http import (
    ClientLeftError,
    Requester,
    SpeechEndpoint,
    patient,
    refuse,
    request_id_of,
    respond,
    start,
    timing,
    until_gone,
    whole,
)
from vivavoce.server.replay import Playback, Replays
from vivavoce.server.speaking import Speaking
from vivavoce.speech import Audio, Event

NO_END: Final = (1 << 53) - 1
"""The last byte of a range whose end is not known. RFC 9110 (14.4) wants a number there, and RFC 8673 takes a very
large one where a body still grows. This is the largest that JavaScript counts exactly."""
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-", re.ASCII)


class ResumingEndpoint:
    """The ASGI application of one speech path; like :class:`SpeechEndpoint`, but nothing is lost with a connection."""

    def __init__(
        self,
        house: House,
        dialect: HttpDialect,
        name: str,
        replays: Replays,
        credential: Credential = native_credential,
    ) -> None:
        self.name = name
        self._speech = SpeechEndpoint(house, dialect, name, credential)
        self._house = house
        self._dialect = dialect
        self._replays = replays

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._dialect(scope.get("path_params", {}))
        request_id = request_id_of(scope)
        with self._house.serving(Requester(asyncio.current_task())):
            try:
                key = await self._speech.admit(scope)
                reading = await self._speech.read(exchange, scope, receive)
                playback = self._playback(reading, exchange, key, scope, request_id)
            except ClientLeftError:
                return
            except VivavoceError as error:
                await refuse(send, exchange, error, request_id)
                return
            try:
                limit = self._house.settings.max_complete_bytes if reading.complete else None
                listener = patient(send, self._house.settings.idle_timeout_s)
                answer = _Answer(playback, exchange, request_id, listener, limit)
                await until_gone(receive, answer.run())
            finally:
                playback.close()

    def _playback(
        self, reading: Reading, exchange: Exchange, key: Key | None, scope: Scope, request_id: str
    ) -> Playback:
        """A place on what is being made or was made already, or at the start of something new."""
        owner = key.account if key else ""
        media_type = exchange.headers(reading.open.format.rate_hz)["content-type"]
        name = fingerprint(scope["path"], media_type, reading)
        kept = self._replays.find(owner, name, range_start(Headers(scope=scope).get("range", "")))
        if kept is not None:
            return kept
        speaking = self._speech.begin(reading, key, request_id)
        return self._replays.record(owner, name, SpokenSource(exchange, reading, speaking))


class RangedEndpoint:
    """A speech path whose downloads can be taken up again by those who ask for it: a request with a ``Range`` header
    (``bytes=0-`` the first time) is kept, any other stops with its listener."""

    def __init__(self, plain: SpeechEndpoint, resuming: ResumingEndpoint) -> None:
        self.name = plain.name
        self._plain = plain
        self._resuming = resuming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._resuming if "range" in Headers(scope=scope) else self._plain
        await chosen(scope, receive, send)


class SpokenSource:
    """A stream as the source of a body; see :class:`~vivavoce.server.replay.Source`."""

    def __init__(self, exchange: Exchange, reading: Reading, speaking: Speaking) -> None:
        self._exchange = exchange
        self._rate_hz = reading.open.format.rate_hz
        self._speaking = speaking
        self._begun = False

    def headers(self) -> Mapping[str, str]:
        return {**self._exchange.headers(self._rate_hz), **timing(self._speaking)}

    async def next(self) -> bytes | None:
        """Nothing comes before the first audio, so that a failure until then has a status of its own."""
        events: list[Event] = []
        while not self._speaking.over:
            events.extend(await self._speaking.events())
            if not self._begun and not self._speaking.over and not any(isinstance(e, Audio) for e in events):
                continue
            if self._speaking.failure is not None and not self._begun:
                break
            self._begun = True
            body, events = self._exchange.render(events), []
            if body:
                return body
        if self._speaking.failure is not None:
            raise self._speaking.failure
        return None

    def close(self) -> None:
        self._speaking.close()


class _Answer:
    """The answer to one request, read off a tape."""

    def __init__(
        self, playback: Playback, exchange: Exchange, request_id: str, send: Send, limit: int | None
    ) -> None:
        """``limit``: the most bytes of an answer that is made whole before it is sent; ``None`` sends it as made."""
        self._playback = playback
        self._exchange = exchange
        self._request_id = request_id
        self._send = send
        self._limit = limit

    async def run(self) -> None:
        """Sends everything; returns without ending the body when the rest cannot be made."""
        try:
            piece = await (
                self._playback.next() if self._limit is None else whole(self._playback.next, self._limit)
            )
        except VivavoceError as error:
            await refuse(self._send, self._exchange, error, self._request_id)
            return
        tape, begun_at = self._playback.tape, self._playback.begun_at
        if not piece and begun_at > 0:
            headers = {"content-range": f"bytes */{tape.end}", "cache-control": "no-store"}
            await respond(self._send, 416, headers, b"", self._request_id)
            return
        headers = {**tape.source.headers(), "accept-ranges": "bytes"}
        if begun_at > 0:
            extent = f"{tape.end - 1}/{tape.end}" if tape.whole else f"{NO_END}/*"
            headers["content-range"] = f"bytes {begun_at}-{extent}"
        if self._limit is not None:
            headers["content-length"] = str(len(piece or b""))
        await start(self._send, 206 if begun_at > 0 else 200, headers, self._request_id)
        await self._body(piece if self._limit is None else piece or b"")

    async def _body(self, piece: bytes | None) -> None:
        while piece is not None:
            more = self._limit is None
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})
            if not more:
                return
            try:
                piece = await self._playback.next()
            except VivavoceError:
                return
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def range_start(header: str) -> int:
    """The offset that ``Range: bytes=n-`` asks for; any other range is not understood, which means from the start."""
    found = _RANGE.fullmatch(header.replace(" ", ""))
    return int(found[1]) if found else 0


def fingerprint(path: str, media_type: str, reading: Reading) -> bytes:
    """What two requests have in common when they ask for the same body."""
    asked = msgspec.json.encode((path, media_type, reading), order="deterministic")
    return hashlib.sha256(asked).digest()
