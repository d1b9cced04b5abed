"""The same rows again: what was settled costs nothing, and whatever may mean something new is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.services.test_importing import dump

from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.model import ContactPoint, CustomField, Membership, Silo, SiloShare, SourceRow
from partners_crm.services import records
from partners_crm.services.importing.report import ImportReport
from partners_crm.store.read import records as rows

Import = Callable[..., ImportReport]


@pytest.fixture
def load(crm: Crm, tmp_path: Path) -> Import:
    def run(text: str, **options: Any) -> ImportReport:
        path = tmp_path / "members.csv"
        path.write_text(text, "utf-8")
        return crm.import_file(path, **options)

    return run


def test_a_correction_that_was_taken_back_counts_again(crm: Crm, load: Import) -> None:
    for status in ("active", "lapsed", "active"):
        load(f"Organization,Status\nOak,{status}\n", policy="update")
        assert [each.status for each in crm.records(Membership)] == [status]


def test_a_silo_that_is_there_by_now_counts(crm: Crm, load: Import) -> None:
    sheet = "Organization,Silo\nOak,beekeeping\n"
    assert load(sheet).serious == 1
    assert load(sheet).serious == 1
    with crm.changes("a silo") as unit:
        records.add(unit, Silo, code="beekeeping", name="Beekeeping")
    assert load(sheet).changed == 1
    assert len(crm.records(SiloShare)) == 1


def test_what_an_undo_took_away_comes_back(crm: Crm, load: Import) -> None:
    load("Organization\nOak\n")
    phone = load("Organization,Phone\nOak,312-555-0107\n").operation
    load("Organization,Phone,Notes\nOak,312-555-0107,seen\n")
    crm.undo(phone)
    assert crm.records(ContactPoint) == []
    load("Organization,Phone,Notes\nOak,312-555-0107,seen\n")
    assert [each.value for each in crm.records(ContactPoint)] == ["+13125550107"]


def test_a_file_that_changes_nothing_leaves_its_cells_in_the_journal_once(crm: Crm, load: Import) -> None:
    load("Organization\nOak\n")
    sheet = "Organization,Silo,Shade\nOak,zoo,purple\n"
    report = load(sheet)
    assert (report.changes, report.same) == (0, 1)
    assert report.operation is not None
    assert any('"purple"' in row.cells and '"zoo"' in row.cells for row in rows(crm.db, SourceRow.select()))
    assert load(sheet).operation is None
    assert crm.undo().undone.id == 2, "what changed nothing is nothing to undo"


def test_a_field_that_is_gone_is_named(crm: Crm, load: Import, tmp_path: Path) -> None:
    load("Organization,Region\nOak,Metro\n", own=("Region",))
    with crm.changes("no field") as unit:
        records.remove(unit, crm.records(CustomField)[0])
    mapping = tmp_path / "ours.toml"
    mapping.write_text('[columns]\n"Organization" = "organization.name"\n"Region" = "own.region"\n', "utf-8")
    with pytest.raises(ConfigError, match="no field of its own called region"):
        load("Organization,Region\nOak,Metro\n", mapping=mapping)


cells = st.sampled_from(["", "x", "Ann", "aging", "312-555-0101", "active", "lapsed"])
sheets = st.lists(st.tuples(st.sampled_from(["Oak", "Elm"]), cells, cells, cells), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(sheets, st.sampled_from(["fill", "update"]), st.booleans()), min_size=2, max_size=5))
def test_importing_is_as_importing_afresh(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[list[tuple[str, ...]], str, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("again")
    dumps = []
    for afresh in (False, True):
        with Crm.create(folder / f"{afresh}.db", "Again", clock=lambda: NOW) as crm:
            for sheet, policy, is_undone in history:
                lines = [f"{name},{contact},{silo},{phone}" for name, contact, silo, phone in sheet]
                path = folder / "members.csv"
                path.write_text("\n".join(["Organization,Contact,Silo,Phone", *lines]) + "\n", "utf-8")
                report = crm.import_file(path, policy=policy, afresh=afresh)
                if is_undone and report.changes:
                    crm.undo(report.operation)
            dumps.append({name: [row[2:] for row in found] for name, found in shape(crm).items()})
    assert dumps[0] == dumps[1]


def shape(crm: Crm) -> dict[str, list[Any]]:
    """Every record without its uid and version."""
    found = dump(crm)
    return {
        name: sorted((tuple(row[:1]) + tuple(row[1:2]) + tuple(row[3:]) for row in rows), key=repr)
        for name, rows in found.items()
        if name in {"organization", "contact", "role", "contact_point", "silo_share", "membership"}
    }
