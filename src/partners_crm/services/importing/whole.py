"""Loading a whole coalition that `export --all` wrote, into an empty coalition or into one that has records.

A record is found by its uid, else by what only one record can have (`NATURAL`). In a coalition without records of its
own the file takes the place of what the set-up wrote: those records take over the file's uids and values, and what the
file does not have is removed; exported again, the coalition gives the same bytes. Computed values are taken from the
file as they are. It is one operation, undone like any other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from partners_crm.errors import ConfigError, FileRefused, InvalidValue, PartnersError
from partners_crm.model import (
    ENTITIES,
    ContactPoint,
    CustomField,
    CustomValue,
    District,
    DistrictMap,
    InstalledType,
    MapFigure,
    Posture,
    Rule,
    Seat,
    Setting,
    Silo,
    SiloShare,
    Site,
    Snapshot,
    Table,
    Tag,
    Tagging,
)
from partners_crm.normalize.text import fold
from partners_crm.services import marks, placing, records, rules
from partners_crm.services.importing.whole_lines import (
    Entry,
    Progress,
    WholeFile,
    read_whole,
    records_of,
)
from partners_crm.services.rows import Problem, Refusal
from partners_crm.store import record_types
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.maps import setting
from partners_crm.store.merges import all_survivors
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, by_ids, tuples
from partners_crm.store.work import Changes, Source, changes

__all__ = ["EntityRows", "Policy", "WholeReport", "load_whole"]

Policy = Literal["skip", "fill", "update", "create"]
NATURAL: Mapping[type[Table], tuple[str, ...]] = {
    Silo: ("code",),
    DistrictMap: ("code",),
    MapFigure: ("map",),
    District: ("map", "chamber", "number"),
    Seat: ("state", "chamber", "number"),
    SiloShare: ("organization", "silo"),
    Tag: ("name",),
    Tagging: ("tag", "organization", "contact"),
    CustomField: ("key",),
    CustomValue: ("field", "organization", "contact", "site"),
    Rule: ("name",),
    Snapshot: ("name",),
    InstalledType: ("name",),
}
"""The fields that tell one record of an entity from all others, beside its uid."""
SET_UP: tuple[type[Table], ...] = (Setting, Silo, DistrictMap, MapFigure, District, Seat)
"""What a new coalition has from its first operation, or by installing maps: nobody's own records."""
ONLY_YES = frozenset({"do_not_contact"})
"""Flags that no file takes back."""
_TOGETHER = 5000
"""Records that are inserted in one go."""


@dataclass(frozen=True, slots=True)
class EntityRows:
    """What became of the lines of one entity."""

    entity: str
    """Plural name; "" for lines of which nobody can say what they are."""
    new: int
    changed: int
    same: int
    rejected: int


@dataclass(frozen=True, slots=True)
class WholeReport:
    """What a loading did; rows = new + changed + same + rejected."""

    file: str
    sha256: str
    rows: int
    new: int
    changed: int
    same: int
    rejected: int
    removed: int
    """Records of the set-up that the file does not have."""
    left_out: int
    """Lines of the journal: they are for people to read."""
    entities: tuple[EntityRows, ...]
    problems: tuple[Problem, ...]
    """Why lines were rejected."""
    remarks: tuple[Problem, ...]
    """What is to be said of lines that were taken, and of the file."""
    operation: int | None
    preview: bool


def load_whole(
    db: Handle,
    path: Path,
    *,
    policy: Policy = "fill",
    preview: bool = False,
    by: str = "",
    clock: Clock = utc_now,
    progress: Progress | None = None,
) -> WholeReport:
    """Load a file of `export --all`; a preview does the same and rolls back.

    Of known records `skip` and `create` leave everything as it is but the mark "do not contact", `fill` fills what is
    empty, and `update` takes the file's values. `progress` is told lines done and lines in all, 0 while they are not
    counted yet.

    Raises:
        FileRefused: a fault of the file, or it is of a coalition in another state; nothing was written.
        ConfigError: the policy is none, or the path is a URL.
    """
    if policy not in get_args(Policy):
        raise ConfigError(f"there is no policy {policy}", f"one of: {', '.join(get_args(Policy))}")
    whole = read_whole(path, progress, db)
    state = setting(db, "state")
    if other := sorted(whole.states - {state}):
        raise FileRefused(
            f"{path}: is of a coalition in {', '.join(other)}, this one is in {state}",
            f"create one there: partners init --state {other[0]}",
        )
    source = Source(path.name, whole.sha256)
    with changes(db, f"import {path.name}", by=by, source=source, clock=clock, keep=not preview) as unit:
        load = _Load(unit, whole, policy)
        load.run(progress)
        operation = unit.operation if unit.count and not preview else None
        if load.problems:
            unit.keep_source_rows(load.rejected_rows())
    return load.report(operation, preview)


