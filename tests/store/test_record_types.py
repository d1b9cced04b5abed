"""The tables of record types, made from declarations in the coalition; and declarations that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue
from partners_crm.model import ENTITIES, InstalledType, Rule
from partners_crm.model.record_types import KeptType, RecordType, fields, kept_json
from partners_crm.store import health, record_types
from partners_crm.store.open import Handle
from partners_crm.store.work import changes


def kept(name: str = "lane", **declared: Any) -> KeptType:
    kind = RecordType(
        name=name, plural=f"{name}s", about="Made up.", fields={"words": fields.text("Words"), **declared}
    )
    return KeptType(plugin="acme", release="1", type=kind, key=f"acme_{name}")


def declare(crm: Crm, *types: KeptType) -> None:
    with crm.changes("declare") as unit:
        for each in types:
            unit.add(InstalledType, name=each.name, plugin="acme", declaration=kept_json(each))
        record_types.settle(unit.db)


def columns(db: Handle, table: str) -> list[str]:
    return [name for _, name, *_ in db.driver.execute(f'PRAGMA table_info("{table}")')]


def test_a_coalition_without_plugins_has_the_entities_of_the_core(crm: Crm) -> None:
    assert crm.db.types is record_types.CORE
    assert crm.db.entities is ENTITIES


def test_tables_follow_the_declarations(crm: Crm) -> None:
    declare(crm, kept(), kept("vote", lane=fields.link("Lane", "acme_lane")))
    assert crm.db.entities[: len(ENTITIES)] == ENTITIES
    assert [table.entity.name for table in crm.db.entities[len(ENTITIES) :]] == ["acme_lane", "acme_vote"]
    assert columns(crm.db, "acme_vote") == ["id", "uid", "version", "words", "lane_id"]
    assert health.schema_differences(crm.db) == []
    with crm.changes("more") as unit:
        (row,) = crm.db.driver.execute("SELECT id FROM installed_type WHERE name = 'acme_lane'").fetchall()
        record = crm.find(InstalledType, str(row[0]))
        unit.update(record, declaration=kept_json(kept(count=fields.whole("Count", headers=("n",)))))
        record_types.settle(unit.db)
    assert columns(crm.db, "acme_lane")[-1] == "count"
    assert health.schema_differences(crm.db) == []


def test_what_a_unit_of_work_makes_is_seen_by_others_when_it_is_written(crm: Crm) -> None:
    with changes(crm.db, "declare", keep=False) as unit:
        unit.add(InstalledType, name="acme_lane", plugin="acme", declaration=kept_json(kept()))
        record_types.settle(unit.db)
        assert "acme_lane" in unit.db.by_name
        assert crm.db._types is None or crm.db._types is record_types.CORE
    assert "acme_lane" not in crm.db.by_name
    assert columns(crm.db, "acme_lane") == []


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", kept_json(kept("other")), kept_json(kept(x=fields.link("X", "acme_gone")))],
    ids=["empty", "object", "list", "of another name", "a link to nothing"],
)
def test_a_declaration_that_cannot_be_read_is_left_out_and_told(crm: Crm, text: str) -> None:
    declare(crm, kept("vote"))
    crm.db.driver.execute(
        "INSERT INTO installed_type (uid, version, name, plugin, declaration, retired_on)"
        " VALUES ('00', 1, 'acme_lane', 'acme', ?, '')",
        (text,),
    )
    with Crm.open(crm.path) as again:
        assert again.db.types.broken == ("acme_lane",)
        assert "acme_vote" in again.db.by_name
        assert "acme_lane" not in again.db.by_name
        told = health.schema_differences(again.db)
        assert told == ["the declaration of the record type acme_lane cannot be read"]


def test_a_name_that_the_journal_or_a_table_knows_is_not_free(crm: Crm) -> None:
    declare(crm, kept())
    assert record_types.is_free(crm.db, "acme_vote")
    for name in ("acme_lane", "organization", "change_values", "sqlite_x", "schema_migration"):
        assert not record_types.is_free(crm.db, name)


def test_no_table_of_the_core_is_altered_or_dropped(crm: Crm) -> None:
    before = columns(crm.db, "rule")
    with pytest.raises(InvalidValue, match="is a table of the program itself"), crm.changes("take it"):
        record_types.settle_table(crm.db, Rule)
    with pytest.raises(InvalidValue, match="is a table of the program itself"), crm.changes("take it"):
        record_types.replace_column(crm.db, Rule, "name")
    assert columns(crm.db, "rule") == before


def test_two_types_are_not_kept_in_one_table(crm: Crm) -> None:
    declare(crm, kept(), replace(kept("vote"), key="acme_lane"))
    assert crm.db.types.broken == ("acme_vote",)
    assert list(crm.db.types.installed) == ["acme_lane"]


def test_the_records_of_a_declaration_that_cannot_be_read_any_more_stay(crm: Crm) -> None:
    declare(crm, kept())
    with crm.changes("a lane") as unit:
        unit.add(crm.db.by_name["acme_lane"], words="said")
    with crm.changes("spoil it") as unit:
        (row,) = crm.records(InstalledType)
        unit.update(row, declaration="{}")
        record_types.settle(unit.db)
    assert crm.db.types.broken == ("acme_lane",)
    assert crm.db.driver.execute("SELECT words FROM acme_lane").fetchall() == [("said",)]
