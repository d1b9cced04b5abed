"""Postures: how an association or an agency stands toward the coalition, from a day on; for staff alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, InvalidValue
from partners_crm.model import Organization, Posture
from partners_crm.model.ties import POSTURES
from partners_crm.services import records
from partners_crm.services.importing.whole import load_whole


@pytest.fixture
def union(crm: Crm) -> Organization:
    with crm.changes("an association") as unit:
        return records.add(unit, Organization, name="Union of Homes", kind="association")


def add(crm: Crm, **values: Any) -> Posture:
    with crm.changes("posture") as unit:
        return records.add(unit, Posture, **values)


def test_the_ladder_has_six_rungs() -> None:
    assert [code for code, _ in POSTURES] == [
        "hostile",
        "wary",
        "observing",
        "consulting",
        "collaborating",
        "co_leading",
    ]
    assert dict(POSTURES)["co_leading"] == "Co-leading"


def test_a_level_has_to_be_said(crm: Crm, union: Organization) -> None:
    with pytest.raises(InvalidValue, match="Posture must not be empty"):
        add(crm, organization=union.id, since="2025")
    with pytest.raises(InvalidValue, match="is not a choice"):
        add(crm, organization=union.id, level="fond")


@pytest.mark.parametrize(("kind", "taken"), [("association", True), ("agency", True), ("provider", False), ("", False)])
def test_only_associations_and_agencies_have_one(crm: Crm, kind: str, taken: bool) -> None:
    with crm.changes("a body") as unit:
        body = records.add(unit, Organization, name="Body", **({"kind": kind} if kind else {}))
    if taken:
        assert add(crm, organization=body.id, level="wary").level == "wary"
        return
    with pytest.raises(InvalidValue, match="is no association and no agency") as caught:
        add(crm, organization=body.id, level="wary")
    assert "Body" in caught.value.message


def test_the_card_shows_the_newest_first(crm: Crm, union: Organization) -> None:
    add(crm, organization=union.id, level="wary", since="2023")
    add(crm, organization=union.id, level="hostile")
    add(crm, organization=union.id, level="co_leading", since="2025-03", evidence="A vote", reasons="New chair")
    (section,) = (each for each in crm.card(Organization, union.id).sections if each.title == "Posture")
    assert [row.value for row in section.rows] == [
        "Co-leading, since 2025-03 (A vote; New chair)",
        "Wary, since 2023",
        "Hostile, start unknown",
    ]
    assert [row.entity for row in section.rows] == ["posture"] * 3


def test_it_is_found_and_asked_for_but_leaves_no_export(crm: Crm, union: Organization, tmp_path: Path) -> None:
    add(crm, organization=union.id, level="wary", since="2023", evidence="A cold letter")
    assert [each.id for each in crm.search("cold letter").found] == [union.id]
    assert [each.id for each in crm.organizations("posture.level:wary")] == [union.id]
    assert len(crm.listing("postures", "organization:union").ids(crm.db)) == 1
    crm.export(tmp_path / "all.csv")
    assert "cold" not in (tmp_path / "all.csv").read_text()
    with pytest.raises(ConfigError, match="are for staff"):
        crm.export(tmp_path / "postures.csv", entity="postures")
    assert not (tmp_path / "postures.csv").exists()
    crm.export(tmp_path / "postures.csv", entity="postures", include_private=True)
    assert "A cold letter" in (tmp_path / "postures.csv").read_text()


def test_a_history_for_everyone_tells_nothing_of_it(crm: Crm, union: Organization, tmp_path: Path) -> None:
    with crm.changes("add posture") as unit:
        made = records.add(unit, Posture, organization=union.id, level="hostile", evidence="A cold letter")
        unit.title = f"add {records.describe(made)}"
    crm.export_all(tmp_path / "everyone.jsonl", with_history=True)
    text = (tmp_path / "everyone.jsonl").read_text()
    assert "hostile" not in text
    assert "cold" not in text
    titles = [json.loads(line).get("title") for line in text.splitlines() if '"journal": "operation"' in line]
    assert titles[-1] == "(for staff)"
    crm.export_all(tmp_path / "staff.jsonl", with_history=True, include_private=True)
    assert 'add posture 1 \\"hostile\\"' in (tmp_path / "staff.jsonl").read_text()


def test_one_of_what_is_another_kind_by_now_is_loaded_all_the_same(
    crm: Crm, union: Organization, tmp_path: Path
) -> None:
    add(crm, organization=union.id, level="wary")
    with crm.changes("it is a provider by now") as unit:
        records.edit(unit, union, kind="provider")
    crm.export_all(tmp_path / "all.jsonl", include_private=True)
    with Crm.create(tmp_path / "new.db", "New", clock=lambda: NOW) as new:
        assert load_whole(new.db, tmp_path / "all.jsonl").rejected == 0
        assert [each.level for each in new.records(Posture)] == ["wary"]


def test_a_merge_folds_those_that_say_the_same(crm: Crm, union: Organization) -> None:
    with crm.changes("another") as unit:
        other = records.add(unit, Organization, name="Union for Homes", kind="association")
    add(crm, organization=union.id, level="wary", since="2023", evidence="A vote")
    add(crm, organization=other.id, level="wary", since="2023", recorded_on="2026")
    add(crm, organization=other.id, level="observing", since="2025")
    crm.merge(Organization, union.id, other.id)
    assert [(each.level, each.evidence, each.recorded_on) for each in crm.records(Posture)] == [
        ("wary", "A vote", "2026"),
        ("observing", "", ""),
    ]
