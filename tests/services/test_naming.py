"""What records are called where a change is told: by themselves, and by whose they are, also when all of it is gone."""

from __future__ import annotations

from pathlib import Path

from partners_crm.crm import Crm
from partners_crm.model import Assignment, Organization, Site
from partners_crm.services import records
from partners_crm.services.history import (
    ChangedRecord,
    changed_lines,
    changed_since,
    operation_changes,
    operation_lines,
)

SHEET = (
    "Organization,Address,City,State,ZIP,Lat,Lon,Phone,Contact,Title,Silo,Tag,Association,Program\n"
    "Alder House,1840 W Invented Ave,Chicago,IL,60612,41.8839,-87.6270,312-555-0142,Dana Reyes,Director,housing,"
    "lobby day,Prairie Union,Meals\n"
)
EXPECTED = {
    "organization": {("Alder House", ""), ("Prairie Union", "")},
    "site": {("1840 W Invented Ave, Chicago", "Alder House")},
    "contact": {("Dana Reyes", "")},
    "role": {("Dana Reyes", "Alder House")},
    "silo_share": {("Housing", "Alder House")},
    "affiliation": {("Prairie Union", "Alder House")},
    "service_line": {("Meals", "Alder House")},
    "tag": {("lobby day", "")},
}


def sides(found: list[ChangedRecord]) -> dict[str, set[tuple[str, str]]]:
    told: dict[str, set[tuple[str, str]]] = {}
    for each in found:
        told.setdefault(each.entity, set()).add((each.title, each.of))
    return told


def fill(crm: Crm, folder: Path) -> int:
    (folder / "sheet.csv").write_text(SHEET, "utf-8")
    operation = crm.import_file(folder / "sheet.csv").operation
    assert operation is not None
    return operation


def test_every_record_is_told_with_whose_it_is(crm: Crm, tmp_path: Path) -> None:
    number = fill(crm, tmp_path)
    told = sides(operation_changes(crm.db, number))
    assert EXPECTED.items() <= told.items()
    assert {of for _, of in told["assignment"]} == {"1840 W Invented Ave, Chicago (Alder House)"}
    assert {of for _, of in told["tagging"]} <= {"Alder House", "Dana Reyes"}
    assert sides(changed_since(crm.db, number - 1)) == told


def test_what_is_gone_is_called_what_it_was(crm: Crm, tmp_path: Path) -> None:
    number = fill(crm, tmp_path)
    told = sides(operation_changes(crm.db, number))
    start = crm.operations()[0].id
    with crm.changes("delete") as unit:
        records.remove(unit, crm.find(Organization, "Alder House"))
    assert sides(operation_changes(crm.db, number)) == told
    gone = changed_since(crm.db, start)
    assert {each.what for each in gone} == {"deleted"}
    assert [line for line in changed_lines(gone, 99) if "silo share" in line] == [
        'deleted  silo share 1 "Housing" of "Alder House"'
    ]
    assert ("1840 W Invented Ave, Chicago (Alder House)") in {each.of for each in gone if each.entity == "assignment"}


def test_a_change_of_one_field_is_told_with_whose_it_is(crm: Crm, tmp_path: Path) -> None:
    fill(crm, tmp_path)
    (site,) = crm.records(Site)
    with crm.changes("a name") as unit:
        records.edit(unit, site, name="Main office")
    number = crm.operations()[0].id
    line = f'update  site {site.id} "Main office" of "Alder House"  Name (empty) → Main office'
    assert operation_lines(crm.db, number, 9) == [line]
    assert crm.records(Assignment)
