"""`partners import` as a person and a script use it: again next month, with a mapping, with what was rejected."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners

Write = Callable[..., Path]
SHEET = (
    "Agency,Reach,Aging,Chair,Colour\n"
    "North House,north@example.org,X,Ann Lee,red\n"
    "South House,south@example.org,,Bo,blue\n"
)


def columns(partners: Partners, path: Path, *more: str | Path) -> dict[str, str]:
    done = json.loads(partners("import", path, "--dry-run", "--format", "json", *more).out)
    return {each["header"]: each["target"] for each in done["columns"]}


def test_the_meaning_of_the_columns_is_saved_and_used_again(partners: Partners, write: Write, database: Path) -> None:
    first = partners("import", write(SHEET))
    assert first.code == 0
    (saved,) = database.with_name(f"{database.name}-mappings").glob("members-*.toml")
    assert str(saved) in first.out
    text = saved.read_text("utf-8")
    assert '"Agency" = "organization.name"' in text
    saved.write_text(text.replace('"Chair" = ""', '"Chair" = "contact.name"'), "utf-8")
    assert columns(partners, write(SHEET, "next.csv"))["Chair"] == "contact.name"
    assert columns(partners, write(SHEET, "next.csv"), "--guess")["Chair"] == ""
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_mapping_is_written_edited_and_named(partners: Partners, write: Write, tmp_path: Path) -> None:
    path, mapping = write(SHEET), tmp_path / "ours.toml"
    assert partners("import", path, "--dry-run", "--save-mapping", mapping).code == 0
    text = mapping.read_text("utf-8").replace('"Colour" = ""', '"Colour" = "own.colour"')
    mapping.write_text(text + '\n[own.colour]\nlabel = "Colour"\nkind = "choice"\nchoices = ["red", "blue"]\n', "utf-8")
    done = partners("import", path, "--mapping", mapping)
    assert done.code == 0, done.err
    assert partners("list", "organizations", "colour:red", "--columns", "name,colour").out.count("North House") == 1
    mapping.write_text("[columns]\n'Agency' = 'organization.shade'\n", "utf-8")
    refused = partners("import", path, "--mapping", mapping)
    assert refused.code == 2
    assert "is nothing a column can mean" in refused.err


def test_an_unknown_column_becomes_a_field_by_one_word(partners: Partners, write: Write) -> None:
    assert partners("import", write(SHEET), "--own", "Colour").code == 0
    assert "South House" in partners("list", "organizations", "colour:blue").out
    wrong = partners("import", write(SHEET), "--own", "Shade", "--guess")
    assert wrong.code == 3
    assert "there is no column Shade" in wrong.err


def test_rejected_rows_come_back_are_corrected_and_go_in(partners: Partners, write: Write, tmp_path: Path) -> None:
    rows = "Organization,House district,Notes\nGood,5,fine\nBad,999,=cmd\n,7,nobody\n"
    back = tmp_path / "problems.csv"
    done = partners("import", write(rows), "--problems", back)
    assert done.code == 1
    assert f"2 rejected rows written to {back}" in done.err
    with back.open(newline="", encoding="utf-8") as stream:
        table = list(csv.reader(stream))
    assert table[0] == ["Organization", "House district", "Notes", "Where the row came from", "Problem of the row"]
    assert table[1][:3] == ["Bad", "999", "'=cmd"]
    assert table[1][3] == "members.csv:3:House district"
    assert "is no house district" in table[1][4]
    back.write_text(back.read_text("utf-8").replace("999", "9").replace("\n,7", "\nNamed,7"), "utf-8")
    again = partners("import", back, "--problems", tmp_path / "none.csv")
    assert again.code == 0, again.out
    assert "rows in 2 = 2 new" in again.out
    names = partners("list", "organizations", "--columns", "name", "--format", "csv").out
    assert "Named" in names
    shown = json.loads(partners("list", "organizations", "bad", "--format", "json").out)
    assert shown[0]["note"] == "=cmd"


def test_several_files_are_several_operations(partners: Partners, write: Write) -> None:
    one, other = write("Organization\nA House\n", "a.csv"), write("Organization\nB House\n", "b.csv")
    done = json.loads(partners("import", one, other, "--format", "json").out)
    assert [each["operation"] for each in done] == [2, 3]
    third = partners("import", write("Organization\nC House\n", "c.csv"), write("Colour\nred\n", "bad.csv"))
    assert third.code == 3
    assert "rows in 1 = 1 new" in third.out
    assert "no column names an organization" in third.err


def test_a_dry_run_of_a_known_list_says_what_is_odd_first(members: Partners, write: Write) -> None:
    lines = members("import", write("Organization\nX House\nY House\n"), "--dry-run").out.splitlines()
    assert lines[1] == "MAJOR: 2 of 2 rows are new: none of the 3 known organizations was recognised"


def test_a_whole_export_goes_into_an_empty_coalition(
    members: Partners, bare: Partners, tmp_path: Path, database: Path
) -> None:
    whole, other = tmp_path / "all.jsonl", tmp_path / "other.db"
    assert members("export", whole, "--all", "--include-private").code == 0
    assert bare("init", "--db", other, "--name", "Other").code == 0
    done = bare("import", "--db", other, whole)
    assert done.code == 0, done.err
    assert "a whole coalition" in done.out
    again = tmp_path / "again.jsonl"
    assert bare("export", "--db", other, again, "--all", "--include-private").code == 0
    assert again.read_bytes() == whole.read_bytes()
    assert "0 organizations" in (bare("undo", "--db", other).out + bare("list", "organizations", "--db", other).out)
    assert json.loads(members("import", whole, "--dry-run", "--format", "json").out)["same"] > 100


@pytest.mark.parametrize("policy", ["fill", "update", "skip", "create"])
def test_every_policy_is_a_word(members: Partners, write: Write, contents: Contents, policy: str) -> None:
    before = contents()
    assert members("import", write("Organization\nRiver Table\n"), "--policy", policy, "--dry-run").code == 0
    assert contents() == before
    assert members("import", write("Organization\nRiver Table\n"), "--policy", "replace").code == 2


def test_a_row_that_is_not_to_be_added_is_rejected(members: Partners, write: Write) -> None:
    done = members("import", write("Organization\nNew House\n"), "--no-create")
    assert done.code == 1
    assert "is not known, and nothing is to be added" in done.err


@pytest.mark.parametrize("entity", ["organizations", "contacts"])
def test_an_export_comes_back_without_a_change(
    members: Partners, tmp_path: Path, contents: Contents, entity: str
) -> None:
    path = tmp_path / "out.csv"
    assert members("export", path, "--entity", entity).code == 0
    before = contents()
    for policy in ("fill", "update"):
        done = members("import", path, "--policy", policy, "--dry-run")
        assert (done.code, "0 changes" in done.out) == (0, True), done.out
    assert contents() == before


def test_a_name_that_was_changed_in_an_export_is_changed_by_its_uid(members: Partners, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert members("export", path).code == 0
    path.write_text(path.read_text("utf-8").replace("River Table", "River Tables of Peoria"), "utf-8")
    assert members("import", path, "--policy", "update").code == 0
    names = members("list", "organizations", "--columns", "name", "--format", "csv").out
    assert "River Tables of Peoria" in names
    assert len(names.splitlines()) == 4
