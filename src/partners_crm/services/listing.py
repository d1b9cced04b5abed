"""Lists of records: which there are, in which order, and what each shows in its columns.

The command and the screen list through the same functions. Ids come first and are cheap; the columns of a page are
filled with a handful of queries, whatever the length of the list.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from partners_crm.errors import NotFound, PartnersError, QueryError
from partners_crm.model import (
    Affiliation,
    Assignment,
    Contact,
    ContactPoint,
    CustomField,
    District,
    DistrictMap,
    Membership,
    Organization,
    Role,
    Silo,
    SiloShare,
    Site,
    Table,
)
from partners_crm.model.custom import OWNERS
from partners_crm.model.orm import peewee
from partners_crm.services.values import show_value
from partners_crm.store.custom import fields_of, said_in, values_of
from partners_crm.store.maps import map_code_of, standing
from partners_crm.store.open import Handle
from partners_crm.store.read import by_ids, parts, present, title_of, tuples

if TYPE_CHECKING:
    from partners_crm.store.queries.asked import Words  # a list that is asked nothing needs no query language


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list."""

    name: str
    """As in `--columns`, in JSON and in CSV headers."""
    label: str
    width: int
    """Cells it would like on a screen."""
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnColumn:
    """A column of somebody else's, filled a page at a time."""

    column: Column
    """Its name has whose it is in front: acme.dues."""
    entity: str
    """Whose lists can have it, in the singular: organization."""
    values: Callable[[Sequence[int]], Mapping[int, str]]
    """A text for each of these ids, called once for a page of rows; blank where one is missing."""
    owner: str
    """Who brings it: the plugin."""
    private: bool = False
    """Whether what it shows is not for everyone."""


FAILED = "?"
"""What stands in a column of somebody else's where its values could not be had."""
PAGE = 1000
"""Rows for which a column of somebody else's is asked at once, at most."""


ORGANIZATION_COLUMNS = (
    Column("name", "Name", 34),
    Column("silos", "Silo", 8),
    Column("house", "House", 6, "right"),
    Column("senate", "Senate", 6, "right"),
    Column("status", "Status", 9),
    Column("city", "City", 14),
    Column("phone", "Phone", 14),
    Column("contact", "Contact", 20),
    Column("associations", "Associations", 18),
    Column("kind", "Kind", 14),
)
"""In order of importance: a narrow screen shows the first ones."""

CONTACT_COLUMNS = (
    Column("name", "Name", 26),
    Column("organization", "Organization", 30),
    Column("title", "Title", 20),
    Column("phone", "Phone", 14),
    Column("email", "Email", 26),
    Column("do_not_contact", "Do not contact", 14),
)


def entity_of(db: Handle, word: str) -> type[Table]:
    """The entity a person names, in the singular or the plural: one of the core's, or of a plugin.

    Raises:
        NotFound: there is none of that name.
    """
    found = db.by_name.get(word.replace("-", "_").replace(" ", "_").lower())
    if found is None:
        plurals = ", ".join(dict.fromkeys(table.entity.plural for table in db.entities))
        raise NotFound(f"there are no {word}", f"known: {plurals}")
    return found


def columns_of(table: type[Table], own: Sequence[CustomField] = ()) -> tuple[Column, ...]:
    """The columns an entity is listed with: its own ones, then those of the coalition's fields for it."""
    if own:
        return (*columns_of(table), *map(_own_column, own))
    if table is Organization:
        return ORGANIZATION_COLUMNS
    if table is Contact:
        return CONTACT_COLUMNS
    return tuple(
        Column(name, how.label, 24 if how.kind in {"text", "note", "link"} else 12)
        for name, how in table.declarations().items()
    )


def _own_column(field: CustomField) -> Column:
    return Column(field.key, field.label, 24 if field.kind == "text" else 12, _ALIGN.get(field.kind, "left"))


_ALIGN: Mapping[str, Literal["left", "right"]] = {"number": "right"}


def no_words() -> tuple[()]:
    """No words of queries but those of the core and of the coalition."""
    return ()


