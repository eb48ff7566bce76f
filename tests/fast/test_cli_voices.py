"""Which voices are listed, and which are the ones that speak by default."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from stage import VOICE
from vivavoce.cli.installed import count_languages, default_voice
from vivavoce.cli.voices import as_object, default_ids, select
from vivavoce.cli.voices_adding import _speaks
from vivavoce.errors import OutOfRangeError, UnknownLanguageError
from vivavoce.speech import VoiceInfo
from vivavoce.voices.catalogue import Catalogue
from vivavoce.voices.hub import Entry, Language

pytestmark = pytest.mark.fast


def voice(id: str, engine: str, *languages: str, rank: int = 100) -> VoiceInfo:
    return structs.replace(VOICE, id=id, engine=engine, language=languages[0], languages=languages, rank=rank)


ANN, BOB = voice("ann", "brass", "fr-FR", "en-US"), voice("bob", "brass", "en-US", rank=50)
CID, DOT = voice("cid", "steam", "en-GB"), voice("dot", "steam", "en-US", rank=1)
KNOWN = Catalogue([ANN, BOB, CID, DOT])


def test_voices_are_chosen_by_language_and_engine() -> None:
    assert set(select(KNOWN, None, None)) == {ANN, BOB, CID, DOT}
    assert set(select(KNOWN, "fr", None)) == {ANN}
    assert set(select(KNOWN, None, "steam")) == {CID, DOT}
    assert set(select(KNOWN, "en", "brass")) == {ANN, BOB}


def test_an_unknown_engine_or_language_says_what_was_expected() -> None:
    with pytest.raises(OutOfRangeError, match="unknown engine 'wood'; expected one of brass, steam"):
        select(KNOWN, None, "wood")
    with pytest.raises(UnknownLanguageError, match="no voice speaks 'sv'"):
        select(KNOWN, "sv", None)
    with pytest.raises(UnknownLanguageError, match="'fr'"):
        select(KNOWN, "fr", "steam")


def test_defaults_are_those_the_server_would_choose() -> None:
    assert default_ids(KNOWN, select(KNOWN, None, None)) == {"ann", "cid", "dot"}
    assert default_voice(KNOWN, "en-US") == DOT
    assert default_voice(KNOWN, "sv") is None


def test_regions_are_one_language() -> None:
    assert count_languages([ANN, BOB, CID]) == 2


def test_json_holds_every_field() -> None:
    told = json.loads(json.dumps(as_object(DOT, True)))
    assert told["default"] is True
    assert told["capabilities"] == ["phonemes", "words"]
    assert told.keys() == {*VoiceInfo.__struct_fields__, "default"}


@pytest.mark.parametrize(
    ("lang", "speaks"), [("nb", True), ("no", True), ("NO-no", True), ("no_SE", False), ("n", False)]
)
def test_what_can_be_added_is_found_by_any_code_of_its_language(lang: str, speaks: bool) -> None:
    entry = Entry(key="no_NO-talesyntese-medium", language=Language("no_NO"))
    assert _speaks(entry, lang) == speaks
