"""Merging two records: field by field what each says and what will stand, what else moves, and doing it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content

from partners_crm.crm import Crm
from partners_crm.errors import Conflict, NotFound, PartnersError
from partners_crm.model import BY_NAME, CustomValue, Table
from partners_crm.services.listing import Column
from partners_crm.services.merging import FieldChoice, Fold, MergePlan, Relation, merge, plan_merge
from partners_crm.tui.display import cell, joined, label, stacked, wrapped
from partners_crm.tui.screens.base import MainScreen
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

FIELDS = CustomValue.entity.name
"""The entity of values that stand among the fields already."""
FOLDS_SHOWN = 20
"""Folded records that are told one by one."""
MARKS = {"same": "same", "differ": "differ", "only kept": "only", "only other": "only"}
SAID = 10
"""Cells of the words before a value that is shown whole."""


class FieldSource:
    """The fields in which anything is said; a row's id is its place."""

    def __init__(self, plan: MergePlan | None) -> None:
        keep, lose = (plan.keep, plan.lose) if plan else (0, 0)
        self.columns: Sequence[Column] = (
            Column("label", "Field", 14),
            Column("mark", "", 6),
            Column("kept", f"  {keep} stays", 17),
            Column("other", f"  {lose} goes", 17),
            Column("result", "What will stand", 17),
        )
        self.choices = tuple(each for each in plan.fields if each.state != "empty") if plan else ()

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first fields."""
        return range(min(limit, len(self.choices)))

    def all_ids(self) -> array[int]:
        """All fields."""
        return array("q", range(len(self.choices)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """What each of the two says, with a sign before what stands, and the result."""
        found = {}
        for place in ids:
            each = self.choices[place]
            sides = [f"{_sign(each, side)}{value}" for side, value in (("kept", each.kept), ("other", each.other))]
            found[place] = (each.label, MARKS[each.state], *sides, each.result)
        return found


def _sign(choice: FieldChoice, side: str) -> str:
    return "✓ " if choice.state != "same" and choice.taken in {side, "both"} else "  "


class MergeScreen(MainScreen):
    """Two records field by field, and the merge of them."""

    DEFAULT_CSS = """
    MergeScreen VirtualTable { height: auto; max-height: 45%; }
    MergeScreen #field { height: auto; max-height: 30%; padding: 0 1; margin: 1 0; background: $surface; }
    MergeScreen #more { height: 1fr; padding: 0 1; }
    MergeScreen #more:focus { background: $panel; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "merge", "Merge", show=False, priority=True, id="merge.merge"),
        Binding("left", "take('kept')", "Take what stays says", show=False, priority=True, id="merge.kept"),
        Binding("right", "take('other')", "Take what goes says", show=False, priority=True, id="merge.other"),
        Binding("space", "turn", "Take the next side; both of a note", show=False, id="merge.turn"),
        Binding("w", "swap", "Let the other one stay", show=False, id="merge.swap"),
        Binding("o", "card(0)", "The card of what stays", show=False, id="merge.card"),
        Binding("O", "card(1)", "The card of what goes", show=False, id="merge.card_other"),
        Binding("tab", "pane", "The fields, or the rest to scroll it", show=False, id="merge.pane"),
        Binding("escape", "leave", "Leave without merging", show=False, id="merge.back"),
    ]

    def __init__(
        self, table: type[Table], keep: int, lose: int, then: Callable[[MergePlan], object] | None = None
    ) -> None:
        super().__init__()
        self.table = table
        self.keep = keep
        self.lose = lose
        self.plan: MergePlan | None = None
        self.takes: dict[str, str] = {}
        """A person's decisions."""
        self._then = then
        self._reading = self._again = False
        self._merging = False
        self._asked: tuple[str, str] | None = None
        """(field, side) of the newest decision, until the plan has answered it."""

    def compose(self) -> ComposeResult:
        """Head, fields, the field under the cursor, what else moves, what will happen, keys."""
        yield Line(id="head", classes="head")
        yield VirtualTable(FieldSource(None), empty="Reading…")
        yield Line(id="field")
        with VerticalScroll(id="more"):
            yield Line(id="more-text")
        yield Line(id="status", classes="status")
        yield Line("← → Space whose value  w swap  o O cards  Ctrl+S merge  Esc leave  ? keys", classes="keys")

    @property
    def fields(self) -> VirtualTable:
        """The fields."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Put the cursor on the fields."""
        self.fields.focus()

    def on_screen_resume(self) -> None:
        """A card above may have changed one of the two."""
        self.action_reload()

    def on_resize(self, _event: events.Resize) -> None:
        """Show the field in the new width."""
        if self.plan is not None:
            self._show_field()

    # ---------------------------------------------------------------- the plan

    def action_reload(self) -> None:
        """Plan anew; one question at a time, and the last one counts."""
        if self._merging:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        table, keep, lose, takes = self.table, self.keep, self.lose, dict(self.takes)
        self.house.background(
            lambda crm: plan_merge(crm.db, table, keep, lose, takes), self._planned, self._not_planned, always=True
        )

    def _planned(self, plan: MergePlan) -> None:
        self._reading = False
        if not self.is_running:
            return
        if self._again:
            self._again = False
            self.action_reload()
            return
        self.plan = plan
        source = FieldSource(plan)
        self.fields.quiet = frozenset(place for place, each in enumerate(source.choices) if each.state == "same")
        self.fields.empty = "Neither of the two says anything of its own."
        self.fields.styles.height = len(source.choices) + (1 if source.choices else 3)  # under a line of labels
        self.fields.show_source(source, keep_id=self.fields.cursor_id)
        self._answer()
        self._show()

    def _not_planned(self, error: PartnersError) -> None:
        self._reading = self._again = False
        if not self.is_running:
            return
        if isinstance(error, NotFound) and self._asked is None:
            self.house.notice(error.message, error.hint, error=True)
            self.dismiss(None)
            return
        self._asked = None
        self.house.fault(error)
        if self.plan is None:
            self.dismiss(None)  # the two cannot be merged at all
        else:
            self.takes = dict(self.plan.takes)

    def _answer(self) -> None:
        """Say so where a decision changed nothing."""
        asked, self._asked = self._asked, None
        if asked is None or self.plan is None:
            return
        name, side = asked
        choice = next((each for each in self.plan.fields if each.name == name), None)
        if choice is not None and choice.taken != side:
            self.house.notice(f"{choice.label} stays as it is: {choice.why}")

    # ---------------------------------------------------------------- what is shown

    def _show(self) -> None:
        plan = self.plan
        assert plan is not None
        name = plan.entity.replace("_", " ")
        self.query_one("#head", Line).put(
            joined(
                [
                    ("Merge ", "bold"),
                    (f"{name} {plan.lose} {plan.lose_title}", ""),
                    (" into ", "bold"),
                    (f"{plan.keep} {plan.keep_title}", ""),
                ]
            )
        )
        self.query_one("#more-text", Line).put(stacked(more_of(plan)))
        differing = len(plan.differing())
        look = (
            f"{differing} {'field differs' if differing == 1 else 'fields differ'}" if differing else "nothing differs"
        )
        what = "Ctrl+S merges 2 records into one; u undoes it"
        self.query_one("#status", Line).put(joined([(what, "$accent"), (f" · {look}", "")]))
        self._show_field()

    def on_virtual_table_highlighted(self, _message: VirtualTable.Highlighted) -> None:
        """Show the field under the cursor whole."""
        self._show_field()

    def _show_field(self) -> None:
        choice = self._choice()
        line = self.query_one("#field", Line)
        if choice is None or self.plan is None:
            line.put("")
            return
        rows = [joined([(choice.label, "bold"), (f": {choice.why}", "")])]
        stands = [(f"{self.plan.keep} stays", choice.kept), (f"{self.plan.lose} goes", choice.other)]
        if choice.state != "same":
            rows += self._whole([*stands, ("result", choice.result)])
        line.put(stacked(rows))

    def _whole(self, said: Sequence[tuple[str, str]]) -> list[Content]:
        room = max(10, self.size.width - SAID - 3)
        wide = max(SAID, *(len(words) for words, _ in said))
        return [
            joined([(cell(words if place == 0 else "", wide) + " ", "$foreground 60%"), (text, "")])
            for words, value in said
            for place, text in enumerate(wrapped(value or "(empty)", room)[:2])
        ]

    def _choice(self) -> FieldChoice | None:
        source, place = self.fields.source, self.fields.cursor_id
        choices = source.choices if isinstance(source, FieldSource) else ()
        return choices[place] if place is not None and place < len(choices) else None

    # ---------------------------------------------------------------- deciding

    def action_take(self, side: str) -> None:
        """Let what one of the two says stand, in the field under the cursor."""
        choice = self._choice()
        if choice is None or self._merging:
            return
        if choice.state == "same":
            self.house.notice("both say the same")
            return
        # Fields that mean something together are taken from one side, under the name of the first.
        self.takes[choice.group or choice.name] = side
        self._asked = choice.name, side
        self.action_reload()

    def action_turn(self) -> None:
        """Take the next side: what stays, what goes, and both of a note."""
        choice = self._choice()
        if choice is None:
            return
        how = None if choice.own else self.table.declarations()[choice.name]
        sides = ["kept", "other", *(["both"] if how is not None and how.kind == "note" else [])]
        self.action_take(sides[(sides.index(choice.taken) + 1) % len(sides)] if choice.taken in sides else "kept")

    def on_virtual_table_opened(self, _message: VirtualTable.Opened) -> None:
        """Enter takes the next side too."""
        self.action_turn()

    def action_swap(self) -> None:
        """Let the other record stay; what was decided stands."""
        if self._merging:
            return
        turned = {"kept": "other", "other": "kept"}
        self.keep, self.lose = self.lose, self.keep
        self.takes = {name: turned.get(side, side) for name, side in self.takes.items()}
        self._asked = None
        self.action_reload()

    def action_card(self, which: int) -> None:
        """Open the card of one of the two."""
        from partners_crm.tui.screens.card import CardScreen

        self.house.push_screen(CardScreen(self.table.entity.name, (self.keep, self.lose)[which]))

    def action_pane(self) -> None:
        """Go to what else moves, where the arrows scroll it, or back to the fields."""
        if self.fields.has_focus:
            self.query_one("#more", VerticalScroll).focus()
        else:
            self.fields.focus()

    def action_leave(self) -> None:
        """Leave without merging; what is being written is waited for."""
        if not self._merging:
            super().action_leave()

    # ---------------------------------------------------------------- merging

    def action_merge(self) -> None:
        """Merge as it is shown; what was declared not the same only after asking once more."""
        from partners_crm.tui.screens.question import Confirm

        plan = self.plan
        if plan is None or self._reading or self._merging:
            return
        if not plan.refusal:
            self._carry_out(plan, force=False)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._carry_out(plan, force=True)

        lines = [f"{plan.refusal}.", "u takes the merge back."]
        self.house.push_screen(Confirm("Merge them all the same?", lines, "merge them"), answered)

    def _carry_out(self, plan: MergePlan, *, force: bool) -> None:
        self._merging = True
        self.query_one("#status", Line).put("Merging…")

        def work(crm: Crm) -> None:
            with crm.changes(plan.title) as unit:
                merge(unit, plan, force=force)

        self.house.background(work, lambda _nothing: self._merged(plan), self._not_merged, always=True)

    def _merged(self, plan: MergePlan) -> None:
        self.house.notice(f"merged: {plan.title.removeprefix('merge ')}", "u takes it back")
        self.dismiss(None)
        if self._then is not None:
            self._then(plan)
        self.house.changed()

    def _not_merged(self, error: PartnersError) -> None:
        self._merging = False
        if isinstance(error, Conflict):
            self.house.notice(error.message, "this is the new plan: look at it, and press Ctrl+S again", error=True)
        else:
            self.house.fault(error)
        self.action_reload()


