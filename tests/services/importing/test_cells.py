"""What cells and columns of real spreadsheets mean, and what is said of those that mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats import read_sheet

from partners_crm.crm import Crm
from partners_crm.errors import FileRefused
from partners_crm.model import Contact, ContactPoint, CustomField, Membership, Organization, Role, Site
from partners_crm.services import custom_fields, rows, values
from partners_crm.services.importing import cells
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


def counted(report: ImportReport) -> dict[str, tuple[int, int, int, int]]:
    return {each.header: (each.written, each.known, each.ignored, each.blank) for each in report.columns}


def test_a_person_without_an_organization_has_none_of_its_cells(crm: Crm, load: Import) -> None:
    report = load(
        "Organization,Contact,Title,Email,Address,City,House,Silo,Status,Notes\n"
        ",Cy Fox,CEO,cy@example.org,1 Elm St,Cairo,TBD,food,Gonzo,call him\n"
    )
    assert [(each.name, each.note) for each in crm.records(Contact)] == [("Cy Fox", "call him")]
    assert report.rejected == 0
    became = counted(report)
    for header in ("Title", "Address", "City", "Silo", "Status"):
        assert became[header] == (0, 0, 1, 0)
        assert any(each.column == header and each.reason.endswith("kept in the source row") for each in report.remarks)
    assert became["House"] == (0, 0, 0, 1)
    assert became["Notes"][2] == 0


def test_a_title_of_nobody_is_said(load: Import) -> None:
    report = load("Organization,Contact,Title,Phone\nOak,,Director,312-555-0101\n")
    assert counted(report)["Title"] == (0, 0, 1, 0)
    assert [each.value for each in report.remarks] == ["Director"]


def test_a_status_of_which_a_word_was_read_is_written(load: Import) -> None:
    assert counted(load("Organization,Status\nOak,Lapsed 2023\n"))["Status"] == (1, 0, 0, 0)


def test_a_refused_row_still_silences(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Email\nOak,Ann Lee,ann@example.org\n")
    report = load("Organization,Contact,Email,Status,Do not contact\nOak,Ann Lee,ann@example.org,Gonzo,x\n")
    assert report.rejected == 1
    assert [each.do_not_contact for each in crm.records(Contact)] == [True]
    assert [each.do_not_contact for each in crm.records(ContactPoint)] == [True]


@pytest.mark.parametrize("header", ["Member?", "Membership", "Mbr Status", "Current Member"])
@pytest.mark.parametrize(("text", "status"), [("x", "active"), ("No", "prospect"), ("pending", "invited")])
def test_the_values_tell_a_column_of_statuses(crm: Crm, load: Import, header: str, text: str, status: str) -> None:
    load(f"Organization,{header}\nOak,{text}\n")
    assert [each.status for each in crm.records(Membership)] == [status]


def test_words_for_nothing_are_no_status(load: Import) -> None:
    report = load("Organization,Status\nOak,TBD\nElm,?\nFir,active\nAsh,Gonzo\n")
    assert counted(report)["Status"] == (1, 0, 1, 2)
    assert [each.value for each in report.problems] == ["Gonzo"]


@pytest.mark.parametrize(
    ("header", "text", "place"),
    [
        ("City, ST ZIP", "Springfield IL 62701", ("Springfield", "IL", "62701")),
        ("City", "Springfield, IL 62701-1234", ("Springfield", "IL", "62701-1234")),
        ("City, State", "Springfield, IL", ("Springfield", "IL", "")),
        ("City/State/ZIP", "St. Louis, MO  63101", ("St. Louis", "MO", "63101")),
        ("City/State/ZIP", "Cairo", ("Cairo", "", "")),
    ],
)
def test_a_town_is_taken_apart(crm: Crm, load: Import, header: str, text: str, place: tuple[str, str, str]) -> None:
    load(f'Organization,"{header}"\nOak,"{text}"\n')
    (site,) = crm.records(Site)
    assert (site.city, site.state, site.postal_code) == place


def test_the_values_tell_a_column_of_towns(crm: Crm, load: Import) -> None:
    load('Organization,Location\nOak,"Springfield, IL 62701"\nElm,"Alton, IL 62002"\n')
    assert [(each.name, each.city) for each in crm.records(Site)] == [("", "Springfield"), ("", "Alton")]


def test_words_are_no_zip_code(crm: Crm, load: Import) -> None:
    report = load("Organization,City,ZIP\nOak,Alton,see Bob\n")
    assert [each.postal_code for each in crm.records(Site)] == [""]
    assert counted(report)["ZIP"] == (0, 0, 1, 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9th House", {"house": 9}),
        ("HD-009", {"house": 9}),
        ("S5 H9", {"senate": 5, "house": 9}),
        ("5th Senate, 10th House", {"senate": 5, "house": 10}),
        ("5th Senate 10th House", {"senate": 5, "house": 10}),
        ("House 9 Senate 5", {"senate": 5, "house": 9}),
        ("House: 9; Senate: 5", {"senate": 5, "house": 9}),
        ("27 & 28", {}),
        ("9th", {}),
    ],
)
def test_districts_as_people_write_them(text: str, found: dict[str, int]) -> None:
    assert cells.districts_by_chamber(text) == found


def test_a_total_with_words_behind_it_is_no_member(load: Import) -> None:
    report = load("Organization,Budget,Seats\nOak,4730000,250\nTOTAL: 7 members,4730000.5,250\n")
    assert (report.new, report.left_out) == (1, 1)


@pytest.mark.parametrize("name", ["(vacant)", "Vacant", "TBD", "open", "none", "Position vacant"])
def test_a_placeholder_is_nobody(crm: Crm, load: Import, name: str) -> None:
    load(f"Organization,Contact,Email\nOak,{name},oak@example.org\n")
    assert crm.records(Contact) == []
    assert [each.value for each in crm.records(ContactPoint)] == ["oak@example.org"]


def test_null_is_a_name_behind_another(crm: Crm, load: Import) -> None:
    load("Organization,First Name,Last Name\nOak,Ann,None\n")
    assert [each.name for each in crm.records(Contact)] == ["Ann None"]


def test_a_mail_address_is_no_given_name(crm: Crm, load: Import) -> None:
    load("Organization,Contact\nOak,ann@example.org\n")
    assert [(each.name, each.given_name) for each in crm.records(Contact)] == [("ann@example.org", "")]


def test_the_name_of_a_place_is_no_mail_address(crm: Crm, load: Import) -> None:
    report = load("Organization,Email\nOak,Work\n")
    assert crm.records(ContactPoint) == []
    assert report.remarks == ()


def test_a_header_that_is_a_title_says_it(crm: Crm, load: Import) -> None:
    load(
        "Organization,ED Name,ED Email,Board Chair,Chair Email\nOak,Dana Reyes,d@example.org,Lee Ortiz,l@example.org\n"
    )
    people = {each.id: each.name for each in crm.records(Contact)}
    found = {people[each.contact]: each.title for each in crm.records(Role)}
    assert found == {"Dana Reyes": "Executive Director", "Lee Ortiz": "Board Chair"}


def test_a_check_mark_is_yes_everywhere(crm: Crm) -> None:
    assert values.yes_or_no("✓") is True
    assert values.yes_or_no("✔\ufe0f") is True
    field = CustomField(kind="yes_no", label="Votes", choices="")
    assert custom_fields.read_custom(field, "✓") == "yes"
    assert values.read_plain(Contact.declarations()["do_not_contact"], "✓") is True


@given(st.lists(st.sampled_from(["", "a", "a column 2", "a column 3", "a column 4", "column 1", "column 2"])))
def test_no_two_columns_have_one_name(headers: list[str]) -> None:
    names = rows.column_names(headers)
    assert len(set(names)) == len(headers)
    assert [name for name in headers if name and headers.count(name) == 1] == [
        name for name, header in zip(names, headers, strict=True) if header and headers.count(header) == 1
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("BEGIN:VCARD\nFN:Ann\n".encode("utf-16"), "vCard"),
        ("BEGIN:VCARD\nFN:Ann\n".encode("utf-8-sig"), "vCard"),
        (b'{\n  "name": "Oak",\n  "city": "Alton"\n}\n', "is one JSON document, not one object a line"),
    ],
)
def test_what_is_no_list_is_called_by_its_name(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(data)
    with pytest.raises(FileRefused, match=words):
        read_sheet(path)
