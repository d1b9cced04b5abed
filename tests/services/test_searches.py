"""Saved searches: asked anew, refused when what they name is gone, renamed, deleted and taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.conftest import NOW

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue, NotFound, QueryError
from partners_crm.model import CustomField, Organization, SavedSearch, Silo, SiloShare, Table, Tag, Tagging
from partners_crm.services import records, searches
from partners_crm.services.custom_fields import define, set_values

TODAY = NOW.date()
Save = Callable[..., SavedSearch]


@pytest.fixture
def save(crm: Crm) -> Save:
    """Save a search in a coalition of two organizations, one of them in a silo, tagged and with a field of its own."""
    with crm.changes("begin") as unit:
        define(unit, Organization, "Level", "choice", choices=("Gold", "Silver"))
        near = records.add(unit, Organization, name="Near West Homes")
        records.add(unit, Organization, name="River Table")
        food = records.add(unit, Tag, name="Food")
        records.add(unit, Tagging, tag=food.id, organization=near.id)
        silo = records.add(unit, Silo, code="arts", name="Arts")
        records.add(unit, SiloShare, organization=near.id, silo=silo.id, weight=1.0)
        set_values(unit, near, {"level": "Gold"})

    def call(name: str, query: str, entity: str = "organizations", **options: object) -> SavedSearch:
        with crm.changes(f"save {name}") as unit:
            return searches.save(unit, name, entity, query, today=TODAY, **options)  # type: ignore[arg-type]

    return call


def names(crm: Crm, query: str) -> list[str]:
    return [each.name for each in crm.organizations(query)]


def problems(crm: Crm) -> dict[str, str]:
    return {each.search.name: each.problem for each in crm.searches() if not each.runs}


def test_a_search_is_asked_anew_each_time(crm: Crm, save: Save) -> None:
    save("With food", "tag:food", sort="-name", note="For Thursday.")
    assert names(crm, 'saved:"with FOOD"') == ["Near West Homes"]
    assert names(crm, '-saved:"With food"') == ["River Table"]
    with crm.changes("tag") as unit:
        records.add(unit, Tagging, tag=1, organization=crm.organizations("river")[0].id)
    listing = crm.saved("With food")
    assert [listing.rows(crm.db, [key])[key][0] for key in listing.ids(crm.db)] == ["River Table", "Near West Homes"]
    assert crm.saved("With food").query == 'saved:"With food"'
    assert crm.contacts('organization.saved:"With food"') == []


@pytest.mark.parametrize(
    ("name", "query", "entity", "message"),
    [
        ("A", "tag:fod", "organizations", "no tag called fod"),
        ("A", "colour:red", "organizations", "no field colour"),
        ("A", "(tag:food", "organizations", "not closed"),
        ("A", "saved:B", "organizations", "no saved search called B"),
        ("A", "saved:A", "organizations", "no saved search called A|leads back"),
    ],
)
def test_a_query_that_does_not_run_is_not_saved(
    crm: Crm, save: Save, name: str, query: str, entity: str, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        save(name, query, entity)
    assert crm.searches() == ()


def test_a_name_is_taken_once_and_can_be_typed(crm: Crm, save: Save) -> None:
    save("With food", "tag:food")
    with pytest.raises(InvalidValue, match="is taken by saved search 1"):
        save("WITH  food", "")
    for name in ('say "hi"', "", "!!", "x" * 81):
        with pytest.raises(InvalidValue, match="Name"):
            save(name, "")
    with pytest.raises(NotFound, match="there are no lemons"):
        save("Lemons", "", "lemons")
    with pytest.raises(QueryError, match="cannot be sorted by colour"):
        save("Sorted", "", sort="colour")
    save("with food", "tag:food river", replace=True)
    assert [(each.search.name, each.search.query) for each in crm.searches()] == [("With food", "tag:food river")]


def _without(crm: Crm, table: type[Table], query: str) -> None:
    with crm.changes("remove") as unit:
        for record in crm.records(table, query):
            records.remove(unit, record)


@pytest.mark.parametrize(
    ("query", "table", "gone", "message"),
    [
        ("tag:food", Tag, "name:food", "no tag called food"),
        ("-tag:food", Tag, "name:food", "no tag called food"),
        ("silo:arts", Silo, "code:arts", "silo cannot be arts"),
        ("level:gold", CustomField, "key:level", "no field level"),
        ("has:level", CustomField, "key:level", "has cannot be level"),
        ("river OR tag:food", Tag, "name:food", "no tag called food"),
        ("saved:Other", SavedSearch, "name:Other", "no saved search called Other"),
        ("-parent:near", Organization, "name:near", "no organization called near"),
        ("association:near", Organization, "name:near", "no organization called near"),
    ],
)
def test_a_search_refuses_to_run_when_what_it_names_is_gone(
    crm: Crm, save: Save, query: str, table: type[Table], gone: str, message: str
) -> None:
    save("Other", "river")
    save("Kept", query)
    before = names(crm, "saved:Kept")
    _without(crm, table, gone)
    with pytest.raises(QueryError, match=f"the saved search Kept no longer runs: .*{message}"):
        names(crm, "saved:Kept")
    with pytest.raises(QueryError, match="the saved search Kept no longer runs"):
        crm.saved("Kept")
    assert list(problems(crm)) == ["Kept"]
    crm.undo()
    assert names(crm, "saved:Kept") == before
    assert problems(crm) == {}


@pytest.mark.parametrize("query", ["parent:{}", "-parent:{}", "id:{}", "river OR id:{}", "site.organization:{}"])
def test_a_search_refuses_to_run_when_the_number_it_names_is_gone(crm: Crm, save: Save, query: str) -> None:
    with crm.changes("more") as unit:
        gone = records.add(unit, Organization, name="Gone Kitchen").id
        records.add(unit, Organization, name="Branch", parent=gone)
    save("Kept", query.format(gone))
    before = names(crm, "saved:Kept")
    _without(crm, Organization, "name:gone")
    with pytest.raises(QueryError, match=f"search Kept no longer runs: .*there is no organization {gone}") as refused:
        names(crm, "saved:Kept")
    assert "partners history" in refused.value.hint
    assert list(problems(crm)) == ["Kept"]
    crm.undo()
    assert (names(crm, "saved:Kept"), problems(crm)) == (before, {})


def test_a_search_that_names_a_merged_record_says_into_which_it_went(crm: Crm, save: Save) -> None:
    near, river = crm.organizations("near")[0].id, crm.organizations("river")[0].id
    for number, query in enumerate((f"id:{river}", f"-parent:{river}")):
        save(f"S{number}", query)
    crm.merge(Organization, near, river)
    said = f"it was merged into organization {near}: partners show organization {near}"
    assert [each.hint for each in crm.searches()] == [said, said]
    with pytest.raises(QueryError, match=f"id: there is no organization {river}") as refused:
        names(crm, f"id:{river}")
    assert refused.value.hint == said
    crm.undo()
    assert problems(crm) == {}


def test_a_column_it_is_sorted_by_may_go_too(crm: Crm, save: Save) -> None:
    save("Sorted", "", sort="-level")
    _without(crm, CustomField, "key:level")
    with pytest.raises(QueryError, match="search Sorted no longer runs: organizations cannot be sorted by level"):
        crm.saved("Sorted")
    assert list(problems(crm)) == ["Sorted"]


def test_searches_that_name_one_another(crm: Crm, save: Save) -> None:
    save("One", "tag:food")
    save("Two", "saved:One OR river")
    save("Three", "saved:Two -river")
    assert names(crm, "saved:Three") == ["Near West Homes"]
    assert crm.sentence(Organization, "saved:Two") == (
        "organizations in the saved search “Two” (either in the saved search “One” (with the tag “Food”) "
        "or that mention “river”)"
    )
    with pytest.raises(QueryError, match="leads back to itself"):
        save("One", "saved:Three", replace=True)
    with crm.changes("by another way") as unit:
        records.edit(unit, crm.find(SavedSearch, "One"), query="saved:Three")
    for name in ("One", "Two", "Three"):
        with pytest.raises(QueryError, match="leads back to itself") as refused:
            names(crm, f"saved:{name}")
        assert "One" in refused.value.message + refused.value.hint
    assert list(problems(crm)) == ["One", "Three", "Two"]


def test_searches_are_nested_to_a_depth(crm: Crm, save: Save) -> None:
    save("S1", "river")
    for number in range(2, 5):
        save(f"S{number}", f"saved:S{number - 1}")
    assert names(crm, "saved:S4") == ["River Table"]
    with crm.changes("one more") as unit:
        records.add(unit, SavedSearch, name="S5", applies_to="organizations", query="saved:S4")
    with pytest.raises(QueryError, match="at most 4 deep"):
        names(crm, "saved:S5")
    save("Many", " ".join(f"w{number}" for number in range(32)))
    with pytest.raises(QueryError, match="at most 96 conditions"):
        names(crm, "saved:Many saved:Many saved:Many saved:Many")


def test_a_search_is_of_one_entity(crm: Crm, save: Save) -> None:
    save("People", "", "contact")
    with pytest.raises(QueryError, match="lists contacts, not organizations"):
        names(crm, "saved:People")
    assert crm.contacts("saved:People") == []


def test_renaming_and_deleting_say_who_named_it(crm: Crm, save: Save) -> None:
    save("One", "tag:food")
    save("Two", "saved:one")
    with crm.changes("rename") as unit:
        search, holders = searches.rename(unit, "one", "First")
    assert (search.name, holders) == ("First", ("Two",))
    assert "no saved search called one" in problems(crm)["Two"]
    crm.undo()
    with crm.changes("rename") as unit:
        assert searches.rename(unit, "One", "ONE")[1] == ()
    assert names(crm, "saved:Two") == ["Near West Homes"]
    with crm.changes("delete") as unit:
        assert searches.delete(unit, "one")[1] == ("Two",)
    assert list(problems(crm)) == ["Two"]
    crm.undo()
    assert problems(crm) == {}
    with pytest.raises(NotFound, match="no saved search called none"), crm.changes("delete") as unit:
        searches.delete(unit, "none")


def test_a_record_added_by_hand_keeps_to_the_rules(crm: Crm, save: Save) -> None:
    for values, message in (
        ({"name": "A", "applies_to": "organization", "query": ""}, "no entity in the plural"),
        ({"name": "A", "applies_to": "organizations", "query": "(a"}, "not closed"),
    ):
        with pytest.raises((InvalidValue, QueryError), match=message), crm.changes("add") as unit:
            records.add(unit, SavedSearch, **values)
    with crm.changes("one that came with a file, and does not run here") as unit:
        records.add(unit, SavedSearch, name="A", applies_to="organizations", query="tag:elsewhere")
    assert list(problems(crm)) == ["A"]