# -------------------------------------------------------------------- what else moves


def more_of(plan: MergePlan) -> list[Content]:
    """What becomes of everything but the fields, what had to be mended, and what to look at before."""
    rows = []
    if plan.refusal:
        rows.append(label(f"{plan.refusal}. Ctrl+S asks once more.", "bold $error"))
    rows += [label(f"Look at this: {warning}.", "$warning") for warning in plan.warnings]
    rows += [label(line) for line in moved_words(plan.relations)] or [label("Nothing else hangs on the one that goes.")]
    if plan.new_name:
        rows.append(label(f"{plan.new_name} is kept as a further name."))
    rows += [label(f"{line}.") for line in plan.mended]
    told = [fold for fold in plan.folds if fold.entity != FIELDS and (fold.filled or fold.left or fold.given_up)]
    rows += [label(_fold_line(fold)) for fold in told[:FOLDS_SHOWN]]
    if len(told) > FOLDS_SHOWN:
        rows.append(label(f"and {len(told) - FOLDS_SHOWN:,} more folded records"))
    lost = [each.label.lower() for each in plan.fields if each.is_left]
    if lost:
        rows.append(label(f"Not taken, and kept in the history and on the card: {', '.join(lost)}."))
    return rows


def moved_words(relations: Sequence[Relation]) -> list[str]:
    """What becomes of what hangs on the record that goes: "3 sites and 2 roles move"."""
    said = (
        ("moved", "moves", "move"),
        ("folded", "is there already, and is folded into it", "are there already, and are folded into them"),
        ("dropped", "would say nothing any more, and goes", "would say nothing any more, and go"),
    )
    lines = []
    for name, one, many in said:
        counts: dict[tuple[str, str], int] = {}
        for each in (relation for relation in relations if relation.entity != FIELDS):
            key = each.entity, each.plural or BY_NAME[each.entity].entity.plural
            counts[key] = counts.get(key, 0) + int(getattr(each, name))
        found = [_counted(*names, count) for names, count in counts.items() if count]
        if found:
            *most, last = found
            words = f"{', '.join(most)} and {last}" if most else last
            lines.append(f"{words} {one if sum(counts.values()) == 1 else many}.")
    return lines


def _counted(entity: str, plural: str, count: int) -> str:
    return f"{count:,} {(entity if count == 1 else plural).replace('_', ' ')}"


def _fold_line(fold: Fold) -> str:
    name = fold.entity.replace("_", " ")
    words = [f"takes over {', '.join(f'{label} {value}' for label, value in fold.filled)}"] if fold.filled else []
    words += [f"{label} stays {kept or '(empty)'}, not {lost}" for label, kept, lost in fold.left]
    words += [f"{label} becomes {kept or '(empty)'} instead of {own}" for label, kept, own in fold.given_up]
    return f"{name} {fold.title or fold.lost} is folded into {fold.kept}: {'; '.join(words)}."
