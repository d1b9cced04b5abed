"""Adding, editing, archiving and deleting records of any entity, with everything that follows from a field.

Every face and every import goes through `add` and `edit`: they check values against the declarations and derive what
is derived (the parts of an address, the number behind a phone, the districts of a point).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from partners_crm.errors import ConfigError, Conflict, InvalidValue
from partners_crm.model import Contact, ContactPoint, CustomField, Declared, Site, Table
from partners_crm.normalize.text import fold, reject_reason
from partners_crm.services import marks, placing
from partners_crm.services.rules import check
from partners_crm.store.open import Handle
from partners_crm.store.read import title_of, where
from partners_crm.store.work import Changes

if TYPE_CHECKING:
    from partners_crm.normalize.phones import Phone

T = TypeVar("T", bound=Table)
_SHORT = 1000
"""Characters of a record whose values need no look at their size one by one."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Records of one entity that a deletion takes along or cuts loose."""

    name: str
    """Singular name."""
    entity: str
    """Plural name."""
    count: int
    deleted: bool
    """True: they go too. False: they stay and lose the link."""

    def described(self) -> str:
        """The consequence in words: "2 sites go with it"."""
        if self.count == 1:
            return f"1 {self.name} {'goes with it' if self.deleted else 'stays and loses its link'}".replace("_", " ")
        return f"{self.count} {self.entity} {'go with it' if self.deleted else 'stay and lose their link'}".replace(
            "_", " "
        )


def add(changes: Changes, table: type[T], **values: Any) -> T:
    """Add a record with typed values, checked and completed; a suppressed mail address keeps its mark (`marks`).

    Raises:
        InvalidValue: a value does not fit its field.
    """
    completed = complete(table, values)
    check(changes.db, table, completed, set(values), None)
    if table is ContactPoint and marks.is_silent(changes.db, completed):
        completed["do_not_contact"] = True
    record = changes.add(table, **completed)
    if isinstance(record, Site):
        placing.place(changes, [record])
        _add_letterhead(changes, record)
    return record


def _add_letterhead(changes: Changes, site: Site) -> None:
    """Add the phones and addresses that stand in the address line of a new site."""
    from partners_crm.normalize.letterhead import address_in, parse_letterhead

    if address_in(site.address) != site.address:
        for values in parse_letterhead(site.address).points():
            add(changes, ContactPoint, site=site.id, **values)


