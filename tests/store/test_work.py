"""The unit of work: all or nothing, conflicts named, every value in the journal."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, NotFound, StoreLocked, StoreUnavailable
from partners_crm.model import Change, Contact, Operation, Organization
from partners_crm.services import records
from partners_crm.store import journal, read
from partners_crm.store.work import changes


def add(crm: Crm, name: str) -> Organization:
    with crm.changes(f"add {name}") as unit:
        return records.add(unit, Organization, name=name)


def test_a_unit_that_raises_writes_nothing(crm: Crm) -> None:
    before = read.count(crm.db, Operation.select())

    def half_done() -> None:
        with crm.changes("half done") as unit:
            unit.add(Organization, name="Half Done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert crm.organizations() == []
    assert read.count(crm.db, Operation.select()) == before
    assert not crm.db.driver.in_transaction


def test_a_unit_without_changes_leaves_no_operation(crm: Crm) -> None:
    organization = add(crm, "Steady")
    before = read.count(crm.db, Operation.select())
    with crm.changes("say the same again") as unit:
        unit.update(organization, name="Steady")
    assert read.count(crm.db, Operation.select()) == before


def test_a_preview_counts_and_keeps_nothing(crm: Crm) -> None:
    with changes(crm.db, "look", keep=False) as unit:
        unit.add(Organization, name="Seen")
        assert unit.count == 1
    assert crm.organizations() == []


def test_the_version_is_the_operation_that_wrote_the_record(crm: Crm) -> None:
    organization = add(crm, "Versioned")
    assert organization.version == journal.operations(crm.db)[0].id
    with crm.changes("rename") as unit:
        renamed = unit.update(organization, name="Renamed")
    assert renamed.version == organization.version + 1


def test_a_stale_edit_of_the_same_field_is_a_named_conflict(crm: Crm) -> None:
    stale = add(crm, "First")
    with crm.changes("someone else") as unit:
        unit.update(stale, name="Second")
    with pytest.raises(Conflict, match="Name of organization"), crm.changes("late") as unit:
        unit.update(stale, name="Third")
    assert [each.name for each in crm.organizations()] == ["Second"]


def test_edits_of_different_fields_both_stand(crm: Crm) -> None:
    stale = add(crm, "First")
    with crm.changes("someone else") as unit:
        unit.update(stale, name="Second")
    with crm.changes("late") as unit:
        unit.update(stale, note="kept")
    (both,) = crm.organizations()
    assert (both.name, both.note) == ("Second", "kept")


def test_an_edit_of_a_deleted_record_is_a_conflict(crm: Crm) -> None:
    stale = add(crm, "Gone")
    with crm.changes("delete") as unit:
        unit.delete(stale)
    with pytest.raises(Conflict, match="deleted"), crm.changes("late") as unit:
        unit.update(stale, name="Back")


def test_a_record_is_sealed(crm: Crm) -> None:
    organization = add(crm, "Sealed")
    with pytest.raises(AttributeError, match=r"changes\.update"):
        organization.name = "Broken"
    assert organization.name == "Sealed"


def test_an_unknown_field_is_refused(crm: Crm) -> None:
    with pytest.raises(NotFound, match="nosuch"), crm.changes("wrong") as unit:
        unit.add(Organization, name="X", nosuch=1)


def test_ids_are_never_used_twice(crm: Crm) -> None:
    first = add(crm, "First")
    with crm.changes("delete") as unit:
        unit.delete(first)
    assert add(crm, "Second").id > first.id


def test_the_chain_holds_and_every_tampering_is_found(crm: Crm) -> None:
    add(crm, "One")
    add(crm, "Two")
    assert journal.first_break(crm.db) is None
    driver = crm.db.driver
    for statement in (
        "UPDATE operation SET title = 'forged' WHERE id = 2",
        "UPDATE change_values SET after = replace(after, 'One', 'Won') WHERE id = (SELECT max(id) - 1 FROM change)",
        "UPDATE change SET action = 'delete' WHERE operation = 2",
        "DELETE FROM change WHERE operation = 2",
        "DELETE FROM operation WHERE id = 2",
    ):
        driver.execute("BEGIN")
        driver.execute(statement)
        assert journal.first_break(crm.db) in {2, 3}, statement
        driver.execute("ROLLBACK")
    assert journal.first_break(crm.db) is None


def test_erased_values_leave_the_chain_whole(crm: Crm) -> None:
    add(crm, "To be forgotten")
    crm.db.driver.execute("DELETE FROM change_values")
    assert journal.first_break(crm.db) is None


def test_the_digest_in_the_change_says_nothing_without_its_salt(crm: Crm) -> None:
    add(crm, "Same")
    add(crm, "Same")
    digests = read.tuples(crm.db, Change.select(Change.after_digest).where(Change.entity == "organization"))
    assert len({bytes(digest) for (digest,) in digests}) == 2


def test_a_second_writer_is_told_who_waits(crm: Crm, database: Path) -> None:
    crm.db.driver.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreLocked, match="in use"), crm.changes("blocked") as unit:
            unit.add(Organization, name="Blocked")
    finally:
        other.close()


def test_a_deleted_or_replaced_file_is_noticed_before_a_write(crm: Crm, database: Path) -> None:
    aside = database.with_name("aside.db")
    database.rename(aside)
    with pytest.raises(StoreUnavailable, match="deleted or moved"), crm.changes("lost") as unit:
        unit.add(Organization, name="Lost")
    database.write_bytes(aside.read_bytes())
    with pytest.raises(StoreUnavailable, match="replaced"), crm.changes("lost") as unit:
        unit.add(Organization, name="Lost")


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


@given(steps=st.lists(st.tuples(st.sampled_from(["add", "rename", "delete"]), names), min_size=1, max_size=12))
def test_any_sequence_undone_in_reverse_leaves_no_trace(
    steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory, blank_coalition: Path
) -> None:
    path = tmp_path_factory.mktemp("steps") / "coalition.db"
    path.write_bytes(blank_coalition.read_bytes())
    with Crm.open(path) as crm:
        for what, name in steps:
            present = read.records(crm.db, Contact.select().order_by(Contact.id))
            with crm.changes(what) as unit:
                if what == "add" or not present:
                    unit.add(Contact, name=name)
                elif what == "rename":
                    unit.update(present[0], name=name)
                else:
                    unit.delete(present[-1])
        while any(done.undoes is None and done.undone_by is None and done.id > 1 for done in crm.operations()):
            report = crm.undo()
            assert not report.kept
            assert not report.refused
        assert read.count(crm.db, Contact.select()) == 0
        assert journal.first_break(crm.db) is None


# -------------------------------------------------------------------- many at once


def test_many_are_inserted_by_their_ids_and_told_in_the_journal(crm: Crm) -> None:
    with crm.changes("many") as unit:
        one = unit.insert_id(Organization, {"name": "One"})
        ids = unit.insert_many(Organization, ({"name": f"House {number}"} for number in range(2500)))
        last = unit.add(Organization, name="Last")
    assert (list(ids), last.id) == (list(range(one + 1, one + 2501)), one + 2501)
    found = read.records(crm.db, Organization.select().order_by(Organization.id))
    assert [each.id for each in found] == [one, *ids, last.id]
    assert len({each.uid for each in found}) == 2502
    told = journal.changes_of(crm.db, crm.operations()[0].id)
    assert [each.after for each in told] == [each.stored() for each in found]
    assert journal.first_break(crm.db) is None


def test_what_waits_in_a_block_is_written_some_thousand_at_a_time(crm: Crm) -> None:
    with changes(crm.db, "look", keep=False) as unit, unit.together():
        for number in range(5000):
            unit.add(Organization, name=f"House {number}")
        written = read.count(crm.db, Organization.select())
        assert 4000 <= written <= 5000
        assert read.count(crm.db, Change.select().where(Change.operation == unit.operation)) == written


def test_a_block_in_a_block_is_one(crm: Crm) -> None:
    with crm.changes("two") as unit, unit.together():
        with unit.together():
            unit.add(Organization, name="Inner")
        outer = unit.add(Organization, name="Outer")
        assert unit.current(Organization, outer.id) is not None
    assert [each.name for each in crm.organizations()] == ["Inner", "Outer"]


def test_an_unknown_field_is_refused_among_many(crm: Crm) -> None:
    with pytest.raises(NotFound, match="nosuch"), crm.changes("wrong") as unit:
        unit.insert_many(Organization, [{"name": "X"}, {"name": "Y", "nosuch": 1}])
    assert crm.organizations() == []


def test_a_row_may_not_choose_its_id_or_version(crm: Crm) -> None:
    with crm.changes("chosen") as unit:
        record = unit.insert(Organization, {"name": "X", "id": 77, "version": 99, "uid": "0" * 32})
    assert (record.id, record.version, record.uid) == (1, crm.operations()[0].id, "0" * 32)


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_the_version_is_read_from_the_values_whatever_they_say(texts: list[str]) -> None:
    values = {"id": 1, "name": "".join(texts), '"version":7,': texts[0], "version": 12, "note": '"version":5,'}
    for order in (values, dict(reversed(values.items()))):
        assert journal.version_in(json.dumps(order, ensure_ascii=False, separators=(",", ":"))) == 12


def test_source_rows_are_known_again_while_their_operation_stands(crm: Crm) -> None:
    def keep(name: str, number: int, outcome: str = "new") -> int:
        with crm.changes("import") as unit:
            body = unit.add(Organization, name=name)
            cells = {"Organization": name}
            hashed = bytes([number]) * 16
            unit.keep_source_rows([(2, outcome, "", body, cells, hashed), (3, outcome, "", None, cells, None)])
            return unit.operation

    first, second = keep("First", 1), keep("Second", 2)
    keep("Rejected", 3, "rejected")
    rejected = (b"\x03" * 16, "organization", 3, second + 1, 0)
    assert sorted(journal.known_rows(crm.db)) == [
        (b"\x01" * 16, "organization", 1, first, 1),
        (b"\x02" * 16, "organization", 2, second, 1),
        rejected,
    ]
    crm.undo(first)
    assert [record for _, _, record, *_ in journal.known_rows(crm.db)] == [2, 3]
    crm.undo(second)
    assert list(journal.known_rows(crm.db)) == [rejected]
    crm.undo(crm.operations()[0].id)
    assert [record for _, _, record, *_ in journal.known_rows(crm.db)] == [2, 3]
    assert journal.first_break(crm.db) is None
    crm.db.driver.execute("UPDATE source_row SET cells = replace(cells, 'Second', 'Third')")
    assert journal.first_break(crm.db) == second


def test_more_source_rows_than_a_batch_stay_one_chain(crm: Crm) -> None:
    with crm.changes("import") as unit:
        body = unit.add(Organization, name="A House")
        unit.keep_source_rows((line, "same", "", body, {"Line": str(line)}, None) for line in range(2, 2502))
    assert crm.db.driver.execute("SELECT count(*), min(line), max(line) FROM source_row").fetchone() == (2500, 2, 2501)
    assert journal.first_break(crm.db) is None
