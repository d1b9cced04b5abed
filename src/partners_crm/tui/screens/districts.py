"""Coverage: every district as a tile, on the true map or in a table, under terms that keys change."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from partners_crm.crm import Crm
from partners_crm.districts.tiles import Cell, Direction
from partners_crm.errors import PartnersError
from partners_crm.services.coverage import DistrictCoverage
from partners_crm.services.coverage.explaining import Explanation
from partners_crm.services.pictures.legend import STEPS, TEXT_LEGEND, told
from partners_crm.tui.asking import Answer, Choices, Found, Terms, ask, described
from partners_crm.tui.card_view import card_content
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.district_lines import brief, district_card, meters, sentences, unassigned, under
from partners_crm.tui.district_source import CoverageSource
from partners_crm.tui.screens.base import GOING, WIDE, MainScreen
from partners_crm.tui.widgets.outline import Outline
from partners_crm.tui.widgets.palette import palette
from partners_crm.tui.widgets.picture import Picture
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line
from partners_crm.tui.widgets.tiles import Tiles

VIEWS = ("tiles", "outline", "table")
"""In the order of the key."""
ASIDE = 78
"""From this width on something stands beside the picture."""
NARROW = 24
"""Cells of what stands there below `WIDE`."""
TALL, ROOMY = 33, 72
"""Lines of the screen, and cells of the picture, from which tiles show the number of every district."""
COMPACT = 57
"""Cells of the picture without them."""
QUIET_S = 0.08
"""Seconds the cursor rests before the district is read."""
NEARER = 2.0
SAMPLE = " "
"""What shows a colour of the map in the legend."""
KEYS = {
    "tiles": "Enter card  m map  f closing gaps  b l L o c w t terms  v in words  ? keys",
    "outline": "Enter card  m table  + - 0 zoom  z characters  f who closes gaps  ? keys",
    "table": "Enter card  m tiles  f closing gaps  b l L o c w t terms  v in words  ? keys",
}
SHORT_KEYS = {
    "tiles": "Enter card  m map  f closing gaps  v in words  ? keys",
    "outline": "Enter card  m table  + - 0 zoom  f closing gaps  ? keys",
    "table": "Enter card  m tiles  f closing gaps  v in words  ? keys",
}


class Aside(VerticalScroll, can_focus=True):
    """What stands beside the picture: figures, sentences, the district under the cursor."""

    DEFAULT_CSS = """
    Aside { width: 24; padding: 0 0 0 1; border-left: solid $panel; }
    Aside { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Aside:focus { border-left: solid $accent; }
    """
    BINDINGS: ClassVar[list[Any]] = [Binding("enter", "screen.words", "Figures in words", show=False, id="aside.words")]


class Districts(MainScreen):
    """Every district of the coalition's map, in three views."""

    DEFAULT_CSS = """
    Districts Aside { display: none; }
    Districts.aside Aside { display: block; }
    Districts #legend { padding: 0 1; background: $surface; }
    Districts #meters { padding: 0 1; }
    Districts.aside #meters { display: none; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "open", "Open the district", show=False, id="districts.open"),
        Binding("left", "step('left')", "West", show=False, id="districts.left"),
        Binding("right", "step('right')", "East", show=False, id="districts.right"),
        Binding("up,k", "step('up')", "North", show=False, id="districts.up"),
        Binding("down,j", "step('down')", "South", show=False, id="districts.down"),
        Binding("home,g", "edge(0)", "First tile", show=False, id="districts.first"),
        Binding("end,G", "edge(1)", "Last tile", show=False, id="districts.last"),
        Binding("m", "view", "Tiles, map or table", show=False, id="districts.view"),
        Binding("plus,equals_sign", "zoom(1)", "Nearer", show=False, id="districts.nearer"),
        Binding("minus", "zoom(-1)", "Farther", show=False, id="districts.farther"),
        Binding("0", "zoom(0)", "The whole map", show=False, id="districts.whole"),
        Binding("z", "characters", "Map in colours or characters", show=False, id="districts.characters"),
        Binding("b", "turn('basis')", "Which sites count", show=False, id="districts.basis"),
        Binding("l", "turn('match')", "Match level", show=False, id="districts.match"),
        Binding("L", "turn('level')", "Coverage level", show=False, id="districts.level"),
        Binding("o", "turn('silo')", "Silo", show=False, id="districts.silo"),
        Binding("c", "turn('chamber')", "Chamber", show=False, id="districts.chamber"),
        Binding("w", "turn('map')", "Another map", show=False, id="districts.map"),
        Binding("t", "day", "Another day", show=False, id="districts.day"),
        Binding("O", "association", "Members of an association", show=False, id="districts.association"),
        Binding("f", "gaps", "Who closes the gaps", show=False, id="districts.gaps"),
        Binding("v", "words", "Figures in words", show=False, id="districts.words"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.terms = Terms()
        self.view = VIEWS[0]
        self.cell: Cell | None = None
        """The district under the cursor, in every view."""
        self.found: Found | None = None
        self._choices = Choices()
        self._source = CoverageSource(None)
        self._rest: Timer | None = None
        self._asked_for: Found | None = None
        """The answer whose gaps are being read."""
        self._why: Explanation | None = None

    def compose(self) -> ComposeResult:
        """Head, picture and what stands beside it, legend, status, keys."""
        yield Line(id="head", classes="head")
        yield Line(id="meters")
        with Horizontal():
            yield Tiles(id="tiles")
            yield Outline(id="outline")
            yield VirtualTable(self._source, empty="Counting…", id="table")
            with Aside():
                yield Line(id="aside-text")
        yield Line(id="legend")
        yield Line(id="status", classes="status")
        yield Line(id="keys", classes="keys")

    def on_mount(self) -> None:
        """Show the tiles."""
        self._outline.in_characters = self._colourless
        self._switch()
        self.watch(self.app, "theme", self._recolour, init=False)

    @property
    def _colourless(self) -> bool:
        """Whether the steps of the legend cannot be told apart by colour."""
        return bool(os.environ.get("NO_COLOR")) or self.app.console.color_system in (None, "standard")

    @property
    def _tiles(self) -> Tiles:
        return self.query_one(Tiles)

    @property
    def _outline(self) -> Outline:
        return self.query_one(Outline)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    @property
    def _picture(self) -> Picture | None:
        return {"tiles": self._tiles, "outline": self._outline}.get(self.view)

    def on_resize(self, event: events.Resize) -> None:
        """Share the width between the picture and what stands beside it."""
        self._share(event.size.width, event.size.height)

    def _share(self, width: int, height: int) -> None:
        self.set_class(width >= ASIDE, "aside")
        wide = ROOMY if height >= TALL and width >= ROOMY + NARROW + 20 else COMPACT
        if self.view != "tiles":
            wide = max(wide, width * 3 // 5)
        self.query_one(Aside).styles.width = width - wide if width >= WIDE else NARROW
        self.call_after_refresh(self._say)

    def on_screen_resume(self) -> None:
        """Another screen may have changed the data."""
        self.action_reload()

    # ---------------------------------------------------------------- views

    def action_view(self) -> None:
        """Show the next view of the same answer."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._switch()
        self._share(self.size.width, self.size.height)
        self._fill()

    def _switch(self) -> None:
        for name in VIEWS:
            self.query_one(f"#{name}", Widget).display = name == self.view
        self.query_one(f"#{self.view}", Widget).focus()

    def _fill(self) -> None:
        """Put the answer into the view that is shown."""
        picture = self._picture
        if picture is not None:
            picture.put(self.found, self.cell)
            self.cell = picture.cell or self.cell
        else:
            self._source = CoverageSource(self.found.coverage if self.found else None)
            keep = self._source.place_of(*self.cell) if self.cell else None
            self._table.show_source(self._source, keep_id=keep)
        self._say()
        self._look()

    def _recolour(self) -> None:
        self._tiles.recolour()
        self._outline.recolour()
        self._say()

    def action_step(self, direction: Direction) -> None:
        """Move the cursor, or the window of the map."""
        if self._picture is not None:
            self._picture.step(direction)
            self._say()

    def action_edge(self, last: int) -> None:
        """Go to the first or the last tile."""
        if self.view == "tiles":
            self._tiles.edge(bool(last))

    def action_zoom(self, step: int) -> None:
        """Show the map nearer, farther, or whole."""
        if self.view != "outline":
            self.house.notice("only the map can be shown nearer", "m shows it")
        elif step:
            self._outline.nearer(NEARER**step)
        else:
            self._outline.whole()
        self._say()

    def action_characters(self) -> None:
        """Show the map in characters of the legend, or in colours."""
        if self._colourless:
            self.house.notice("this terminal shows no colours", "the map is shown in characters")
            return
        self._outline.in_characters = not self._outline.in_characters
        self._outline.recolour()
        self._say()

    # ---------------------------------------------------------------- terms

    def action_turn(self, term: str) -> None:
        """Take the next value of a term."""
        if len(self._choices.of(term)) < 2:
            one = {"chamber": "the map has one chamber", "map": "there is no other map", "silo": "there are no silos"}
            self.house.notice(one[term])
            return
        self.terms = self._choices.after(self.terms, term)
        self.action_reload()

    def action_day(self) -> None:
        """Ask for the day."""
        from partners_crm.tui.screens.day import AskDay

        def take(day: str | None) -> None:
            if day is not None:
                self.terms = replace(self.terms, day=day)
                self.action_reload()

        self.house.push_screen(AskDay("Who was a member on which day?", self.terms.day), take)

    def action_association(self) -> None:
        """Ask whose members are counted: this coalition's, or those of an association."""
        from partners_crm.tui.screens.question import Choose

        def read(crm: Crm) -> list[tuple[str, str]]:
            return [(str(each.id), each.name) for each in crm.organizations("kind:association")]

        def choose(some: list[tuple[str, str]]) -> None:
            keys = ["", *(key for key, _ in some)]

            def take(place: int | None) -> None:
                if place is not None:
                    self.terms = replace(self.terms, of=keys[place])
                    self.action_reload()

            names = ["this coalition", *(name for _, name in some)]
            self.house.push_screen(Choose("Whose members?", names), take)

        self.house.background(read, choose)

    def action_reload(self) -> None:
        """Judge every district anew."""
        terms = self.terms
        self.house.background(lambda crm: ask(crm, terms), lambda answer: self._take(terms, answer))

    def _take(self, asked: Terms, answer: Answer) -> None:
        if asked != self.terms:
            return  # the person has gone on to other terms
        self.terms, self._choices = answer.terms, answer.choices
        self.found, self._why = answer.found, None
        self._error = answer.error
        self._fill()

    _error: PartnersError | None = None

    # ---------------------------------------------------------------- the district under the cursor

    def on_picture_chosen(self, message: Picture.Chosen) -> None:
        """Describe the district, once the cursor rests."""
        self._choose(message.cell)

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        """Describe the district of the row, once the cursor rests."""
        if self.view == "table" and message.record_id is not None and self.found is not None:
            each = self._source.district(message.record_id)
            self._choose(Cell(each.chamber, each.number))

    def _choose(self, cell: Cell) -> None:
        if cell == self.cell:
            return
        self.cell, self._why = cell, None
        self._say()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(QUIET_S, self._look)

    def _look(self) -> None:
        """Read why the district is answered so, then who would close it."""
        found, cell = self.found, self.cell
        if found is None or cell is None or not self.has_class("aside") or tuple(cell) not in found.answers:
            return

        def look(crm: Crm) -> Explanation | None:
            try:
                return found.explain(crm, cell)
            except PartnersError:
                return None  # the data has changed; the answer is asked for anew

        def done(why: Explanation | None) -> None:
            if found is self.found and cell == self.cell:
                self._why = why
                self._say()
                if found.report is None and found.answers[cell].state != "confirmed":
                    self._ask_for_gaps(found)

        self.house.background(look, done)

    def _ask_for_gaps(self, found: Found) -> None:
        if self._asked_for is found:
            return
        self._asked_for = found
        # What stands in the way of the list of gaps is said by the list.
        self.house.background(found.ask_for_gaps, lambda _: self._say(), lambda _: None)

    def on_picture_opened(self, _message: Picture.Opened) -> None:
        """Open the card of the district."""
        self.action_open()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open the card of the district of the row."""
        if self.found is not None:
            each = self._source.district(message.record_id)
            self.cell = Cell(each.chamber, each.number)
            self.action_open()

    def action_open(self) -> None:
        """Open the card of the district under the cursor."""
        from partners_crm.tui.screens.district_card import DistrictCard

        if self.found is not None and self.cell is not None:
            self.house.push_screen(DistrictCard(self.terms, self.cell, self.found))

    def action_gaps(self) -> None:
        """List who closes the gaps."""
        from partners_crm.tui.screens.district_card import Gaps

        if self.found is not None:
            self.house.push_screen(Gaps(self.terms, self.found))

    def action_words(self) -> None:
        """Say what the figures mean."""
        from partners_crm.tui.screens.in_words import InWords

        if self.found is not None:
            self.house.push_screen(InWords(self.found))

    # ---------------------------------------------------------------- words

    def _say(self) -> None:
        """Write everything around the picture."""
        if not self.is_attached:
            return
        width, found = self.size.width, self.found
        self.query_one("#head", Line).put(self._head(width))
        self.query_one("#legend", Line).put(self._legend())
        self.query_one("#keys", Line).put(label((KEYS if width >= ASIDE else SHORT_KEYS)[self.view]))
        aside = self.query_one(Aside)
        room = max(10, aside.scrollable_content_region.width)
        if found is None:
            text = self._trouble() if self._error else label("Counting…")
            self.query_one("#aside-text", Line).put(text)
            self.query_one("#meters", Line).put(text)
            self.query_one("#status", Line).put(label(GOING))
            return
        coverage = found.coverage
        self.query_one("#meters", Line).put(joined([(line.plain, "bold") for line in meters(coverage, 26)], "  "))
        each = found.answers.get(self.cell) if self.cell else None
        figures, lost = meters(coverage, room), unassigned(coverage, room)
        chamber = self.cell.chamber if self.cell else coverage.chambers[0]
        if width >= WIDE:
            chambers = coverage.chambers if self.size.height >= TALL else (chamber,)
            said = [sentences(coverage, room, (each_one,)) for each_one in chambers]
            text = under([*figures, *lost], *said, *self._card(room))
        else:
            holder = self._why.lawmaker if self._why else None
            about = brief(each, found.closing(self.cell) if self.cell else None, holder, room) if each else []
            text = under(figures, about, sentences(coverage, room, (chamber,)), lost)
        self.query_one("#aside-text", Line).put(text)
        self.query_one("#status", Line).put(self._status(found, each, width))

    def _trouble(self) -> Content:
        error = cast("PartnersError", self._error)
        return stacked([label(error.message, "$error"), label(error.hint), label("t another day, w another map")])

    def _card(self, width: int) -> list[list[Content]]:
        found, cell = self.found, self.cell
        if self._why is None or found is None or cell is None:
            return []
        closing = found.closing(cell)
        waiting = found.report is None and self._why.district.state != "confirmed"
        return [[card_content(district_card(self._why, closing, waiting=waiting, beside=True), width)]]

    def _head(self, width: int) -> Content:
        parts: list[tuple[str, str]] = []
        for title, wide, gap in (
            (f"Districts  {self.crm.name}  ", True, "  "),
            ("Districts  ", True, "  "),
            ("Districts  ", False, "  "),
            ("", False, "  "),
            ("", False, " "),
        ):
            terms = described(self.terms, self._choices, self.crm.today, wide=wide)
            parts = [(title, "bold")]
            for key, value in terms:
                parts += [(key, "bold $accent"), (f" {value}", ""), (gap, "")]
            parts.pop()
            # A blank stands on either side of the line.
            if joined(parts).cell_length <= width - 2:
                break
        if self.found is not None and self.found.coverage.association:
            parts.append((f"  members of {self.found.coverage.association}", "$accent"))
        return joined(parts)

    def _legend(self) -> Content:
        if self.view == "outline":
            areas = palette(self.app.current_theme.dark).areas
            plain = self._outline.in_characters
            samples = [(step.shade, "") if plain else (SAMPLE, f"on {areas[step.code]}") for step in STEPS]
            pairs = [(sample, (f" {step.words}  ", "")) for sample, step in zip(samples, STEPS, strict=True)]
            return joined([part for pair in pairs for part in pair])
        if self.view == "table":
            return label(f"{TEXT_LEGEND}   ? name: may be there")
        if not self.has_class("aside"):
            return label(TEXT_LEGEND)
        nested = [grid for grid in self.found.grids if grid.nested is not None] if self.found else []
        more = [f"number: {grid.chamber.name}, halves: {grid.nested.name}" for grid in nested if grid.nested]
        return label("   ".join([TEXT_LEGEND, *more[:1]]))

    def _status(self, found: Found, each: DistrictCoverage | None, width: int) -> Content:
        coverage = found.coverage
        counts = [f"{len(coverage.gaps)} gaps", f"{len(coverage.possible)} possible"]
        if self.view == "outline" and self.cell and not self._outline.shows(self.cell) and each is not None:
            return label(f"{each.name} is too small to be seen here: + goes nearer")
        if self.view == "tiles" and any(not grid.placed for grid in found.grids):
            counts.insert(0, "tiles follow the numbers, not the map")
        if not self.has_class("aside") and each is not None:
            return joined([(told(each), "bold"), (f" · {' · '.join(counts)}", "")])
        return label(" · ".join([*counts, GOING]) if width >= ASIDE else " · ".join(counts))