class Listing:
    """A query on an entity in an order; it holds no connection and reads with the one it is given."""

    def __init__(
        self,
        db: Handle,
        table: type[Table],
        query: str,
        *,
        today: date,
        order: str = "",
        descending: bool = False,
        typing: bool = False,
        words: Words = no_words,
        more_columns: Sequence[OwnColumn] = (),
    ) -> None:
        """Find what the query means; with `typing` its end is still being typed.

        `words` brings words of queries that the core does not have, and `more_columns` columns beside its own.

        Raises:
            QueryError: the query or the order names something unknown.
        """
        self.table = table
        self.query = query
        self.today = today
        self.descending = descending
        fields = fields_of(db, table)
        self.is_strict = False
        """Whether a column of somebody else's that fails is an error, and not `FAILED` in its cells."""
        self.more_columns = tuple(each for each in more_columns if each.entity == table.entity.name)
        self.columns = (*columns_of(table, fields), *(each.column for each in self.more_columns))
        self.own = {field.key: field for field in fields}
        """The coalition's own fields of the entity, by key."""
        self.map_code = map_code_of(db, today)
        self._selection = self._selected(db, typing, words) if query.strip() else present(table)
        self.order = order or ("name" if "name" in table.declarations() else "id")
        self._ordering = self._order_by()

    def _selected(self, db: Handle, typing: bool, words: Words) -> Any:
        # A list that is asked nothing, as the first one on the screen, does not wait for the query language.
        from partners_crm.store.queries.selecting import selection

        return selection(
            db, self.table, self.query, map_code=self.map_code, today=self.today, typing=typing, words=words
        )

    def ids(self, db: Handle, limit: int | None = None) -> array[int]:
        """The ids of the records in order, at most `limit` of them."""
        query = self._selection.order_by(*self._ordering)
        if limit is not None:
            query = query.limit(limit)
        return array("q", (key for (key,) in tuples(db, query)))

    def rows(self, db: Handle, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """What each record shows in its columns, by id; a record that is gone is left out."""
        fill: Callable[..., dict[int, dict[str, str]]]
        if self.table is Organization:
            fill = _organization_cells
        elif self.table is Contact:
            fill = _contact_cells
        else:
            fill = _declared_cells
        found: dict[int, tuple[str, ...]] = {}
        brought = self._brought(ids) if self.more_columns else {}
        for some in parts(list(ids)):
            said = values_of(db, self.table, some) if self.own else {}
            for key, cells in fill(db, self.table, some, self.map_code, self.today).items():
                cells = {**brought.get(key, {}), **said.get(key, {}), **cells}
                found[key] = tuple(cells.get(column.name, "") for column in self.columns)
        return found

    def _brought(self, ids: Sequence[int]) -> dict[int, dict[str, str]]:
        """What the columns of others show, by id; one that fails shows that, and the others show theirs."""
        found: dict[int, dict[str, str]] = {key: {} for key in ids}
        for each in self.more_columns:
            for start in range(0, len(ids), PAGE):
                some = tuple(ids[start : start + PAGE])
                try:
                    said = each.values(some)
                except PartnersError:
                    if self.is_strict:
                        raise
                    said = dict.fromkeys(some, FAILED)
                for key in some:
                    found[key][each.column.name] = said.get(key, "")
        return found

    def _order_by(self) -> list[Any]:
        fields = self.table._meta.fields
        expression: Any
        if self.order in fields:
            field = fields[self.order]
            text = isinstance(field, peewee.TextField)
            expression = peewee.fn.fold(field) if text else field
        elif self.table is Organization and self.order in _ORGANIZATION_ORDER:
            expression = _ORGANIZATION_ORDER[self.order](self.map_code)
        elif self.order in self.own:
            return self._order_by_own(self.own[self.order])
        else:
            known = [
                column.name for column in self.columns if column.name in {*fields, *_ORGANIZATION_ORDER, *self.own}
            ]
            raise QueryError(f"{self.table.entity.plural} cannot be sorted by {self.order}", f"by: {', '.join(known)}")
        if self.descending:
            expression = expression.desc()
        return [expression, self.table.id]

    def _order_by_own(self, field: CustomField) -> list[Any]:
        """By what is said in a custom field, numbers as numbers; who says nothing comes last either way."""
        said = peewee.fn.COALESCE(said_in(field, self.table), "")
        value = peewee.Cast(said, "REAL") if field.kind == "number" else peewee.fn.fold(said)
        return [said == "", value.desc() if self.descending else value, self.table.id]


def listing_json(db: Handle, listing: Listing) -> list[dict[str, Any]]:
    """The records of a listing as plain data: bookkeeping, every declared field, then the columns shown.

    Of an organization, `house` and `senate` are arrays of numbers, `silos` is one of codes and `status` is a code.
    What organizations, contacts and sites say in the coalition's own fields stands in `own`, by key.
    """
    return some_json(db, listing, listing.ids(db))


def some_json(db: Handle, listing: Listing, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The records with these ids as in `listing_json`, in this order; those that are gone are left out."""
    from partners_crm.services.custom_fields import typed_values  # it writes too, which a list does not need

    facts = _organization_facts(db, ids, listing.map_code, listing.today) if listing.table is Organization else {}
    shown = listing.rows(db, ids)
    stored = by_ids(db, listing.table, ids)
    names = [column.name for column in listing.columns]
    said = typed_values(db, listing.table, ids)
    found = []
    for key in ids:
        if key in stored and key in shown:
            values = stored[key].stored()
            cells = dict(zip(names, shown[key], strict=True))
            more = {name: cell for name, cell in cells.items() if name not in {*values, *listing.own}}
            own = {"own": said.get(key, {})} if listing.table.entity.name in OWNERS else {}
            found.append({**more, **facts.get(key, {}), **values, **own})
    return [{name: row[name] for name in sorted(row, key=_json_order)} for row in found]


def _organization_facts(db: Handle, ids: Sequence[int], map_code: str, today: date) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {key: {"house": [], "senate": [], "silos": [], "status": ""} for key in ids}
    for some in parts(list(ids)):
        for chamber, pairs in _districts(db, some, map_code).items():
            for key, number in pairs:
                numbers = found[key].setdefault(chamber, [])
                if number not in numbers:
                    numbers.append(number)
        shares = SiloShare.select(SiloShare.organization, Silo.code).join(Silo, on=(SiloShare.silo == Silo.id))
        order = (SiloShare.weight.desc(), Silo.id)
        for key, code in tuples(db, shares.where(SiloShare.organization.in_(some)).order_by(*order)):
            found[key]["silos"].append(code)
        for key, code in _statuses(db, some, today):
            found[key]["status"] = found[key]["status"] or code
    return found


def _json_order(name: str) -> tuple[int, str]:
    first = ("id", "uid", "version", "name")
    return (first.index(name), "") if name in first else (len(first), name)


# -------------------------------------------------------------------- orders that are no field


def _district_order(chamber: str) -> Callable[[str], Any]:
    def order(map_code: str) -> Any:
        own = District.alias()
        query = (
            Assignment.select(peewee.fn.MIN(own.number))
            .join(Site, on=(Assignment.site == Site.id))
            .join(District, on=(Assignment.district == District.id))
            .join(own, on=((own.id == District.id) | (own.id == District.parent)))
            .join(DistrictMap, on=(own.map == DistrictMap.id))
            .where(
                (Site.organization == Organization.id)
                & (own.chamber == chamber)
                & (DistrictMap.code == map_code)
                & standing()
            )
        )
        return peewee.fn.COALESCE(query, 9999)

    return order


_ORGANIZATION_ORDER: dict[str, Callable[[str], Any]] = {
    "house": _district_order("house"),
    "senate": _district_order("senate"),
    "city": lambda _: peewee.fn.COALESCE(
        Site.select(peewee.fn.MIN(peewee.fn.fold(Site.city))).where(Site.organization == Organization.id), ""
    ),
    "status": lambda _: peewee.fn.COALESCE(
        Membership.select(peewee.fn.MIN(Membership.status)).where(Membership.organization == Organization.id),
        "",
    ),
    "silos": lambda _: peewee.fn.COALESCE(
        SiloShare.select(peewee.fn.MIN(SiloShare.silo)).where(SiloShare.organization == Organization.id), 9999
    ),
}


# -------------------------------------------------------------------- cells


def _declared_cells(
    db: Handle, table: type[Table], ids: Sequence[int], _map_code: str, _today: date
) -> dict[int, dict[str, str]]:
    found = by_ids(db, table, ids)
    names = {}
    for link, target in table.links().items():
        keys = {record[link] for record in found.values() if record[link] is not None}
        names[link] = {key: title_of(record) for key, record in by_ids(db, target, keys).items()}
    return {
        key: {
            name: names[name].get(record[name], "") if name in names else show_value(how, record[name])
            for name, how in table.declarations().items()
        }
        for key, record in found.items()
    }


def _organization_cells(
    db: Handle, _table: type[Table], ids: Sequence[int], map_code: str, today: date
) -> dict[int, dict[str, str]]:
    kinds = dict(Organization.declarations()["kind"].choices)
    query = Organization.select(Organization.id, Organization.name, Organization.kind).where(Organization.id.in_(ids))
    found = {key: {"name": name, "kind": kinds.get(kind, kind)} for key, name, kind in tuples(db, query)}

    def put(column: str, pairs: list[tuple[Any, ...]], *, every: bool = True) -> None:
        values: dict[int, list[str]] = {}
        for key, value in pairs:
            if value not in (None, "") and str(value) not in values.setdefault(key, []):
                values[key].append(str(value))
        for key, some in values.items():
            if key in found:
                more = f" +{len(some) - 1}" if len(some) > 1 else ""
                found[key][column] = ", ".join(some) if every else some[0] + more

    shares = SiloShare.select(SiloShare.organization, Silo.label).join(Silo, on=(SiloShare.silo == Silo.id))
    put(
        "silos",
        tuples(db, shares.where(SiloShare.organization.in_(ids)).order_by(SiloShare.weight.desc(), Silo.id)),
    )
    labels = dict(Membership.declarations()["status"].choices)
    statuses = [(key, labels.get(code, code).removesuffix(" member")) for key, code in _statuses(db, ids, today)]
    put("status", statuses, every=False)
    sites = Site.select(Site.organization, Site.city).where(Site.organization.in_(ids)).order_by(Site.id)
    put("city", tuples(db, sites), every=False)
    put("phone", _phones(db, ids), every=False)
    people = (
        Role.select(Role.organization, Contact.name)
        .join(Contact, on=(Role.contact == Contact.id))
        .where(Role.organization.in_(ids) & (Role.until == ""))
        .order_by(Role.is_primary.desc(), Role.id)
    )
    put("contact", tuples(db, people), every=False)
    named = Organization.alias()
    ties = Affiliation.select(Affiliation.organization, named.name).join(
        named, on=(Affiliation.association == named.id)
    )
    put("associations", tuples(db, ties.where(Affiliation.organization.in_(ids)).order_by(named.name)))
    for chamber, pairs in _districts(db, ids, map_code).items():
        put(chamber, pairs, every=False)
    return found


def _statuses(db: Handle, ids: Sequence[int], today: date) -> list[tuple[Any, ...]]:
    """(organization, code) of each membership as it is today, the newest first."""
    query = (
        Membership.select(Membership.organization, Membership.status, Membership.until)
        .where(Membership.organization.in_(ids))
        .order_by(Membership.id.desc())
    )
    pairs = []
    for key, status, until in tuples(db, query):
        ended = status == "active" and until and until < today.isoformat()[: len(until)]
        pairs.append((key, "lapsed" if ended else status))
    return pairs


def _phones(db: Handle, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    from partners_crm.normalize.phones import format_phone  # lists without phones do not need it

    columns = (ContactPoint.value, ContactPoint.extension, ContactPoint.raw, ContactPoint.status, ContactPoint.id)
    phones = (ContactPoint.kind == "phone") & (ContactPoint.use != "fax")
    # Two questions, each by its index: one with OR would read every point of the coalition.
    own = ContactPoint.select(ContactPoint.organization, *columns).where(phones & ContactPoint.organization.in_(ids))
    sited = (
        ContactPoint.select(Site.organization, *columns)
        .join(Site, on=(ContactPoint.site == Site.id))
        .where(phones & Site.organization.in_(ids))
    )
    rows = [*tuples(db, own), *tuples(db, sited)]
    # Understood before not understood, in use before bounced, older first.
    rows.sort(key=lambda row: (not row[1], row[4] != "ok", row[5]))
    return [(key, format_phone(value, extension) if value else raw) for key, value, extension, raw, *_ in rows]


def _districts(db: Handle, ids: Sequence[int], map_code: str) -> dict[str, list[tuple[Any, ...]]]:
    own = District.alias()
    query = (
        Assignment.select(Site.organization, own.chamber, own.number)
        .join(Site, on=(Assignment.site == Site.id))
        .join(District, on=(Assignment.district == District.id))
        .join(own, on=((own.id == District.id) | (own.id == District.parent)))
        .join(DistrictMap, on=(own.map == DistrictMap.id))
        .where(Site.organization.in_(ids) & (DistrictMap.code == map_code) & standing())
        # The likeliest of several candidates comes first.
        .order_by(peewee.fn.COALESCE(Assignment.share, 1).desc(), own.number)
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for key, chamber, number in tuples(db, query):
        found.setdefault(chamber, []).append((key, number))
    return found


def _contact_cells(
    db: Handle, _table: type[Table], ids: Sequence[int], _map_code: str, _today: date
) -> dict[int, dict[str, str]]:
    from partners_crm.normalize.phones import format_phone

    people = Contact.select(Contact.id, Contact.name, Contact.do_not_contact).where(Contact.id.in_(ids))
    found = {
        key: {"name": name, **({"do_not_contact": "yes"} if refuses else {})}
        for key, name, refuses in tuples(db, people)
    }
    jobs = (
        Role.select(Role.contact, Organization.name, Role.title)
        .join(Organization, on=(Role.organization == Organization.id))
        .where(Role.contact.in_(ids) & (Role.until == ""))
        .order_by(Role.is_primary.desc(), Role.id)
    )
    for key, organization, title in tuples(db, jobs):
        if key in found:
            found[key].setdefault("organization", organization)
            found[key].setdefault("title", title)
    points = ContactPoint.select(
        ContactPoint.contact, ContactPoint.kind, ContactPoint.value, ContactPoint.extension, ContactPoint.raw
    ).where(ContactPoint.contact.in_(ids))
    for key, kind, value, extension, raw in tuples(db, points.order_by(ContactPoint.id)):
        shown = format_phone(value, extension) if kind == "phone" and value else value or raw
        if key in found:
            found[key].setdefault(kind, shown)
    return found
