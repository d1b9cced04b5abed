"""`partners members growth`: the table as it is printed, and its other forms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Partners, assert_refused

MEMBERS = (
    "Organization,Status,Member since,Member until,Reason,Recruited by\n"
    "Near West Homes,active,2024-11-03,,,Dana <Reyes>\n"
    "River Table,active,2025,,,Dana <Reyes>\n"
    "Quiet House,lapsed,2024-12-01,2025-02-28,,\n"
    "Old Mill,lapsed,2020-01-01,,,\n"
    "Open Door,active,2023-05-06,,,\n"
)


@pytest.fixture
def grown(partners: Partners, write: Callable[..., Path]) -> Partners:
    """The command on a coalition of which members came and went."""
    assert partners("import", write(MEMBERS)).code == 0
    return partners


def test_the_table(grown: Partners) -> None:
    result = grown("members", "growth", "--since", "2024-12", "--as-of", "2025-03-01")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Period               Joined  Start unknown  Left  Members",
        "-------------------  ------  -------------  ----  -------  ------------------------------",
        "2024-12                   1              0     0        3  ##############################",
        "2025-01                   0              0     0        3  ##############################",
        "2025-02                   0              0     1        2  ####################",
        "2025-03                   0              0     0        2  ####################",
        "2025, month unknown       1              0     0        3  ##############################",
        "3 members on 2025-03-01 = 2 before + 2 joined - 1 left",
        "left nobody knows when, in no period: Old Mill",
        "recruited by: Dana <Reyes> 1",
        "left because: lapsed 1",
    ]


def test_markdown_has_nothing_that_acts(grown: Partners) -> None:
    lines = grown("members", "growth", "--by", "year", "--format", "markdown").out.splitlines()
    assert lines[0] == "| Period | Joined | Start unknown | Left | Members |"
    assert lines[2] == "| 2023 | 1 | 0 | 0 | 1 |"
    assert "- recruited by: Dana &lt;Reyes&gt; 2" in lines


def test_json_and_csv_hold_the_same_sums(grown: Partners) -> None:
    words = ("members", "growth", "--by", "year", "--as-of", "2026-11-24")
    answer = json.loads(grown(*words, "--format", "json").out)
    assert answer["members"] == answer["before"] + answer["joined"] - answer["left"] == 3
    assert answer["left_unknown_when"] == ["Old Mill"]
    assert answer["periods"][1]["recruiters"] == {"Dana <Reyes>": 1}
    rows = list(csv.DictReader(io.StringIO(grown(*words, "--format", "csv").out)))
    assert [row["period"] for row in rows] == ["2023", "2024", "2025", "2026"]
    for row, each in zip(rows, answer["periods"], strict=True):
        assert [int(row[name]) for name in ("joined", "start_unknown", "left", "members")] == [
            each[name] for name in ("joined", "start_unknown", "left", "members")
        ]
    assert grown(*words, "--format", "json").out == grown(*words, "--format", "json").out


def test_an_empty_coalition_has_no_periods(partners: Partners) -> None:
    assert partners("members", "growth").out.splitlines()[-1].endswith("= 0 before + 0 joined - 0 left")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as-of", "2025"), "--as-of"),
        (("--since", "soon"), "--since"),
        (("--since", "2999"), "lies after"),
        (("--by", "week"), "invalid choice"),
    ],
)
def test_what_cannot_be_is_refused(partners: Partners, words: tuple[str, ...], said: str) -> None:
    assert_refused(partners("members", "growth", *words), 2, said)
