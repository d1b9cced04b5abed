"""Coverage: the sentence, a meter for each chamber, and every district with who is in it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content

from partners_crm.crm import Crm
from partners_crm.errors import PartnersError
from partners_crm.services.coverage import BASES, CHAMBER_WORD, LEVEL_WORD, Coverage, silo_codes
from partners_crm.store.maps import map_codes
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.screens.base import GOING, MainScreen
from partners_crm.tui.sources import CoverageSource
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

METER = 24
"""Cells of a full meter."""
LOW = 20
"""Below this height the sentences give way."""
LEVELS = (80, 100, 70)
CHAMBERS = ("both", "house", "senate")
QUERY_WORD = {"house": "sldl", "senate": "sldu"}


class Districts(MainScreen):
    """Every district with who is in it, under terms that keys change."""

    DEFAULT_CSS = "Districts #sentences { padding: 0 1; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("b", "turn('basis')", "Which sites count", show=False, id="districts.basis"),
        Binding("l", "turn('level')", "Match level", show=False, id="districts.level"),
        Binding("o", "turn('silo')", "Silo", show=False, id="districts.silo"),
        Binding("w", "turn('map')", "Another map", show=False, id="districts.map"),
        Binding("c", "turn('chamber')", "Chamber", show=False, id="districts.chamber"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._terms = {"basis": "any", "level": "80", "silo": "", "map": "", "chamber": "both"}
        self._choices: dict[str, list[str]] = {
            "basis": list(BASES),
            "level": [str(level) for level in LEVELS],
            "silo": [""],
            "map": [""],
            "chamber": list(CHAMBERS),
        }
        self._source = CoverageSource(None)
        self._coverage: Coverage | None = None

    def compose(self) -> ComposeResult:
        """Head, sentences, districts, status, keys."""
        yield Line(id="head", classes="head")
        yield Line(id="sentences")
        yield VirtualTable(self._source, empty="Counting…")
        yield Line(id="status", classes="status")
        yield Line("Enter who  b basis  l level  o silo  c chamber  w map  u undo  ? keys", classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the districts."""
        self.query_one(VirtualTable).focus()
        self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        """Keep room for the districts: a low screen shows the meters alone."""
        self.set_class(event.size.height < LOW, "low")
        if self._coverage is not None:
            self.query_one("#sentences", Line).put(_sentences(self._coverage, self.has_class("low")))

    def on_screen_resume(self) -> None:
        """Another screen may have changed the data."""
        self.action_reload()

    def action_turn(self, term: str) -> None:
        """Take the next value of a term of the rule."""
        choices = self._choices[term]
        # A silo that was chosen may be gone by now.
        here = choices.index(self._terms[term]) if self._terms[term] in choices else -1
        self._terms[term] = choices[(here + 1) % len(choices)]
        self.action_reload()

    def action_reload(self) -> None:
        """Judge every district anew."""
        terms = dict(self._terms)
        self.house.background(lambda crm: self._judge(crm, terms), lambda found: self._show(terms, found))

    def _judge(self, crm: Crm, terms: dict[str, str]) -> Coverage | PartnersError:
        self._choices["silo"] = ["", *silo_codes(crm.db)]
        self._choices["map"] = ["", *map_codes(crm.db)]
        try:
            return crm.coverage(
                map_code=terms["map"],
                basis=terms["basis"],
                silo=terms["silo"],
                min_match=int(terms["level"]),
                chamber=terms["chamber"],
            )
        except PartnersError as error:
            return error

    def _show(self, terms: dict[str, str], found: Coverage | PartnersError) -> None:
        if terms != self._terms:
            return  # the person has gone on to other terms
        coverage = None if isinstance(found, PartnersError) else found
        table = self.query_one(VirtualTable)
        self._coverage = coverage
        self._source = CoverageSource(coverage)
        table.show_source(self._source, keep_id=table.cursor_id)
        head = [("Districts", "bold"), (f"  {self.crm.name}", "")]
        if isinstance(found, PartnersError):
            self.query_one("#sentences", Line).put(stacked([label(found.message, "$error"), label(found.hint)]))
            self.query_one("#status", Line).put(label(GOING))
        else:
            level = LEVEL_WORD.get(found.rule.min_match, str(found.rule.min_match))
            silo = f" · {found.rule.silo}" if found.rule.silo else ""
            head.append((f"   map {found.map_code} · {found.rule.basis} site · {level}{silo}", "$accent"))
            self.query_one("#sentences", Line).put(_sentences(found, self.has_class("low")))
            self.query_one("#status", Line).put(_status(found))
        self.query_one("#head", Line).put(joined(head))

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """List every organization of the district, members or not."""
        from partners_crm.tui.screens.records import Records

        if self._coverage is not None:
            each = self._source.district(message.record_id)
            query = f"district:{self._coverage.map_code}:{QUERY_WORD[each.chamber]}:{each.number}"
            self.house.push_screen(Records("organizations", query))


def _sentences(found: Coverage, low: bool) -> Content:
    rows = []
    for chamber in found.chambers:
        confirmed, everything = found.total(chamber)
        full = METER * confirmed // everything if everything else 0
        name = CHAMBER_WORD.get(chamber, chamber)
        rows.append(
            joined(
                [
                    (f"{name:7} {confirmed:3}/{everything:<3} ", "bold"),
                    ("█" * full, "$accent"),
                    ("░" * (METER - full), ""),
                ]
            )
        )
    if not low:
        rows += [label(found.sentence(chamber), "$foreground 80%") for chamber in found.chambers]
    return stacked(rows)


def _status(found: Coverage) -> Content:
    text = (
        f"{len(found.gaps)} gaps · {len(found.possible)} possible · "
        f"{len(found.unassigned)} of {found.members} members without a district · {GOING}"
    )
    return label(text)
