"""Words of queries that somebody else brings: in every place of a query, and in everything that reads one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.crm import Crm
from partners_crm.errors import NotFound, PluginError, QueryError
from partners_crm.model import Contact, Organization, Site, Table
from partners_crm.services.listing import Listing
from partners_crm.services.queries import OwnWord, complete, explained, sentence_of
from partners_crm.services.searches import check_searches, find_search, opened, save
from partners_crm.store.queries.asked import Asked
from partners_crm.store.queries.complete import MOST
from partners_crm.store.queries.qualifying import with_owners

Words = Callable[[], tuple[OwnWord, ...]]


def finder(meant: dict[str, Iterable[int]]) -> Callable[[str], Sequence[int]]:
    """Finds by value; any other one is refused."""

    def find(value: str) -> Sequence[int]:
        if value not in meant:
            raise QueryError(f"contested cannot be {value}")
        return tuple(meant[value])

    return find


def word(meant: dict[str, Iterable[int]], **more: Any) -> OwnWord:
    terms: dict[str, Any] = {
        "name": "contested",
        "entity": "organization",
        "label": "Contested lanes",
        "owner": "acme",
        "find": finder(meant),
        "values": lambda: tuple(meant),
        "help": "whether its associations differ",
    }
    return OwnWord(**{**terms, **more})


@pytest.fixture
def known(house: Crm) -> dict[str, int]:
    return {each.name: each.id for each in house.organizations("archived_on:>1900 OR -archived_on:>1900")}


@pytest.fixture
def words(known: dict[str, int]) -> Words:
    """Near West Homes and Quiet House are contested."""
    yes = (known["Near West Homes"], known["Quiet House"])
    no = (known["River Table"],)
    return lambda: (word({"yes": yes, "no": no}),)


@pytest.fixture
def listed(house: Crm, words: Words) -> Callable[..., list[str]]:
    """The names that a query lists, by the alphabet."""

    def call(
        query: str, table: type[Table] = Organization, brought: Words = words, *, typing: bool = False
    ) -> list[str]:
        listing = Listing(house.db, table, query, today=house.today, typing=typing, words=brought)
        found = {each.id: str(each[table.entity.title or "id"]) for each in house.records(table)}
        return sorted(found[key] for key in listing.ids(house.db))

    return call


ALL = ["Alpha Association", "Near West Homes", "Quiet House", "River Table"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("contested:yes", ["Near West Homes", "Quiet House"]),
        ("Contested:no", ["River Table"]),
        ("contested:yes,no", ["Near West Homes", "Quiet House", "River Table"]),
        ("-contested:yes", ["Alpha Association", "River Table"]),
        ("NOT contested:yes,no", ["Alpha Association"]),
        ("contested:yes quiet", ["Quiet House"]),
        ("contested:no OR quiet", ["Quiet House", "River Table"]),
        ("-(contested:no OR quiet)", ["Alpha Association", "Near West Homes"]),
        ("contested:yes -(quiet OR contested:no)", ["Near West Homes"]),
        ('contested:"yes"', ["Near West Homes", "Quiet House"]),
        ("acme.contested:yes", ["Near West Homes", "Quiet House"]),
        ("-acme.contested:yes river", ["River Table"]),
        ("parent.contested:yes", ["River Table"]),
        ("parent.acme.contested:yes", ["River Table"]),
    ],
)
def test_a_word_is_asked_anywhere_in_a_query(listed: Callable[..., list[str]], query: str, names: list[str]) -> None:
    assert listed(query) == names


def test_it_is_asked_over_links_too(listed: Callable[..., list[str]]) -> None:
    assert listed("organization.contested:yes", Contact) == ["Dana Reyes"]
    assert listed("organization.acme.contested@ever:no", Contact) == ["Zoë Muñoz"]
    assert listed("-organization.contested:yes", Contact) == ["Zoë Muñoz"]


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("contested:maybe", "contested cannot be maybe", "yes"),
        ("contested:", "contested: needs a value", ""),
        ("disputed:yes", "organizations have no field disputed", "known fields"),
        ("contestd:yes", "organizations have no field contestd", "did you mean: contested"),
        ("zeta.contested:yes", "organizations have no relation zeta", "of the plugin zeta"),
        ("acme.disputed:yes", "organizations have no relation acme", "of the plugin acme"),
        ("has:contested", "has cannot be contested", "contested:yes"),
        ("site.contested:yes", "sites have no field contested", "known fields"),
    ],
)
def test_what_it_does_not_mean_is_refused(
    listed: Callable[..., list[str]], query: str, message: str, hint: str
) -> None:
    with pytest.raises(QueryError) as refused:
        listed(query)
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_two_that_bring_one_word_are_told_apart_by_their_names(
    listed: Callable[..., list[str]], known: dict[str, int]
) -> None:
    both = (
        word({"yes": [known["River Table"]]}, owner="zeta-two"),
        word({"yes": [known["Quiet House"]]}),
    )
    with pytest.raises(QueryError, match="contested is a word of acme and zeta-two") as refused:
        listed("contested:yes", brought=lambda: both)
    assert refused.value.hint == "write acme.contested: or zeta_two.contested:"
    assert listed("acme.contested:yes", brought=lambda: both) == ["Quiet House"]
    assert listed("zeta-two.contested:yes", brought=lambda: both) == ["River Table"]


def test_a_field_of_ours_wins_and_nobody_else_is_asked(listed: Callable[..., list[str]]) -> None:
    def never() -> tuple[OwnWord, ...]:
        raise AssertionError("asked for")

    assert listed("name:quiet status:none silo:housing OR budget:>1 OR sites:0 kind:association", brought=never)
    assert listed("name:quiet", brought=lambda: (word({"quiet": []}, name="name"),)) == ["Quiet House"]


def test_an_id_that_is_no_record_is_no_row(listed: Callable[..., list[str]]) -> None:
    assert listed("contested:yes", brought=lambda: (word({"yes": [999_999, 0, 2**63 - 1]}),)) == []


def test_as_many_ids_as_there_may_be(listed: Callable[..., list[str]]) -> None:
    many = word({"yes": range(400_000)})
    assert listed("contested:yes", brought=lambda: (many,)) == ALL
    assert listed("-contested:yes", brought=lambda: (many,)) == []


def test_a_value_is_asked_for_once_in_a_question(listed: Callable[..., list[str]], known: dict[str, int]) -> None:
    asked: list[str] = []

    def find(value: str) -> Sequence[int]:
        asked.append(value)
        return (known["Quiet House"],)

    assert listed("contested:yes OR (river contested:yes)", brought=lambda: (word({}, find=find),)) == ["Quiet House"]
    assert asked == ["yes"]


def test_a_failure_goes_through(listed: Callable[..., list[str]], house: Crm) -> None:
    def find(_value: str) -> Sequence[int]:
        raise PluginError("the plugin acme failed")

    broken = word({}, find=find, values=lambda: find(""))
    with pytest.raises(PluginError, match="the plugin acme failed") as failed:
        listed("contested:yes", brought=lambda: (broken,))
    assert isinstance(failed.value, QueryError)  # whoever shows why a query does not run shows this too
    with pytest.raises(PluginError):
        listed("contested:ye", brought=lambda: (broken,), typing=True)
    assert complete(house.db, Organization, "contested:", 10, today=house.today, words=lambda: (broken,)) == ()


def test_what_it_refuses_in_other_words_is_told_of_the_word(listed: Callable[..., list[str]]) -> None:
    def find(_value: str) -> Sequence[int]:
        raise NotFound("there are no lanes", "add one")

    with pytest.raises(QueryError, match="contested: there are no lanes"):
        listed("contested:yes", brought=lambda: (word({}, find=find),))


# -------------------------------------------------------------------- typing


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("contested:", ALL),
        ("contested:y", ALL),
        ("contested:yes", ["Near West Homes", "Quiet House"]),
        ("-contested:y", ALL),
        ("-contested:yes", ["Alpha Association", "River Table"]),
        ("contested:no,y", ALL),
    ],
)
def test_while_it_is_typed_a_value_chooses_nothing_before_it_is_one(
    listed: Callable[..., list[str]], query: str, names: list[str]
) -> None:
    assert listed(query, typing=True) == names


def test_what_cannot_become_a_value_is_refused_while_it_is_typed(listed: Callable[..., list[str]]) -> None:
    with pytest.raises(QueryError, match="contested cannot be x"):
        listed("contested:x", typing=True)


def test_where_the_values_are_not_told_any_beginning_may_become_one(
    listed: Callable[..., list[str]], known: dict[str, int]
) -> None:
    untold = word({"yes": [known["Quiet House"]]}, values=None)
    assert listed("contested:ye", brought=lambda: (untold,), typing=True) == ALL
    assert listed("contested:yes", brought=lambda: (untold,), typing=True) == ["Quiet House"]
    with pytest.raises(QueryError):
        listed("contested:ye", brought=lambda: (untold,))


# -------------------------------------------------------------------- the other readers


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("contested:yes", "organizations whose contested lanes is “yes”"),
        ("-contested:yes,no", "organizations whose contested lanes is not “yes” or “no”"),
        ("parent.contested:yes", "organizations whose parent is one whose contested lanes is “yes”"),
    ],
)
def test_the_sentence_says_it_by_its_label(house: Crm, words: Words, query: str, sentence: str) -> None:
    assert sentence_of(house.db, Organization, query, today=house.today, words=words) == sentence


def test_why_tells_the_value_that_a_record_has(house: Crm, words: Words, known: dict[str, int]) -> None:
    def why(query: str, name: str) -> list[tuple[str, bool, str]]:
        found = explained(house.db, Organization, query, known[name], today=house.today, words=words)
        return [(each.term, each.holds, each.evidence) for each in found.reasons]

    assert why("contested:yes", "Quiet House") == [("contested:yes", True, "its contested lanes is yes")]
    assert why("contested:yes", "River Table") == [("contested:yes", False, "no contested")]
    assert why("-contested:yes", "Quiet House") == [("-contested:yes", False, "its contested lanes is yes")]
    assert why("parent.contested:yes", "River Table") == [
        ("parent.contested:yes", True, "Near West Homes: contested lanes yes")
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("contes", ["contested:"]),
        ("-conte", ["contested:"]),
        ("parent.conte", ["contested:"]),
        ("acme.", ["contested:"]),
        ("acme.con", ["contested:"]),
        ("acme.x", []),
        ("zeta.", []),
        ("contested:", ["yes", "no"]),
        ("contested:n", ["no"]),
        ("contested:no,", ["yes", "no"]),
        ("acme.contested:y", ["yes"]),
        ("contested:by", []),
    ],
)
def test_completion_knows_it(house: Crm, words: Words, text: str, first: list[str]) -> None:
    found = complete(house.db, Organization, text, len(text), today=house.today, words=words)
    shown = [each.text.removeprefix("parent.") for each in found]
    assert shown[: len(first)] == first
    assert bool(shown) == bool(first)
    assert len(found) <= MOST
    typed = [text[: each.start] + each.text + text[each.end :] for each in found]
    assert all(each.startswith(("contes", "-contes", "acme.contes", "parent.contes")) for each in typed)


def test_completion_says_whose_it_is(house: Crm, words: Words) -> None:
    (name,) = complete(house.db, Organization, "contes", 6, today=house.today, words=words)
    assert name.about == "whether its associations differ (acme)"
    assert complete(house.db, Organization, "contested:n", 11, today=house.today, words=words)[0].about == "by acme"


# -------------------------------------------------------------------- saved


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("contested:yes", "acme.contested:yes"),
        ("acme.contested:yes", "acme.contested:yes"),
        ("river OR -(contested:yes,no silo:aging)", "river OR -(acme.contested:yes,no silo:aging)"),
        ("parent.Contested:yes contested:no", "parent.acme.contested:yes acme.contested:no"),
        ('"contested:yes"', '"contested:yes"'),
        ("silo:housing", "silo:housing"),
    ],
)
def test_a_query_is_saved_with_whose_its_words_are(
    house: Crm, words: Words, listed: Callable[..., list[str]], query: str, kept: str
) -> None:
    asked = Asked(house.db, "il-2021", house.today, words=words)
    assert with_owners(asked, Organization, query) == kept
    assert with_owners(asked, Organization, kept) == kept
    assert listed(kept) == listed(query)


def test_a_saved_search_whose_word_is_gone_refuses_and_says_whose_it_was(crm: Crm) -> None:
    words = (word({"yes": [1]}),)
    with crm.changes("begin") as unit:
        save(unit, "Disputed", "organizations", "contested:yes", today=crm.today, words=lambda: words)
        save(unit, "Both", "organizations", "saved:Disputed OR silo:aging", today=crm.today, words=lambda: words)
    search = find_search(crm.db, "Disputed")
    assert search.query == "acme.contested:yes"
    assert len(opened(crm.db, search, crm.today, words=lambda: words).ids(crm.db)) == 0
    assert all(each.runs for each in check_searches(crm.db, crm.today, words=lambda: words))
    both, disputed = check_searches(crm.db, crm.today)
    assert "the saved search Disputed no longer runs" in both.problem
    assert "organizations have no relation acme" in disputed.problem
    assert "of the plugin acme" in disputed.hint
    with pytest.raises(QueryError, match="no longer runs"):
        opened(crm.db, search, crm.today)
    with crm.changes("again") as unit, pytest.raises(QueryError, match="have no field contested"):
        save(unit, "Third", "organizations", "contested:yes", today=crm.today)


# -------------------------------------------------------------------- against sets

_LEAVES = st.sampled_from(["a", "b", "c"])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=6,
)


def _text(tree: Any) -> str:
    if isinstance(tree, str):
        return f"contested:{tree}"
    if tree[0] == "not":
        return f"-({_text(tree[1])})"
    return f"(({_text(tree[1])}){' OR ' if tree[0] == 'or' else ' '}({_text(tree[2])}))"


def _meant(tree: Any, sets: dict[str, set[int]], every: set[int]) -> set[int]:
    if isinstance(tree, str):
        return sets[tree] & every
    if tree[0] == "not":
        return every - _meant(tree[1], sets, every)
    one, other = (_meant(each, sets, every) for each in tree[1:])
    return one | other if tree[0] == "or" else one & other


@given(tree=_TREES, sets=st.fixed_dictionaries({name: st.sets(st.integers(1, 8)) for name in "abc"}))
def test_any_query_of_words_means_what_the_sets_mean(house: Crm, tree: Any, sets: dict[str, set[int]]) -> None:
    every = set(house.listing(Organization).ids(house.db))
    listing = Listing(house.db, Organization, _text(tree), today=house.today, words=lambda: (word({**sets}),))
    assert set(listing.ids(house.db)) == _meant(tree, sets, every)


def test_a_word_of_another_entity_is_not_known_here(listed: Callable[..., list[str]]) -> None:
    of_sites = word({"yes": [1]}, entity="site")
    with pytest.raises(QueryError):
        listed("contested:yes", brought=lambda: (of_sites,))
    assert listed("contested:yes", Site, lambda: (of_sites,))
