"""Review: pairs of records that may be one, side by side, and what a person decides of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.timer import Timer

from partners_crm.crm import Crm
from partners_crm.errors import NotFound, PartnersError
from partners_crm.model import Table
from partners_crm.services.cards import Card
from partners_crm.services.duplicates import COMPARED, Pair, take_back
from partners_crm.tui.display import explained, joined, label, stacked
from partners_crm.tui.duplicates import (
    Ids,
    PairSource,
    Queue,
    Sorted,
    Two,
    TwoSource,
    dismiss_many,
    merge_many,
    read_queue,
    score_words,
    sort_out,
)
from partners_crm.tui.screens.base import GOING, WIDE, MainScreen
from partners_crm.tui.side_by_side import facing_content
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

QUIET_S = 0.08
"""Seconds the cursor rests before the pair follows."""
LISTED = 8
"""Pairs that are named one by one before they are left to a person."""
KEYS = "Enter merge  t two  o O cards  Space mark  x bulk  v dismissed  [ ] kind  ?"
TWO_KEYS = "t may be one again  o O cards  Enter merge  v the queue  [ ] kind  ? keys"


class Review(MainScreen):
    """The queue of possible duplicates: of organizations or of contacts."""

    DEFAULT_CSS = """
    Review #both { layout: vertical; height: 1fr; }
    Review #pair { height: 50%; border-top: solid $panel; padding: 0 1; scrollbar-gutter: stable; }
    Review #pair { scrollbar-size-vertical: 1; }
    Review #pair:focus { border-top: solid $primary; }
    Review.wide #both { layout: horizontal; }
    Review.wide #pair { width: 46%; height: 1fr; border-top: none; border-left: solid $panel; }
    Review.wide #pair:focus { border-left: solid $primary; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("t", "two", "They are two; a dismissed pair: may be one again", show=False, id="review.two"),
        Binding("M", "merge", "Merge the pair", show=False, id="review.merge"),
        Binding("o", "card(0)", "The card of the first", show=False, id="review.first"),
        Binding("O", "card(1)", "The card of the other", show=False, id="review.second"),
        Binding("space", "mark", "Mark the pair", show=False, id="review.mark"),
        Binding("a", "mark_all", "Mark all", show=False, id="review.mark_all"),
        Binding("A", "mark_none", "Mark none", show=False, id="review.mark_none"),
        Binding("x", "marked", "With the marked pairs…", show=False, id="review.marked"),
        Binding("v", "dismissed", "Pairs that were dismissed, or the queue", show=False, id="review.dismissed"),
        Binding(
            "left_square_bracket,right_square_bracket",
            "kind",
            "Organizations or contacts",
            show=False,
            id="review.kind",
        ),
        Binding("tab", "pane", "The list, or the pair to scroll it", show=False, id="review.pane"),
        Binding("escape", "back", "Back to the list, to the queue", show=False, id="review.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.table: type[Table] = COMPARED[0]
        self.queues: dict[type[Table], Queue] = {}
        self.marked: dict[type[Table], set[Ids]] = {table: set() for table in COMPARED}
        self.of_two = False
        """Whether the pairs are shown that are known to be two."""
        self._looking = False
        self._again = False
        self._rest: Timer | None = None
        self._cards: tuple[Card, Card] | None = None

    def compose(self) -> ComposeResult:
        """Head, pairs, the pair under the cursor, status, keys."""
        yield Line(id="head", classes="head")
        with Container(id="both"):
            yield VirtualTable(PairSource((), ()), empty="Comparing…")
            with VerticalScroll(id="pair"):
                yield Line(id="pair-text")
        yield Line(id="status", classes="status")
        yield Line(KEYS, id="keys", classes="keys")

    @property
    def list(self) -> VirtualTable:
        """The pairs."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Put the cursor on the list."""
        self.list.focus()
        self._say()

    def on_screen_resume(self) -> None:
        """Compare, if anything was done since."""
        self.action_reload()

    def on_resize(self, event: events.Resize) -> None:
        """Show the pair beside the list where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.call_after_refresh(self._fit)

    # ---------------------------------------------------------------- the queue

    @property
    def queue(self) -> Queue | None:
        """The queue that is shown, as far as it is known."""
        return self.queues.get(self.table)

    @property
    def shown(self) -> Sequence[Pair] | Sequence[Two]:
        """The pairs of the list."""
        if self.queue is None:
            return ()
        return self.queue.two if self.of_two else self.queue.found.pairs

    @property
    def chosen(self) -> Pair | Two | None:
        """The pair under the cursor."""
        place = self.list.cursor_id
        return self.shown[place] if place is not None and place < len(self.shown) else None

    def action_reload(self) -> None:
        """Compare anew, where anything was done since; while another screen is in front, when this one comes back."""
        if not self.is_current:
            return
        if self._looking:
            self._again = True
            return
        self._looking = True
        self._say()
        table, known = self.table, self.queue
        self.house.background(
            lambda crm: read_queue(crm, table, known),
            lambda queue: self._looked(table, queue),
            self._not_looked,
            always=True,
        )

    def _looked(self, table: type[Table], queue: Queue) -> None:
        self._looking = False
        is_new = queue is not self.queues.get(table)
        self.queues[table] = queue
        self.marked[table] &= {Ids(each.first, each.second) for each in queue.found.pairs}
        if not self.is_running:
            return
        if self._again:
            self._again = False
            self.action_reload()
        if table is self.table:
            if is_new:
                self._show_list()
            self._say()

    def _not_looked(self, error: PartnersError) -> None:
        self._looking = self._again = False
        if self.is_running:
            self._say(explained(error))

    def _show_list(self) -> None:
        """Show the pairs, with the cursor on the one it was on, or where that was."""
        before, place = self._before(), self.list.cursor
        pairs = [Ids(each.first, each.second) for each in self.shown]
        self.list.empty = self._nothing()
        keep = pairs.index(before) if before in pairs else min(place, max(0, len(pairs) - 1))
        source: PairSource | TwoSource
        if self.queue is None or not self.of_two:
            source = PairSource(self.queue.found.pairs if self.queue else (), self.marked[self.table])
        else:
            source = TwoSource(self.queue.two)
        self.list.show_source(source, keep_id=keep)

    def _before(self) -> Ids | None:
        """The pair that the cursor is on in the list as it is drawn."""
        source, place = self.list.source, self.list.cursor_id
        drawn = source.pairs if isinstance(source, PairSource) else source.two if isinstance(source, TwoSource) else ()
        if place is None or place >= len(drawn):
            return None
        return Ids(drawn[place].first, drawn[place].second)

    def _nothing(self) -> str:
        """What an empty list means."""
        plural = self.table.entity.plural
        if self.queue is None:
            return "Comparing…"
        if self.of_two:
            return f"Of no pair of {plural} was said that it is two. v goes back to the queue."
        looked_at = self.queue.found.looked_at
        if looked_at < 2:
            return f"There are no two {plural} to compare yet."
        return f"No two of {looked_at:,} {plural} look like one and the same."

    def _say(self, trouble: str = "") -> None:
        plural = self.table.entity.plural
        title = "Dismissed pairs" if self.of_two else "Review"
        other = next(each for each in COMPARED if each is not self.table).entity.plural
        self.query_one("#head", Line).put(
            joined([(title, "bold"), (f"  {self.crm.name}", ""), (f"   {plural}", "$accent"), (f"  [ ] {other}", "")])
        )
        self.query_one("#keys", Line).put(TWO_KEYS if self.of_two else KEYS)
        text = trouble or " · ".join(filter(None, (self._counts(), "comparing…" if self._looking else "", GOING)))
        self.query_one("#status", Line).put(label(text, "$error" if trouble else ""))

    def _counts(self) -> str:
        queue = self.queue
        if queue is None:
            return ""
        entity, found = self.table.entity, queue.found
        cut = f", the likeliest {len(found.pairs):,} shown" if found.found > len(found.pairs) else ""
        pairs = "pair" if found.found == 1 else "pairs"
        words = entity.name if found.looked_at == 1 else entity.plural
        marked = len(self.marked[self.table])
        return " · ".join(
            filter(
                None,
                (
                    f"{marked:,} marked" if marked else "",
                    f"{found.found:,} {pairs} of {found.looked_at:,} {words} may be one{cut}",
                    f"{len(queue.two):,} dismissed",
                ),
            )
        )

    # ---------------------------------------------------------------- the pair

    def on_virtual_table_highlighted(self, _message: VirtualTable.Highlighted) -> None:
        """Show the pair, once the cursor rests."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(QUIET_S, self._load_pair)

    def _load_pair(self) -> None:
        pair = self.chosen
        if pair is None:
            self._cards = None
            self._fit()
            return
        table = self.table

        def work(crm: Crm) -> tuple[Card, Card] | None:
            try:
                return crm.card(table, pair.first), crm.card(table, pair.second)
            except NotFound:
                return None  # it went meanwhile, and the queue will be without the pair

        def done(cards: tuple[Card, Card] | None) -> None:
            if pair is self.chosen:
                self._cards = cards
                self._fit()

        self.house.background(work, done)

    def _fit(self) -> None:
        """Draw the pair into the width there is."""
        if not self.is_mounted:
            return
        box, line, pair = self.query_one("#pair", VerticalScroll), self.query_one("#pair-text", Line), self.chosen
        if self._cards is None or pair is None:
            line.put("")
            return
        width = box.scrollable_content_region.width
        rows = []
        if isinstance(pair, Pair):
            rows.append(joined([(score_words(pair.score), "bold $accent"), (f": {pair.why}", "$accent")]))
            if pair.against:
                rows.append(label(f"against it: {', '.join(pair.against)}"))
        elif pair.reason:
            rows.append(label(f"known to be two: {pair.reason}", "$accent"))
        line.put(stacked([*rows, facing_content(*self._cards, width)]))
        box.scroll_home(animate=False)

    # ---------------------------------------------------------------- keys

    def action_pane(self) -> None:
        """Go to the pair, where the arrows scroll it, or back to the list."""
        if self.list.has_focus:
            self.query_one("#pair", VerticalScroll).focus()
        else:
            self.list.focus()

    def action_back(self) -> None:
        """Back to the list; from the dismissed pairs to the queue."""
        if not self.list.has_focus:
            self.list.focus()
        elif self.of_two:
            self.action_dismissed()

    def action_kind(self) -> None:
        """Go to the pairs of the other kind of record."""
        self.table = COMPARED[(COMPARED.index(self.table) + 1) % len(COMPARED)]
        self._fresh()

    def action_dismissed(self) -> None:
        """Show the pairs that are known to be two, or the queue again."""
        self.of_two = not self.of_two
        self._fresh()

    def _fresh(self) -> None:
        """Show another list from its first pair on."""
        self.list.cursor = 0
        self._cards = None
        self._show_list()
        self._say()
        self.action_reload()

    def action_card(self, which: int) -> None:
        """Open the card of one of the two."""
        from partners_crm.tui.screens.card import CardScreen

        if pair := self.chosen:
            self.house.push_screen(CardScreen(self.table.entity.name, (pair.first, pair.second)[which]))

    def on_virtual_table_opened(self, _message: VirtualTable.Opened) -> None:
        """Look at the merge of the pair."""
        self.action_merge()

    def action_merge(self) -> None:
        """Look at the merge of the pair."""
        from partners_crm.tui.screens.merge import MergeScreen

        if pair := self.chosen:
            self.house.push_screen(MergeScreen(self.table, pair.first, pair.second))

    # ---------------------------------------------------------------- marks

    def action_mark(self) -> None:
        """Mark the pair under the cursor, or take its mark away, and go on to the next one."""
        if self.of_two or (pair := self.chosen) is None:
            return
        self.marked[self.table] ^= {Ids(pair.first, pair.second)}
        self._marks_changed()
        self.list.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every pair of the queue."""
        if not self.of_two:
            self.marked[self.table] |= {Ids(each.first, each.second) for each in self.shown}
            self._marks_changed()

    def action_mark_none(self) -> None:
        """Take every mark away."""
        self.marked[self.table].clear()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.list.refresh_rows()
        self._say()

    def action_marked(self) -> None:
        """Ask what becomes of the marked pairs; of the one under the cursor, where none is."""
        from partners_crm.tui.screens.question import Choose

        if self.of_two or (pair := self.chosen) is None:
            return
        marked = self.marked[self.table]
        # In the order of the list: the likeliest are merged first.
        pairs = [ids for each in self.shown if (ids := Ids(each.first, each.second)) in marked]
        pairs = pairs or [Ids(pair.first, pair.second)]
        words = ["merge those that contradict each other in nothing", "they are two: never propose them again"]

        def answered(place: int | None) -> None:
            if place == 0:
                self._sort_out(pairs)
            elif place == 1:
                self._ask_why(pairs)

        count = f"{len(pairs):,} marked {'pair' if len(pairs) == 1 else 'pairs'}" if marked else "This pair"
        self.house.push_screen(Choose(count, words), answered)

    def _sort_out(self, pairs: Sequence[Ids]) -> None:
        """Say which of the pairs can be merged as they are; then merge those."""
        from partners_crm.tui.screens.question import Confirm

        table = self.table

        def ask(found: Sorted) -> None:
            if not found.ready:
                first = found.left[0] if found.left else ""
                self.house.notice(f"none of them can be merged without a decision: {first}", "Enter looks at one")
                return
            lines = ["They contradict each other in nothing; the older record of each stays."]
            if found.left:
                count = len(found.left)
                lines.append(f"{count:,} {'is' if count == 1 else 'are'} left for you to decide:")
                lines += [f"  {each}" for each in found.left[:LISTED]]
                if count > LISTED:
                    lines.append(f"  and {count - LISTED:,} more")
            lines.append("u takes all of it back.")
            count = len(found.ready)
            of = f"{count:,} of {len(pairs):,} pairs" if len(pairs) > 1 else "the pair"
            self.house.push_screen(Confirm(f"Merge {of}?", lines, "merge them"), lambda yes: answered(yes, found))

        def answered(yes: bool | None, found: Sorted) -> None:
            if yes:
                self.house.background(lambda crm: merge_many(crm, table, found.ready), done, always=True)

        def done(result: tuple[int, int]) -> None:
            merged, left = result
            more = f", {left:,} left for you" if left else ""
            self.house.notice(f"merged {merged:,} {'pair' if merged == 1 else 'pairs'}{more}", "u takes it back")
            self.house.changed()

        self.house.background(lambda crm: sort_out(crm, table, pairs), ask)

    # ---------------------------------------------------------------- they are two

    def action_two(self) -> None:
        """Keep that the pair is two; of one that is known to be two, forget it."""
        pair = self.chosen
        if isinstance(pair, Two):
            self._take_back(pair)
        elif pair is not None:
            self._ask_why([Ids(pair.first, pair.second)], f"{pair.first_title} and {pair.second_title}")

    def _ask_why(self, pairs: Sequence[Ids], names: str = "") -> None:
        """Ask how it is known that pairs are two; then keep it."""
        from partners_crm.tui.screens.question import Ask

        table = self.table
        what = names or f"{len(pairs):,} {'pair' if len(pairs) == 1 else 'pairs'} of {table.entity.plural}"
        title = f"{what} are two" if names or len(pairs) > 1 else f"{what} is two"

        def answered(reason: str | None) -> None:
            if reason is not None:
                self.house.background(lambda crm: dismiss_many(crm, table, pairs, title, reason), done, always=True)

        def done(_nothing: None) -> None:
            self.house.notice(f"{title}: never proposed again", "u takes it back, v shows all of them")
            self.house.changed()

        lines = ["They are never proposed again; v shows them, u takes it back."]
        self.house.push_screen(Ask(f"{title}?", lines, "how it is known; may stay empty", "they are two"), answered)

    def _take_back(self, pair: Two) -> None:
        table, names = self.table, f"{pair.first_title} and {pair.second_title}"

        def work(crm: Crm) -> None:
            with crm.changes(f"{names} may be one") as unit:
                take_back(unit, table, pair.first, pair.second)

        def done(_nothing: None) -> None:
            self.house.notice(f"{names} may be proposed again", "u takes it back")
            self.house.changed()

        self.house.background(work, done, always=True)
