"""Random merges in random coalitions: nothing is lost, nothing dangles, and an undo leaves every table as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.services.graphs import BROUGHT, dump, faults, grow, linked, pointing_at, twin, weights

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.model import ENTITIES, Assignment, Organization, Role, Site, Table
from partners_crm.model.base import EntityInfo
from partners_crm.model.fields import link, text
from partners_crm.services import doctor, placing, records
from partners_crm.services.merging import MERGEABLE, RULES, MergePlan, merge, merge_all, plan_merge
from partners_crm.services.record_types import install_types
from partners_crm.services.undoing import undo
from partners_crm.services.values import show_value
from partners_crm.store.journal import changes_of, first_break
from partners_crm.store.merges import folded_into, survivor_of
from partners_crm.store.read import by_id, where
from partners_crm.store.work import changes

RELATIONS = {(table, name) for table in ENTITIES for name, target in table.links().items() if target in MERGEABLE}


def uncovered(entities: Any) -> list[tuple[str, str]]:
    """The relations to what can be merged for which no rule says when two records are one."""
    return [
        (table.entity.name, name)
        for table in entities
        for name, target in table.links().items()
        if target in MERGEABLE and table not in RULES
    ]


def test_every_relation_has_a_rule() -> None:
    assert uncovered(ENTITIES) == []


def test_a_new_relation_is_missed() -> None:
    class Grant(Table):
        entity = EntityInfo("grant", "grants", "name", "Made up.")
        name = text("Name")
        organization = link("Organization", Organization, required=True, on_delete="cascade")

    assert uncovered((*ENTITIES, Grant)) == [("grant", "organization")]


def test_a_record_stands_after_what_it_points_to() -> None:
    # The merge relies on it: what hangs on a folded record is met later.
    places = {table: place for place, table in enumerate(ENTITIES)}
    assert all(places[target] <= places[table] for table in ENTITIES for target in table.links().values())


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    with Crm.create(path, "Graphs", clock=lambda: NOW) as crm:
        crm.db.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


class Graph:
    """A random coalition in a file of its own."""

    number: ClassVar[int] = 0

    def __init__(self, blank: Path, seed: int) -> None:
        Graph.number += 1
        path = blank.with_name(f"{Graph.number}.db")
        path.write_bytes(blank.read_bytes())
        path.chmod(0o600)
        self.crm = Crm.open(path, clock=lambda: NOW)
        self.dice = Random(seed)
        install_types(self.crm.db, "acme", "1.0", BROUGHT, clock=self.crm.clock)
        with self.crm.changes("grow") as unit:
            grow(unit, self.dice, self.dice.choice((3, 6)))

    def pair(self, table: type[Table]) -> tuple[int, int] | None:
        """Two records that can be merged, much of what one has also with the other."""
        found = where(self.crm.db, table)
        self.dice.shuffle(found)
        for keep in found:
            for lose in found:
                same = table is not Site or keep["organization"] == lose["organization"]
                if keep.id != lose.id and same:
                    with self.crm.changes("twin") as unit:
                        twin(unit, self.dice, table, keep.id, lose.id)
                    return keep.id, lose.id
        return None

    def takes(self, plan: MergePlan) -> dict[str, str]:
        """Decisions about some of the fields, one of each group."""
        free = [each for each in plan.fields if each.name != "do_not_contact" and each.group in {"", each.name}]
        return {each.name: self.dice.choice(("kept", "other")) for each in free if self.dice.random() < 0.3}

    def close(self) -> None:
        self.crm.close()
        for path in self.crm.path.parent.glob(f"{self.crm.path.name}*"):
            if path.is_file():
                path.unlink()


def check_nothing_is_lost(crm: Crm, plan: MergePlan, gone: dict[tuple[str, int], Table]) -> None:
    """Every value of what went is with the one it went into, or was kept beside it in the journal, under its label."""
    deleted = {
        (each.entity, each.record): each.before
        for each in changes_of(crm.db, plan_operation(crm, plan))
        if each.action == "delete"
    }
    for (entity, key), record in gone.items():
        assert deleted[entity, key] == record.stored()
        table = type(record)
        kept = survivor_of(crm.db, table, key)
        if kept is None:
            continue  # it would have been a tie of the record with itself, or was not to be taken
        told = next(each.values for each in folded_into(crm.db, table, kept) if each.lost == key)
        stays = by_id(crm.db, table, kept)
        for name, how in table.declarations().items():
            value = record[name]
            if how.derived or how.kind in {"link", "flag"} or value in (None, ""):
                continue
            words = show_value(how, value)
            is_there = stays[name] == value or (how.kind == "note" and words.strip() in stays[name])
            assert is_there or (how.label, words) in told, (entity, key, name, value, stays[name], told)


def check_nothing_is_given_up(crm: Crm, plan: MergePlan, before: dict[type[Table], dict[int, Table]]) -> None:
    """Every value of what others went into is there still, or was kept in the journal as the survivor's."""
    into = {(plan.entity, plan.keep), *((fold.entity, fold.kept) for fold in plan.folds)}
    for table, rows in before.items():
        for key, record in rows.items():
            if (table.entity.name, key) not in into:
                continue
            stays = by_id(crm.db, table, key)
            told = {value for each in folded_into(crm.db, table, key) if each.kept == key for value in each.values}
            for name, how in table.declarations().items():
                value = record[name]
                if how.derived or how.kind in {"link", "flag"} or value in (None, ""):
                    continue
                words = show_value(how, value)
                is_there = stays[name] == value or (how.kind == "note" and words.strip() in stays[name])
                assert is_there or (f"{how.label}, the survivor's", words) in told, (table, key, name, value, told)


