"""`partners find`: what it prints, in each form, and how it refuses."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import NOW, Result

from partners_crm.crm import Crm
from partners_crm.model import Organization, Site
from partners_crm.services import records
from partners_crm.store.files import side
from partners_crm.store.fulltext import SUFFIX

Partners = Callable[..., Result]


@pytest.fixture(autouse=True)
def filled(database: Path) -> None:
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("add", by="ann") as unit:
        house = records.add(unit, Organization, name="Maple House")
        records.add(unit, Site, organization=house.id, address="12 Oak St", city="Alton")
        records.add(unit, Organization, name="Oak\x1b[31m\u202eFund")
        records.add(unit, Organization, name="Old Maple", archived_on="2020-01-01")


def test_a_table_of_what_was_found_and_why(partners: Partners) -> None:
    found = partners("find", "oak", "alt")
    assert (found.code, found.err) == (0, "")
    head, _, line, count = found.out.splitlines()
    assert head.split() == ["Entity", "id", "Name", "Where"]
    assert re.split(r"\s{2,}", line) == ["organization", "1", "Maple House", "site: 12 Oak St, Alton"]
    assert count == "1 record"


def test_nothing_in_a_name_acts_on_the_terminal(partners: Partners) -> None:
    for form in ("table", "json", "csv"):
        found = partners("find", "oak", "--format", form)
        assert found.code == 0
        if form != "csv":
            assert "\x1b" not in found.out
            assert "\u202e" not in found.out


def test_json_and_csv_say_the_same(partners: Partners) -> None:
    answer = json.loads(partners("find", "maple", "--format", "json").out)
    assert answer == {
        "schema_version": 1,
        "found": [{"entity": "organization", "id": 1, "title": "Maple House", "where": ""}],
        "suggestions": [],
    }
    rows = list(csv.reader(io.StringIO(partners("find", "maple", "--format", "csv").out)))
    assert rows == [["entity", "id", "title", "where"], ["organization", "1", "Maple House", ""]]


def test_nothing_found_is_no_fault_and_says_what_may_be_meant(partners: Partners) -> None:
    found = partners("find", "mapel", "house")
    assert (found.code, found.out, found.err) == (0, "0 records\n", "did you mean: maple house\n")
    answer = json.loads(partners("find", "mapel", "--format", "json").out)
    assert (answer["found"], answer["suggestions"]) == ([], ["maple"])
    assert partners("find", "mapel", "--format", "csv").err == "did you mean: maple\n"
    found = partners("find", "qqqq")
    assert (found.code, found.out, found.err) == (0, "0 records\n", "")


def test_options_narrow_and_widen(partners: Partners) -> None:
    assert "12 Oak St" in partners("find", "oak", "--entity", "sites").out
    assert partners("find", "oak", "--entity", "contacts").out == "0 records\n"
    assert partners("find", "maple", "--archived").out.endswith("2 records\n")
    assert partners("find", "maple", "--archived", "--limit", "1").out.endswith("1 record\n")


def test_the_index_is_made_anew_on_demand(partners: Partners, database: Path) -> None:
    assert partners("find", "maple").code == 0
    index = side(database, SUFFIX)
    before = index.stat().st_ino
    found = partners("find", "--rebuild")
    assert (found.code, found.out, found.err) == (0, "", "the search index was made anew\n")
    assert index.stat().st_ino != before
    assert partners("find", "--rebuild", "maple").out.endswith("1 record\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "no letter and no digit"),
        (("!!", "..."), 2, "no letter and no digit"),
        (("--rebuild", "!!"), 2, "no letter and no digit"),
        (("oak", "--limit", "0"), 2, "less than 1"),
        (("oak", "--entity", "dragons"), 2, "dragons"),
    ],
)
def test_what_cannot_be_looked_for_is_refused_in_a_line(
    partners: Partners, words: tuple[str, ...], code: int, said: str
) -> None:
    found = partners("find", *words)
    assert said in found.err
    assert (found.code, found.out) == (code, "")


def test_a_coalition_that_is_read_only_is_searched_and_its_index_not_rebuilt(
    partners: Partners, database: Path
) -> None:
    database.chmod(0o400)
    assert partners("find", "maple").out.endswith("1 record\n")
    found = partners("find", "--rebuild")
    assert (found.code, found.out) == (6, "")
    assert not side(database, SUFFIX).exists()
