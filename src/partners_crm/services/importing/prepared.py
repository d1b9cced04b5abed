"""A row of a file with its values read: what the reading hands to the planning."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from partners_crm.services.rows import Problem


@dataclass(slots=True)
class Person:
    """One of the people of a row."""

    contact: dict[str, Any]
    role: dict[str, Any]
    points: list[dict[str, Any]] = field(default_factory=list)
    do_not_contact: bool = False
    unsubscribed: bool = False


@dataclass(slots=True)
class Prepared:
    """A row with its values read."""

    line: int
    cells: tuple[str, ...]
    row_hash: bytes
    refusal: Problem | None = None
    """Why the row cannot be taken."""
    remarks: list[Problem] = field(default_factory=list)
    organization: dict[str, Any] = field(default_factory=dict)
    membership: dict[str, Any] = field(default_factory=dict)
    site: dict[str, Any] | None = None
    """What the row says of the site, and what follows from it, its organization PENDING; None when it names none."""
    place: str = ""
    """The key of the site's place."""
    points: list[dict[str, Any]] = field(default_factory=list)
    """Ways to reach the place."""
    webs: list[dict[str, Any]] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    numbers: list[tuple[str, str]] = field(default_factory=list)
    """(system, number) pairs that tell the organization from others."""
    other_names: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    silos: list[str] = field(default_factory=list)
    """Folded words, or codes."""
    associations: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    districts: dict[str, tuple[int, str]] = field(default_factory=dict)
    """(number, text of the cell) by chamber."""
    uid: str = ""
    """The uid of the organization, or of the person where the row names no organization."""
    is_silent: bool = False
    """Whether the row says, and of no person: do not contact."""
    own: dict[str, str] = field(default_factory=dict)
    """Text by the key of a coalition-defined field."""
    marks: frozenset[str] = frozenset()
    """What the form of the row says, where that was asked for: "struck", "colour:FFFF00"."""
    name_clue: str = ""
    """The key of the organization's name."""
    phones: tuple[str, ...] = ()
    """Keys of every phone, sorted."""
    mails: tuple[str, ...] = ()
    """The same of the mail addresses of its people."""
    places: tuple[str, ...] = ()
    """The key of its place, where that has a street."""
    evidence: tuple[str, ...] = ()
    """All of these: what tells that a name in another spelling is the same."""
    town: str = ""
    """Folded."""
    unread: set[int] = field(default_factory=set)
    """The columns whose cells say something of which nothing was taken, counted from 0."""

    def __reduce__(self) -> tuple[type[Prepared], tuple[Any, ...]]:
        # By position, which is half the work: every row of a large file passes the spool.
        return Prepared, _VALUES_OF(self)

    @property
    def filled(self) -> frozenset[int]:
        """The columns whose cells say something, counted from 0."""
        return frozenset(number for number, cell in enumerate(self.cells) if cell.strip())


_VALUES_OF = attrgetter(*(each.name for each in fields(Prepared)))
