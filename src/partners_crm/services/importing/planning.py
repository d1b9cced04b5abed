"""From rows to a plan: what each row adds to what is known, without writing anything.

Existing records are only filled: a value in the file never replaces a value in the database. A record that the file
repeats is planned once. What a row could not say clearly becomes a problem (the row is rejected) or a remark (the row
goes in, the cell is kept as it came).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from partners_crm.districts.index import DistrictIndex
from partners_crm.errors import FileRefused, InvalidValue
from partners_crm.model import (
    Affiliation,
    Contact,
    ContactPoint,
    Declared,
    DistrictMap,
    Identifier,
    Membership,
    Organization,
    OtherName,
    Role,
    ServiceLine,
    SiloShare,
    Site,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.addresses import place_key
from partners_crm.normalize.contact_values import split_emails
from partners_crm.normalize.letterhead import address_in, parse_letterhead
from partners_crm.normalize.text import fold, reject_reason, tidy
from partners_crm.services.importing import mapping
from partners_crm.services.importing.known import Known, Ref, organization_key
from partners_crm.services.importing.mapping import Mapping, Target
from partners_crm.services.importing.tabular import Row, Sheet
from partners_crm.services.maps import index_of
from partners_crm.services.placing import ROOFTOP, indexes, look_outside
from partners_crm.services.records import complete, ends_before
from partners_crm.services.rows import Problem, Refusal
from partners_crm.services.values import read_value
from partners_crm.store.journal import newest
from partners_crm.store.maps import Districts, districts_of, map_for
from partners_crm.store.open import Handle

STATUS_WORDS = {
    "active": "active",
    "active member": "active",
    "member": "active",
    "current": "active",
    "yes": "active",
    "prospect": "prospect",
    "prospective": "prospect",
    "invited": "invited",
    "lapsed": "lapsed",
    "expired": "lapsed",
    "former": "lapsed",
    "inactive": "lapsed",
    "closed": "closed",
    "out of business": "closed",
}
_DISTRICT = re.compile(
    r"(?:ocd-division/\S+/sld[lu]:|[a-z]{2}-)?"
    r"(?:(?:state )?(?:house|senate|representative|legislative)|sld[lu]|hd|sd|h|s)?[ :.#-]*(?:district|dist|no)?[ .#]*"
    r"(\d{1,3})(?:st|nd|rd|th|\.0)?(?: district)?",
    re.IGNORECASE | re.ASCII,
)
_BLANKS = {"n a", "na", "none", "unknown", "tbd", "null", "nil", "not available", "not applicable"}
"""What people write where they have nothing to write, folded."""
_LONGEST_BLANK = 20
_SUFFIXES = {"inc", "nfp", "llc", "ltd", "co", "corp", "incorporated"}
_SPLIT = re.compile(r"\s*[;|,]\s*")
_PO_BOX = re.compile(r"\s*p\.?\s*o\.?\s*box\b", re.IGNORECASE)
_READ: tuple[type[Table], ...] = (Organization, Site, Contact, Role, Membership)
"""The entities whose fields are read from a row one by one."""
_EIN = re.compile(r"(\d{2})-?(\d{7})")


@dataclass(slots=True)
class Step:
    """One record to add, or the fields to fill in one that exists."""

    table: type[Table]
    ref: Ref
    values: dict[str, Any]
    """Typed values; a link to a record of this plan is its Ref."""
    existing: Table | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What becomes of a row."""

    row: Row
    outcome: str
    """added, merged or rejected."""
    reason: str
    organization: Ref | None


@dataclass(slots=True)
class Plan:
    """Everything an import will do."""

    sheet: Sheet
    mapping: Mapping
    steps: list[Step] = field(default_factory=list)
    rows: list[RowResult] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """One for each rejected row."""
    remarks: list[Problem] = field(default_factory=list)
    """Cells that went in but need a look."""
    operation: int = 0
    """The operation this plan was made for: the one after the newest at that time."""
    stated: list[tuple[Ref, int]] = field(default_factory=list)
    """(site, district id) pairs that the file states."""


