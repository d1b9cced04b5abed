"""`partners history`, `undo` and `redo`: what changed since, what an operation did, what an undo would do."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners


def test_history_since_lists_the_operations_of_a_time(members: Partners) -> None:
    everything = json.loads(members("history", "--format", "json").out)
    newest = everything[0]["id"]
    assert json.loads(members("history", "--since", "2026-11-24", "--format", "json").out) == everything
    assert members("history", "--since", "0d").code == 0
    assert json.loads(members("history", "--since", str(newest - 1), "--format", "json").out) == everything[:1]
    assert json.loads(members("history", "--since", "2099-01-01", "--format", "json").out) == []
    assert members("history", "--since", str(newest)).code == 0


def test_history_since_tells_what_became_of_the_records(members: Partners) -> None:
    newest = json.loads(members("history", "--limit", "1", "--format", "json").out)[0]["id"]
    assert members("edit", "organization", "1", "note=ours").code == 0
    assert members("edit", "organization", "1", "name=Near West House").code == 0
    result = members("history", "--since", str(newest), "--records")
    assert result.out == (
        'changed  organization 1 "Near West House"  Name Near West Homes → Near West House; Note (empty) → ours\n'
    )
    (found,) = json.loads(members("history", "--since", str(newest), "--records", "--format", "json").out)
    assert found == {
        "entity": "organization",
        "record": 1,
        "title": "Near West House",
        "of": "",
        "what": "changed",
        "fields": [["Name", "Near West Homes", "Near West House"], ["Note", "", "ours"]],
    }
    rows = members("history", "--since", str(newest), "--records", "--format", "csv").out.splitlines()
    assert rows[1] == '"changed","organization","1","Near West House","","Name","Near West Homes","Near West House"'
    assert len(rows) == 3


def test_history_of_one_operation(members: Partners) -> None:
    newest = json.loads(members("history", "--limit", "1", "--format", "json").out)[0]["id"]
    result = members("history", "--operation", str(newest))
    assert 'insert  organization 1 "Near West Homes"' in result.out
    short = members("history", "--operation", str(newest), "--limit", "1").out.splitlines()
    assert len(short) == 2
    assert short[1].startswith("… and ")
    found = json.loads(members("history", "--operation", str(newest), "--format", "json").out)
    assert {"organization", "site", "contact", "role"} <= {each["entity"] for each in found}
    assert {each["what"] for each in found} == {"added"}
    every = members("history", "--operation", str(newest), "--format", "json")
    cut = members("history", "--operation", str(newest), "--format", "json", "--limit", "2")
    assert json.loads(cut.out) == json.loads(every.out)[:2]
    assert (every.err, cut.err) == ("", f"… and {len(found) - 2} more; --limit {len(found)} prints all\n")
    assert members("history", "--operation", "99").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--rows",),
        ("--rows", "--operation", "99"),
        ("--since", "yesterday"),
        ("--since", "99"),
        ("--records",),
        ("--since", "7d", "--operation", "1"),
        ("organization", "1", "--since", "7d"),
    ],
    ids=" ".join,
)
def test_a_question_that_means_nothing_is_refused(members: Partners, words: tuple[str, ...]) -> None:
    result = members("history", *words)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


def test_a_dry_run_of_undo_and_redo_writes_nothing(members: Partners, contents: Contents) -> None:
    before = contents()
    result = members("undo", "--dry-run")
    assert result.code == 0
    assert "would be as they were before operation 2" in result.out
    assert contents() == before
    report = json.loads(members("undo", "2", "--dry-run", "--format", "json").out)
    assert (report["preview"], report["operation"]) == (True, None)
    assert contents() == before
    assert members("undo").code == 0
    undone = contents()
    assert "would be as they were before operation 3" in members("redo", "--dry-run").out
    assert contents() == undone
    assert members("redo").code == 0


def test_a_thousand_changes_and_more_are_all_in_json(partners: Partners, write: Callable[..., Path]) -> None:
    names = "".join(f"House {number}\n" for number in range(1100))
    assert partners("import", write(f"Organization\n{names}")).code == 0
    newest = json.loads(partners("history", "--limit", "1", "--format", "json").out)[0]
    result = partners("history", "--operation", str(newest["id"]), "--format", "json")
    assert len(json.loads(result.out)) == newest["changes"] > 1000
    table = partners("history", "--operation", str(newest["id"])).out.splitlines()
    assert (len(table), table[-1]) == (1001, f"… and {newest['changes'] - 1000:,} more")


def test_whose_a_change_is(members: Partners) -> None:
    assert members("add", "custom_field", "label=Dues").code == 0
    assert members("edit", "organization", "1", "dues=waived").code == 0
    start = json.loads(members("history", "--limit", "1", "--format", "json").out)[0]["id"]
    assert members("edit", "organization", "1", "dues=$325.00").code == 0
    (share,) = [
        each["id"]
        for each in json.loads(members("list", "silo_shares", "--format", "json").out)
        if each["organization"] == 1
    ]
    assert members("delete", "silo_share", str(share), "--yes").code == 0
    lines = members("history", "--since", str(start), "--records").out.splitlines()
    assert lines == [
        f'deleted  silo share {share} "Housing" of "Near West Homes"',
        'changed  custom value 1 "Dues" of "Near West Homes"  waived → $325.00',
    ]
    found = json.loads(members("history", "--since", str(start), "--records", "--format", "json").out)
    assert [(each["title"], each["of"]) for each in found] == [
        ("Housing", "Near West Homes"),
        ("Dues", "Near West Homes"),
    ]
    assert found[1]["fields"] == [["Dues", "waived", "$325.00"]]


def test_the_rows_of_an_import_as_they_came(partners: Partners, write: Callable[..., Path]) -> None:
    text = 'Organization,Lat,Lon,=Odd\nOak,,,\x1b[31mred\nElm,41.8,,"two\nlines"\n'
    assert partners("import", write(text)).code == 1
    newest = str(json.loads(partners("history", "--limit", "1", "--format", "json").out)[0]["id"])
    rows = json.loads(partners("history", "--operation", newest, "--rows", "--format", "json").out)
    assert [(row["file"], row["line"], row["outcome"], row["record"]) for row in rows] == [
        ("members.csv", 2, "new", 1),
        ("members.csv", 3, "rejected", None),
    ]
    assert rows[0]["cells"] == {"Organization": "Oak", "Lat": "", "Lon": "", "=Odd": "\x1b[31mred"}
    shown = partners("history", "--operation", newest, "--rows")
    assert shown.out.startswith("members.csv, line 2  new  organization 1\n")
    assert "\x1b" not in shown.out
    assert "lines" in shown.out.splitlines()[-1]
    table = list(
        csv.DictReader(io.StringIO(partners("history", "--operation", newest, "--rows", "--format", "csv").out))
    )
    assert (table[1]["'=Odd"], table[1]["outcome"]) == ("two\nlines", "rejected")
    assert rows[1]["reason"] == table[1]["reason"] != ""
    short = partners("history", "--operation", newest, "--rows", "--limit", "1")
    assert short.err == "… and 1 more; --limit 2 prints all\n"
    assert "Elm" not in short.out
    assert partners("history", "--operation", "1", "--rows").err == "operation 1 keeps no rows of a file\n"


def test_show_has_the_row_as_it_came(partners: Partners, write: Callable[..., Path]) -> None:
    assert partners("import", write("Organization,Odd\nOak,\x1b[31mred\n")).code == 0
    shown = partners("show", "organization", "Oak").out
    section = shown[shown.index("As it came") :].splitlines()
    assert section[1].split(maxsplit=1) == ["Row", "members.csv, line 2"]
    assert section[2].strip() == "Organization: Oak"
    assert section[3].strip().startswith("Odd: ")
    assert "\x1b" not in shown
    (row,) = json.loads(partners("show", "organization", "Oak", "--format", "json").out)["source_rows"]
    assert (row["file"], row["line"], row["cells"]) == ("members.csv", 2, {"Organization": "Oak", "Odd": "\x1b[31mred"})
