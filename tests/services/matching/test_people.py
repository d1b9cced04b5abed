"""What two records of a person have in common, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from fixtures.dirty.words import COMPOUNDS, FAMILY, GIVEN
from hypothesis import given
from hypothesis import strategies as st
from tests.services.matching.lists import every_pair

from partners_crm.services.matching.people import GENERATION, MANY, PLAIN, People
from partners_crm.services.matching.slips import CLOSE, NONE, SAME, WEAK
from partners_crm.services.matching.weighing import UNKNOWN, Weights

Person = Mapping[str, str]


def listed(*people: Person, **many: Sequence[frozenset[str]]) -> People:
    fields = dict.fromkeys(field for person in people for field in person)
    return People(len(people), {each: [person.get(each, "") for person in people] for each in fields}, many)


def compared(one: Person, other: Person) -> dict[str, int]:
    people = listed(one, other)
    assert people.agreements((0, 1)) == people.agreements((1, 0))
    levels, information = people.agreements((0, 1))
    assert len(levels) == len(information) == len(people.features)
    return {feature.name: level for feature, level in zip(people.features, levels, strict=True)}


BORN = {"date": "19460902"}


@pytest.mark.parametrize(
    ("field", "one", "other", "level"),
    [
        ("given", "danielle", "danielle", SAME),
        ("given", "danielle", "daniele", CLOSE),
        ("given", "danielle", "dan", WEAK),
        ("given", "danielle", "d", WEAK),
        ("given", "danielle", "odell", NONE),
        ("given", "danielle", "", UNKNOWN),
        ("number", "107", "170", WEAK),
        ("zip", "60612", "60621", CLOSE),
        ("state", "il", "in", NONE),
        ("date", "19460902", "19460903", CLOSE),
        ("key", "361234567", "361234568", CLOSE),
    ],
)
def test_levels_of_plain_fields(field: str, one: str, other: str, level: int) -> None:
    assert compared({**BORN, field: one}, {**BORN, field: other})[field] == level


def test_names_and_lines_of_an_address_may_have_changed_places() -> None:
    person = {"given": "zoe", "family": "quincegrove", "street": "marlwickstreet", "extra": "tallowhatch", **BORN}
    swapped = {**person, "given": "quincegrove", "family": "zoe", "street": "tallowhatch", "extra": "marlwickstret"}
    found = compared(person, swapped)
    assert (found["given"], found["family"], found["street"], found["extra"]) == (SAME, SAME, SAME, CLOSE)
    straight = listed(person, person, swapped)
    assert sum(straight.agreements((0, 1))[1]) > sum(straight.agreements((0, 2))[1])


def test_colleagues_are_two_whatever_they_share() -> None:
    names = [("zoe", "quincegrove"), ("milo", "quincegrove"), ("zoe", "barleybank"), ("zoe", "quincegrov")]
    mails = [frozenset({f"office{place}"}) for place in (0, 0, 1, 0)]
    phones = [frozenset({"5550142"})] * 4
    people = listed(*({"given": given, "family": family} for given, family in names), mail=mails, phone=phones)
    weights = Weights(people)
    scores = dict(zip(every_pair(4), weights.score(every_pair(4)), strict=True))
    assert scores[0, 1] < 0.01  # another given name
    assert scores[0, 2] < 0.01  # another family name and another mailbox
    assert scores[0, 3] > 0.5
    assert people.agreements((0, 1))[1] == [0.0] * len(people.features)


def test_a_family_name_may_change_and_the_mailbox_stay() -> None:
    people = listed(
        {"given": "zoe", "family": "quincegrove"},
        {"given": "zoe", "family": "barleybank"},
        mail=[frozenset({"zoe@example.org"})] * 2,
    )
    (score,) = Weights(people).score([(0, 1)])
    assert score > 0.5


def test_father_and_son_are_two() -> None:
    people = listed(
        {"given": "pell", "family": "winter", GENERATION: "sr"},
        {"given": "pell", "family": "winter", GENERATION: "jr"},
        mail=[frozenset({"winter@example.org"})] * 2,
    )
    (score,) = Weights(people).score([(0, 1)])
    assert score < 0.01


def test_features_are_those_the_list_has() -> None:
    people = listed({"given": "zoe", "family": "", "city": "alton"}, mail=[frozenset()], phone=[frozenset({"5550142"})])
    assert [feature.name for feature in people.features] == ["given", "city", "phone"]
    for words, _, levels in PLAIN.values():
        assert words
        assert sum(levels) == pytest.approx(1.0)
    assert all(sum(levels) == pytest.approx(1.0) for _, levels in MANY.values())


def test_one_name_of_ten_thousand_rows_makes_few_pairs() -> None:
    count = 10_000
    people = listed(*({"given": "zoe", "family": "quincegrove", "city": "chicago"} for _ in range(count)))
    assert people.pairs() == set()
    # Those who stand out by something else are still found.
    rows = [{"given": "zoe", "family": "quincegrove", "date": f"19{place // 2:06}"} for place in range(count)]
    assert len(listed(*rows).pairs()) == count // 2


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
PERSON = st.fixed_dictionaries({}, optional=dict.fromkeys((*PLAIN, GENERATION), TEXT))


@given(people=st.lists(PERSON, max_size=5))
def test_any_text_can_be_compared_and_has_no_direction(people: list[Person]) -> None:
    made = listed(*people)
    pairs = every_pair(len(people))
    assert made.pairs() <= set(pairs)
    for one, other in pairs:
        levels, information = made.agreements((one, other))
        back = made.agreements((other, one))
        assert levels == back[0]
        assert information == pytest.approx(back[1])
    assert all(0.0 <= score <= 1.0 for score in Weights(made).score(pairs))


@given(places=st.lists(st.tuples(st.sampled_from(GIVEN[:4]), st.sampled_from(FAMILY[:4])), max_size=12), data=st.data())
def test_the_order_of_the_rows_changes_nothing(places: list[tuple[str, str]], data: st.DataObject) -> None:
    rows = [
        {"given": given.lower(), "family": family.lower(), "street": COMPOUNDS[number % 5].lower()}
        for number, (given, family) in enumerate(places)
    ]
    order = data.draw(st.permutations(range(len(rows))))
    # Rows that are word for word the same cannot be told apart: pairs are known by what stands in them.
    straight, turned = _scored(rows), _scored([rows[place] for place in order])
    assert [pair for pair, _ in straight] == [pair for pair, _ in turned]
    assert [score for _, score in straight] == pytest.approx([score for _, score in turned])


def _scored(rows: Sequence[Person]) -> list[tuple[list[str], float]]:
    people = listed(*rows)
    pairs = sorted(people.pairs())
    found = zip(Weights(people).score(pairs), pairs, strict=True)
    return sorted((sorted(" ".join(rows[place].values()) for place in pair), round(score, 9)) for score, pair in found)
