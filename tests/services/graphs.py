"""Random coalitions made from the declarations alone: records of every entity that hangs on what can be merged.

Few values are drawn from, so that records often say the same, nearly the same, or contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from random import Random
from typing import Any

from partners_crm.errors import InvalidValue
from partners_crm.model import (
    JOURNAL,
    Assignment,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    Declared,
    DistinctPair,
    District,
    Identifier,
    Organization,
    Posture,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.model.custom import OWNERS
from partners_crm.model.record_types import RecordType, fields
from partners_crm.services import placing, records, rules
from partners_crm.services.merging import MERGEABLE
from partners_crm.services.merging.rules import RULES
from partners_crm.store.open import Handle
from partners_crm.store.read import where
from partners_crm.store.work import Changes

TEXTS = ("", "", "Alder House", "ALDER HOUSE", "Birch Homes", "AH")
DAYS = ("", "", "2011", "2011-07-14", "2015-03")
PLACES: tuple[dict[str, Any], ...] = (
    {"address": "12 Water St", "city": "Peoria", "postal_code": "61602"},
    {"address": "12 Water Street", "city": "Peoria", "postal_code": "61602-1234"},
    {"address": "12 Water St", "city": "Peoria", "latitude": 40.6936, "longitude": -89.589, "match_level": 80},
    {"address": "1840 W Invented Ave", "city": "Chicago", "postal_code": "60647"},
    {"address": "1840 W Invented Ave", "city": "Chicago", "latitude": 41.8839, "longitude": -87.627},
    {"address": "", "city": "Alton"},
    {"address": "PO Box 12, Alton IL 62002", "kind": "mailing"},
)
REACH = (
    "312-555-0142",
    "(312) 555-0142",
    "309-555-0199 x4",
    "309-555-0199",
    "dana@example.org",
    "DANA@example.org",
    "call Dana",
)
NUMBERS = (("ein", "36-1234567"), ("ein", "36-7654321"), ("list", "A1"), ("list", "a1"))
BROUGHT = (
    RecordType(
        name="lane",
        plural="lanes",
        title="issue",
        about="A type that a plugin brings.",
        fields={
            "organization": fields.link("Organization", "organization", required=True, on_delete="cascade"),
            "rival": fields.link("Rival", "organization"),
            "speaker": fields.link("Speaker", "contact"),
            "issue": fields.text("Issue"),
            "open": fields.flag("Open"),
        },
    ),
    RecordType(
        name="vote",
        plural="votes",
        about="One that hangs on the other, and on a site.",
        fields={
            "lane": fields.link("Lane", "lane", required=True, on_delete="cascade"),
            "site": fields.link("Site", "site", on_delete="cascade"),
            "seen": fields.day("Seen"),
        },
    ),
)


def linked(db: Handle) -> list[type[Table]]:
    """Every entity with a link to something that can be merged, those of plugins too."""
    return [table for table in db.entities if set(table.links().values()) & set(MERGEABLE)]


def grow(unit: Changes, dice: Random, size: int) -> None:
    """Add records of every entity that hangs on what can be merged, and of those that can be."""
    for name in ("alpha", "ALPHA 2", "beta"):
        records.add(unit, Tag, name=name)
    for owner in OWNERS:
        unit.add(CustomField, applies_to=owner, key=f"own_{owner}", label=f"Own {owner}", kind="text")
    hanging = linked(unit.db)
    tables = [table for table in unit.db.entities if table in hanging or table is Contact]
    for table in tables:
        for _ in range(size):
            # What the rules refuse is not there.
            with suppress(InvalidValue):
                _add(unit, dice, table)
    for site in where(unit.db, Site):
        if dice.random() < 0.2:
            with suppress(InvalidValue):
                placing.decide(unit, site, dice.choice(where(unit.db, District)).id, "asked the director")


def _add(unit: Changes, dice: Random, table: type[Table]) -> None:
    if table is Assignment:
        return  # they follow from the sites
    if table is SiloShare:
        _add_shares(unit, dice)
        return
    declared = table.declarations()
    values = {name: _value(unit.db, dice, table, name, how) for name, how in declared.items() if not how.derived}
    if table is Site:
        values = {**{name: values[name] for name in ("organization", "name", "kind", "since")}, **dice.choice(PLACES)}
    elif table is DistinctPair:
        own = dice.choice(("organization", "contact"))
        values |= {name: None for name in table.links() if not name.endswith(own)}
    elif table is Identifier:
        values["system"], values["value"] = dice.choice(NUMBERS)
    elif table is ContactPoint:
        values |= {"raw": dice.choice(REACH), "status": dice.choice(("ok", "ok", "former", "bounced"))}
        del values["kind"]
    elif table is CustomValue:
        field = dice.choice(where(unit.db, CustomField))
        values |= {"field": field.id, "value": dice.choice(("red", "blue"))}
    if table in {ContactPoint, CustomValue, Tagging}:
        owners = [name for name in ("organization", "site", "contact") if name in table.links()]
        own = field.applies_to if table is CustomValue else dice.choice(owners)
        values |= {name: _any(unit.db, dice, table.links()[name]) if name == own else None for name in owners}
    records.add(unit, table, **values)


def twin(unit: Changes, dice: Random, table: type[Table], one: int, other: int) -> None:
    """Copy much of what hangs on a record to another one of its entity, and to its sites, now and then with less."""
    pairs: list[tuple[type[Table], int, int]] = [(table, one, other)]
    for target, source, copy in pairs:
        for entity in unit.db.entities:
            for name, pointed in entity.links().items():
                if pointed is not target or entity in {Assignment, SiloShare, Organization, DistinctPair}:
                    continue
                for record in where(unit.db, entity, **{name: source}):
                    if dice.random() < 0.7:
                        made = _copied(unit, dice, record, {name: copy})
                        if entity is Site and made is not None:
                            pairs.append((Site, record.id, made.id))


def _copied(unit: Changes, dice: Random, record: Table, changed: dict[str, int]) -> Table | None:
    table = type(record)
    values = {name: record[name] for name, how in table.declarations().items() if not how.derived}
    for name, how in table.declarations().items():
        if not how.derived and dice.random() < 0.15:
            if how.kind == "flag":
                values[name] = not values[name]
            elif how.kind in {"text", "note", "day"} and not how.required:
                values[name] = ""
    with suppress(InvalidValue):
        return records.add(unit, table, **values | changed)
    return None


def _add_shares(unit: Changes, dice: Random) -> None:
    body = _any(unit.db, dice, Organization)
    if where(unit.db, SiloShare, organization=body):
        return
    chosen = dice.sample([silo.id for silo in where(unit.db, Silo)][:3], dice.randint(1, 3))
    known = dice.random() < 0.8
    for silo in chosen:
        records.add(unit, SiloShare, organization=body, silo=silo, weight=1 / len(chosen) if known else None)


def _any(db: Handle, dice: Random, table: type[Table]) -> int | None:
    found = where(db, table)
    return dice.choice(found).id if found else None


def _value(db: Handle, dice: Random, table: type[Table], name: str, how: Declared) -> Any:
    if how.kind == "link":
        return _any(db, dice, table.links()[name]) if how.required or dice.random() < 0.5 else None
    if how.kind == "choice":
        return dice.choice([code for code, _ in how.choices])
    if how.kind == "flag":
        return dice.random() < 0.4
    if how.kind == "day":
        return dice.choice(DAYS)
    if how.kind == "whole":
        return dice.choice((None, 2012))
    if how.kind == "decimal":
        return None
    return dice.choice([text for text in TEXTS if text or not how.required])


# -------------------------------------------------------------------- looking


def dump(db: Handle) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but those of the journal and of the search."""
    own = {table._meta.table_name for table in JOURNAL}
    entities = {table._meta.table_name for table in db.entities}
    names = [name for (name,) in db.driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert entities <= set(names)
    return {
        name: db.driver.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
        for name in sorted(names)
        if name not in own and (name in entities or not _is_of_search(db, name))
    }


def _is_of_search(db: Handle, name: str) -> bool:
    """Whether a table is FTS5's, or one of those it keeps itself."""
    made = [each for (each,) in db.driver.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%'")]
    return any(name == each or name.startswith(f"{each}_") for each in made)


def pointing_at(db: Handle, table: type[Table], key: int) -> list[str]:
    """Every record that points to one, in any entity: found in the file, not by what the program thinks."""
    found = []
    for other in db.entities:
        for name, target in other.links().items():
            if target is table:
                column = other._meta.fields[name].column_name
                sql = f'SELECT id FROM "{other._meta.table_name}" WHERE "{column}" = ?'
                found += [f"{other.entity.name} {row} {name}" for (row,) in db.driver.execute(sql, (key,))]
    return found


def faults(db: Handle, among: Iterable[type[Table]] = tuple(RULES)) -> set[str]:
    """What the rules refuse of the records that are there; a posture is judged when it is added alone."""
    found = set()
    for table in among:
        if table is Posture:
            continue
        for record in where(db, table):
            given = set(table.declarations()) - {"latitude", "longitude"}
            try:
                rules.check(db, table, record.stored(), given, record.id)
            except InvalidValue as error:
                found.add(f"{table.entity.name} {record.id}: {error}")
    return found


def weights(db: Handle) -> dict[int, float]:
    """The sum of the weights of every organization whose weights are all known."""
    found: dict[int, list[float | None]] = {}
    for share in where(db, SiloShare):
        found.setdefault(share.organization, []).append(share.weight)
    return {key: sum(each or 0 for each in some) for key, some in found.items() if None not in some}
