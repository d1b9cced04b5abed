"""What a plugin may write: what a person may write by hand, and the record types of those it requires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import PermissionRefused
from partners_crm.model import InstalledType, Organization, Rule, Setting
from partners_crm.model.record_types import KeptType, RecordType, fields, kept_json
from partners_crm.plugins import PluginChanges, PluginContext
from partners_crm.services.record_types import install_types
from partners_crm.store import open as opening
from tests.conftest import NOW

DAY = date(2026, 11, 24)
LANE = RecordType(
    name="lane", plural="lanes", title="issue", about="A lane.", fields={"issue": fields.text("Issue", required=True)}
)
Context = Callable[..., PluginContext]


@pytest.fixture
def context(crm: Crm, tmp_path: Path) -> Iterator[Context]:
    def call(plugin: str = "my-plug", requires: frozenset[str] | None = frozenset()) -> PluginContext:
        how = {"today": DAY, "as_of": DAY, "data_dir": tmp_path / plugin}
        asked = None if requires is None else lambda: requires
        return PluginContext(plugin=plugin, **how, _db=crm.db, _clock=lambda: NOW, _requires=asked)  # type: ignore[arg-type]  # its values are of two kinds

    for name in ("my-plug", "acme"):
        install_types(crm.db, name, "1.0", [LANE], clock=crm.clock)
    with opening.session(crm.db):
        yield call


def test_a_declaration_that_takes_a_table_of_the_core_is_refused(crm: Crm, context: Context) -> None:
    with crm.changes("a rule") as unit:
        unit.add(Rule, name="Every seat", kind="records")
    taken = kept_json(KeptType(plugin="bad1", release="1", type=LANE, key="rule"))
    with (
        pytest.raises(PermissionRefused, match="the plugin bad1 may not write installed types") as refused,
        context("bad1").changes("take it") as unit_of_it,
    ):
        unit_of_it.add("installed_type", name="bad1_lane", plugin="bad1", declaration=taken)
    assert "the plugin declares it" in refused.value.hint
    install_types(crm.db, "other", "1.0", [LANE], clock=crm.clock)
    assert [each.name for each in crm.records(Rule)] == ["Every seat"]
    assert {each.name for each in crm.records(InstalledType)} == {"acme_lane", "my_plug_lane", "other_lane"}


@pytest.mark.parametrize("entity", ["installed_types", "setting", "district", "assignment", "snapshot"])
def test_what_a_person_does_not_add_by_hand_a_plugin_does_not_add(context: Context, entity: str) -> None:
    with pytest.raises(PermissionRefused, match="may not write"), context().changes("write") as unit:
        unit.add(entity, name="x")


def test_nor_does_it_edit_or_delete_it(crm: Crm, context: Context) -> None:
    before = [each.stored() for table in (InstalledType, Setting) for each in crm.records(table)]
    plugin = context()
    for entity, values in (("installed_type", {"declaration": "{}"}), ("setting", {"value": "x"})):
        (record, *_) = plugin.records(entity)
        with pytest.raises(PermissionRefused, match="may not write"), plugin.changes("edit") as unit:
            unit.update(record, **values)
        with pytest.raises(PermissionRefused, match="may not write"), plugin.changes("delete") as unit:
            unit.delete(record)
    assert [each.stored() for table in (InstalledType, Setting) for each in crm.records(table)] == before


def test_it_writes_the_cores_records_its_own_and_those_it_requires(crm: Crm, context: Context) -> None:
    with context(requires=frozenset({"acme"})).changes("write") as unit:
        unit.add("organization", name="Body")
        own = unit.add("my_plug_lane", issue="Rent")
        unit.update(own, issue="Rents")
        unit.delete(unit.add("acme_lane", issue="Wages"))
    assert [each.name for each in crm.records(Organization)] == ["Body"]
    assert [each["issue"] for each in crm.records(crm.db.by_name["my_plug_lane"])] == ["Rents"]


def test_it_does_not_write_those_of_a_plugin_it_does_not_require(crm: Crm, context: Context) -> None:
    with context("acme").changes("write") as unit:
        lane = unit.add("acme_lane", issue="Wages")
    plugin = context()
    attempts: tuple[Callable[[PluginChanges], object], ...] = (
        lambda unit: unit.add("acme_lane", issue="Rent"),
        lambda unit: unit.update(lane, issue="Rent"),
        lambda unit: unit.delete(lane),
    )
    for write in attempts:
        with (
            pytest.raises(PermissionRefused, match="may not write acme lanes: they are those of the plugin acme"),
            plugin.changes("write") as unit,
        ):
            write(unit)
    assert [each["issue"] for each in crm.records(crm.db.by_name["acme_lane"])] == ["Wages"]


def test_where_it_is_not_known_what_it_requires_the_types_of_all_are_open(crm: Crm, context: Context) -> None:
    with context(requires=None).changes("write") as unit:
        unit.add("acme_lane", issue="Wages")
    assert [each["issue"] for each in crm.records(crm.db.by_name["acme_lane"])] == ["Wages"]
