"""The handle: everything a coalition's database can do, in a few words, for a person at the Python prompt.

with Crm.open("coalition.db") as crm:
    for organization in crm.organizations("silo:housing district:sldu:5"):
        print(organization.name)
    print(crm.coverage(chamber="house").gaps)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from partners_crm.errors import ConfigError
from partners_crm.model import Contact, Organization, Table
from partners_crm.store import files, read
from partners_crm.store import open as opening
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.locks import Word

if TYPE_CHECKING:
    from partners_crm.plugins.registry import PluginRegistry
    from partners_crm.services.cards import Card
    from partners_crm.services.coverage import Coverage, Rule
    from partners_crm.services.exporting.records import Exported
    from partners_crm.services.exporting.whole import WholeExported
    from partners_crm.services.finding import Answer
    from partners_crm.services.formats import Formats
    from partners_crm.services.importing.applying import Options
    from partners_crm.services.importing.prepare import Progress
    from partners_crm.services.importing.report import ImportReport
    from partners_crm.services.listing import Listing, OwnColumn
    from partners_crm.services.merging import MergePlan
    from partners_crm.services.queries import OwnWord, Suggestion, Why
    from partners_crm.services.searches import Checked
    from partners_crm.services.undoing import UndoReport
    from partners_crm.store.copying import Backup
    from partners_crm.store.journal import Done
    from partners_crm.store.work import Changes

T = TypeVar("T", bound=Table)


class Crm:
    """An open coalition. Each thread that uses it needs its own `session()`; the opening thread has one.

    `plugins` is the registry of a run, or makes it at first need; without it, the plugins that come with the program.
    """

    def __init__(
        self,
        db: opening.Handle,
        clock: Clock = utc_now,
        plugins: PluginRegistry | Callable[[Crm], PluginRegistry] | None = None,
    ) -> None:
        self.db = db
        self.clock = clock
        self._plugins = plugins
        self._made: PluginRegistry | None = None
        self._formats: Formats | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        clock: Clock = utc_now,
        word: Word = opening.silent,
        plugins: PluginRegistry | Callable[[Crm], PluginRegistry] | None = None,
    ) -> Crm:
        """Open an existing coalition; `word` is told what takes time, such as waiting for another program.

        One of an older version is backed up and brought up to date. `plugins` as in the constructor.

        Raises:
            StoreError: it is missing, damaged, newer or locked.
            PermissionRefused: its mode forbids it.
        """
        return cls(opening.open_store(Path(path), word), clock, plugins)

    @classmethod
    def create(
        cls,
        path: str | Path,
        name: str,
        *,
        state: str = "il",
        map_file: str | Path | None = None,
        demo: str = "",
        clock: Clock = utc_now,
    ) -> Crm:
        """Create a coalition with its silos, maps, districts and seats; the file has mode 0600.

        With `map_file` the state may be "": it is that of the map.

        Raises:
            StoreUnavailable: something is there already.
            NotFound: no maps of the state come with the program.
            FileRefused: the map file is none.
        """
        from partners_crm.services.setup import maps_to_begin_with, set_up  # opening a coalition does not need it

        path = Path(path)
        db = opening.create_store(path)
        try:
            maps = maps_to_begin_with(state, None if map_file is None else Path(map_file))
            set_up(db, name, maps, demo=demo, clock=clock)
        except BaseException:
            opening.close_store(db)
            files.remove(path)
            raise
        return cls(db, clock)

    @classmethod
    def demo(cls, path: str | Path, size: str = "tiny", *, fresh: bool = False, clock: Clock = utc_now) -> Crm:
        """Open a demo coalition, building it first where there is none; `fresh` builds it again.

        Raises:
            ConfigError: the file holds a coalition that is no demo.
        """
        from partners_crm.services.demo import description, fill

        path = Path(path)
        if path.exists():
            crm = cls.open(path, clock=clock)
            if not crm.settings()["demo"]:
                crm.close()
                raise ConfigError(f"{path} holds a coalition that is no demo", "name another file with --db")
            if not fresh and crm.settings()["demo"] == size:
                return crm
            crm.close()
            files.remove(path)
        coalition = description(size)["coalition"]
        # Built beside its place: whoever interrupts the building leaves no half of a demo there.
        draft = path.with_name(f"{path.name}.new")
        files.remove(draft)
        with cls.create(draft, coalition["name"], state=coalition["state"], demo=size, clock=clock) as crm:
            fill(crm.db, size, clock)
        files.put_in_place(draft, path)
        return cls.open(path, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection of the calling thread, and let other programs have the coalition."""
        if self._made is not None:
            self._made.close()
        opening.close_store(self.db)

    def session(self) -> AbstractContextManager[opening.Handle]:
        """A connection of the calling thread for the length of a block."""
        return opening.session(self.db)

    @property
    def plugins(self) -> PluginRegistry:
        """The plugins of this run: those that were handed over, else the ones that come with the program."""
        from partners_crm.plugins.registry import PluginRegistry, Policy  # most questions need no plugin

        given = self._plugins
        if not isinstance(given, PluginRegistry):
            given = given(self) if given is not None else PluginRegistry(Policy(bundled_only=True))
            if self._plugins is None:
                self._made = given
            self._plugins = given
        if given.db is None:
            given.db, given.clock = self.db, self.clock
        return given

    @property
    def formats(self) -> Formats:
        """The file formats that the plugins of this run read and write."""
        if self._formats is None:
            from partners_crm.plugins.formats import formats_of  # most questions read and write no file

            self._formats = formats_of(self.plugins)
        return self._formats

    @property
    def path(self) -> Path:
        """The database file."""
        return self.db.path

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the file: where it lies, that it is a copy without its log."""
        return tuple(self.db.warnings)

    @property
    def today(self) -> date:
        """The present day where the coalition is."""
        from partners_crm.services.settings import today

        return today(self.db, self.clock)

    @property
    def name(self) -> str:
        """What the coalition is called."""
        return self.settings()["name"]

    def settings(self) -> dict[str, str]:
        """Every setting of the coalition with its value or default."""
        from partners_crm.services.settings import all_settings

        return all_settings(self.db)

    # ---------------------------------------------------------------- reading

    def listing(
        self,
        entity: type[Table] | str,
        query: str = "",
        *,
        order: str = "",
        descending: bool = False,
        typing: bool = False,
        more_columns: Sequence[OwnColumn] = (),
    ) -> Listing:
        """A query on an entity: its ids in order, and the columns of any of them.

        With `typing` the end of the query is still being typed: it means what begins so. `more_columns` are those of
        plugins that it has beside its own.

        Raises:
            QueryError: the query or the order names something unknown.
        """
        from partners_crm.services.listing import Listing, entity_of

        table = entity_of(self.db, entity) if isinstance(entity, str) else entity
        return Listing(
            self.db,
            table,
            query,
            today=self.today,
            order=order,
            descending=descending,
            typing=typing,
            words=self.words,
            more_columns=more_columns,
        )

    def words(self) -> Sequence[OwnWord]:
        """The words of queries that plugins bring: asked for when a query names one that nobody else knows."""
        from partners_crm.plugins.binding import query_fields_of

        return query_fields_of(self.plugins)

    def sentence(self, entity: type[Table] | str, query: str = "") -> str:
        """What a query means, in plain words.

        Raises:
            QueryError: the query does not run.
        """
        from partners_crm.services.listing import entity_of
        from partners_crm.services.queries import sentence_of

        table = entity_of(self.db, entity) if isinstance(entity, str) else entity
        return sentence_of(self.db, table, query, today=self.today, words=self.words)

    def why(self, entity: type[Table] | str, query: str, record_id: int) -> Why:
        """Whether a record is in the list of a query, with a reason for each of its terms.

        Raises:
            QueryError: the query does not run.
            NotFound: there is no such record.
        """
        from partners_crm.services.listing import entity_of
        from partners_crm.services.queries import explained

        table = entity_of(self.db, entity) if isinstance(entity, str) else entity
        return explained(self.db, table, query, record_id, today=self.today, words=self.words)

    def complete(self, entity: type[Table] | str, text: str, cursor: int | None = None) -> tuple[Suggestion, ...]:
        """What could be typed at a place of a query, by default at its end; the likeliest first."""
        from partners_crm.services.listing import entity_of
        from partners_crm.services.queries import complete

        table = entity_of(self.db, entity) if isinstance(entity, str) else entity
        place = len(text) if cursor is None else cursor
        return complete(self.db, table, text, place, today=self.today, words=self.words)

    def search(
        self,
        text: str,
        *,
        entities: Sequence[type[Table] | str] = (),
        limit: int = 20,
        archived: bool = False,
        for_everyone: bool = False,
    ) -> Answer:
        """The first records of any kind that hold words, the last one as a beginning; suggestions where none does.

        With `entities` only those; with `for_everyone` none that is for staff. Never raises for any text.

        Raises:
            NotFound: there is no such entity.
        """
        from partners_crm.services.finding import find_anything
        from partners_crm.services.listing import entity_of

        tables = [entity_of(self.db, each) if isinstance(each, str) else each for each in entities]
        return find_anything(self.db, text, entities=tables, limit=limit, archived=archived, for_everyone=for_everyone)

    def searches(self) -> tuple[Checked, ...]:
        """The saved searches in the order of their names, with why one no longer runs."""
        from partners_crm.services.searches import check_searches

        return check_searches(self.db, self.today, words=self.words)

    def saved(self, name: str) -> Listing:
        """The listing of a saved search, in its own order.

        Raises:
            NotFound: nothing was saved under the name.
            QueryError: it no longer runs; the message names it and what is gone.
        """
        from partners_crm.services.searches import find_search, opened

        return opened(self.db, find_search(self.db, name), self.today, words=self.words)

    def records(self, table: type[T], query: str = "") -> list[T]:
        """The records of an entity that a query means, in the order of their names.

        Raises:
            QueryError: the query names an unknown field or value.
        """
        ids = self.listing(table, query).ids(self.db)
        found = read.by_ids(self.db, table, ids)
        return [found[key] for key in ids]

    def organizations(self, query: str = "") -> list[Organization]:
        """The organizations that a query means."""
        return self.records(Organization, query)

    def contacts(self, query: str = "") -> list[Contact]:
        """The contacts that a query means."""
        return self.records(Contact, query)

    def find(self, table: type[T], key: str | int) -> T:
        """The record a person means by an id, a uid or a name.

        Raises:
            NotFound, Ambiguous: nothing, or more than one, is called so.
        """
        return read.find(self.db, table, str(key))

    def card(self, table: type[Table], record_id: int) -> Card:
        """A record with everything around it."""
        from partners_crm.services.cards import card

        return card(self.db, table, record_id, self.today)

    def coverage(self, rule: Rule | None = None, *, as_of: date | None = None, **terms: Any) -> Coverage:
        """Judge every district under a rule, or under the terms of one: `chamber`, `silo`, `min_match`, `map`, ...

        Raises:
            CannotDecide: no map with boundaries holds on the day.
        """
        from partners_crm.services.coverage import Rule, coverage

        return coverage(self.db, as_of or self.today, rule or Rule(**terms))

    def export(
        self, path: str | Path, query: str = "", *, entity: type[Table] | str = "organizations", **options: Any
    ) -> Exported:
        """Write the records that a query means into a CSV file, a workbook or JSON Lines, by the file's suffix.

        Raises:
            QueryError, NotFound: the query, the entity or a column names something unknown.
            ConfigError: something has the name already, or the format is not known.
            StoreUnavailable, PermissionRefused: the folder or its disk refuses.
        """
        from partners_crm.services.exporting.records import export
        from partners_crm.services.listing import entity_of

        table = entity_of(self.db, entity) if isinstance(entity, str) else entity
        given: dict[str, Any] = {"formats": self.formats, "words": self.words, **options}
        return export(self.db, Path(path), query, today=self.today, table=table, **given)

    def export_all(self, path: str | Path, **options: Any) -> WholeExported:
        """Write the whole coalition as JSON Lines, which `partners import` loads again.

        Raises:
            ConfigError: something has the name already, or it does not end in .jsonl.
            StoreUnavailable, PermissionRefused: the folder or its disk refuses.
        """
        from partners_crm.services.exporting.whole import export_all

        return export_all(self.db, Path(path), **options)

    # ---------------------------------------------------------------- writing

    def changes(self, title: str, *, by: str = "") -> AbstractContextManager[Changes]:
        """One unit of work: it is written whole at the end of the block, or not at all."""
        from partners_crm.store.work import changes  # a question writes nothing

        return changes(self.db, title, by=by, clock=self.clock)

    def import_file(
        self,
        path: str | Path,
        *,
        preview: bool = False,
        sha256: str = "",
        by: str = "",
        options: Options | None = None,
        progress: Progress | None = None,
        **terms: Any,
    ) -> ImportReport:
        """Import a file of organizations and people; `preview=True` runs it and rolls back.

        How: by `options`, or by the terms of some: `policy="update"`, `members=False`, `map_code="il-2011"`, ...

        Raises:
            FileRefused: a fault of the file; nothing was written.
        """
        from partners_crm.services.importing.applying import Options, import_file

        more: dict[str, Any] = {"progress": progress} if progress else {}
        return import_file(
            self.db,
            Path(path),
            today=self.today,
            formats=self.formats,
            options=options or Options(**terms),
            preview=preview,
            sha256=sha256,
            by=by,
            clock=self.clock,
            **more,
        )

    def plan_merge(self, table: type[Table], keep: int, lose: int, takes: Mapping[str, str] | None = None) -> MergePlan:
        """What merging a record into another one would do; `takes` decides fields: kept, other, or both of a note.

        Raises:
            NotFound, ConfigError, InvalidValue: a record or a field is none, or the two cannot be merged.
        """
        from partners_crm.services.merging import plan_merge

        return plan_merge(self.db, table, keep, lose, takes)

    def merge(
        self,
        table: type[Table],
        keep: int,
        *lose: int,
        takes: Mapping[str, str] | None = None,
        force: bool = False,
        by: str = "",
        preview: bool = False,
    ) -> tuple[MergePlan, ...]:
        """Merge records into one, as one operation; gives what was done, record by record. `preview` rolls back.

        Raises:
            Conflict: two of them were declared not the same, and it is not forced.
            NotFound, ConfigError, InvalidValue: as of `plan_merge`.
        """
        from partners_crm.services.merging import carry_out

        plans, _ = carry_out(self.db, table, keep, lose, takes, force=force, by=by, clock=self.clock, preview=preview)
        return plans

    def back_up(self, folder: str | Path | None = None) -> Backup:
        """Back the coalition up, verified, into a folder, by default its own.

        Raises:
            StoreError, PermissionRefused: the folder or its disk refuses, or the coalition is not whole.
        """
        from partners_crm.services.backups import back_up

        return back_up(self.db, None if folder is None else Path(folder), clock=self.clock)

    def back_up_daily(self) -> Backup | None:
        """Make the backup of the day where it is due; None where it is not.

        Raises:
            StoreError, PermissionRefused: it could not be made.
        """
        from partners_crm.services.backups import back_up_daily

        return back_up_daily(self.db, clock=self.clock)

    def operations(self) -> list[Done]:
        """What was done, newest first."""
        from partners_crm.store.journal import operations

        return operations(self.db)

    def undo(self, operation: int | None = None, *, by: str = "", preview: bool = False) -> UndoReport:
        """Take an operation back, by default the newest; what was edited since is kept and named.

        `preview=True` runs it and rolls back.

        Raises:
            NotFound, Conflict: there is nothing to undo, or it was undone already.
        """
        from partners_crm.services.undoing import undo

        return undo(self.db, operation, by=by, clock=self.clock, preview=preview)

    def redo(self, *, by: str = "", preview: bool = False) -> UndoReport:
        """Take the last undo back; `preview=True` runs it and rolls back.

        Raises:
            NotFound: there is nothing to redo.
        """
        from partners_crm.services.undoing import redo

        return redo(self.db, by=by, clock=self.clock, preview=preview)
