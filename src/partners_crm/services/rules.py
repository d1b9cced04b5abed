"""What must hold between the fields of a record, and between records: everything changed by hand passes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from partners_crm.errors import InvalidValue
from partners_crm.model import (
    Affiliation,
    ContactPoint,
    CustomField,
    CustomValue,
    DistinctPair,
    Organization,
    Posture,
    Rule,
    SavedSearch,
    ServiceLine,
    Silo,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
    Term,
)
from partners_crm.model.organizations import MATCH_LEVELS
from partners_crm.model.ties import TAKES_POSTURES
from partners_crm.normalize.text import fold
from partners_crm.services import placing
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, tuples, where

Values = Mapping[str, Any]


def check(db: Handle, table: type[Table], values: Values, given: set[str], key: int | None) -> None:
    """Refuse a record that cannot be as `values` say; `given` names the fields being set, `key` an edited record.

    Raises:
        InvalidValue: with the field, the reason and what to do.
    """
    _check_unique(db, table, values, given, key)
    if rule := _RULES.get(table):
        rule(db, values, given, key)


def _check_unique(db: Handle, table: type[Table], values: Values, given: set[str], key: int | None) -> None:
    for name in given & table.declarations().keys():
        if table._meta.fields[name].unique:
            for other in where(db, table, **{name: values[name]}):
                if other.id != key:
                    label = table.declarations()[name].label
                    raise InvalidValue(label, values[name], f"is taken by {table.entity.name} {other.id}")


def _check_site(db: Handle, values: Values, given: set[str], _key: int | None) -> None:
    level = values.get("match_level")
    if "match_level" in given and level is not None and level not in dict(MATCH_LEVELS):
        known = ", ".join(f"{number} {name}" for number, name in MATCH_LEVELS)
        raise InvalidValue("Match level", level, "is no match level", f"one of: {known}")
    if not given & {"latitude", "longitude"}:
        return
    latitude, longitude = values.get("latitude"), values.get("longitude")
    if (latitude is None) != (longitude is None):
        missing = "longitude" if longitude is None else "latitude"
        raise InvalidValue("Latitude and longitude", "", f"belong together: {missing} is missing")
    if latitude is not None and longitude is not None:
        placing.check_point(db, latitude, longitude)


def _check_organization(db: Handle, values: Values, given: set[str], key: int | None) -> None:
    for name in given & {"parent", "successor"}:
        _check_chain(db, name, values.get(name), key)


def _check_affiliation(_db: Handle, values: Values, _given: set[str], _key: int | None) -> None:
    if values.get("organization") == values.get("association"):
        raise InvalidValue("Association", "", "cannot be the organization itself")


def _check_posture(db: Handle, values: Values, given: set[str], _key: int | None) -> None:
    if "organization" not in given or values.get("organization") is None:
        return
    body = by_id(db, Organization, values["organization"])
    if body.kind not in TAKES_POSTURES:
        kind = dict(Organization.declarations()["kind"].choices).get(body.kind, body.kind).lower()
        raise InvalidValue(
            "Organization",
            body.name,
            f"is no association and no agency, but of the kind {kind or 'not known'}",
            "a posture is that of an association or an agency",
        )


def _check_point(_db: Handle, values: Values, _given: set[str], _key: int | None) -> None:
    _one_owner(values, ("organization", "site", "contact"), "way to reach somebody")


def _check_tag(db: Handle, values: Values, given: set[str], key: int | None) -> None:
    for other, name in tuples(db, Tag.select(Tag.id, Tag.name)) if "name" in given else ():
        if other != key and fold(name) == fold(str(values["name"])):
            raise InvalidValue("Name", values["name"], f"is taken by tag {other}")


def _check_tagging(db: Handle, values: Values, _given: set[str], key: int | None) -> None:
    _one_owner(values, ("organization", "contact"), "tagging")
    _check_repeated(db, Tagging, values, ("tag", "organization", "contact"), key, "has this tag already")


def _check_share(db: Handle, values: Values, _given: set[str], key: int | None) -> None:
    weight = values.get("weight")
    if weight is not None and not 0 < weight <= 1:
        raise InvalidValue("Weight", weight, "does not lie between 0 and 1", "60 % is 0.6")
    _check_repeated(db, SiloShare, values, ("organization", "silo"), key, "is in this silo already")


def _check_silo(db: Handle, values: Values, given: set[str], key: int | None) -> None:
    if key is not None and "code" in given and by_id(db, Silo, key).code != values["code"]:
        raise InvalidValue("Code", values["code"], "cannot replace it: queries and exports use it", "change the name")


def _check_line(db: Handle, values: Values, _given: set[str], _key: int | None) -> None:
    year, site = values.get("fiscal_year"), values.get("site")
    if year is not None and not 1900 <= year <= 2200:
        raise InvalidValue("Fiscal year", year, "is no year", "write it with four digits")
    if site is not None and by_id(db, Site, site).organization != values.get("organization"):
        raise InvalidValue("Site", site, "is a site of another organization")


def _check_term(_db: Handle, values: Values, _given: set[str], _key: int | None) -> None:
    if values.get("status") == "vacant" and values.get("contact") is not None:
        raise InvalidValue("Holder", values["contact"], "cannot hold a seat that is vacant")


def _check_rule(db: Handle, values: Values, given: set[str], _key: int | None) -> None:
    if given & {"name", "kind", "terms"}:
        # The checks read coverage, which no other record needs.
        from partners_crm.services.checks import refuse_rule

        refuse_rule(db, values)


def _check_custom_field(db: Handle, values: Values, given: set[str], key: int | None) -> None:
    # What custom fields may be is known where they are defined, which adds and edits through these rules.
    from partners_crm.services.custom_fields import check_field

    check_field(db, values, given, key)


def _check_custom_value(db: Handle, values: Values, _given: set[str], key: int | None) -> None:
    from partners_crm.services.custom_fields import check_value

    check_value(db, values, key)


def _check_search(db: Handle, values: Values, _given: set[str], key: int | None) -> None:
    # A saved search is read as a query, which other records need not be.
    from partners_crm.services.searches import check_search

    check_search(db, values, key)


def _check_distinct(db: Handle, values: Values, _given: set[str], key: int | None) -> None:
    pairs = [(values.get(name), values.get(f"other_{name}")) for name in ("organization", "contact")]
    told = [pair for pair in pairs if pair != (None, None)]
    if len(told) != 1 or None in told[0]:
        raise InvalidValue("Pair", "", "must be of two organizations or of two contacts")
    if told[0][0] == told[0][1]:
        raise InvalidValue("Pair", told[0][0], "is of one record with itself")
    name = "organization" if told[0] == pairs[0] else "contact"
    for one, other in (told[0], told[0][::-1]):
        _check_repeated(db, DistinctPair, {name: one, f"other_{name}": other}, (name, f"other_{name}"), key, "is known")


def _check_chain(db: Handle, name: str, target: int | None, key: int | None) -> None:
    """An organization is not part of itself, nor its own successor, over any number of steps."""
    label = Organization.declarations()[name].label
    seen = set()
    while target is not None and key is not None:
        if target == key:
            raise InvalidValue(label, target, "leads back to the organization itself")
        if target in seen:
            return
        seen.add(target)
        target = by_id(db, Organization, target)[name]


def _one_owner(values: Values, names: tuple[str, ...], what: str) -> None:
    owners = [name for name in names if values.get(name) is not None]
    if len(owners) != 1:
        raise InvalidValue("Owner", "", f"of a {what} must be one of: {', '.join(names)}", f"for example {names[0]}=12")


def _check_repeated(
    db: Handle, table: type[Table], values: Values, names: tuple[str, ...], key: int | None, words: str
) -> None:
    same = {name: values[name] for name in names if values.get(name) is not None}
    if any(other.id != key for other in where(db, table, **same)):
        raise InvalidValue(table.entity.name.replace("_", " ").capitalize(), "", f"is there already: it {words}")


_RULES: Mapping[type[Table], Callable[[Handle, Values, set[str], int | None], None]] = {
    Site: _check_site,
    Organization: _check_organization,
    Affiliation: _check_affiliation,
    Posture: _check_posture,
    ContactPoint: _check_point,
    Tag: _check_tag,
    Tagging: _check_tagging,
    SiloShare: _check_share,
    Silo: _check_silo,
    ServiceLine: _check_line,
    Term: _check_term,
    Rule: _check_rule,
    SavedSearch: _check_search,
    CustomField: _check_custom_field,
    CustomValue: _check_custom_value,
    DistinctPair: _check_distinct,
}
