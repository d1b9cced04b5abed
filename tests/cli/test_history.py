"""`partners history`, `undo` and `redo`: what changed since, what an operation did, what an undo would do."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Contents, Partners


def test_history_since_lists_the_operations_of_a_time(members: Partners) -> None:
    everything = json.loads(members("history", "--format", "json").out)
    newest = everything[0]["id"]
    assert json.loads(members("history", "--since", "0d", "--format", "json").out) == everything
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
        "what": "changed",
        "fields": [["Name", "Near West Homes", "Near West House"], ["Note", "", "ours"]],
    }
    rows = members("history", "--since", str(newest), "--records", "--format", "csv").out.splitlines()
    assert rows[1] == '"changed","organization","1","Near West House","Name","Near West Homes","Near West House"'
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
    assert members("history", "--operation", "99").code == 2


@pytest.mark.parametrize(
    "words",
    [
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
