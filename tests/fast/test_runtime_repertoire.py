"""What voices there are, and which may be used."""

from __future__ import annotations

import pytest
from msgspec import structs

from stage import VOICE
from vivavoce.errors import UnknownVoiceError, VoiceQuarantinedError
from vivavoce.runtime.quarantine import Quarantine
from vivavoce.runtime.repertoire import Repertoire

pytestmark = pytest.mark.fast

OTHER = structs.replace(VOICE, id="other", engine="another")


def test_voices_are_those_that_workers_have_told() -> None:
    repertoire = Repertoire(Quarantine(1))
    with pytest.raises(UnknownVoiceError):
        repertoire.check(VOICE)
    repertoire.add([VOICE], {"anna": "female"})
    repertoire.add([structs.replace(VOICE, name="again"), OTHER], {"bert": "male"})
    assert repertoire.voices == [VOICE, OTHER]
    assert repertoire.speakers == {"anna": "female", "bert": "male"}
    repertoire.check(OTHER)


def test_a_voice_in_quarantine_is_neither_offered_nor_used() -> None:
    quarantine = Quarantine(1)
    repertoire = Repertoire(quarantine)
    repertoire.add([VOICE, OTHER], {})
    quarantine.blame([VOICE.id])
    assert repertoire.voices == [OTHER]
    assert list(repertoire.ids) == [VOICE.id, OTHER.id]
    with pytest.raises(VoiceQuarantinedError):
        repertoire.check(VOICE)


def test_after_another_look_there_is_what_was_seen_and_the_rest_may_still_end() -> None:
    repertoire = Repertoire(Quarantine(1))
    repertoire.add([VOICE, OTHER], {"anna": "female"})
    repertoire.replace([OTHER])
    assert repertoire.voices == [OTHER]
    assert repertoire.speakers == {"anna": "female"}
    repertoire.check(VOICE)
