"""What the checks share: what they look at, and what they find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from partners_crm.store.open import Handle

FINDING: Literal["finding"] = "finding"
NOTE: Literal["note"] = "note"
NAMED = 5
"""Records or files that one finding names at most."""
RESTORE = "restore a backup: partners restore; or save what is left: partners recover"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    check: str
    level: Literal["finding", "note"]
    """`finding`, or `note`: worth knowing, and nothing is wrong."""
    message: str
    """What, and where; may hold text of the coalition."""
    remedy: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the checks look at."""

    db: Handle
    today: date
    """Where the coalition is."""
    now: datetime
    """UTC."""
    asked: Path
    """The path by which a person named the database."""


def counted(number: int, one: str, many: str) -> str:
    """A number with its words: "1 site has", "3 sites have"."""
    return f"{number:,} {one if number == 1 else many}"


def listed(first: Sequence[object], number: int) -> str:
    """The first of so many things, at most `NAMED`, and how many more there are."""
    shown = first[:NAMED]
    more = f" and {number - len(shown):,} more" if number > len(shown) else ""
    return ", ".join(map(str, shown)) + more
