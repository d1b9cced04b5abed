"""The views of plugins, and the lists of the records they bring."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from partners_crm.services.listing import Column
from partners_crm.tui.blocks.forms import FormBlock
from partners_crm.tui.blocks.page import BlockPage
from partners_crm.tui.display import joined, label
from partners_crm.tui.plugged.block_pages import Asked, Page
from partners_crm.tui.plugged.screen import PluginScreen
from partners_crm.tui.screens.base import GOING, WIDE
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.plugins.blocks import Ref
    from partners_crm.plugins.policy import Owned
    from partners_crm.plugins.screens import Choice, View

QUIET_S = 0.08
"""Seconds the cursor rests before the view follows."""
KEYS = "Enter open  v switch  x do  Space mark  r reload  Tab part  Esc back  ? keys"
EMPTY = "No plugin brings a view. 9 says which plugins there are."


class Entry(NamedTuple):
    """A row of the list: a view, or the list of a kind of record."""

    title: str
    owner: str
    name: str
    """Of a view its full name, of a kind of record its plural."""
    view: Owned[View] | None = None


class EntrySource:
    """Entries as the rows of a table; a row's id is its place."""

    columns: Sequence[Column] = (Column("title", "View", 22), Column("owner", "Plugin", 12))

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self.entries)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self.entries)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Title and plugin."""
        return {place: self.entries[place][:2] for place in ids if place < len(self.entries)}


class Views(PluginScreen):
    """Screen 5."""

    DEFAULT_CSS = """
    Views #box { height: 1fr; }
    Views #list { width: 1fr; height: 1fr; }
    Views #pane { display: none; width: 1fr; height: 1fr; }
    Views.open #list { display: none; }
    Views.open #pane, Views.wide #pane { display: block; }
    Views.wide #list { display: block; width: 38; }
    Views.wide #pane { border-left: solid $panel; }
    Views #title, Views #switches { height: auto; padding: 0 2; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", "Back to the list", show=False, id="views.back"),
        Binding("v", "switch", "Turn a switch of the view", show=False, id="views.switch"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._source = EntrySource(())
        self._view: Owned[View] | None = None
        """The view that is shown."""
        self._answers: dict[str, dict[str, str]] = {}
        """How the switches of each view stand, by its full name."""
        self._rest: Timer | None = None
        self._wanted = ""
        """The view to go to once it is there."""
        self._warned = ""
        """The entry for which it was said that a form is not saved yet."""

    def compose(self) -> ComposeResult:
        """Head, list and view, status, keys."""
        yield Line(id="head", classes="head")
        with Horizontal(id="box"):
            yield VirtualTable(self._source, empty="Loading…", id="list")
            with Vertical(id="pane"):
                yield Line(id="title")
                yield Line(id="switches")
                yield Asked()
        yield Line(label(GOING), classes="status")
        yield Line(KEYS, classes="keys")

    @property
    def list(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    @property
    def asked(self) -> Asked:
        """The place of the view."""
        return self.query_one(Asked)

    def on_mount(self) -> None:
        """Put the cursor on the list."""
        self.list.focus()
        self.query_one("#switches", Line).display = False
        self.plugins_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show list and view beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        if event.size.width >= WIDE and self._view is None:
            self._follow()

    def on_screen_resume(self) -> None:
        """Another screen may have changed the data."""
        if self._view is not None:
            self._show(self._view, keep=True)

    # ---------------------------------------------------------------- the list

    def plugins_changed(self) -> None:
        """Show what there is now."""
        if not self.query("#head"):
            return  # nothing is drawn yet
        plugins = self.house.plugins
        entries = [Entry(each.item.title, each.owner.plugin, each.full_name, each) for each in plugins.views]
        entries += [
            Entry(each.title, each.plugin, each.plural)
            for each in (plugins.record_lists() if plugins.state != "loading" else ())
        ]
        self.list.empty = "Loading plugins…" if plugins.state == "loading" else EMPTY
        here = self._here()
        self._source = EntrySource(entries)
        names = [each.name for each in entries]
        wanted = self._wanted if self._wanted in names else here.name if here is not None else ""
        self.list.show_source(self._source, keep_id=names.index(wanted) if wanted in names else None)
        count = f"{len(plugins.views)} {'view' if len(plugins.views) == 1 else 'views'}"
        self.query_one("#head", Line).put(joined([("Views", "bold"), (f"  {self.crm.name}   {count}", "")]))
        known = {id(each.view) for each in entries}
        if self._view is not None and id(self._view) not in known:
            self._leave_view()
        if self._wanted in names:
            self._wanted = ""
            self.call_after_refresh(self._enter)

    def others_look_on(self) -> None:
        """What the view shows may be for staff only: it is gone at once, and asked for anew."""
        self.asked.blank()

    def _here(self) -> Entry | None:
        place = self.list.cursor_id
        return self._source.entries[place] if place is not None and place < len(self._source.entries) else None

    def go_to(self, name: str) -> None:
        """Go to a view by its full name."""
        names = [each.name for each in self._source.entries]
        self._wanted = name
        if self.is_mounted and name in names:
            self.plugins_changed()

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        """Show the view under the cursor, once it rests."""
        message.stop()
        if self._rest is not None:
            self._rest.stop()
        if self.has_class("wide"):
            self._rest = self.set_timer(QUIET_S, self._follow)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Go into the view, or open the list."""
        message.stop()
        self._enter()

    def _may_leave(self, entry: Entry, *, is_meant: bool = False) -> bool:
        """Whether another view may be shown: what was typed into a form is given up only by who was told of it."""
        if self._view is None or self._view is entry.view or not self.asked.page.is_unsaved:
            return True
        if self._warned == entry.name:
            return is_meant
        self._warned = entry.name
        title = self._view.item.title
        self.house.notice(f"{title}: not saved yet", "Ctrl+S in the form saves, Enter on another view gives it up")
        return False

    def _follow(self) -> None:
        entry = self._here() if self._source.entries else None
        if entry is not None and not self._may_leave(entry):
            return  # the form stays in sight until another view is gone into
        if entry is None or entry.view is None:
            self._leave_view()
            if entry is not None:
                self.query_one("#title", Line).put(joined([(entry.title, "bold")]))
                self.asked.say(label("Enter opens the list."))
        elif self._view is None or self._view.full_name != entry.name or self._view is not entry.view:
            self._show(entry.view, keep=False)

    def _enter(self) -> None:
        entry = self._here()
        if entry is None:
            return
        if entry.view is None:
            self.house.plugins.show_list(entry.name)
            return
        if not self._may_leave(entry, is_meant=True):
            return
        self.add_class("open")
        if self._view is not entry.view:
            self._show(entry.view, keep=False)
        self.asked.page.focus()

    def key_parts(self) -> Sequence[tuple[str, Sequence[Binding]]]:
        """The keys of a view, of its forms, and of plugins, for the help."""
        from partners_crm.tui.screens.help import bindings_of

        return (
            ("In a view", bindings_of(BlockPage)),
            ("In a form", bindings_of(FormBlock)),
            ("Plugins", self.plugin_keys()),
        )

    def _leave_view(self) -> None:
        self._view = None
        self.remove_class("open")
        self.query_one("#title", Line).put("")
        self.query_one("#switches", Line).display = False
        self.asked.say("")
        if not self.list.has_focus:
            self.list.focus()

    def action_back(self) -> None:
        """Go from the view to the list, and from there home."""
        if self.asked.page.has_focus or self.has_class("open"):
            self.remove_class("open")
            self.list.focus()
        else:
            self.action_leave()

    # ---------------------------------------------------------------- the view

    def action_reload(self) -> None:
        """Ask the plugin anew."""
        if self._view is not None:
            self._show(self._view, keep=True)

    def _show(self, view: Owned[View], *, keep: bool) -> None:
        self._view, self._warned = view, ""
        answers = self._answers_of(view)
        self._say_head(view, is_running=True)
        has_focus = self.asked.page.has_focus

        def then(_page: Page | None) -> None:
            self._say_head(view, is_running=False)
            page, focused = self.asked.page, self.focused
            if focused is not None and page in focused.ancestors:
                return  # somebody types into a form of it
            if self.asked.is_shown and (has_focus or (self.has_class("open") and not self.list.has_focus)):
                page.focus()

        self.asked.ask(
            self.house.plugins, view, lambda context: view.item.blocks(context, answers), keep=keep, then=then
        )

    def _say_head(self, view: Owned[View], *, is_running: bool) -> None:
        parts = [(view.item.title, "bold"), (f"  {view.owner.plugin}", "$foreground 60%")]
        self.query_one("#title", Line).put(joined([*parts, (" …" if is_running else "", "$accent")]))
        line = self.query_one("#switches", Line)
        line.display = bool(view.item.choices)
        answers, where = self._answers_of(view), f"{view.owner.plugin} view:{view.item.name}"
        words = [
            f"{choice.label}: {_label(choice, answers[choice.name])}{f' ({key})' if key else ''}"
            for choice in view.item.choices
            for key in [self.house.plugins.key_of(where, choice)]
        ]
        line.put(label("   ".join(words), "$accent"))

    def _answers_of(self, view: Owned[View]) -> Mapping[str, str]:
        """How the switches of a view stand."""
        kept = self._answers.get(view.full_name, {})
        answers = {}
        for choice in view.item.choices:
            values = [value for value, _ in choice.values]
            answers[choice.name] = kept[choice.name] if kept.get(choice.name) in values else values[0]
        return MappingProxyType(answers)

    def action_switch(self) -> None:
        """Turn the only switch of the view, or let the person choose what to turn."""
        from partners_crm.tui.screens.question import Choose

        view = self._view
        if view is None or not view.item.choices:
            self.house.notice("this view has no switches")
            return
        answers = self._answers_of(view)
        pairs = [(choice, value, text) for choice in view.item.choices for value, text in choice.values]
        names = [
            f"{'▸' if answers[choice.name] == value else ' '} {choice.label}: {text}" for choice, value, text in pairs
        ]

        def chosen(place: int | None) -> None:
            if place is not None:
                self._turn(view, pairs[place][0], pairs[place][1])

        self.house.push_screen(Choose(view.item.title, names), chosen)

    def _turn(self, view: Owned[View], choice: Choice, value: str) -> None:
        self._answers[view.full_name] = {**self._answers_of(view), choice.name: value}
        if self._view is view:
            self._show(view, keep=True)

    def run_offered(self, owned: Owned[Any]) -> None:
        """A key of a switch turns it; one of an action runs it."""
        view = self._view
        values = getattr(owned.item, "values", None)
        if view is None or values is None:
            super().run_offered(owned)
            return
        here = [value for value, _ in values].index(self._answers_of(view)[owned.item.name])
        self._turn(view, owned.item, values[(here + 1) % len(values)][0])

    # ---------------------------------------------------------------- what is chosen in it

    @property
    def plugin_scope(self) -> str:
        """The view that is shown."""
        return "" if self._view is None else f"view:{self._view.item.name}"

    @property
    def plugin_owner(self) -> str:
        """Whose view it is."""
        return "" if self._view is None else self._view.owner.plugin

    def plugin_refs(self) -> tuple[Ref, ...]:
        """The marked records of the view, else the one under the cursor."""
        return self.asked.page.refs if self.asked.is_shown else ()

    def on_block_page_chosen(self, message: BlockPage.Chosen) -> None:
        """Ask the view what Enter does; without an answer the record is opened."""
        from partners_crm.tui.plugged.actions import open_record, select

        message.stop()
        view, selection = self._view, message.selection
        if view is None:
            return
        ask = view.item.select
        if ask is not None:
            answers = self._answers_of(view)
            select(self.house, view, lambda context: ask(context, selection, answers), selection.ref)
        elif selection.ref is not None:
            open_record(self.house, selection.ref)

    def on_block_page_answered(self, message: BlockPage.Answered) -> None:
        """Run the action of a form."""
        from partners_crm.tui.plugged.actions import run_form

        message.stop()
        run_form(self.house, self.plugin_owner, message)


def _label(choice: Choice, value: str) -> str:
    return next((text for each, text in choice.values if each == value), value)
