"""Who a row is about: what makes two one, what keeps two apart, and what a file says again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.dirty import books

from partners_crm.crm import Crm
from partners_crm.model import (
    Contact,
    ContactPoint,
    CustomValue,
    Membership,
    Organization,
    Role,
    Silo,
    SiloShare,
    Site,
)
from partners_crm.services.importing.associations import meant
from partners_crm.services.importing.comparing import compare
from partners_crm.services.importing.report import ImportReport

Import = Callable[..., ImportReport]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def names(crm: Crm) -> list[str]:
    return sorted(each.name for each in crm.records(Organization))


def said(report: ImportReport, words: str) -> list[bool]:
    """Whether the remarks with some words are serious, by line."""
    return [each.serious for each in report.remarks if words in each.reason]


# -------------------------------------------------------------------- numbers


def test_the_same_id_in_another_list_is_no_proof(crm: Crm, load: Import) -> None:
    load("Member ID,Organization,Phone\n7,North House,312-555-0101\n")
    sheet = "Member ID,Organization,Phone\n7,Prairie Legal Aid,309-555-0102\n"
    report = load(sheet)
    assert (report.new, said(report, "has the id of an organization of another name (North House)")) == (1, [True])
    assert names(crm) == ["North House", "Prairie Legal Aid"]
    assert load(sheet, afresh=True).changes == 0


@pytest.mark.parametrize("cells", ["312-555-0101,,", ",Peoria,", ",,Ann Lee"])
def test_an_id_follows_a_new_name_where_something_else_agrees(crm: Crm, load: Import, cells: str) -> None:
    load("Member ID,Organization,Phone,City,Contact\n7,North House,312-555-0101,Peoria,Ann Lee\n")
    report = load(f"Member ID,Organization,Phone,City,Contact\n7,Prairie Legal Aid,{cells}\n")
    assert (report.new, report.serious, names(crm)) == (0, 0, ["North House"])


def test_an_id_follows_a_bare_new_name_and_somebody_should_look(crm: Crm, load: Import) -> None:
    load("Member ID,Organization\n7,North House\n")
    report = load("Member ID,Organization\n7,Prairie Legal Aid\n")
    assert (report.new, said(report, "and nothing else agrees")) == (0, [True])


def test_a_known_name_counts_more_than_the_id_of_another_list(crm: Crm, load: Import) -> None:
    load("Member ID,Organization\n7,North House\n,South House\n")
    report = load("Member ID,Organization\n7,South House\n")
    assert (report.new, said(report, "the name counts")) == (0, [True])
    assert crm.find(Organization, "south house").id != crm.find(Organization, "north house").id


def test_an_ein_is_the_organization_and_a_wholly_other_name_is_asked_about(crm: Crm, load: Import) -> None:
    load("EIN,Organization,Phone\n36-1111111,North House,312-555-0101\n")
    report = load("EIN,Organization,Phone\n36-1111111,Prairie Legal Aid,309-555-0102\n")
    assert (report.new, said(report, "has the EIN of an organization of another name")) == (0, [True])
    report = load("EIN,Organization,Phone\n36-1111111,Lake Legal Aid,312-555-0101\n")
    assert (report.new, said(report, "has the EIN of an organization of another name")) == (0, [False])


# -------------------------------------------------------------------- people


def test_two_people_of_one_name_are_told_apart_by_what_reaches_them(crm: Crm, load: Import) -> None:
    sheet = "Contact,Email,Cell\nMaria Garcia,maria@example.org,\nMaria Garcia,mg@example.org,312-555-0107\n"
    report = load(sheet)
    assert (report.new, said(report, "with whom nothing else is shared")) == (2, [True])
    assert load(sheet, afresh=True).changes == 0
    assert load("Contact,Email,Cell\nMaria Garcia,,312-555-0107\nMaria Garcia,MARIA@example.org,\n").new == 0
    assert len(crm.records(Contact)) == 2


def test_a_name_alone_is_nobody_with_a_job_and_the_same_one_again(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email\nOak,Ann Lee,ann@example.org\n")
    report = load("Contact\nAnn Lee\n")
    assert (report.new, said(report, "with whom nothing else is shared")) == (1, [True])
    assert load("Contact\nAnn Lee\n", afresh=True).changes == 0
    assert load("Contact\nBo Ray\n").serious == 0
    assert len(crm.records(Contact)) == 3


def test_a_point_nobody_can_read_is_known_again(crm: Crm, load: Import) -> None:
    sheet = "Contact,Email\nAnn Lee,ann at example\n"
    load(sheet)
    assert load(sheet, afresh=True).changes == 0


def test_a_mail_address_in_capitals_is_the_same_one(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email\nOak,Ann Lee,ann@example.org\n")
    assert load("Organization,Contact,Email\nOak,Ann Lee,Ann@Example.ORG\n").changes == 0
    assert len(crm.records(ContactPoint)) == 1


# -------------------------------------------------------------------- spellings


def test_a_letter_that_makes_another_name_needs_more_than_a_switchboard(crm: Crm, load: Import) -> None:
    head = "Organization,Phone,Address\n"
    load(head + "Marion County Center,312-555-0101,1 N Adams St\n")
    assert load(head + "Marian County Center,312-555-0101,\n").new == 1
    load(head + "Mason County Center,312-555-0102,9 N Adams St\n")
    report = load(head + "Macon County Center,312-555-0102,9 N Adams St\n")
    assert (report.new, said(report, "is taken for Mason County Center")) == (0, [False])


def test_associations_of_two_counties_are_two(crm: Crm, load: Import) -> None:
    rows = ["Mason County Care Alliance"] * 8 + ["Macon County Care Alliance"] * 2
    load("Organization,Associations\n" + "".join(f"House {number},{name}\n" for number, name in enumerate(rows)))
    found = sorted(each.name for each in crm.organizations("kind:association"))
    assert found == ["Macon County Care Alliance", "Mason County Care Alliance"]


@pytest.mark.parametrize(
    ("name", "number", "other", "is_meant"),
    [
        ("Mason County Alliance", 1, "Macon County Alliance", False),
        ("Prairie Counsil for Children", 1, "Prairie Council for Children", True),
        ("Prairie Counsil for Children", 4, "Prairie Council for Children", False),
        ("Prairie Council fr Children", 8, "Prairie Council for Children", True),
        ("Oak County Alliance", 1, "Oaks County Alliance", True),
        ("Oak County Alliance", 8, "Oaks County Alliance", False),
        ("Prairie Assn. for Children", 8, "Prairie Association for Children", True),
    ],
)
def test_which_association_is_meant(name: str, number: int, other: str, is_meant: bool) -> None:
    assert meant(Counter({name: number, other: 9}), ()) == ({name: other} if is_meant else {})


def test_a_known_association_is_meant_by_a_slip_and_not_by_another_letter() -> None:
    known = ["Prairie Council for Children"]
    slip, letter = "Prairie Council for Chldren", "Prairie Counsil for Children"
    assert meant(Counter((slip, letter)), known) == {slip: known[0]}


def test_the_same_name_at_another_zip_code_with_its_own_phone_is_another(crm: Crm, load: Import) -> None:
    sheet = "Organization,ZIP,Phone\nHope House,61602,309-555-0101\nHope House,62002,618-555-0102\n"
    report = load(sheet)
    assert (report.new, said(report, "in another ZIP code; in 62002")) == (2, [True])
    assert load(sheet, afresh=True).changes == 0
    assert load("Organization,ZIP,Phone\nHope House,61602-1234,309-555-0109\n").new == 0


# -------------------------------------------------------------------- the same in other words


def test_update_replaces_nothing_by_the_same_in_other_words(crm: Crm, load: Import) -> None:
    head = "Organization,Address,City,State,ZIP,Member since,Service area,Dues\n"
    load(
        head + "Oak,1 N Adams St,Chicago,IL,60629-0721,2011-07-14,Cook-Lake County,1200.50\n",
        own=("Dues",),
    )
    again = head + 'Oak,1 North Adams Street,Chicago,Illinois,60629,2011,"Cook, Lake county","$1,200.500"\n'
    assert load(again, own=("Dues",), policy="update").changes == 0
    assert said(load(again, own=("Dues",), afresh=True), "differs from what is known") == []


def test_update_takes_what_is_more_exact(crm: Crm, load: Import) -> None:
    head = "Organization,Address,City,ZIP,Member since\n"
    load(head + "Oak,1 N Adams St,Chicago,60629,2011\n")
    report = load(head + "Oak,1 N Adams St,Chicago,60629-0721,2011-07-14\n")
    assert said(report, "differs from what is known") == [False, False]
    load(head + "Oak,1 N Adams St,Chicago,60629-0721,2011-07-14\n", policy="update")
    assert [each.postal_code for each in crm.records(Site)] == ["60629-0721"]
    assert [each.since for each in crm.records(Membership)] == ["2011-07-14"]


def test_of_two_rows_that_differ_the_first_counts(crm: Crm, load: Import) -> None:
    head = "Organization,Notes,Contact,Title,Region\n"
    load(head + "Oak,old,Ann Lee,Boss,South\n", own=("Region",))
    sheet = head + "Oak,first,Ann Lee,Head,North\nOak,second,Ann Lee,Chair,West\n"
    report = load(sheet, policy="update")
    assert said(report, "differs from what an earlier row of the file says") == [False, False]
    assert [each.note for each in crm.organizations()] == ["first"]
    assert [each.value for each in crm.records(CustomValue)] == ["North"]
    assert sorted(each.title for each in crm.records(Role)) == ["Chair", "Head"]
    again = load(sheet, policy="update", afresh=True)
    assert (again.changes, again.changed) == (0, 0)


def test_silos_that_stay_the_same_keep_their_weights(crm: Crm, load: Import) -> None:
    load("Organization,Silo\nOak,aging; housing\n")
    with crm.changes("weights") as unit:
        for share, weight in zip(crm.records(SiloShare), (0.7, 0.3), strict=True):
            unit.update(share, weight=weight)
    before = [(each.id, each.weight) for each in crm.records(SiloShare)]
    assert load("Organization,Silo\nOak,housing\nOak,aging\n", policy="update").changes == 0
    assert [(each.id, each.weight) for each in crm.records(SiloShare)] == before


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("House 80 and 76", "House 80, 76", True),
        ("SD-5", "sd 5", True),
        ("DuPage & Kane", "Du Page, Kane", True),
        ("House 8, 076", "House 80, 76", False),
        ("Cook", "Lake", False),
    ],
)
def test_areas_are_compared_by_what_they_name(one: str, other: str, is_same: bool) -> None:
    assert (compare(Site, "service_area", one, other) == "same") is is_same


@pytest.mark.parametrize("policy", ["fill", "update"])
def test_the_messy_list_twice_changes_nothing(crm: Crm, tmp_path: Path, policy: Any) -> None:
    path = tmp_path / "members-messy.xlsx"
    shutil.copyfile(Path(books.__file__).parent / path.name, path)
    crm.import_file(path, policy=policy)
    again: Any = crm.import_file(path, policy=policy, afresh=True)
    assert (again.changes, again.new, again.changed) == (0, 0, 0)


def test_what_is_kept_is_told_of_every_record(crm: Crm, load: Import) -> None:
    head = "Organization,Address,City,ZIP,Contact,First name,Title,Department,Silo\n"
    load(head + "Oak,1 N Adams St,Peoria,61602,Ann Lee,Ann,Head,Care,aging\n")
    report = load(head + "Oak,1 N Adams St,Pekin,61602,Ann Lee,Anne,Head,Youth,housing\n")
    told = {each.column: each.reason for each in report.remarks}
    assert {"City", "First name", "Department", "Silo"} <= told.keys()
    assert all(reason.startswith("differs from what is known") for reason in told.values())
    assert told["Silo"].endswith("it is in other silos already; kept")
    assert report.serious == 0
    assert [crm.find(Silo, str(each.silo)).code for each in crm.records(SiloShare)] == ["aging"]


def test_each_association_that_is_taken_for_another_is_said(crm: Crm, load: Import) -> None:
    rows = ["Prairie Council for Children"] * 6 + ["Prairie Council fr Children", "Prairie Counsil for Children"]
    rows.append("Prairie Council 4 Children")
    lines = "".join(f"House {number},{name}\n" for number, name in enumerate(rows))
    report = load("Organization,Associations\n" + lines)
    told = [each.line for each in report.remarks if each.reason == "was taken for Prairie Council for Children"]
    assert told == [8, 9]
    assert len(crm.organizations("kind:association")) == 2
