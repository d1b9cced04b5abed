"""From rows to a plan: what some rows of a file add to what is known, without writing anything.

A record that the file repeats is planned once. What a row could not say clearly becomes a problem (the row is
rejected) or a remark (the row goes in, the cell is kept as it came). Under every policy a mark "do not contact" goes
in, and is never taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from partners_crm.districts.index import DistrictIndex
from partners_crm.model import CustomField, DistrictMap, Organization, Silo, SiloShare, Table
from partners_crm.normalize.text import fold
from partners_crm.services.importing import associations, identity
from partners_crm.services.importing.known import Known, says_silence
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.prepare import Prepared
from partners_crm.services.importing.steps import Batch, Ref, RowResult, Step
from partners_crm.services.importing.writing import RowWriter
from partners_crm.services.maps import index_of
from partners_crm.services.placing import ROOFTOP, indexes, look_outside
from partners_crm.services.rows import Problem, Refusal
from partners_crm.store.clues import Clues
from partners_crm.store.maps import Districts, districts_of, map_for
from partners_crm.store.open import Handle
from partners_crm.store.read import parts, records, tuples

Policy = Literal["fill", "update", "skip", "create"]
POLICIES: dict[str, str] = {
    "fill": "write what is empty, and add what is new; what is there stays (the default)",
    "update": "let the file win where it says something else",
    "skip": "leave what is known alone, and add the rest",
    "create": "add every organization of the file as a new one",
}
"""What an import does with a record that is known, in words."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How the rows of a file are taken."""

    today: date
    policy: Policy = "fill"
    create: bool = True
    """False: rows about what is not known are rejected."""
    members: bool = True
    """New organizations are members unless a status column says otherwise."""
    map_code: str = ""
    """The map that district columns are about; "" is that of today."""


@dataclass(slots=True)
class Coalition:
    """What the planning of a file reads of the coalition once."""

    silos: dict[str, int]
    """Id by folded code, name and label."""
    own: dict[str, CustomField]
    associations: list[tuple[str, int]]
    """(name, id) of every association."""
    newest: int
    """The highest id of an organization before the import."""
    map: DistrictMap | None = None
    districts: Districts = field(default_factory=lambda: Districts([], ""))
    ids: dict[tuple[str, int], int] = field(default_factory=dict)
    """Id of a district by chamber and number."""


def coalition_of(db: Handle, mapping: ColumnMapping, terms: Terms) -> Coalition:
    """Read what the planning of a file needs of the coalition.

    Raises:
        NotFound, CannotDecide: the file states districts and there is no such map.
    """
    silos: dict[str, int] = {}
    for key, *words in tuples(db, Silo.select(Silo.id, Silo.code, Silo.name, Silo.label)):
        for word in filter(None, words):
            silos.setdefault(fold(word.replace("_", " ")), key)
    named = Organization.select(Organization.name, Organization.id).where(Organization.kind == "association")
    ((newest,),) = tuples(db, Organization.select(Organization.id).order_by(Organization.id.desc()).limit(1)) or [(0,)]
    fields = {each.key: each for each in records(db, CustomField.select())}
    found = Coalition(silos, fields, tuples(db, named), newest)
    if any(mapping.has("", name) for name in ("house", "senate", "district")):
        found.map = map_for(db, terms.today, code=terms.map_code)
        found.districts = districts_of(db, found.map)
        found.ids = found.districts.ids()
    return found


