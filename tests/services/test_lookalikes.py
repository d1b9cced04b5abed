"""Whom a draft looks like: names, phones and places of who is known, and who is left out."""

from __future__ import annotations

from typing import Any

from partners_crm.crm import Crm
from partners_crm.model import Contact, ContactPoint, Identifier, Organization, Site
from partners_crm.services import records
from partners_crm.services.duplicates import dismiss
from partners_crm.services.lookalikes import draft_of, lookalikes


def named(crm: Crm, table: Any, values: dict[str, Any], key: int | None = None) -> list[str]:
    """The titles of whom a form looks like."""
    draft = draft_of(crm.db, table, values, key)
    return [each.title for each in lookalikes(crm.db, draft)] if draft is not None else []


def bodies(crm: Crm, *names: str) -> list[int]:
    with crm.changes("bodies") as unit:
        return [records.add(unit, Organization, name=name).id for name in names]


def test_a_name_that_is_known_is_named_with_its_slips_and_not_half_typed(crm: Crm) -> None:
    bodies(crm, "Quillmere Porch Society", "Grove House")
    assert named(crm, Organization, {"name": "The Quilmere Porch Society, Inc."}) == ["Quillmere Porch Society"]
    assert named(crm, Organization, {"name": "Quill"}) == []
    assert named(crm, Organization, {"name": "  "}) == []


def test_a_name_that_several_have_is_named_too(crm: Crm) -> None:
    bodies(crm, *["Willow House"] * 3, "Grove")
    assert named(crm, Organization, {"name": "Willow House"}) == ["Willow House"] * 3


def test_of_its_own_record_and_of_who_was_dismissed_nothing_is_said(crm: Crm) -> None:
    first, second = bodies(crm, "Quillmere Porch", "Quillmere Porch")
    assert named(crm, Organization, {"name": "Quillmere Porch"}, first) == ["Quillmere Porch"]
    with crm.changes("two") as unit:
        dismiss(unit, Organization, first, second)
    assert named(crm, Organization, {"name": "Quillmere Porch"}, first) == []


def test_what_is_typed_for_a_record_is_compared_together_with_it(crm: Crm) -> None:
    first, second = bodies(crm, "Quillmere Porch", "Quillmere Porch")
    with crm.changes("facts") as unit:
        records.add(unit, ContactPoint, organization=first, raw="309-555-0142")
        records.add(unit, Site, organization=first, address="12 Oak St", city="Alton")
        records.add(unit, Identifier, organization=first, system="ein", value="36-1234567")
    for table, values in (
        (ContactPoint, {"organization": second, "raw": "(309) 555-0142"}),
        (Site, {"organization": second, "address": "12 Oak Street", "city": "Alton"}),
        (Identifier, {"organization": second, "system": "ein", "value": "361234567"}),
    ):
        assert named(crm, table, values) == ["Quillmere Porch"]


def test_people_are_told_by_both_names_in_either_order(crm: Crm) -> None:
    with crm.changes("people") as unit:
        for name in ("Dana Reyes", "Ben Cole"):
            records.add(unit, Contact, name=name)
    assert named(crm, Contact, {"name": "Reyes, Dana"}) == ["Dana Reyes"]
    assert named(crm, Contact, {"given_name": "Dana", "family_name": "Cole"}) == []


def test_among_however_many_that_begin_alike_the_one_is_named(crm: Crm) -> None:
    bodies(crm, *[f"Community Action Agency of Town{n}" for n in range(150)], "Community Action Agency")
    assert "Community Action Agency" in named(crm, Organization, {"name": "Community Action Agency"})
    with crm.changes("people") as unit:
        for number in range(100):
            records.add(unit, Contact, name=f"Maria Garcia{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10]}")
        records.add(unit, Contact, name="Maria Garcia")
    assert "Maria Garcia" in named(crm, Contact, {"name": "Maria Garcia"})
