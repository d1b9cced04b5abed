"""Coverage answers that were kept: a statement with its terms and the answer for every district, as of its day."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from partners_crm.errors import InvalidValue, NotFound, StoreDamaged
from partners_crm.model import Snapshot
from partners_crm.services.coverage.judging import Coverage
from partners_crm.store.maps import map_codes
from partners_crm.store.open import Handle
from partners_crm.store.read import records, where
from partners_crm.store.work import Changes

DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""What stands for a day where an answer is named."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is known of one district in an answer."""

    chamber: str
    number: int
    name: str
    state: str
    certain: tuple[int, ...]
    possible: tuple[int, ...]
    """Organizations, by id."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A coverage answer, made now or kept: what two of them are compared by."""

    label: str
    """What it is called: a day, a map, or the name it was kept under."""
    as_of: str
    map_code: str
    terms: str
    statements: tuple[str, ...]
    districts: Mapping[str, Answered]
    """By OCD id."""


def answer_of(found: Coverage, label: str) -> Answer:
    """A coverage answer in the form in which it is kept and compared."""
    return Answer(
        label,
        found.as_of.isoformat(),
        found.map_code,
        found.rule.text,
        tuple(found.sentence(chamber) for chamber in found.chambers),
        {
            each.ocd_id: Answered(
                each.chamber,
                each.number,
                each.name,
                each.state,
                tuple(key for key, _ in each.organizations),
                tuple(key for key, _ in each.possible),
            )
            for each in found.districts
        },
    )


def keep(unit: Changes, found: Coverage, name: str) -> Snapshot:
    """Keep a coverage answer under a name.

    Raises:
        InvalidValue: the name is empty, or taken.
    """
    if not name.strip():
        raise InvalidValue("Name", "", "must not be empty", "for example: before the lobby day")
    if name == "today" or DAY.fullmatch(name) or name in map_codes(unit.db):
        raise InvalidValue("Name", name, "stands for a day or a map already", "call it by what it is for")
    if where(unit.db, Snapshot, name=name):
        raise InvalidValue("Name", name, "is taken by another snapshot", "see: partners list snapshots")
    made = answer_of(found, name)
    districts = {
        key: [each.chamber, each.number, each.name, each.state, each.certain, each.possible]
        for key, each in made.districts.items()
    }
    return unit.add(
        Snapshot,
        name=name,
        as_of=made.as_of,
        taken_at=unit.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        map=made.map_code,
        sha256=found.map_sha256,
        terms=made.terms,
        statement="\n".join(made.statements),
        answer=json.dumps(districts, separators=(",", ":")),
    )


def forget(unit: Changes, name: str) -> None:
    """Delete the answer kept under a name.

    Raises:
        NotFound: there is none of that name.
    """
    named(unit.db, name)
    for record in where(unit.db, Snapshot, name=name):
        unit.delete(record)


def kept(db: Handle, name: str) -> Answer | None:
    """The answer kept under a name, or None.

    Raises:
        StoreDamaged: it cannot be read any more.
    """
    found = records(db, Snapshot.select().where(Snapshot.name == name))
    if not found:
        return None
    (record,) = found
    try:
        districts = {
            key: Answered(chamber, number, called, state, tuple(certain), tuple(possible))
            for key, (chamber, number, called, state, certain, possible) in json.loads(record.answer).items()
        }
    except (ValueError, TypeError, AttributeError):
        raise StoreDamaged(f"the snapshot {name} cannot be read", "delete it: partners delete snapshot KEY") from None
    statements = tuple(record.statement.splitlines())
    return Answer(record.name, record.as_of, record.map, record.terms, statements, districts)


def names(db: Handle) -> list[str]:
    """The names of the answers that were kept, the oldest first."""
    return [record.name for record in records(db, Snapshot.select().order_by(Snapshot.id))]


def named(db: Handle, name: str) -> Answer:
    """The answer kept under a name.

    Raises:
        NotFound: there is none of that name.
    """
    found = kept(db, name)
    if found is None:
        raise NotFound(f"there is no snapshot {name}", f"snapshots: {', '.join(names(db)) or 'none'}")
    return found