class Planner:
    """Plans the rows of one file, batch by batch."""

    def __init__(self, db: Handle, mapping: ColumnMapping, terms: Terms, coalition: Coalition, clues: Clues) -> None:
        self.db = db
        self.mapping = mapping
        self.terms = terms
        self.is_update = terms.policy == "update"
        self.coalition = coalition
        self._clues = clues
        self._indexes: list[DistrictIndex] | None = None
        self._points: dict[tuple[float, float], tuple[bool, bool, str]] = {}
        self.suppressed: set[str] = set()
        """Values of contact points, small letters, that nobody may be contacted by."""
        self.meant: dict[str, str] = {}
        """The name that is meant by that of an association in the file: see `associations.meant`."""
        self.given: dict[int | Ref, list[int]] = {}
        """Ids of the silos that the file names of an organization, in the order of the file."""
        self._said: dict[type[Table], dict[int, int]] = {}
        """The fields of stored records that the file says something of, as bits of `_bits`."""
        self._said_of_new: dict[Ref, int] = {}
        self._bits: dict[str, int] = {}
        self.tells_sites = mapping.has("site", "name")
        self.columns: dict[tuple[str, str], frozenset[int]] = {}
        """The columns of each kind, and of each kind and name, of target."""
        for number, use in enumerate(mapping.uses):
            if use.target is not None:
                for key in ((use.target.kind, ""), (use.target.kind, use.target.name)):
                    self.columns[key] = self.columns.get(key, frozenset()) | {number}
        self._columns_of: dict[tuple[str, ...], frozenset[int]] = {}
        self.replaced: Counter[int] = Counter()
        """Rows in which a known value gives way to that of a column."""
        self.planned_associations: list[tuple[str, Ref]] = []
        """Associations that the file brought and that are not stored yet."""

    def plan(self, rows: Sequence[Prepared]) -> Batch:
        """What some rows will do."""
        for row in rows if self.meant else ():
            self._mean(row)
        known = Known(self.db, self._clues, rows)
        batch = Batch()
        steps: dict[Ref, Step] = {}
        for row in rows:
            marks = len(batch.remarks)
            result = RowResult(row, "same")
            plan = _RowPlan(self, known, batch, steps, row, result)
            try:
                if row.refusal is not None:
                    raise _refusal(row.refusal)
                batch.remarks.extend(row.remarks)
                plan.take()
            except Refusal as why:
                if says_silence(row):
                    plan.writer.keep_marks_of_refused()
                # What was remarked about a row that stays out is no news.
                del batch.remarks[marks:]
                result.problem = why.at(row.line)
                result.outcome, result.reason = "rejected", f"{why.column}: {why.reason}"
            batch.results.append(result)
        return batch

    def settle(self) -> None:
        """After a batch is written: what it brought is known by its ids from now on."""
        for name, ref in self.planned_associations:
            self.coalition.associations.append((name, ref.id or 0))
        self.planned_associations.clear()
        for key in [key for key in self.given if isinstance(key, Ref)]:
            silos = self.given.pop(key)
            mine = self.given.setdefault(key.id or 0, [])
            mine += [silo for silo in silos if silo not in mine]
        for ref, bits in self._said_of_new.items():
            if ref.id is not None:
                of_table = self._said.setdefault(ref.table, {})
                of_table[ref.id] = of_table.get(ref.id, 0) | bits
        self._said_of_new.clear()

    @property
    def shares(self) -> dict[int | Ref, list[int]]:
        """Ids of the silos by organization, of each that the file gives others than it has.

        An organization that has the same ones keeps their weights.
        """
        given = {(key.id or 0) if isinstance(key, Ref) else key: silos for key, silos in self.given.items()}
        there: dict[int, set[int]] = {}
        for some in parts(sorted(given)):
            columns = SiloShare.select(SiloShare.organization, SiloShare.silo)
            for owner, silo in tuples(self.db, columns.where(SiloShare.organization.in_(some))):
                there.setdefault(owner, set()).add(silo)
        return {key: silos for key, silos in given.items() if there.get(key) != set(silos)}

    def says(self, ref: Ref, name: str) -> None:
        """Remember that the file says something of a field of a record: no later row replaces it."""
        if self.is_update:
            bit = self._bits.setdefault(name, 1 << len(self._bits))
            if ref.id is None:
                self._said_of_new[ref] = self._said_of_new.get(ref, 0) | bit
            else:
                of_table = self._said.setdefault(ref.table, {})
                of_table[ref.id] = of_table.get(ref.id, 0) | bit

    def may_replace(self, ref: Ref, name: str) -> bool:
        """Whether what is known gives way to the file: under `update`, unless an earlier row of it spoke already."""
        if not self.is_update:
            return False
        said = self._said_of_new.get(ref, 0) if ref.id is None else self._said.get(ref.table, {}).get(ref.id, 0)
        return not said & self._bits.get(name, 0)

    def _mean(self, row: Prepared) -> None:
        """Put the names of associations that are meant in the place of those that the row has."""
        for number, name in enumerate(row.associations):
            if (other := self.meant.get(name)) is None:
                continue
            row.associations[number] = other
            if associations.is_remarkable(name, other):
                column = self.mapping.header("", "association")
                row.remarks.append(Problem(row.line, column, name, f"was taken for {other}"))

    def columns_of(self, names: tuple[str, ...]) -> frozenset[int]:
        """The columns of some entities, and of some values that are no entity."""
        found = self._columns_of.get(names)
        if found is None:
            keys = [key for name in names for key in ((name, ""), ("", name))]
            found = frozenset().union(*(self.columns.get(key, ()) for key in keys))
            self._columns_of[names] = found
        return found

    def is_old(self, ref: Ref) -> bool:
        """Whether an organization was there before the import."""
        return ref.id is not None and ref.id <= self.coalition.newest

    def outside(self, point: tuple[float, float]) -> tuple[bool, bool, str]:
        """(in no district, and that is a mistake, why) of a point."""
        if point not in self._points:
            self._indexes = indexes(self.db) if self._indexes is None else self._indexes
            self._points[point] = look_outside(*point, self._indexes)
        return self._points[point]


