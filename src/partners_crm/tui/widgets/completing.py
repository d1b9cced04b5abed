"""A line to type a query in, with what could be typed next under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from textual import events
from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message

from partners_crm.normalize.text import show
from partners_crm.tui.display import cell, cells, joined, stacked
from partners_crm.tui.widgets.entry import Entry
from partners_crm.tui.widgets.text import Line

MOST = 8
"""Offers that are shown at once."""
WIDEST = 30
"""Cells of what would be typed; what it is about stands beside it."""
ABOUT = 40
"""Cells of what an offer is about."""


class Offer(Protocol):
    """Something that could stand in place of a part of the text."""

    @property
    def start(self) -> int:
        """Where the part begins, in characters from 0."""

    @property
    def end(self) -> int:
        """Where it ends."""

    @property
    def text(self) -> str:
        """What would stand there."""

    @property
    def about(self) -> str:
        """What it is, in a few words."""


class Offers(Line):
    """The offers, over what stands below the line; a click takes one."""

    DEFAULT_CSS = """
    Offers { overlay: screen; constrain: inside inside; width: auto; height: auto; display: none; }
    Offers { background: $panel; color: $foreground; padding: 0 1; }
    """

    class Clicked(Message):
        """An offer was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def on_click(self, event: events.Click) -> None:
        """Say which one was clicked."""
        event.stop()
        self.post_message(self.Clicked(event.y))


class Completing(Entry):
    """A line that offers what could be typed next; the keys stay with the line.

    Nothing is chosen until an arrow chooses it, so that Enter is Enter: with a chosen offer it takes that one. Tab
    takes the chosen offer, or the first; without any it asks for them and never leaves the line, where what is typed
    next would be taken for keys. Offers come late: what was asked for another text is dropped, and a Tab that was
    pressed meanwhile waits for them.
    """

    DEFAULT_CSS = "Completing { width: 1fr; }"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("tab", "take", "Take the chosen offer, or the first; with none, ask", show=False, id="completing.take"),
        Binding("down", "choose(1)", "Next offer; with none, what can be asked", show=False, id="completing.down"),
        Binding("up", "choose(-1)", "Offer before", show=False, id="completing.up"),
        Binding("escape", "put_away", "Close the offers", show=False, id="completing.away"),
    ]

    def __init__(self, value: str, offers: Offers, ask: Callable[[], object], **options: Any) -> None:
        super().__init__(show(value, 100_000), **options)
        self._box = offers
        self._ask = ask
        """Has the offers computed, which come through `receive`."""
        self._offers: Sequence[Offer] = ()
        self._first = 0
        """The first offer that is shown."""
        self._chosen: int | None = None
        self._awaited = False
        self._wants_first = False
        self._called = False
        """Whether the offers were asked for by a key, where nothing is typed yet."""

    @property
    def is_offering(self) -> bool:
        """Whether offers are shown."""
        return bool(self._offers)

    def typing(self) -> None:
        """What was typed changed: the offers to come are for another text."""
        self._awaited, self._called, self._chosen = True, False, None

    def receive(self, text: str, offers: Sequence[Offer]) -> None:
        """Show offers that were computed for a text; those for another text are dropped."""
        if text != self.value:
            return
        self._awaited = False
        wants, self._wants_first = self._wants_first, False
        fit = [each for each in offers if each.text == show(each.text) and self._part(each) != each.text]
        # An offer for a word that nobody began would stand in the way of the list.
        begun = [each for each in fit if each.start < each.end or text[: each.start].endswith((":", ","))]
        self._put(fit if self._called else begun if self.has_focus else ())
        if wants and self._offers:
            self._take(0)

    def _part(self, offer: Offer) -> str:
        return self.value[offer.start : offer.end]

    def _put(self, offers: Sequence[Offer]) -> None:
        self._offers, self._first = offers, 0
        self._chosen = 0 if self._called and offers else None
        self._draw()

    def _draw(self) -> None:
        self._box.display = bool(self._offers)
        if not self._offers:
            return
        shown = self._offers[self._first : self._first + MOST]
        room = max(20, self.screen.size.width - 4)
        width = min(WIDEST, room // 2, max(cells(each.text) for each in shown))
        about = min(ABOUT, room - width - 4, max(cells(each.about) for each in shown))
        rows = []
        for place, each in enumerate(shown, self._first):
            style = "reverse" if place == self._chosen else ""
            sign = "▸" if place == (self._chosen or 0) else " "
            rows.append(
                joined([(f"{sign}{cell(each.text, width)}  ", style), (cell(each.about, about), style or "dim")])
            )
        self._box.put(stacked(rows))
        start = cells(self.value[: self._offers[0].start])
        at = self.content_region.x + start - self.scroll_offset.x - 2
        self._box.styles.offset = Offset(max(0, min(at, room - width - about)), 0)

    # ---------------------------------------------------------------- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The arrow up and Esc are the list's while it is shown; else they do what they always do."""
        if action == "put_away":
            return self.is_offering
        if action == "choose":
            return self.is_offering or parameters == (1,)
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        """Take the chosen offer, or the first, where they are still being computed when they come; or ask for them."""
        if self._awaited:
            self._wants_first = True
        elif self.is_offering:
            self._take(self._chosen or 0)
        else:
            self._call()

    def _call(self) -> None:
        self._called = True
        self._ask()

    def action_choose(self, step: int) -> None:
        """Choose another offer; without any, ask for them."""
        if self.is_offering:
            last = len(self._offers) - 1
            here = (-1 if step > 0 else 0) if self._chosen is None else self._chosen
            self._chosen = (here + step) % (last + 1)
            self._first = min(max(self._first, self._chosen - MOST + 1), self._chosen)
            self._draw()
        else:
            self._call()

    def action_put_away(self) -> None:
        """Close the offers until something else is typed."""
        self._put(())

    async def action_submit(self) -> None:
        """Enter takes an offer that was chosen; else the line is done."""
        if self.is_offering and self._chosen is not None:
            self._take(self._chosen)
            return
        self._put(())
        await super().action_submit()

    def _take(self, place: int) -> None:
        offer = self._offers[place]
        # A value is done, a field waits for one.
        ending = "" if offer.text.endswith(":") or self.value[offer.end : offer.end + 1] == " " else " "
        before, after = self.value[: offer.start] + offer.text + ending, self.value[offer.end :]
        self._put(())
        self.value = show(before + after, 100_000)
        self.cursor_position = len(before)

    def on_offers_clicked(self, message: Offers.Clicked) -> None:
        """Take the offer that was clicked."""
        message.stop()
        self.clicked(message.place)

    def clicked(self, place: int) -> None:
        """Take the offer on a line of the list."""
        if self._first + place < len(self._offers):
            self._take(self._first + place)
            self.focus()

    def on_blur(self) -> None:
        """Whoever leaves the line is done with its offers."""
        self._wants_first = False
        self._put(())
