"""Blocks below each other in one page that scrolls: where each is, and what of it is in sight."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll

from partners_crm.plugins.blocks import Block, Form
from partners_crm.plugins.drawing import GridOf
from partners_crm.plugins.drawing.base import Place
from partners_crm.tui.blocks.drawn import DrawnBlock
from partners_crm.tui.blocks.forms import FormBlock

Part = DrawnBlock | FormBlock


class BlockStack(VerticalScroll, inherit_bindings=False):
    """The parts of a page, and the one of them that has the cursor."""

    def __init__(
        self,
        blocks: Iterable[Block],
        grid_of: GridOf,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.blocks = tuple(blocks)
        self.at = 0
        """The block with the cursor."""
        self._grid_of = grid_of
        self._parts: list[Part] = self._made()

    def _made(self) -> list[Part]:
        return [
            FormBlock(block, number) if isinstance(block, Form) else DrawnBlock(block, number, self._grid_of)
            for number, block in enumerate(self.blocks)
        ]

    def compose(self) -> ComposeResult:
        """One widget for each block."""
        yield from self._parts

    def on_mount(self) -> None:
        """Show the cursor on the first block."""
        self._show_cursor()

    @property
    def _part(self) -> Part | None:
        return self._parts[self.at] if self.at < len(self._parts) else None

    def _show_cursor(self) -> None:
        state = "cursor" if self.has_focus else "here"
        for part in self._parts:
            part.state(state if part.number == self.at else "")

    # ---------------------------------------------------------------- what is in sight

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Keep headings in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._pin()

    def on_resize(self, _event: events.Resize) -> None:
        """Lines are broken elsewhere now: the cursor stays in sight."""
        self.call_after_refresh(self._follow)

    def _pin(self) -> None:
        top = self.scroll_offset.y
        for part in self._parts:
            if isinstance(part, DrawnBlock) and part.is_mounted:
                part.pin(top - part.virtual_region.y, self._high)

    @property
    def _high(self) -> int:
        return max(1, self.scrollable_content_region.height)

    def _follow(self) -> None:
        """Bring the cursor into sight."""
        part, top = self._part, self.scroll_offset.y
        if part is None or not part.is_mounted or (isinstance(part, FormBlock) and part.is_entered):
            return  # a line with the focus is brought into sight by having it
        y, height = part.virtual_region.y, part.virtual_region.height
        if isinstance(part, DrawnBlock):
            box = part.box()
            lead = min(part.lead(), max(0, self._high - box.height))
            y, height = y + box.y - lead, box.height + lead
        if y < top:
            self._scroll(y)
        elif y + height > top + self._high:
            self._scroll(min(y, y + height - self._high))
        self._pin()

    def _scroll(self, y: float) -> None:
        self.scroll_to(y=y, animate=False, force=True, immediate=True)

    def _near_line(self, line: int, x: int) -> tuple[int, Place] | None:
        """The place nearest to a cell of a line of the page, within a screenful; None where no drawn block has one."""
        line = max(0, min(line, max(0, int(self.max_scroll_y) + self._high - 1)))
        for away in range(self._high):
            for y in (line - away, line + away):
                for part in self._parts:
                    at = y - part.virtual_region.y
                    if isinstance(part, DrawnBlock) and 0 <= at < part.laid.height:
                        place = part.laid.beside(at, x)
                        if place is not None:
                            return part.number, place
        return None
