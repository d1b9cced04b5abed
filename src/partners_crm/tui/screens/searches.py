"""The saved searches of an entity: apply one, save the present query, edit, delete."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding

from partners_crm.crm import Crm
from partners_crm.errors import InvalidValue, PartnersError
from partners_crm.model import SavedSearch, Table
from partners_crm.normalize.text import fold
from partners_crm.services import records, searches
from partners_crm.services.listing import Column
from partners_crm.tui.display import explained, label, lines
from partners_crm.tui.meaning import said
from partners_crm.tui.screens.base import Box, Lines
from partners_crm.tui.screens.question import Confirm
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line, Sheet


class Kept(NamedTuple):
    """A saved search as it stands."""

    search: SavedSearch
    records: int | None
    """Records it lists; None where it does not run."""
    words: str
    """What it means; where it does not run, why not."""


class KeptSource:
    """Saved searches as the rows of a table; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("name", "Name", 22),
        Column("count", "Lists", 6, "right"),
        Column("words", "Means", 40),
    )

    def __init__(self, kept: Sequence[Kept]) -> None:
        self.kept = kept

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self.kept)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self.kept)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Name, number of records, meaning."""
        return {place: _row(self.kept[place]) for place in ids if place < len(self.kept)}


def _row(kept: Kept) -> tuple[str, str, str]:
    return kept.search.name, "" if kept.records is None else f"{kept.records:,}", kept.words


def read_searches(crm: Crm, table: type[Table]) -> list[Kept]:
    """The saved searches of an entity in the order of their names."""
    found = []
    for search in searches.searches(crm.db):
        if search.applies_to != table.entity.plural:
            continue
        try:
            count = len(searches.opened(crm.db, search, crm.today).ids(crm.db))
            found.append(Kept(search, count, said(crm.sentence(table, search.query))))
        except PartnersError as error:
            found.append(Kept(search, None, explained(error).removeprefix(f"the saved search {search.name} ")))
    return found


class Searches(Box):
    """The picker; gives back the saved search that is to be applied."""

    DEFAULT_CSS = """
    Searches Sheet { width: 110; }
    Searches VirtualTable { height: 12; max-height: 45vh; }
    Searches #about { height: auto; max-height: 20vh; padding: 0 1; border-top: solid $panel; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("n", "save", "Save the present query", show=False, id="searches.save"),
        Binding("e", "edit", "Edit name, query and note", show=False, id="searches.edit"),
        Binding("d", "delete", "Delete", show=False, id="searches.delete"),
        Binding("u", "undo", "Undo the last operation", show=False, id="searches.undo"),
        Binding("b", "close", "Close", show=False, id="searches.close"),
    ]

    def __init__(self, table: type[Table], query: str, sort: str) -> None:
        super().__init__()
        self._table = table
        self._query = query
        self._sort = sort
        self._source = KeptSource(())

    def compose(self) -> ComposeResult:
        """Title, searches, what the one under the cursor is about, keys."""
        with Sheet():
            plural = self._table.entity.plural.replace("_", " ")
            yield Line(f"Saved searches of {plural}", classes="title")
            yield VirtualTable(self._source, empty="None yet. n saves the present query.")
            yield Line(id="about")
            yield Line("Enter apply  n save the present query  e edit  d delete  u undo  Esc back", classes="keys")

    def on_mount(self) -> None:
        """Read the searches."""
        self.query_one(VirtualTable).focus()
        self.action_reload()

    def action_reload(self) -> None:
        """Read the searches anew."""
        table = self._table
        self.house.background(lambda crm: read_searches(crm, table), self._show, always=True)

    def _show(self, kept: Sequence[Kept]) -> None:
        if not self.is_running:
            return
        list_ = self.query_one(VirtualTable)
        here = self._here()
        ids = [each.search.id for each in kept]
        self._source = KeptSource(kept)
        list_.show_source(self._source, keep_id=ids.index(here.search.id) if here and here.search.id in ids else None)

    def _here(self) -> Kept | None:
        place = self.query_one(VirtualTable).cursor_id
        return self._source.kept[place] if place is not None and place < len(self._source.kept) else None

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        """Say what the search under the cursor is about."""
        message.stop()
        here = self._here()
        parts = [] if here is None else [here.words, f"query: {here.search.query}", here.search.note]
        self.query_one("#about", Line).put(lines("\n".join(filter(None, parts))))

    def on_virtual_table_counted(self, message: VirtualTable.Counted) -> None:
        """The number of searches is no matter of the list below."""
        message.stop()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Give the chosen one back, unless it does not run."""
        message.stop()
        here = self._here()
        if here is None:
            return
        if here.records is None:
            self.house.notice(f"{here.search.name}: {here.words}", "e corrects its query", error=True)
        else:
            self.dismiss(here.search)

    def action_save(self) -> None:
        """Save the present query under a name."""
        self.house.push_screen(SaveSearch(self._table, self._query, self._sort), self._written)

    def action_edit(self) -> None:
        """Edit the search under the cursor."""
        if (here := self._here()) is not None:
            self.house.push_screen(EditSearch(here.search), self._written)

    def action_undo(self) -> None:
        """Take the newest operation back."""
        self.house.undo()

    def action_delete(self) -> None:
        """Delete the search under the cursor, after saying which others name it."""
        here = self._here()
        if here is None:
            return
        name = here.search.name

        def ask(holders: Sequence[str]) -> None:
            said_ = [f"query: {here.search.query}", *(f"{each} names it, and will no longer run." for each in holders)]
            question = Confirm(f"Delete the saved search {name}?", [*said_, "u brings it back."], "delete it")
            self.house.push_screen(question, answered)

        def answered(yes: bool | None) -> None:
            if yes:
                self.house.background(carry_out, lambda _: self._written(f"deleted the search {name}"))

        def carry_out(crm: Crm) -> None:
            with crm.changes(f"delete the search {name}") as unit:
                searches.delete(unit, name)

        self.house.background(lambda crm: searches.naming(crm.db, name), ask)

    def _written(self, word: str | None) -> None:
        if word:
            self.house.notice(word, "u takes it back")
            self.action_reload()


class _Asking(Lines):
    """Lines about a saved search; gives back what was done, in words."""

    PREFIX = "search"
    DEFAULT_CSS = """
    _Asking Sheet { width: 96; }
    _Asking #wrong { color: $error; height: auto; }
    _Asking .name { color: $foreground 70%; }
    """

    def __init__(self, title: str, given: Mapping[str, str]) -> None:
        """With `given` texts the lines begin."""
        super().__init__()
        self._heading = title
        self._given = given

    def compose(self) -> ComposeResult:
        """Title, lines, what each is about, what is wrong, keys."""
        with Sheet():
            yield Line(self._heading, classes="title")
            for name in self.NAMES:
                yield Line(name.capitalize(), classes="name")
                yield Entry(self._given.get(name, ""), id=f"{self.PREFIX}-{name}")
            yield Line(id="help")
            yield Line(id="wrong")
            yield Line("Ctrl+S, or Enter on the last line, saves   Esc back", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor in the first line."""
        self.query(Entry).first().focus()

    def typed(self, name: str) -> str:
        """What stands in a line."""
        return self.query_one(f"#{self.PREFIX}-{name}", Entry).typed.strip()

    def wrong(self, error: PartnersError) -> None:
        """Say what is wrong."""
        if self.is_current:
            self.query_one("#wrong", Line).put(label(explained(error), "$error"))


