"""What a check is, what it is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from partners_crm.services.rule_terms import RuleTerm
from partners_crm.store.clock import Clock
from partners_crm.store.open import Handle

Verdict = Literal["met", "findings", "undecided", "failed"]
VERDICTS: tuple[Verdict, ...] = ("met", "findings", "undecided", "failed")
Terms = Mapping[str, str]
"""Every term a check takes with its value, as text."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or that nobody can tell."""

    key: str
    """What it is about, the same from run to run and without the name of anybody: an OCD id, `organization 12`."""
    text: str
    """What is wrong, in one line; may hold text of the coalition."""
    remedy: str = ""
    """What to do about it; the same words for all that the same thing helps."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found out."""

    verdict: Verdict
    """`met`; `findings`: there are some, whatever else is in doubt; `undecided`; `failed`: it could not be asked."""
    statement: str
    """The sentence that is proven, with its terms; of what failed the reason."""
    findings: tuple[Finding, ...] = ()
    doubts: tuple[Finding, ...] = ()
    """What nobody can tell: whether that leaves the rule undecided is the rule's own term."""
    well: tuple[tuple[str, str], ...] = ()
    """(key, text) of what was looked at and is well, where there are words for it: printed when it was gained."""
    map: str = ""
    """Code and sha256 of the map it was answered on; "" where it asks none."""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError("a verdict that is none")
        if (self.verdict == "findings") != bool(self.findings):
            raise ValueError("a proven finding wins over everything, and nothing else is one")


@dataclass(frozen=True, slots=True)
class Case:
    """What checks look at."""

    db: Handle
    as_of: date
    """The day that is asked about."""
    today: date
    """Where the coalition is; the same day where no other was named."""
    clock: Clock
    asked: Path
    """The path by which a person named the database."""


def takes_anything(_db: Handle, _terms: Terms) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of question that is asked again and again."""

    name: str
    """One short word, as it is typed; of a plugin's with its name in front: acme.dues."""
    about: str
    """What it proves."""
    run: Callable[[Case, Terms], Answer]
    terms: tuple[RuleTerm, ...] = ()
    refuse: Callable[[Handle, Terms], None] = takes_anything
    """Refuses terms that cannot be asked of a coalition, with a `PartnersError` that names the term."""
    by_default: bool = True
    """Whether it is run where nobody named it and no rule is saved for it."""
    one_moment: bool = True
    """Whether all that it reads has to be of one moment; false where it sees to that itself."""
    owner: str = ""
    """The plugin that brought it; "" for the core."""
