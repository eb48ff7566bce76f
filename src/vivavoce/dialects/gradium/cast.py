"""The voices that Gradium's clients know: the catalogue's flagship voices, earlier and present ones, among which are
the ids that are written into shipped clients (Pipecat's default is Russell, LiveKit's were Harper and Everly).

Names, ids, countries and genders are those of the voice library of docs.gradium.ai, as its pages and its clients have
them, read 2026-11-21. Here an installed voice of that gender speaks for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from vivavoce.dialects.contract import VoiceAlias
from vivavoce.speech import Gender

DRAFT_PREFIX: Final = "vox_emb_"
"""How the ids of the designer's drafts begin."""


class CatalogVoice(Struct, frozen=True):
    """One voice of the vendor's catalogue."""

    uid: str
    name: str
    language: str
    """BCP 47 tag."""
    gender: Gender

    @property
    def description(self) -> str:
        return (
            f"{self.name}, {self.gender}, {self.language}; spoken by an installed voice, not by the vendor's."
        )


_FLAGSHIPS: Final[Mapping[tuple[str, Gender], str]] = {
    ("en-US", "female"): "Zoey NbpkqMVS3CJeq2j8 Skyler cLONiZ4hQ8VpQ4Sz Riley 7aEKz4P1ogZ0UsRP "
    "Quinn vtG8ddh4IN32Otad Harper 4SZHfMpw-p46Ywgs",
    ("en-US", "male"): "Sterling 6MFfc37kq0sBjBjy Russell _6Aslh2DxfmnRLmP Marcus r2sIQdqqoqgRJuXw "
    "Garrett POBHtemksfWQbng0 Damon KUpE0JVhjiIzp1Fk",
    ("en-GB", "female"): "Tilly 4rdlkbxRv4m3UQTW Pippa uem82D50GRv2Dwma Maeve 6PWnV0Nq4wu7RVBT "
    "Imogen gDT1nz7Ie36ZhL-C",
    ("en-GB", "male"): "Toby dME3IWyZBvmh1n1q Reuben CF0NgaMwHMMrHZn0 Freddie s_k3kLBbgeK9-xUg "
    "Archie kfzLbcdE_yXgLeUI",
    ("fr-FR", "female"): "Romane jBULVCDhf05tOJN5 Margaux J8c9KBRYAGGYwjns Garance 3hQIj8JOo7bU31Jw "
    "Capucine P4GqVY98hjQSvkiu Apolline 6oIkS98REoVZ1dEw",
    ("fr-FR", "male"): "Marius biuhvu17TxVKOcyy Jules YKeBw3OV1RgpdhLh Gaspard iEu63s1rhn_kegTr "
    "Damien 25AzBFyp6svYnJsj Augustin Tek4tJXiX6_yvXq7",
    ("fr-CA", "female"): "Roxane mmLFHtCjt_6jw0vT Frederique sX0PcxM_Ie2ctBGH Maude sBLwTd5womVX8JOw",
    ("de-DE", "female"): "Svenja SqFfhmAgR2XdN83R Ronja 6XwZeudK_gn719g5 Mila nMNZ0sOWZVbKyjaI "
    "Marlene yHyu3PRfSmmiL2a4 Annika p6Uutkyi3j2iNAUu",
    ("de-DE", "male"): "Mats Kf5m22mROozoMWj3 Leon 20zdyYrQPzKlCwkk Henrik yyS1KYWs6mXoEw7D "
    "Erik lbpBQTVCOcOHJ5zS Anton 3ZKKapPOvuWFcw9f",
    ("de-AT", "female"): "Sophie TXbEUrHXNFlYBBKb",
    ("de-AT", "male"): "Stefan Xtp0vUDvtAfi1xkH Maxi BPHlOW9jPs79KtW4",
    ("es-ES", "female"): "Vega m3lIeODdTQ3bOh4z Paula hP6WA-7ybEGApJ68 Lucia A3UKMLXQUzknYpQa "
    "Aitana 9UogMEa01dHR9Xbc",
    ("es-ES", "male"): "Mateo sVLgzKMqaptUdaY8 Marcos jvPx8j8zLGQ3utZz Iker t-_TS1e-0GzDAX02 "
    "Alvaro ZeL1KGaZ4BZ2w0Np",
    ("es-MX", "female"): "Camila 4NLtOv1m0azv9rGL Ximena VDwnGxAo68C8U8vC Regina s58clrg2fe0MO7Y-",
    ("es-MX", "male"): "Santiago yHToO6ssaQHz5kIP Diego n7vovxcDTVG4gClo Emiliano tWll9uiMafMXfOGw",
    ("pt-BR", "female"): "Yara YnWEONxJy7ptGhfb Manuela fd7e1fLVAAJzzs8P Larissa DUFZMTh4n-53Ly9O "
    "Helena ycGyxoEy9wLaX11R Bianca uCqxlQCKi8sPHwG2",
    ("pt-BR", "male"): "Mateus AByHrwi1S-yLzW-s Davi NuUr_x5V90hSHzCJ Caio Qit9Oc9fEO9yXsVw",
}
"""The present flagship voices: names and ids by language and gender."""