class SaveSearch(_Asking):
    """Asks for the name of the present query."""

    NAMES = ("name", "note")
    ABOUT: ClassVar[Mapping[str, str]] = {
        "name": 'What it is called; another query names it so: saved:"NAME".',
        "note": "What it is for; it may stay empty.",
    }

    def __init__(self, table: type[Table], query: str, sort: str) -> None:
        super().__init__(f"Save as a search: {query or f'all {table.entity.plural}'}", {})
        self._table = table
        self._query = query
        self._sort = sort
        self._taken = ""
        """The name, folded, that was refused as taken: saving again gives it the new query."""

    def action_save(self) -> None:
        """Save it, or say what is wrong; a name that is taken is given the query at the second time."""
        name, note = self.typed("name"), self.typed("note")
        plural, query, sort = self._table.entity.plural, self._query, self._sort
        replace = bool(name) and fold(name) == self._taken

        def carry_out(crm: Crm) -> str:
            with crm.changes(f"save the search {name}") as unit:
                saved = searches.save(unit, name, plural, query, today=crm.today, sort=sort, note=note, replace=replace)
            return f"saved search {saved.name}"

        def refused(error: PartnersError) -> None:
            if isinstance(error, InvalidValue) and "is taken" in error.message:
                self._taken = fold(name)
                error = InvalidValue("Name", name, "is taken", "Ctrl+S again gives it this query; or choose another")
            self.wrong(error)

        self.house.background(carry_out, self.dismiss, refused)


class EditSearch(_Asking):
    """Asks for another name, query or note of a saved search."""

    NAMES = ("name", "query", "note")
    ABOUT: ClassVar[Mapping[str, str]] = {
        "name": "Searches that name it by its old name will no longer run.",
        "query": "As it is typed in the filter.",
        "note": "What it is for; it may stay empty.",
    }

    def __init__(self, search: SavedSearch) -> None:
        super().__init__(f"Edit the saved search {search.name}", {name: search[name] for name in self.NAMES})
        self._search = search

    def action_save(self) -> None:
        """Save what was typed, as one operation, or say what is wrong."""
        before = self._search
        name, query, note = (self.typed(each) for each in self.NAMES)

        def carry_out(crm: Crm) -> str:
            found: SavedSearch = before
            holders: tuple[str, ...] = ()
            with crm.changes(f"edit the search {before.name}") as unit:
                if name != before.name:
                    found, holders = searches.rename(unit, before.name, name)
                if query != before.query:
                    found = searches.save(
                        unit, name, before.applies_to, query, today=crm.today, sort=before.sort, note=note, replace=True
                    )
                else:
                    # One that does not run may be given another name and note all the same.
                    found = records.edit(unit, found, note=note)
            broken = f", which {', '.join(holders)} named by its old name: no longer running" if holders else ""
            return f"saved search {found.name}{broken}"

        self.house.background(carry_out, self.dismiss, self.wrong)
