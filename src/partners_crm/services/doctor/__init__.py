"""Looking for faults of a coalition and of its files; each finding says what to do. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path

from partners_crm.errors import NotFound, PartnersError
from partners_crm.services.doctor import database, outside, places
from partners_crm.services.doctor.case import FINDING, NOTE, Case, Finding
from partners_crm.services.settings import today as present_day
from partners_crm.store import health
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle

__all__ = ["CHECKS", "FINDING", "NOTE", "Check", "Examined", "Finding", "examine", "named"]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of fault that is looked for."""

    name: str
    """One short word, as it is typed."""
    about: str
    """What it looks at."""
    run: Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Examined:
    """What one check found."""

    check: str
    about: str
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """How many findings it has, notes left out."""
        return sum(each.level == FINDING for each in self.findings)


CHECKS = (
    Check("modes", "whether others can read or write the coalition's files", outside.modes),
    Check("sqlite", "whether the SQLite in use has a known fault", outside.sqlite),
    Check("place", "whether the file lies on a disk of this machine, and is kept as that place needs", outside.place),
    Check("log", "whether the log beside the file is there, and does not grow without end", outside.log),
    Check("space", "whether the disk has room for a backup", outside.space),
    Check("leftovers", "drafts of programs that were cut off", outside.leftovers),
    Check("backups", "whether there is a recent backup, and it is as it was made", outside.backups),
    Check("integrity", "every page, table and index, by SQLite's own check", database.integrity),
    Check("links", "links between records that point to nothing", database.links),
    Check("schema", "tables and indexes against what the program declares", database.schema),
    Check("journal", "the chain of the journal, its end included", database.journal_chain),
    Check("records", "every record against what the journal says of it", database.records),
    Check("search", "the search index against what the records say", database.search),
    Check("maps", "whether a district map holds today, and all sites are placed on it", places.maps),
    Check("sites", "sites that have no district under any map", places.sites),
)
"""Every check, in the order they are run."""


def named(names: Iterable[str]) -> tuple[Check, ...]:
    """The checks of these names in the order they are run; all of them when there is no name.

    Raises:
        NotFound: there is no check of that name.
    """
    wanted = set(names)
    if unknown := sorted(wanted - {check.name for check in CHECKS}):
        raise NotFound(f"there is no check {unknown[0]}", f"checks: {', '.join(check.name for check in CHECKS)}")
    return tuple(check for check in CHECKS if not wanted or check.name in wanted)


def examine(
    db: Handle,
    names: Iterable[str] = (),
    today: date | None = None,
    clock: Clock = utc_now,
    *,
    asked: Path | None = None,
) -> list[Examined]:
    """Run the named checks, by default all, in a thread that is connected.

    A check that fails is itself a finding, and the others still run. `today` is by default the day where the coalition
    is; `asked` is the path by which a person named the database, before links were followed.

    Raises:
        NotFound: there is no check of that name.
    """
    checks = named(names)
    case = Case(db, today or _today(db, clock), clock().astimezone(UTC), asked or db.path)
    return [Examined(check.name, check.about, tuple(_findings(check, case))) for check in checks]


def _findings(check: Check, case: Case) -> Iterator[Finding]:
    try:
        # Another program may write meanwhile: all that a check reads is of one moment.
        with health.snapshot(case.db):
            yield from check.run(case)
    except PartnersError as error:
        yield Finding(check.name, FINDING, error.message, error.hint)
    except OSError as error:
        yield Finding(
            check.name,
            FINDING,
            f"{error.filename or case.db.path} cannot be looked at: {error.strerror}",
            "give yourself permission to read it",
        )


def _today(db: Handle, clock: Clock) -> date:
    try:
        return present_day(db, clock)
    except PartnersError:
        # Where the settings cannot be read the checks say so.
        return clock().astimezone(UTC).date()
