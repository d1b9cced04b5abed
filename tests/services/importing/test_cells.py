"""What cells and columns of real spreadsheets mean, and what is said of those that mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Membership, Organization, Site
from partners_crm.services.importing.report import ImportReport

Import = Callable[..., ImportReport]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def test_the_chair_is_not_the_director(crm: Crm, load: Import) -> None:
    load(
        "Organization,Executive Director,ED Email,ED Phone,Board Chair,Chair Email,Chair Cell\n"
        "Oak,Dana Reyes,dana@example.org,312-555-0101,Lee Ortiz,lee@example.org,312-555-0102\n"
    )
    people = {each.id: each.name for each in crm.records(Contact)}
    found = {(people[each.contact or 0], each.value) for each in crm.records(ContactPoint)}
    assert found == {
        ("Dana Reyes", "dana@example.org"),
        ("Dana Reyes", "+13125550101"),
        ("Lee Ortiz", "lee@example.org"),
        ("Lee Ortiz", "+13125550102"),
    }


def test_ways_to_nobody_mean_nothing(crm: Crm, load: Import) -> None:
    report = load("Organization,Contact,Boss Email,Clerk Email\nOak,Ann Lee,boss@example.org,clerk@example.org\n")
    assert report.unmapped == ("Boss Email", "Clerk Email")
    assert crm.records(ContactPoint) == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Lapsed 2023", "lapsed"),
        ("Prospect - call in Sept", "prospect"),
        ("Active - dues owed", "active"),
        ("Non-member", "prospect"),
        ("Applied 9/2025", "invited"),
        ("Current", "active"),
    ],
)
def test_a_status_is_read_by_its_first_word(crm: Crm, load: Import, text: str, status: str) -> None:
    report = load(f"Organization,Mbr Status\nOak,{text}\n")
    assert [each.status for each in crm.records(Membership)] == [status]
    assert report.rejected == 0


def test_a_list_of_people_is_no_list_of_organizations(crm: Crm, load: Import) -> None:
    load("Name,Email,Phone,Notes\nDana Reyes,dana@example.org,312-555-0101,neighbor\n")
    assert crm.records(Organization) == []
    assert [(each.name, each.note) for each in crm.records(Contact)] == [("Dana Reyes", "neighbor")]


def test_town_state_and_zip_in_one_column(crm: Crm, load: Import) -> None:
    load('Organization,City/State/ZIP\nOak,"Springfield, IL 62701"\n')
    (site,) = crm.records(Site)
    assert (site.city, site.state, site.postal_code) == ("Springfield", "IL", "62701")


def test_a_line_of_sums_is_no_member(crm: Crm, load: Import) -> None:
    report = load("Organization,Dues,Seats\nOak,100,3\nElm,200,4\nTOTAL: 2 members,300,7\n")
    assert (report.new, report.left_out) == (2, 1)


def test_what_was_not_taken_is_neither_written_nor_known(crm: Crm, load: Import) -> None:
    report = load(
        "Organization,Contact,City,Member since\nOak,Ann Lee,Peoria,?\nElm,Bo Ray,Alton,Fall 2019\n,Cy Fox,Cairo,\n"
    )
    counts = {each.header: (each.written, each.known, each.ignored, each.blank) for each in report.columns}
    assert counts["Member since"] == (0, 0, 1, 2)
    assert counts["City"] == (2, 0, 1, 0)
    said = {each.value: each.reason for each in report.remarks}
    assert said["Cairo"].endswith("kept in the source row")
    assert said["Fall 2019"].endswith("kept in the source row")


def test_a_few_new_ones_are_no_headline(crm: Crm, load: Import) -> None:
    load("Organization\n" + "".join(f"House {number}\n" for number in range(40)))
    assert load("Organization\nOak\nElm\n").headline == ""
    assert load("Organization\n" + "".join(f"Lodge {number}\n" for number in range(40))).headline.startswith("MAJOR")
