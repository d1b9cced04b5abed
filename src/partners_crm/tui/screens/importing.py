"""Importing a file: its path, what would happen, then Ctrl+S."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.services.importing.applying import ImportReport
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.entry import Entry, FileSuggester
from partners_crm.tui.widgets.text import Line, Sheet

SHOWN = 50
"""Problems and remarks listed each."""


class ImportFile(Box):
    """Asks for a file and previews it; gives the id of the operation back once it is imported."""

    DEFAULT_CSS = """
    ImportFile Sheet { width: 96; }
    ImportFile #report { height: auto; max-height: 70vh; margin: 1 0; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "apply", "Import it", show=False, priority=True, id="import.apply"),
        Binding("pagedown", "scroll(1)", "Report down", show=False, id="import.down"),
        Binding("pageup", "scroll(-1)", "Report up", show=False, id="import.up"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._previewed: Path | None = None
        self._sha256 = ""
        self._busy = False
        self._done: int | None = None
        """The operation of an import whose report is still being read."""

    def compose(self) -> ComposeResult:
        """The path, the report, keys."""
        with Sheet():
            yield Line("Import organizations from a CSV file", classes="title")
            yield Entry(placeholder="~/members.csv", suggester=FileSuggester((".csv", ".tsv", ".txt")), id="path")
            with VerticalScroll(id="report"):
                yield Line("Enter reads the file and says what would happen. Nothing is written yet.", id="words")
            yield Line("Enter preview   → complete   PgDn more   Ctrl+S import   Esc leave", classes="keys")

    def on_mount(self) -> None:
        """Begin with the path."""
        self.query_one("#path", Entry).focus()

    def action_close(self) -> None:
        """Leave, but not while the file is being read or written."""
        if not self._busy:
            self.dismiss(self._done)

    def on_input_changed(self, _message: Any) -> None:
        """Another path needs another preview."""
        self._previewed = None

    def on_input_submitted(self, message: Any) -> None:
        """Preview the file."""
        if message.value.strip():
            self._run(Path(message.value.strip()).expanduser(), preview=True)

    def action_apply(self) -> None:
        """Import what was previewed, or preview it first."""
        path = self._previewed
        if path is not None:
            self._run(path, preview=False)
        else:
            text = self.query_one("#path", Entry).value.strip()
            if text:
                self._run(Path(text).expanduser(), preview=True)

    def action_scroll(self, pages: int) -> None:
        """Scroll the report, while the cursor stays in the path."""
        report = self.query_one("#report", VerticalScroll)
        report.scroll_relative(y=pages * max(1, report.size.height - 1), animate=False)

    def _run(self, path: Path, *, preview: bool) -> None:
        if self._busy:
            return
        self._busy = True
        words = self.query_one("#words", Line)
        words.put("Reading…" if preview else "Importing…")

        def work(crm: Crm) -> ImportReport | PartnersError:
            try:
                return crm.import_file(path, preview=preview, sha256="" if preview else self._sha256)
            except PartnersError as error:
                return error

        def done(found: ImportReport | PartnersError) -> None:
            self._busy = False
            if isinstance(found, PartnersError):
                self._previewed = None
                words.put(stacked([label(found.message, "$error"), label(found.hint)]))
            elif preview:
                self._previewed, self._sha256 = path, found.sha256
                words.put(report_content(found))
            else:
                self.house.notice(
                    f"imported: {found.added} rows added, {found.merged} merged, {found.rejected} rejected",
                    "u takes it back" if found.changes else "everything was known already",
                    error=bool(found.rejected),
                )
                if found.problems:
                    # The rejected rows are to be read before they are gone.
                    self._done, self._previewed = found.operation, None
                    words.put(stacked([label("Imported. Esc closes.", "bold $accent"), report_content(found)]))
                    self.house.changed()
                else:
                    self.dismiss(found.operation)

        self.house.background(work, done)


def report_content(report: ImportReport) -> Content:
    """What an import would do, in lines."""
    would = " would be" if report.preview else ""
    rows = [
        label(
            f"{report.rows} rows = {report.added}{would} added + {report.merged} merged + {report.rejected} rejected",
            "bold",
        ),
        label("new: " + (", ".join(f"{number} {name.replace('_', ' ')}" for name, number in report.records) or "none")),
    ]
    if report.filled:
        rows.append(label(f"{report.filled} known records would be filled in"))
    rows.append(label(f"read as {report.described}"))
    rows += [joined([(f"{header} ", ""), (f"→ {meaning}", "$accent")]) for header, meaning in report.mapping]
    if report.unmapped:
        rows.append(label("not understood, kept with the rows in the journal only: " + ", ".join(report.unmapped)))
    for title, style, problems in (("rejected", "$error", report.problems), ("look", "$warning", report.remarks)):
        rows += [joined([(f"{title}  ", style), (each.described(report.file), "")]) for each in problems[:SHOWN]]
        if len(problems) > SHOWN:
            rows.append(label(f"{len(problems) - SHOWN} more; partners import --dry-run --format json has all of them"))
    if not report.preview:
        return stacked(rows)
    word = "Ctrl+S imports it." if report.changes else "There is nothing new in it."
    return stacked([*rows, label(word, "bold $accent")])
