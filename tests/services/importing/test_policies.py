"""What becomes of what is known: filled, updated, left alone or added again; marks survive every one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.services.test_importing import dump

from partners_crm.crm import Crm
from partners_crm.errors import FileRefused
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    CustomField,
    CustomValue,
    Identifier,
    Membership,
    Organization,
    Role,
    Silo,
    SiloShare,
    Site,
    Tagging,
)
from partners_crm.services.importing.planning import POLICIES
from partners_crm.services.importing.report import ImportReport

Import = Callable[..., ImportReport]
BASE = (
    "Organization,EIN,Status,Address,City,State,ZIP,Phone,Contact,Title,Email,Silo,Notes\n"
    "North House,36-1111111,active,1 N Adams St,Peoria,IL,61602,312-555-0101,Ann Lee,Head,ann@example.org,aging,old\n"
    "South House,36-2222222,active,2 N Adams St,Alton,IL,62002,312-555-0102,Bo Ray,,bo@example.org,housing,\n"
)


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def names(crm: Crm) -> list[str]:
    return sorted(each.name for each in crm.records(Organization))


def test_fill_writes_what_is_empty_and_keeps_what_is_there(crm: Crm, load: Import) -> None:
    load(BASE)
    report = load("Organization,Notes,Title,Contact\nNorth House,new,Boss,Ann Lee\nSouth House,first,Chair,Bo Ray\n")
    assert (report.new, report.changed, report.same, report.rejected) == (0, 2, 0, 0)
    assert {each.name: each.note for each in crm.organizations()} == {"North House": "old", "South House": "first"}
    assert any("differs from what is known (old), which was kept" in each.reason for each in report.remarks)
    titles = {(each.contact, each.title) for each in crm.records(Role)}
    bo = crm.find(Contact, "bo ray").id
    assert (bo, "Chair") in titles


def test_update_lets_the_file_win_and_undo_brings_everything_back(crm: Crm, load: Import) -> None:
    load(BASE)
    before = dump(crm)
    changed = (
        BASE.replace("active", "lapsed").replace(",old", ",new").replace("Head", "Boss").replace("aging", "housing")
    )
    report = load(changed, policy="update")
    assert report.headline == "MAJOR: Status changes on 2 of 2 rows"
    assert {each.note for each in crm.organizations()} == {"new", ""}
    assert {each.status for each in crm.records(Membership)} == {"lapsed"}
    assert [each.title for each in crm.records(Role)] == ["Boss", ""]
    (housing,) = {each.silo for each in crm.records(SiloShare)}
    assert crm.find(Silo, str(housing)).code == "housing"
    by_header = {each.header: each for each in report.columns}
    assert (by_header["Notes"].written, by_header["Notes"].replaced, by_header["Notes"].blank) == (1, 1, 1)
    assert load(changed, policy="update").changes == 0
    crm.undo()
    assert dump(crm) == before


def test_skip_leaves_what_is_known_alone_and_adds_the_rest(crm: Crm, load: Import) -> None:
    load(BASE)
    before = dump(crm)
    report = load(BASE.replace(",old", ",new").replace("312-555-0101", "312-555-0109"), policy="skip")
    assert (report.same, report.changes) == (2, 0)
    assert dump(crm) == before
    report = load(BASE + "East House,,,,,,,312-555-0103,,,,,\nEast House,,,,,,,312-555-0104,,,,,\n", policy="skip")
    assert (report.new, report.changed, report.same) == (1, 1, 2)


def test_create_adds_what_is_known_once_more_and_only_once(crm: Crm, load: Import) -> None:
    load(BASE)
    report = load(BASE + BASE.splitlines()[1] + "\n", policy="create")
    assert (report.new, report.same) == (2, 1)
    assert names(crm) == ["North House", "North House", "South House", "South House"]


def test_nothing_is_added_where_nothing_is_to_be_added(crm: Crm, load: Import) -> None:
    load(BASE)
    report = load("Organization,Notes\nNorth House,\nWest House,new\nSouth House,first\n", create=False)
    assert (report.changed, report.same, report.rejected) == (1, 1, 1)
    assert report.problems[0].reason == "is not known, and nothing is to be added"
    assert names(crm) == ["North House", "South House"]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_mark_goes_in_under_every_policy_and_never_out(crm: Crm, load: Import, policy: str) -> None:
    load(BASE)
    sheet = "Organization,Contact,Email,Do not contact\nNorth House,Ann Lee,ann@example.org,X\n"
    load(sheet, policy=policy)
    assert any(each.do_not_contact for each in crm.records(Contact) if each.name == "Ann Lee")
    for again in ("", "no"):
        for other in POLICIES:
            load(sheet.replace(",X", f",{again}"), policy=other)
    assert any(each.do_not_contact for each in crm.records(Contact) if each.name == "Ann Lee")
    points = [each for each in crm.records(ContactPoint) if each.value == "ann@example.org"]
    assert points
    assert all(each.do_not_contact for each in points)


def test_unsubscribes_come_first_wherever_they_stand(crm: Crm, load: Import) -> None:
    rows = ("North House,Ann Lee,ann@example.org,", "South House,Cy Fox,ann@example.org,", "East,Ann,ann@example.org,x")
    load("\n".join(("Organization,Contact,Email,Unsubscribed", *rows)) + "\n")
    points = crm.records(ContactPoint)
    assert points
    assert all(each.do_not_contact for each in points)
    load("Organization,Email\nWest House,ANN@example.org\n")
    assert all(each.do_not_contact for each in crm.records(ContactPoint))


def test_a_list_of_unsubscribes_names_no_organization(crm: Crm, load: Import) -> None:
    load(BASE)
    report = load("Email,Status\nann@example.org,Unsubscribed\nnew@example.org,Unsubscribed\nbo@example.org,Bounced\n")
    assert (report.new, report.changed) == (1, 2)
    found = {
        each.value: (each.do_not_contact, each.status) for each in crm.records(ContactPoint) if each.kind == "email"
    }
    assert found == {
        "ann@example.org": (True, "ok"),
        "new@example.org": (True, "ok"),
        "bo@example.org": (False, "bounced"),
    }


# -------------------------------------------------------------------- who is who


def test_a_member_id_follows_a_new_name(crm: Crm, load: Import) -> None:
    load("Member ID,Organization\n7,North House\n8,South House\n")
    report = load("Member ID,Organization\n7,Northern Lights\n8,South House\n")
    assert (report.new, report.changed, report.same) == (0, 1, 1)
    assert names(crm) == ["North House", "South House"]
    assert {each.system for each in crm.records(Identifier)} == {"list"}


def test_the_same_name_in_another_town_with_its_own_phone_is_another(crm: Crm, load: Import) -> None:
    rows = "Hope House,Peoria,309-555-0101\nHope House,Alton,618-555-0102\n"
    report = load("Organization,City,Phone\n" + rows)
    assert (report.new, report.serious) == (2, 1)
    again = load("Organization,City,Phone,Notes\n" + rows.replace("\n", ",x\n"))
    assert (again.new, again.changed) == (0, 2)


def test_a_spelling_is_taken_for_the_same_only_with_something_else_that_agrees(crm: Crm, load: Import) -> None:
    load("Organization,Phone\nSaint Anne Center for Families,312-555-0101\nElm Street Services,312-555-0102\n")
    report = load("Organization,Phone\nSt. Anne Ctr. for Famlies,312-555-0101\nElm Stret Service,312-555-0199\n")
    assert (report.new, report.changed) == (1, 1)
    assert any("is taken for Saint Anne Center for Families" in each.reason for each in report.remarks)


def test_parent_and_affiliate_at_one_switchboard_stay_apart(crm: Crm, load: Import) -> None:
    rows = "Adams Care,312-555-0101,1 N Adams St\nAdams Care Foundation,312-555-0101,1 N Adams St\n"
    assert load("Organization,Phone,Address\n" + rows).new == 2


def test_associations_with_slips_of_the_pen_are_one(crm: Crm, load: Import) -> None:
    rows = ["Prairie Council for Children"] * 5 + ["Prairie Council fr Children", "Prairie Counsil for Children"]
    load("Organization,Associations\n" + "".join(f"House {number},{name}\n" for number, name in enumerate(rows[::-1])))
    assert [each.name for each in crm.organizations("kind:association")] == ["Prairie Council for Children"]
    assert len(crm.records(Affiliation)) == 7


def test_several_people_of_a_row_each_have_their_own(crm: Crm, load: Import) -> None:
    load(
        "Organization,Contact1 Name,Contact1 Email,Contact2 Name,Contact2 Email\n"
        "North House,Ann Lee,ann@example.org,Bo Ray,bo@example.org\n"
    )
    people = {each.id: each.name for each in crm.records(Contact)}
    owners = {people.get(each.contact or 0): each.value for each in crm.records(ContactPoint)}
    assert owners == {"Ann Lee": "ann@example.org", "Bo Ray": "bo@example.org"}


# -------------------------------------------------------------------- fields of the coalition's own


def test_an_unmapped_column_becomes_a_field(crm: Crm, load: Import) -> None:
    rows = "".join(f"House {number},{number * 1000},{'yes' if number % 2 else 'no'}\n" for number in range(1, 25))
    sheet = "Organization,Yearly dues,Wheelchair?\n" + rows.replace("1000,", '"$1,000.00",', 1)
    report = load(sheet, own=("Yearly dues", "Wheelchair?"))
    assert report.unmapped == ()
    fields = {each.key: each.kind for each in crm.records(CustomField)}
    assert fields["wheelchair"] == "yes_no"
    assert len(crm.records(CustomValue)) == 48
    assert load(sheet, own=("Yearly dues", "Wheelchair?")).changes == 0
    assert [each.name for each in crm.organizations("wheelchair:yes")][:1] == ["House 1"]
    crm.undo()
    assert crm.records(CustomField) == []
    with pytest.raises(FileRefused, match="there is no column Colour"):
        load(sheet, own=("Colour",))


def test_a_preview_with_a_new_field_keeps_nothing(crm: Crm, load: Import) -> None:
    before = dump(crm)
    report = load("Organization,Region\nNorth House,Metro\n", own=("Region",), preview=True)
    assert dict(report.records)["custom_values"] == 1
    assert dump(crm) == before


# -------------------------------------------------------------------- what is said


def test_everything_new_in_a_known_coalition_is_a_headline(crm: Crm, load: Import) -> None:
    load(BASE)
    assert load("Organization\nOne\nTwo\nThree\n", preview=True).headline.startswith("MAJOR: 3 of 3 rows are new")
    assert load(BASE, preview=True).headline == "NO IMPACT: nothing would change"


def test_every_cell_of_every_column_is_counted(crm: Crm, load: Import) -> None:
    report = load(BASE + ",,,,,,,,,,,,nobody\n")
    for column in report.columns:
        assert column.written + column.known + column.ignored + column.blank == report.rows, column.header
    assert report.lines == {"new": (2, 3), "changed": (), "same": (), "rejected": (4,)}


def test_repairs_are_said_and_the_text_is_kept(crm: Crm, load: Import) -> None:
    report = load(
        "Organization,Member since,ZIP,EIN\nNorth House,40738,02108-1234,12345678\nSouth House,FY12,606040123,\n"
    )
    said = {each.value: each.reason for each in report.remarks}
    assert said["40738"] == "was read as 2011-07-14"
    assert said["12345678"].startswith("was read as 01-2345678")
    assert said["606040123"] == "was read as 60604-0123"
    assert "fiscal year" in said["FY12"]
    assert [each.since for each in crm.records(Membership)] == ["2011-07-14", ""]
    assert {each.postal_code for each in crm.records(Site)} == {"02108-1234", "60604-0123"}


def test_the_form_of_a_row_becomes_a_tag_on_request(crm: Crm, tmp_path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    from partners_crm.services.importing.sheets import ReadOptions

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Organization", "Contact"], ["North House", "Ann Lee"], ["South House", "Bo Ray"]):
        sheet.append(row)
    sheet["A3"].font = Font(strike=True)
    path = tmp_path / "members.xlsx"
    book.save(path)
    crm.import_file(path)
    assert crm.records(Tagging) == []
    crm.import_file(path, read=ReadOptions(flags=True))
    (tagging,) = crm.records(Tagging)
    assert tagging.contact == crm.find(Contact, "bo ray").id


def test_who_is_silent_is_silent_by_every_way(crm: Crm, load: Import) -> None:
    load("Organization,Contact,Cell,Do not contact\nOak,Ann Lee,312-555-0107,\nOak,Ann Lee,,x\nElm,,312-555-0107,\n")
    assert {(each.contact is not None): each.do_not_contact for each in crm.records(ContactPoint)} == {
        True: True,
        False: False,
    }


def test_a_mark_without_a_person_is_about_the_place(crm: Crm, load: Import) -> None:
    load("Organization,Phone,Do not contact\nOak,312-555-0107,x\n")
    assert [each.do_not_contact for each in crm.records(ContactPoint)] == [True]
    assert crm.records(Contact) == []


def test_a_person_without_an_organization_is_added_once(crm: Crm, load: Import) -> None:
    sheet = "Organization,Contact\nOak,Ann Lee\nElm,Ann Lee\n,Ann Lee\n"
    assert load(sheet).new == 3
    assert load(sheet, afresh=True).changes == 0
    assert len(crm.records(Contact)) == 3


def test_a_point_of_the_organization_is_not_said_of_its_site_again(crm: Crm, load: Import) -> None:
    load("Organization,Phone\nOak,312-555-0107\n")
    load("Organization,Phone,Address,City\nOak,312-555-0107,1 N Adams St,Peoria\n")
    assert len(crm.records(ContactPoint)) == 1


def test_unknown_people_are_kept_only_where_they_want_to_be_left_alone(crm: Crm, load: Import) -> None:
    report = load("Email,Unsubscribed\nnew@example.org,yes\nother@example.org,\n", create=False)
    assert (report.new, report.rejected) == (1, 1)
    assert [each.do_not_contact for each in crm.records(ContactPoint)] == [True]


def test_the_headers_of_a_saved_mapping_are_known(crm: Crm, tmp_path: Path) -> None:
    path, mapping = tmp_path / "members.csv", tmp_path / "ours.toml"
    path.write_text("Our list,of,2026\nKorpus,Wer\nOak,Ann Lee\nElm,Bo Ray\n", "utf-8")
    mapping.write_text('[columns]\n"Korpus" = "organization.name"\n"Wer" = "contact.name"\n', "utf-8")
    assert crm.import_file(path, mapping=mapping).new == 2
    assert names(crm) == ["Elm", "Oak"]


@pytest.mark.parametrize(
    ("header", "text", "wanted", "area"),
    [
        ("District", "SD 5 / HD 9", {"house": 9, "senate": 5}, ""),
        ("District", "HD118", {"house": 118, "senate": 59}, ""),
        ("District", "27", {}, ""),
        ("District", "SD 5 & SD 6", {}, "SD 5 & SD 6"),
        ("Sen Dist", "27 & 28", {}, "Senate 27 & 28"),
        ("Sen Dist", "Statewide", {}, "Statewide"),
        ("Sen Dist", "House 118", {"house": 118, "senate": 59}, ""),
        ("Sen Dist", "SD-005", {"senate": 5}, ""),
        ("Rep Dist", "27th", {"house": 27, "senate": 14}, ""),
    ],
)
def test_districts_as_people_write_them(
    crm: Crm, load: Import, header: str, text: str, wanted: dict[str, int], area: str
) -> None:
    report = load(f"Organization,City,{header}\nOak,Peoria,{text}\n")
    assert report.rejected == 0
    (record,) = crm.organizations("oak")
    for chamber, code in (("house", "sldl"), ("senate", "sldu")):
        found = [number for number in range(1, 119) if number < 60 or chamber == "house"]
        named = [number for number in found if record in crm.organizations(f"district:{code}:{number}")]
        assert named == ([wanted[chamber]] if chamber in wanted else [])
    assert crm.records(Site)[0].service_area == area
