"""`partners report first-look`: the page as it is printed, its other forms, and the lists beside its numbers."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Membership, Organization, Role, Silo, SiloShare, Site
from partners_crm.services import records
from partners_crm.services.first_look import KEYS


@pytest.fixture
def looked(partners: Partners, database: Path) -> Partners:
    """The command on a coalition of three organizations."""
    with Crm.open(database, clock=lambda: NOW) as crm, crm.changes("three") as unit:
        silo = crm.records(Silo)[0].id
        for name, place in (
            ("Near West Homes", {"address": "1840 W Invented Ave", "latitude": 41.8839, "longitude": -87.627}),
            ("River | Table", {"city": "Peoria", "latitude": 40.6936, "longitude": -89.589}),
            ("=Quiet House", {"address": "PO Box 12", "city": "Alton", "postal_code": "62002"}),
        ):
            key = records.add(unit, Organization, name=name).id
            records.add(unit, Membership, organization=key, since="2011")
            records.add(unit, Site, organization=key, **place)
            if name == "Near West Homes":
                person = records.add(unit, Contact, name="Dana Reyes").id
                records.add(unit, Role, contact=person, organization=key)
                records.add(unit, ContactPoint, contact=person, kind="email", raw="dana@example.org")
                records.add(unit, SiloShare, organization=key, silo=silo, weight=1.0)
            elif name == "River | Table":
                records.add(unit, ContactPoint, organization=key, kind="phone", raw="call the desk")
    return partners


def test_the_page(looked: Partners) -> None:
    result = looked("report", "first-look")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert re.fullmatch(
        r"What your spreadsheet could not tell you: the whole coalition, \d\d? \w+ \d{4}", lines[0], re.ASCII
    )
    place = lines.index("Organizations without a contact (no-contact)")
    assert lines[place : place + 8] == [
        "Organizations without a contact (no-contact)",
        "  2 of 3 organizations have nobody to talk to.",
        "  -> ask for a name; add it with n on the organization's card, or import a column of contacts",
        "  the same records: partners list organizations -kind:association -has:contact",
        "organization  name           in detail",
        "------------  -------------  ------------------------",
        "           3  =Quiet House   Alton; no phone, no mail",
        "           2  River | Table  Peoria",
    ]
    assert "  168 more: partners report first-look --section districts" in lines
    assert all(f"({key})" in result.out for key in KEYS)


def test_a_section_alone_has_all_its_rows(looked: Partners) -> None:
    lines = looked("report", "first-look", "--section", "districts").out.splitlines()
    assert sum(line.endswith("no member") for line in lines) == 173
    assert not [line for line in lines if " more: " in line]
    lines = looked("report", "first-look", "--section", "districts", "--limit", "2").out.splitlines()
    assert sum(line.endswith("no member") for line in lines) == 2


def test_no_rows_at_all_are_asked_for_with_zero(looked: Partners) -> None:
    lines = looked("report", "first-look", "--limit", "0").out.splitlines()
    assert not [line for line in lines if line.startswith("---")]
    assert "  2 more: partners report first-look --section no-contact" in lines


def test_the_list_beside_a_number_has_the_same_records(looked: Partners) -> None:
    answer = json.loads(looked("report", "first-look", "--format", "json").out)
    said = [section for section in answer["sections"] if section["list"] and section["rows"]]
    assert [section["key"] for section in said] == ["no-contact", "no-silo", "odd"]
    for section in said:
        listed = json.loads(looked("list", *shlex.split(section["list"]), "--format", "json").out)
        assert sorted(each["id"] for each in listed) == sorted(row["id"] for row in section["rows"])


def test_json_and_csv_hold_the_same(looked: Partners) -> None:
    words = ("report", "first-look", "--format")
    answer = json.loads(looked(*words, "json").out)
    assert answer["schema_version"] == 1
    assert answer["operation"] is None
    assert [section["key"] for section in answer["sections"]] == list(KEYS)
    rows = list(csv.DictReader(io.StringIO(looked(*words, "csv").out)))
    for section in answer["sections"]:
        own = [row for row in rows if row["section"] == section["key"]]
        assert {(int(row["count"]), int(row["total"]), row["sentence"]) for row in own} == {
            (section["count"], section["total"], section["sentence"])
        }
        ids = [int(row["id"]) for row in own if row["id"]]
        assert ids == [row["id"] for row in section["rows"]]
        assert len(own) == max(1, section["count"])
    # A spreadsheet computes nothing of it.
    assert "'=Quiet House" in {row["title"] for row in rows}
    assert looked(*words, "json").out == looked(*words, "json").out


def test_markdown_has_nothing_that_acts(looked: Partners) -> None:
    lines = looked("report", "first-look", "--section", "no-contact", "--format", "markdown").out.splitlines()
    assert lines[0].startswith("# What your spreadsheet could not tell you")
    assert lines[2:5] == ["## Organizations without a contact", "", "2 of 3 organizations have nobody to talk to."]
    assert r"| 2 | River \| Table | Peoria |" in lines


def test_only_what_an_operation_touched(looked: Partners) -> None:
    assert looked("add", "organization", "name=Grove").code == 0
    newest = str(json.loads(looked("history", "--format", "json").out)[0]["id"])
    answer = json.loads(looked("report", "first-look", "--operation", newest, "--format", "json").out)
    assert answer["operation"] == int(newest)
    assert answer["scope"].startswith(f"what operation {newest} touched (")
    figures = {section["key"]: (section["count"], section["total"]) for section in answer["sections"]}
    assert figures["no-contact"] == (1, 1)
    assert figures["odd"] == (0, 0)
    assert figures["districts"][1] == 177
    assert {section["list"] for section in answer["sections"]} == {None}
    lines = looked("report", "first-look", "--operation", newest).out.splitlines()
    assert f"  168 more: partners report first-look --section districts --operation {newest}" in lines


def test_it_changes_nothing_and_finds_nothing_wrong(looked: Partners, contents: Contents) -> None:
    before = contents()
    assert looked("report", "first-look").code == 0
    assert contents() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--operation", "99"), "no operation 99"),
        (("--limit", "-1"), "--limit"),
        (("--limit", "few"), "'few' is no whole number"),
        (("--section", "gossip"), "gossip"),
    ],
)
def test_what_is_no_report_is_refused(partners: Partners, words: tuple[str, ...], said: str) -> None:
    assert_refused(partners("report", "first-look", *words), 2, said)


def test_a_report_has_a_name(partners: Partners) -> None:
    assert_refused(partners("report"), 2, "first-look")
