"""What a plugin is given: questions about the coalition, the one way to write, its settings, and a word to the person.

Never a connection, a cursor or a widget. Records are sealed, containers are tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from partners_crm.errors import NotFound, PermissionRefused
from partners_crm.model import Table
from partners_crm.normalize.dates import Validity, covers
from partners_crm.plugins.wanted import Wanted
from partners_crm.services.listing import Listing, entity_of, no_words
from partners_crm.store import read
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.dense import among
from partners_crm.store.open import Handle

if TYPE_CHECKING:
    from partners_crm.store.queries.asked import Words

K = TypeVar("K")

Record = Table
"""A sealed record: `record.name`, `record["name"]`, `record.id`; a link is the id of what it points to."""


def _quiet(_text: str) -> None:
    """The word of a context that nobody listens to."""


def _is_there(_entity: str) -> bool:
    return False


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginContext:
    """One plugin's view of an open coalition on a day."""

    plugin: str
    """The name of the plugin."""
    today: date
    """The day where the coalition is."""
    as_of: date
    """The day that is asked about; mostly today."""
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The plugin's settings by name, secrets too."""
    data_dir: Path
    """A folder of its own for files that can be made again; it need not exist yet."""
    notify: Any = _quiet
    """`notify(text)`: a word to the person."""
    log: Any = _quiet
    """`log(text)`: a word to who traces."""
    show_private: bool = True
    """Whether what is for staff only may be shown: not on a shared screen."""
    _db: Handle | None = None
    _clock: Clock = utc_now
    _is_to_come: Callable[[str], bool] = _is_there
    """Whether an entity is declared by a plugin and not in the coalition yet: then it has no records."""
    _words: Words = no_words
    """The words that plugins bring to queries."""
    _bring: Callable[[], None] = _nothing
    """Brings the plugin's record types into the coalition, before something is written."""
    _requires: Callable[[], Set[str]] | None = None
    """The plugins whose record types it may write beside its own; None where that is not known: those of all."""
    _wanted: Wanted = field(default_factory=Wanted)
    """Whether somebody waits for the call that it was made for: nothing else may write."""

    # ---------------------------------------------------------------- reading
    #
    # A record type that nobody has written a record of yet is not in the coalition: it reads as empty.

    def records(self, entity: str, query: str = "") -> tuple[Record, ...]:
        """The records that a query means, in the order of their list.

        Raises:
            NotFound: there is no such entity.
            QueryError: the query names something unknown.
        """
        if self._is_to_come(entity):
            return ()
        table = self._table(entity)
        ids = self.ids(entity, query)
        found = read.by_ids(self._open, table, ids)
        return tuple(found[key] for key in ids)

    def ids(self, entity: str, query: str = "") -> tuple[int, ...]:
        """The ids of the records that a query means, in the order of their list."""
        if self._is_to_come(entity):
            return ()
        return tuple(self._listing(entity, query).ids(self._open))

    def by_ids(self, entity: str, ids: Iterable[int]) -> Mapping[int, Record]:
        """The records with these ids, by id; one that is gone is missing."""
        if self._is_to_come(entity):
            return MappingProxyType({})
        return MappingProxyType(dict(read.by_ids(self._open, self._table(entity), ids)))

    def record(self, entity: str, key: int | str) -> Record:
        """The record of an id, a uid or a name.

        Raises:
            NotFound, Ambiguous: nothing, or more than one, is called so.
        """
        return read.find(self._open, self._table(entity), str(key))

    def count(self, entity: str, query: str = "") -> int:
        """How many records a query means."""
        if self._is_to_come(entity):
            return 0
        return len(self._listing(entity, query).ids(self._open))

    def cells(self, entity: str, ids: Iterable[int]) -> Mapping[int, Mapping[str, str]]:
        """What the list of an entity shows of these records: text by the name of the column, by id."""
        if self._is_to_come(entity):
            return MappingProxyType({})
        listing = self._listing(entity, "")
        names = [column.name for column in listing.columns]
        rows = listing.rows(self._open, tuple(ids))
        return MappingProxyType(
            {key: MappingProxyType(dict(zip(names, row, strict=True))) for key, row in rows.items()}
        )

    def values(self, entity: str, query: str, *names: str) -> tuple[tuple[Any, ...], ...]:
        """The plain values of these fields, of every record that a query means, in the order of their ids.

        For many records: nothing but what was asked for is read. A link is the id of what it points to, `id` is the
        record's own.

        Raises:
            NotFound: there is no such entity or field.
            QueryError: the query names something unknown.
        """
        if self._is_to_come(entity):
            return ()
        table = self._table(entity)
        fields = self._fields(table, names)
        if not query.strip():
            every = table.select(*fields).where(table.id.in_(read.present(table))).order_by(table.id)
            return tuple(read.tuples(self._open, every))
        some = read.parts(sorted(self.ids(entity, query)))
        chosen = [table.select(*fields).where(table.id.in_(part)).order_by(table.id) for part in some]
        return tuple(row for each in chosen for row in read.tuples(self._open, each))

    def values_of(self, entity: str, ids: Iterable[int], *names: str) -> Mapping[int, tuple[Any, ...]]:
        """The plain values of these fields, by id; a record that is gone is missing, one that was put away is there.

        Raises:
            NotFound: there is no such entity or field.
        """
        if self._is_to_come(entity):
            return MappingProxyType({})
        table = self._table(entity)
        fields = self._fields(table, names)
        wanted = set(ids)
        found: dict[int, tuple[Any, ...]] = {}
        for condition in among(table.id, wanted):
            rows = read.tuples(self._open, table.select(table.id, *fields).where(condition))
            found.update((row[0], row[1:]) for row in rows if row[0] in wanted)
        return MappingProxyType(found)

    def linked(self, entity: str, link: str, ids: Iterable[int], *names: str) -> tuple[tuple[Any, ...], ...]:
        """The plain values of these fields, of the records whose link points to one of these, by their own id.

        For a page of rows: what hangs on its records, and nothing else, is read.

        Raises:
            NotFound: there is no such entity, field or link.
        """
        if self._is_to_come(entity):
            return ()
        table = self._table(entity)
        if link not in table.links():
            raise NotFound(f"{table.entity.plural} have no link {link}", f"links: {', '.join(table.links())}")
        fields, end = self._fields(table, names), table._meta.fields[link]
        found: list[tuple[Any, ...]] = []
        for part in read.parts(sorted(set(ids))):
            found += read.tuples(self._open, table.select(table.id, *fields).where(end.in_(part)))
        return tuple(row[1:] for row in sorted(found, key=lambda row: int(row[0])))

    def holds(self, since: str, until: str, recorded_on: str = "") -> Validity:
        """Whether something dated held on the day that is asked about: `yes`, `possible` or `no`.

        The dates may be a year or a month, `until` is the last day; an unknown start is possible, and certain from the
        day on which it was recorded.

        Raises:
            InvalidValue: a date is none.
        """
        return covers(since, until, self.as_of.isoformat(), recorded_on=recorded_on)

    def members(self) -> Mapping[int, bool]:
        """The organizations whose membership of the coalition holds on the day, by id: whether that is certain."""
        from partners_crm.services.coverage import Rule  # as below
        from partners_crm.services.coverage.evidence import members

        return MappingProxyType({key: each.sure for key, each in members(self._open, self.as_of, Rule()).items()})

    def title(self, record: Record) -> str:
        """What a record is called."""
        return read.title_of(record)

    def coverage(self, **terms: Any) -> Any:
        """Judge every district under the terms of a coverage statement: `chamber`, `silo`, `association`, ...

        Raises:
            CannotDecide: no map with boundaries holds on the day.
        """
        from partners_crm.services.coverage import Rule, coverage  # a plugin that asks about lists does not need it

        return coverage(self._open, self.as_of, Rule(**terms))

    def coverage_of(self, groups: Mapping[K, Mapping[int, bool]], **terms: Any) -> Mapping[K, Any]:
        """Judge every district for groups of organizations, given by id with whether each certainly belongs to it.

        For many groups: what is known of places is read once.

        Raises:
            CannotDecide: no map with boundaries holds on the day.
        """
        from partners_crm.services.coverage import Rule  # as above
        from partners_crm.services.coverage.groups import coverage_of_groups

        return MappingProxyType(coverage_of_groups(self._open, self.as_of, Rule(**terms), groups))

    # ---------------------------------------------------------------- writing

    @contextmanager
    def changes(self, title: str) -> Iterator[PluginChanges]:
        """One unit of work: written whole at the end of the block, as one operation of the plugin's, or not at all.

        Record types of the plugin that are not in the coalition yet come into it before, as an operation of their own.

        Raises:
            Conflict: somebody else changed a record meanwhile.
            PluginError: the call took too long and was given up: nothing is written.
        """
        from partners_crm.store.transaction import taking_back  # a question writes nothing
        from partners_crm.store.work import changes

        self._wanted.refuse_late()
        self._bring()
        with (
            ExitStack() as until_written,
            changes(self._open, title, plugin=self.plugin, clock=self._clock) as unit,
        ):
            with self._wanted.writing(taking_back(self._open)):
                yield PluginChanges(unit, self.plugin, self._requires)
            until_written.enter_context(self._wanted.committing())

    # ---------------------------------------------------------------- helpers

    @property
    def _open(self) -> Handle:
        if self._db is None:
            raise NotFound("no coalition is open", "name one with --db")
        return self._db

    def _table(self, entity: str) -> type[Table]:
        return entity_of(self._open, entity)

    @staticmethod
    def _fields(table: type[Table], names: tuple[str, ...]) -> list[Any]:
        known = {"id", *table.declarations()}
        for name in names:
            if name not in known:
                raise NotFound(f"{table.entity.plural} have no field {name}", f"fields: {', '.join(sorted(known))}")
        return [table._meta.fields[name] for name in names]

    def _listing(self, entity: str, query: str) -> Listing:
        return Listing(self._open, self._table(entity), query, today=self.as_of, words=self._words)


