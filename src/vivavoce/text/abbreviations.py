"""Words that end in a period of their own, and what follows tells whether the sentence ends there too.

Lower case, without the last period. One table for all languages: a caller's text mixes them and its language is
often unknown. A word is left out when it is a common last word of a sentence in another language ("me", "ok").
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a period after a word may mean."""

    WORD = "word"
    """An ordinary word: the period ends the sentence."""
    TITLE = "title"
    """Something always follows ("Dr.", "e.g."): it never does."""
    OFTEN = "often"
    """It does unless lower case or a digit follows ("etc.", "p.m.", "Inc.")."""
    COUNTED = "counted"
    """It does unless a digit follows ("No. 5", "Jan. 3")."""
    INITIAL = "initial"
    """It does only before a word that often begins sentences ("J. R. R. Tolkien", "the U.S. The …")."""
    ORDINAL = "ordinal"
    """A number of one or two digits ("am 3. Mai"): it does unless lower case, a digit or a month follows."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES: Final = _words(
    "mr mrs ms mx dr drs prof rev hon gen maj capt cmdr lt sgt cpl messrs e.g eg i.e viz cf vs approx ca "
    # German
    "hr frl dipl ing bzw z.b d.h u.a vgl ggf evtl inkl exkl zzgl sog bspw z.t u.u i.d.r "
    # French, Spanish, Italian, Portuguese
    "mm mme mmes mlle mlles env p.ex sra srta srs dña uds gral lic p.ej sig sigg sig.ra dott dott.ssa prof.ssa "
    "avv geom p.es dra exmo exma "
    # Dutch, Polish
    "bijv d.w.z o.a m.b.t t.a.v m.n dhr mevr np tzn tzw m.in inż mgr hab św ks godz "
    # Russian
    "т.е т.к т.н напр проф акад им ул стр см"
)
CAPITAL_TITLES: Final = _words("Fr Sr Col Rep Sen Gov Pres Adm Mt Ft Me M")
"""Titles only when written with this capital: in lower case they are words."""
OFTEN: Final = _words(
    "etc a.m p.m inc ltd co corp bros jr dept est al ph.d m.sc b.sc d.c usw o.ä u.ä str mio mrd bd jh s.a s.l ecc "
    "ee.uu ud enz n.v b.v itd itp т.д т.п др пр гг тыс млн млрд руб кв"
)
COUNTED: Final = _words(
    "no nos nr núm nº p pp pg pág pag vol fig ch chap sec sect art abs par tab eq kap cap "
    "jan feb mar apr jun jul aug sep sept oct nov dec tel ext"
)
INITIALS: Final = _words("st ave blvd rd")

MONTHS: Final = _words(
    "januar jänner februar märz april mai juni juli august september oktober november dezember "
    "jahrhundert jahrhunderts weltkrieg weltkriegs auflage klasse stock etage platz"
)
"""German words that a number with a period goes with."""

STARTERS: Final = _words(
    "the a an he she it we they i you this that these those but and so in on at if when what who how why where there "
    "here however then after before my his her their our its is are was do does did can yes please let "
    "der die das ein eine er sie es wir ihr ich aber und im am wenn was wer wie dann "
    "le la les un une il elle nous vous ils elles je ce cette mais et dans "
    "el los las una yo ella nosotros pero en lo gli ma io os as um uma ele ela eu mas "
    "het een hij zij ze wij ik maar ona ono to ale jest "
    "он она оно они это в на но и а как что мы вы я"
)
"""Words that begin a sentence far more often than they follow an abbreviation."""

_DOTTED: Final = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_UNPRONOUNCEABLE: Final = re.compile(r"[A-Za-z]?[bcdfghjklmnpqrstvwxz]{1,3}")


def kind_of(token: str) -> Kind:
    """What a period after ``token`` (the characters before it, back to white space or a bracket) may mean."""
    lower = token.lower()
    for words, kind in (
        (TITLES, Kind.TITLE),
        (OFTEN, Kind.OFTEN),
        (COUNTED, Kind.COUNTED),
        (INITIALS, Kind.INITIAL),
    ):
        if lower in words:
            return kind
    if token in CAPITAL_TITLES:
        return Kind.TITLE
    if token.isdecimal() and len(token) <= 2:
        return Kind.ORDINAL
    if _DOTTED.fullmatch(token):
        return Kind.INITIAL
    # "bspw", "tzn", "Hss": more abbreviations than any list holds have no vowel. Capitals ("TV") are read as letters.
    if len(token) > 1 and _UNPRONOUNCEABLE.fullmatch(token) and not set("aeiouyAEIOUY") & set(token):
        return Kind.OFTEN
    return Kind.WORD
