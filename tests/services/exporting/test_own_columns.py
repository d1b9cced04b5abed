"""Back to the user's own columns: what is written comes in again and changes nothing, or fills an empty coalition."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fixtures.dirty import books, messy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.formats import FORMATS, read_sheet

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomValue,
    District,
    Identifier,
    Membership,
    Organization,
    Role,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.text import fold
from partners_crm.services import records
from partners_crm.services.exporting.own_columns import export_like, mapping_for
from partners_crm.services.exporting.records import Exported
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.mapping import ColumnMapping, OwnField, Use
from partners_crm.services.importing.sheets import ReadOptions
from partners_crm.services.importing.targets import all_targets, is_known, read_target
from partners_crm.store.read import records as read
from partners_crm.store.read import where

Facts = dict[str, set[tuple[Any, ...]]]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking: a sheet has few rows, and a coalition takes a moment to make."""
FIRST_LINE = ReadOptions(header_line=1)


# -------------------------------------------------------------------- what a coalition says


def told(crm: Crm) -> Facts:
    """Everything a spreadsheet can say, without ids."""

    def all_of(table: type[Table]) -> dict[int, Any]:
        return {each.id: each for each in read(crm.db, table.select())}

    bodies, sites, people = all_of(Organization), all_of(Site), all_of(Contact)
    silos, tags, districts = all_of(Silo), all_of(Tag), all_of(District)

    def body(key: int | None) -> str:
        return bodies[key].name if key else ""

    def place(key: int | None) -> tuple[str, ...]:
        if not key:
            return ()
        site = sites[key]
        return (body(site["organization"]), site.name, site.street, site.unit, site.city, site.state, site.postal_code)

    def person(key: int | None) -> str:
        return people[key].name if key else ""

    def owner(record: Any) -> tuple[Any, ...]:
        return body(record["organization"]), place(record["site"]), person(record["contact"])

    numbers: set[tuple[Any, ...]] = set()
    for each in all_of(Assignment).values():
        district = districts[each["district"]]
        if each.method != "zip" and not each.replaced_at:
            chain = [district, *([districts[district["parent"]]] if district["parent"] else [])]
            numbers |= {(place(each["site"]), one.chamber, one.number) for one in chain}
    return {
        "organizations": {(each.name, each.kind, each.note) for each in bodies.values()},
        "numbers": {(body(each["organization"]), each.system, each.value) for each in all_of(Identifier).values()},
        "sites": {(*place(key), each.kind, each.service_area) for key, each in sites.items()},
        "contacts": {(each.name, each.given_name, each.family_name, each.note) for each in people.values()},
        "silent": {(each.name,) for each in people.values() if each.do_not_contact},
        "roles": {
            (person(each["contact"]), body(each["organization"]), each.title, each.department)
            for each in all_of(Role).values()
        },
        "members": {(body(each["organization"]), each.status, each.since) for each in all_of(Membership).values()},
        "ties": {(body(each["organization"]), body(each["association"])) for each in all_of(Affiliation).values()},
        "tags": {
            (tags[each["tag"]].name, body(each["organization"]), person(each["contact"]))
            for each in all_of(Tagging).values()
        },
        "silos": {
            (body(each["organization"]), silos[each["silo"]].code, each.weight) for each in all_of(SiloShare).values()
        },
        "programs": {
            (body(each["organization"]), place(each["site"]), each.name) for each in all_of(ServiceLine).values()
        },
        "points": {
            (*owner(each), each.kind, each.value or fold(each.raw), each.extension, each.use, each.status)
            for each in all_of(ContactPoint).values()
        },
        "suppressed": {(*owner(each), each.value) for each in all_of(ContactPoint).values() if each.do_not_contact},
        "own": {(*owner(each), each.value) for each in all_of(CustomValue).values()},
        "districts": numbers,
    }


def different(one: Facts, other: Facts) -> dict[str, list[tuple[Any, ...]]]:
    """What only one of two coalitions says."""
    return {name: sorted(one[name] ^ other[name], key=str)[:4] for name in one if one[name] != other[name]}


# -------------------------------------------------------------------- a file, and the way back