class PluginChanges:
    """The open unit of work of a plugin: it may write what a person may write by hand."""

    def __init__(self, unit: Any, plugin: str = "", requires: Callable[[], Set[str]] | None = None) -> None:
        self._unit = unit
        self._plugin = plugin
        self._requires = requires

    def add(self, entity: str, **values: Any) -> Record:
        """Add a record, read, checked and completed like one that a person adds: a text is read as typed.

        Raises:
            InvalidValue: a value does not fit its field.
            NotFound: there is no such entity or field, or a link names nothing.
            PermissionRefused: its records are not written by plugins, or not by this one.
        """
        from partners_crm.services import records
        from partners_crm.services.values import given_values

        table = entity_of(self._unit.db, entity)
        self._refuse(table)
        return records.add(self._unit, table, **given_values(self._unit.db, table, values))

    def update(self, record: Record, **values: Any) -> Record:
        """Change a record, checked and completed.

        Raises:
            InvalidValue: a value does not fit its field.
            Conflict: somebody else changed the same field meanwhile.
            PermissionRefused: as `add`.
        """
        from partners_crm.services import records
        from partners_crm.services.values import given_values

        table = type(record)
        self._refuse(table)
        return records.edit(self._unit, record, **given_values(self._unit.db, table, values))

    def delete(self, record: Record) -> None:
        """Delete a record with what hangs on it.

        Raises:
            PermissionRefused: as `add`.
        """
        from partners_crm.services import records

        self._refuse(type(record))
        records.remove(self._unit, record)

    def _refuse(self, table: type[Table]) -> None:
        """Refuse what the program keeps for itself, and the records of plugins that this one does not require."""
        info = table.entity
        plural = info.plural.replace("_", " ")
        if info.not_by_hand:
            raise PermissionRefused(f"the plugin {self._plugin} may not write {plural}", info.not_by_hand)
        if not info.plugin or self._requires is None:
            return
        from partners_crm.model.record_types import own_name  # most plugins write the core's records

        if info.plugin not in {own_name(each) for each in (self._plugin, *self._requires())}:
            raise PermissionRefused(
                f"the plugin {self._plugin} may not write {plural}: they are those of the plugin {info.plugin}",
                f"its author has to name {info.plugin} in requires",
            )
