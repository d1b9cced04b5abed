"""`partners points`: a round trip through the files of the Census batch geocoder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused

MEMBERS = (
    "Organization,Address,City,State,ZIP\n"
    "Near West Homes,1840 W Invented Ave,Chicago,IL,60612\n"
    "River Table,12 Water St,Peoria,IL,61602\n"
    "Quiet House,PO Box 12,Alton,IL,62002\n"
)


@pytest.fixture
def unplaced(partners: Partners, write: Callable[..., Path]) -> Partners:
    """The command on a coalition whose members have addresses and no points."""
    assert partners("import", write(MEMBERS)).code == 0
    return partners


def test_addresses_go_out_and_points_come_in(unplaced: Partners, write: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "addresses.csv"
    result = unplaced("points", "export", "--missing", out)
    assert (result.code, result.out.splitlines()) == (
        0,
        [f"{out}: 2 addresses", "sites 3 = 2 written + 1 left out", "left out: 1 mailing address"],
    )
    text = out.read_text("utf-8")
    assert text == "1,1840 W Invented Ave,Chicago,IL,60612\n2,12 Water St,Peoria,IL,61602\n"
    answers = write(
        '"2","12 Water St, Peoria, IL, 61602","Match","Non_Exact","12 WATER ST, PEORIA, IL, 61602",'
        '"-89.589,40.6936","103912345","L"\n'
        '"1","1840 W Invented Ave, Chicago, IL, 60612","No_Match"\n'
        '"77","1 Main St, Peoria, IL, 61602","Tie"\n',
        "answers.csv",
    )
    dry = unplaced("points", "import", answers, "--dry-run")
    assert dry.code == 1
    assert "1 would be placed" in dry.out
    taken = unplaced("points", "import", answers)
    assert taken.code == 1
    assert taken.out.splitlines()[0] == (
        "answers.csv: rows in 3 = 1 placed + 0 unchanged + 0 kept + 1 not found + 0 ties + 1 problems"
    )
    assert "rejected: answers.csv:3: id: '77' is no site here" in taken.err
    assert unplaced("list", "sites", "city:Peoria", "--format", "json").out.count('"match_level": 80') == 1
    again = json.loads(unplaced("points", "import", answers, "--format", "json").out)
    assert (again["unchanged"], again["changes"], again["operation"]) == (1, 0, None)
    assert unplaced("points", "export", "--missing", tmp_path / "rest.csv").out.count("has a point") == 1
    assert unplaced("undo").code == 0
    assert '"match_level": 80' not in unplaced("list", "sites", "--format", "json").out


def test_nothing_to_ask_for_is_said(partners: Partners, tmp_path: Path) -> None:
    result = partners("points", "export", tmp_path / "none.csv")
    assert (result.code, (tmp_path / "none.csv").exists()) == (0, False)
    assert "no file was written" in result.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("export", "https://example.org/a.csv"), 2, "is a URL"),
        (("import", "https://example.org/a.csv"), 2, "is a URL"),
        (("import", "missing.csv"), 3, "there is no such file"),
    ],
)
def test_what_cannot_be_is_refused(
    partners: Partners, contents: Contents, words: tuple[str, ...], code: int, said: str
) -> None:
    before = contents()
    assert_refused(partners("points", *words), code, said)
    assert contents() == before


def test_a_file_that_is_there_is_not_written_over(unplaced: Partners, write: Callable[..., Path]) -> None:
    path = write("mine", "addresses.csv")
    assert_refused(unplaced("points", "export", path), 2, "is there already")
    assert path.read_text("utf-8") == "mine"