def _flagships() -> Iterator[CatalogVoice]:
    for (language, gender), text in _FLAGSHIPS.items():
        words = text.split()
        for name, uid in zip(words[::2], words[1::2], strict=True):
            yield CatalogVoice(uid, name, language, gender)


CATALOG: Final = (
    CatalogVoice("YTpq7expH9539ERJ", "Emma", "en-US", "female"),
    CatalogVoice("LFZvm12tW_z0xfGo", "Kent", "en-US", "male"),
    CatalogVoice("jtEKaLYNn6iif5PR", "Sydney", "en-US", "female"),
    CatalogVoice("KWJiFWu2O9nMPYcR", "John", "en-US", "male"),
    CatalogVoice("Eu9iL_CYe8N-Gkx_", "Tiffany", "en-US", "female"),
    CatalogVoice("2H4HY2CBNyJHBCrP", "Christina", "en-US", "female"),
    CatalogVoice("3jUdJyOi9pgbxBTK", "Arthur", "en-US", "male"),
    CatalogVoice("vjFyp2BcCyTlUmYb", "Everly", "en-US", "female"),
    CatalogVoice("ubuXFxVQwVYnZQhy", "Eva", "en-GB", "female"),
    CatalogVoice("m86j6D7UZpGzHsNu", "Jack", "en-GB", "male"),
    CatalogVoice("b35yykvVppLXyw_l", "Elise", "fr-FR", "female"),
    CatalogVoice("axlOaUiFyOZhy4nv", "Leo", "fr-FR", "male"),
    CatalogVoice("-uP9MuGtBqAvEyxI", "Mia", "de-DE", "female"),
    CatalogVoice("0y1VZjPabOBU3rWy", "Maximilian", "de-DE", "male"),
    CatalogVoice("B36pbz5_UoWn4BDl", "Valentina", "es-MX", "female"),
    CatalogVoice("xu7iJ_fn2ElcWp2s", "Sergio", "es-ES", "male"),
    CatalogVoice("pYcGZz9VOo4n2ynh", "Alice", "pt-BR", "female"),
    CatalogVoice("M-FvVo9c-jGR4PgP", "Davi", "pt-BR", "male"),
    *_flagships(),
)

DEFAULT: Final = VoiceAlias(gender="neutral", language="en-US", description="The best installed voice.")


VOICES: Final[Mapping[str, VoiceAlias]] = {
    "default": DEFAULT,
    **{
        voice.uid: VoiceAlias(gender=voice.gender, language=voice.language, description=voice.description)
        for voice in CATALOG
    },
}
"""By id."""

NAMES: Final[Mapping[str, str]] = {voice.name.lower(): voice.uid for voice in CATALOG}
"""Ids by lower-case name; where two voices have one name, the present one's. Names are this wire's own: other vendors
have an Emma too."""
