"""What follows from the values of a record, and what is checked of them before it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners_crm.errors import InvalidValue
from partners_crm.model import ContactPoint, Membership, Organization, Site
from partners_crm.normalize.phones import parse_phone
from partners_crm.services.records import blank, complete, understood, understood_phone

PHONES = st.one_of(
    st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()) and "\0" not in text),
    st.from_regex(r"(fax |tel: )?\(?(312|217|999)\)?[ .-]?555[ .-]?01\d\d( x\d{1,3}| \(fax\))?", fullmatch=True),
)


def test_what_is_understood_is_what_is_complete_but_for_the_defaults() -> None:
    for table, values in (
        (Organization, {"name": "Hope House"}),
        (Site, {"organization": 1, "address": "560 W Lake St, Ste 200, Chicago, IL 60661"}),
        (Site, {"organization": 1, "name": "Main"}),
        (ContactPoint, {"raw": "office@example.org"}),
        (Membership, {"organization": 1, "since": "2019"}),
    ):
        assert {**blank(table), **understood(table, values)} == complete(table, values)
        assert set(complete(table, values)) == set(table.declarations())


@given(
    PHONES.filter(lambda text: text.isprintable()), st.sampled_from(("", "fax", "mobile")), st.sampled_from(("", "7"))
)
def test_a_phone_that_is_read_already_makes_the_same_point(raw: str, use: str, extension: str) -> None:
    values = {"kind": "phone", "raw": raw, "use": use, "extension": extension}
    assert understood_phone(parse_phone(raw), use, extension) == understood(ContactPoint, values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": ""}, "must not be empty"),
        ({}, "must not be empty"),
        ({"name": "Hope\0House"}, "holds a NUL character"),
        ({"name": "Hope \udcff"}, "holds half a character (a lone surrogate)"),
        ({"name": "Hope", "note": "x" * 70_000}, "is longer than 64 KB"),
        ({"name": "Hope", "kind": "castle"}, "is not a choice"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        complete(Organization, values)
    assert refused.value.reason == reason


def test_a_fact_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidValue):
        complete(Membership, {"organization": 1, "status": "active", "since": "2019-05", "until": "2018"})
