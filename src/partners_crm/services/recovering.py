"""Saving what is readable of a damaged coalition into a new one, and saying exactly what is missing.

A record is taken from its table and compared with what the journal says of it, whose values are known to be what was
written by their digests. Where the two differ, or the table lost it, the journal's is taken. The damaged file is read
as bytes and never written to.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from partners_crm.errors import PermissionRefused, SchemaTooNew, StoreDamaged, StoreUnavailable
from partners_crm.model import InstalledType, Setting, Table
from partners_crm.store import copying, files, past, record_types, replacing
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.files import side
from partners_crm.store.open import SCHEMA_VERSION, close_store, create_store
from partners_crm.store.past import Past, Told
from partners_crm.store.salvage import LARGEST_ID, Found, Shape, Wreck, fitted
from partners_crm.store.work import Changes, Source, changes

LEFTOVER = ".leftover.jsonl"
_FIRST: tuple[type[Table], ...] = (Setting, InstalledType)
"""What is recovered before it is known which entities there are."""
_LEAST_ROW = 40
"""Bytes of the shortest record: its uid and what stands before it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A record, or a link of one, that could not be recovered."""

    entity: str
    id: int
    uid: str
    """"" where it is not known."""
    title: str
    """What the record was called; "" where that is not known."""
    why: str


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of the records of one entity."""

    entity: str
    """Plural name."""
    found: int
    """Records taken from their table."""
    rebuilt: int
    """Records that were lost or altered in their table and were taken from the journal."""
    unproven: tuple[int, ...]
    """Ids of those among both for which nothing proves that this is how they were last."""
    lost: int
    """Records that are known to have existed and are not in the new coalition."""
    unknown: int
    """Numbers of which there is no trace: records that were deleted, or lost."""


@dataclass(frozen=True, slots=True)
class RecoverReport:
    """What was recovered and what is missing."""

    file: Path
    into: Path
    leftover: Path | None
    """Where what could be read and not be taken was written, a JSON object on each line; None when there was none."""
    operation: int
    """The operation that wrote the recovered records."""
    log: str
    """What lay beside the file and was read with it: "log", "journal" or nothing."""
    damaged_log: bool
    """Whether parts of that could not be read."""
    lacks_log: bool
    """Whether a log belongs to the file and was not there: it was copied without it."""
    pages: int
    unreadable_pages: int
    """Pages that are damaged, and pages that were cut off."""
    unreadable_rows: int
    """Rows that are damaged, of tables and of the journal, whether or not they were rebuilt."""
    unplaced_rows: int
    """Rows that could be read and whose table is not known."""
    entities: tuple[Salvaged, ...]
    lost: tuple[Missing, ...]
    cut_links: tuple[Missing, ...]
    """Links of recovered records that were cleared, for what they pointed to is lost."""
    operations: int
    """Operations of the journal that were found and are kept as history."""
    missing_operations: int
    altered_operations: tuple[int, ...]
    """Operations that were found, of which something is lost or altered."""
    changes: int
    """Changes of the journal that were found with their values."""
    missing_changes: int
    """Changes that are missing of operations that were found."""

    @property
    def records(self) -> int:
        """Records that were recovered."""
        return sum(each.found + each.rebuilt for each in self.entities)

    @property
    def is_whole(self) -> bool:
        """Whether everything was there, and is proven to be as it was."""
        gone = self.lost or self.cut_links or self.unplaced_rows or self.missing_operations or self.missing_changes
        doubts = self.altered_operations or self.damaged_log or self.lacks_log
        return not (gone or doubts or any(each.unproven or each.unknown for each in self.entities))


def recovered_name(damaged: Path) -> Path:
    """Where a damaged coalition is recovered into when nobody says: `coalition.recovered.db` beside it."""
    return damaged.with_name(f"{damaged.stem}.recovered{damaged.suffix or '.db'}")


