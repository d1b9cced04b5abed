"""`partners silos`: the matrix with districts and with silos, and the balance."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.cli.conftest import Partners, assert_refused

DAY = ("--as-of", "2090-01-01")


def test_the_matrix_of_silos_and_districts(members: Partners) -> None:
    result = members("silos", "matrix", "--chamber", "senate")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split() == ["District", "CW", "CD", "DD", "AP", "JJ", "AG", "BH", "HO", "WF"]
    assert len(lines) == 2 + 59 + 1 + 3
    assert lines[61].split() == ["of", "59", "0", "0", "0", "0", "0", "1", "0", "1", "0"]
    assert lines[-1].startswith("cells filled 2 of 531: 9 silos in 59 Senate districts, members on ")
    house = json.loads(members("silos", "matrix", "--format", "json").out)
    assert (house["chamber"], house["cells"], len(house["districts"])) == ("house", 1062, 118)
    assert sum(each["districts"] for each in house["silos"]) == house["filled"]
    rows = list(csv.DictReader(io.StringIO(members("silos", "matrix", "--format", "csv").out)))
    assert sum(int(row["housing"]) for row in rows) == 1
    assert len(rows) == 118


def test_the_matrix_of_silos_and_silos(members: Partners) -> None:
    result = members("silos", "matrix", "--with", "silos", *DAY)
    assert result.out.splitlines()[-1] == "members in both silos, of 3 members on 2090-01-01"
    answer = json.loads(members("silos", "matrix", "--with", "silos", "--format", "json").out)
    assert (answer["shared"]["housing"]["housing"], answer["shared"]["housing"]["aging"]) == (1, 0)
    rows = list(csv.reader(io.StringIO(members("silos", "matrix", "--with", "silos", "--format", "csv").out)))
    assert rows[0][1:] == [row[0] for row in rows[1:]]


def test_the_balance(members: Partners) -> None:
    result = members("silos", "balance", *DAY)
    lines = result.out.splitlines()
    assert lines[0].split() == ["Silo", "Primary", "Any", "Share", "House", "of", "118", "Senate", "of", "59"]
    assert lines[7].split() == ["Aging", "1", "1", "50.0%", "1", "1"]
    assert lines[11] == "3 members on 2090-01-01, 1 in no silo; map il-2021"
    assert lines[12].startswith("weakest: Child welfare, Child development, ")
    assert lines[13] == "breadth 0.12, from 0 (all in one silo) to 1 (the same in each)"
    answer = json.loads(members("silos", "balance", "--format", "json").out)
    assert answer["breadth"] == 0.125
    assert answer["silos"][7]["districts"]["house"] == {"confirmed": 1, "districts": 118}
    rows = list(csv.DictReader(io.StringIO(members("silos", "balance", "--format", "csv").out)))
    assert [row["silo"] for row in rows if row["any"] == "1"] == ["aging", "housing"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("matrix", "--as-of", "2009-01-01"), 3, "no district map"),
        (("matrix", "--as-of", "soon"), 2, "--as-of"),
        (("matrix", "--with", "people"), 2, "invalid choice"),
        (("balance", "--of", "Nobody"), 2, "there is no organization called Nobody"),
    ],
)
def test_what_cannot_be_answered(partners: Partners, words: tuple[str, ...], code: int, said: str) -> None:
    assert_refused(partners("silos", *words), code, said)
