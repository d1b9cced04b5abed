"""`partners silos`: the matrix with districts and with silos, and the balance."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.cli.conftest import Partners, assert_refused
from tests.made_maps import crooked, header

from partners_crm.districts.maps import Chamber, dump_map

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


def test_the_terms_of_a_matrix_are_those_of_coverage(members: Partners, write: Callable[..., Path]) -> None:
    by_zip = "Organization,City,State,ZIP,Silo\nWest Table,Chicago,IL,60647,aging\n"
    assert members("import", write(by_zip, "zip.csv")).code == 0
    words = ("silos", "matrix", "--chamber", "senate", *DAY)

    def cells(*terms: str) -> list[str]:
        rows = csv.DictReader(io.StringIO(members(*words, *terms, "--format", "csv").out))
        return sorted(row["aging"] for row in rows if row["aging"] != "0")

    answer = json.loads(members("coverage", "check", "--silo", "aging", *DAY, "--format", "json").out)
    possible = [each for each in answer["districts"] if each["chamber"] == "senate" and each["state"] == "possible"]
    assert cells() == ["1", *["?"] * len(possible)]
    assert len(possible) > 1
    assert cells("--basis", "service") == []
    assert members(*words, "--map", "il-2011").out.splitlines()[-1].endswith(", map il-2011")
    last = members(*words, "--min-match", "70", "--basis", "hq").out.splitlines()[-1]
    assert last.endswith("members on 2090-01-01, map il-2021, basis=hq min-match=70")
    full = json.loads(members(*words, "--min-match", "70", "--format", "json").out)
    assert (full["rule"]["min_match"], full["rule"]["chamber"], full["of"]) == (70, "senate", None)


def test_the_matrix_of_an_association(members: Partners) -> None:
    assert members("add", "organization", "name=An Association", "kind=association").code == 0
    tie = ("organization=1", "association=4", "since=2020-01-01")
    assert members("add", "affiliation", *tie).code == 0
    words = ("silos", "matrix", "--of", "an association", *DAY)
    assert "members of An Association on 2090-01-01" in members(*words).out.splitlines()[-1]
    both = members(*words, "--with", "silos")
    assert both.out.splitlines()[-1] == "members in both silos, of 1 members of An Association on 2090-01-01"
    assert json.loads(members(*words, "--format", "json").out)["filled"] == 1


def test_a_chamber_is_called_as_on_the_map(tmp_path: Path, partners: Partners) -> None:
    squares = crooked(2, 2, 4, Random(1), west=-9_000_000, south=4_000_000, size=100_000)
    numbers = {(row, column): row * 2 + column + 1 for row in range(2) for column in range(2)}
    described = {**header(4), "chambers": (Chamber("senate", "Legislature", 4),), "seated_from": "2023-01-04"}
    path = tmp_path / "map.dat"
    path.write_bytes(dump_map(described, {"senate": (squares.arcs(numbers), {})}))
    words = ("--db", tmp_path / "one.db")
    assert partners("init", *words, "--name", "One", "--map", path).code == 0
    assert "Legislature of 4" in partners("silos", "balance", *words, *DAY).out.splitlines()[0]


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
        (("matrix", "--with", "silos", "--basis", "hq"), 2, "--basis is about districts"),
        (("matrix", "--map", "il-1066"), 2, "il-1066"),
        (("matrix", "--map", ""), 2, "must not be empty"),
        (("matrix", "--min-match", "500"), 2, "min-match"),
        (("balance", "--of", ""), 2, "must not be empty"),
        (("balance", "--of", "Nobody"), 2, "there is no organization called Nobody"),
    ],
)
def test_what_cannot_be_answered(partners: Partners, words: tuple[str, ...], code: int, said: str) -> None:
    assert_refused(partners("silos", *words), code, said)
