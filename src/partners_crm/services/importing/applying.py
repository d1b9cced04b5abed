"""Importing a file: read -> plan -> apply. A preview is the same run, rolled back.

The rows are read, and everything that follows from their text is worked out, before the lock is taken. Under the lock
they are compared with what is known and written, a batch at a time, in one unit of work: a crash leaves nothing of it,
and the same command begins again.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from partners_crm.errors import ConfigError, FileRefused
from partners_crm.model import BY_NAME, Contact, ContactPoint, Organization, Silo, SiloShare, Site, Table
from partners_crm.normalize.text import fold, tidy
from partners_crm.services import custom_fields, marks, placing
from partners_crm.services.formats import Formats
from partners_crm.services.importing import associations, guessing, known
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.cells import is_blank
from partners_crm.services.importing.doubles import doubles
from partners_crm.services.importing.imported import imported
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.importing.planning import Planner, Policy, Terms, coalition_of
from partners_crm.services.importing.prepare import Prepared, Preparer, Progress
from partners_crm.services.importing.report import ImportReport, RejectedRow, Tally, headline
from partners_crm.services.importing.sheets import ReadOptions, Row, Sheet, read_sheet
from partners_crm.services.importing.spool import Spool
from partners_crm.services.importing.steps import Batch, Ref, RowResult
from partners_crm.services.importing.targets import is_known
from partners_crm.services.rows import Problem, column_names, kept_cells
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.clues import Clues
from partners_crm.store.journal import newest
from partners_crm.store.open import Handle
from partners_crm.store.read import by_id, count, records, tuples
from partners_crm.store.work import Changes, Source, changes

_TOLD = 500
"""Rows between two words about the progress."""
_SENTENCE = 3
"""Words of a cell that is a remark, and no value of a column."""
_SAMPLE = 500
"""Rows that a guess looks at."""
_LEFT_OUT = frozenset({"total", "header", "footnote"})


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is imported."""

    policy: Policy = "fill"
    create: bool = True
    members: bool = True
    map_code: str = ""
    read: ReadOptions = field(default_factory=ReadOptions)
    mapping: ColumnMapping | Path | None = None
    """What the columns mean; None: as saved for these columns, or else guessed."""
    use_saved: bool = True
    own: tuple[str, ...] = ()
    """Headers of columns that nobody knows and that become fields of the coalition's own."""
    afresh: bool = False
    """Look at rows that were imported before as well."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    return None


def import_file(
    db: Handle,
    path: Path,
    *,
    today: date,
    formats: Formats,
    options: Options | None = None,
    preview: bool = False,
    sha256: str = "",
    by: str = "",
    clock: Clock = utc_now,
    progress: Progress = _silent,
) -> ImportReport:
    """Import a file of organizations and their people; `sha256` is that of the file somebody has seen a preview of.

    `progress` is told how far it is; what it raises ends the import, and nothing is written.

    Raises:
        FileRefused: the file is not the one that was seen, or a fault of the file; nothing was written.
        ConfigError: the saved mapping cannot be read.
        StoreError: the database refuses; nothing was written.
    """
    options = options or Options()
    named = _named_headers(db, options)

    def knows(header: str) -> bool:
        return is_known(header) or fold(header) in named

    def look(done: int, total: int) -> None:
        progress("opening", done, total)

    with _without_collection(), read_sheet(path, options.read, knows, look, formats=formats) as sheet:
        if sha256 and sheet.sha256 != sha256:
            raise FileRefused(f"{sheet.name} was changed since it was looked at", "look at it again")
        mapping = mapping_of(db, sheet, options)
        _check_mapping(sheet, mapping)
        terms = Terms(today, options.policy, options.create, options.members, options.map_code)
        work = _Import(db, sheet, mapping, terms, options, progress)
        with work:
            return work.run(preview=preview, by=by, clock=clock)


def _named_headers(db: Handle, options: Options) -> set[str]:
    """Every header, folded, that the mappings at hand name: by them the header of a file is known."""
    if isinstance(options.mapping, ColumnMapping):
        return set(map(fold, options.mapping.headers)) - {""}
    paths = [options.mapping] if options.mapping is not None else mappings.saved(db.path) if options.use_saved else []
    found: set[str] = set()
    for path in paths:
        # One that cannot be read is refused when it is asked for.
        with suppress(ConfigError):
            found.update(map(fold, mappings.headers_of(path)))
    return found - {""}


def mapping_of(db: Handle, sheet: Sheet, options: Options) -> ColumnMapping:
    """What the columns of a file mean: as named, as saved for these columns, or as guessed.

    Raises:
        ConfigError: the mapping cannot be read.
    """
    named = options.mapping
    if isinstance(named, ColumnMapping):
        return named
    found = mappings.read(named, sheet.headers) if named is not None else None
    if found is None and options.use_saved:
        found = mappings.find(db.path, sheet.headers)
    sample = sample_of(sheet) if found is None or options.own else []
    if found is None:
        found = guessing.guess(sheet.headers, sample, coalition_words(db))
    for header in options.own:
        found = own_column(found, header, sample)
    return found


def sample_of(sheet: Sheet) -> list[tuple[str, ...]]:
    """The cells of the first rows that are data: what a guess is made from."""
    return [row.cells for row in sheet.sample(_SAMPLE) if not row.marks & _LEFT_OUT]


def coalition_words(db: Handle) -> guessing.Coalition:
    """The silos and own fields of a coalition by their folded names."""
    silos: dict[str, str] = {}
    for code, *words in tuples(db, Silo.select(Silo.code, Silo.code, Silo.name, Silo.label)):
        for word in filter(None, words):
            silos.setdefault(fold(word.replace("_", " ")), code)
    own = {}
    for table in (Organization, Contact, Site):
        for each in custom_fields.fields_of(db, table):
            own[fold(each.key.replace("_", " "))] = own[fold(each.label)] = each.key
    return guessing.Coalition(silos, own)


def own_column(mapping: ColumnMapping, header: str, sample: Sequence[Sequence[str]]) -> ColumnMapping:
    """A mapping in which a column becomes a field of the coalition's own; its kind is guessed from its cells.

    Raises:
        FileRefused: the file has no such column.
    """
    number = mappings.column_named(mapping.headers, header)
    texts = [cells[number].strip() for cells in sample if number < len(cells) and not is_blank(cells[number])]
    kind, choices = custom_fields.guess_kind(texts)
    label = tidy(header)
    field = mappings.OwnField(custom_fields.key_of(label), label, "organization", kind, tuple(choices))
    return mapping.with_own(number, field, f"{len(texts)} cells seen; a field of the coalition's own, by request")


def _check_mapping(sheet: Sheet, mapping: ColumnMapping) -> None:
    names_one = mapping.has("organization", "name") or mapping.has("contact")
    if not names_one and not mapping.has("", "email"):
        headers = ", ".join(header for header in sheet.headers if header) or "none"
        raise FileRefused(
            f"{sheet.name}: no column names an organization or a person; its columns: {headers}",
            'name one column "Organization", or say with --mapping or --header-line what is what',
        )


class _Import:
    """One file on its way in."""

    def __init__(
        self,
        db: Handle,
        sheet: Sheet,
        mapping: ColumnMapping,
        terms: Terms,
        options: Options,
        progress: Progress,
    ) -> None:
        self.db = db
        self.sheet = sheet
        self.mapping = mapping
        self.terms = terms
        self.options = options
        self._progress = progress
        self._spool = Spool()
        self._clues = Clues(known.most)
        self.tally = Tally(mapping)
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self.rejects: list[RejectedRow] = []
        self.counted: Counter[str] = Counter()
        self._naming = _naming(mapping)
        self._names = column_names(sheet.headers)
        self._associations: Counter[str] = Counter()
        self._suppressed: set[str] = set()
        self._has_marks = False
        """Whether a row says of somebody: do not contact."""
        self._replaced: Counter[int] = Counter()
        self._kept: frozenset[bytes] = frozenset()
        """Hashes of the rows that the journal keeps already."""
        self._skipped: set[bytes] = set()
        """Hashes of the rows that were not looked at."""
        self._seen = 0
        self._known = 0
        """Organizations before the import."""
        self._new: dict[type[Table], dict[int, int]] = {Organization: {}, Contact: {}}
        """The line of each row that brought a new record, by the record's id."""

    def __enter__(self) -> _Import:
        return self

    def __exit__(self, *_error: object) -> None:
        self._spool.__exit__(None, None, None)
        self._clues.close()

    def run(self, *, preview: bool, by: str, clock: Clock) -> ImportReport:
        """Read the rows, then write them under the lock, or seem to."""
        before = newest(self.db)
        self._read()
        source = Source(self.sheet.name, self.sheet.sha256)
        with changes(self.db, f"import {self.sheet.name}", by=by, source=source, clock=clock, keep=not preview) as unit:
            if unit.operation != before + 1 and not self._skipped <= imported(self.db).settled:
                # Somebody wrote since the rows were read, and a row that said nothing new may say something by now.
                self._read()
            self._write(unit)
            for table, lines in self._new.items():
                self.remarks += doubles(self.db, table, lines)
            written, is_kept = unit.count, not preview and (unit.count > 0 or unit.insists)
        return self._report(written, unit.operation if is_kept else None, preview=preview)

    # ---------------------------------------------------------------- reading

    def _read(self) -> None:
        self._spool.__exit__(None, None, None)
        self._spool, self.tally = Spool(), Tally(self.mapping)
        self._associations.clear()
        self.remarks.clear()
        terms = self.terms
        salt = f"{terms.policy}|{terms.create}|{terms.members}|{terms.map_code}"  # what else a row can mean: `imported`
        preparer = Preparer(self.mapping, self.sheet.epoch, salt)
        before = imported(self.db)
        self._kept, self._skipped = before.kept, set()
        settled = frozenset() if self.options.afresh else before.settled
        self._seen = 0
        for row in self.sheet.rows():
            self._seen += 1
            if self._seen % _TOLD == 0:
                self._progress("reading", self._seen, 0)
            if row.marks & _LEFT_OUT or self._says_nothing(row):
                self.tally.left_out += 1
            elif settled and (row_hash := preparer.hash_of(row)) in settled:
                self._skipped.add(row_hash)
                self.tally.row_unchanged(row.line, row.cells)
            else:
                self._take(preparer.prepare(row))

    def _says_nothing(self, row: Row) -> bool:
        """Whether a row is blank, or a sentence alone in its first column, which names nobody."""
        filled = [number for number, cell in enumerate(row.cells) if cell.strip()]
        if filled != [0] or 0 in self._naming or len(row.cells[0].split()) < _SENTENCE:
            return not filled
        self.remarks.append(Problem(row.line, "", row.cells[filled[0]], "stands alone in its row, which was left out"))
        return True

    def _take(self, row: Prepared) -> None:
        for name in row.associations:
            self._associations[name] += 1
        for person in row.people:
            if person.do_not_contact or person.unsubscribed:
                self._has_marks = True
                # A phone may be the switchboard of others; a mail address is nobody else's.
                mails = (point["value"].lower() for point in person.points if point["kind"] == "email")
                self._suppressed.update(filter(None, mails))
        self._spool.add(row)

    # ---------------------------------------------------------------- writing

    def _write(self, unit: Changes) -> None:
        if self._spool:
            known.fill(self.db, self._clues)
        self._define(unit)
        coalition = coalition_of(self.db, self.mapping, self.terms)
        planner = Planner(self.db, self.mapping, self.terms, coalition, self._clues)
        planner.suppressed = self._suppressed | marks.suppressed_mails(self.db)
        planner.meant = associations.meant(self._associations, [name for name, _ in coalition.associations])
        self._known = count(self.db, Organization.select())
        done = self.tally.rows
        for rows in self._spool.batches():
            self._apply(unit, planner, planner.plan(rows))
            done += len(rows)
            self._progress("writing", done, self._seen)
        self._balance_silos(unit, planner)
        self._suppress(unit)
        self._replaced = planner.replaced

    def _define(self, unit: Changes) -> None:
        """Make the coalition's own fields that the mapping asks for and that are not there."""
        there = {
            each.key for table in (Organization, Contact, Site) for each in custom_fields.fields_of(self.db, table)
        }
        for each in self.mapping.own:
            if each.key not in there:
                table = BY_NAME[each.entity]
                there.add(each.key)
                custom_fields.define(
                    unit,
                    table,
                    each.label,
                    each.kind,
                    choices=each.choices,
                    visibility=each.visibility,
                    key=each.key,
                )
        for header, use in zip(self.mapping.headers, self.mapping.uses, strict=True):
            if use.target and use.target.kind == "own" and use.target.name not in there:
                raise ConfigError(
                    f"{header}: the coalition has no field of its own called {use.target.name}",
                    f"describe it in the mapping under [own.{use.target.name}], or let the column mean nothing",
                )

    def _apply(self, unit: Changes, planner: Planner, batch: Batch) -> None:
        with unit.together():
            sites = self._carry_out(unit, batch)
        for stated in batch.stated:
            place = by_id(self.db, Site, stated.site.id or 0)
            if place.latitude is None and placing.state_district(unit, place, stated.district):
                self.counted["assignments"] += 1
                if stated.result is not None:
                    stated.result.wrote.update(stated.columns)
                    if stated.result.outcome == "same":
                        stated.result.outcome = "changed"
        # What is stated outweighs the area of a ZIP code, and so comes first.
        with unit.together():
            self.counted["assignments"] += placing.place(unit, sites).written
        self._clues.learn_asked((clue, ref.id) for clue, ref in batch.clues if ref.id is not None)
        planner.settle()
        doubtful = {each.line for each in batch.remarks if each.serious}
        for result in batch.results:
            self.tally.row(result)
            if (
                result.outcome == "new"
                and result.about is not None
                and result.about.id
                and result.about.table in self._new
            ):
                self._new[result.about.table][result.about.id] = result.row.line
            if result.row.line in doubtful and not result.reason:
                result.reason = "somebody should look at it"
            if not unit.insists and result.row.row_hash not in self._kept:
                is_odd = result.outcome == "rejected" or result.row.line in doubtful
                unit.insists = is_odd or self._says_more(result.row)
            if result.problem is not None:
                self.problems.append(result.problem)
                self.rejects.append(RejectedRow(result.row.cells, result.problem))
        self.remarks += batch.remarks
        unit.keep_source_rows(map(self._source_row, batch.results))

    def _says_more(self, row: Prepared) -> bool:
        """Whether a cell of a row means nothing here, so that the journal alone keeps it."""
        return any(number < len(row.cells) and row.cells[number].strip() for number in self.mapping.unmapped)

    def _carry_out(self, unit: Changes, batch: Batch) -> list[Site]:
        """Write the steps; gives the sites to be placed."""
        sites: list[Site] = []
        added: Counter[type[Table]] = Counter()
        for step in batch.steps:
            table, values = step.table, step.values
            for name in table.links():
                if isinstance(ref := values.get(name), Ref):
                    values[name] = ref.id
            if step.existing is not None:
                record: Table = unit.update(step.existing, **values)
                self.counted["filled"] += 1
                if isinstance(record, Site):
                    sites.append(record)
                continue
            added[table] += 1
            if table is Site:
                sites.append(site := unit.insert(Site, values))
                step.ref.id = site.id
            else:
                step.ref.id = unit.insert_id(table, values)
        for table, number in added.items():
            self.counted[table.entity.plural] += number
        return sites

    def _source_row(self, result: RowResult) -> tuple[int, str, str, Table | None, dict[str, str], bytes | None]:
        about = result.about
        record = about.table.sealed({"id": about.id}) if about is not None else None
        cells = kept_cells(self._names, result.row.cells)
        return result.row.line, result.outcome, result.reason, record, cells, result.row.row_hash

    def _balance_silos(self, unit: Changes, planner: Planner) -> None:
        """Give organizations the silos their rows name, in equal weights that sum to 1."""
        for owner, silos in planner.shares.items():
            key = owner.id if isinstance(owner, Ref) else owner
            stored = (
                {
                    share.silo: share
                    for share in records(self.db, SiloShare.select().where(SiloShare.organization == key))
                }
                if key
                else {}
            )
            for silo, share in stored.items():
                if silo not in silos:
                    unit.delete(share)
            weight = round(1 / len(silos), 6)
            for silo in silos:
                if silo in stored:
                    unit.update(stored[silo], weight=weight)
                else:
                    unit.add(SiloShare, organization=key, silo=silo, weight=weight)
                    self.counted["silo_shares"] += 1

    def _suppress(self, unit: Changes) -> None:
        """Mark every mail address that nobody may be contacted by, and all that reaches who wants to be left alone."""
        if not self._has_marks:
            return
        silent = ContactPoint.contact.in_(Contact.select(Contact.id).where(Contact.do_not_contact))
        open_points = ContactPoint.select().where(~ContactPoint.do_not_contact)
        marked = {point.id for point in records(self.db, open_points.where(silent))}
        for point in records(self.db, open_points.where(silent | (ContactPoint.kind == "email"))):
            if point.id in marked or point.value.lower() in self._suppressed:
                unit.update(point, do_not_contact=True)
                self.counted["filled"] += 1

    def _report(self, written: int, operation: int | None, *, preview: bool) -> ImportReport:
        tally, counted = self.tally, self.counted
        columns = tally.columns(self._replaced)
        filled = counted.pop("filled", 0)
        return ImportReport(
            file=self.sheet.name,
            described=self.sheet.described,
            notes=self.sheet.notes,
            rows=tally.rows,
            new=len(tally.lines["new"]),
            changed=len(tally.lines["changed"]),
            same=len(tally.lines["same"]),
            rejected=len(tally.lines["rejected"]),
            unchanged=tally.unchanged,
            left_out=tally.left_out,
            changes=written,
            records=tuple((name, number) for name, number in counted.items() if number),
            filled=filled,
            headline=headline(tally, columns, self._known, written),
            columns=columns,
            lines={outcome: tuple(sorted(lines)) for outcome, lines in tally.lines.items()},
            problems=tuple(self.problems),
            remarks=tuple(self.remarks),
            headers=self.sheet.headers,
            rejects=tuple(self.rejects),
            operation=operation,
            preview=preview,
            sha256=self.sheet.sha256,
            mapping=self.mapping,
        )


def _naming(mapping: ColumnMapping) -> frozenset[int]:
    """The columns that can name somebody by themselves."""
    return frozenset(
        number
        for number, use in enumerate(mapping.uses)
        if use.target and (use.target.kind in {"organization", "contact", "identifier"} or use.target.name == "email")
    )


@contextmanager
def _without_collection() -> Iterator[None]:
    """No search for cyclic garbage: what is planned is thousands of objects that all live to the end of their batch."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
