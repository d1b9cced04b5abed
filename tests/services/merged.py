"""Pairs of records to merge."""

from __future__ import annotations

from typing import Any

from partners_crm.crm import Crm
from partners_crm.model import (
    Organization,
    Table,
)
from partners_crm.services import records
from partners_crm.services.merging import MergePlan

PEORIA = {"address": "12 Water St", "city": "Peoria", "postal_code": "61602"}


def add(crm: Crm, table: type[Table], **values: Any) -> Any:
    with crm.changes("add") as unit:
        return records.add(unit, table, **values)


def two(crm: Crm, first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> tuple[int, int]:
    """Two organizations: the one that stays, and the other."""
    names = ({"name": "Alder House"}, {"name": "Alder Homes"})
    keep, lose = (
        add(crm, Organization, **{**name, **(more or {})}).id for name, more in zip(names, (first, second), strict=True)
    )
    return keep, lose


def merged(crm: Crm, keep: int, lose: int, table: type[Table] = Organization, **terms: Any) -> MergePlan:
    (plan,) = crm.merge(table, keep, lose, **terms)
    return plan


def choice(plan: MergePlan, name: str) -> Any:
    return next(each for each in plan.fields if each.name == name)
