"""The coalition's own fields in queries and in the tables of the file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import QueryError
from partners_crm.model import Contact, CustomField, Organization, Role, Site, Table
from partners_crm.services import records
from partners_crm.services.custom_fields import define, set_values
from partners_crm.store.custom import fields_of, values_of
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.fields import names_of

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.db.gz"))
SAID = {
    "One": {"chair": "Dana Reyes", "budget": "1,000,000", "founded": "1999", "level": "gold", "seen": "yes"},
    "Two": {"budget": "900000.1", "founded": "2000-05", "level": "Silver", "seen": "no"},
    "Three": {"chair": "Zoë Reyes", "budget": "-5", "founded": "2000-07-14"},
    "Four": {},
}
Found = Callable[[str], list[str]]


@pytest.fixture
def found(crm: Crm) -> Found:
    """The organizations that a query means, of four that say different things."""
    with crm.changes("begin") as unit:
        for label, kind in (("Chair", "text"), ("Budget", "number"), ("Founded", "date"), ("Seen", "yes_no")):
            define(unit, Organization, label, kind)
        define(unit, Organization, "Level", "choice", choices=("Gold", "Silver", "In-kind"))
        for name, texts in SAID.items():
            set_values(unit, records.add(unit, Organization, name=name), texts)
    return lambda query: [each.name for each in crm.organizations(query)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("chair:reyes", "One Three"),
        ("chair:zoe", "Three"),
        ("-chair:reyes", "Four Two"),
        ("budget:1000000", "One"),
        ("budget:1e6", "One"),
        ("budget:900000.1", "Two"),
        ("budget:>900000.1", "One"),
        ("budget:>=900000.1", "One Two"),
        ("budget:<900000.1", "Three"),
        ("budget:<=900000.1", "Three Two"),
        ("-budget:>0", "Four Three"),
        ("founded:2000", "Three Two"),
        ("founded:<2000", "One"),
        ("founded:<=2000", "One Three Two"),
        ("founded:>2000-05", "Three"),
        ("level:GOLD", "One"),
        ("-level:gold", "Four Three Two"),
        ("level:in_kind", ""),
        ("seen:yes", "One"),
        ("seen:no", "Two"),
        ("has:level", "One Two"),
        ("-has:budget", "Four"),
        ("has:chair seen:yes reyes", "One"),
        ('chair:"dana reyes" budget:>5', "One"),
    ],
)
def test_a_query_asks_as_of_any_field_of_the_kind(found: Found, query: str, names: str) -> None:
    assert found(query) == names.split()


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("level:bronze", "level cannot be bronze", "Gold, Silver, In-kind"),
        ("budget:much", "budget cannot be much", "a number"),
        ("budget:nan", "budget cannot be nan", "a number"),
        ("budget:>=", "budget cannot be >=", "a number"),
        ("founded:soon", "founded cannot be soon", "a date"),
        ("seen:perhaps", "seen cannot be perhaps", "yes, no"),
        ('chair:""', "chair: needs a value", "chair:something"),
        ("chairs:x", "organizations have no field chairs", "budget"),
        ("has:chairs", "has cannot be chairs", "chair, budget"),
    ],
)
def test_what_means_nothing_is_named_with_what_could_be_meant(
    found: Found, query: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryError, match=message) as refused:
        found(query)
    assert hint in refused.value.hint


def test_a_key_may_hold_a_figure_and_belongs_to_one_entity(crm: Crm, found: Found) -> None:
    with crm.changes("more") as unit:
        define(unit, Contact, "Level 2", "yes_no")
        define(unit, Site, "Beds", "number")
        person = records.add(unit, Contact, name="Dana Reyes")
        site = records.add(unit, Site, organization=1, name="Main")
        set_values(unit, person, {"level_2": "x"})
        set_values(unit, site, {"beds": "12"})
    assert [each.name for each in crm.contacts("level_2:yes")] == ["Dana Reyes"]
    assert crm.contacts("-has:level_2") == []
    assert [each.name for each in crm.records(Site, "beds:>11 has:beds")] == ["Main"]
    with pytest.raises(QueryError, match="organizations have no field beds"):
        found("beds:12")
    for table, keys in ((Organization, {"chair", "budget"}), (Contact, {"level_2"}), (Site, {"beds"}), (Role, set())):
        fields = [name for name, _ in names_of(Asked(crm.db, "", NOW.date()), table)]
        assert keys <= set(fields)
        assert len(fields) == len(set(fields))
    assert fields_of(crm.db, Role) == ()
    assert values_of(crm.db, Role, [1]) == {}


def test_what_is_archived_stays_out_of_a_query_on_an_own_field(crm: Crm, found: Found) -> None:
    with crm.changes("archive") as unit:
        records.archive(unit, crm.organizations("one")[0], NOW.date())
    assert found("has:level") == ["Two"]
    assert found("is:archived has:level") == ["One"]


def test_contacts_who_asked_not_to_be_contacted_are_found(crm: Crm) -> None:
    with crm.changes("three") as unit:
        records.add(unit, Contact, name="Dana Reyes", do_not_contact=True)
        records.add(unit, Contact, name="Robin Okafor")
        records.archive(unit, records.add(unit, Contact, name="Sam Hill", do_not_contact=True), NOW.date())
    for query, names in (
        ("is:do_not_contact", ["Dana Reyes"]),
        ("-is:do_not_contact", ["Robin Okafor"]),
        ("do_not_contact:yes", ["Dana Reyes"]),
        ("is:do_not_contact is:archived", ["Sam Hill"]),
    ):
        assert [each.name for each in crm.contacts(query)] == names, query
    with pytest.raises(QueryError, match="is cannot be do_not_contact"):
        crm.organizations("is:do_not_contact")


@pytest.mark.parametrize("packed", RELEASED, ids=lambda path: path.name)
def test_a_file_of_before_can_have_fields_of_its_own(packed: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        assert crm.records(CustomField) == []
        contacts = crm.contacts()
        assert contacts
        assert crm.contacts("is:do_not_contact") == []
        assert not any(each.do_not_contact for each in contacts)
        tables: tuple[type[Table], ...] = (Organization, Contact, Site)
        with crm.changes("a field of each") as unit:
            for table in tables:
                made = define(unit, table, f"Own of {table.entity.plural}", "text")
                set_values(unit, crm.records(table)[0], {made.key: "said"})
            records.edit(unit, contacts[0], do_not_contact=True)
        for table in tables:
            assert len(crm.records(table, f"own_of_{table.entity.plural}:said")) == 1
        assert [each.id for each in crm.contacts("is:do_not_contact")] == [contacts[0].id]
        hashes = crm.db.driver.execute("SELECT DISTINCT row_hash IS NULL FROM source_row").fetchall()
        # Rows that came before they were hashed have none; those of a file of schema 4 have.
        assert hashes == [(int(packed.name < "schema-4"),)]
        assert not crm.undo().refused
        assert crm.records(CustomField) == []