def complete(table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of a new record: the given ones checked, the derived ones computed, the rest by default.

    Raises:
        InvalidValue: a value does not fit its field.
    """
    return {**_rules(table).blank, **understood(table, values)}


def understood(table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """`complete` without what is there by default alone.

    Raises:
        InvalidValue: a value does not fit its field.
    """
    return _checked(table, {**_rules(table).needed, **values, **_derived(table, values)}, values)


def understood_phone(phone: Phone, use: str = "", extension: str = "") -> dict[str, Any]:
    """`understood` of a contact point whose phone is read already, from a text that can be stored.

    The use counts where the text itself names none, and the extension where one is given.
    """
    return {"kind": "phone", "raw": phone.raw, **_of_phone(phone, "ok", use, extension)}


def blank(table: type[Table]) -> Mapping[str, Any]:
    """The defaults of a new record."""
    return _rules(table).blank


def edit(changes: Changes, record: T, **values: Any) -> T:
    """Change a record, checked and completed; what follows from the changed fields changes with them.

    Raises:
        InvalidValue: a value does not fit its field.
        Conflict: somebody else changed the same field meanwhile.
    """
    table = type(record)
    merged = {**{name: record[name] for name in table.declarations()}, **values}
    merged |= _outdated(record, values)
    derived = {
        name: value for name, value in _derived(table, merged, changed=set(values)).items() if name not in values
    }
    if isinstance(record, Site):
        derived |= _point_after_move(record, {**merged, **derived}, values)
    check(changes.db, table, merged, set(values), record.id)
    if isinstance(record, ContactPoint) and _is_another_mail(record, merged | derived):
        # The mark of an address that stays may be taken back; another one comes with its own.
        values |= {"do_not_contact": True} if marks.is_silent(changes.db, merged | derived) else {}
    after = changes.update(record, **_checked(table, {**derived, **values}, values))
    if isinstance(after, Site) and (values.keys() | derived.keys()) & PLACED_BY:
        placing.place(changes, [after])
    if isinstance(after, CustomField) and values.keys() & {"kind", "choices"}:
        from partners_crm.services.custom_fields import respell  # it adds and edits through this module

        respell(changes, after)
    return after


def move(changes: Changes, points: Iterable[tuple[Site, Mapping[str, Any]]]) -> list[Site]:
    """Give many sites points (latitude, longitude, match_level), and place them together.

    That each is a place was asked before, of indexes that were read once: see `placing.look_outside`.

    Raises:
        InvalidValue: a match level is none.
        Conflict: somebody else changed the same field meanwhile.
    """
    moved = []
    for site, values in points:
        check(changes.db, Site, values, {"match_level"}, site.id)
        moved.append(changes.update(site, **values))
    placing.place(changes, moved)
    return moved


def _is_another_mail(point: ContactPoint, now: Mapping[str, Any]) -> bool:
    return (now["kind"], now["value"].lower()) != (point.kind, point.value.lower())


PLACED_BY = {"latitude", "longitude", "match_level", "kind", "street", "postal_code"}
"""The fields of a site from which its districts follow."""


def _outdated(record: Table, values: Mapping[str, Any]) -> dict[str, str]:
    """Fields that were understood from the text that `values` replace, emptied, to be understood anew."""
    names: tuple[str, ...]
    if isinstance(record, ContactPoint) and "raw" in values:
        names, old = ("extension",), _derive_point({"raw": record.raw, "kind": record.kind})
    elif isinstance(record, Site) and "address" in values:
        names, old = ("unit", "city", "state", "postal_code"), derive_site({"address": record.address})
    elif isinstance(record, Contact) and "name" in values:
        names, old = ("given_name", "family_name"), _derived(Contact, {"name": record.name})
    else:
        return {}
    return {name: "" for name in names if name not in values and record[name] and record[name] == old.get(name)}


def _point_after_move(site: Site, now: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of a site's point when its address changes and nobody gives a new one.

    In another town it is wrong and goes; in the same one it is in doubt, and settles no district.
    """
    if site.latitude is None or values.keys() & {"latitude", "longitude", "match_level"}:
        return {}
    if any(site[name] and now[name] and fold(site[name]) != fold(now[name]) for name in ("city", "postal_code")):
        return {"latitude": None, "longitude": None, "match_level": None}
    if site.street and fold(now["street"]) != fold(site.street):
        return {"match_level": min(placing.STATED, placing.ROOFTOP if site.match_level is None else site.match_level)}
    return {}


def archive(changes: Changes, record: Table, on: date) -> Table:
    """Put an organization or a contact away: kept, but out of every list.

    Raises:
        ConfigError: records of this entity cannot be archived.
    """
    if "archived_on" not in type(record).declarations():
        entity = type(record).entity
        raise ConfigError(
            f"{entity.plural.replace('_', ' ')} are not archived", f"delete it: partners delete {entity.name} KEY"
        )
    return changes.update(record, archived_on=on.isoformat())


def remove(changes: Changes, record: Table) -> None:
    """Delete a record: what hangs on it goes too, optional links to it are cleared."""
    table = type(record)
    for other, name, how in links_to(changes.db, table):
        for dependent in where(changes.db, other, **{name: record.id}):
            if how.on_delete == "cascade":
                # Another path through the declarations may have taken it already.
                if changes.current(other, dependent.id) is not None:
                    remove(changes, dependent)
            else:
                changes.update(dependent, **{name: None})
    if changes.current(table, record.id) is None:
        raise Conflict(f"{table.entity.name} {record.id} was deleted meanwhile")
    changes.delete(record)


def touched_by_removal(db: Handle, record: Table) -> tuple[Touched, ...]:
    """What deleting a record would take along or cut loose, by entity; empty when nothing hangs on it."""
    gone: set[tuple[type[Table], int]] = set()
    loose: set[tuple[type[Table], int]] = set()
    queue = [record]
    while queue:
        here = queue.pop()
        for other, name, how in links_to(db, type(here)):
            for dependent in where(db, other, **{name: here.id}):
                key = (other, dependent.id)
                if how.on_delete != "cascade":
                    loose.add(key)
                elif key not in gone:
                    gone.add(key)
                    queue.append(dependent)
    loose -= gone
    found = []
    for keys, deleted in ((gone, True), (loose, False)):
        for table in db.entities:
            number = sum(1 for key in keys if key[0] is table)
            if number:
                found.append(Touched(table.entity.name, table.entity.plural, number, deleted))
    return tuple(found)


# -------------------------------------------------------------------- what follows from a value


_DERIVING = frozenset({Contact, ContactPoint, CustomField, Site})
"""Entities with fields that follow from others."""


def _derived(table: type[Table], values: Mapping[str, Any], changed: set[str] | None = None) -> dict[str, Any]:
    """What follows from the values; `changed` limits it to what depends on those fields."""
    found: dict[str, Any] = {}
    if table not in _DERIVING:
        return found
    if table is ContactPoint and (changed is None or changed & {"raw", "kind", "use"}):
        found |= _derive_point(values)
    elif table is Site and (changed is None or changed & {"address", "unit", "city", "state", "postal_code"}):
        found |= derive_site(values)
    elif table is Contact and not (values.get("given_name") or values.get("family_name")):
        from partners_crm.normalize.names import split_name

        found["given_name"], found["family_name"] = split_name(str(values.get("name", "")))
    elif table is Contact and not values.get("name"):
        parts = (str(values.get(name) or "") for name in ("given_name", "family_name"))
        found["name"] = " ".join(filter(None, parts))
    elif table is CustomField and values.get("label") and not values.get("key"):
        from partners_crm.services.custom_fields import key_of

        found["key"] = key_of(str(values["label"]))
    return found


def _derive_point(values: Mapping[str, Any]) -> dict[str, Any]:
    raw = str(values.get("raw", ""))
    kind = values.get("kind") or ("email" if "@" in raw else "phone")
    status = values.get("status") or "ok"
    if kind == "phone":
        from partners_crm.normalize.phones import parse_phone

        use, extension = str(values.get("use") or ""), values.get("extension") or ""
        return {"kind": kind, **_of_phone(parse_phone(raw), status, use, extension)}
    from partners_crm.normalize.contact_values import normalize_email, normalize_web

    value, problem = normalize_email(raw) if kind == "email" else normalize_web(raw)
    return {"kind": kind, "value": value, "problem": problem, "status": _status(status, value)}


def _of_phone(phone: Phone, status: str, use: str, extension: str) -> dict[str, Any]:
    return {
        "value": phone.e164,
        "problem": phone.reason,
        "status": _status(status, phone.e164),
        "extension": extension or phone.extension,
        "use": phone.use or use,
    }


def _status(status: str, value: str) -> str:
    # A person's word about a point (bounced, former) outlives a new spelling of it.
    return status if status not in {"ok", "unreadable"} else "ok" if value else "unreadable"


def derive_site(values: Mapping[str, Any]) -> dict[str, Any]:
    """The street, unit, city, state and ZIP understood from a site's address; what was typed is never replaced."""
    from partners_crm.normalize.addresses import parse_address, parse_parts
    from partners_crm.normalize.letterhead import address_in

    address, unit, city, state, postal_code = (
        str(values.get(name) or "") for name in ("address", "unit", "city", "state", "postal_code")
    )
    address = address_in(address)
    if not (address or unit or city or state or postal_code):
        return {"street": "", "address_note": ""}
    found = parse_parts(address, unit, city, state, postal_code) if city or postal_code else parse_address(address)
    return {
        "unit": unit or found.unit,
        "city": city or found.city,
        "state": state or found.state,
        "postal_code": postal_code or found.postal_code,
        "street": found.street,
        "address_note": found.reason,
    }


def _checked(table: type[Table], values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    rules = _rules(table)
    for name in rules.required:
        if name in values and values[name] in (None, ""):
            raise InvalidValue(rules.labels[name], "", "must not be empty")
    # Most records are short and plain in all their values: they are looked at together.
    text = "".join([value for value in values.values() if type(value) is str])
    if not (len(text) < _SHORT and text.isascii() and "\0" not in text):
        for name, value in values.items():
            if type(value) is str and name in rules.labels and (reason := reject_reason(value)):
                raise InvalidValue(rules.labels[name], value[:40], reason)
    for name, choices in rules.choices:
        value = values.get(name)
        if value and type(value) is str and value not in choices:
            raise InvalidValue(rules.labels[name], value, "is not a choice", f"one of: {', '.join(choices)}")
    if "since" in given or "until" in given:
        since, until = values.get("since"), values.get("until")
        if since and until and (reason := ends_before(str(since), str(until))):
            raise InvalidValue("Until", until, reason)
    return values


def ends_before(since: str, until: str) -> str:
    """Why a last day cannot be that of a fact, "" where it can; both may be partial."""
    return f"lies before {since}" if until < since[: len(until)] else ""


class _Rules(NamedTuple):
    """What the declarations of an entity say of a new record."""

    blank: dict[str, Any]
    """The default of each field."""
    needed: dict[str, Any]
    """The same of the fields that must not be empty."""
    labels: dict[str, str]
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    """(field, allowed values) of each field that has such."""
    required: tuple[str, ...]


@cache
def _rules(table: type[Table]) -> _Rules:
    declarations = table.declarations()
    default = {name: table._meta.fields[name].default for name in declarations}
    required = tuple(name for name, how in declarations.items() if how.required)
    return _Rules(
        default,
        {name: default[name] for name in required},
        {name: how.label for name, how in declarations.items()},
        tuple((name, tuple(code for code, _ in how.choices)) for name, how in declarations.items() if how.choices),
        required,
    )


def links_to(db: Handle, table: type[Table]) -> list[tuple[type[Table], str, Declared]]:
    """Every field of every entity that points to this one: derived from the declarations, so none is forgotten."""
    return [
        (other, name, other.declarations()[name])
        for other in db.entities
        for name, target in other.links().items()
        if target is table
    ]


def describe(record: Table) -> str:
    """A record in words: organization 12 "Blackhawk Shelter Network"."""
    return f'{type(record).entity.name} {record.id} "{title_of(record)}"'