def recover(damaged: Path, into: Path, *, by: str = "", clock: Clock = utc_now) -> RecoverReport:
    """Save what is readable of a damaged coalition, of any schema, into a new file.

    What could be read and not be taken is written beside the new file.

    Raises:
        ConfigError: a path is a URL.
        StoreUnavailable: there is no such file, or something lies where the new one should.
        StoreDamaged: nothing of it can be read, or it is a database of another program; no new file is left.
        SchemaTooNew: a newer version of the program wrote it.
        StoreLocked: a program has it open.
        PermissionRefused: a mode forbids reading it, or writing the new one.
    """
    files.refuse_url(damaged)
    files.refuse_url(into)
    damaged = damaged.resolve() if damaged.is_symlink() else damaged
    _check_file(damaged)
    leftover = side(into, LEFTOVER)
    for each in (into, leftover, *(side(into, suffix) for suffix in files.SIDES)):
        if os.path.lexists(each):
            raise StoreUnavailable(f"{each} exists already", "name another new file: --into FILE")
    draft, left = side(into, ".new"), _Leftover(side(leftover, ".new"))
    files.remove(draft)
    left.path.unlink(missing_ok=True)
    try:
        with replacing.alone(damaged), _opened(damaged) as wreck, copying.drafted(draft):
            _check_ours(wreck, damaged)
            report = _rescue(wreck, damaged, into, draft, left, by, clock)
            with replacing.as_it_is(draft):
                pass  # closing it leaves one file, to which no log belongs
            copying.check_copy(draft)
            left.finish(leftover)
            files.put_in_place(draft, into)
    finally:
        left.discard()
    return report


def _check_file(damaged: Path) -> None:
    found = files.stat_of(damaged)
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnavailable(f"{damaged} is no file", "name the file of a coalition")
    if not found.st_size:
        raise StoreDamaged(f"{damaged} is empty: nothing of it can be recovered", "restore a backup: partners restore")


def _opened(damaged: Path) -> Wreck:
    try:
        return Wreck(damaged)
    except PermissionError:
        raise PermissionRefused(f"{damaged} cannot be read", "give yourself permission to read it") from None
    except OSError as error:
        raise StoreUnavailable(f"{damaged} cannot be read: {error.strerror}", "look after the disk") from None


def _check_ours(wreck: Wreck, damaged: Path) -> None:
    if wreck.is_foreign:
        raise StoreDamaged(f"{damaged} is a database of another program", "name the file of a coalition")
    newest = wreck.newest_migration()
    if newest[:4].isdecimal() and int(newest[:4]) > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{damaged} was written by a newer version (schema {int(newest[:4])}, this program knows {SCHEMA_VERSION})",
            "update partners-crm",
        )


def _rescue(
    wreck: Wreck, damaged: Path, into: Path, draft: Path, left: _Leftover, by: str, clock: Clock
) -> RecoverReport:
    """Fill the draft, in one operation."""
    db = create_store(draft)
    try:
        source = Source(damaged.name, files.sha256_of(damaged))
        with changes(db, f"recover {damaged.name}", by=by, source=source, clock=clock) as unit:
            kept = past.keep(unit, wreck)
            wreck.settle(lambda entity, key, uid: past.knows(db, entity, key, uid))
            rescue = _Rescue(unit, wreck, kept, left)
            entities = rescue.everything()
            if not any(each.found + each.rebuilt for each in entities):
                raise StoreDamaged(
                    f"nothing of {damaged} can be read", "restore a backup: partners restore lists what there is"
                )
            unplaced = rescue.unplaced()
    finally:
        close_store(db)
    return RecoverReport(
        file=damaged,
        into=into,
        leftover=side(into, LEFTOVER) if left.lines else None,
        operation=unit.operation,
        log=wreck.pages.log,
        damaged_log=wreck.pages.damaged_log,
        lacks_log=wreck.pages.application == files.LOGGED_ID and not files.has_log(damaged),
        pages=wreck.pages.count,
        unreadable_pages=wreck.strange + wreck.pages.missing,
        unreadable_rows=rescue.unreadable + kept.stray,
        unplaced_rows=unplaced,
        entities=entities,
        lost=tuple(rescue.lost),
        cut_links=tuple(rescue.cut),
        operations=kept.operations,
        missing_operations=kept.missing,
        altered_operations=tuple(kept.altered),
        changes=kept.entries,
        missing_changes=kept.missing_entries,
    )


