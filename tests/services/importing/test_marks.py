"""Do not contact: the mark goes in by every way a record comes in, and none takes it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Organization, Role
from partners_crm.services import records
from partners_crm.services.importing import known
from partners_crm.services.importing.guessing import Coalition, guess
from partners_crm.services.importing.planning import Planner, Terms, coalition_of
from partners_crm.services.importing.prepare import Person, Prepared
from partners_crm.services.importing.report import ImportReport
from partners_crm.services.importing.whole import Policy, load_whole
from partners_crm.services.rows import Problem
from partners_crm.store.clues import Clues
from partners_crm.store.work import changes

Import = Callable[..., ImportReport]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def silent(crm: Crm) -> set[str]:
    """What nobody may use, by its own mark."""
    return {each.value for each in crm.records(ContactPoint) if each.do_not_contact}


def test_skip_keeps_an_unknown_person_who_wants_to_be_left_alone(crm: Crm, load: Import) -> None:
    load("Organization\nOak\n")
    sheet = (
        "Organization,Contact,Email,Do not contact\n"
        "Oak,Ann Lee,ann@example.org,x\nOak,Bo Ray,bo@example.org,\nOak,,desk@example.org,x\n"
    )
    report = load(sheet, policy="skip")
    assert (report.changed, report.same) == (2, 1)
    assert [(each.name, each.do_not_contact) for each in crm.records(Contact)] == [("Ann Lee", True)]
    assert [each.contact for each in crm.records(Role)] == [crm.find(Contact, "ann lee").id]
    assert silent(crm) == {"ann@example.org", "desk@example.org"}
    assert load(sheet, policy="skip", afresh=True).changes == 0


@pytest.mark.parametrize("policy", ["skip", "fill", "update"])
@pytest.mark.parametrize("cells", [",x", "312-555-0101,x"])
def test_a_mark_on_a_known_place_is_about_what_is_known_of_it(crm: Crm, load: Import, policy: str, cells: str) -> None:
    load(
        "Organization,Phone,Address,City,Contact,Email\nOak,312-555-0101,1 N Adams St,Peoria,Ann Lee,ann@example.org\n"
    )
    report = load(f"Organization,Phone,Do not contact\nOak,{cells}\n", policy=policy)
    assert (report.changed, silent(crm)) == (1, {"+13125550101"})
    assert [each.do_not_contact for each in crm.records(ContactPoint) if each.kind == "email"] == [False]
    assert all(each.do_not_contact for each in crm.records(ContactPoint) if each.kind == "phone")


def test_a_mark_about_nothing_that_is_known_is_asked_about(load: Import) -> None:
    report = load("Organization,Do not contact\nOak,x\n")
    assert [each.serious for each in report.remarks if "no way to reach it is known" in each.reason] == [True]


@pytest.mark.parametrize("policy", ["skip", "create", "fill", "update"])
def test_a_whole_coalition_brings_its_marks_under_every_policy(
    crm: Crm, load: Import, tmp_path: Path, policy: Policy
) -> None:
    load("Organization,Contact,Email,Cell\nOak,Ann Lee,ann@example.org,312-555-0107\n")
    open_file, marked_file = tmp_path / "open.jsonl", tmp_path / "marked.jsonl"
    crm.export_all(open_file)
    load("Organization,Contact,Do not contact\nOak,Ann Lee,x\n")
    crm.export_all(marked_file)
    crm.undo()
    assert silent(crm) == set()
    load_whole(crm.db, marked_file, policy=policy)
    assert crm.find(Contact, "ann lee").do_not_contact
    assert silent(crm) == {"ann@example.org", "+13125550107"}
    load_whole(crm.db, open_file, policy=policy)
    assert silent(crm) == {"ann@example.org", "+13125550107"}


def test_what_a_whole_coalition_adds_is_suppressed_by_what_is_known(crm: Crm, load: Import, tmp_path: Path) -> None:
    load("Organization,Email\nElm,ANN@example.org\n")
    file = tmp_path / "elm.jsonl"
    crm.export_all(file)
    crm.undo()
    load("Organization,Contact,Email,Do not contact\nOak,Ann Lee,ann@example.org,x\n")
    load_whole(crm.db, file)
    assert [each.do_not_contact for each in crm.records(ContactPoint)] == [True, True]
    assert load_whole(crm.db, file).changed == 0


def test_a_point_added_or_changed_by_hand_keeps_the_mark_of_its_address(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email,Unsubscribed\nOak,Ann Lee,ann@example.org,x\n")
    body = crm.find(Organization, "oak").id
    with changes(crm.db, "by hand") as unit:
        added = records.add(unit, ContactPoint, organization=body, kind="email", raw="Ann@Example.org")
        other = records.add(unit, ContactPoint, organization=body, kind="email", raw="desk@example.org")
        phone = records.add(unit, ContactPoint, organization=body, kind="phone", raw="312-555-0107")
        assert (added.do_not_contact, other.do_not_contact, phone.do_not_contact) == (True, False, False)
        other = records.edit(unit, other, raw="ann@example.org")
        assert other.do_not_contact
        # Somebody takes it back: that is said of the address as it is, and counts.
        assert not records.edit(unit, other, do_not_contact=False).do_not_contact


def test_an_address_of_a_contact_with_a_mark_is_suppressed_everywhere(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email\nOak,Ann Lee,ann@example.org\n")
    with changes(crm.db, "by hand") as unit:
        records.edit(unit, crm.find(Contact, "ann lee"), do_not_contact=True)
        body = records.add(unit, Organization, name="Elm")
        assert records.add(unit, ContactPoint, organization=body.id, kind="email", raw="ann@example.org").do_not_contact


def test_the_marks_of_a_row_that_stays_out_go_in_where_they_are_known(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email\nOak,Ann Lee,ann@example.org\n")
    # A point outside the world refuses the row.
    sheet = (
        "Organization,Contact,Email,Latitude,Longitude,Do not contact\n"
        "Oak,Ann Lee,ann@example.org,41.8,,x\nElm,Bo Ray,bo@example.org,41.8,,x\n"
    )
    report = load(sheet)
    assert (report.rejected, report.new) == (2, 0)
    assert crm.find(Contact, "ann lee").do_not_contact
    assert silent(crm) == {"ann@example.org"}
    assert [each.name for each in crm.records(Contact)] == ["Ann Lee"]


def test_of_a_row_that_cannot_be_read_the_marks_count_and_nothing_is_added(crm: Crm, load: Import) -> None:
    load("Organization,Phone,Contact,Email\nOak,312-555-0101,Ann Lee,ann@example.org\n")
    mapping = guess(["Organization", "Contact"], [], Coalition({}, {}))
    terms = Terms(NOW.date())
    clues = Clues(known.most)
    known.fill(crm.db, clues)
    planner = Planner(crm.db, mapping, terms, coalition_of(crm.db, mapping, terms), clues)
    broken = Problem(2, "Since", "soon", "is no day")
    people = [Person({"name": name}, {}, [], do_not_contact=True) for name in ("ANN LEE", "Bo Ray")]
    rows = [
        Prepared(2, (), b"", broken, organization={"name": "Oak"}, people=people),
        Prepared(3, (), b"", broken, organization={"name": "Oak"}, is_silent=True),
        Prepared(4, (), b"", broken, organization={"name": "Elm"}, people=people, is_silent=True),
    ]
    batch = planner.plan(rows)
    clues.close()
    assert [each.outcome for each in batch.results] == ["rejected"] * 3
    done = [(step.existing and step.existing.id, step.table, step.values) for step in batch.steps]
    (phone,) = [each.id for each in crm.records(ContactPoint) if each.kind == "phone"]
    assert done == [
        (crm.find(Contact, "ann lee").id, Contact, {"do_not_contact": True}),
        (phone, ContactPoint, {"do_not_contact": True}),
    ]
    assert batch.remarks == []