def check(graph: Graph, plan: MergePlan, before: dict[type[Table], dict[int, Table]]) -> None:
    """What has to hold after a merge."""
    crm = graph.crm
    assert pointing_at(crm.db, plan.table, plan.lose) == []
    assert crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []
    now = {table: {record.id for record in where(crm.db, table)} for table in before}
    gone = {
        (table.entity.name, key): record
        for table, rows in before.items()
        for key, record in rows.items()
        if key not in now[table]
    }
    assert (plan.entity, plan.lose) in gone
    check_nothing_is_lost(crm, plan, gone)
    check_nothing_is_given_up(crm, plan, before)
    primaries: dict[int, set[int]] = {}
    for role in where(crm.db, Role):
        if role.is_primary and not role.until:
            primaries.setdefault(role.organization, set()).add(role.contact)
    had = [role for role in before[Role].values() if role["is_primary"] and not role["until"]]
    if plan.table is Organization:
        sides = [{role["contact"] for role in had if role["organization"] == key} for key in (plan.keep, plan.lose)]
        assert len(primaries.get(plan.keep, set())) <= max(1, *map(len, sides))
        # Who had one keeps it, and gets no other.
        assert not sides[0] or primaries[plan.keep] == sides[0]
        seats = {
            site.id for site in where(crm.db, Site, organization=plan.keep) if site.kind == "hq" and not site.until
        }
        mine = {key for key, site in before[Site].items() if site["organization"] == plan.keep}
        own = {key for key in mine if before[Site][key]["kind"] == "hq" and not before[Site][key]["until"]}
        assert not own or seats == own


def misplaced(crm: Crm) -> int:
    """How many assignments placing every site anew would write: none where each stands as follows from it."""
    with changes(crm.db, "place", clock=crm.clock, keep=False) as unit:
        return placing.place(unit, where(crm.db, Site)).written


@pytest.mark.parametrize("table", MERGEABLE, ids=lambda table: table.entity.name)
def test_a_merge_and_its_undo(table: type[Table], blank: Path, scale: Callable[[int], int]) -> None:
    @settings(max_examples=scale(160), deadline=None)
    @given(seed=st.integers(0, 2**32))
    def run(seed: int) -> None:
        graph = Graph(blank, seed)
        try:
            merge_and_undo(graph, table)
        finally:
            graph.close()

    run()