class _Leftover:
    """The file of what could be read and not be taken; it is made with its first line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._stream: Any = None

    def add(self, entity: str, key: int, why: str, values: Any) -> None:
        """Write a line; `values` are by field where they are those of an entity, else in the order they were read."""
        line = {"entity": entity, "id": key, "why": why, "values": values}
        with copying.writing_to(self.path):
            if self._stream is None:
                descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
                self._stream = os.fdopen(descriptor, "w", encoding="utf-8")
            # Bytes that are no text become escapes in the line.
            self._stream.write(json.dumps(line, default=lambda value: f"0x{value.hex()}") + "\n")
        self.lines += 1

    def finish(self, path: Path) -> None:
        """Give the file its name, when there is one."""
        if self._stream is not None:
            with copying.writing_to(self.path):
                self._stream.close()
            files.sync(self.path)
            files.put_in_place(self.path, path)

    def discard(self) -> None:
        """Delete what was not finished."""
        if self._stream is not None:
            with suppress(OSError):  # a full disk, which was said already
                self._stream.close()
            self.path.unlink(missing_ok=True)


class _Kept(NamedTuple):
    """A record that is taken."""

    values: dict[str, Any]
    is_rebuilt: bool = False
    is_proven: bool = True


@dataclass(slots=True)
class _Read:
    """What stands in the table of one entity."""

    rows: dict[int, list[Found]] = field(default_factory=dict)
    """Those that are what the table declares, by id, those of its tree first."""
    damaged: dict[int, Found] = field(default_factory=dict)
    """Those that are not."""
    is_whole: bool = True
    """Whether no row of it can be missing."""


class _Rescue:
    """The records of a wreck, written into a new coalition entity by entity: after what they point to."""

    def __init__(self, unit: Changes, wreck: Wreck, journal: Past, left: _Leftover) -> None:
        self.unit = unit
        self.wreck = wreck
        self.journal = journal
        self.left = left
        self.lost: list[Missing] = []
        self.cut: list[Missing] = []
        self.unreadable = 0
        self._present: dict[type[Table], set[int]] = {}
        self._look_at_unplaced()

    def _look_at_unplaced(self) -> None:
        # A uid stands in the column after the id.
        rows = (row for row in self.wreck.unplaced() if row and len(row.values) > 2 and isinstance(row.values[1], str))
        self._unplaced = {row.values[1]: row for row in rows if len(row.values[1]) == 32}

    def everything(self) -> tuple[Salvaged, ...]:
        """Recover the records of every entity: first the record types of plugins, from which follows what else is."""
        db, wreck, found = self.unit.db, self.wreck, dict[type[Table], Salvaged]()
        for table in _FIRST:
            found[table] = self.entity(table)
        types = record_types.settle(db)
        if types.installed:
            wreck.know(types.entities)
            wreck.settle(lambda entity, key, uid: past.knows(db, entity, key, uid))
            self._look_at_unplaced()
        for table in types.entities:
            if table not in found:
                found[table] = self.entity(table)
        return tuple(found[table] for table in types.entities)

    def entity(self, table: type[Table]) -> Salvaged:
        """Recover the records of an entity."""
        name, before = table.entity.key, len(self.lost)
        shape = self.wreck.shapes[name]
        read, told = self._read(name), past.told(self.unit.db, table, self.journal)
        kept = []
        for key in sorted(read.rows.keys() | told.keys()):
            found = self._decide(shape, key, read, told.get(key))
            if found is not None:
                kept.append(found)
            elif key in told and told[key].exists:
                self._give_up(table, key, read, told[key])
            else:
                self.unreadable += len(read.rows.get(key, ()))
        for key in sorted(read.damaged.keys() - read.rows.keys() - told.keys()):
            if not self.journal.is_whole:
                self._lose(table, key, None, read.damaged[key].raw, "its row is damaged")
        kept = self._linked(table, self._unique(table, kept))
        for each in kept:
            self.unit.restore(table, {**each.values, "version": self.unit.operation})
            self._unplaced.pop(each.values["uid"], None)
        rebuilt = sum(each.is_rebuilt for each in kept)
        return Salvaged(
            entity=table.entity.plural,
            found=len(kept) - rebuilt,
            rebuilt=rebuilt,
            unproven=tuple(each.values["id"] for each in kept if not each.is_proven),
            lost=len(self.lost) - before,
            unknown=self._unknown(read, {*read.rows, *told, *read.damaged}),
        )

    def unplaced(self) -> int:
        """How many rows could be read and are of no known table; they are written down."""
        for row in self._unplaced.values():
            self.left.add("", row.id, "its table is not known", row.values)
        return len(self._unplaced)

    # ---------------------------------------------------------------- one record

    def _read(self, name: str) -> _Read:
        read = _Read(is_whole=name in self.wreck.whole)
        for row in self.wreck.rows(name):
            if row.values is not None:
                read.rows.setdefault(row.id, []).append(row)
                continue
            read.is_whole = False
            self.unreadable += 1
            if 0 < row.id < LARGEST_ID:
                read.damaged.setdefault(row.id, row)
        return read

    def _decide(self, shape: Shape, key: int, read: _Read, told: Told | None) -> _Kept | None:
        """The record of an id as it was, as far as that can be known; None where there is none."""
        rows = [row.values for row in read.rows.get(key, ()) if row.values is not None]
        # Of two rows with one id the one that the tree leads to stands first, and counts; else the later one.
        strays = [row.values for row in read.rows.get(key, ()) if row.values is not None and row.in_tree] or rows
        row = max(strays, key=lambda values: int(values["version"]), default=None)
        if told is None or not told.exists:
            surely_not = self.journal.is_whole if told is None else told.sure
            return None if surely_not or row is None else _Kept(row, is_proven=False)
        known = told.record(shape, key)
        if known is None:
            return None if row is None else _Kept(_corrected(shape, row, told.values), is_proven=False)
        same = any((each["version"], each["uid"]) == (known["version"], known["uid"]) for each in rows)
        if told.sure or known in rows or (same and self.journal.is_last_of_version(told)):
            return _Kept(known, is_rebuilt=known not in rows)
        if row is not None and row["uid"] == known["uid"]:
            return _Kept(row, is_proven=False)
        # It may have been deleted by an operation that is lost: where its table is whole, it was.
        return None if read.is_whole else _Kept(known, is_rebuilt=True, is_proven=False)

    def _give_up(self, table: type[Table], key: int, read: _Read, told: Told) -> None:
        """Write down that a record of the journal is no longer there."""
        if read.is_whole:
            self.unit.lose(table, key, told.values or None)
            return
        damaged = read.damaged.get(key)
        self._lose(table, key, told.values, damaged.raw if damaged else None, "its row is lost")

    def _lose(self, table: type[Table], key: int, values: Mapping[str, Any] | None, raw: Any, why: str) -> None:
        known = values or {}
        title = known.get(table.entity.title) or ""
        self.lost.append(Missing(table.entity.name, key, str(known.get("uid") or ""), str(title), why))
        self.unit.lose(table, key, known or None)
        for each in (known, raw):
            if each:
                self.left.add(table.entity.name, key, why, each)

    # ---------------------------------------------------------------- the records of an entity together

    def _unique(self, table: type[Table], kept: list[_Kept]) -> list[_Kept]:
        """Those whose values nobody else has where only one can have them; what is proven goes first."""
        names = [name for name, each in table._meta.fields.items() if each.unique and name != "id"]
        seen: set[tuple[str, Any]] = set()
        taken = []
        for each in sorted(kept, key=lambda one: not one.is_proven):
            values = {(name, each.values[name]) for name in names}
            if values & seen:
                ((name, _), *_) = sorted(values & seen)
                self._leave_out(table, each, f"another has its {name}")
            else:
                seen |= values
                taken.append(each)
        return sorted(taken, key=lambda one: int(one.values["id"]))

    def _linked(self, table: type[Table], kept: list[_Kept]) -> list[_Kept]:
        """Those whose required links lead somewhere; the others' links are cleared where they do not."""
        required = {name: target for name, target in table.links().items() if table.declarations()[name].required}
        whole = []
        for each in kept:
            gone = [name for name, target in required.items() if each.values[name] not in self._present[target]]
            if gone:
                label = table.declarations()[gone[0]].label.lower()
                self._leave_out(table, each, f"its {label} {each.values[gone[0]]} is lost")
            else:
                whole.append(each)
        self._present[table] = {each.values["id"] for each in whole}
        return [self._cleared(table, each) for each in whole]

    def _cleared(self, table: type[Table], each: _Kept) -> _Kept:
        values = each.values
        for name, target in table.links().items():
            if values[name] is not None and values[name] not in self._present[target]:
                why = f"its {table.declarations()[name].label.lower()} {values[name]} is lost"
                self.cut.append(_missing(table, values, why))
                values = {**values, name: None}
        return each._replace(values=values)

    def _leave_out(self, table: type[Table], each: _Kept, why: str) -> None:
        self.lost.append(_missing(table, each.values, why))
        self.unit.lose(table, each.values["id"], each.values)
        self.left.add(table.entity.name, each.values["id"], why, each.values)

    def _unknown(self, read: _Read, ids: Iterable[int]) -> int:
        """How many numbers below the highest one have no record and are not in the journal."""
        if read.is_whole or self.journal.is_whole:
            return 0
        # A gap wider than the file could have rows is no gap: the number after it was read wrongly.
        most = self.wreck.pages.count * self.wreck.pages.page_size // _LEAST_ROW
        before, count = 0, 0
        for key in sorted(ids):
            if key - before - 1 <= most:
                count += key - before - 1
            before = key
        return count


def _corrected(shape: Shape, row: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """A row with what little is known of it for certain, where that is of the same version."""
    if known.get("version") != row["version"]:
        return row
    return fitted(shape, {**row, **known}) or row


def _missing(table: type[Table], values: Mapping[str, Any], why: str) -> Missing:
    title = str(values.get(table.entity.title) or "")
    return Missing(table.entity.name, values["id"], values["uid"], title, why)
