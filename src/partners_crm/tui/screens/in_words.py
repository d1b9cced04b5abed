"""The figures of a coverage answer in words."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from partners_crm.tui.asking import Found
from partners_crm.tui.display import joined, label, stacked
from partners_crm.tui.screens.base import Box
from partners_crm.tui.widgets.text import Line, Sheet

NAMED = 20
"""Members without a district that are named."""


class InWords(Box):
    """What the figures mean: the sentence of each, and the counts behind it."""

    DEFAULT_CSS = "InWords VerticalScroll { height: auto; max-height: 66vh; }"

    def __init__(self, found: Found) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        """Sentences, counts, keys."""
        coverage = self._found.coverage
        rows = []
        for chamber in coverage.chambers:
            own = coverage.of(chamber)
            states = {state: sum(each.state == state for each in own) for state in ("confirmed", "possible", "gap")}
            rows += [
                joined([(f"{coverage.chamber_names[chamber]} {states['confirmed']}/{len(own)}", "bold $accent")]),
                label(coverage.sentence(chamber)),
                label(f"{states['possible']} more may have one; {states['gap']} are gaps."),
                label(""),
            ]
        rows.append(label(f"{coverage.members} organizations are, or may be, members under these terms."))
        if lost := coverage.unassigned:
            rows.append(label(f"Without any district: {len(lost)}"))
            rows += [label(f"  {name}") for _, name in lost[:NAMED]]
        if len(lost) > NAMED:
            rows.append(label(f"  and {len(lost) - NAMED} more"))
        with Sheet():
            yield Line("What the figures mean", classes="title")
            with VerticalScroll():
                yield Line(stacked(rows))
            yield Line("↑ ↓ scroll   Esc back", classes="keys")

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self.query_one(VerticalScroll).focus()