def merge_and_undo(graph: Graph, table: type[Table]) -> None:
    crm, chosen = graph.crm, graph.pair(table)
    if chosen is None:
        return
    before, wrong, sums = dump(crm.db), faults(crm.db), weights(crm.db)
    rows = {each: {record.id: record for record in where(crm.db, each)} for each in {*linked(crm.db), table}}
    plan = plan_merge(crm.db, table, *chosen)
    plan = plan_merge(crm.db, table, *chosen, graph.takes(plan))
    assert dump(crm.db) == before  # a plan writes nothing
    with crm.changes("merge") as unit:
        merge(unit, plan, force=True)
    after = dump(crm.db)
    check(graph, plan, rows)
    found = doctor.examine(crm.db, ["links", "journal", "records"], clock=crm.clock)
    assert [each.findings for each in found] == [()] * 3
    assert faults(crm.db) <= wrong
    assert misplaced(crm) == 0
    kept_sums = weights(crm.db)
    assert all(abs(kept_sums[key] - 1) < 1e-9 for key in kept_sums.keys() & (sums.keys() | {plan.keep}))
    report = crm.undo()
    assert (report.kept, report.refused) == ([], [])
    assert dump(crm.db) == before
    report = crm.redo()
    assert (report.kept, report.refused) == ([], [])
    assert dump(crm.db) == after
    crm.undo()
    assert dump(crm.db) == before
    # One record at a time, from the last change to the first: the way of an undo that cannot be in bulk.
    crm.redo()
    report = undo(crm.db, plan_operation(crm, plan), clock=crm.clock, careful=True)
    assert (report.kept, report.refused) == ([], [])
    assert dump(crm.db) == before
    assert first_break(crm.db) is None


def plan_operation(crm: Crm, plan: MergePlan) -> int:
    """The operation that carried a plan out."""
    return next(each.operation for each in folded_into(crm.db, plan.table, plan.keep) if each.lost == plan.lose)


def test_every_relation_is_followed(blank: Path) -> None:
    # The graphs are made from the declarations: a new relation is in them, or this fails.
    missing = {(table.entity.name, name) for table, name in RELATIONS}
    for seed in range(200):
        graph = Graph(blank, seed)
        try:
            for table in MERGEABLE:
                if (chosen := graph.pair(table)) is not None:
                    plan = plan_merge(graph.crm.db, table, *chosen)
                    missing -= {(each.entity, each.link) for each in plan.relations if each.count}
        finally:
            graph.close()
        if not missing:
            break
    assert missing == set()


def test_many_merges_edits_and_undos(blank: Path, scale: Callable[[int], int]) -> None:
    @settings(max_examples=scale(100), deadline=None)
    @given(seed=st.integers(0, 2**32))
    def run(seed: int) -> None:
        graph = Graph(blank, seed)
        try:
            merge_edit_and_undo(graph)
        finally:
            graph.close()

    run()


def merge_edit_and_undo(graph: Graph) -> None:
    """Several merges in one operation, careless edits after them, and the undo in three buckets."""
    crm, dice = graph.crm, graph.dice
    table = dice.choice(MERGEABLE)
    found = [record.id for record in where(crm.db, table)] if table is not Site else []
    chosen = dice.sample(found, min(3, len(found))) if found else list(graph.pair(Site) or ())
    if len(chosen) < 2:
        return
    before = dump(crm.db)
    with crm.changes("merge several") as unit:
        merge_all(unit, table, chosen[0], chosen[1:], force=True)
    number = crm.operations()[0].id
    assert all(survivor_of(crm.db, table, key) == chosen[0] for key in chosen[1:])
    crm.undo(number)
    assert dump(crm.db) == before
    crm.redo()
    for _ in range(dice.randint(1, 3)):
        edit_something(graph)
    report = crm.undo(number)
    assert crm.db.driver.execute("PRAGMA foreign_key_check").fetchall() == []
    assert first_break(crm.db) is None
    assert report.reversed or report.refused or report.kept


def edit_something(graph: Graph) -> None:
    crm, dice = graph.crm, graph.dice
    table = dice.choice([each for each in linked(crm.db) if each is not Assignment])
    found = where(crm.db, table)
    if not found:
        return
    record = dice.choice(found)
    names = [name for name, how in table.declarations().items() if how.kind in {"text", "note"} and not how.derived]
    try:
        with crm.changes("edit") as unit:
            if names and dice.random() < 0.6:
                records.edit(unit, record, **{dice.choice(names): "Edited"})
            else:
                records.remove(unit, record)
    except PartnersError:
        pass
