"""Undo of many records at once: the same answer as one at a time, records that point forward, what was edited since."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, InvalidValue, NotFound
from partners_crm.model import ENTITIES, Contact, ContactPoint, Organization, Role, Site, Tag, Tagging
from partners_crm.services import records
from partners_crm.services.undoing import undo
from partners_crm.store.journal import changes_of, first_break
from partners_crm.store.read import tuples, where

COUNT = 2300
"""More than two batches."""


def load(crm: Crm, count: int = COUNT) -> int:
    """Organizations with a site and every second with a contact and a role, interleaved; gives the operation."""
    with crm.changes("load") as unit, unit.together():
        for number in range(count):
            body = unit.insert_id(Organization, {"name": f"House {number}"})
            unit.add(Site, organization=body, name="Main")
            if number % 2 == 0:
                person = unit.add(Contact, name=f"Person {number}")
                unit.add(Role, contact=person.id, organization=body)
        return unit.operation


def dump(crm: Crm) -> dict[str, list[tuple[Any, ...]]]:
    """Every record of every entity, versions included."""
    return {table.entity.name: tuples(crm.db, table.select().order_by(table.id)) for table in ENTITIES}


def is_whole(crm: Crm) -> bool:
    return first_break(crm.db) is None and not crm.db.driver.execute("PRAGMA foreign_key_check").fetchall()


def test_a_load_goes_and_comes_again_as_it_was(crm: Crm) -> None:
    empty = dump(crm)
    number = load(crm)
    loaded = dump(crm)
    report = crm.undo(number)
    assert (report.reversed, report.kept, report.refused) == (3 * COUNT, [], [])
    assert dump(crm) == empty
    again = crm.redo()
    assert (again.reversed, again.kept, again.refused) == (3 * COUNT, [], [])
    assert dump(crm) == loaded
    assert crm.undo().reversed == 3 * COUNT
    assert dump(crm) == empty
    assert is_whole(crm)


def test_of_a_load_what_was_edited_and_what_something_hangs_on_stays(crm: Crm) -> None:
    number = load(crm)
    edited, held, gone = crm.find(Organization, 700), crm.find(Organization, 1400), crm.find(Contact, 900)
    with crm.changes("edit") as unit:
        records.edit(unit, edited, note="ours")
        records.add(unit, ContactPoint, organization=held.id, raw="dana@example.org")
        records.remove(unit, gone)
    report = crm.undo(number)
    assert report.kept == [
        "role 900: was deleted since",
        "contact 900: was deleted since",
        'organization 700 "House 699": was edited since',
    ]
    assert report.refused == ['organization 1400 "House 1399": 1 contact point was added to it since']
    assert [each.id for each in crm.organizations()] == [1400, 700]
    assert crm.records(Site) == []
    assert report.reversed == 3 * COUNT - 4
    assert is_whole(crm)


def test_many_edits_go_back_and_an_edit_made_since_is_kept(crm: Crm) -> None:
    load(crm)
    before = dump(crm)
    with crm.changes("mark") as unit:
        for each in where(crm.db, Organization):
            unit.update(each, note="marked")
        number = unit.operation
    with crm.changes("later") as unit:
        records.edit(unit, crm.find(Organization, 5), note="by hand")
    report = crm.undo(number)
    assert report.reversed == COUNT - 1
    assert report.kept == ["organization 5: Note edited since"]
    assert crm.find(Organization, 5).note == "by hand"
    crm.undo(number + 1)
    crm.undo(number + 2)
    with crm.changes("as before") as unit:
        unit.update(crm.find(Organization, 5), note="")
    assert [row[3:] for row in dump(crm)["organization"]] == [
        (*row[3:7], "marked" if row[0] != 5 else "", *row[8:]) for row in before["organization"]
    ]
    assert is_whole(crm)


def forward(crm: Crm) -> int:
    """Divisions that are stored before the body they are a part of, in another batch of the journal."""
    with crm.changes("load") as unit, unit.together():
        first = unit.insert_id(Organization, {"name": "First"})
        for number in range(COUNT):
            unit.insert_id(Organization, {"name": f"Division {number}", "parent": first + COUNT + 1 + number % 3})
        for number in range(3):
            unit.insert_id(Organization, {"name": f"Parent {number}"})
        return unit.operation


def test_a_division_stored_before_its_parent_goes_and_comes_with_it(crm: Crm) -> None:
    empty = dump(crm)
    number = forward(crm)
    loaded = dump(crm)
    report = crm.undo(number)
    assert (report.reversed, report.kept, report.refused) == (COUNT + 4, [], [])
    assert dump(crm) == empty
    again = crm.redo()
    assert (again.reversed, again.kept, again.refused) == (COUNT + 4, [], [])
    assert dump(crm) == loaded
    assert is_whole(crm)


def test_a_parent_stays_with_a_division_that_something_hangs_on(crm: Crm) -> None:
    number = forward(crm)
    with crm.changes("site") as unit:
        records.add(unit, Site, organization=2, name="Main")
    report = crm.undo(number)
    assert any("1 site was added to it since" in line for line in report.refused)
    names = {each.name for each in crm.organizations()}
    assert {"Division 0", "Parent 0"} <= names
    assert "First" not in names
    assert is_whole(crm)


def test_a_division_whose_parent_cannot_come_again_is_refused(crm: Crm) -> None:
    number = forward(crm)
    uid = crm.find(Organization, COUNT + 2).uid
    crm.undo(number)
    with crm.changes("the same uid") as unit:
        unit.add(Organization, name="Stranger", uid=uid)
    report = crm.undo(number + 1)
    assert f"organization {COUNT + 2}: another organization has its value by now" in report.refused
    assert any("its part of was deleted since" in line for line in report.refused)
    assert all(each.parent != COUNT + 2 for each in crm.organizations())
    assert is_whole(crm)


def test_names_that_were_handed_on_are_handed_back(crm: Crm) -> None:
    with crm.changes("tags") as unit:
        red, blue = unit.add(Tag, name="red"), unit.add(Tag, name="blue")
    before = dump(crm)
    with crm.changes("hand on") as unit:
        unit.delete(red)
        blue = unit.update(blue, name="red")
        unit.add(Tag, name="blue")
    crm.undo()
    assert dump(crm) == before
    crm.redo()
    assert sorted(each.name for each in crm.records(Tag)) == ["blue", "red"]
    assert is_whole(crm)


def test_a_record_changed_twice_in_one_operation_goes_back_whole(crm: Crm) -> None:
    with crm.changes("before") as unit:
        body = unit.add(Organization, name="A House")
    before = dump(crm)
    with crm.changes("twice") as unit:
        body = unit.update(body, name="B House")
        body = unit.update(body, name="C House", note="c")
        fresh = unit.add(Organization, name="Fresh", parent=body.id)
        fresh = unit.update(fresh, name="Fresher")
        short = unit.add(Organization, name="Short")
        unit.delete(short)
    after = dump(crm)
    assert crm.undo().reversed == 3
    assert dump(crm) == before
    assert not crm.redo().refused
    assert dump(crm) == after


def test_a_preview_says_what_would_happen_and_does_nothing(crm: Crm) -> None:
    number = load(crm, 10)
    with crm.changes("edit") as unit:
        records.edit(unit, crm.find(Organization, 3), note="ours")
    before, operations = dump(crm), crm.operations()
    report = crm.undo(number, preview=True)
    assert (report.reversed, len(report.kept), report.operation, report.preview) == (29, 1, None, True)
    assert (dump(crm), crm.operations()) == (before, operations)
    crm.undo()
    assert crm.redo(preview=True).reversed == 1
    assert crm.find(Organization, 3).note == ""


def test_erased_values_are_refused_among_many(crm: Crm) -> None:
    number = load(crm, 50)
    crm.db.driver.execute("DELETE FROM change_values WHERE id IN (SELECT max(id) FROM change)")
    report = crm.undo(number)
    assert report.refused[0] == "site 50: its values were erased"
    assert 'organization 50 "House 49": 1 site was added to it since' in report.refused
    assert is_whole(crm)


def test_an_altered_value_of_the_journal_is_not_told_again(crm: Crm) -> None:
    number = load(crm, 50)
    own = "SELECT id FROM change WHERE entity = 'organization'"
    crm.db.driver.execute(f"UPDATE change_values SET after = replace(after, 'House 7', 'Horse 7') WHERE id IN ({own})")
    assert first_break(crm.db) == number
    report = crm.undo(number)
    assert (report.reversed, report.kept, report.refused) == (150, [], [])
    told = [each.before for each in changes_of(crm.db, report.operation or 0) if each.entity == "organization"]
    assert "House 7" in {each["name"] for each in told if each}


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "part", "edit", "move", "tag", "delete", "twice"]), st.integers(0, 30)),
    min_size=1,
    max_size=25,
)


def work(unit: Any, steps: list[tuple[str, int]]) -> None:
    """Steps of one operation."""
    for what, number in steps:
        there = where(unit.db, Organization)
        body = there[number % len(there)] if there else None
        try:
            if what == "add" or body is None:
                fresh = unit.add(Organization, name=f"House {number}", parent=body.id if body and number % 3 else None)
                unit.add(Site, organization=fresh.id, name="Main")
            elif what == "part":
                unit.add(Site, organization=body.id, name=f"Site {number}")
            elif what == "edit":
                records.edit(unit, body, note=f"note {number}")
            elif what == "move":
                records.edit(unit, body, parent=there[number // 2 % len(there)].id)
            elif what == "tag":
                named = where(unit.db, Tag, name=f"tag {number % 3}")
                tag = named[0] if named else unit.add(Tag, name=f"tag {number % 3}")
                unit.add(Tagging, tag=tag.id, organization=body.id)
            elif what == "delete":
                records.remove(unit, body)
            else:
                unit.update(unit.update(body, note="once"), note="twice")
        except (Conflict, NotFound, InvalidValue):
            pass


@given(first=STEPS, chosen=STEPS, later=STEPS)
@settings(max_examples=60)
def test_in_bulk_is_as_one_at_a_time(
    first: list[tuple[str, int]],
    chosen: list[tuple[str, int]],
    later: list[tuple[str, int]],
    blank_coalition: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("both")
    path, other = folder / "one.db", folder / "other.db"
    shutil.copyfile(blank_coalition, path)
    with Crm.open(path, clock=lambda: NOW) as crm:
        for title, steps in (("first", first), ("chosen", chosen), ("later", later)):
            with crm.changes(title) as unit:
                work(unit, steps)
        number = next((done.id for done in crm.operations() if done.title == "chosen"), 0)
    if not number:
        return
    shutil.copyfile(path, other)
    found = []
    for each, careful in ((path, False), (other, True)):
        with Crm.open(each, clock=lambda: NOW) as crm:
            report = undo(crm.db, number, clock=crm.clock, careful=careful)
            undone = dump(crm)
            if report.operation:
                crm.undo(report.operation)
            found.append((report.reversed, sorted(report.kept), sorted(report.refused), undone, dump(crm)))
            assert is_whole(crm)
    assert found[0] == found[1]
