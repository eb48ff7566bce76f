"""The voices that Gradium's clients know: the catalogue's flagship voices, and ids that are written into shipped
clients.

Names, ids, countries and genders are those of the voice library of docs.gradium.ai, the others those of the client
that has them (Pipecat, LiveKit), read 2026-11-21. Here an installed voice of that gender speaks for each.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    # Pipecat's default, whose name is nowhere told.
    CatalogVoice("_6Aslh2DxfmnRLmP", "Pipecat", "en-US", "neutral"),
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
"""Ids by lower-case name. Names are this wire's own: other vendors have an Emma too."""
