"""Finding anything: what is called so comes first, each answer says why, and a slip of the pen is forgiven."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.conftest import NOW
from tests.searched import SEARCHED

from partners_crm.crm import Crm
from partners_crm.errors import NotFound
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Posture,
    Role,
    ServiceLine,
    Silo,
    Site,
    Table,
    Tag,
)
from partners_crm.services import finding, records
from partners_crm.services.custom_fields import define, set_values
from partners_crm.store import fulltext
from partners_crm.store.read import by_id

LAST = "note: … and asks every visitor to bring a sandwich for the ducks"
LONG = "note: … old library, and asks every visitor to bring a sandwich for …"


@pytest.fixture(scope="module")
def town(blank_coalition: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crm]:
    """A coalition whose words the tests know by heart; nothing writes to it."""
    path = tmp_path_factory.mktemp("town") / "coalition.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        with crm.changes("begin", by="ann") as unit:
            fill(unit, crm)
        yield crm


def fill(unit: Any, crm: Crm) -> None:
    def add(table: type[Table], **values: Any) -> int:
        return int(records.add(unit, table, **values).id)

    note = "The board meets in the old library, and asks every visitor to bring a sandwich for the ducks"
    maple = add(Organization, name="Maple O’Connor House", note=note)
    add(Organization, name="Maple")
    add(Organization, name="Maplewood Families")
    add(Organization, name="The Maple Fund")
    add(Organization, name="Gone Maple Kitchen", archived_on="2020-01-01")
    add(OtherName, organization=maple, name="MOH", kind="acronym")
    add(Identifier, organization=maple, system="ein", value="36-1234567")
    west = add(Site, organization=maple, address="12 Oak St", city="Alton", state="IL", postal_code="62002")
    silo = crm.records(Silo)[0].id
    add(ServiceLine, organization=maple, site=west, name="Shelter beds", silo=silo)
    add(Membership, organization=maple, status="lapsed", since="2008", until="2011", reason="Left over the dues")
    guild = add(Organization, name="Statewide Guild", kind="association")
    add(Affiliation, organization=maple, association=guild, source="annual brochure")
    dana = add(Contact, name="Dana Reyes", note="speaks Polish")
    add(Contact, name="Zoë Muñoz", archived_on="2021-01-01")
    add(Role, contact=dana, organization=maple, title="Executive Director", department="Outreach")
    add(ContactPoint, organization=maple, kind="phone", raw="(312) 555-0142")
    add(ContactPoint, site=west, kind="email", raw="west@example.org")
    add(ContactPoint, contact=dana, kind="email", raw="dana@example.org")
    add(Tag, name="lobby day")
    define(unit, Organization, "Board chair", "text")
    define(unit, Organization, "Stance", "text", visibility="staff")
    set_values(unit, by_id(crm.db, Organization, maple), {"board_chair": "Ulric Stone", "stance": "hesitant"})


def titles(crm: Crm, text: str, **options: Any) -> list[str]:
    return [each.title for each in crm.search(text, **options).found]


def test_what_is_called_so_comes_first_then_what_begins_so_then_the_rest(town: Crm) -> None:
    assert titles(town, "maple") == ["Maple", "Maple O’Connor House", "Maplewood Families", "The Maple Fund"]
    assert titles(town, "maple fu") == ["The Maple Fund"]
    assert titles(town, "fund maple") == ["The Maple Fund"]
    assert titles(town, "maple", limit=2) == ["Maple", "Maple O’Connor House"]
    assert titles(town, "maple", archived=True) == [
        "Maple",
        "Maple O’Connor House",
        "Maplewood Families",
        "Gone Maple Kitchen",
        "The Maple Fund",
    ]


def test_words_may_stand_in_several_fields_of_one_record_and_not_of_two(town: Crm) -> None:
    assert [(each.title, each.where) for each in town.search("ducks maple").found] == [("Maple O’Connor House", LAST)]
    assert titles(town, "maple alton") == []


@pytest.mark.parametrize(
    ("text", "entity", "title", "where"),
    [
        ("maple oconnor", "organization", "Maple O’Connor House", ""),
        ("o'connor", "organization", "Maple O’Connor House", ""),
        ("MOH", "organization", "Maple O’Connor House", "other name: MOH"),
        ("36-1234567", "organization", "Maple O’Connor House", "identifier: 36-1234567"),
        ("oak alton", "organization", "Maple O’Connor House", "site: 12 Oak St, Alton"),
        ("62002", "organization", "Maple O’Connor House", "site: 12 Oak St, Alton, 62002"),
        ("shelter", "organization", "Maple O’Connor House", "service line: Shelter beds"),
        ("dues", "organization", "Maple O’Connor House", "membership: lapsed, Left over the dues"),
        ("brochure", "organization", "Maple O’Connor House", "affiliation: annual brochure"),
        ("3125550142", "organization", "Maple O’Connor House", "contact point: (312) 555-0142"),
        ("west@exam", "organization", "Maple O’Connor House", "contact point: west@example.org"),
        ("dana@exam", "contact", "Dana Reyes", "contact point: dana@example.org"),
        ("executive", "contact", "Dana Reyes", "role: Executive Director"),
        ("outreach", "contact", "Dana Reyes", "role: Executive Director, Outreach"),
        ("polish", "contact", "Dana Reyes", "note: speaks Polish"),
        ("dana polish", "contact", "Dana Reyes", "note: speaks Polish"),
        ("ulric", "organization", "Maple O’Connor House", "Board chair: Ulric Stone"),
        ("sandwich", "organization", "Maple O’Connor House", LAST),
        ("asks", "organization", "Maple O’Connor House", LONG),
        ("lobby", "tag", "lobby day", ""),
    ],
)  # fmt: skip
def test_each_answer_is_what_is_opened_and_says_where_the_words_stand(
    town: Crm, text: str, entity: str, title: str, where: str
) -> None:
    (found,) = town.search(text).found
    assert (found.entity, found.title, found.where) == (entity, title, where)


def test_a_record_is_named_once_for_the_best_of_its_reasons(town: Crm) -> None:
    assert [(each.title, each.where) for each in town.search("dana").found] == [("Dana Reyes", "")]


def test_what_is_archived_and_what_is_not_for_everyone_is_left_out(town: Crm) -> None:
    assert titles(town, "munoz") == []
    assert titles(town, "munoz", archived=True) == ["Zoë Muñoz"]
    assert titles(town, "hesitant", archived=True) == []
    assert town.search("hesitant").suggestions == ()


def test_only_the_entities_that_are_asked_for(town: Crm) -> None:
    assert titles(town, "example", entities=["contacts"]) == ["Dana Reyes"]
    assert titles(town, "example", entities=["organizations"]) == ["Maple O’Connor House"]
    (site,) = town.search("oak", entities=["sites"]).found
    assert (site.entity, site.title, site.where) == ("site", "12 Oak St, Alton", "organization: Maple O’Connor House")
    (point,) = town.search("west", entities=[ContactPoint]).found
    assert (point.title, point.where) == ("west@example.org", "site: 12 Oak St, Alton")
    (site,) = town.search("west", entities=[Site]).found
    assert (site.title, site.where) == ("12 Oak St, Alton", "contact point: west@example.org")
    assert titles(town, "maple", entities=["contacts"]) == []
    with pytest.raises(NotFound):
        town.search("maple", entities=["dragons"])


def test_an_entity_that_is_asked_for_is_found_behind_however_many_others(crm: Crm) -> None:
    with crm.changes("add", by="ann") as unit:
        for number in range(1_100):
            records.add(unit, Organization, name=f"Willow {number}")
        house = records.add(unit, Organization, name="House").id
        for number in range(1_100):
            records.add(unit, ContactPoint, organization=house, kind="email", raw=f"willow{number}@example.org")
        person = records.add(unit, Contact, name="Zoe Willow")
        records.add(unit, ContactPoint, contact=person.id, kind="email", raw="zoe@example.org")
    assert titles(crm, "willow", entities=["contacts"]) == ["Zoe Willow"]
    assert titles(crm, "example", entities=["contacts"]) == ["Zoe Willow"]


def test_every_word_may_be_a_beginning_where_whole_words_find_nothing(town: Crm) -> None:
    assert titles(town, "map hou") == ["Maple O’Connor House"]
    assert titles(town, "maple ho") == ["Maple O’Connor House"]


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("mapel", "maple"),
        ("mapple oconnor", "maple oconnor"),
        ("exectuive director", "executive director"),
        ("maple wood", "maplewood"),
    ],
)
def test_where_nothing_is_found_what_may_have_been_meant_is_suggested(town: Crm, text: str, suggested: str) -> None:
    answer = town.search(text)
    assert answer.found == ()
    assert suggested in answer.suggestions
    assert all(town.search(each).found for each in answer.suggestions)
    assert text not in answer.suggestions


def test_a_suggestion_finds_something_under_the_same_conditions(town: Crm) -> None:
    assert "munoz" not in town.search("munozz").suggestions
    assert "munoz" in town.search("munozz", archived=True).suggestions
    assert "maple" not in town.search("mapel", entities=["contacts"]).suggestions


def test_nothing_is_suggested_for_what_is_like_nothing(town: Crm) -> None:
    for text in ("qqqqqq", "", "   ", "!!!", "zz"):
        answer = town.search(text)
        assert (answer.text, answer.found, answer.suggestions) == (text, (), ())


def test_the_first_page_is_full_however_many_before_it_are_archived(crm: Crm) -> None:
    with crm.changes("add", by="ann") as unit:
        for number in range(120):
            records.add(unit, Organization, name=f"Oak {number:03}", archived_on="2020-01-01")
        for number in range(120, 125):
            records.add(unit, Organization, name=f"Oak {number}")
    assert titles(crm, "oak", limit=5) == [f"Oak {number}" for number in range(120, 125)]
    assert len(titles(crm, "oak", archived=True)) == finding.SHOWN
    assert len(titles(crm, "oak", archived=True, limit=200)) == 125


def test_every_searched_entity_that_hangs_on_others_is_opened_as_one_of_them() -> None:
    for table in SEARCHED:
        links = table.links()
        assert set(finding._OWNERS.get(table, ())) <= set(links)
        # One that needs another record is nothing to open by itself.
        assert not any(table.declarations()[name].required for name in links) or table in finding._OWNERS


def test_an_index_that_cannot_be_used_changes_no_answer(town: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ("maple", "oak alton", "map hou", "dana", "62002", "nobody at all")
    before = [town.search(text, limit=100).found for text in texts]
    monkeypatch.setattr(fulltext, "_opened", lambda _: None)
    monkeypatch.setattr(fulltext, "_build", lambda *_, **__: False)
    assert [town.search(text, limit=100).found for text in texts] == before


def test_hostile_texts_raise_nothing(town: Crm, scale: Callable[[int], int]) -> None:
    chance = random.Random(11)
    pieces = [
        '"',
        "'",
        "*",
        "(",
        "AND",
        " OR ",
        "NEAR(",
        ":",
        "-",
        "\x00",
        "\ud800",
        "\u202e",
        "maple",
        "oak",
        " ",
        "%",
    ]
    for _ in range(scale(10_000)):
        text = "".join(chance.choice([*pieces, chr(chance.randrange(0x110000))]) for _ in range(chance.randint(1, 9)))
        answer = town.search(text)
        assert len(answer.found) <= finding.SHOWN
        assert len(answer.suggestions) <= finding._SUGGESTED


@limits(max_examples=80)
@given(st.text(max_size=300))
def test_no_text_raises(town: Crm, text: str) -> None:
    assert town.search(text, limit=3).text == text


def test_what_is_for_staff_is_not_found_for_everyone(blank_coalition: Path, tmp_path: Path) -> None:
    path = tmp_path / "coalition.db"
    shutil.copyfile(blank_coalition, path)
    path.chmod(0o600)
    with Crm.open(path, clock=lambda: NOW) as crm:
        with crm.changes("begin", by="ann") as unit:
            guild = records.add(unit, Organization, name="Guild of Bakers", kind="association").id
            records.add(unit, Posture, organization=guild, level="wary", evidence="a frosty breakfast")
        (found,) = finding.find_anything(crm.db, "frosty").found
        assert (found.entity, found.id) == ("organization", guild)
        assert finding.find_anything(crm.db, "frosty", for_everyone=True).found == ()
        assert finding.find_anything(crm.db, "frostyy", for_everyone=True).suggestions == ()
        assert finding.find_anything(crm.db, "bakers", for_everyone=True).found
