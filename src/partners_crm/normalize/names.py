"""Given and family name of a person, by a few rules that can be told in a sentence each.

It never changes capitals and never decides whether two people share a cell: the full name stays what it is.
"""

from __future__ import annotations

import re

_TITLES = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "mx",
        "miss",
        "prof",
        "professor",
        "rev",
        "reverend",
        "fr",
        "father",
        "sr",
        "sister",
        "br",
        "brother",
        "rabbi",
        "imam",
        "pastor",
        "deacon",
        "bishop",
        "hon",
        "honorable",
        "judge",
        "justice",
        "rep",
        "representative",
        "sen",
        "senator",
        "ald",
        "alderman",
        "alderwoman",
        "alderperson",
        "mayor",
        "gov",
        "capt",
        "captain",
        "lt",
        "sgt",
        "col",
        "gen",
        "chief",
        "officer",
    ]
)
_ENDINGS = frozenset(
    [
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "phd",
        "md",
        "dds",
        "dmd",
        "jd",
        "esq",
        "edd",
        "psyd",
        "dnp",
        "rn",
        "bsn",
        "msn",
        "msw",
        "lcsw",
        "lsw",
        "lcpc",
        "lpc",
        "mph",
        "mba",
        "mpa",
        "mpp",
        "cpa",
        "cfre",
        "ret",
    ]
)
_PARTICLES = frozenset(
    [
        "de",
        "del",
        "della",
        "der",
        "den",
        "da",
        "das",
        "dos",
        "di",
        "du",
        "la",
        "las",
        "le",
        "los",
        "van",
        "von",
        "vander",
        "ter",
        "ten",
        "bin",
        "ibn",
        "al",
        "el",
        "st",
        "saint",
        "san",
        "santa",
        "y",
    ]
)
_GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_ASIDE = re.compile(r"\([^()]*\)|\"[^\"]*\"|“[^“”]*”")


def split_name(full: str) -> tuple[str, str]:
    """The given and the family name in a full name: `Reyes, Dana` and `Dr. Dana Reyes Jr.` give `("Dana", "Reyes")`.

    A comma puts the family name first, unless only endings (Jr., PhD, MSW) follow it. Titles, endings and what
    stands in brackets or quotes are left out. Else the family name is the last word with the particles before
    it (`de la Cruz`), and the given name all before that, initials included. A single word is a given name,
    behind a title a family name. A mail address is the name of nobody. Either may be empty; never raises.
    """
    if "@" in full and " " not in full.strip():
        return "", ""
    parts = [part.split() for part in _ASIDE.sub(" ", full).split(",")]
    first, rest = parts[0], [words for words in parts[1:] if any(_plain(word) not in _ENDINGS for word in words)]
    if first and rest:
        family, _ = _bare(first)
        given, _ = _bare(rest[0])
        return " ".join(given), " ".join(family)
    words, titled = _bare(first or (rest[0] if rest else []))
    if len(words) < 2:
        return ("", " ".join(words)) if titled else (" ".join(words), "")
    start = len(words) - 1
    while start > 1 and _plain(words[start - 1]) in _PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def generation_of(full: str) -> str:
    """The generation behind a full name, in one spelling: jr, sr, ii, iii or iv; "" without one.

    Only what stands behind two names tells one, or behind a comma: `Sr. Ana Ruiz` is a sister.
    """
    parts = [part.split() for part in _ASIDE.sub(" ", full).split(",")]
    endings = [*parts[0][1 if parts[1:] else 2 :], *(word for part in parts[1:] for word in part)]
    return next((_GENERATIONS[word] for word in map(_plain, reversed(endings)) if word in _GENERATIONS), "")


def _bare(words: list[str]) -> tuple[list[str], bool]:
    # The last word always stays: "Sr." alone is not nobody.
    start, end = 0, len(words)
    if end > 2 and _plain(words[0]) == "the" and _plain(words[1]) in _TITLES:
        start = 1
    while start < end - 1 and _plain(words[start]) in _TITLES:
        start += 1
    while end - 1 > start and _plain(words[end - 1]) in _ENDINGS:
        end -= 1
    return words[start:end], start > 0


def _plain(word: str) -> str:
    return word.replace(".", "").casefold()
