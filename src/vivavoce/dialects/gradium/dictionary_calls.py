"""``pronunciations/``: dictionaries that a request names with ``pronunciation_id``."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from vivavoce.dialects.desk import Answer, Call, Desk
from vivavoce.dialects.gradium import reading
from vivavoce.dialects.gradium.calls import answer, moment, nothing, number, organisation
from vivavoce.errors import NotFoundError, quoted
from vivavoce.records import Dictionary
from vivavoce.text.pronounce import Entry

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
MOST: Final = 1 << 31


class Rule(Struct, kw_only=True):
    """One word or phrase, and what is said for it."""

    original: str
    rewrite: str
    case_sensitive: bool | None = None


class NewDictionary(Struct, kw_only=True):
    """The body of ``POST pronunciations/``."""

    name: str
    language: str
    rules: list[Rule]
    description: str | None = None


class DictionaryChanges(Struct, kw_only=True):
    """The body of ``PUT pronunciations/{uid}``; what is absent or null stays, ``rules`` replace all."""

    name: str | None = None
    language: str | None = None
    description: str | UnsetType | None = UNSET
    rules: list[Rule] | None = None


async def list_dictionaries(call: Call, desk: Desk) -> Answer:
    """``GET pronunciations/``: newest first is not promised; they come oldest first."""
    limit = number(call, "limit", DEFAULT_LIMIT, MAX_LIMIT)
    offset = number(call, "offset", 0, MOST)
    language = dict(call.query).get("language") or None
    found = [
        one
        for one in desk.dictionaries(call.account)
        if language is None or (one.language or "").lower() == language.lower()
    ]
    rows = [_row(one) for one in found[offset : offset + limit]]
    return answer({"dictionaries": rows, "total": len(found)})


async def get_dictionary(call: Call, desk: Desk) -> Answer:
    """``GET pronunciations/{uid}``."""
    return answer(_row(_named(call, desk)))


async def create_dictionary(call: Call, desk: Desk) -> Answer:
    """``POST pronunciations/``."""
    said = reading.body(call.body, NewDictionary)
    made = await desk.create_dictionary(
        name=said.name,
        language=said.language or None,
        description=said.description or "",
        entries=_entries(said.rules),
        account=call.account,
    )
    return answer(_row(made), 201)


async def update_dictionary(call: Call, desk: Desk) -> Answer:
    """``PUT pronunciations/{uid}``."""
    one = _named(call, desk)
    said = reading.body(call.body, DictionaryChanges)
    changes: dict[str, Any] = {}
    if said.name is not None:
        changes["name"] = said.name
    if said.language is not None:
        changes["language"] = said.language or None
    if said.description is not UNSET:
        changes["description"] = said.description or ""
    if said.rules is not None:
        changes["entries"] = _entries(said.rules)
    if changes:
        one = await desk.update_dictionary(one.id, call.account, **changes)
    return answer(_row(one))


async def delete_dictionary(call: Call, desk: Desk) -> Answer:
    """``DELETE pronunciations/{uid}``."""
    await desk.delete_dictionary(_named(call, desk).id, call.account)
    return nothing()


def _named(call: Call, desk: Desk) -> Dictionary:
    uid = call.path["uid"]
    try:
        return desk.dictionary(uid, call.account)
    except NotFoundError:
        raise NotFoundError(
            f"Pronunciation dictionary {quoted(uid)[1:-1]} not found.", param="path.uid"
        ) from None


def _entries(rules: list[Rule]) -> tuple[Entry, ...]:
    return tuple(Entry(rule.original, rule.rewrite, bool(rule.case_sensitive)) for rule in rules)


def _row(one: Dictionary) -> dict[str, Any]:
    return {
        "uid": one.id,
        "name": one.name,
        "description": one.description,
        "language": one.language or "",
        "org_uid": organisation(one.owner),
        "created_at": moment(one.created_at),
        "rules": [
            {
                "id": number,
                "original": entry.original,
                "rewrite": entry.rewrite,
                "case_sensitive": entry.case_sensitive,
            }
            for number, entry in enumerate(one.entries, 1)
        ],
    }
