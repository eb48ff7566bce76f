"""The table of wires and what each can do, for the README and ``docs/reference/dialects.md``. See ``pages``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from vivavoce.dialects.features import KeyPlace, Resuming
from vivavoce.dialects.gradium import errors as gradium
from vivavoce.dialects.native import errors as native
from vivavoce.dialects.soniox import errors as soniox
from vivavoce.dialects.suonora import errors as suonora
from vivavoce.dialects.supertone import errors as supertone
from vivavoce.server.table import NATIVE, WIRES, Wire
from vivavoce.settings import Settings

REFERENCE: Final = Path(__file__).parents[1] / "docs" / "reference"
NATIVE_PATHS: Final = {"socket": ["/v1/speech/stream"], "speech": ["/v1/speech"]}
ALL: Final = (NATIVE, *WIRES)
KEY_PLACES: Final[Mapping[KeyPlace, str]] = {
    "bearer": "`Authorization: Bearer`",
    "api-key": "`Authorization: Api-Key`",
    "x-api-key": "`X-Api-Key`",
    "x-sup-api-key": "`x-sup-api-key`",
    "token": "`?token=`",
    "subprotocol": "subprotocol",
    "message": "first message",
}
REFUSALS: Final = {
    "no key": "key_missing",
    "no key of this server": "unauthorized",
    "expired": "key_expired",
    "revoked": "key_revoked",
    "for one use, and used": "key_used",
    "its session is over": "session_expired",
    "not for this": "permission_denied",
    "no characters left this month": "quota_exceeded",
    "too many requests in a minute": "rate_limited",
    "too many streams at once": "concurrency_limit",
}
RESUMES: Final[Mapping[Resuming, str]] = {
    "download": "a request sent again",
    "range": "a request with `Range`",
    "session": "a session outlives its socket",
}


def readme() -> list[list[str]]:
    """What helps to choose: a row a feature, a column a wire."""
    return _rows(SHORT, "reference/", "docs/reference/")


def reference() -> list[list[str]]:
    """Everything."""
    return _rows(FULL, "reference/", "")


def sockets(wire: Wire) -> Sequence[str]:
    return NATIVE_PATHS["socket"] if wire is NATIVE else list(wire.sockets)


def speech(wire: Wire) -> Sequence[str]:
    return NATIVE_PATHS["speech"] if wire is NATIVE else list(wire.speech(Settings()))


def plain(wire: Wire) -> Sequence[str]:
    """Its plain requests, each path once even where it is served at two bases."""
    services = {(one.method, one.path.removeprefix("/api/").strip("/")) for one in wire.services(Settings())}
    return sorted(f"{method} {path}" for method, path in services)


def _rows(rows: Mapping[str, Callable[[Wire], str]], old: str, new: str) -> list[list[str]]:
    head = ["", *(wire.name.capitalize() for wire in ALL)]
    found = [[label, *(cell(wire) for wire in ALL)] for label, cell in rows.items()]
    return [head, *([one.replace(old, new) for one in row] for row in found)]


def _code(name: str) -> str:
    return f"`{name}`" if name else "–"


def _codes(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def _streams(wire: Wire) -> str:
    if not sockets(wire):
        return "–"
    bound = wire.features.streams_a_socket
    return "as many as the server allows" if bound is None else f"up to {bound}"


def _voices(wire: Wire) -> str:
    genders = [alias.gender for alias in wire.voices.values()]
    counts = ((f"{genders.count(one)} {one}", genders.count(one)) for one in ("female", "male", "neutral"))
    return (
        f"{len(genders)} ({', '.join(said for said, n in counts if n)})" if genders else "installed ones only"
    )


def _page(wire: Wire) -> str:
    assert (REFERENCE / f"{wire.name}.md").exists(), wire.name
    return f"[{wire.name}](reference/{wire.name}.md)"


def places() -> list[list[str]]:
    """Where each wire looks for a key."""
    head = ["wire", "the key", "short-lived keys"]
    return [
        head,
        *([wire.name.capitalize(), FULL["the key"](wire), FULL["short-lived keys"](wire)] for wire in ALL),
    ]


def uploads() -> list[list[str]]:
    """Which call of each wire makes a voice from a recording."""
    wires = [wire for wire in ALL if wire.features.uploads]
    return [
        ["wire", "call"],
        *([wire.name.capitalize(), f"`POST {wire.features.uploads}`"] for wire in wires),
    ]


def refusals() -> list[list[str]]:
    """What each wire says when a key does not do. Gradium: the status, and the code of its socket."""
    rows = []
    for meaning, code in REFUSALS.items():
        answer = (
            str(native.HTTP_STATUS[code]),
            str(soniox.TABLE[code].status),
            f"{gradium.HTTP_STATUS[code]}, {gradium.CLOSE_CODE[code]}",
            str(supertone.STATUS[code]),
            str(suonora.STATUS[code]),
        )
        rows.append([meaning, f"`{code}`", *answer])
    return [["", "code", *(wire.name.capitalize() for wire in ALL)], *rows]


FULL: Final[Mapping[str, Callable[[Wire], str]]] = {
    "described in": _page,
    "prefix": lambda wire: "–" if wire is NATIVE else f"`/{wire.name}`",
    "text as it is written": lambda wire: _codes(sockets(wire)),
    "streams on one socket": _streams,
    "a whole text": lambda wire: _codes(speech(wire)),
    "other requests": lambda wire: str(len(plain(wire))),
    "audio formats": lambda wire: _codes(wire.features.formats),
    "times of": lambda wire: ", ".join(f"{mark}s" for mark in wire.features.marks) or "–",
    "a request sets": lambda wire: ", ".join(wire.features.means),
    "voice names that its clients know": _voices,
    "a voice matched to a recording": lambda wire: _code(wire.features.uploads),
    "pronunciation dictionary": lambda wire: (
        _code(wire.features.dictionary) if wire.features.dictionary else "the server's own"
    ),
    "rewrite rules": lambda wire: _code(wire.features.rewrite),
    "the key": lambda wire: ", ".join(KEY_PLACES[place] for place in wire.features.keys),
    "short-lived keys": lambda wire: _code(wire.features.temporary_keys),
    "pages of other origins": lambda wire: "yes" if wire.browsers else "no",
    "goes on after a break": lambda wire: ", ".join(RESUMES[one] for one in wire.features.resumes) or "no",
}
SHORT: Final = {
    label: FULL[label]
    for label in (
        "described in",
        "prefix",
        "text as it is written",
        "streams on one socket",
        "a whole text",
        "times of",
        "a request sets",
        "voice names that its clients know",
        "a voice matched to a recording",
        "pronunciation dictionary",
        "short-lived keys",
        "goes on after a break",
    )
} | {"audio formats": lambda wire: str(len(wire.features.formats))}
