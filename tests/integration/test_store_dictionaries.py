"""Pronunciation dictionaries on real databases."""

from __future__ import annotations

import pytest

from databases import HandClock, in_loop
from vivavoce.errors import MissingFieldError, NotFoundError, OutOfRangeError
from vivavoce.settings import Settings
from vivavoce.store.dictionaries import MAX_ENTRIES
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Entry
from vivavoce.text.spans import SpannedText

pytestmark = pytest.mark.integration

SQL = Entry("SQL", "sequel", case_sensitive=True)
EVA = Entry("Éva 🙂", "")


def spoken(store: Store, dictionary_id: str, text: str) -> str:
    return store.dictionaries.compiled(dictionary_id).apply(SpannedText.verbatim(text, 0)).text


@in_loop
async def test_made_changed_and_deleted(store_settings: Settings) -> None:
    clock = HandClock()
    async with await Store.open(store_settings, clock) as store:
        made = await store.dictionaries.create("acronyms", [SQL, EVA], language="en", owner="key_1")
        assert store.dictionaries.get(made.id) == made
        assert made.entries == (SQL, EVA)
        assert spoken(store, made.id, "my SQL") == "my sequel"
        clock.now += 1
        changed = await store.dictionaries.update(made.id, entries=(Entry("SQL", "ess"),), description="x")
        assert changed == store.dictionaries.get(made.id)
        assert (changed.name, changed.description, changed.updated_at) == ("acronyms", "x", clock.now)
        assert spoken(store, made.id, "my SQL") == "my ess"
    async with await Store.open(store_settings, clock) as store:
        assert store.dictionaries.all() == (changed,)
        assert spoken(store, made.id, "my SQL") == "my ess"
        await store.dictionaries.delete(made.id)
        assert store.dictionaries.all() == ()
        for ask in (store.dictionaries.get, store.dictionaries.compiled):
            with pytest.raises(NotFoundError):
                ask(made.id)
        with pytest.raises(NotFoundError):
            await store.dictionaries.delete(made.id)
        with pytest.raises(NotFoundError):
            await store.dictionaries.update(made.id, name="x")


@in_loop
async def test_whose_and_for_which_language(store_settings: Settings) -> None:
    clock = HandClock()
    async with await Store.open(store_settings, clock) as store:
        made = []
        for owner, language in ((None, "en"), ("a", "fr"), ("b", "en")):
            made.append(await store.dictionaries.create("d", [SQL], owner=owner, language=language))
            clock.now += 1
        assert store.dictionaries.all() == tuple(made)
        assert store.dictionaries.all(owner="a") == (made[0], made[1])
        assert store.dictionaries.all(language="en") == (made[0], made[2])
        assert store.dictionaries.all(owner="b", language="fr") == ()


@in_loop
async def test_what_no_dictionary_can_be(store_settings: Settings) -> None:
    async with await Store.open(store_settings) as store:
        made = await store.dictionaries.create("d", [])
        with pytest.raises(MissingFieldError, match="name"):
            await store.dictionaries.create("", [SQL])
        with pytest.raises(MissingFieldError, match="original"):
            await store.dictionaries.create("d", [Entry(" ", "x")])
        with pytest.raises(OutOfRangeError, match="rewrite"):
            await store.dictionaries.update(made.id, entries=(Entry("x", "\0"),))
        with pytest.raises(OutOfRangeError, match="at most 10000"):
            await store.dictionaries.create("d", [SQL] * (MAX_ENTRIES + 1))
        assert store.dictionaries.all() == (made,)


@in_loop
async def test_changes_elsewhere_come_with_refresh(store_settings: Settings) -> None:
    clock = HandClock()
    async with (
        await Store.open(store_settings, clock) as server,
        await Store.open(store_settings, clock) as elsewhere,
    ):
        made = await elsewhere.dictionaries.create("d", [SQL])
        await server.refresh()
        assert spoken(server, made.id, "SQL") == "sequel"
        clock.now += 1
        await elsewhere.dictionaries.update(made.id, entries=(Entry("SQL", "ess"),))
        await server.refresh()
        assert spoken(server, made.id, "SQL") == "ess"
        await elsewhere.dictionaries.delete(made.id)
        with pytest.raises(NotFoundError):
            await server.dictionaries.update(made.id, name="late")
        await server.refresh()
        assert server.dictionaries.all() == ()
