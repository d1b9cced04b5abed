"""Importing a file: its path, what would happen and why, what each column means, then Ctrl+S."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.services.importing.applying import Options
from partners_crm.services.importing.mapping import ColumnMapping, OwnField
from partners_crm.services.importing.planning import POLICIES
from partners_crm.services.importing.problems import write_problems
from partners_crm.services.importing.report import ImportReport
from partners_crm.store.maps import map_codes
from partners_crm.tui.display import joined, label
from partners_crm.tui.screens.base import WIDE, MainScreen
from partners_crm.tui.screens.import_asking import Asked, AskPlace, HowRead, path_of
from partners_crm.tui.screens.import_mapping import AskOwnField, ChooseMeaning, Meaning, meanings, suggested
from partners_crm.tui.screens.import_tables import BehindSource, ColumnSource, NumberSource
from partners_crm.tui.screens.import_words import (
    BEGIN,
    column_detail,
    headline,
    how_read,
    number_detail,
    refusal,
    sheets_in,
)
from partners_crm.tui.screens.import_work import Number, Preview, Run, Stopped, carry_out, look
from partners_crm.tui.widgets.entry import Entry, FileSuggester
from partners_crm.tui.widgets.table import PaneTable
from partners_crm.tui.widgets.text import Line

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".jsonl", ".json")
"""Files whose names are completed; what a file is, its first bytes say."""
TOLD_EVERY = 0.1
"""Seconds between two words about the progress."""
PATH_KEYS = "Enter preview  → complete  Tab the preview  Ctrl+S import  Esc leave  F1 keys"
NUMBER_KEYS = "Enter its rows  p policy  t reading  w problems  Ctrl+S import  ? keys"
COLUMN_KEYS = "Enter its meaning  f own field  b guess anew  Ctrl+S import  Esc leave  ? keys"
ROW_KEYS = "Esc the numbers  w write the rejected ones  Ctrl+S import  ? keys"
BUSY_KEYS = "Esc, Ctrl+C stop it and leave everything as it was"


class ImportFile(MainScreen):
    """Previews a file, lets its columns and policy be changed, and imports exactly what was previewed."""

    DEFAULT_CSS = """
    ImportFile #file { height: 1; padding: 0 1; }
    ImportFile #file-name { width: 6; }
    ImportFile #words { max-height: 3; padding: 0 1; background: $surface; }
    ImportFile #panes { height: 1fr; layout: vertical; }
    ImportFile #left { height: auto; max-height: 58%; }
    ImportFile #numbers { height: 9; }
    ImportFile #how { display: none; padding: 0 1; color: $foreground 80%; }
    ImportFile #right { height: 1fr; }
    ImportFile #behind { display: none; }
    ImportFile.rows #behind { display: block; }
    ImportFile.rows #columns { display: none; }
    ImportFile #detail { height: 2; padding: 0 1; color: $foreground 80%; }
    ImportFile.wide #panes { layout: horizontal; }
    ImportFile.wide #left { width: 42; height: 1fr; max-height: 100%; border-right: solid $panel; }
    ImportFile.wide #how { display: block; height: 1fr; }
    ImportFile.wide #columns { display: block; height: 3fr; }
    ImportFile.wide #behind { display: block; height: 2fr; }
    ImportFile.wide #detail { height: 3; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "apply", "Import what was previewed", show=False, priority=True, id="import.apply"),
        Binding("escape", "back", "Stop, go back, or leave", show=False, id="import.back"),
        Binding("ctrl+c", "stop", "Stop", show=False, priority=True, id="import.stop"),
        Binding("p", "policy", "Next policy for what is known", show=False, id="import.policy"),
        Binding("N", "create", "Take rows about new ones, or reject them", show=False, id="import.create"),
        Binding("M", "members", "New organizations are members, or not", show=False, id="import.members"),
        Binding("t", "reading", "Worksheet, encoding, flags, map", show=False, id="import.reading"),
        Binding("f", "own", "Make the column a field of your own", show=False, id="import.own"),
        Binding("b", "guess", "Guess all columns anew", show=False, id="import.guess"),
        Binding("w", "problems", "Write the rejected rows to a file", show=False, id="import.problems"),
        Binding("r", "again", "Read the file again", show=False, id="import.again"),
        Binding("o", "path", "Another file", show=False, id="import.path"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.seen: Preview | None = None
        """What is shown."""
        self._options = Options()
        self._edited = False
        """Whether a meaning was changed by hand and not imported yet."""
        self._warned = False
        self._run: Run | None = None
        """The work that goes on."""
        self._timer: Timer | None = None
        self._shown: Number | None = None
        """The number whose rows are shown."""
        self._sheets: tuple[str, ...] = ()
        """Worksheets of the file, as far as its notes name them."""

    def compose(self) -> ComposeResult:
        """Head and path, what is to be known first, the panes, what the cursor is on, terms, keys."""
        yield Line(id="head", classes="head")
        with Horizontal(id="file"):
            yield Line("File", id="file-name")
            yield Entry(placeholder="~/Master list FINAL v7.xlsx", suggester=FileSuggester(SUFFIXES), id="path")
        yield Line(BEGIN, id="words")
        with Container(id="panes"):
            with Vertical(id="left"):
                yield PaneTable(NumberSource(), empty="", id="numbers")
                with VerticalScroll(id="how", can_focus=False):
                    yield Line(id="how-text")
            with Vertical(id="right"):
                yield PaneTable(ColumnSource(), empty="", id="columns")
                yield PaneTable(BehindSource(), empty="No row is behind it.", id="behind")
        yield Line(id="detail")
        yield Line(id="terms", classes="status")
        yield Line(PATH_KEYS, id="keys", classes="keys")

    def on_mount(self) -> None:
        """Begin with the path."""
        self._timer = self.set_interval(TOLD_EVERY, self._tell, pause=True)
        self.query_one("#head", Line).put(joined([("Import", "bold"), (f"  {self.crm.name}", "")]))
        self._path.focus()
        self._say_terms()

    def on_unmount(self) -> None:
        """Whoever leaves the program leaves nothing half done."""
        if self._run is not None:
            self._run.stop()

    def on_resize(self, event: events.Resize) -> None:
        """Numbers and columns side by side where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    @property
    def _path(self) -> Entry:
        return self.query_one("#path", Entry)

    def _table(self, name: str) -> PaneTable:
        return self.query_one(f"#{name}", PaneTable)

    # ---------------------------------------------------------------- work that can be stopped

    def _begin(self, stage: str, work: Callable[[Crm, Run], Preview], done: Callable[[Preview], None]) -> None:
        """Do something with the file in the background, with a word about how far it is."""
        if self._run is not None:
            return
        run = self._run = Run(stage)
        self._warned = False
        assert self._timer is not None
        self._timer.resume()
        self._tell()
        self.query_one("#keys", Line).put(BUSY_KEYS)

        def job(crm: Crm) -> Preview | None:
            try:
                return work(crm, run)
            except Stopped:
                return None

        def finished(found: Preview | None) -> None:
            if not self.is_attached:
                return
            self._end()
            if found is None:
                self._put_words(label("Stopped. Everything is as it was; Enter on the file reads it again.", "bold"))
            else:
                done(found)

        def failed(error: PartnersError) -> None:
            if self.is_attached:
                self._end()
                self._put_words(refusal(error))

        # Another screen may be above this one: the result is for this one all the same.
        self.house.background(job, finished, failed, always=True)

    def _end(self) -> None:
        self._run = None
        assert self._timer is not None
        self._timer.pause()
        self._say_keys()

    def _tell(self) -> None:
        if self._run is not None:
            self._put_words(label(self._run.told, "bold"))

    def _put_words(self, words: Content) -> None:
        self.query_one("#words", Line).put(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """Ctrl+C stops what goes on; at rest it copies what is selected."""
        return action != "stop" or self._run is not None

    def action_stop(self) -> None:
        """Stop what goes on."""
        if self._run is not None:
            self._run.stop()
            self._tell()

    # ---------------------------------------------------------------- the preview

    def on_input_changed(self, message: Any) -> None:
        """Another path is another file."""
        if self.seen is not None and path_of(message.value) != self.seen.path:
            self._forget()

    def on_input_submitted(self, message: Any) -> None:
        """Preview the file."""
        message.stop()
        if message.value.strip() and self._run is None:
            self._look(path_of(message.value))

    def _forget(self) -> None:
        """Nothing is previewed."""
        self.seen, self._edited, self._sheets, self._shown = None, False, (), None
        # The policy is the person's; worksheet, encoding and meanings were those of the file.
        self._options = Options(self._options.policy, self._options.create, self._options.members)
        self._table("numbers").show_source(NumberSource())
        self._table("columns").show_source(ColumnSource())
        self._table("behind").show_source(BehindSource())
        self.query_one("#how-text", Line).put("")
        self.query_one("#detail", Line).put("")
        self._put_words(label(BEGIN))
        self._say_terms()

    def _look(self, path: Path, *, sha256: str = "") -> None:
        """Preview a file; with `sha256` only if it is the one that was seen before."""
        options = self._options
        self._begin("reading", lambda crm, run: look(crm, path, options, run, sha256), self._looked)

    def _look_again(self) -> None:
        """Preview the same file under other terms."""
        if self.seen is not None:
            self._look(self.seen.path, sha256=self.seen.sha256)

    def _looked(self, seen: Preview) -> None:
        is_first = self.seen is None
        self._options = seen.options
        self._show(seen)
        if seen.numbers and (is_first or self.focused is None or self.focused is self._path):
            self._table("columns" if seen.error is not None else "numbers").focus()

    def _show(self, seen: Preview) -> None:
        self.seen = seen
        head = joined([("Import", "bold"), (f"  {self.crm.name}", ""), (f"   {seen.path.name}", "$accent")])
        self.query_one("#head", Line).put(head)
        self._sheets = self._sheets or sheets_in(seen)
        self._put_words(headline(seen))
        self.query_one("#how-text", Line).put(how_read(seen))
        for name, source in (("numbers", NumberSource(seen)), ("columns", ColumnSource(seen))):
            table = self._table(name)
            table.show_source(source, keep_id=table.cursor_id)
        self._shown = None
        self._show_rows(self._table("numbers").cursor_id)
        self._say_terms()
        self._say_detail()
        self._say_keys()

    def _show_rows(self, place: int | None) -> None:
        """Show the rows behind a number."""
        if self.seen is None or place is None or place >= len(self.seen.numbers):
            return
        number = self.seen.numbers[place]
        if number is not self._shown:
            before, self._shown = self._shown, number
            keep = self._table("behind").cursor_id if before and before.key == number.key else 0
            self._table("behind").show_source(BehindSource(number), keep_id=keep)

    # ---------------------------------------------------------------- where the cursor is

    def on_pane_table_moved(self, message: PaneTable.Moved) -> None:
        """Show what is behind the number, and say what the cursor is on."""
        if message.table is self._table("numbers"):
            self._show_rows(message.place)
        self._say_detail()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Each pane has its own keys."""
        if self.is_mounted:
            self.set_class(self.focused is self._table("behind"), "rows")
            self._say_keys()
            self._say_detail()

    def on_pane_table_chosen(self, message: PaneTable.Chosen) -> None:
        """Go to the rows of a number, or change the meaning of a column."""
        if message.table is self._table("numbers"):
            self.add_class("rows")
            self._table("behind").focus()
        elif message.table is self._table("columns"):
            self._choose_meaning(message.place)

    def _say_keys(self) -> None:
        keys = {"path": PATH_KEYS, "numbers": NUMBER_KEYS, "columns": COLUMN_KEYS, "behind": ROW_KEYS}
        name = self.focused.id if self.focused is not None and self.focused.id else "path"
        self.query_one("#keys", Line).put(BUSY_KEYS if self._run is not None else keys.get(name, PATH_KEYS))

    def _say_detail(self) -> None:
        """What the cursor is on, in full."""
        seen, focused = self.seen, self.focused
        words: Content | str = ""
        if seen is not None and isinstance(focused, PaneTable) and (place := focused.cursor_id) is not None:
            if focused.id == "columns" and place < len(seen.columns):
                words = column_detail(seen, place)
            elif focused.id == "numbers" and place < len(seen.numbers):
                words = number_detail(seen.numbers[place])
            elif focused.id == "behind" and self._shown is not None and place < len(self._shown.rows):
                row = self._shown.rows[place]
                line = f"line {row.line:,}  " if row.line else ""
                words = joined([(line, "bold"), (row.why, "$warning" if row.line else ""), (f"  {row.text}", "")])
        self.query_one("#detail", Line).put(words)

    def _say_terms(self) -> None:
        options = self._options
        parts = [
            ("p ", "bold"),
            (options.policy, "$accent"),
            ("  N ", "bold"),
            ("new ones come in" if options.create else "new ones rejected", "$accent"),
            ("  M ", "bold"),
            ("as members" if options.members else "not as members", "$accent"),
            ("  t ", "bold"),
            (self.seen.described if self.seen and self.seen.described else "read as guessed", "$accent"),
        ]
        self.query_one("#terms", Line).put(joined(parts))

    # ---------------------------------------------------------------- meanings

    def _editable(self) -> ColumnMapping | None:
        """The mapping, where it can be changed now; else it is said why not."""
        if self._run is not None:
            return None
        if self.seen is None or self.seen.mapping is None:
            is_whole = self.seen is not None and self.seen.is_whole
            reason = "a whole coalition says itself what its lines are" if is_whole else "no file is previewed yet"
            self.house.notice(f"there is no column to choose for: {reason}")
            return None
        return self.seen.mapping

    def _choose_meaning(self, place: int) -> None:
        """Ask what a column means."""
        mapping, seen = self._editable(), self.seen
        if mapping is None or seen is None:
            return
        column = seen.columns[place]

        def ask(found: list[Meaning]) -> None:
            self.house.push_screen(ChooseMeaning(column.name, column.examples, column.meaning, found), chosen)

        def chosen(meaning: Meaning | None) -> None:
            if meaning is not None and meaning.target != mapping.uses[place].target:
                self._take_mapping(mapping.with_use(place, meaning.target))

        self.house.background(lambda crm: meanings(crm, mapping), ask)

    def action_own(self) -> None:
        """Make the column under the cursor a field of the coalition's own."""
        mapping, seen, place = self._editable(), self.seen, self._table("columns").cursor_id
        if mapping is None or seen is None or place is None:
            return
        cells = seen.cells_of(place)
        field = suggested(mapping, place, seen.columns[place].name, cells)
        taken = [
            use.target.name
            for number, use in enumerate(mapping.uses)
            if number != place and use.target is not None and use.target.kind == "own"
        ]

        def made(field: OwnField | None) -> None:
            if field is not None:
                self._take_mapping(mapping.with_own(place, field))

        self._table("columns").focus()
        self.house.push_screen(AskOwnField(seen.columns[place].name, len(cells), field, taken), made)

    def _take_mapping(self, mapping: ColumnMapping) -> None:
        self._options = replace(self._options, mapping=mapping)
        self._edited = True
        self._look_again()

    def action_guess(self) -> None:
        """Forget the saved and the chosen meanings: guess all of them from names and values."""
        if self._editable() is not None:
            self._options = replace(self._options, mapping=None, use_saved=False)
            self._edited = True
            self._look_again()

    # ---------------------------------------------------------------- terms

    def _take(self, options: Options) -> None:
        """Other terms: they hold from now on, and a file that is shown is previewed under them."""
        if self._run is None:
            self._options = options
            self._say_terms()
            self._look_again()

    def action_policy(self) -> None:
        """The next policy for what is known."""
        if self._run is not None:
            return
        names = list(POLICIES)
        policy = names[(names.index(self._options.policy) + 1) % len(names)]
        self._take(replace(self._options, policy=policy))  # type: ignore[arg-type]  # a key of POLICIES
        self.house.notice(f"policy {policy}: {POLICIES[policy]}")

    def action_create(self) -> None:
        """Take rows about what is not known, or reject them."""
        self._take(replace(self._options, create=not self._options.create))

    def action_members(self) -> None:
        """Make new organizations members, or not."""
        self._take(replace(self._options, members=not self._options.members))

    def action_reading(self) -> None:
        """Ask how the file is to be read."""
        if self._run is not None:
            return
        said = [self.seen.described, *self.seen.notes] if self.seen and self.seen.described else []

        def ask(maps: list[str]) -> None:
            now = Asked(self._options.read, self._options.map_code)
            self.house.push_screen(HowRead(now, said, self._sheets, maps), taken)

        def taken(asked: Asked | None) -> None:
            if asked is None:
                return
            before = self._options.read
            options = replace(self._options, read=asked.read, map_code=asked.map_code)
            if replace(before, flags=asked.read.flags) != asked.read:
                # Other columns may come of it; what was chosen for those of before would not fit.
                options, self._edited = replace(options, mapping=None), False
            self._take(options)

        self.house.background(lambda crm: list(map_codes(crm.db)), ask)

    # ---------------------------------------------------------------- Ctrl+S

    def action_apply(self) -> None:
        """Import what was previewed, or preview it first."""
        seen = self.seen
        if self._run is not None:
            return
        if seen is None or seen.path != path_of(self._path.value):
            if self._path.value.strip():
                self._look(path_of(self._path.value))
        elif seen.report is None:
            self.house.notice("it cannot be imported yet", seen.error.message if seen.error else "", error=True)
        elif not seen.report.preview:
            self.house.notice("it is imported already", "r reads the file again")
        else:
            self._begin("importing", lambda crm, run: carry_out(crm, seen, run), self._imported)

    def _imported(self, done: Preview) -> None:
        """Say the real numbers, then what the spreadsheet could not tell."""
        self._edited = False
        self.seen = None  # who is told that the data changed, does not preview anew
        self.house.changed()
        self._show(done)
        counts = done.told("new", "changed", "same", "rejected")
        if done.operation is None:
            self.house.notice(f"nothing was written: {counts}", done.remembered)
            return
        hint = f"u takes it back; {done.remembered}" if done.remembered else "u takes it back"
        self.house.notice(f"imported: {counts}", hint, error=bool(done.rejected))
        from partners_crm.tui.screens.first_look import FirstLookScreen

        self._table("numbers").focus()
        self.house.push_screen(FirstLookScreen(operation=done.operation))

    def action_reload(self) -> None:
        """Somebody changed the data: what was imported may be undone, so it is previewed anew."""
        if self.seen is not None and self.seen.operation is not None and self._run is None:
            self._look(self.seen.path)

    def action_again(self) -> None:
        """Read the file again, as it is now."""
        if self.seen is not None and self._run is None:
            self._look(self.seen.path)

    def action_problems(self) -> None:
        """Write the rejected rows to a file."""
        seen = self.seen
        report = seen.report if seen else None
        if seen is None or not isinstance(report, ImportReport) or not report.rejected:
            self.house.notice("there is no rejected row to write")
            return
        rows = "1 rejected row" if report.rejected == 1 else f"{report.rejected:,} rejected rows"
        place = seen.path.with_name(f"{seen.path.stem}-problems.csv")

        def write(path: Path | None) -> None:
            if path is not None:
                self.house.background(
                    lambda crm: write_problems(path, [report], crm.path, [seen.path]), lambda _count: said(path)
                )

        def said(path: Path) -> None:
            self.house.notice(f"{rows} written to {path}", "correct them there and import the file")

        self.house.push_screen(AskPlace(f"Write {rows} to", place), write)

    # ---------------------------------------------------------------- leaving

    def action_path(self) -> None:
        """Go to the path."""
        self._path.focus()

    def action_back(self) -> None:
        """Stop what goes on, go from the rows to the numbers, from the path to the preview, or leave."""
        if self._run is not None:
            self.action_stop()
        elif self.focused is self._table("behind") or (self.focused is self._path and self.seen and self.seen.numbers):
            self.remove_class("rows")
            self._table("numbers").focus()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; what was chosen for columns is given up only when it is asked for twice."""
        if self._run is not None:
            self.action_stop()
        elif self._edited and not self._warned:
            self._warned = True
            words = "Not imported yet. Ctrl+S imports it; Esc again gives up what you chose for the columns."
            self._put_words(label(words, "bold $warning"))
        else:
            super().action_leave()
