"""Who is cast for a name, where the settings let unknown ones fall back."""

from __future__ import annotations

import pytest

from paper_desk import voice
from vivavoce.errors import OutOfRangeError, UnknownLanguageError, UnknownVoiceError
from vivavoce.runtime.studio import Studio
from vivavoce.settings import Settings, load
from vivavoce.voices.casting import Persona
from vivavoce.voices.catalogue import Catalogue

pytestmark = pytest.mark.fast


def studio(unknown_voice: str = "refuse") -> Studio:
    """A studio whose workers never start, with a voice for English and one for French."""
    settings = Settings(unknown_voice=unknown_voice)
    made = Studio(settings, personas={"emma": Persona(gender="female")})
    made.catalogue = Catalogue([voice("ann", "en-US"), voice("siwis", "fr-FR")])
    return made


@pytest.mark.parametrize("name", ["nobody", "b35yykvVppLXyw_l", "ann+nobody", " "])
def test_an_unknown_name_is_refused_unless_the_settings_say_otherwise(name: str) -> None:
    with pytest.raises(UnknownVoiceError):
        studio().cast(name)
    lenient = studio(unknown_voice="default")
    assert lenient.voice(name).id == "ann"
    assert lenient.voice(name, "fr-CA").id == "siwis"


def test_names_that_are_known_mean_what_they_meant() -> None:
    lenient = studio(unknown_voice="default")
    assert lenient.voice("siwis").id == "siwis"
    assert lenient.voice("fr").id == "siwis"
    assert lenient.voice("Emma", "fr-FR").id == "siwis"


def test_a_language_that_nobody_speaks_is_refused_all_the_same() -> None:
    for name in ("ann", "nobody", ""):
        with pytest.raises(UnknownLanguageError):
            studio(unknown_voice="default").cast(name, "tlh")


def test_another_word_for_it_is_no_setting() -> None:
    with pytest.raises(OutOfRangeError, match="VIVAVOCE_UNKNOWN_VOICE: expected refuse or default, got 'x'"):
        load({"VIVAVOCE_UNKNOWN_VOICE": "x"})