def _refusal(problem: Problem) -> Refusal:
    return Refusal(problem.column, problem.value, problem.reason, problem.hint)


class _RowPlan:
    """One row: everything that can refuse it is asked before the first step of it is planned."""

    def __init__(
        self, owner: Planner, known: Known, batch: Batch, steps: dict[Ref, Step], row: Prepared, result: RowResult
    ) -> None:
        self.owner = owner
        self.known = known
        self.batch = batch
        self.row = row
        self.result = result
        self.writer = RowWriter(owner, known, batch, steps, row, result)

    def take(self) -> None:
        row, steps = self.row, len(self.batch.steps)
        self._check_point()
        districts = self._districts()
        silos = self._silos()
        if row.organization.get("name"):
            self._organization(districts, silos)
        else:
            self._people_alone()
        if self.result.outcome == "same" and (self.result.wrote & row.filled or len(self.batch.steps) > steps):
            self.result.outcome = "changed"

    def _organization(self, districts: dict[str, int], silos: list[int]) -> None:
        row, writer, terms = self.row, self.writer, self.owner.terms
        found = self._who()
        is_new = found.ref is None
        if is_new and not terms.create:
            reason = "is not known, and nothing is to be added"
            raise Refusal(self.owner.mapping.header("organization", "name"), row.organization["name"], reason)
        if found.said:
            problem = Problem(
                row.line, self.owner.mapping.header("organization", "name"), row.organization["name"], found.said
            )
            self.batch.remarks.append(replace(problem, serious=found.serious))
        if found.ref is not None and terms.policy == "skip" and self.owner.is_old(found.ref):
            self.result.about = found.ref
            self.result.reason = "known, and left alone"
            writer.keep_marks(found.ref)
            return
        organization = writer.organization(found.ref)
        self.result.about = organization
        if is_new:
            self.result.outcome = "new"
        writer.membership(organization, is_new=is_new)
        site = writer.site(organization)
        people = [writer.person(organization, number) for number in range(len(row.people))]
        writer.points(organization, site, people)
        writer.programs(organization, site)
        writer.associations(organization)
        writer.tags(organization, next((each for each in people if each is not None), None))
        writer.own(organization, site, people)
        self._give_silos(organization, silos)
        if site is not None and districts and not self._passed_over(districts):
            for chamber, district in districts.items():
                writer.state(site, district, chamber)

    def _people_alone(self) -> None:
        for number, person in enumerate(self.row.people):
            ref, is_new = self.writer.lone_person(number)
            self.result.about = self.result.about or ref
            if is_new and number == 0:
                self.result.outcome = "new"
            self.writer.points_of_person(ref, person)
        first = self.result.about
        if first is not None:
            self.writer.tags(None, first)
            self.writer.own(None, None, [first])

    def _who(self) -> identity.Found:
        row, known = self.row, self.known
        if self.owner.terms.policy != "create":
            return identity.who(row, known, tells_sites=self.owner.tells_sites)
        added = [ref for ref in known.led_to(row.name_clue) if not self.owner.is_old(ref)]
        return identity.Found(added[0] if added else None)

    # ---------------------------------------------------------------- what refuses a row

    def _remark(self, column: str, value: str, reason: str, *, serious: bool = False) -> None:
        self.batch.remarks.append(Problem(self.row.line, column, value, reason, serious=serious))

    def _check_point(self) -> None:
        values = self.row.site or {}
        if (values.get("match_level") or 0) > ROOFTOP:
            # That a person decided is said by a person, with the reason.
            self._remark(
                self.owner.mapping.header("site", "match_level"),
                str(values["match_level"]),
                f"counts as {ROOFTOP} in a file",
            )
            values["match_level"] = ROOFTOP
        latitude, longitude = values.get("latitude"), values.get("longitude")
        if latitude is None and longitude is None:
            return
        column = self.owner.mapping.header("site", "latitude")
        if latitude is None or longitude is None:
            raise Refusal(column, "", "latitude and longitude belong together, one is missing")
        outside, mistaken, reason = self.owner.outside((latitude, longitude))
        if mistaken:
            raise Refusal(column, f"{latitude:g}, {longitude:g}", reason)
        if outside:
            self._remark(column, f"{latitude:g}, {longitude:g}", reason)

    def _districts(self) -> dict[str, int]:
        """Ids of the stated districts by chamber; one that follows from another is left out."""
        coalition = self.owner.coalition
        found: dict[str, int] = {}
        if coalition.map is None:
            return {}
        for chamber, (number, text) in self.row.districts.items():
            if (chamber, number) not in coalition.ids:
                raise Refusal(
                    self.owner.mapping.header("", chamber),
                    text,
                    f"is no {chamber} district of the map {coalition.map.code}",
                )
            found[chamber] = number
        for chamber, above in coalition.districts.nested_in.items():
            if chamber in found and above in found:
                up = coalition.districts.parents[chamber][found[chamber]]
                if up != found[above]:
                    reason = f"does not hold {chamber} district {found[chamber]}, which lies in {above} {up}"
                    raise Refusal(self.owner.mapping.header("", above), str(found[above]), reason)
                del found[above]  # it follows
        return {chamber: coalition.ids[chamber, number] for chamber, number in found.items()}

    def _passed_over(self, districts: dict[str, int]) -> bool:
        """Whether the districts of a row do not count: it has coordinates, which do, or nobody works where it is."""
        values, coalition = self.row.site or {}, self.owner.coalition
        if values.get("kind") == "mailing":
            for chamber, (_, text) in self.row.districts.items():
                reason = "is stated for a post office box, which places nobody: add the site where it works"
                self._remark(self.owner.mapping.header("", chamber), text, reason)
            return True
        latitude, longitude = values.get("latitude"), values.get("longitude")
        if latitude is None or longitude is None or coalition.map is None:
            return False
        for layer in coalition.districts.layers:
            _, text = self.row.districts.get(layer, (0, ""))
            found = index_of(self.owner.db, coalition.map, layer).locate(latitude, longitude) if text else None
            if found is not None and coalition.ids[layer, found.number] not in districts.values():
                reason = f"is stated, the coordinates lie in {layer} district {found.number}, which counts"
                self._remark(self.owner.mapping.header("", layer), text, reason)
        return True

    def _silos(self) -> list[int]:
        found: list[int] = []
        for text in self.row.silos:
            silo = self.owner.coalition.silos.get(fold(text.replace("_", " ")))
            if silo is None:
                reason = "is no silo of this coalition; kept in the source row"
                self._remark(self.owner.mapping.header("", "silo"), text, reason, serious=True)
            elif silo not in found:
                found.append(silo)
        return found

    def _give_silos(self, organization: Ref, silos: list[int]) -> None:
        """Remember the silos of the row; the weights are known when the whole file is."""
        if not silos:
            return
        key = organization if organization.id is None else organization.id
        present = {self.known.record(share)["silo"] for share in self.known.shares.get(organization, ())}
        given = self.owner.given
        if present and key not in given and not self.owner.is_update:
            if not present.issuperset(silos):
                column = self.owner.mapping.header("", "silo")
                reason = "differs from what is known: it is in other silos already; kept"
                self._remark(column, ", ".join(self.row.silos), reason)
            return
        is_first = key not in given
        mine = given.setdefault(key, [])
        added = [silo for silo in silos if silo not in mine]
        mine += added
        if not present.issuperset(added) or (is_first and present != set(silos)):
            self.writer.wrote("", "silo")
            self.writer.wrote("silo")