def plan_import(db: Handle, sheet: Sheet, *, today: date, members: bool = True, map_code: str = "") -> Plan:
    """Plan the import of a sheet.

    `members=False` gives new organizations no membership unless a status column does. Stated districts belong to the
    map `map_code`, by default the coalition's map of today.

    Raises:
        FileRefused: no column names an organization.
        NotFound, CannotDecide: the file states districts and there is no such map.
    """
    found = mapping.guess(sheet.headers)
    if found.column(Organization, "name") is None:
        headers = ", ".join(header for header in sheet.headers if header) or "none"
        raise FileRefused(
            f"{sheet.name}: no column names an organization; its columns: {headers}",
            'the first line must be the header, with one column named "Organization"',
        )
    planner = _Planner(db, Plan(sheet, found, operation=newest(db) + 1), today, members, map_code)
    for row in sheet.rows:
        planner.take(row)
    planner.balance_silos()
    return planner.plan


class _Planner:
    def __init__(self, db: Handle, plan: Plan, today: date, members: bool, map_code: str) -> None:
        self.db = db
        self.plan = plan
        self.today = today
        self.members = members
        self.known = Known(db)
        self._steps: dict[Ref, Step] = {}
        self._indexes: list[DistrictIndex] | None = None
        self._points: dict[tuple[float, float], tuple[bool, bool, str]] = {}
        self._silos: dict[str, Ref] = self.known.silos()
        self._shares: dict[Ref, list[Ref]] = {}
        self._columns = [
            (number, target, target.table is not None and target.table.declarations()[target.name].kind == "note")
            for number, target in plan.mapping.targets.items()
        ]
        self._own: dict[type[Table], list[tuple[Target, Declared]]] = {
            table: [
                (target, table.declarations()[target.name])
                for target in plan.mapping.targets.values()
                if target.table is table
            ]
            for table in _READ
        }
        self._site_name_column = plan.mapping.column(Site, "name") is not None
        self._map: DistrictMap | None = None
        self._districts = Districts([], "")
        self._ids: dict[tuple[str, int], int] = {}
        if any(plan.mapping.column(None, chamber) is not None for chamber in ("house", "senate")):
            self._map = map_for(db, today, code=map_code)
            self._districts = districts_of(db, self._map)
            self._ids = self._districts.ids()

    # ---------------------------------------------------------------- one row

    def take(self, row: Row) -> None:
        marks = len(self.plan.remarks)
        try:
            cells = self._cells(row)
            outcome, organization = self._row(row, cells)
        except Refusal as why:
            # What was remarked about a row that stays out is no news.
            del self.plan.remarks[marks:]
            self.plan.problems.append(why.at(row.line))
            self.plan.rows.append(RowResult(row, "rejected", f"{why.column}: {why.reason}", None))
        else:
            self.plan.rows.append(RowResult(row, outcome, "", organization))

    def _cells(self, row: Row) -> dict[Target, str]:
        headers = self.plan.sheet.headers
        extra = row.cells[len(headers) :]
        if any(cell.strip() for cell in extra):
            raise Refusal(
                "",
                "",
                f"has {len(row.cells)} cells, the header has {len(headers)}",
                "a comma may need quotes around it",
            )
        for number, cell in enumerate(row.cells):
            if reason := reject_reason(cell):
                raise Refusal(headers[number] if number < len(headers) else "", cell[:40], reason)
        found = {}
        for number, target, note in self._columns:
            cell = row.cells[number] if number < len(row.cells) else ""
            found[target] = cell.strip() if note else tidy(cell)
        return found

    def _row(self, row: Row, cells: dict[Target, str]) -> tuple[str, Ref]:
        # Everything that can refuse the row is read before the first step of it is planned.
        fields = {table: self._fields(table, cells) for table in _READ}
        name = fields[Organization].get("name", "")
        if not name:
            raise Refusal(self._header(Organization, "name"), "", "the row names no organization")
        districts = self._stated(cells)
        silos = self._row_silos(row, cells)
        self._check_site(row, fields[Site])

        organization, is_new = self._organization(row, fields[Organization], cells)
        self._membership(row, organization, is_new, fields[Membership])
        site = self._site(row, organization, fields[Site], bool(districts))
        contact = self._contact(organization, fields[Contact], fields[Role])
        self._points_of(row, cells, organization, site, contact)
        self._letterhead(row, fields[Site].get("address", ""), site)
        self._service_line(organization, site, cells.get(Target(ServiceLine, "name"), ""))
        for silo in silos:
            shares = self._shares.setdefault(organization, [])
            if silo not in shares:
                shares.append(silo)
        self._associations(organization, cells.get(Target(None, "association"), ""))
        self._tags(organization, cells.get(Target(None, "tag"), ""))
        if site is not None and not self._passed_over(row, cells, fields[Site], districts):
            self.plan.stated.extend((site, district) for district in districts)
        return ("added" if is_new else "merged"), organization

    def _fields(self, table: type[Table], cells: dict[Target, str]) -> dict[str, Any]:
        values = {}
        for target, how in self._own[table]:
            text = cells[target]
            if not text:
                continue
            if table is Membership and target.name == "status":
                text = STATUS_WORDS.get(fold(text), text)
            try:
                values[target.name] = read_value(self.db, table, target.name, how, text)
            except InvalidValue as error:
                raise Refusal(self._header(table, target.name), text, error.reason, error.hint) from None
        since, until = values.get("since"), values.get("until")
        if since and until and (reason := ends_before(since, until)):
            raise Refusal(self._header(table, "until"), until, reason)
        return values

    def _header(self, table: type[Table] | None, name: str) -> str:
        column = self.plan.mapping.column(table, name)
        return self.plan.sheet.headers[column] if column is not None else name

    def _remark(self, row: Row, table: type[Table] | None, name: str, value: str, reason: str) -> None:
        self.plan.remarks.append(Problem(row.line, self._header(table, name), value, reason))

    # ---------------------------------------------------------------- what refuses a row

    def _check_site(self, row: Row, values: dict[str, Any]) -> None:
        if (values.get("match_level") or 0) > ROOFTOP:
            # That a person decided is said by a person, with the reason.
            self._remark(row, Site, "match_level", str(values["match_level"]), f"counts as {ROOFTOP} in a file")
            values["match_level"] = ROOFTOP
        latitude, longitude = values.get("latitude"), values.get("longitude")
        if latitude is None and longitude is None:
            return
        column = self._header(Site, "latitude")
        if latitude is None or longitude is None:
            raise Refusal(column, "", "latitude and longitude belong together, one is missing")
        if not (math.isfinite(latitude) and math.isfinite(longitude)):
            raise Refusal(column, f"{latitude}, {longitude}", "is no point")
        point = (latitude, longitude)
        if point not in self._points:
            self._indexes = indexes(self.db) if self._indexes is None else self._indexes
            self._points[point] = look_outside(latitude, longitude, self._indexes)
        outside, mistaken, reason = self._points[point]
        if mistaken:
            raise Refusal(column, f"{latitude:g}, {longitude:g}", reason)
        if outside:
            self.plan.remarks.append(Problem(row.line, column, f"{latitude:g}, {longitude:g}", reason))

    def _stated(self, cells: dict[Target, str]) -> list[int]:
        found: dict[str, int] = {}
        for chamber in ("house", "senate"):
            text = cells.get(Target(None, chamber), "")
            if _is_blank(text) or fold(text) == "statewide" or self._map is None:
                continue
            read = _DISTRICT.fullmatch(text)
            number = int(read[1]) if read else 0
            if (chamber, number) not in self._ids:
                reason = f"is no {chamber} district of the map {self._map.code}"
                raise Refusal(self._header(None, chamber), text, reason)
            found[chamber] = number
        for chamber, above in self._districts.nested_in.items():
            if chamber in found and above in found:
                up = self._districts.parents[chamber][found[chamber]]
                if up != found[above]:
                    reason = f"does not hold {chamber} district {found[chamber]}, which lies in {above} {up}"
                    raise Refusal(self._header(None, above), str(found[above]), reason)
                del found[above]  # it follows
        return [self._ids[chamber, number] for chamber, number in found.items()]

    def _passed_over(self, row: Row, cells: dict[Target, str], values: dict[str, Any], districts: list[int]) -> bool:
        """Whether the districts of a row do not count: it has coordinates, which do, or nobody works where it is."""
        if districts and _PO_BOX.match(values.get("address", "")):
            for chamber in self._districts.chambers:
                if text := cells.get(Target(None, chamber), ""):
                    reason = "is stated for a post office box, which places nobody: add the site where it works"
                    self._remark(row, None, chamber, text, reason)
            return True
        latitude, longitude = values.get("latitude"), values.get("longitude")
        if not districts or latitude is None or longitude is None or self._map is None:
            return False
        for layer in self._districts.layers:
            text = cells.get(Target(None, layer), "")
            found = index_of(self.db, self._map, layer).locate(latitude, longitude) if text else None
            if found is not None and self._ids[layer, found.number] not in districts:
                reason = f"is stated, the coordinates lie in {layer} district {found.number}, which counts"
                self._remark(row, None, layer, text, reason)
        return True

    def _row_silos(self, row: Row, cells: dict[Target, str]) -> list[Ref]:
        found = []
        for text in _SPLIT.split(cells.get(Target(None, "silo"), "")):
            silo = self._silos.get(fold(text))
            if silo is not None:
                found.append(silo)
            elif text:
                self._remark(row, None, "silo", text, "is no silo of this coalition; kept in the source row")
        return found

    # ---------------------------------------------------------------- records

    def _organization(self, row: Row, values: dict[str, Any], cells: dict[Target, str]) -> tuple[Ref, bool]:
        name = values["name"]
        key = organization_key(name)
        number = self._ein(row, cells.get(Target(Identifier, "value"), ""))
        named = self.known.organization(key)
        ref = (self.known.organization_by_number("ein", number) if number else None) or named
        if ref is not None and number and self.known.eins.get(ref, number) != number:
            # Two bodies of one name: the number tells them apart.
            reason = f"has another EIN than the {name} known so far; added as an organization of its own"
            self._remark(row, Organization, "name", name, reason)
            ref = None
        is_new = ref is None
        if ref is None:
            ref = self._add(Organization, values)
            self.known.learn_organization(key, ref)
        else:
            self._fill(row, ref, values, ("kind", "note"))
            if self.known.learn_organization(key, ref):
                self.known.is_new("other name", ref, fold(name))
                self._add(OtherName, {"organization": ref, "name": name, "kind": "other"})
                reason = "has the EIN of an organization of another name; kept as a further name of it"
                self._remark(row, Organization, "name", name, reason)
        if number and ref not in self.known.eins:
            self.known.learn_number("ein", number, ref)
            self.known.eins[ref] = number
            self._add(Identifier, {"organization": ref, "system": "ein", "value": number})
        other = cells.get(Target(OtherName, "name"), "")
        if other and organization_key(other) != key and self.known.is_new("other name", ref, fold(other)):
            self._add(OtherName, {"organization": ref, "name": other, "kind": "other"})
        return ref, is_new

    def _ein(self, row: Row, text: str) -> str:
        read = _EIN.fullmatch(text.removesuffix(".0"))
        if read is None and not _is_blank(text):
            self._remark(row, Identifier, "value", text, "is no EIN (two and seven digits); kept in the source row")
        return f"{read[1]}-{read[2]}" if read else ""

    def _membership(self, row: Row, organization: Ref, is_new: bool, values: dict[str, Any]) -> None:
        known = self.known.memberships.get(organization)
        if known is None:
            if values.get("status") or values.get("since") or (is_new and self.members):
                new = {"organization": organization, "recorded_on": self.today.isoformat(), **values}
                self._add(Membership, new)
                self.known.memberships[organization] = self.plan.steps[-1].values
            return
        for name, value in values.items():
            if value and known.get(name) != value:
                words = f"differs from what is known ({known.get(name) or 'nothing'}), which was kept"
                self._remark(row, Membership, name, str(value), words)

    def _site(self, row: Row, organization: Ref, values: dict[str, Any], stated: bool) -> Ref | None:
        if not stated and not any(
            values.get(name) for name in ("name", "address", "city", "postal_code", "latitude", "service_area")
        ):
            return None
        own = {"organization": organization, "kind": self._site_kind(organization, values), **values}
        completed = complete(Site, own)
        place = place_key(completed["street"], completed["unit"], completed["postal_code"], completed["city"])
        ref = self.known.site(organization, fold(completed["name"]), place)
        if ref is None:
            ref = self._add(Site, completed)
            self.known.learn_site(organization, fold(completed["name"]), place, ref)
            if completed["kind"] == "hq":
                self.known.is_new("hq", organization)
        else:
            told = ("latitude", "longitude", "match_level", "service_area", "since", "until")
            self._fill(row, ref, values, told)
        return ref

    def _site_kind(self, organization: Ref, values: dict[str, Any]) -> str:
        if _PO_BOX.match(values.get("address", "")):
            return "mailing"
        # A file that names sites lists many for one organization; a file that does not gives the main address.
        return "service" if self._site_name_column or self.known.knows("hq", organization) else "hq"

    def _contact(self, organization: Ref, values: dict[str, Any], role: dict[str, Any]) -> Ref | None:
        given, family = values.get("given_name", ""), values.get("family_name", "")
        name = values.get("name") or " ".join(filter(None, (given, family)))
        if not name:
            return None
        ref = self.known.contact(organization, fold(name))
        if ref is None:
            ref = self._add(Contact, {**values, "name": name})
            self.known.learn_contact(organization, fold(name), ref)
        if self.known.is_new("role", ref, organization, fold(role.get("title", ""))):
            self._add(Role, {**role, "contact": ref, "organization": organization})
        return ref

    def _points_of(
        self, row: Row, cells: dict[Target, str], organization: Ref, site: Ref | None, contact: Ref | None
    ) -> None:
        place = {"site": site} if site is not None else {"organization": organization}
        person = {"contact": contact} if contact is not None else place
        extension = cells.get(Target(None, "extension"), "").removesuffix(".0")
        for name, use, owner in (("phone", "", place), ("fax", "fax", place), ("contact_phone", "", person)):
            if not _is_blank(text := cells.get(Target(None, name), "")):
                self._phones(row, name, text, use, owner, extension if name == "phone" else "")
        if not _is_blank(text := cells.get(Target(None, "email"), "")):
            for part in split_emails(text):
                self._point(row, "email", {"kind": "email", "raw": part}, person)
        if not _is_blank(text := cells.get(Target(None, "web"), "")):
            self._point(row, "web", {"kind": "web", "raw": text}, {"organization": organization})

    def _letterhead(self, row: Row, text: str, site: Ref | None) -> None:
        """The phones and addresses that stand in a line of contact details beside its address."""
        if site is None or address_in(text) == text:
            return
        for values in parse_letterhead(text).points():
            self._point(row, "address", dict(values), {"site": site})

    def _phones(self, row: Row, name: str, text: str, use: str, owner: dict[str, Ref], extension: str) -> None:
        from partners_crm.normalize.phones import split_phones  # only a file with phones pays for it

        phones = split_phones(text)
        for phone in phones:
            values = {"kind": "phone", "raw": phone.raw, "use": use or phone.use}
            if extension and len(phones) == 1:
                values["extension"] = extension
            self._point(row, name, values, owner)

    def _point(self, row: Row, column: str, values: dict[str, Any], owner: dict[str, Ref]) -> None:
        completed = complete(ContactPoint, values)
        key = completed["value"] or fold(completed["raw"])
        (target,) = owner.values()
        if not self.known.is_new("point", target, completed["kind"], key, completed["extension"]):
            return
        if completed["status"] == "unreadable":
            self._remark(
                row,
                None,
                column,
                completed["raw"],
                f"{completed['problem'] or 'not understood'}; kept as typed",
            )
        self._add(ContactPoint, {**completed, **owner})

    def _service_line(self, organization: Ref, site: Ref | None, name: str) -> None:
        if name and self.known.is_new("service line", organization, site, fold(name)):
            self._add(ServiceLine, {"organization": organization, "site": site, "name": name, "active": True})

    def _associations(self, organization: Ref, text: str) -> None:
        for name in _names(text):
            association = self.known.organization(organization_key(name))
            if association is None:
                association = self._add(Organization, {"name": name, "kind": "association"})
                self.known.learn_organization(organization_key(name), association)
            if association != organization and self.known.is_new("affiliation", organization, association):
                self._add(
                    Affiliation,
                    {
                        "organization": organization,
                        "association": association,
                        "source": self.plan.sheet.name,
                    },
                )

    def _tags(self, organization: Ref, text: str) -> None:
        for name in filter(None, _SPLIT.split(text)):
            tag = self.known.named("tag", fold(name))
            if tag is None:
                tag = self._add(Tag, {"name": name})
                self.known.learn_named("tag", fold(name), tag)
            if self.known.is_new("tagging", organization, tag):
                self._add(Tagging, {"tag": tag, "organization": organization})

    def balance_silos(self) -> None:
        """Give organizations without silos those their rows name, in equal weights that sum to 1."""
        for organization, silos in self._shares.items():
            if self.known.is_new("silo shares", organization):
                for silo in silos:
                    self._add(
                        SiloShare,
                        {"organization": organization, "silo": silo, "weight": round(1 / len(silos), 6)},
                    )

    # ---------------------------------------------------------------- steps

    def _add(self, table: type[Table], values: dict[str, Any]) -> Ref:
        ref = Ref(table, None)
        step = Step(table, ref, values if table in {Site, ContactPoint} else complete(table, values))
        self.plan.steps.append(step)
        self._steps[ref] = step
        return ref

    def _fill(self, row: Row, ref: Ref, values: dict[str, Any], told: tuple[str, ...]) -> None:
        """Write the values where the record, planned or stored, has none; say where a field in `told` differs."""
        step = self._steps.get(ref)
        known = step.values if step is not None and step.existing is None else self.known.record(ref).stored()
        for name in told:
            value, there = values.get(name), known.get(name)
            if value not in (None, "") and there not in (None, "") and not _same(value, there):
                self._remark(row, ref.table, name, str(value), f"differs from what is known ({there}), which was kept")
        if step is not None:
            for name, value in values.items():
                if value not in (None, "") and step.values.get(name) in (None, ""):
                    stored = step.existing is not None and step.existing[name] not in (None, "")
                    if not stored:
                        step.values[name] = value
            return
        record = self.known.record(ref)
        empty = {
            name: value for name, value in values.items() if value not in (None, "") and record[name] in (None, "")
        }
        if empty:
            step = Step(ref.table, ref, empty, record)
            self.plan.steps.append(step)
            self._steps[ref] = step


def _is_blank(text: str) -> bool:
    """Whether a cell says nothing, in words or signs."""
    return len(text) <= _LONGEST_BLANK and (not (folded := fold(text)) or folded in _BLANKS)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) < 1e-4  # some ten metres, as degrees
    return fold(str(one)) == fold(str(other))


def _names(text: str) -> list[str]:
    """The names in a cell; "Inc." behind a comma is no name of its own."""
    found: list[str] = []
    for part in filter(None, _SPLIT.split(text)):
        if found and fold(part) in _SUFFIXES:
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found
