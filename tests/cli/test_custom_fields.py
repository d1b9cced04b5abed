"""Fields of the coalition's own on the command line: filled in, listed, sorted, shown, and taken back."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.cli.conftest import Contents, Partners, assert_refused


@pytest.fixture
def own(partners: Partners) -> Partners:
    """The command on a coalition with a field of three kinds for organizations, and one for contacts."""
    for words in (
        ["label=Board chair"],
        ["label=Yearly budget", "key=budget", "kind=number"],
        ["label=Lobby day", "kind=yes_no"],
        ["label=Level", "kind=choice", "choices=Gold\nSilver"],
        ["label=Nickname", "applies_to=contact"],
    ):
        assert partners("add", "custom_field", *words).code == 0
    return partners


@pytest.fixture
def filled(own: Partners) -> Partners:
    """Four organizations that say different things."""
    for words in (
        ["name=Alder House", "budget=$900", "board_chair=Zoë Hill", "level=silver"],
        ["name=Birch Homes", "budget=1,000", "board_chair=amal", "lobby_day=no"],
        ["name=Cedar Kitchen", "budget=-5"],
        ["name=Dogwood"],
    ):
        assert own("add", "organization", *words).code == 0
    return own


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_record_and_what_it_says_in_own_fields_are_one_operation(own: Partners, contents: Contents) -> None:
    before = contents()
    assert own("add", "organization", "name=Near West", "budget=12.50").out == 'added organization 1 "Near West"\n'
    changed = own("edit", "organization", "1", "note=x", "budget=", "board_chair=Dana Reyes")
    assert (changed.code, changed.out) == (0, 'changed organization 1 "Near West"\n')
    assert "unchanged" in own("edit", "organization", "1", "board_chair=Dana Reyes").out
    own("undo")
    (record,) = json.loads(own("list", "organizations", "--format", "json").out)
    assert (record["own"], record["note"]) == ({"budget": 12.5}, "")
    own("undo")
    stored = ('INSERT INTO "organization"', 'INSERT INTO "custom_')
    assert [line for line in contents() if line.startswith(stored)] == [
        line for line in before if line.startswith(stored)
    ]
    assert any(line.startswith(stored) for line in before)


def test_the_record_in_json_has_its_own_fields(own: Partners) -> None:
    words = ["add", "organization", "name=Near West", "budget=12", "lobby_day=x", "--format", "json"]
    assert json.loads(own(*words).out)["record"]["own"] == {"budget": 12, "lobby_day": True}
    assert "own" not in json.loads(own("add", "tag", "name=new", "--format", "json").out)["record"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["level=bronze"], ["Level", "bronze", "Gold, Silver"]),
        (["budget=much"], ["Yearly budget", "much", "not a number"]),
        (["nickname=x"], ["no field nickname", "board_chair"]),
        (["board_chairs=x"], ["no field board_chairs", "lobby_day"]),
        (["name=", "budget=5"], ["Name"]),
    ],
)
def test_what_does_not_fit_writes_nothing(own: Partners, contents: Contents, words: list[str], said: list[str]) -> None:
    own("add", "organization", "name=Near West")
    before = contents()
    assert_refused(own("edit", "organization", "1", *words), 2, *said)
    assert_refused(own("add", "organization", "name=Other", *words), 2, *said)
    assert contents() == before


def test_own_columns_stand_after_the_others_and_are_chosen(filled: Partners) -> None:
    listed = filled("list", "organizations", "--format", "csv").out
    assert listed.splitlines()[0].endswith('"kind","board_chair","budget","lobby_day","level"')
    chosen = filled("list", "organizations", "--columns", "name,level,budget", "--format", "csv").out
    assert rows(chosen)[0] == {"id": "1", "name": "Alder House", "level": "Silver", "budget": "900"}
    table = filled("list", "organizations", "--columns", "budget,name").out.splitlines()
    assert table[0].split("  ")[:2] == ["id", "Yearly budget"]
    assert table[2].startswith(" 1            900  Alder House"), "numbers stand at the right"
    assert_refused(filled("list", "organizations", "--columns", "nickname"), 2, "nickname", "budget")
    assert rows(filled("list", "contacts", "--format", "csv").out) == []


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["--sort", "budget"], "Cedar Kitchen,Alder House,Birch Homes,Dogwood"),
        (["--sort", "budget", "--reverse"], "Birch Homes,Alder House,Cedar Kitchen,Dogwood"),
        (["--sort", "board_chair"], "Birch Homes,Alder House,Cedar Kitchen,Dogwood"),
        (["--sort", "board_chair", "--reverse"], "Alder House,Birch Homes,Cedar Kitchen,Dogwood"),
        (["has:budget", "--sort", "lobby_day"], "Birch Homes,Alder House,Cedar Kitchen"),
    ],
)
def test_a_list_is_sorted_by_an_own_field_and_the_unknown_comes_last(
    filled: Partners, words: list[str], order: str
) -> None:
    listed = filled("list", "organizations", *words, "--columns", "name", "--format", "csv")
    assert [row["name"] for row in rows(listed.out)] == order.split(",")


def test_what_cannot_be_sorted_by_names_the_own_fields_that_can(filled: Partners) -> None:
    assert_refused(filled("list", "organizations", "--sort", "nickname"), 2, "nickname", "board_chair")


def test_the_json_of_a_list_has_own_fields_as_plain_data(filled: Partners) -> None:
    found = json.loads(filled("list", "organizations", "--format", "json").out)
    assert [each["own"] for each in found] == [
        {"board_chair": "Zoë Hill", "budget": 900, "level": "Silver"},
        {"board_chair": "amal", "budget": 1000, "lobby_day": False},
        {"budget": -5},
        {},
    ]
    assert not {"budget", "level"} & found[0].keys()
    assert "own" not in json.loads(filled("list", "silos", "--format", "json").out)[0]


def test_a_card_has_own_fields_under_their_heading(filled: Partners) -> None:
    shown = filled("show", "organization", "Alder House").out
    assert "Own fields\n  Board chair              Zoë Hill\n  Yearly budget            900\n  Level " in shown
    assert "Own fields" not in filled("show", "organization", "Dogwood").out
    card = json.loads(filled("show", "organization", "1", "--format", "json").out)
    assert [each["title"] for each in card["sections"]][:2] == ["Overview", "Own fields"]


def test_the_question_before_a_deletion_says_how_many_values_go(filled: Partners) -> None:
    asked = filled("delete", "custom_field", "budget")
    assert (asked.code, asked.out) == (2, "")
    asked = filled("delete", "custom_field", "Yearly budget")
    assert "3 custom values go with it" in asked.err
    assert filled("delete", "custom_field", "Yearly budget", "--yes").code == 0
    assert_refused(filled("list", "organizations", "budget:>5"), 2, "no field budget")
    assert filled("undo").code == 0
    assert "2 organizations" in filled("list", "organizations", "budget:>5").out


def test_who_asked_not_to_be_contacted_is_marked_wherever_contacts_stand(partners: Partners) -> None:
    partners("add", "organization", "name=Near West Homes")
    assert partners("add", "contact", "name=Dana Reyes", "do_not_contact=yes").code == 0
    assert partners("add", "contact", "name=Robin Okafor").code == 0
    for contact in ("Dana Reyes", "Robin Okafor"):
        partners("add", "role", f"contact={contact}", "organization=1", "title=Director")
    listed = rows(partners("list", "contacts", "--columns", "name,do_not_contact", "--format", "csv").out)
    assert [(row["name"], row["do_not_contact"]) for row in listed] == [("Dana Reyes", "yes"), ("Robin Okafor", "")]
    assert partners("show", "contact", "1").out.splitlines()[1] == "Do not contact"
    assert "contact" not in partners("show", "contact", "2").out.splitlines()[1].lower()
    shown = partners("show", "organization", "1").out
    assert "Dana Reyes, Director, do not contact" in shown
    assert "Robin Okafor, Director\n" in shown
    assert "1 contact " in partners("list", "contacts", "is:do_not_contact").out
    assert partners("edit", "contact", "1", "do_not_contact=no").code == 0
    assert "0 contacts" in partners("list", "contacts", "is:do_not_contact").out