class _Load:
    """One loading, under the lock."""

    def __init__(self, unit: Changes, whole: WholeFile, policy: Policy) -> None:
        self.unit = unit
        self.whole = whole
        self.policy = policy
        self.problems = dict(whole.problems)
        self.remarks: list[Problem] = []
        self._texts = dict(whole.rejected)
        db = unit.db
        self._ids: dict[type[Table], dict[str, int]] = {
            table: dict(tuples(db, table.select(table.uid, table.id))) for table in db.entities
        }
        """Of every record by uid: those that are there, then those of the file."""
        self._old = {table: set(ids.values()) for table, ids in self._ids.items() if ids}
        self.takes_over = not any(
            ids for table, ids in self._ids.items() if table not in SET_UP and table is not InstalledType
        )
        """Whether the coalition has no records of its own."""
        self._merged = set() if self.takes_over else self._know_merged()
        """Of records that were merged into others, (entity, uid): what they said was judged then."""
        self._natural: dict[type[Table], dict[tuple[Any, ...], int]] = {}
        self._taken: dict[type[Table], set[Any]] = {}
        """What new records of the file have that only one record can have."""
        self._met: dict[type[Table], set[int]] = {}
        """Records of the set-up that are in the file."""
        self._waiting: dict[tuple[type[Table], str], list[Entry]] = {}
        """Entries that link to a record of a later line, by it."""
        self._counts: dict[type[Table], list[int]] = {}
        self._indexes: list[Any] | None = None
        self._suppressed = marks.suppressed_mails(db)
        """Mail addresses that were suppressed before."""
        self._brings_marks = False
        """Whether a line of the file says of somebody: do not contact."""
        self._mails: set[int] = set()
        """Contact points of the file with a mail address that were not there."""
        self.removed = 0
        self._entities = db.entities

    def _know_merged(self) -> set[tuple[type[Table], str]]:
        """Let the uids of merged records lead to those they went into."""
        found = set()
        for entity, kept in all_survivors(self.unit.db).items():
            table = self.unit.db.by_name[entity]
            ids, there = self._ids[table], self._old.get(table, set())
            for uid, key in kept.items():
                if uid not in ids and key in there:
                    ids[uid] = key
                    found.add((table, uid))
        return found

    def run(self, progress: Progress | None) -> None:
        """Take every record of the file: record types first, from which follows what entities there are."""
        self._take_released(list(self.whole.declared.values()))
        if self.whole.declared:
            self._settle_types()
        entries = (entry for entry in records_of(self.whole) if entry.table is not InstalledType)
        entry = next(entries, None)
        while entry is not None:
            released: list[Entry] = []
            with self.unit.together():
                # What is inserted together cannot be asked for: a block ends with its entity, and who waited for one
                # of its records waits for its end.
                table, left = entry.table, _TOGETHER
                while entry is not None and entry.table is table and left:
                    released += self._take_or_hold(entry)
                    left -= 1
                    entry = next(entries, None)
                    if progress is not None and entry is not None and entry.line % 1000 == 0:
                        progress(entry.line, self.whole.lines)
            self._take_released(released)
        self._break_circles()
        if not self.takes_over:
            self._suppress()
        if self.takes_over and self.whole.is_complete and not self.problems:
            self._remove_others()
        if not self.whole.is_complete:
            self._remark_missing()
        if progress is not None:
            progress(self.whole.lines, self.whole.lines)

    def _settle_types(self) -> None:
        """Make the tables of the record types that were taken."""
        db = self.unit.db
        self._entities = record_types.settle(db).entities
        for table in self._entities[len(ENTITIES) :]:
            if table not in self._ids:
                self._ids[table] = dict(tuples(db, table.select(table.uid, table.id)))
                self._old[table] = set(self._ids[table].values())

    # ---------------------------------------------------------------- one record

    def _take_released(self, entries: list[Entry]) -> None:
        """Take records whose waiting may be over, and in turn those that waited for them."""
        queue = deque(entries)
        while queue:
            queue.extend(self._take_or_hold(queue.popleft()))

    def _take_or_hold(self, entry: Entry) -> list[Entry]:
        """Take a record, or hold it until what it links to is there; gives what waited for it."""
        try:
            if entry.table not in self._ids:
                raise Refusal("entity", entry.table.entity.name, "is a record type whose line was rejected")
            target = self._not_yet(entry)
            if target is not None:
                self._waiting.setdefault(target, []).append(entry)
                return []
            self._take(entry)
        except Refusal as refusal:
            self._reject(entry, refusal)
        return self._waiting.pop((entry.table, entry.uid), [])

    def _not_yet(self, entry: Entry) -> tuple[type[Table], str] | None:
        """What the entry links to and is still to come.

        Raises:
            Refusal: it links to nothing.
        """
        for name, target, uid in self._open_links(entry):
            if uid not in self.whole.uids.get(target, ()):
                raise Refusal(name, uid, f"is the uid of no {target.entity.name.replace('_', ' ')}")
            return target, uid
        return None

    def _take(self, entry: Entry) -> None:
        table, unit = entry.table, self.unit
        values = self._linked(entry)
        self._brings_marks = self._brings_marks or bool(values.get("do_not_contact"))
        key = self._ids[table].get(entry.uid)
        by_uid = key is not None
        if key is None and table in NATURAL:
            key = self._natural_ids(table).get(self._natural_key(table, values))
        counts = self._counts.setdefault(table, [0, 0, 0])
        if key is None:
            full = {**_defaults(table), **values}
            self._check(table, full, set(full), None)
            self._refuse_taken(table, full)
            key = unit.insert(table, {"uid": entry.uid, **full}).id
            counts[0] += 1
            if table is ContactPoint and full["kind"] == "email":
                self._mails.add(key)
        else:
            changed = self._change(entry, values, key, by_uid)
            counts[1 if changed else 2] += 1
            self._met.setdefault(table, set()).add(key)
        self._ids[table][entry.uid] = key

    def _change(self, entry: Entry, values: Mapping[str, Any], key: int, by_uid: bool) -> bool:
        table, unit = entry.table, self.unit
        row = unit.current(table, key)
        if row is None:
            raise Refusal("uid", entry.uid, "was deleted meanwhile")
        chosen = self._chosen(table, row, values, policy="skip" if (table, entry.uid) in self._merged else self.policy)
        if table is InstalledType:
            # What it is called is settled; what the file knows beyond it comes along, whatever the policy.
            chosen = {name: values[name] for name in ("declaration",) if values[name] != row[name]}
        if chosen:
            self._check(table, {**row, **chosen}, set(chosen), key)
        if self.takes_over and not by_uid and key in self._old.get(table, ()):
            chosen["uid"] = entry.uid
        if chosen:
            unit.update(table.sealed(row), **chosen)
        return bool(chosen)

    def _chosen(
        self, table: type[Table], row: Mapping[str, Any], values: Mapping[str, Any], policy: Policy
    ) -> dict[str, Any]:
        """What of the file's values a known record takes."""
        if policy in {"skip", "create"} and not self.takes_over:
            return {name: True for name in ONLY_YES & values.keys() if values[name] and not row[name]}
        wins = self.takes_over or policy == "update"
        chosen: dict[str, Any] = {}
        for name, value in values.items():
            if value == row[name] or (name in ONLY_YES and not value):
                continue
            if wins or name in ONLY_YES or row[name] in ("", None):
                chosen[name] = value
        if not wins:
            declared = table.declarations()
            derived = {name for name in chosen if declared[name].derived}
            # What was understood belongs to what was typed: it is filled only where that is the same.
            if derived and any(
                value != chosen.get(name, row[name]) for name, value in values.items() if not declared[name].derived
            ):
                chosen = {name: value for name, value in chosen.items() if name not in derived}
        return chosen

    def _linked(self, entry: Entry) -> dict[str, Any]:
        """The values with the ids of their targets; of what never came, None."""
        values = dict(entry.values)
        for name, target in entry.table.links().items():
            if (uid := values.get(name)) is not None:
                values[name] = self._ids[target].get(uid)
        return values

    def _check(self, table: type[Table], values: Mapping[str, Any], given: set[str], key: int | None) -> None:
        point = {"latitude", "longitude"}
        try:
            if table is Tag:
                return  # its one rule is its natural key
            if table is Posture:
                return  # an organization that had one may be of another kind by now
            rules.check(self.unit.db, table, values, given - point if table is Site else given, key)
            if table is Site and given & point:
                self._check_point(values)
            since, until = values.get("since"), values.get("until")
            if since and until and (reason := records.ends_before(since, until)):
                raise InvalidValue("Until", until, reason)
        except PartnersError as error:
            column, value = (error.field, str(error.value)) if isinstance(error, InvalidValue) else ("", "")
            reason = error.reason if isinstance(error, InvalidValue) else error.message
            raise Refusal(column, value, reason, error.hint) from None

    def _check_point(self, values: Mapping[str, Any]) -> None:
        latitude, longitude = values.get("latitude"), values.get("longitude")
        if (latitude is None) != (longitude is None):
            raise InvalidValue("Latitude and longitude", "", "belong together")
        if latitude is None or longitude is None:
            return
        if self._indexes is None:
            # Reading them for each site would take longer than everything else.
            self._indexes = placing.indexes(self.unit.db)
        _, mistaken, reason = placing.look_outside(latitude, longitude, self._indexes)
        if mistaken:
            raise InvalidValue("Latitude, longitude", f"{latitude:g}, {longitude:g}", reason)

    # ---------------------------------------------------------------- what only one record can have

    def _natural_key(self, table: type[Table], values: Mapping[str, Any]) -> tuple[Any, ...]:
        if table is Tag:
            return (fold(values["name"]),)
        return tuple(values.get(name) for name in NATURAL[table])

    def _natural_ids(self, table: type[Table]) -> dict[tuple[Any, ...], int]:
        """The records that were there, by what only one can have."""
        found = self._natural.get(table)
        if found is None:
            names = NATURAL[table]
            found = self._natural[table] = {}
            columns = [table._meta.fields[name] for name in names]
            for key, *row in tuples(self.unit.db, table.select(table.id, *columns)):
                if key in self._old.get(table, ()):
                    found.setdefault(self._natural_key(table, dict(zip(names, row, strict=True))), key)
        return found

    def _refuse_taken(self, table: type[Table], values: Mapping[str, Any]) -> None:
        """Refuse a value that only one record can have and an earlier line has; the database is not asked yet."""
        for name in NATURAL.get(table, ()):
            if table._meta.fields[name].unique:
                taken = self._taken.setdefault(table, set())
                if values[name] in taken:
                    raise Refusal(name, values[name], "stands in an earlier line already")
                taken.add(values[name])

    # ---------------------------------------------------------------- the end

    def _break_circles(self) -> None:
        """Take records that link to each other in a circle: one without its link first, which it gets in the end."""
        cut: list[Entry] = []
        while left := self._left():
            if self._reject_cut_off(left):
                continue
            # Some links of some record in the circle are not required, or the declarations allow no such record. What
            # nobody waits for is in no circle.
            waited_for = [each for each in left.values() if self._waiting.get((each.table, each.uid))]
            entry = next((each for each in waited_for if self._can_be_cut(each)), None)
            if entry is None:
                for entry in left.values():
                    self._reject(entry, Refusal("", "", "cannot be without a record that cannot be without it"))
                self._waiting.clear()
                break
            self._forget({entry.line})
            try:
                self._take(entry)
                cut.append(entry)
            except Refusal as refusal:
                self._reject(entry, refusal)
            self._take_released(self._waiting.pop((entry.table, entry.uid), []))
        for entry in cut:
            self._link(entry)

    def _left(self) -> dict[int, Entry]:
        """Entries that wait for another one, by line."""
        found = {entry.line: entry for entry in chain.from_iterable(self._waiting.values())}
        return dict(sorted(found.items()))

    def _forget(self, lines: Set[int]) -> None:
        for target, waiters in list(self._waiting.items()):
            self._waiting[target] = [each for each in waiters if each.line not in lines]

    def _open_links(self, entry: Entry) -> Iterator[tuple[str, type[Table], str]]:
        """(field, entity, uid) of the links to what is not there yet."""
        for name, target in entry.table.links().items():
            uid = entry.values.get(name)
            if uid is not None and uid not in self._ids[target]:
                yield name, target, uid

    def _can_be_cut(self, entry: Entry) -> bool:
        """Whether something waits for a record that can be there without its links; else it is in no circle."""
        declared = entry.table.declarations()
        is_awaited = bool(self._waiting.get((entry.table, entry.uid)))
        return is_awaited and not any(declared[name].required for name, _, _ in self._open_links(entry))

    def _reject_cut_off(self, left: Mapping[int, Entry]) -> bool:
        """Reject what links to a rejected line; whether there was any."""
        coming = {(entry.table, entry.uid) for entry in left.values()}
        gone = set()
        for entry in left.values():
            for name, target, uid in self._open_links(entry):
                if (target, uid) not in coming:
                    self._reject(entry, Refusal(name, uid, "links to a line that was rejected"))
                    gone.add(entry.line)
                    break
        self._forget(gone)
        return bool(gone)

    def _link(self, entry: Entry) -> None:
        record = by_id(self.unit.db, entry.table, self._ids[entry.table][entry.uid])
        for name, key in self._linked(entry).items():
            if name in entry.table.links() and record[name] is None and key is not None:
                try:
                    self._check(entry.table, {**record.stored(), name: key}, {name}, record.id)
                    record = self.unit.update(record, **{name: key})
                except Refusal as refusal:
                    self.remarks.append(refusal.at(entry.line))

    def _suppress(self) -> None:
        """Mark the mail addresses that came in and are suppressed, and those that were open and are so by the file."""
        if not (self._mails or self._brings_marks):
            return
        db = self.unit.db
        now = marks.suppressed_mails(db)
        fresh = now - self._suppressed
        columns = ContactPoint.select(ContactPoint.id, ContactPoint.value)
        query = columns.where(~ContactPoint.do_not_contact & (ContactPoint.kind == "email"))
        found = [
            key
            for key, value in tuples(db, query)
            if value.lower() in fresh or (key in self._mails and value.lower() in now)
        ]
        for point in by_ids(db, ContactPoint, found).values():
            self.unit.update(point, do_not_contact=True)

    def _remove_others(self) -> None:
        """Remove what the set-up wrote and nobody changed since, where the file does not have it."""
        for table in reversed(SET_UP):
            if table is Setting:
                continue
            there = (self.unit.current(table, key) for key in sorted(self._old.get(table, set()) - self._met_of(table)))
            # Removing one may change another that links to it.
            untouched = [table.sealed(row) for row in there if row is not None and row["version"] == 1]
            for record in untouched:
                if self.unit.current(table, record.id) is not None:
                    records.remove(self.unit, record)
                    self.removed += 1

    def _met_of(self, table: type[Table]) -> set[int]:
        return self._met.get(table, set())

    def _remark_missing(self) -> None:
        for plural, number in self.whole.entities.items():
            found = self.whole.found.get(plural, 0) + sum(
                1 for entity, _ in self.whole.rejected.values() if entity and self.whole.types.plural(entity) == plural
            )
            if found < number:
                words = plural.replace("_", " ")
                reason = f"tells of {number:,} {words}, and {found:,} lines are such"
                self.remarks.append(Problem(1, "entities", "", reason, "the file may be cut; export it again"))

    def _reject(self, entry: Entry, refusal: Refusal) -> None:
        self.problems[entry.line] = refusal.at(entry.line)
        self._texts[entry.line] = (entry.table.entity.name, "")

    def rejected_rows(self) -> Iterator[tuple[int, str, str, None, dict[str, str], None]]:
        """The rejected lines as the journal keeps them."""
        texts = {line: text for line, (_, text) in self._texts.items() if text}
        if missing := self.problems.keys() - texts.keys():
            texts |= _texts_of(self.whole.path, missing)
        for line, problem in sorted(self.problems.items()):
            yield line, "rejected", problem.described(self.whole.path.name), None, {"line": texts.get(line, "")}, None

    def report(self, operation: int | None, preview: bool) -> WholeReport:
        """What was done."""
        rejected: dict[str, int] = {}
        for line in self.problems:
            entity = self._texts[line][0]
            rejected[entity] = rejected.get(entity, 0) + 1
        entities = []
        for table in self._entities:
            if table in self._counts or table.entity.name in rejected:
                new, changed, same = self._counts.get(table, [0, 0, 0])
                number = rejected.get(table.entity.name, 0)
                entities.append(EntityRows(table.entity.plural, new, changed, same, number))
        if "" in rejected:
            entities.append(EntityRows("", 0, 0, 0, rejected[""]))
        new, changed, same = (sum(getattr(each, name) for each in entities) for name in ("new", "changed", "same"))
        return WholeReport(
            file=str(self.whole.path),
            sha256=self.whole.sha256,
            rows=new + changed + same + len(self.problems),
            new=new,
            changed=changed,
            same=same,
            rejected=len(self.problems),
            removed=self.removed,
            left_out=self.whole.journal,
            entities=tuple(entities),
            problems=tuple(self.problems[line] for line in sorted(self.problems)),
            remarks=tuple(self.remarks),
            operation=operation,
            preview=preview,
        )


def _texts_of(path: Path, lines: Set[int]) -> dict[int, str]:
    with path.open("rb") as stream:
        return {
            number: text[:65_536].decode("utf-8", "replace") for number, text in enumerate(stream, 1) if number in lines
        }


def _defaults(table: type[Table]) -> dict[str, Any]:
    return {name: table._meta.fields[name].default for name in table.declarations()}
