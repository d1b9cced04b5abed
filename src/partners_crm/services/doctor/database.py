"""Checks of what is in the file: pages, links, tables, the journal, and the records against the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from partners_crm.model import Ledger
from partners_crm.services.doctor.case import FINDING, NAMED, NOTE, RESTORE, Case, Finding, counted, listed
from partners_crm.services.settings import zone
from partners_crm.services.times import local
from partners_crm.store import files, fulltext, health, journal, migrating
from partners_crm.store.health import Astray
from partners_crm.store.read import count

FROM_OUTSIDE = "changed by another program, or by a fault of the disk"
_REMEDIES = {
    "changed": "look at it with partners show and partners history, and put the right values back with partners edit",
    "missing": "bring it back: partners restore",
    "unknown": "look at it with partners show; take it away with partners delete, and add it again",
    "unreadable": "the check of the journal names the operation; bring the journal back: partners restore",
    "foreign": "update partners-crm, or bring the journal back: partners restore",
}
_WORDS = {
    "changed": ("is not what the journal says", "are not what the journal says"),
    "missing": ("is in the journal and is not there", "are in the journal and are not there"),
    "unknown": ("is there and is unknown to the journal", "are there and are unknown to the journal"),
    "unreadable": ("cannot be compared: what the journal says is unreadable",) * 2,
    "foreign": ("is told of by the journal and is nothing this program knows",) * 2,
}


def integrity(case: Case) -> Iterator[Finding]:
    """What SQLite's own check finds."""
    for message in health.integrity(case.db):
        yield Finding("integrity", FINDING, f"the file is damaged: {message}", RESTORE)


def links(case: Case) -> Iterator[Finding]:
    """Links that point to nothing, by the field they are in."""
    for each in health.dangling(case.db):
        yield Finding(
            "links",
            FINDING,
            f"{counted(each.count, f'row of {each.table} points', f'rows of {each.table} point')} to no {each.target},"
            f" in {each.column}: {listed(each.first, each.count)}",
            f"{FROM_OUTSIDE}; bring it back: partners restore; or set the field anew: partners edit",
        )


def schema(case: Case) -> Iterator[Finding]:
    """Tables and indexes that are not as declared, and migrations that are not those that were applied."""
    for difference in health.schema_differences(case.db):
        yield Finding("schema", FINDING, difference, f"{FROM_OUTSIDE}: restore a backup: partners restore")
    for name in migrating.altered(case.db):
        yield Finding(
            "schema",
            FINDING,
            f"the migration {name} is not the one that was applied to this file",
            "reinstall partners-crm; a released migration is never changed",
        )


def journal_chain(case: Case) -> Iterator[Finding]:
    """The first operation at which the chain of the journal does not hold."""
    db = case.db
    if count(db, Ledger.select()) != 1:
        yield Finding("journal", FINDING, "the end of the journal is not written down: ledger has no row", RESTORE)
        return
    first, broken = journal.verified_from(db), journal.first_break(db)
    if broken is not None:
        yield Finding(
            "journal",
            FINDING,
            _broken(case, broken, first),
            "find out which program wrote to the file; compare with a backup from before: partners restore lists them",
        )
    if first > 1:
        yield Finding(
            "journal",
            NOTE,
            f"the journal can be verified from operation {first} on, which recovered the coalition from a damaged file",
            "nothing is to be done",
        )


def _broken(case: Case, number: int, first: int) -> str:
    here = {done.id: done for done in journal.operations(case.db, [number - 1, number])}
    if number not in here:
        return f"operation {number} is missing at the end of the journal, or the end was rewritten"
    if number > first and number - 1 not in here:
        return f"operation {number - 1} is missing in the journal"
    done = here[number]
    return (
        f'operation {number} of {_when(case, done.at)} by {done.actor}, "{done.title}", does not hold: it,'
        " its changes or their values were edited or deleted since"
    )


def _when(case: Case, at: str) -> str:
    try:
        return local(at, zone(case.db))
    except ValueError:
        return at  # somebody may have edited that too


def records(case: Case) -> Iterator[Finding]:
    """Records that are not what the journal says, by entity and kind of difference; values are never told."""
    total: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], list[str]] = {}
    for each in health.astray(case.db):
        key = (each.entity, each.what)
        total[key] += 1
        if total[key] <= NAMED:
            first.setdefault(key, []).append(_called(case, each))
    for (entity, what), number in total.items():
        word = _entity_words(case, entity)[number != 1]
        yield Finding(
            "records",
            FINDING,
            f"{number:,} {word} {_WORDS[what][number != 1]}: {listed(first[entity, what], number)}",
            f"{FROM_OUTSIDE}: {_REMEDIES[what]}",
        )


def search(case: Case) -> Iterator[Finding]:
    """Where the search index is not what the records say; one that is behind, or not there, is brought up to date."""
    path = files.side(case.db.path, fulltext.SUFFIX)
    for message in fulltext.astray(case.db):
        yield Finding("search", FINDING, f"the search index {path}: {message}", "make it anew: partners find --rebuild")


def _called(case: Case, each: Astray) -> str:
    if not each.fields:
        return str(each.id)
    labels = {name: how.label for name, how in case.db.by_name[each.entity].declarations().items()}
    return f"{each.id} ({', '.join(labels.get(name, name) for name in each.fields)})"


def _entity_words(case: Case, entity: str) -> tuple[str, str]:
    table = case.db.by_name.get(entity)
    words = (table.entity.name, table.entity.plural) if table else (entity, entity)
    return words[0].replace("_", " "), words[1].replace("_", " ")
