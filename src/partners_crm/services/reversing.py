"""Reversing the changes of an operation, the last one first; in bulk where nothing stands in the way.

A batch of the journal is reversed table by table: first what was deleted comes back, then what was updated is put
back, then what was inserted goes; each in such an order of tables that a record comes after what it points to and
goes before it. The order of the operation itself is not needed for that, with three exceptions, which are reversed one
at a time in their place: records that the operation changed more than once, records of tables in which a name is given
only once, and everything that is not as the operation left it.

Where a record points to one that the operation itself made later (a division before its parent, in a file that was
loaded), it is relied upon that the other goes, or comes, as well. If it does not, everything is rolled back and done
again, one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from partners_crm.errors import Conflict
from partners_crm.model import InstalledType, Table
from partners_crm.services.records import links_to
from partners_crm.store import journal, record_types
from partners_crm.store.journal import RawChange, Recorded
from partners_crm.store.rows import as_named
from partners_crm.store.work import Changes

Key = tuple[type[Table], int]
_TURN = {"delete": 0, "update": 1, "insert": 2}
"""In which order the actions of a batch are reversed."""


class OutOfOrder(Exception):
    """A record that was relied upon did not go, or come: nothing of this attempt may be kept."""


class Reversal:
    """One attempt to take an operation back in the open unit of work."""

    def __init__(
        self,
        unit: Changes,
        number: int,
        kept: list[str],
        refused: list[str],
        dropped: set[tuple[str, int]],
        *,
        careful: bool,
    ) -> None:
        self.unit = unit
        self.number = number
        self.kept = kept
        self.refused = refused
        self.touched = 0
        """Records that are as they were before, or nearly so."""
        self._dropped = dropped
        self._careful = careful
        """Whether everything is reversed one at a time, and nothing is relied upon."""
        self._several = journal.touched_twice(unit.db, number)
        """The records that the operation changed more than once."""
        self._counted: set[tuple[str, int]] = set()
        """Those of them that are in `touched`."""
        self._left: set[Key] = set()
        """Records that were looked at and did not go, or come."""
        self._relied_upon: set[Key] = set()
        self._is_exact = record_types.is_installation(unit.db, number)
        """Whether it is taken back whole, or not at all."""
        self._look_up()

    def _look_up(self) -> None:
        """Look up what there is: an operation that installed a record type, or dropped one, changes that on its way."""
        db = self.unit.db
        self._tables = db.types.by_key
        self._place = {table: place for place, table in enumerate(db.entities)}
        self._singles = _named_once(db.entities)

    def run(self) -> None:
        """Reverse every change, as far as that is possible.

        Raises:
            OutOfOrder: to be tried again with `careful`.
            Conflict: it changed record types of a plugin, and something stands in the way.
        """
        for batch in journal.newest_first(self.unit.db, self.number):
            if not self._several and self._is_plain(batch):
                self._reverse_batch(batch)
                continue
            for is_single, some in groupby(batch, self._is_single):
                if is_single:
                    for raw in some:
                        self._reverse(raw)
                else:
                    self._reverse_batch(some)
        if self._relied_upon:
            raise OutOfOrder

    def _is_single(self, raw: RawChange) -> bool:
        return (raw[1], raw[2]) in self._several or not self._is_plain([raw])

    def _is_plain(self, changes: list[RawChange]) -> bool:
        """Whether the order of these changes does not matter, and they are as they were written."""
        entities = {raw[1] for raw in changes}
        if not entities <= self._tables.keys():
            return False
        return not self._careful and self._singles.isdisjoint(entities) and journal.are_unspoilt(changes)

    # ---------------------------------------------------------------- in bulk

    def _reverse_batch(self, changes: Iterable[RawChange]) -> None:
        groups: dict[tuple[str, str], list[RawChange]] = {}
        for raw in changes:
            groups.setdefault((raw[3], raw[1]), []).append(raw)

        def place(group: tuple[str, str]) -> tuple[int, int]:
            action, entity = group
            here = self._place[self._tables[entity]]
            return _TURN[action], -here if action == "insert" else here

        for action, entity in sorted(groups, key=place):
            group = groups[action, entity]
            if self._dropped:
                group = [raw for raw in group if (entity, raw[2]) not in self._dropped]
            if group:
                work = {"delete": self._bring_back_many, "update": self._put_back_many, "insert": self._take_out_many}
                rest = work[action](self._tables[entity], group)
                self.touched += len(group) - len(rest)
                for raw in rest:
                    self._reverse(raw)

    def _take_out_many(self, table: type[Table], group: list[RawChange]) -> list[RawChange]:
        """Delete what was inserted and stands as it was; gives the rest."""
        unit, ids = self.unit, [raw[2] for raw in group]
        if unit.stand_at(table, ids, self.number):
            going = set(ids)
        else:
            # What an undo had brought back has the version of then.
            versions = unit.versions(table, ids)
            going = {raw[2] for raw in group if versions.get(raw[2]) == journal.version_in(raw[5] or "")}
        edges = [
            (target, other, holder, version)
            for other, link, _ in links_to(unit.db, table)
            for target, holder, version in unit.holders(other, link, ids)
            if target in going
        ]
        if edges:
            going -= self._hanging(table, going, edges)
        chosen = [(raw[2], raw[5]) for raw in group if raw[2] in going and raw[5] is not None]
        if chosen:
            unit.remove_many(table, chosen)
            self._done(table, going)
        return [raw for raw in group if raw[2] not in going] if len(chosen) < len(group) else []

    def _hanging(self, table: type[Table], going: set[int], edges: list[tuple[int, type[Table], int, int]]) -> set[int]:
        """Of the records that could go, those that something hangs on which stays."""
        # Records that the operation inserted too, and that are still to be looked at: they are relied upon to go.
        later = self._expected("insert", {(other, key) for _, other, key, version in edges if version <= self.number})
        stay: set[int] = set()
        before = -1
        while len(stay) > before:
            before = len(stay)
            stay |= {
                target
                for target, other, holder, _ in edges
                if not ((other is table and holder in going and holder not in stay) or (other, holder) in later)
            }
        own = {(table, key) for key in going - stay}
        self._relied_upon |= {
            (other, holder) for target, other, holder, _ in edges if target not in stay and (other, holder) not in own
        }
        return stay

    def _bring_back_many(self, table: type[Table], group: list[RawChange]) -> list[RawChange]:
        """Insert what was deleted and whose links have their targets; gives the rest."""
        unit = self.unit
        there = unit.versions(table, [raw[2] for raw in group])
        names = set(table._meta.sorted_field_names)
        values = {raw[2]: _before(table, raw) for raw in group if raw[2] not in there}
        # A field that was added since has no value there: the careful path knows its default.
        values = {key: row for key, row in values.items() if row.keys() == names}
        values = self._with_targets(table, values, comes=True)
        chosen = [(values[raw[2]], raw[4]) for raw in group if raw[2] in values and raw[4] is not None]
        if chosen:
            try:
                unit.restore_many(table, chosen)
            except Conflict:
                raise OutOfOrder from None
            self._done(table, values)
        return [raw for raw in group if raw[2] not in values]

    def _put_back_many(self, table: type[Table], group: list[RawChange]) -> list[RawChange]:
        """Put back what stands as the operation left it; gives the rest."""
        unit = self.unit
        versions = unit.versions(table, [raw[2] for raw in group])
        clean = [raw for raw in group if versions.get(raw[2]) == journal.version_in(raw[5] or "")]
        values = self._with_targets(table, {raw[2]: _before(table, raw) for raw in clean}, comes=False)
        chosen = [
            (raw[2], values[raw[2]], raw[5], raw[4])
            for raw in clean
            if raw[2] in values and raw[4] is not None and raw[5] is not None
        ]
        if chosen:
            try:
                unit.put_back_many(table, chosen)
            except Conflict:
                raise OutOfOrder from None
        return [raw for raw in group if raw[2] not in values]

    def _with_targets(
        self, table: type[Table], values: dict[int, dict[str, Any]], *, comes: bool
    ) -> dict[int, dict[str, Any]]:
        """Those of the rows whose links point to what is there, or comes; `comes` says that the rows themselves do."""
        if table.entity.plugin:
            values = {key: row for key, row in values.items() if record_types.fits(table, row)}
        for link, target in table.links().items():
            wanted = {row[link] for row in values.values() if row.get(link) is not None}
            missing = wanted - self.unit.versions(target, sorted(wanted)).keys() if wanted else set()
            if not missing:
                continue
            later = self._expected("delete", {(target, key) for key in missing})
            own = set(values) if comes and target is table else set()
            self._relied_upon |= {(target, key) for key in missing if key in own or (target, key) in later}
            gone = {key for key in missing if key not in own and (target, key) not in later}
            values = {key: row for key, row in values.items() if row.get(link) not in gone}
        return values

    def _expected(self, action: str, keys: set[Key]) -> set[Key]:
        """Of these records those that the operation inserted, or deleted, and that nobody has looked at yet."""
        found: set[Key] = set()
        for table in {table for table, _ in keys}:
            ids = [key for other, key in keys if other is table and (table, key) not in self._left]
            found |= {
                (table, key) for key in journal.records_of(self.unit.db, self.number, table.entity.name, action, ids)
            }
        return found

    def _done(self, table: type[Table], ids: Iterable[int]) -> None:
        if self._relied_upon:
            self._relied_upon -= {(table, key) for key in ids}

    # ---------------------------------------------------------------- one at a time

    def _reverse(self, raw: RawChange) -> None:
        each = journal.recorded(self.unit.db, self.number, raw)
        key = (raw[1], each.record)
        if key in self._dropped:
            return
        table = self._tables.get(raw[1])
        if table is None:
            self.refused.append(f"{each.entity.replace('_', ' ')} {each.record}: its record type was deleted since")
            return
        before = self.unit.count
        try:
            if table is InstalledType:
                record_types.reverse(self.unit, each, lambda: self._reverse_one(table, each), exact=self._is_exact)
                self._look_up()
            else:
                self._reverse_one(table, each)
        except Conflict as error:
            if table is InstalledType and self._is_exact:
                raise
            self.refused.append(f"{each.entity} {each.record}: {error.message}")
        if self.unit.count > before:
            if key not in self._several:
                self.touched += 1
            elif key not in self._counted:
                self._counted.add(key)
                self.touched += 1
            if each.action != "update":
                self._done(table, [each.record])
        elif each.action != "update":
            if (table, each.record) in self._relied_upon:
                raise OutOfOrder
            self._left.add((table, each.record))

    def _reverse_one(self, table: type[Table], each: Recorded) -> None:
        name = f"{table.entity.name} {each.record}"
        if each.before is None and each.after is None:
            self.refused.append(f"{name}: its values were erased")
            return
        if table.entity.plugin and each.before and not record_types.fits(table, each.before):
            self.refused.append(f"{name}: a field of it holds another kind of values since")
            return
        current = self.unit.current(table, each.record)
        if each.action == "insert":
            self._take_out(table, each, current, name)
        elif each.action == "delete":
            self._bring_back(table, each, current, name)
        elif current is None:
            self.refused.append(f"{name}: was deleted since")
        else:
            self._put_back(table, each, current, name)

    def _take_out(self, table: type[Table], each: Recorded, current: dict[str, Any] | None, name: str) -> None:
        if current is None:
            self.kept.append(f"{name}: was deleted since")
            return
        called = f'{name} "{current.get(table.entity.title, "")}"' if table.entity.title else name
        if each.after is None or current["version"] != each.after["version"]:
            self.kept.append(f"{called}: was edited since")
            return
        for other, link, _ in links_to(self.unit.db, table):
            if hanging := self.unit.holding(other, link, each.record):
                words = f"1 {other.entity.name} was" if hanging == 1 else f"{hanging} {other.entity.plural} were"
                self.refused.append(f"{called}: {words.replace('_', ' ')} added to it since")
                return
        self.unit.remove(table, each.record)

    def _bring_back(self, table: type[Table], each: Recorded, current: dict[str, Any] | None, name: str) -> None:
        values = each.before or {}
        if current is not None:
            self.kept.append(f"{name}: exists again")
            return
        # Changes are reversed last first, so what was deleted along with this record, but after it, is back already.
        if gone := self._gone(table, each.record, values):
            self.refused.append(f"{name}: its {gone} was deleted since")
            return
        self.unit.restore(table, values)

    def _gone(self, table: type[Table], record: int, values: Mapping[str, Any]) -> str:
        """The label of a link whose target is no longer there, "" when all are."""
        for link, target in table.links().items():
            key = values.get(link)
            if key is not None and not (key == record and target is table) and self.unit.current(target, key) is None:
                return table.declarations()[link].label.lower()
        return ""

    def _put_back(self, table: type[Table], each: Recorded, current: dict[str, Any], name: str) -> None:
        before, after = each.before or {}, each.after or {}
        if gone := self._gone(table, each.record, before):
            self.refused.append(f"{name}: its {gone} was deleted since")
            return
        if current["version"] == after["version"]:
            self.unit.put_back(table, each.record, before)
            return
        labels = table.declarations()
        untouched = {key: old for key, old in before.items() if key != "version" and current[key] == after[key]}
        edited = [labels[key].label for key in before if key != "version" and key not in untouched]
        if untouched:
            self.unit.put_back(table, each.record, {**untouched, "version": self.unit.operation})
        if edited:
            self.kept.append(f"{name}: {', '.join(edited)} edited since")


def _before(table: type[Table], raw: RawChange) -> dict[str, Any]:
    """The values before a change, by the names that fields have now."""
    return as_named(table, json.loads(raw[4] or "{}"))


@cache
def _named_once(entities: tuple[type[Table], ...]) -> frozenset[str]:
    """The entities of which no two may have the same name, code or key: few records, whose order matters."""

    def has_one(table: type[Table]) -> bool:
        return any(each.unique and name != "uid" for name, each in table._meta.fields.items())

    return frozenset(table.entity.key for table in entities if has_one(table))
