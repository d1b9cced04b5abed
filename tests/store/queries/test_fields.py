"""Every entity and every link is reached by some query, and every name that is told of can be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.services.exporting.everything import fill_everything

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import ENTITIES, Contact, Organization, Site, Table
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.complete import complete
from partners_crm.store.queries.fields import ABOUT, counted, fixed_names, names_of, resolve
from partners_crm.store.queries.selecting import selection
from partners_crm.store.queries.sentence import sentence_of
from partners_crm.store.queries.steps import is_dated, lasting, steps
from partners_crm.store.queries.why import explained
from partners_crm.store.queries.words import places
from partners_crm.store.read import tuples

VALUES = ("a", "1", "2011", "yes", "housing", "sldl:9", "provider", "none", "active", "site", "archived", ">1")
"""Values of every kind: each field takes some of them, and names what it takes of the others."""


@pytest.fixture(scope="module")
def full(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """A coalition with records of every entity; nothing writes to it."""
    path = tmp_path_factory.mktemp("full") / "coalition.db"
    path.write_bytes(blank_coalition.read_bytes())
    path.chmod(0o600)
    with Crm.open(path) as crm:
        fill_everything(crm)
        yield crm


def test_every_link_is_followed_both_ways() -> None:
    """A link that is added to an entity is a step from it, and one back from what it points to."""
    for table in ENTITIES:
        for link, target in table.links().items():
            own = [step for step in steps(table).values() if len(step.hops) == 1 and step.hops[0].link == link]
            assert any(not step.hops[0].is_back and step.name == link for step in own), f"{table} {link}"
            back = [(step.hops[0].table, step.hops[0].link) for step in steps(target).values() if step.hops[0].is_back]
            assert (table, link) in back, f"no query on {target.entity.plural} reaches {table.entity.name}.{link}"


def test_every_entity_that_belongs_to_another_is_reached_from_one_of_those_people_list() -> None:
    """From organizations and contacts, over three relations and a name; what stands alone links to nothing."""
    reached = {Organization, Contact}
    for _ in range(4):
        reached |= {step.target for table in reached for step in steps(table).values()}
    alone = {table for table in ENTITIES if not steps(table)}
    assert reached | alone == set(ENTITIES)


def test_names_of_steps_can_be_typed_and_mean_one_thing() -> None:
    for table in ENTITIES:
        names = [*steps(table), *counted(table)]
        assert len(names) == len(set(names))
        assert all(name.replace("_", "").isalnum() and name.islower() for name in names)
        assert not set(counted(table)) & set(steps(table))
        assert not set(ABOUT) & set(steps(table))
        assert set(steps(table)) <= fixed_names(table)


def test_every_name_of_a_type_of_a_plugin_compiles_and_completes(full: Crm) -> None:
    asked = Asked(full.db, "il-2021", full.today)
    brought = full.db.entities[len(ENTITIES) :]
    assert len(brought) == 2
    for table in (*brought, Organization):
        known = steps(table, full.db.entities)
        dotted = [f"{step}.{name}" for step, each in known.items() for name, _ in names_of(asked, each.target)]
        for name in [*(name for name, _ in names_of(asked, table)), *dotted[::4]]:
            assert resolve(asked, table, name).ways
            assert complete(full.db, table, name, len(name), map_code="il-2021", today=full.today), name
    assert steps(Organization)["contact"] == steps(Organization, full.db.entities)["contact"]
    assert steps(Organization, full.db.entities)["associations_lane"].target is brought[0]
    assert "associations_lane" not in steps(Organization)


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.entity.plural)
def test_every_name_compiles_says_itself_and_completes(
    full: Crm, table: type[Table], scale: Callable[[int], int]
) -> None:
    asked = Asked(full.db, "il-2021", full.today)
    record = tuples(full.db, table.select(table.id).limit(1))[0][0]
    dotted = [f"{step}.{name}" for step in list(steps(table)) for name, _ in names_of(asked, steps(table)[step].target)]
    names = [name for name, _ in names_of(asked, table)]
    assert len(names) == len(set(names))
    for name in [*names, *dotted[:: 1 if scale(10) == 10 else 4]]:
        field = resolve(asked, table, name)
        assert field.ways
        assert complete(full.db, table, name, len(name), map_code="il-2021", today=full.today), name
        ran = 0
        proposed = complete(full.db, table, f"{name}:", len(name) + 1, map_code="il-2021", today=full.today)
        for value in (*VALUES, *(each.text for each in proposed[:1])):
            query = f"{name}:{value}"
            try:
                ids = selection(full.db, table, query, map_code="il-2021", today=full.today)
            except QueryError:
                continue
            assert len(tuples(full.db, ids)) + len(
                tuples(full.db, table.select(table.id).where(table.id.not_in(ids)))
            ) == len(tuples(full.db, table.select(table.id))), query
            ran += 1
            if ran == 1:
                assert sentence_of(full.db, table, query, map_code="il-2021", today=full.today)
                assert explained(full.db, table, query, record, map_code="il-2021", today=full.today).reasons
        # Only an entity without a mark, or without a saved search, has nothing to ask for.
        assert ran or name.rpartition(".")[2] in {"saved", "is"}, name


def test_what_is_dated_holds_for_a_time(full: Crm) -> None:
    dated = {table.entity.name for table in ENTITIES if is_dated(table)}
    assert dated == {"site", "role", "membership", "affiliation", "term"}
    for table in ENTITIES:
        assert (lasting(table, "", full.today) is None) == (not is_dated(table) and table.entity.name != "assignment")
        assert lasting(table, "ever", full.today) is None


def test_words_are_looked_for_in_what_hangs_on_a_record() -> None:
    def named(table: type[Table]) -> set[str]:
        return {last.entity.name for _, last in places(table)}

    assert named(Organization) == {
        "organization", "other_name", "identifier", "site", "contact_point", "role", "contact", "tag", "service_line",
        "membership", "custom_value",
    }  # fmt: skip
    assert named(Contact) == {"contact", "role", "organization", "contact_point", "tag", "custom_value"}
    assert named(Site) == {"site", "organization", "contact_point", "custom_value"}
    for table in ENTITIES:
        needed = {target.entity.name for name, target in table.links().items() if table.declarations()[name].required}
        assert {table.entity.name, *needed} <= named(table)


def test_the_fields_that_were_there_before_are_there_still(full: Crm) -> None:
    before = {
        Organization: "silo district status tag association program identifier city zip address has is name kind "
        "parent successor note archived_on",
        Contact: "organization title email phone is name given_name family_name note archived_on do_not_contact",
    }
    for table, names in before.items():
        known = names_of(Asked(full.db, "il-2021", full.today), table)
        assert set(names.split()) <= {name for name, _ in known}
