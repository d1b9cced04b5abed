"""An export of our own comes back: records are known by their uid, and nothing a list computes is taken for data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.services.exporting.everything import fill_everything
from tests.services.test_importing import dump

from partners_crm.crm import Crm
from partners_crm.model import Contact, Organization, OtherName, Table

Rows = list[dict[str, Any]]
POLICIES: tuple[Literal["fill", "update"], ...] = ("fill", "update")
SHEET = (
    "Organization,City,Phone,Contact,Contact Email,House District,Silo,Status,Association,Dues\n"
    "Alder House,Peoria,309-555-0111,Dana Reyes,dana@example.org,92,housing,Active,Prairie Union,$325.00\n"
    "Alder House,Chicago,312-555-0112,Sam Okafor,sam@example.org,10,aging,Lapsed,,waived\n"
    "Birch Table,Alton,,Dana Reyes,reyes@example.org,,housing,Prospect,Prairie Union,\n"
)


@pytest.fixture
def filled(crm: Crm, tmp_path: Path) -> Crm:
    """A coalition with a record of every entity, two organizations of one name and two people of one."""
    fill_everything(crm)
    (tmp_path / "sheet.csv").write_text(SHEET, "utf-8")
    crm.import_file(tmp_path / "sheet.csv")
    return crm


@pytest.mark.parametrize("table", [Organization, Contact], ids=lambda table: table.entity.plural)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_changes_nothing_where_it_came_from(
    filled: Crm, tmp_path: Path, table: type[Table], form: str
) -> None:
    path = tmp_path / f"out.{form}"
    rows = filled.export(path, entity=table).rows
    before = dump(filled)
    for policy in POLICIES:
        done = filled.import_file(path, policy=policy)
        assert (done.same, done.changes, done.new, done.rejected) == (rows, 0, 0, 0), (policy, done.problems)
    assert dump(filled) == before


@pytest.mark.parametrize("columns", [("name", "city", "contact", "house", "phone"), ("name", "status"), ("name",)])
def test_a_few_columns_change_nothing_either(filled: Crm, tmp_path: Path, columns: tuple[str, ...]) -> None:
    filled.export(tmp_path / "out.csv", columns=columns)
    before = dump(filled)
    for policy in POLICIES:
        assert filled.import_file(tmp_path / "out.csv", policy=policy).changes == 0
    assert dump(filled) == before


def test_a_few_columns_of_people_change_nothing(filled: Crm, tmp_path: Path) -> None:
    filled.export(tmp_path / "out.csv", entity=Contact, columns=("name", "email", "phone", "title"))
    before = dump(filled)
    for policy in POLICIES:
        assert filled.import_file(tmp_path / "out.csv", policy=policy).changes == 0
    assert dump(filled) == before


@pytest.mark.parametrize(
    ("table", "name", "other"),
    [(Organization, "Birch Table", "Birch Tables of Alton"), (Contact, "Sam Okafor", "Samuel Okafor")],
    ids=["organization", "contact"],
)
def test_a_name_that_was_changed_in_the_file_renames_the_record(
    filled: Crm, tmp_path: Path, table: type[Table], name: str, other: str
) -> None:
    path = tmp_path / "out.csv"
    filled.export(path, entity=table)
    before = {record.id: record["name"] for record in filled.records(table)}
    (key,) = [key for key, text in before.items() if text == name]
    _rewrite(path, lambda row: {**row, "name": other if row["name"] == name else row["name"]})
    done = filled.import_file(path, policy="update")
    assert (done.changes, done.changed, done.new) == (1, 1, 0)
    assert {record.id: record["name"] for record in filled.records(table)} == {**before, key: other}
    assert other not in [each.name for each in filled.records(OtherName)]


def test_a_name_stays_under_fill(filled: Crm, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    filled.export(path)
    before = len(filled.records(Organization))
    _rewrite(path, lambda row: {**row, "name": row["name"].replace("Birch Table", "Birch Tables of Alton")})
    assert filled.import_file(path).new == 0
    assert len(filled.records(Organization)) == before
    assert filled.find(Organization, "Birch Table")


def test_what_the_list_computes_is_not_read_whatever_stands_in_it(filled: Crm, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    filled.export(path)
    before = dump(filled)
    _rewrite(path, lambda row: {key: "Moline" if key.startswith("list: ") else text for key, text in row.items()})
    assert filled.import_file(path, policy="update").changes == 0
    assert dump(filled) == before


def test_computed_columns_in_a_file_of_somebody_else_mean_nothing(crm: Crm, tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("Organization,list: city,list: phone\nAlder House,Peoria,309-555-0111\n", "utf-8")
    done = crm.import_file(path)
    added = dict(done.records)
    assert added["organizations"] == 1
    assert not {"sites", "contact_points"} & set(added)


def test_json_lines_tell_a_field_from_what_is_computed(filled: Crm, tmp_path: Path) -> None:
    filled.export(tmp_path / "out.jsonl")
    first, *_ = map(json.loads, (tmp_path / "out.jsonl").read_text("ascii").splitlines())
    assert {"uid", "name", "list: city", "list: contact"} <= set(first)
    assert "city" not in first


def _rewrite(path: Path, change: Any) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        rows: Rows = list(csv.DictReader(lines))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(_changed(rows, change))


def _changed(rows: Rows, change: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield change(row)