class Bench:
    """Makes coalitions and files in a folder."""

    def __init__(self, blank: Path, folder: Path) -> None:
        self.blank, self.folder, self._numbers = blank, folder, count()

    @contextmanager
    def coalition(self) -> Iterator[Crm]:
        """An empty one."""
        path = self.folder / f"{next(self._numbers)}.db"
        shutil.copyfile(self.blank, path)
        path.chmod(0o600)
        with Crm.open(path, clock=lambda: NOW) as crm:
            yield crm

    def file(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
        """A CSV file."""
        path = self.folder / f"{next(self._numbers)}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([headers, *rows])
        return path

    def mapping(self, columns: dict[str, str], own: tuple[OwnField, ...] = ()) -> Path:
        """A saved mapping: target by header."""
        uses = tuple(Use(read_target(text) if text else None, "") for text in columns.values())
        path = self.folder / f"{next(self._numbers)}.toml"
        return mappings.save(ColumnMapping(tuple(columns), uses, own), path)

    def back(self, crm: Crm, like: Path, query: str = "", suffix: str = "csv", **options: Any) -> tuple[Path, Exported]:
        """The file that comes out."""
        path = self.folder / f"{next(self._numbers)}.{suffix}"
        return path, export_like(crm.db, path, like, query, today=crm.today, formats=FORMATS, **options)


@pytest.fixture
def bench(blank_coalition: Path, tmp_path: Path) -> Bench:
    return Bench(blank_coalition, tmp_path)


@pytest.fixture(scope="module")
def lasting_bench(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(blank_coalition, tmp_path_factory.mktemp("own"))


def rows_in(path: Path) -> list[list[str]]:
    """The cells of a file as the import reads them, without the header."""
    with read_sheet(path, FIRST_LINE, is_known) as sheet:
        return [list(row.cells) for row in sheet.rows()]


def check_round_trip(bench: Bench, file: Path, like: Path, suffix: str = "csv") -> list[list[str]]:
    """A file in, out in its columns, in again: nothing new here, and the same in an empty coalition."""
    with bench.coalition() as crm:
        crm.import_file(file, mapping=like, read=FIRST_LINE)
        out, done = bench.back(crm, like, suffix=suffix)
        again = crm.import_file(out, mapping=like, read=FIRST_LINE)
        assert (again.changes, again.rejected, again.same) == (0, 0, again.rows), again.problems
        assert done.rows == again.rows
        assert bench.back(crm, like)[1].rows == done.rows
        first = told(crm)
    with bench.coalition() as other:
        other.import_file(out, mapping=like, read=FIRST_LINE)
        assert different(first, told(other)) == {}
    return rows_in(out)


MEMBERS = {
    "Agency": "organization.name",
    "Tax ID": "identifier.value",
    "Who": "contact.name",
    "Title": "role.title",
    "Mail": "email",
    "Cell": "contact_phone",
    "Phone": "phone",
    "Fax": "fax",
    "Street": "site.address",
    "Town": "site.city",
    "ZIP": "site.postal_code",
    "HD": "house",
    "Sen Dist": "senate",
    "Aging": "silo.aging",
    "Housing": "silo.housing",
    "Belongs to": "association",
    "Labels": "tag",
    "Since": "membership.since",
    "Status": "membership.status",
    "Notes": "organization.note",
    "Board": "own.board_size",
    "Colour": "",
}
BOARD = OwnField("board_size", "Board size", "organization", "number")
PLACES = {
    "Agency": "organization.name",
    "Site": "site.name",
    "Full address": "site.address",
    "Served": "site.service_area",
    "Program": "service_line.name",
    "Phone": "phone",
    "Ext": "extension",
    "Web": "web",
    "Other web": "web",
    "AKA": "other_name.name",
    "Remark": "",
}
PEOPLE = {
    "Agency": "organization.name",
    "First": "contact.given_name",
    "Last": "contact.family_name",
    "Mail": "email",
    "Opted out": "unsubscribed",
    "Mail status": "email_status",
    "Second first": "contact.given_name#2",
    "Second last": "contact.family_name#2",
    "Second mail": "email#2",
    "Silos": "silo",
}
CELLS: dict[str, tuple[str, ...]] = {
    "organization.name": ("Hearth House", "Hearth House, Inc.", "River Table", "Oak & Elm Homes", "=Plus Minus"),
    "identifier.value": ("", "12"),
    "contact.name": ("", "Ann Lee", "Bo B. Berg, Jr.", "Dr. Cy Day", "Null"),
    "contact.given_name": ("", "Ann", "Bo"),
    "contact.family_name": ("", "Lee", "Berg"),
    "role.title": ("", "CEO", "Cook", "N/A"),
    "email": ("", "ann@example.org", "Bo <bo@Example.org>", "a@example.org; b@example.org", "no mail"),
    "contact_phone": ("", "312-555-0107 cell", "773 555 0108", "ask for Sue"),
    "phone": ("", "(312) 555-0101", "312-555-0102 x12", "3125550101; 773-555-0103", "ring twice", "312.555.0104 fax"),
    "extension": ("", "", "12"),
    "fax": ("", "312-555-0105", "none"),
    "web": ("", "example.org", "https://example.org/X", "see fb"),
    "site.name": ("", "North", "South"),
    "site.address": ("", "123 N Main St", "45 Oak Ave, Unit 4", "9 Elm St, Springfield, IL 62701", "by the lake"),
    "site.city": ("", "Springfield", "Chicago"),
    "site.postal_code": ("", "62701", "606011234"),
    "site.service_area": ("", "Cook County"),
    "house": ("", "96", "HD 95", "95 & 96", "n/a"),
    "senate": ("", "48", "SD48", "Statewide"),
    "silo": ("", "aging", "Housing; Aging", "Aviation"),
    "silo.aging": ("", "X", "-", "yes"),
    "silo.housing": ("", "1", "??"),
    "association": ("", "Illinois Alliance", "Illinois Alliance, Inc.; Care Forum", "illinois aliance"),
    "tag": ("", "vip", "a; b"),
    "membership.since": ("", "2011", "7/14/2011", "FY12", "TBD"),
    "membership.status": ("", "Lapsed", "prospect"),
    "organization.note": ("", "calls back", "=SUM(1)", "two\nlines"),
    "other_name.name": ("", "HH", "Old Hearth"),
    "service_line.name": ("", "Tutoring", "Meals"),
    "unsubscribed": ("", "", "x", "2011-01-01", "no"),
    "email_status": ("", "subscribed", "bounced", "unsubscribed", "weird"),
    "own.board_size": ("", "7", "$1,200", "many"),
    "": ("", "blue", "=1+1", "'quoted", "red"),
}


def sheets_of(columns: dict[str, str]) -> st.SearchStrategy[list[list[str]]]:
    """Small sheets of these columns."""
    cells = [st.sampled_from(CELLS[target.partition("#")[0]]) for target in columns.values()]
    return st.lists(st.tuples(*cells).map(list), min_size=1, max_size=6)


@given(rows=sheets_of(MEMBERS))
@settings(max_examples=25, phases=PHASES)
def test_members_come_back(lasting_bench: Bench, rows: list[list[str]]) -> None:
    like = lasting_bench.mapping(MEMBERS, (BOARD,))
    check_round_trip(lasting_bench, lasting_bench.file(list(MEMBERS), rows), like)


@given(rows=sheets_of(PLACES))
@settings(max_examples=25, phases=PHASES)
def test_sites_come_back(lasting_bench: Bench, rows: list[list[str]]) -> None:
    like = lasting_bench.mapping(PLACES)
    check_round_trip(lasting_bench, lasting_bench.file(list(PLACES), rows), like)


@given(rows=sheets_of(PEOPLE))
@settings(max_examples=25, phases=PHASES)
def test_several_people_of_a_row_come_back(lasting_bench: Bench, rows: list[list[str]]) -> None:
    like = lasting_bench.mapping(PEOPLE)
    check_round_trip(lasting_bench, lasting_bench.file(list(PEOPLE), rows), like)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_messy_list_comes_back(bench: Bench, suffix: str) -> None:
    """650 rows with everything that is wrong with such lists."""
    made = messy.build()
    file = bench.folder / "members-messy.xlsx"
    books.write_workbook(made, file)
    with bench.coalition() as crm:
        report = crm.import_file(file)
        like = mappings.save(report.mapping, bench.folder / "like.toml")
        out, done = bench.back(crm, like, suffix=suffix)
        again = crm.import_file(out, mapping=like)
        assert (again.changes, again.rejected, again.same) == (0, 0, done.rows)
        assert report.rows - report.rejected <= done.rows <= report.rows * 1.05
        assert again.headers == report.headers
        first = told(crm)
    with bench.coalition() as other:
        other.import_file(out, mapping=like)
        assert different(first, told(other)) == {}


# -------------------------------------------------------------------- what stands in the cells


def test_cells_read_as_people_write_them(bench: Bench) -> None:
    row = {
        "Agency": "=Hearth House",
        "Tax ID": "361234567",
        "Who": "Ann Lee",
        "Mail": "Ann <ann@Example.org>",
        "Cell": "3125550107 cell",
        "Phone": "(312) 555-0101 ext. 12",
        "Fax": "3125550105",
        "HD": "HD 95",
        "Sen Dist": "SD48",
        "Aging": "yes",
        "Housing": "??",
        "Belongs to": "Illinois Alliance, Inc.;Care Forum",
        "Since": "July 14, 2011",
        "Status": "member",
        "Board": "$1,200",
        "Colour": "=1+1",
    }
    file = bench.file(list(MEMBERS), [[row.get(header, "") for header in MEMBERS]])
    (cells,) = check_round_trip(bench, file, bench.mapping(MEMBERS, (BOARD,)))
    assert dict(zip(MEMBERS, cells, strict=True)) == {
        **dict.fromkeys(MEMBERS, ""),
        "Agency": "'=Hearth House",
        "Tax ID": "36-1234567",
        "Who": "Ann Lee",
        "Mail": "ann@example.org",
        "Cell": "312-555-0107 (cell)",
        "Phone": "312-555-0101 x12",
        "Fax": "312-555-0105",
        "HD": "95",
        "Sen Dist": "48",
        "Aging": "X",
        "Housing": "??",  # no mark, and so still where it was
        "Belongs to": "Illinois Alliance, Inc.; Care Forum",
        "Since": "2011-07-14",
        "Status": "Active member",
        "Board": "1200",
        "Colour": "'=1+1",
    }


def test_what_changed_meanwhile_is_in_the_file(bench: Bench) -> None:
    """A person added by hand gets a row, one who left none, and a column that means nothing keeps its cells."""
    columns = {"Agency": "organization.name", "Who": "contact.name", "Title": "role.title", "Colour": ""}
    rows = [["River Table", "Ann Lee", "CEO", "blue"], ["River Table", "Bo Berg", "Cook", "red"], ["Oak", "", "", "x"]]
    like = bench.mapping(columns)
    with bench.coalition() as crm:
        crm.import_file(bench.file(list(columns), rows), mapping=like, read=FIRST_LINE)
        (body,) = where(crm.db, Organization, name="River Table")
        (bo,) = where(crm.db, Contact, name="Bo Berg")
        (job,) = where(crm.db, Role, contact=bo.id)
        with crm.changes("meanwhile") as unit:
            cy = records.add(unit, Contact, name="Cy Day")
            records.add(unit, Role, contact=cy.id, organization=body.id, title="Clerk")
            records.edit(unit, job, until="2026-01")
            records.edit(unit, body, name="River Tables")
        out, _ = bench.back(crm, like)
    assert rows_in(out) == [
        ["River Tables", "Ann Lee", "CEO", "blue"],
        ["River Tables", "Cy Day", "Clerk", ""],
        ["Oak", "", "", "x"],
    ]


def test_an_undone_import_gives_no_cells(bench: Bench) -> None:
    columns = {"Agency": "organization.name", "Colour": ""}
    like = bench.mapping(columns)
    with bench.coalition() as crm:
        crm.import_file(bench.file(list(columns), [["Oak", "blue"]]), mapping=like, read=FIRST_LINE)
        later = crm.import_file(
            bench.file([*columns, "Note"], [["Oak", "red", "x"]]),
            mapping=bench.mapping({**columns, "Note": "organization.note"}),
            read=FIRST_LINE,
        )
        assert rows_in(bench.back(crm, like)[0]) == [["Oak", "red"]]
        assert later.operation is not None
        crm.undo(later.operation)
        assert rows_in(bench.back(crm, like)[0]) == [["Oak", "blue"]]


def test_a_query_and_those_who_are_merely_spoken_of(bench: Bench) -> None:
    columns = {"Agency": "organization.name", "Town": "site.city", "Belongs to": "association"}
    rows = [["Oak", "Chicago", "Care Forum"], ["Elm", "Quincy", ""]]
    like = bench.mapping(columns)
    with bench.coalition() as crm:
        crm.import_file(bench.file(list(columns), rows), mapping=like, read=FIRST_LINE)
        assert rows_in(bench.back(crm, like)[0]) == rows
        out, done = bench.back(crm, like, "city:quincy")
        assert rows_in(out) == [["Elm", "Quincy", ""]]
        assert (done.rows, done.entity, done.query, done.columns) == (1, "organizations", "city:quincy", tuple(columns))
        assert rows_in(bench.back(crm, like, "kind:association")[0]) == [["Care Forum", "", ""]]


def test_a_list_of_people_alone(bench: Bench) -> None:
    columns = {"Name": "contact.name", "Mail": "email", "Status": "email_status"}
    rows = [["Ann Lee", "ann@example.org", "unsubscribed"], ["Bo Berg", "bo@example.org", "cleaned"], ["Cy", "", ""]]
    cells = check_round_trip(bench, bench.file(list(columns), rows), bench.mapping(columns))
    assert cells == [[*rows[0]], ["Bo Berg", "bo@example.org", "bounced"], rows[2]]


def test_headers_may_repeat_or_be_empty(bench: Bench) -> None:
    headers = ["Agency", "Phone", "", "Phone", "=Live"]
    uses = [read_target(text) if text else None for text in ("organization.name", "phone", "", "phone", "")]
    mapping = ColumnMapping(tuple(headers), tuple(Use(use, "") for use in uses))
    like = mappings.save(mapping, bench.folder / "like.toml")
    assert mapping_for(like).headers == tuple(headers)
    file = bench.file(headers, [["Oak", "312-555-0101", "a", "call Sue", "b"]])
    assert check_round_trip(bench, file, like) == [["Oak", "312-555-0101", "a", "call Sue", "b"]]
    with bench.coalition() as crm:
        crm.import_file(file, mapping=like, read=FIRST_LINE)
        out, _ = bench.back(crm, like)
        with read_sheet(out, FIRST_LINE, is_known) as sheet:
            assert mappings.fingerprint(sheet.headers) == mapping.fingerprint


def test_every_target_has_a_way_back(bench: Bench) -> None:
    """No column that the import knows is refused or breaks the rows."""
    targets = list(dict.fromkeys(target.text for target in all_targets()))
    columns = {f"Column of {text}": text for text in targets}
    with bench.coalition() as crm:
        with crm.changes("one of each") as unit:
            body = records.add(unit, Organization, name="Oak", note="n")
            site = records.add(unit, Site, organization=body.id, address="123 N Main St", city="Chicago", state="IL")
            person = records.add(unit, Contact, name="Ann Lee", do_not_contact=True)
            records.add(unit, Role, contact=person.id, organization=body.id, title="CEO", is_primary=True)
            records.add(unit, Membership, organization=body.id, status="active", since="2011")
            records.add(unit, Identifier, organization=body.id, system="ein", value="36-1234567")
            records.add(unit, ServiceLine, organization=body.id, site=site.id, name="Meals", active=True)
            records.add(unit, ContactPoint, site=site.id, kind="phone", raw="312-555-0101")
        out, done = bench.back(crm, bench.mapping(columns))
    (cells,) = rows_in(out)
    found = {text: cell for text, cell in zip(targets, cells, strict=False) if cell}
    assert done.columns == tuple(columns)
    expected = {
        "organization.name": "Oak",
        "organization.kind": "Provider",
        "site.address": "123 N Main St",
        "contact.name": "Ann Lee",
        "do_not_contact": "X",
        "role.title": "CEO",
        "role.is_primary": "X",
        "membership.since": "2011",
        "identifier.value": "36-1234567",
        "identifier.system": "ein",
        "service_line.name": "Meals",
        "service_line.active": "X",
        "phone": "312-555-0101",
    }
    assert {text: found.get(text) for text in expected} == expected


def test_private_fields_stay_at_home(bench: Bench) -> None:
    columns = {"Agency": "organization.name", "Salary": "own.salary"}
    like = bench.mapping(columns, (OwnField("salary", "Salary", "organization", "text", (), "staff"),))
    with bench.coalition() as crm:
        crm.import_file(bench.file(list(columns), [["Oak", "much"]]), mapping=like, read=FIRST_LINE)
        out, done = bench.back(crm, like)
        assert (rows_in(out), done.private) == ([["Oak", ""]], ("Salary",))
        assert rows_in(bench.back(crm, like, include_private=True)[0]) == [["Oak", "much"]]


def test_refusals(bench: Bench) -> None:
    like = bench.mapping({"Agency": "organization.name"})
    nothing = bench.mapping({"Agency": ""})
    with bench.coalition() as crm:
        with pytest.raises(ConfigError, match="no column means anything"):
            bench.back(crm, nothing)
        with pytest.raises(ConfigError, match="JSON Lines have no columns"):
            bench.back(crm, like, suffix="jsonl")
        with pytest.raises(ConfigError, match="there is no mapping"):
            bench.back(crm, bench.folder / "missing.toml")
        before = sorted(bench.folder.iterdir())
        with pytest.raises(ConfigError):
            bench.back(crm, nothing)
        assert sorted(bench.folder.iterdir()) == before
