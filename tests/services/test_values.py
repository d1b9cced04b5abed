"""Values that programs give: what fits is taken as its field stores it, and everything else is refused in words."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue, NotFound, PartnersError
from partners_crm.model import Affiliation, Organization, Site, Table
from partners_crm.services import records
from partners_crm.services.values import given_values


@pytest.fixture
def guild(crm: Crm) -> int:
    with crm.changes("begin") as unit:
        return int(records.add(unit, Organization, name="Guild of Bakers", kind="association").id)


@pytest.mark.parametrize(
    ("table", "name", "value", "stored"),
    [
        (Affiliation, "since", "14 July 2011", "2011-07-14"),
        (Affiliation, "since", date(2011, 7, 14), "2011-07-14"),
        (Affiliation, "since", datetime(2011, 7, 14, 12), "2011-07-14"),
        (Affiliation, "since", None, ""),
        (Affiliation, "dues_paying", True, True),
        (Affiliation, "dues_paying", "yes", True),
        (Affiliation, "association", 1, 1),
        (Affiliation, "association", "Guild of Bakers", 1),
        (Affiliation, "association", None, None),
        (Organization, "kind", "association", "association"),
        (Organization, "name", "Oak", "Oak"),
        (Site, "latitude", Decimal("41.5"), 41.5),
        (Site, "latitude", 41, 41.0),
        (Site, "match_level", 80, 80),
        (Site, "match_level", None, None),
    ],
)
def test_what_fits_is_taken(crm: Crm, guild: int, table: type[Table], name: str, value: Any, stored: Any) -> None:
    assert guild == 1
    found = given_values(crm.db, table, {name: value})
    assert found == {name: stored}
    assert type(found[name]) is type(stored)


def test_a_record_is_a_link_to_itself(crm: Crm, guild: int) -> None:
    record = crm.find(Organization, guild)
    assert given_values(crm.db, Affiliation, {"association": record}) == {"association": guild}


@pytest.mark.parametrize(
    ("table", "name", "value", "error"),
    [
        (Affiliation, "since", "never", InvalidValue),
        (Affiliation, "since", 2011, InvalidValue),
        (Affiliation, "dues_paying", "perhaps", InvalidValue),
        (Affiliation, "dues_paying", 1, InvalidValue),
        (Affiliation, "association", 999, NotFound),
        (Affiliation, "association", 1.0, InvalidValue),
        (Affiliation, "association", "Nobody", NotFound),
        (Organization, "kind", "pub", InvalidValue),
        (Organization, "name", 7, InvalidValue),
        (Organization, "named", "Oak", NotFound),
        (Site, "latitude", float("nan"), InvalidValue),
        (Site, "match_level", 80.5, InvalidValue),
        (Site, "match_level", True, InvalidValue),
        (Site, "match_level", "eighty", InvalidValue),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    crm: Crm, guild: int, table: type[Table], name: str, value: Any, error: type[PartnersError]
) -> None:
    assert guild
    with pytest.raises(error) as refused:
        given_values(crm.db, table, {name: value})
    assert refused.value.message
