"""What two records of an organization have in common, level by level."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.dirty.words import FAMILY
from fixtures.lookalikes.make import build
from hypothesis import given
from hypothesis import strategies as st
from tests.services.matching.lists import every_pair

from partners_crm.services.matching.bodies import EQUAL, NAME, NUMBER, PHONE, PLACE, Bodies, Body, name_of, place_of
from partners_crm.services.matching.slips import CLOSE, NONE, SAME, WEAK
from partners_crm.services.matching.weighing import UNKNOWN, Weights

FIELD = ("Child Care Center", "Senior Center", "Family Services", "Community Services")
OTHERS = [Body((name_of(f"{name} {called}"),)) for name in FAMILY[:25] for called in FIELD]
"""A field in which what all are called says little."""


def compared(one: Body, other: Body) -> dict[str, int]:
    """By feature: the level of two bodies among others."""
    bodies = Bodies([one, other, *OTHERS])
    levels, information = bodies.agreements((0, 1))
    assert bodies.agreements((1, 0)) == (levels, information)
    assert len(levels) == len(information) == len(bodies.features)
    assert all(each >= 0.0 for each in information)
    return {feature.name: level for feature, level in zip(bodies.features, levels, strict=True)}


def named(*names: str, town: str = "", **values: Any) -> Body:
    return Body(tuple(name_of(name, town) for name in names), **values)


def standing(street: str, town: str = "", postal_code: str = "") -> Body:
    return named("Quillmere", places=(place_of(street, town, postal_code),))


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Quillmere House", "The Quillmere House, Inc.", EQUAL),
        ("Quillmere House of Hope", "House of Hope Quillmere", EQUAL),
        ("Quillmere Day Care", "QUILLMERE DAYCARE", EQUAL),
        ("Quillmere Family Services", "Quillmere Famly Svcs.", SAME),
        ("Quillmere Senior Center", "Quillmere Seinor Center", SAME),
        ("Quillmere Child Development Center", "Quillmere CDC", EQUAL),
        ("Quillmere (Wickerfold)", "Quillmere", EQUAL),
        ("Quillmere Wickerfold Senior Cent", "Quillmere Wickerfold Senior Center", CLOSE),
        ("Quillmere Wickerfold Senior Cen", "Quillmere Wickerfold Senior Center North", CLOSE),
        ("Quillmere", "Quillmere Wickerfold", CLOSE),
        ("Peoria Area Food Bank", "PAFB", CLOSE),
        ("Quillmere Wickerfold Care", "Quillmere Wickerfold Services", WEAK),
        ("Quillmere Wickerfold", "Quillmere Tallowlamp", NONE),
        ("Quillmere Senior Center", "Tallowmere Senior Center", NONE),
        ("Quillmere", "Quillmere Foundation", NONE),
        ("Quillmere", "Quillmere of Kane County", NONE),
        ("Quillmere North", "Quillmere South", NONE),
        ("Boys Club Quillmere", "Girls Club Quillmere", NONE),
        ("Mens Shelter Quillmere", "Womens Shelter Quillmere", NONE),
        ("Housing Post 12", "Housing Post 14", NONE),
        ("Housing Post 1", "Housing Post 12", NONE),
        ("Oak House", "Oakland House", NONE),
        ("Quillmere", "Tallowlamp", NONE),
    ],
)
def test_levels_of_names(one: str, other: str, level: int) -> None:
    assert compared(named(one), named(other))["name"] == level


def test_the_town_of_a_record_may_be_left_out_of_its_name() -> None:
    assert compared(named("Quillmere of Peoria", town="peoria"), named("Quillmere"))["name"] == EQUAL
    assert compared(named("Peoria", town="peoria"), named("Quillmere"))["name"] == NONE


def test_the_nearest_two_names_and_places_count() -> None:
    one = named("Lakeside Shelter", "Quillmere", places=(place_of("1 First St", "Alton", ""),))
    places = (place_of("9 Ninth St", "Joliet", ""), place_of("1 First Street", "Alton", ""))
    found = compared(one, named("Harbor House", "Quillmere", places=places))
    assert (found["name"], PLACE.words[found["place"]]) == (EQUAL, "same street address")


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            ("560 West Lake Street", "Peoria", "61602"),
            ("560 W. Lake St., Suite 3", "Peoria", ""),
            "same street address",
        ),
        (("560 Lakeside St", "Peoria", ""), ("560 Lakesdie St", "Peoria", ""), "similar street address"),
        (("560 Quillmere St", "Peoria", ""), ("506 Quillmere St", "Peoria", ""), "similar street address"),
        (("560 Quillmere St", "Peoria", ""), ("9 Quillmere St", "Peoria", ""), "same street, another number"),
        (("560 Quillmere St", "Peoria", ""), ("9 Quillmere St", "Alton", ""), "same street, another town"),
        (("560 Quillmere St", "Peoria", ""), ("560 Quillmere St", "Alton", ""), "same street, another town"),
        (("560 Quillmere St", "Peoria", ""), ("9 Ninth St", "Peoria", ""), "same town, another street"),
        (("560 Quillmere St", "Peoria", ""), ("9 Ninth St", "Alton", ""), "another town"),
    ],
)
def test_levels_of_places(one: tuple[str, str, str], other: tuple[str, str, str], words: str) -> None:
    found = compared(standing(*one), standing(*other))
    assert PLACE.words[found["place"]] == words
    assert found["town"] == UNKNOWN


def test_without_a_street_the_town_counts_by_its_name_or_its_zip_code() -> None:
    for one, other, level in (
        (("", "Peoria", ""), ("9 Ninth St", "Peoria", ""), 1),
        (("", "Peoria", ""), ("", "Peoira", ""), 1),
        (("", "Peoria", ""), ("", "Peoria Heights", ""), 1),
        (("", "", "61602"), ("", "Peoria", "61602"), 1),
        (("", "", "61602"), ("", "", "62002-1234"), 0),
        (("", "Peoria", ""), ("", "Alton", ""), 0),
        (("", "Peoria", ""), ("", "", "61602"), UNKNOWN),
    ):
        found = compared(standing(*one), standing(*other))
        assert (found["place"], found["town"]) == (UNKNOWN, level), (one, other)


def test_ways_to_be_reached() -> None:
    def phones(one: set[str], other: set[str]) -> int:
        found = compared(named("Quillmere", phones=frozenset(one)), named("Quillmere", phones=frozenset(other)))
        return found[PHONE.name]

    assert phones({"5550142", "5550177"}, {"5550142"}) == SAME
    assert phones({"5550142"}, {"5550124"}) == CLOSE
    assert phones({"5550142"}, {"5559971"}) == NONE
    assert phones({"5550142"}, set()) == UNKNOWN


def test_two_numbers_of_one_issuer_are_two_and_of_one_list_they_say_nothing() -> None:
    def with_ein(number: str) -> Body:
        return named("Quillmere", numbers={"ein": frozenset({number})})

    assert compared(with_ein("361234567"), with_ein("361234567"))[NUMBER.name] == SAME
    assert compared(with_ein("361234567"), with_ein("361234568"))[NUMBER.name] == NONE
    assert compared(with_ein("361234567"), named("Quillmere"))[NUMBER.name] == UNKNOWN
    listed = [named("Quillmere", listed=frozenset({each})) for each in ("list:1", "list:1", "list:2")]
    assert compared(*listed[:2])[NUMBER.name] == SAME
    assert compared(*listed[1:])[NUMBER.name] == UNKNOWN


def test_a_number_makes_one_body_of_two_names() -> None:
    one, other = (named(name, numbers={"ein": frozenset({"361234567"})}) for name in ("Quillmere", "Tallowlamp"))
    bodies = Bodies([one, other, *OTHERS])
    (score,) = Weights(bodies).score([(0, 1)])
    assert score > 0.5


def test_what_follows_from_each_other_counts_less_than_its_sum() -> None:
    place, phone = place_of("560 Quillmere St", "Peoria", "61602"), frozenset({"5550142"})
    parts = []
    for values in ({"places": (place,)}, {"phones": phone}, {"places": (place,), "phones": phone}):
        body = named("Quillmere", **values)
        bodies = Bodies([body, body, *OTHERS])
        parts.append(sum(bodies.agreements((0, 1))[1][1:]))
    assert max(parts[:2]) < parts[2] < sum(parts[:2])


def test_a_phone_says_less_of_two_sites_of_one_agency() -> None:
    def phone(one: str, other: str, street: str) -> float:
        bodies = [
            named(name, places=(place_of(where, "Peoria", "61602"),), phones=frozenset({"5550142"}))
            for name, where in ((one, "560 Quillmere St"), (other, street))
        ]
        return Bodies([*bodies, *OTHERS]).agreements((0, 1))[1][3]

    same, moved = ("Quillmere", "Quillmere", "9 Ninth St"), ("Quillmere", "Quillmere Wickerfold", "9 Ninth St")
    assert 0 < phone(*moved) <= phone(*same) / 2
    # In one place it follows from that.
    assert phone("Quillmere", "Quillmere Wickerfold", "560 Quillmere St") <= phone(*same)


def test_a_rare_name_says_more_than_a_common_one() -> None:
    common = [named("Child Care Center") for _ in range(10)]
    bodies = Bodies([*common, named("Quillmere"), named("Quillmere"), *OTHERS])
    assert bodies.agreements((0, 1))[1][0] < bodies.agreements((10, 11))[1][0]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=25)
BODY = st.builds(
    lambda name, second, street, town, code, phone, number: Body(
        names=tuple(name_of(each, town) for each in (name, second) if name_of(each, town).words),
        places=(place_of(street, town, code),),
        phones=frozenset({phone}) if phone else frozenset(),
        numbers={"ein": frozenset({number})} if number else {},
        texts={"kind": tuple(second.split())},
    ),
    *[TEXT] * 7,
)


@given(bodies=st.lists(BODY, max_size=5))
def test_any_text_can_be_compared_and_has_no_direction(bodies: list[Body]) -> None:
    made = Bodies(bodies)
    pairs = every_pair(len(bodies))
    assert made.pairs() <= set(pairs)
    for one, other in pairs:
        assert made.agreements((one, other)) == made.agreements((other, one))
    assert all(0.0 <= score <= 1.0 for score in Weights(made).score(pairs))


def test_nearly_all_that_are_one_are_compared_and_few_others() -> None:
    from partners_crm.services.matching import columns, tables  # of a list in a file

    made = build(5, 400)
    rows = [(key, *record) for key, record in zip(made.ids, made.records, strict=True)]
    found = columns.guess(("id", *made.records[0]._fields), rows)
    assert found is not None
    pairs = tables.bodies_of(rows, found).pairs()
    ids = {(min(pair), max(pair)) for pair in ((made.ids[one], made.ids[other]) for one, other in pairs)}
    assert len(ids & made.truth) >= 0.98 * len(made.truth)
    assert len(pairs) <= 40 * len(rows)


def test_features_are_those_of_every_body_and_one_for_each_text() -> None:
    bodies = Bodies([named("Quillmere", texts={"kind": ("shelter",)}), named("Tallowlamp")])
    assert [feature.name for feature in bodies.features] == [
        *(NAME.name, PLACE.name, "town", PHONE.name, "mail", "web", NUMBER.name),
        "kind",
    ]
    assert bodies.features[6] is NUMBER
    for feature in bodies.features:
        assert sum(feature.levels) == pytest.approx(1.0)
        assert len(feature.words) == len(feature.levels)
