"""What the columns of a list mean, guessed from their names and their values."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.services.matching.columns import Columns, Kind, guess, is_known


def guessed(headers: str, *rows: Sequence[str], kind: Kind | None = None) -> Columns:
    names = [header.strip() for header in headers.split("|")]
    found = guess(names, rows or [[f"{name} {number}" for name in names] for number in range(4)], kind)
    assert found is not None
    return found


def meanings(headers: str, *rows: Sequence[str], kind: Kind | None = None) -> dict[str, str]:
    """By field: the headers of its columns."""
    found = guessed(headers, *rows, kind=kind)
    return {field: "|".join(found.headers[place] for place in places) for field, places in found.used.items()}


@pytest.mark.parametrize(
    ("headers", "kind", "wanted"),
    [
        (
            "id|given_name|surname|street_number|address_1|address_2|suburb|postcode|state|date_of_birth",
            "people",
            {
                "given": "given_name",
                "family": "surname",
                "number": "street_number",
                "street": "address_1",
                "extra": "address_2",
                "city": "suburb",
                "zip": "postcode",
                "state": "state",
                "date": "date_of_birth",
            },
        ),
        (
            "Record ID|First Name|Last Name|DOB|E-mail|Cell",
            "people",
            {"given": "First Name", "family": "Last Name", "date": "DOB", "mail": "E-mail", "phone": "Cell"},
        ),
        ("Full name|Phone", "people", {"person": "Full name", "phone": "Phone"}),
        ("Contact|Email", "people", {"person": "Contact", "mail": "Email"}),
        (
            "id|name|address|city|zip|phone",
            "organizations",
            {"name": "name", "street": "address", "city": "city", "zip": "zip", "phone": "phone"},
        ),
        (
            "Site name|Street Address|Town|ZIP Code|Main Phone|Fax|Website|FEIN",
            "organizations",
            {
                "name": "Site name",
                "street": "Street Address",
                "city": "Town",
                "zip": "ZIP Code",
                "phone": "Main Phone|Fax",
                "web": "Website",
                "key": "FEIN",
            },
        ),
        (
            "Agency Name|DBA|Mailing Address|Postal Code|Tel|E mail address",
            "organizations",
            {
                "name": "Agency Name",
                "other name": "DBA",
                "street": "Mailing Address",
                "zip": "Postal Code",
                "phone": "Tel",
                "mail": "E mail address",
            },
        ),
        (
            "Provider|House Number|Street Name|Municipality",
            "organizations",
            {"name": "Provider", "number": "House Number", "street": "Street Name", "city": "Municipality"},
        ),
        ("Organization|First|Last", "organizations", {"name": "Organization"}),
        ("First|Last|Organization", "people", {"given": "First", "family": "Last", "name": "Organization"}),
        ("COMPANY|ADDR|ST", "organizations", {"name": "COMPANY", "street": "ADDR"}),
    ],
)
def test_headers_of_many_lists(headers: str, kind: Kind, wanted: dict[str, str]) -> None:
    assert guessed(headers).kind == kind
    assert meanings(headers) == wanted


def test_a_column_with_a_strange_name_is_known_by_its_values() -> None:
    rows = [
        [f"Quillmere {number}", f"(312) 555-01{number:02}", f"q{number}@example.org", f"6061{number}", "96-2613231"]
        for number in range(8)
    ]
    wanted = {"name": "name", "phone": "A", "mail": "B", "zip": "C", "key": "D"}
    assert meanings("name|A|B|C|D", *rows) == wanted
    webs = [[row[0], f"https://example.org/{row[3]}"] for row in rows]
    assert meanings("name|A", *webs) == {"name": "name", "web": "A"}


def test_other_columns_that_say_of_what_kind_a_record_is_count_for_organizations() -> None:
    rows = [[f"Quillmere {number}", ("shelter", "kitchen")[number % 2], "list A"] for number in range(8)]
    found = guessed("name|What they do|source", *rows)
    assert dict(found.used) == {"name": (0,), "text": (1,)}
    assert found.left_out == ("source",)
    people = guessed("Full name|What they do|source", *rows)
    assert people.left_out == ("What they do", "source")


def test_the_kind_may_be_said() -> None:
    assert meanings("name|phone", kind="people") == {"person": "name", "phone": "phone"}
    assert meanings("name|phone") == {"name": "name", "phone": "phone"}


def test_ids_are_those_of_a_column_that_tells_every_row_apart() -> None:
    for ids, place in ((["1", "2", "3"], 0), (["1", "2", "2"], None), (["1", "", "3"], None)):
        assert guessed("id|name", *[[key, "Quillmere"] for key in ids]).id == place
    assert guessed("name|city").id is None


def test_a_list_without_names_means_nothing() -> None:
    assert guess(["id", "phone"], [["1", "312-555-0142"]]) is None
    assert guess([], []) is None
    assert guess(["phone"], [], "people") is None


def test_which_headers_are_known() -> None:
    assert all(map(is_known, ("name", "SURNAME", "Zip Code", "Main office phone", "agency_name")))
    assert not any(map(is_known, ("", "Quillmere", "312-555-0142", "notes")))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10)
HEADER = st.one_of(TEXT, st.sampled_from(("name", "id", "first name", "dob", "contact", "phone", "zip", "address")))


@given(headers=st.lists(HEADER, max_size=6), data=st.data())
def test_any_table_is_guessed_and_no_column_means_two_things(headers: list[str], data: st.DataObject) -> None:
    row = st.lists(TEXT, min_size=len(headers), max_size=len(headers))
    kind: Kind | None = data.draw(st.sampled_from((None, "people", "organizations")))
    found = guess(headers, data.draw(st.lists(row, max_size=5)), kind)
    if found is not None:
        places = [place for places in found.used.values() for place in places]
        assert len(places) == len(set(places))
        assert found.id not in places
        assert kind in (None, found.kind)
        assert len(found.left_out) == len(headers) - len(places) - (found.id is not None)
