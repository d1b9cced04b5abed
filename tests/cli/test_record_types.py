"""The commands on records of a plugin's type: the same as on any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Partners, assert_refused
from tests.conftest import NOW
from tests.services.exporting.everything import LANES

from partners_crm.crm import Crm
from partners_crm.model import Organization
from partners_crm.services import records
from partners_crm.services.record_types import install_types


@pytest.fixture
def lanes(partners: Partners, database: Path) -> Partners:
    """The command on a coalition with an association and two record types, for staff one of them."""
    with Crm.open(database, clock=lambda: NOW) as crm:
        install_types(crm.db, "associations", "1.0", LANES, clock=crm.clock)
        with crm.changes("a body") as unit:
            records.add(unit, Organization, name="Union of Homes", kind="association")
    return partners


def test_records_of_a_type_are_added_shown_changed_and_deleted(lanes: Partners) -> None:
    added = lanes("add", "associations_lane", "organization=Union of Homes", "issue=Rent", "stance=for", "weight=0.5")
    assert (added.code, added.out) == (0, 'added associations_lane 1 "Rent"\n')
    assert "Rent" in lanes("list", "associations_lanes").out
    assert "Rent" in lanes("list", "associations-lanes", "stance:for").out
    assert "Union of Homes" in lanes("show", "associations_lane", "Rent").out
    assert "Rent" in lanes("show", "organization", "Union of Homes").out
    assert lanes("edit", "associations_lane", "1", "stance=against").out == 'changed associations_lane 1 "Rent"\n'
    assert "Against" in lanes("history", "associations_lane", "1").out
    assert "Rent" in lanes("find", "rent").out
    assert "Rent" in lanes("find", "rent", "--entity", "associations_lane").out
    assert "Union of Homes" in lanes("list", "organizations", "associations_lane.stance:against").out
    assert lanes("delete", "associations_lane", "1", "--yes").code == 0
    assert lanes("undo").code == 0
    assert "Rent" in lanes("list", "associations_lanes").out
    assert lanes("doctor").code == 0


def test_what_cannot_be_is_refused(lanes: Partners) -> None:
    assert_refused(lanes("add", "associations_lane", "issue=Rent"), 2)
    assert_refused(lanes("list", "associations_bills"), 2)
    assert_refused(lanes("edit", "installed_type", "1", "name=x"), 2)


def test_a_type_for_staff_is_exported_on_request_alone(lanes: Partners, tmp_path: Path) -> None:
    lanes("add", "associations_lane", "organization=Union of Homes", "issue=Rent")
    lanes("add", "associations_rivalry", "lane=Rent", "contract=City beds")
    assert "City beds" in lanes("list", "associations_rivalries").out
    path = tmp_path / "rivalries.csv"
    assert_refused(lanes("export", path, "--entity", "associations_rivalries"), 2)
    assert not path.exists()
    assert lanes("export", path, "--entity", "associations_rivalries", "--include-private").code == 0
    assert "City beds" in path.read_text()


def test_everything_is_exported_and_loaded_where_no_plugin_is(lanes: Partners, tmp_path: Path) -> None:
    lanes("add", "associations_lane", "organization=Union of Homes", "issue=Rent")
    path, new = tmp_path / "all.jsonl", tmp_path / "new.db"
    assert "1 associations lane" in lanes("export", "--all", path).out
    with Crm.create(new, "New", clock=lambda: NOW):
        pass
    result = lanes("--db", new, "import", path)
    assert result.code == 0, result.err
    assert "Rent" in lanes("--db", new, "list", "associations_lanes").out


def test_the_completion_knows_the_types_of_the_coalition(lanes: Partners) -> None:
    script = lanes("completion", "bash").out
    assert "associations_lanes" in script
    assert "associations_rivalry" in script


def test_the_answer_as_json_has_every_field(lanes: Partners) -> None:
    lanes("add", "associations_lane", "organization=Union of Homes", "issue=Rent", "votes=3", "open=yes")
    card = json.loads(lanes("show", "associations_lane", "1", "--format", "json").out)
    assert card["entity"] == "associations_lane"
    (section,) = (each for each in card["sections"] if each["title"] == "Overview")
    assert ["Votes", "3"] in [row[:2] for row in section["rows"]]
