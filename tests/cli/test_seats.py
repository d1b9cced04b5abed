"""`partners seats`: what it prints, the exit codes, and cells that would like to act."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

HEAD = "name,chamber,district,start,party\n"
ROSTER = HEAD + "Ann One,upper,1,2023-01-11,Party\nBob Two,upper,2,,\nNobody Else,upper,60,,\n"


@pytest.fixture
def loaded(partners: Partners, write: Callable[..., Path]) -> Partners:
    """The command on a coalition with two senators."""
    assert partners("seats", "load", write(ROSTER, "roster.csv")).code == 1
    return partners


def test_a_load_says_what_became_of_every_row(partners: Partners, write: Callable[..., Path]) -> None:
    path = write(ROSTER, "roster.csv")
    dry = partners("seats", "load", path, "--dry-run")
    assert "rows in 3 = 2 would be taken + 0 unchanged + 1 problems" in dry.out
    assert "operation" not in dry.out
    result = partners("seats", "load", path)
    assert result.code == 1
    assert result.out.splitlines() == [
        "roster.csv: utf-8, comma separated",
        "rows in 3 = 2 taken + 0 unchanged + 1 problems",
        "7 changes: 2 new holders, 0 completed, 0 found vacant; 2 new contacts",
        "senate: the roster names few of its seats, so none of them was found vacant",
        "operation 2; partners undo takes it back",
    ]
    problem = "rejected: roster.csv:4: district: '60' is no senate district (they run from 1 to 59)"
    assert problem in result.err.splitlines()
    again = partners("seats", "load", path, "--format", "json")
    report = json.loads(again.out)
    assert (again.code, report["schema_version"], report["changes"], report["operation"]) == (1, 1, 0, None)


def test_every_seat_is_listed_whoever_holds_it(loaded: Partners) -> None:
    table = loaded("seats", "list", "--chamber", "senate", "--as-of", "2026-11-25")
    assert table.code == 0
    lines = table.out.splitlines()
    assert len(lines) == 2 + 59 + 1
    assert lines[2].split() == ["Senate", "1", "Ann", "One", "Party", "2023-01-11", "elected", "roster.csv"]
    assert lines[4].split() == ["Senate", "3", "unknown"]
    assert lines[-1] == "59 seats on 2026-11-25: 2 held, 0 vacant, 57 unknown"
    rows = list(csv.DictReader(io.StringIO(loaded("seats", "list", "--format", "csv").out)))
    assert len(rows) == 177
    assert [row["name"] for row in rows if row["name"]] == ["Ann One", "Bob Two"]
    answer = json.loads(loaded("seats", "list", "--as-of", "2020-01-01", "--format", "json").out)
    assert {each["status"] for each in answer["seats"]} == {"unknown", "elected"}
    first = next(each for each in answer["seats"] if each["number"] == 1 and each["chamber"] == "senate")
    assert (first["status"], first["holder"], first["term"]) == ("unknown", None, None)
    second = next(each for each in answer["seats"] if each["number"] == 2 and each["chamber"] == "senate")
    assert (second["holder"]["name"], second["sure"]) == ("Bob Two", False)


def test_a_correction_is_said_kept_and_undone(loaded: Partners, write: Callable[..., Path]) -> None:
    words = ("seats", "set", "senate", "1", "--holder", "Cy Three", "--party", "Other", "--since", "2025-11-01")
    assert loaded(*words).out == "Senate 1: Cy Three, Other since 2025-11-01\n"
    assert loaded(*words).out == "Senate 1: Cy Three, Other since 2025-11-01 (unchanged)\n"
    again = loaded("seats", "load", write(ROSTER, "roster.csv"))
    assert "kept: Senate 1, Cy Three, by hand on " in again.out
    assert "0 changes" in again.out
    vacant = json.loads(loaded("seats", "set", "senate", "2", "--vacant", "--format", "json").out)
    assert (vacant["seat"]["status"], vacant["seat"]["holder"]) == ("vacant", None)
    assert loaded("undo").code == 0
    assert loaded("undo").code == 0
    assert "Ann One" in loaded("seats", "list").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("seats", "load", "https://example.org/roster.csv"), 2, "is a URL"),
        (("seats", "load", "missing.csv"), 3, "there is no such file"),
        (("seats", "list", "--as-of", "yesterday"), 2, "--as-of"),
        (("seats", "set", "senate", "60", "--vacant"), 2, "there is no seat senate 60"),
        (("seats", "set", "senate", "1", "--vacant", "--party", "Other"), 2, "has no party"),
        (("seats", "set", "senate", "1", "--holder", " "), 2, "--holder needs a name"),
        (("seats", "set", "senate", "1", "--holder", "4711"), 2, "there is no contact 4711"),
        (("seats", "set", "senate", "1"), 2, "one of the arguments --holder --vacant is required"),
        (("seats", "set", "senate", "1", "--vacant", "--since", "soon"), 2, "--since"),
        (("seats", "set", "senate", "1", "--vacant", "--since", "2026", "--until", "2025"), 2, "lies before"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    partners: Partners, contents: Contents, words: tuple[str, ...], code: int, said: str
) -> None:
    before = contents()
    assert_refused(partners(*words), code, said)
    assert contents() == before


def test_a_file_that_is_no_roster_is_refused(partners: Partners, write: Callable[..., Path]) -> None:
    assert_refused(partners("seats", "load", write("a,b\n1,2\n")), 3, "has no column name and no column district")


def test_no_cell_acts_on_the_terminal(partners: Partners, write: Callable[..., Path]) -> None:
    nasty = "\x1b]0;x\x07=1+1 [bold]"
    path = write(f'{HEAD}"{nasty}",upper,1,,\x1b[31m\n"{nasty}",upper,99,,\n', "roster.csv")
    for words in (("load", path), ("list",), ("list", "--format", "json"), ("set", "senate", "2", "--holder", nasty)):
        result = partners("seats", *words)
        assert "\x1b" not in result.out + result.err
        assert "\x07" not in result.out + result.err
    cells = [row[3] for row in csv.reader(io.StringIO(partners("seats", "list", "--format", "csv").out))]
    assert not any(cell.startswith("=") for cell in cells)
