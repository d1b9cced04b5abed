"""Importing: every row accounted for, twice changes nothing, undo leaves no trace, faults are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.formats import read_sheet

from partners_crm.crm import Crm
from partners_crm.errors import FileRefused
from partners_crm.model import (
    ENTITIES,
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    District,
    Identifier,
    Membership,
    Organization,
    Role,
    ServiceLine,
    SiloShare,
    Site,
    SourceRow,
)
from partners_crm.services.importing import guessing
from partners_crm.store.read import records, tuples

Write = Callable[[str], Path]


def dump(crm: Crm) -> dict[str, list[Any]]:
    """Every row of every table but the journal."""
    return {
        table.entity.name: sorted(tuples(crm.db, table.select(*table._meta.sorted_fields)), key=repr)
        for table in ENTITIES
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(text: str) -> Path:
        path = tmp_path / "members.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return call


FULL = (
    "Organization,EIN,Status,Member since,Address,City,State,ZIP,Phone,Fax,Email,Website,Contact,Title,"
    "Silo,Association,Tags,House District,Notes,Dog\n"
    "Near West Homes,36-1234567,active,2009,1840 W Invented Ave,Chicago,IL,60612,312-555-0142,312-555-0107,"
    "dana@example.org,www.example.org,Dana Reyes,Director,housing; AP,Assoc One; Assoc Two,lobby day,9,first line,Rex\n"
    "Quiet House,,lapsed,,PO Box 12,Peoria,IL,61602,,,,,,,,,,,,\n"
)


def test_a_row_becomes_every_record_it_speaks_of(crm: Crm, write: Write) -> None:
    report = crm.import_file(write(FULL))
    assert (report.rows, report.new, report.changed, report.rejected) == (2, 2, 0, 0)
    assert report.unmapped == ("Dog",)
    near = crm.find(Organization, "near west homes")
    (number,) = records(crm.db, Identifier.select())
    assert (number.system, number.value) == ("ein", "36-1234567")
    ties = {tie.organization: tie for tie in records(crm.db, Membership.select())}
    assert (ties[near.id].status, ties[near.id].since) == ("active", "2009")
    assert ties[crm.find(Organization, "quiet house").id].status == "lapsed"
    sites = {site.organization: site for site in records(crm.db, Site.select())}
    assert sites[near.id].kind == "hq"
    assert sites[near.id].address == "1840 W Invented Ave"
    assert sites[crm.find(Organization, "quiet house").id].kind == "mailing"
    points = {(point.kind, point.use): point for point in records(crm.db, ContactPoint.select())}
    assert points["phone", "fax"].value == "+13125550107"
    assert points["email", ""].contact == crm.find(Contact, "dana reyes").id
    assert records(crm.db, Role.select())[0].title == "Director"
    assert sorted(share.weight or 0 for share in records(crm.db, SiloShare.select())) == [0.5, 0.5]
    assert {crm.find(Organization, "assoc one").kind} == {"association"}
    assert len(records(crm.db, Affiliation.select())) == 2
    (stated,) = records(crm.db, Assignment.select().where(Assignment.method == "stated"))
    assert (stated.method, stated.match_level) == ("stated", 75)
    assert '"Dog":"Rex"' in records(crm.db, SourceRow.select())[0].cells


def test_the_same_file_twice_changes_nothing(crm: Crm, write: Write) -> None:
    path = write(FULL)
    crm.import_file(path)
    before, operations = dump(crm), len(crm.operations())
    again = crm.import_file(path)
    assert (again.changes, again.same, again.operation) == (0, 2, None)
    assert dump(crm) == before
    assert len(crm.operations()) == operations


def test_a_preview_says_what_the_run_does_and_keeps_nothing(crm: Crm, write: Write) -> None:
    path = write(FULL)
    before = dump(crm)
    preview = crm.import_file(path, preview=True)
    assert dump(crm) == before
    real = crm.import_file(path)
    assert (preview.changes, preview.records, preview.rows) == (real.changes, real.records, real.rows)


def test_undo_and_redo_of_an_import(crm: Crm, write: Write) -> None:
    before = dump(crm)
    crm.import_file(write(FULL))
    after = dump(crm)
    report = crm.undo()
    assert not report.kept
    assert not report.refused
    assert dump(crm) == before
    crm.redo()
    assert dump(crm) == after


def test_undo_keeps_what_was_edited_since(crm: Crm, write: Write) -> None:
    crm.import_file(write(FULL))
    near = crm.find(Organization, "near west homes")
    with crm.changes("note") as unit:
        unit.update(near, note="mine")
    report = crm.undo(2)
    assert any("edited since" in line for line in report.kept)
    assert crm.find(Organization, str(near.id)).note == "mine"


def test_empty_fields_are_filled_and_full_ones_left_alone(crm: Crm, write: Write) -> None:
    crm.import_file(write("Organization,Notes\nNear West Homes,\n"))
    report = crm.import_file(write("Organization,Notes\nnear west homes inc.,added later\n"))
    assert (report.new, report.changed, report.filled) == (0, 1, 1)
    crm.import_file(write("Organization,Notes\nNear West Homes,something else\n"))
    assert [each.note for each in crm.organizations()] == ["added later"]


def test_not_members(crm: Crm, write: Write) -> None:
    crm.import_file(write("Organization\nOnly Known\n"), members=False)
    assert records(crm.db, Membership.select()) == []


BAD_ROWS = (
    ("Organization\nGood One\n\n ,\n", 1, 0, ""),
    ("Organization,City\nGood One,Peoria\nToo Many,Peoria,extra\n", 1, 1, "has 3 cells, the header has 2"),
    ("Organization,City\nGood One,Peoria\n,Peoria\n", 1, 1, "names no organization"),
    ("Organization,House district\nGood One,27th\nBad,119\n", 1, 1, "is no house district"),
    ("Organization,House district\nGood One,HD 5\nBad,Springfield\n", 1, 1, "is no house district"),
    ("Organization,Lat,Lon\nGood One,41.88,-87.65\nSwapped,-87.65,41.88\n", 1, 1, "swapped"),
    ("Organization,Lat,Lon\nGood One,41.88,-87.65\nFar,0,0\n", 1, 1, "0, 0"),
    ("Organization,Lat,Lon\nGood One,41.88,-87.65\nHalf,41.88,\n", 1, 1, "one is missing"),
    ("Organization,Lat,Lon\nGood One,41.88,-87.65\nWord,north,west\n", 1, 1, "is not a number"),
    ("Organization,Status\nGood One,member\nBad,purple\n", 1, 1, "is not a choice"),
    ("Organization,Notes\nGood One,x\nBad,a\0b\n", 1, 1, "NUL"),
)


@pytest.mark.parametrize(("text", "good", "rejected", "reason"), BAD_ROWS)
def test_a_bad_row_stays_out_with_its_reason_and_the_rest_goes_in(
    crm: Crm, write: Write, text: str, good: int, rejected: int, reason: str
) -> None:
    report = crm.import_file(write(text))
    assert (report.new, report.rejected) == (good, rejected)
    assert report.rows == report.new + report.changed + report.same + report.rejected
    assert [each.name for each in crm.organizations()] == ["Good One"]
    for problem in report.problems:
        assert reason in problem.described("members.csv")
        assert problem.line == 3
    assert journal_outcomes(crm).count("rejected") == rejected


def journal_outcomes(crm: Crm) -> list[str]:
    return [row.outcome for row in records(crm.db, SourceRow.select())]


BAD_FILES: tuple[tuple[bytes, str], ...] = (
    (b"", "is empty"),
    (b"\n \n", "is empty"),
    (b"\xef\xbb\xbf", "is empty"),
    (b"PK\x03\x04rest", "workbook"),
    (b"%PDF-1.4", "a PDF"),
    (b"SQLite format 3\0", "a database"),
    (b"\x00\x01\x02\x03" * 100, "binary"),
    (b"Colour,Size\nred,3\n", "no column names an organization"),
    (b'Organization,City\n"Open,Peoria\nB,C\n', "never closed"),
)


@pytest.mark.parametrize(("data", "reason"), BAD_FILES)
def test_a_bad_file_is_refused_whole(crm: Crm, tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    before = dump(crm)
    with pytest.raises(FileRefused, match=reason):
        crm.import_file(path)
    assert dump(crm) == before


def test_a_missing_file_and_a_folder_are_refused(crm: Crm, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no such file"):
        crm.import_file(tmp_path / "none.csv")
    with pytest.raises(FileRefused, match="is a folder"):
        crm.import_file(tmp_path)


CLOTHES = (
    ("utf-8", ","),
    ("utf-8-sig", ";"),
    ("utf-16", "\t"),
    ("utf-16-le", ","),
    ("utf-16-be", "|"),
    ("cp1252", ","),
)


@pytest.mark.parametrize(("encoding", "delimiter"), CLOTHES)
def test_a_file_reads_the_same_in_any_clothes(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["Organization", "City"], ["Corazón “Norte”", "Peoria"], ["O’Neill\nHouse", "Alton, IL"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + "\r\n"
    path = tmp_path / "members.csv"
    path.write_bytes(text.encode(encoding))
    with read_sheet(path) as sheet:
        assert [list(sheet.headers), *(list(row.cells) for row in sheet.rows())] == rows
        assert [row.line for row in sheet.rows()] == [2, 3]


def test_the_better_known_header_wins() -> None:
    found = guessing.guess(["Location", "Site Name", "Agency", "Ward"])
    assert [use.target.text if use.target else "" for use in found.uses] == ["", "site.name", "organization.name", ""]
    assert found.unmapped == (0, 3)


def test_the_chicago_file(crm: Crm, shared_data: Path) -> None:
    path = shared_data / "dfss_delegate_agencies.csv"
    before = dump(crm)
    report = crm.import_file(path)
    assert report.rows == 1354 == report.new + report.changed + report.same + report.rejected
    assert report.rejected == 0
    assert 300 <= report.new <= 308
    sites = records(crm.db, Site.select().where(Site.latitude.is_null(False)))
    pairs = tuples(
        crm.db,
        Assignment.select(Assignment.site, District.map, Assignment.method).join(
            District, on=(Assignment.district == District.id)
        ),
    )
    by_point = {(site, district_map) for site, district_map, method in pairs if method == "point"}
    assert len(by_point) == 2 * len(sites)
    assert {site.id for site in sites} == {site for site, _ in by_point}
    flagged = records(crm.db, ContactPoint.select().where(ContactPoint.status == "unreadable"))
    assert all(point.raw and not point.value for point in flagged)
    assert records(crm.db, ServiceLine.select().limit(1))
    again = crm.import_file(path)
    assert (again.changes, again.operation) == (0, None)
    crm.undo()
    assert dump(crm) == before


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + bytes(40), "a workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(40), "an old workbook"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"SQLite format 3\0" + bytes(84), "a database"),
        (b"\x7fELF" + bytes(range(256)), "a program"),
        (bytes(range(256)) * 4, "is binary"),
        (b"\x00\xff" * 200 + b"\x00", "is binary"),
    ],
)
def test_a_file_of_another_kind_is_named(crm: Crm, tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(data)
    with pytest.raises(FileRefused, match=words):
        crm.import_file(path)
    assert crm.organizations() == []
