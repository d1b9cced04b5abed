"""What an import must not lose, invent or decide in silence: identity, places, memberships, contradictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import Assignment, Contact, ContactPoint, Identifier, Membership, Organization, OtherName, Site
from partners_crm.services.importing.report import ImportReport

Import = Callable[..., ImportReport]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def reasons(report: ImportReport) -> str:
    return "\n".join(f"{each.line} {each.column} {each.value} {each.reason}" for each in report.remarks)


def test_towns_tell_places_without_an_address_apart(crm: Crm, load: Import) -> None:
    load('Organization,City\nYWCA,Chicago\n"YWCA, Inc.",Peoria\nThe YWCA,Elgin\n')
    assert len(crm.organizations()) == 1
    assert [site.city for site in crm.records(Site)] == ["Chicago", "Peoria", "Elgin"]
    assert load('Organization,City\nYWCA,Chicago\n"YWCA, Inc.",Peoria\nThe YWCA,Elgin\n').changes == 0


def test_the_same_street_in_two_towns_is_two_places(crm: Crm, load: Import) -> None:
    load("Organization,Address,City\nA House,100 Main St,Peoria\nA House,100 Main St,Alton\n")
    assert len(crm.records(Site)) == 2


def test_only_the_first_address_is_the_headquarters(crm: Crm, load: Import) -> None:
    load("Organization,City\nA House,Peoria\nA House,Alton\n")
    assert [site.kind for site in crm.records(Site)] == ["hq", "service"]


def test_another_ein_is_another_organization(crm: Crm, load: Import) -> None:
    sheet = "Organization,EIN\nHope House,36-1111111\nHope House,36-2222222\n"
    report = load(sheet)
    assert len(crm.organizations()) == 2
    assert sorted(each.value for each in crm.records(Identifier)) == ["36-1111111", "36-2222222"]
    assert "another EIN" in reasons(report)
    assert load(sheet).changes == 0


def test_one_ein_under_two_names_keeps_both_names(crm: Crm, load: Import) -> None:
    report = load("Organization,EIN\nCharities Joliet,36-1111111\nCharities Peoria,36-1111111\n")
    assert [each.name for each in crm.organizations()] == ["Charities Joliet"]
    assert [each.name for each in crm.records(OtherName)] == ["Charities Peoria"]
    assert "of another name" in reasons(report)


def test_an_ein_that_is_none_is_said(load: Import) -> None:
    assert "is no EIN" in reasons(load("Organization,EIN\nHope House,36-12345678\n"))


def test_names_of_signs_alone_are_not_one_organization(crm: Crm, load: Import) -> None:
    load("Organization\n***\n!!!\n")
    assert len(crm.organizations()) == 2


def test_a_name_beside_an_organization_is_a_person(crm: Crm, load: Import) -> None:
    load("Name,Organization,Title\nDana Reyes,Hope House,Director\n")
    assert [each.name for each in crm.organizations()] == ["Hope House"]
    assert [each.name for each in crm.records(Contact)] == ["Dana Reyes"]


def test_what_differs_from_what_is_known_is_said(crm: Crm, load: Import) -> None:
    load("Organization,Status,Member since,Lat,Lon,City\nHope House,Active,2010,41.88,-87.65,Chicago\n")
    report = load("Organization,Status,Member since,Lat,Lon,City\nHope House,Lapsed,2012,41.98,-87.65,Chicago\n")
    words = reasons(report)
    assert "Lapsed" in words or "lapsed" in words
    assert "2012" in words
    assert "41.98" in words
    assert report.changes == 0


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        ("A House,\nA House,active\n", {"members": False}, ["active"]),
        ("A House,\nA House,active\n", {}, ["active"]),
        ("A House,\n", {"members": False}, []),
        ("A House,lapsed\nA House,\n", {}, ["lapsed"]),
    ],
)
def test_a_status_in_any_row_counts(
    crm: Crm, load: Import, rows: str, options: dict[str, bool], expected: list[str]
) -> None:
    load(f"Organization,Status\n{rows}", **options)
    assert [each.status for each in crm.records(Membership)] == expected


def test_a_text_that_is_no_mail_address_is_kept_whole(crm: Crm, load: Import) -> None:
    load("Organization,Email\nA House,not an email\nB House,Dana Reyes <dana@example.org>\nC House,n/a\n")
    points = {each.raw: each.value for each in crm.records(ContactPoint)}
    assert points == {"not an email": "", "Dana Reyes <dana@example.org>": "dana@example.org"}


def test_a_line_of_contact_details_is_understood_whole(crm: Crm, load: Import) -> None:
    line = "560 West Lake Street, 6th Floor, Chicago, IL 60661 • 312-906-2364 p • 312-876-0721 f"
    load(f'Organization,Address\nA House,"{line}"\n')
    (site,) = crm.records(Site)
    assert site.address == line
    assert (site.street, site.city, site.postal_code) == ("560 W Lake St", "Chicago", "60661")
    points = {each.value: each.use for each in crm.records(ContactPoint)}
    assert points == {"+13129062364": "voice", "+13128760721": "fax"}
    assert load(f'Organization,Address\nA House,"{line}"\n').changes == 0


def test_a_senate_district_that_does_not_hold_the_house_district_rejects_the_row(load: Import) -> None:
    report = load("Organization,City,House District,Senate District\nA House,Alton,27,15\n")
    assert report.rejected == 1
    assert "lies in senate 14" in report.problems[0].reason


def test_coordinates_outweigh_a_stated_district_and_say_so(crm: Crm, load: Import) -> None:
    report = load("Organization,Lat,Lon,House District\nA House,41.88,-87.65,100\n")
    assert "which counts" in reasons(report)
    assert crm.coverage(chamber="house", min_match=0).total("house")[0] == 1


def test_a_district_stated_for_a_box_is_passed_over_and_said_so(crm: Crm, load: Import) -> None:
    report = load("Organization,Address,House District,Senate District\nA House,P.O. Box 7,100,50\n")
    assert reasons(report).count("is stated for a post office box, which places nobody") == 2
    assert crm.records(Assignment) == []


@pytest.mark.parametrize("text", ["27", "27.0", "27th", "HD 27", "House 27", "IL-27", "District 27", "sldl:27"])
def test_a_district_is_understood_as_people_write_it(crm: Crm, load: Import, text: str) -> None:
    assert load(f"Organization,City,House District\nA House,Alton,{text}\n").rejected == 0
    assert crm.organizations("district:sldl:27") != []


def test_a_place_in_another_state_is_a_member_without_a_district(crm: Crm, load: Import) -> None:
    report = load("Organization,Lat,Lon\nGateway House,38.63,-90.2\n")
    assert (report.new, report.rejected) == (1, 0)
    assert "not in Illinois" in reasons(report)
    assert [name for _, name in crm.coverage().unassigned] == ["Gateway House"]


def test_an_association_with_a_comma_before_inc_is_one(crm: Crm, load: Import) -> None:
    load('Organization,Association\nA House,"Care Association, Inc.; Shelter League"\n')
    assert len(crm.organizations("kind:association")) == 2


def test_what_was_imported_between_the_reading_and_the_lock_is_known(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    rows = [f"House {number}" for number in range(600)]
    path.write_text("\n".join(["Organization", *rows]) + "\n", "utf-8")
    other: list[object] = []

    def meanwhile(stage: str, _done: int, _total: int) -> None:
        if stage == "reading" and not other:
            with Crm.open(database, clock=lambda: NOW) as second:
                other.append(second.import_file(path))

    with Crm.open(database, clock=lambda: NOW) as crm:
        report = crm.import_file(path, progress=meanwhile)
        assert (report.changes, report.same) == (0, 600)
        assert len(crm.records(Organization)) == 600


def test_a_row_whose_last_day_lies_before_its_first_is_rejected_and_named(crm: Crm, tmp_path: Path) -> None:
    sheet = tmp_path / "dates.csv"
    sheet.write_text("Organization,Member since,Member until\nFirst,2025-01-01,2020-01-01\nSecond,2020,2021\n", "utf-8")
    report = crm.import_file(sheet)
    assert (report.new, report.rejected) == (1, 1)
    (problem,) = report.problems
    assert (problem.line, problem.column, problem.reason) == (2, "Member until", "lies before 2025-01-01")


def test_a_file_cannot_decide_for_a_person(crm: Crm, tmp_path: Path) -> None:
    sheet = tmp_path / "levels.csv"
    sheet.write_text("Organization,Lat,Lon,Match level\nFirst,41.8839,-87.6270,110\n", "utf-8")
    report = crm.import_file(sheet)
    assert [each.match_level for each in crm.records(Site)] == [100]
    assert any("counts as 100 in a file" in each.reason for each in report.remarks)
