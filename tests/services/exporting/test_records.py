"""Exporting what a query means: columns, formats, the package beside CSV files, and files that are whole or absent."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.services.exporting.everything import HOSTILE

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, FileRefused, NotFound, PermissionRefused, QueryError, StoreUnavailable
from partners_crm.model import ENTITIES, Contact, Organization, Site
from partners_crm.normalize.neutral import restored
from partners_crm.services.exporting.tables import Selected

DAY = date(2026, 11, 24)


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by header, as another program reads them."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def package(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return found


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def test_a_csv_file_has_every_field_and_relation(full: Crm, folder: Path) -> None:
    done = full.export(folder / "members.csv", "homes")
    rows = {row["name"]: row for row in read_csv(folder / "members.csv")}
    assert done.rows == len(rows) == 2
    home, union = rows["Near West Homes"], rows["'-Union of Homes"]
    assert tuple(home) == done.columns
    assert {*Organization.declarations(), "uid"} <= set(home)
    computed = {name.removeprefix("list: "): text for name, text in home.items() if name.startswith("list: ")}
    assert {"silos", "house", "senate", "status", "city", "phone", "contact", "associations"} == set(computed)
    assert not set(computed) & set(home)
    assert (computed["silos"], computed["status"], computed["city"]) == ("housing", "active", "Chicago")
    assert (home["kind"], computed["phone"]) == ("provider", "312-555-0142 x12")
    assert (home["board_chair"], union["board_chair"]) == ("'+Ansel", "")
    assert "beds" not in home
    assert done.private == ("beds",)
    assert restored(home["note"]) == HOSTILE
    assert restored(union["successor"]) == "'=Heir"
    assert union["successor_uid"] == full.find(Organization, "'=Heir").uid
    assert home["uid"] == full.find(Organization, "Near West Homes").uid
    assert computed["house"].isdigit()
    expected = "Organizations that are not archived for the query: homes; as of 2026-11-24, districts of the map "
    assert done.means == f"{expected}{_map(full)}."


@pytest.mark.parametrize(
    ("table", "query", "words"),
    [
        (Organization, "", "All organizations that are not archived; as of 2026-11-24, districts of the map "),
        (Organization, "is:archived", "Organizations for the query: is:archived; as of "),
        (Contact, "dana", "Contacts that are not archived for the query: dana; as of 2026-11-24."),
        (Site, "", "All sites; as of 2026-11-24."),
        (Site, "city:Alton", "Sites for the query: city:Alton; as of 2026-11-24."),
    ],
)
def test_a_sentence_says_which_records_these_are(crm: Crm, table: Any, query: str, words: str) -> None:
    assert Selected(crm.db, table, query, today=DAY).means.startswith(words)


def _map(crm: Crm) -> str:
    return crm.listing(Organization).map_code


def test_private_fields_come_on_request(full: Crm, folder: Path) -> None:
    done = full.export(folder / "members.csv", include_private=True)
    assert done.private == ()
    assert {row["beds"] for row in read_csv(folder / "members.csv")} == {"12.5", ""}


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.name)
def test_every_entity_is_exported_in_every_format(full: Crm, folder: Path, table: Any) -> None:
    expected = len(full.listing(table).ids(full.db))
    private = table.entity.visibility != "everyone"
    for suffix in ("csv", "jsonl"):
        done = full.export(folder / f"them.{suffix}", entity=table, include_private=private)
        assert done.rows == expected > 0
    only = ("uid",)
    done = full.export(folder / "them.xlsx", entity=table, columns=only, include_private=private)
    assert done.rows == expected
    names = list(read_csv(folder / "them.csv")[0])
    lines = (folder / "them.jsonl").read_bytes().splitlines()
    assert [list(json.loads(line)) for line in lines] == [names] * expected
    chosen = Selected(full.db, table, "", today=DAY, include_private=private)
    assert [field.heading for field in chosen.fields] == names
    assert names[0] == "uid"
    assert "Data" not in {
        how.label for name, how in table.declarations().items() if name in names and how.kind == "data"
    }


def test_values_of_json_lines_keep_their_types(full: Crm, folder: Path) -> None:
    full.export(folder / "sites.jsonl", entity="sites")
    (site,) = map(json.loads, (folder / "sites.jsonl").read_bytes().splitlines())
    assert (site["latitude"], site["match_level"], site["since"]) == (41.8839, full.records(Site)[0].match_level, "")
    assert site["organization"] == "Near West Homes"
    full.export(folder / "homes.jsonl", "homes", include_private=True)
    home, _ = map(json.loads, (folder / "homes.jsonl").read_bytes().splitlines())
    assert (home["list: silos"], home["beds"], home["board_chair"]) == (["housing"], 12.5, "+Ansel")
    assert {type(number) for number in home["list: house"]} == {int}
    assert home["note"] == HOSTILE


def test_a_workbook_holds_what_the_csv_file_holds(full: Crm, folder: Path) -> None:
    full.export(folder / "sites.csv", entity=Site)
    done = full.export(folder / "sites.xlsx", entity=Site)
    sheet = CalamineWorkbook.from_path(str(folder / "sites.xlsx")).get_sheet_by_index(0)
    header, *rows = sheet.to_python(skip_empty_area=False)
    assert [dict(zip(header, row, strict=True)) for row in rows] == read_csv(folder / "sites.csv")
    assert (done.written, done.package, done.size) == (True, "", (folder / "sites.xlsx").stat().st_size)


def test_a_workbook_that_cannot_hold_a_text_is_not_written(full: Crm, folder: Path) -> None:
    """Case 22: reported with row and column, and there is no file."""
    done = full.export(folder / "members.xlsx")
    assert not done.written
    ((line, column),) = {(problem.line, problem.column) for problem in done.problems}
    assert column == "note"
    assert read_csv(_csv(full, folder))[line - 2]["name"] == "Near West Homes"
    assert "members.xlsx" not in files_in(folder)


def _csv(crm: Crm, folder: Path) -> Path:
    crm.export(folder / "members.csv")
    return folder / "members.csv"


def test_columns_are_chosen_and_ordered(full: Crm, folder: Path) -> None:
    done = full.export(folder / "c.csv", entity=Contact, columns=("email", "name", "email"))
    (dana,) = full.records(Contact)
    said = f'"uid","list: email","name"\r\n"{dana.uid}","dana@example.org","Dana Reyes"\r\n'
    assert (folder / "c.csv").read_bytes() == said.encode()
    assert done.columns == ("uid", "list: email", "name")
    again = full.export(folder / "again.csv", entity=Contact, columns=("list: email", "name", "uid"))
    assert again.columns == ("list: email", "name", "uid")
    for resource in package(folder)["resources"]:
        assert resource["schema"]["primaryKey"] == "uid"
        (email,) = (field for field in resource["schema"]["fields"] if field["name"] == "list: email")
        assert email["description"] == "Computed by the list. The first one."
    with pytest.raises(NotFound, match="contacts have no column mail"):
        full.export(folder / "d.csv", entity=Contact, columns=("mail",))
    with pytest.raises(QueryError):
        full.export(folder / "d.csv", "nosuch:x")
    assert files_in(folder) == ["again.csv", "c.csv", "datapackage.json"]


def test_the_mark_for_excel(full: Crm, folder: Path) -> None:
    full.export(folder / "plain.csv", entity=Contact)
    full.export(folder / "marked.csv", entity=Contact, excel=True)
    assert (folder / "marked.csv").read_bytes() == b"\xef\xbb\xbf" + (folder / "plain.csv").read_bytes()
    marked, plain = package(folder)["resources"]
    assert (marked["encoding"], plain["encoding"]) == ("utf-8-sig", "utf-8")
    assert (folder / "marked.csv").read_text(marked["encoding"]).startswith('"uid"')


def test_the_package_describes_each_file_of_the_folder(full: Crm, folder: Path) -> None:
    (folder / "datapackage.json").write_text(
        json.dumps({"name": "ours", "resources": [{"name": "members", "path": "other.csv"}], "licenses": []})
    )
    done = full.export(folder / "members.csv", "homes")
    full.export(folder / "sites.csv", entity=Site)
    full.export(folder / "members.csv", "homes", force=True)
    found = package(folder)
    assert (found["name"], found["licenses"]) == ("ours", [])
    assert [each["name"] for each in found["resources"]] == ["members", "members-2", "sites"]
    (members,) = (each for each in found["resources"] if each["path"] == "members.csv")
    data = (folder / "members.csv").read_bytes()
    assert members["bytes"] == len(data) == done.size
    assert members["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}" == f"sha256:{done.sha256}"
    assert (members["rows"], members["query"], members["as_of"]) == (2, "homes", "2026-11-24")
    assert done.means in members["description"]
    assert stat.S_IMODE((folder / "datapackage.json").stat().st_mode) == 0o600


def test_the_package_is_true(full: Crm, folder: Path) -> None:
    """Every cell fits what the package says of its column; what Frictionless checks, by its rules."""
    for table in ENTITIES:
        full.export(folder / f"{table.entity.plural}.csv", entity=table, include_private=True)
    for resource in package(folder)["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        rows = read_csv(folder / resource["path"])
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == list(rows[0])
        assert len({row["uid"] for row in rows}) == len(rows)
        for field in fields:
            for cell in filter(None, (row[field["name"]] for row in rows)):
                assert _fits(field, cell), (resource["name"], field, cell)


def _fits(field: dict[str, Any], cell: str) -> bool:
    kind = field["type"]
    if kind == "integer":
        return str(int(cell)) == cell
    if kind == "number":
        return repr(float(cell)) == cell or str(int(cell)) == cell
    if kind == "boolean":
        return cell in {*field["trueValues"], *field["falseValues"]}
    limits = field.get("constraints", {})
    return cell in limits.get("enum", [cell]) and bool(re.search(limits.get("pattern", ""), cell))


@pytest.mark.parametrize("text", ["{", "[]", '{"resources": 1}', '{"resources": ["x"]}', "[" * 100_000, "\ud800"])
def test_what_is_no_package_is_left_alone(full: Crm, folder: Path, text: str) -> None:
    (folder / "datapackage.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    before = (folder / "datapackage.json").read_bytes()
    with pytest.raises(FileRefused, match="is no data package"):
        full.export(folder / "members.csv")
    assert files_in(folder) == ["datapackage.json"]
    assert (folder / "datapackage.json").read_bytes() == before


# -------------------------------------------------------------------- files


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_an_export_is_its_owners_alone(full: Crm, folder: Path, mask: int) -> None:
    """Case 69."""
    kept = os.umask(mask)
    try:
        for name in ("sites.csv", "sites.xlsx", "sites.jsonl"):
            full.export(folder / name, entity=Site)
        full.export_all(folder / "all.jsonl")
    finally:
        os.umask(kept)
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in files_in(folder)}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 5


def test_a_file_is_replaced_on_request_alone(full: Crm, folder: Path) -> None:
    path = folder / "members.csv"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        full.export(path)
    assert path.read_text() == "mine"
    full.export(path, force=True)
    assert path.read_text().startswith('"uid"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_ordinary_file_is_never_replaced(full: Crm, folder: Path) -> None:
    (folder / "real.csv").write_text("mine")
    (folder / "link.csv").symlink_to("real.csv")
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    for name, what in (("link.csv", "symbolic link"), ("folder.csv", "a folder"), ("pipe.csv", "no ordinary file")):
        with pytest.raises(ConfigError, match=what):
            full.export(folder / name, force=True)
    assert (folder / "real.csv").read_text() == "mine"


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_a_full_disk_is_named_and_leaves_nothing(
    full: Crm, folder: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 46: the path, and how much is free."""

    def full_disk(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    targets = {"csv": "csv_writer.write_csv", "jsonl": "json_writer.write_json_lines"}
    if suffix == "xlsx":
        monkeypatch.setattr("xlsxwriter.workbook.ZipFile", full_disk)
    else:
        monkeypatch.setattr(f"partners_crm_tabular.{targets[suffix]}", full_disk)
    path = folder / f"sites.{suffix}"
    with pytest.raises(StoreUnavailable, match=re.escape(str(path))) as caught:
        full.export(path, entity=Site)
    assert "No space left on device" in caught.value.message
    assert "are free" in caught.value.message
    assert files_in(folder) == []


def test_a_folder_that_is_not_there_or_closed(full: Crm, folder: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file"):
        full.export(folder / "nowhere" / "members.csv")
    if os.geteuid():
        folder.chmod(0o500)
        with pytest.raises(PermissionRefused):
            full.export(folder / "members.csv")
        folder.chmod(0o700)


@pytest.mark.parametrize("name", ["members", "members.txt", "coalition.db"])
def test_an_unknown_suffix_is_asked_about(full: Crm, folder: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="in which format"):
        full.export(folder / name, force=True)


def test_the_coalition_itself_is_never_replaced(full: Crm) -> None:
    with pytest.raises(ConfigError, match="is the coalition itself"):
        full.export(full.path, form="csv", force=True)
    assert full.find(Contact, "Dana Reyes")


def test_a_url_is_no_path(full: Crm) -> None:
    with pytest.raises(ConfigError, match="is a URL"):
        full.export("https://example.org/members.csv")


def test_an_export_sees_one_state(full: Crm, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program writes in the middle: the file is of before."""
    seen = Selected.rows

    def rows_while_others_write(self: Selected, db: Any) -> Any:
        with Crm.open(full.path) as other, other.changes("meanwhile") as unit:
            unit.update(other.find(Contact, "Dana Reyes"), name="Somebody Else")
        return seen(self, db)

    monkeypatch.setattr(Selected, "rows", rows_while_others_write)
    full.export(folder / "contacts.csv", entity=Contact)
    assert [row["name"] for row in read_csv(folder / "contacts.csv")] == ["Dana Reyes"]
    assert full.find(Contact, "Somebody Else")
