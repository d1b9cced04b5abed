"""The way back: the coalition in the columns of the spreadsheet it came from, by the mapping that was saved for it.

What is written can be imported again with the same mapping: into the same coalition it changes nothing, into an empty
one it brings the same organizations, people and ways to reach them, as far as the columns can say it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from partners_crm.errors import ConfigError
from partners_crm.model import Contact, Membership, Organization, Role, Table, is_private
from partners_crm.services.exporting.fields import Field
from partners_crm.services.exporting.in_place import draft_of, streamed
from partners_crm.services.exporting.own_cells import as_header
from partners_crm.services.exporting.own_facts import Body, Facts
from partners_crm.services.exporting.own_rows import Arranger
from partners_crm.services.exporting.records import Exported, refuse_mark
from partners_crm.services.formats import Formats, Page, Writer
from partners_crm.services.importing import mapping as mappings
from partners_crm.services.importing.mapping import ColumnMapping
from partners_crm.services.listing import Listing
from partners_crm.services.rows import column_names
from partners_crm.store.files import sha256_of
from partners_crm.store.open import Handle
from partners_crm.store.queries.asked import Words, no_words
from partners_crm.store.read import one_state, tuples

MEMBERS = ("provider", "advocacy")
"""Kinds of organizations that a list is about; others are in it when they are members, or came in a file."""


def mapping_for(path: Path) -> ColumnMapping:
    """A saved mapping with the headers that its file had.

    Raises:
        ConfigError: it cannot be read, names no column, or none that means anything.
    """
    names = mappings.headers_of(path)
    headers: list[str] = []
    for number, name in enumerate(names, 1):
        headers.append(as_header(name, number, headers))
    if tuple(column_names(headers)) != names:
        headers = list(names)
    found = mappings.read(path, headers)
    if not any(use.target for use in found.uses):
        raise ConfigError(f"{path}: no column means anything", "name a mapping that partners import saved")
    return found


def export_like(
    db: Handle,
    path: Path,
    like: Path,
    query: str = "",
    *,
    today: date,
    formats: Formats,
    map_code: str = "",
    form: str = "",
    excel: bool = False,
    include_private: bool = False,
    force: bool = False,
    words: Words = no_words,
) -> Exported:
    """Write the coalition, or the organizations that a query means, in the columns of the saved mapping `like`.

    The query is about contacts where no column names an organization. The file has mode 0600 and is whole or not there;
    it is not written where the format cannot hold a text: see `Exported.problems`.

    Raises:
        ConfigError: the mapping cannot be read, the format has no columns, or something has the name already.
        QueryError: the query names something unknown.
        NotFound, CannotDecide: there is no such map, or none for the day, and a column is about districts.
        StoreUnavailable, PermissionRefused: the folder or its disk refuses.
        PartnersError: the writer failed.
    """
    writer = _writer(formats, path, form, excel)
    with one_state(db), draft_of(path, db.path, force=force) as draft:
        chosen = _Chosen(db, mapping_for(like), query, today, map_code, include_private, words)
        written = writer.write(chosen.page(db, excel), draft.path)
        draft.kept = not written.problems
        done = chosen.exported(str(path), writer.name, written.rows)
        if written.problems:
            return replace(done, written=False, problems=written.problems)
        return replace(done, size=draft.path.stat().st_size, sha256=sha256_of(draft.path))


def export_like_to(
    db: Handle,
    stream: BinaryIO,
    like: Path,
    query: str = "",
    *,
    today: date,
    formats: Formats,
    map_code: str = "",
    excel: bool = False,
    include_private: bool = False,
    words: Words = no_words,
) -> Exported:
    """As `export_like`, CSV into a stream; nothing goes there before all of it is written.

    Raises:
        ConfigError, QueryError, NotFound, CannotDecide: as `export_like`.
        StoreUnavailable: the folder for temporary files has no room.
        PartnersError: the writer failed.
    """
    writer = _writer(formats, Path("-"), "csv", excel)
    with one_state(db):
        chosen = _Chosen(db, mapping_for(like), query, today, map_code, include_private, words)
        written = streamed(writer, chosen.page(db, excel), stream)
    done = chosen.exported("-", writer.name, written.rows)
    return replace(done, written=not written.problems, problems=written.problems)


def _writer(formats: Formats, path: Path, form: str, excel: bool) -> Writer:
    found = formats.writer(path, form)
    if found.keyed:
        raise ConfigError(f"{found.title} have no columns of your own", "name a file that ends in .csv or .xlsx")
    refuse_mark(excel, found)
    return found


class _Chosen:
    """Which records go into the file, and how."""

    def __init__(
        self,
        db: Handle,
        mapping: ColumnMapping,
        query: str,
        today: date,
        map_code: str,
        include_private: bool,
        words: Words,
    ) -> None:
        self.mapping = mapping
        self.names_organizations = mapping.has("organization", "name")
        self.table: type[Table] = Organization if self.names_organizations else Contact
        self.listing = Listing(db, self.table, query, today=today, words=words)
        self.facts = Facts(db, mapping, today=today, map_code=map_code)
        hidden = frozenset() if include_private else frozenset(self._hidden())
        self.private = tuple(mapping.headers[number] for number in sorted(hidden))
        self._arranger = Arranger(mapping, self.facts, hidden)
        self.fields = tuple(
            Field(str(number), header, "text", header=header) for number, header in enumerate(mapping.headers)
        )

    def rows(self, db: Handle) -> Iterator[dict[str, Any]]:
        """Each row by the numbers of its columns."""
        names = [field.name for field in self.fields]
        for row in self._rows(db):
            yield dict(zip(names, row, strict=True))

    def page(self, db: Handle, excel: bool) -> Page:
        """What is to be written."""
        plural, today = self.table.entity.plural, self.listing.today
        return Page(title=plural, fields=self.fields, rows=self.rows(db), as_of=today, excel=excel)

    def exported(self, file: str, form: str, rows: int) -> Exported:
        """What was written."""
        return Exported(
            file=file,
            format=form,
            entity=self.table.entity.plural,
            query=self.listing.query,
            means=self._means(),
            as_of=self.listing.today.isoformat(),
            rows=rows,
            columns=self.mapping.headers,
            private=self.private,
            written=True,
        )

    def _means(self) -> str:
        what = self.table.entity.plural.capitalize()
        which = f"for the query: {self.listing.query}" if self.listing.query else "that are not archived"
        terms = f"as of {self.listing.today.isoformat()}"
        if self.facts.map_code:
            terms += f", districts of the map {self.facts.map_code}"
        return f"{what} {which}, in the columns of {self.mapping.saved}; {terms}."

    def _hidden(self) -> Iterator[int]:
        for number, use in enumerate(self.mapping.uses):
            target = use.target
            if target is None:
                continue
            how = target.declared
            if target.kind == "own":
                field = self.facts.own.get(target.name)
                if field is not None and field.visibility != "everyone":
                    yield number
            elif how is not None and is_private(how):
                yield number

    def _rows(self, db: Handle) -> Iterator[list[str]]:
        ids = self.listing.ids(db)
        if self.names_organizations:
            wanted: Sequence[int] = ids if self.listing.query else self._members(db, ids)
            for body in self.facts.bodies(self.facts.order("organization", wanted)):
                yield from self._arranger.rows(body)
            if self.listing.query:
                return
            working = {key for (key,) in tuples(db, Role.select(Role.contact).distinct())}
            people = Listing(db, Contact, "", today=self.listing.today).ids(db)
            names = self._arranger.names_people
            came = self.facts.has_come
            ids = array("q", (key for key in people if (names and key not in working) or came("contact", key)))
        else:
            working = set()
        for body in self.facts.lone(self.facts.order("contact", ids)):
            if (self._arranger.names_people and working.isdisjoint(body.contacts)) or self._came_alone(body):
                yield from self._arranger.rows(body)

    def _came_alone(self, body: Body) -> bool:
        """Whether a row of such a file was about a person without saying where that person works."""
        if not self.names_organizations:
            return True
        header = self.mapping.headers[self.mapping.columns("organization", "name")[0]]
        return any(header in came.cells for came in body.came)

    def _members(self, db: Handle, ids: Sequence[int]) -> list[int]:
        """Without the bodies that are merely spoken of, such as the associations that members belong to."""
        kinds: Mapping[int, str] = dict(tuples(db, Organization.select(Organization.id, Organization.kind)))
        tied = {key for (key,) in tuples(db, Membership.select(Membership.organization).distinct())}
        return [key for key in ids if kinds[key] in MEMBERS or key in tied or self.facts.has_come("organization", key)]
