"""Undo by cases: what is put back, what is kept, what is refused and why; and what changed since a day."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import Organization, Site, Tag
from partners_crm.services import records
from partners_crm.services.history import (
    ChangedRecord,
    changed_lines,
    changed_since,
    operation_before,
    operation_changes,
)
from partners_crm.services.settings import change_setting


def add(crm: Crm, name: str, **values: object) -> Organization:
    with crm.changes(f"add {name}") as unit:
        return records.add(unit, Organization, name=name, **values)


def edit(crm: Crm, key: int, **values: object) -> int:
    with crm.changes("edit") as unit:
        records.edit(unit, crm.find(Organization, key), **values)
        return unit.operation


def test_an_edit_made_since_is_kept_and_the_rest_of_the_record_goes_back(crm: Crm) -> None:
    body = add(crm, "A House", note="old note")
    both = edit(crm, body.id, name="B House", note="new note")
    edit(crm, body.id, name="C House")
    report = crm.undo(both)
    now = crm.find(Organization, body.id)
    assert (now.name, now.note) == ("C House", "old note")
    assert report.reversed == 1
    assert len(report.kept) == 1
    assert "Name" in report.kept[0]
    assert now.version == report.operation


def test_an_operation_is_undone_once(crm: Crm) -> None:
    add(crm, "A House")
    crm.undo(2)
    with pytest.raises(Conflict, match="undone already"):
        crm.undo(2)


def test_the_operation_that_set_it_up_stays(crm: Crm) -> None:
    with pytest.raises(Conflict, match="set the coalition up"):
        crm.undo(1)
    with pytest.raises(NotFound, match="nothing to undo"):
        crm.undo()


def test_what_something_hangs_on_is_not_taken_away(crm: Crm) -> None:
    body = add(crm, "A House")
    with crm.changes("site") as unit:
        records.add(unit, Site, organization=body.id, name="Main")
    report = crm.undo(2)
    assert report.reversed == 0
    assert "1 site was added to it since" in report.refused[0]
    assert crm.find(Organization, body.id).name == "A House"


def test_a_record_comes_back_only_with_what_it_stands_on(crm: Crm) -> None:
    body = add(crm, "A House")
    with crm.changes("site") as unit:
        site = records.add(unit, Site, organization=body.id, name="Main")
    with crm.changes("delete site") as unit:
        records.remove(unit, site)
        number = unit.operation
    with crm.changes("delete house") as unit:
        records.remove(unit, crm.find(Organization, body.id))
    report = crm.undo(number)
    assert report.reversed == 0
    assert "organization was deleted since" in report.refused[0]


def test_a_link_to_what_is_gone_is_not_put_back(crm: Crm) -> None:
    parent, child = add(crm, "Parent"), add(crm, "Child")
    edit(crm, child.id, parent=parent.id)
    unlinked = edit(crm, child.id, parent=None)
    with crm.changes("delete") as unit:
        records.remove(unit, crm.find(Organization, parent.id))
    report = crm.undo(unlinked)
    assert "part of was deleted since" in report.refused[0]
    assert crm.find(Organization, child.id).parent is None


def test_a_value_that_only_one_can_have_is_not_given_twice(crm: Crm) -> None:
    with crm.changes("tag") as unit:
        first = records.add(unit, Tag, name="red")
    with crm.changes("delete") as unit:
        records.remove(unit, first)
        number = unit.operation
    with crm.changes("again") as unit:
        records.add(unit, Tag, name="red")
    report = crm.undo(number)
    assert (report.reversed, len(report.refused)) == (0, 1)
    assert "has its value by now" in report.refused[0]
    assert len(crm.records(Tag)) == 1


def test_undo_and_redo_are_called_what_they_do(crm: Crm) -> None:
    add(crm, "A House")
    crm.undo()
    crm.redo()
    crm.undo(4)
    titles = [done.title.split(" ")[0] for done in crm.operations()]
    assert titles == ["undo", "redo", "undo", "add", "set"]
    assert crm.organizations() == []


# -------------------------------------------------------------------- what changed since


def test_what_changed_since_is_the_net_of_it(crm: Crm) -> None:
    house, gone = add(crm, "A House", note="old"), add(crm, "Gone")
    parent = add(crm, "Parent")
    start = crm.operations()[0].id
    edit(crm, house.id, note="between", parent=parent.id)
    edit(crm, house.id, note="new")
    add(crm, "Fresh")
    edit(crm, parent.id, name="Other")
    edit(crm, parent.id, name="Parent")
    with crm.changes("come and gone") as unit:
        records.remove(unit, records.add(unit, Organization, name="Brief"))
        records.remove(unit, gone)
    assert changed_since(crm.db, start) == [
        ChangedRecord(
            "organization",
            house.id,
            "A House",
            "changed",
            (("Part of", "", str(parent.id)), ("Note", "old", "new")),
        ),
        ChangedRecord("organization", gone.id, "Gone", "deleted", (("Name", "Gone", ""), ("Kind", "Provider", ""))),
        ChangedRecord("organization", 4, "Fresh", "added", (("Name", "", "Fresh"), ("Kind", "", "Provider"))),
    ]
    assert changed_lines(changed_since(crm.db, start), 1) == [
        f'changed  organization {house.id} "A House"  Part of (empty) → {parent.id}; Note old → new',
        "… and 2 more",
    ]
    assert changed_since(crm.db, crm.operations()[0].id) == []


def test_what_was_taken_back_since_is_no_change(crm: Crm) -> None:
    house = add(crm, "A House")
    start = crm.operations()[0].id
    edit(crm, house.id, name="B House")
    crm.undo()
    with crm.changes("delete") as unit:
        records.remove(unit, crm.find(Organization, house.id))
    crm.undo()
    assert changed_since(crm.db, start) == []


def test_a_record_that_was_deleted_comes_back_otherwise(crm: Crm) -> None:
    house = add(crm, "A House", note="old")
    start = crm.operations()[0].id
    with crm.changes("delete") as unit:
        records.remove(unit, house)
    crm.undo()
    edit(crm, house.id, note="new")
    (found,) = changed_since(crm.db, start)
    assert (found.what, found.fields) == ("changed", (("Note", "old", "new"),))


def test_a_day_begins_at_midnight_of_the_coalition(database: Path) -> None:
    # 04:30 UTC on the 24th is half past nine of the evening before in Denver.
    with Crm.open(database, clock=lambda: NOW.replace(hour=4, minute=30)) as crm:
        add(crm, "Late")
        late = crm.operations()[0].id
        with crm.changes("zone") as unit:
            change_setting(unit, "time_zone", "America/Denver")
    with Crm.open(database, clock=lambda: NOW) as crm:
        add(crm, "Today")
        today = crm.operations()[0].id
        assert operation_before(crm.db, "2026-11-24", crm.today) == late + 1 == today - 1
        assert operation_before(crm.db, "2026-11-23", crm.today) == 0
        assert operation_before(crm.db, "0d", crm.today) == today - 1
        assert operation_before(crm.db, "1d", crm.today) == 0
        assert operation_before(crm.db, str(late), crm.today) == late
        assert operation_before(crm.db, "0", crm.today) == 0
        for wrong in ("yesterday", "7 d", "2026-13-01", "9999999d", "-3", "²"):
            with pytest.raises(InvalidValue, match="is no day"):
                operation_before(crm.db, wrong, crm.today)
        with pytest.raises(NotFound):
            operation_before(crm.db, "99", crm.today)


def test_what_an_operation_did(crm: Crm) -> None:
    house = add(crm, "A House")
    number = edit(crm, house.id, name="B House")
    assert operation_changes(crm.db, number) == [
        ChangedRecord("organization", house.id, "B House", "changed", (("Name", "A House", "B House"),))
    ]
    with pytest.raises(NotFound):
        operation_changes(crm.db, 99)
