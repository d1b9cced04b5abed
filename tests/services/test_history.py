"""Undo by cases: what is put back, what is kept because somebody edited it, what is refused and why."""

from __future__ import annotations

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, NotFound
from partners_crm.model import Organization, Site, Tag
from partners_crm.services import records


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
