"""The answer for every district, for several groups of organizations at once: of all associations, say.

What is known of places is read once, and each group looks at the places of its own organizations alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from partners_crm.errors import InvalidValue
from partners_crm.model import Organization
from partners_crm.services.coverage import evidence as what
from partners_crm.services.coverage.judging import Coverage, answer, ask
from partners_crm.services.coverage.rule import ALL_SILOS, Rule
from partners_crm.store.dense import among
from partners_crm.store.open import Handle
from partners_crm.store.read import tuples

K = TypeVar("K")


def coverage_of_groups(
    db: Handle, as_of: date, rule: Rule, groups: Mapping[K, Mapping[int, bool]]
) -> dict[K, Coverage]:
    """Judge every district for each group of organizations, given by id with whether each certainly belongs to it.

    The answers are as those of `coverage`, of a group instead of the members; an id that is gone is left out.

    Raises:
        InvalidValue: the rule asks for an association's members, or a term of it is none.
        CannotDecide, NotFound: as `coverage`.
    """
    if rule.of:
        raise InvalidValue("of", rule.of, "is no term of a question about groups", "give its members as a group")
    question = ask(db, as_of, rule)
    names = _names(db, rule, {key for group in groups.values() for key in group})
    unit_of = what.units(db, rule)
    rows: dict[int, list[what.Place]] = {}
    for row in question.rows:
        rows.setdefault(row.organization, []).append(row)
    found = {}
    for key, group in groups.items():
        who = {each: what.Member(names[each], unit_of(each), sure) for each, sure in group.items() if each in names}
        own = [row for each in who for row in rows.get(each, ())]
        found[key] = answer(question._replace(members=who, rows=own))
    return found


def _names(db: Handle, rule: Rule, ids: set[int]) -> dict[int, str]:
    """Names of the organizations that the rule's silo lets count."""
    found: dict[int, str] = {}
    for condition in among(Organization.id, ids):
        query = Organization.select(Organization.id, Organization.name).where(condition)
        if rule.silo and rule.silo != ALL_SILOS:
            query = query.where(Organization.id.in_(what.in_silo(db, rule.silo)))
        found.update((key, name) for key, name in tuples(db, query) if key in ids)
    return found
