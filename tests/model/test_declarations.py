"""What every entity must declare."""

from __future__ import annotations

import pytest

from partners_crm.model import BY_NAME, ENTITIES, JOURNAL, Table


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.name)
def test_every_entity_is_unbound_named_and_labelled(table: type[Table]) -> None:
    assert table._meta.database is None
    assert table.entity.about.endswith(".")
    assert not table.entity.title or table.entity.title in table.declarations()
    assert {"id", "uid", "version"} <= set(table._meta.fields)
    for name, how in table.declarations().items():
        assert how.label, name
        if how.kind == "choice" and table._meta.fields[name].default:
            assert table._meta.fields[name].default in dict(how.choices)


def test_the_journal_is_unbound() -> None:
    assert all(table._meta.database is None for table in JOURNAL)


def test_names_are_unique_and_parents_come_first() -> None:
    assert len(BY_NAME) == 2 * len(ENTITIES)
    seen: set[type[Table]] = set()
    for table in ENTITIES:
        seen.add(table)
        for name, target in table.links().items():
            if table.declarations()[name].required:
                assert target in seen, f"{table.entity.name}.{name}"


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.name)
def test_a_header_name_means_one_field_of_an_entity(table: type[Table]) -> None:
    headers = [header for how in table.declarations().values() for header in how.headers]
    assert len(headers) == len(set(headers))
