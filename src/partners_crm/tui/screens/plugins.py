"""Which plugins there are, what became of each, and what is to be known of it; allowing them and turning them off."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from partners_crm.errors import PartnersError
from partners_crm.services.listing import Column
from partners_crm.tui.display import joined, label, stacked, wrapped
from partners_crm.tui.screens.base import GOING, WIDE, MainScreen
from partners_crm.tui.screens.question import Choose, Confirm
from partners_crm.tui.widgets.table import VirtualTable
from partners_crm.tui.widgets.text import Line

if TYPE_CHECKING:
    from partners_crm.plugins.failures import PluginFailure
    from partners_crm.plugins.policy import Plugin
    from partners_crm.plugins.registry import PluginRegistry
    from partners_crm.tui.plugged.keys import Clash

NEW = "not allowed yet"
"""The status of a plugin that a person has to be asked about."""
OFF = frozenset({"disabled", "killed", NEW, "conflict"})
"""What can be turned on."""
KEYS = "Enter, t allow or turn off   r reload   Esc back   ? keys"


class PluginSource:
    """Plugins as the rows of a table; a row's id is its place."""

    columns: Sequence[Column] = (
        Column("name", "Plugin", 16),
        Column("status", "Status", 16),
        Column("failures", "Failed", 6, "right"),
        Column("version", "Version", 8),
        Column("distribution", "Distribution", 26),
    )

    def __init__(self, plugins: Sequence[Plugin], failures: Sequence[PluginFailure]) -> None:
        self.plugins = plugins
        self.failures = failures

    def first_ids(self, limit: int) -> Sequence[int]:
        """The first places."""
        return range(min(limit, len(self.plugins)))

    def all_ids(self) -> array[int]:
        """All places."""
        return array("q", range(len(self.plugins)))

    def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Name, status, number of failures, version, distribution."""
        return {place: self._row(self.plugins[place]) for place in ids if place < len(self.plugins)}

    def _row(self, plugin: Plugin) -> tuple[str, ...]:
        each = plugin.candidate
        failed = len(self.of(plugin))
        return each.name, plugin.status, str(failed or ""), each.version, each.distribution

    def of(self, plugin: Plugin) -> list[PluginFailure]:
        """The failures of a plugin in this run."""
        each = plugin.candidate
        return [
            failure
            for failure in self.failures
            if (failure.plugin, failure.distribution) == (each.name, each.distribution)
        ]


class PluginsScreen(MainScreen):
    """The plugins of this run."""

    DEFAULT_CSS = """
    PluginsScreen #box { layout: vertical; height: 1fr; }
    PluginsScreen.wide #box { layout: horizontal; }
    PluginsScreen VirtualTable { height: 1fr; width: 1fr; }
    PluginsScreen #aside { height: 60%; padding: 0 1; border-top: solid $panel; }
    PluginsScreen.wide #aside { width: 50%; height: 1fr; border-top: none; border-left: solid $panel; }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "leave", "Back", show=False, id="plugins.back"),
        Binding("t", "turn", "Allow a plugin, or turn it off", show=False, id="plugins.turn"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._source = PluginSource((), ())

    def compose(self) -> ComposeResult:
        """Head, plugins, what is to be known of the one under the cursor, keys."""
        yield Line(id="head", classes="head")
        with Horizontal(id="box"):
            yield VirtualTable(self._source, empty="Loading…")
            with VerticalScroll(id="aside"):
                yield Line(id="aside-text")
        yield Line(label(GOING), classes="status")
        yield Line(KEYS, classes="keys")

    def on_mount(self) -> None:
        """Put the cursor on the plugins."""
        self.query_one(VirtualTable).focus()
        self.plugins_changed()

    def on_resize(self, event: events.Resize) -> None:
        """Show what is to be known beside the list where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.call_after_refresh(self._explain)

    def on_screen_resume(self) -> None:
        """Plugins may have failed meanwhile."""
        self.plugins_changed()

    def action_reload(self) -> None:
        """Show what became of the plugins since."""
        self.plugins_changed()

    def plugins_changed(self) -> None:
        """Show the plugins as they are now."""
        if not self.query("#head"):
            return  # nothing is drawn yet
        bridge = self.house.plugins
        table = self.query_one(VirtualTable)
        table.empty = {
            "none": "No plugins are loaded: the program was started without them.",
            "loading": "Looking for plugins…",
            "loaded": "There are no plugins.",
        }[bridge.state]
        failures = bridge.registry.failures if bridge.registry is not None else ()
        self._source = PluginSource(bridge.listed, failures)
        table.show_source(self._source, keep_id=table.cursor_id)
        loaded = sum(plugin.status == "loaded" for plugin in bridge.listed)
        new = sum(plugin.status == NEW for plugin in bridge.listed)
        words = [
            f"{loaded} loaded" if bridge.state != "loading" else "loading…",
            f"{new} not allowed yet" if new else "",
            f"{len(failures)} {'failure' if len(failures) == 1 else 'failures'}" if failures else "",
        ]
        parts = [("Plugins", "bold"), (f"  {self.crm.name}   ", ""), (" · ".join(filter(None, words)), "$accent")]
        self.query_one("#head", Line).put(joined(parts))
        self._explain()

    def _here(self) -> Plugin | None:
        place = self.query_one(VirtualTable).cursor_id
        return self._source.plugins[place] if place is not None and place < len(self._source.plugins) else None

    def on_virtual_table_highlighted(self, _message: VirtualTable.Highlighted) -> None:
        """Say what is to be known of the plugin under the cursor."""
        self._explain()

    def _explain(self) -> None:
        plugin = self._here()
        box = self.query_one("#aside", VerticalScroll)
        width = max(20, box.scrollable_content_region.width)
        clashes = [
            each
            for each in self.house.plugins.offered.clashes
            if plugin is not None and each.name.startswith(f"{plugin.name}.")
        ]
        text = "" if plugin is None else _about(plugin, self._source.of(plugin), clashes, width)
        self.query_one("#aside-text", Line).put(text)
        box.scroll_home(animate=False)

    # ---------------------------------------------------------------- allowing and turning off

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Ask whether the plugin under the cursor is to be allowed, or turned off."""
        message.stop()
        self.action_turn()

    def action_turn(self) -> None:
        """Ask whether the plugin under the cursor is to be allowed, or turned off."""
        plugin, registry = self._here(), self.house.plugins.registry
        if plugin is None or registry is None:
            return
        if registry.policy.consent is None:
            self.house.notice("what is said of plugins is not kept in this run")
        elif plugin.candidate.is_local:
            self.house.notice("it was named with --plugins-dir", "start without that folder to leave it out")
        elif plugin.status == "conflict":
            self._choose(plugin, registry)
        elif plugin.status in OFF:
            lines = [
                f"{plugin.candidate.whose or plugin.name}, with the hooks:",
                ", ".join(plugin.candidate.hooks) or "(its source does not say)",
                "A plugin runs with all that you may do yourself.",
            ]
            box = Confirm(f"Allow the plugin {plugin.name}?", lines, "allow it from now on")
            self.house.push_screen(box, lambda yes: self._say(registry, plugin, "allowed") if yes else None)
        else:
            lines = ["What it has written stays, and can be read and exported.", "It can be allowed again here."]
            box = Confirm(f"Turn the plugin {plugin.name} off?", lines, "turn it off")
            self.house.push_screen(box, lambda yes: self._say(registry, plugin, "disabled") if yes else None)

    def _choose(self, plugin: Plugin, registry: PluginRegistry) -> None:
        """Ask which of the distributions that bring one plugin is to be used."""
        some = [each for each in self._source.plugins if each.name == plugin.name]

        def chosen(place: int | None) -> None:
            if place is not None:
                self._say(registry, some[place], "allowed")

        names = [each.candidate.whose for each in some]
        self.house.push_screen(Choose(f"Which {plugin.name} is to be used?", names), chosen)

    def _say(self, registry: PluginRegistry, plugin: Plugin, state: Any) -> None:
        from partners_crm.plugins.consent import Said

        assert registry.policy.consent is not None, "asked before the question"
        each = plugin.candidate
        try:
            registry.policy.consent.say(each.name, Said(state, each.distribution if state == "allowed" else ""))
        except PartnersError as error:
            self.house.fault(error)
            return
        self.house.notice(f"the plugin {each.name} is {'allowed' if state == 'allowed' else 'off'}", "t turns it round")
        self.house.plugins.renew()


def _about(plugin: Plugin, failures: Sequence[PluginFailure], clashes: Sequence[Clash], width: int) -> Content:
    """What is to be known of a plugin, in lines of at most `width` cells."""
    each = plugin.candidate
    rows = [label(line, "bold") for line in wrapped(plugin.info.title if plugin.info else each.name, width)]

    def part(title: str, texts: Sequence[str], style: str = "") -> None:
        if texts:
            rows.extend([label(""), label(title, "bold $secondary")])
            rows.extend(label(line, style) for text in texts for line in wrapped(text, width))

    if plugin.info is not None:
        rows += [label(line) for line in wrapped(plugin.info.about, width)]
    rows += [label(line, "$foreground 70%") for line in wrapped(f"{plugin.status}: {each.whose}", width)]
    if plugin.reason:
        rows += [label(line, "$warning") for line in wrapped(plugin.reason, width)]
    part("Failures in this run", [_failure(failure) for failure in failures], "$error")
    part("Keys it would like and does not get", [f"{e.key}  {e.name}: {e.why}" for e in clashes])
    part("Hooks", [", ".join(sorted({*each.hooks, *plugin.hooks}))] if {*each.hooks, *plugin.hooks} else [])
    return stacked(rows)


def _failure(failure: PluginFailure) -> str:
    where = f"{failure.hook}: " if failure.hook else ""
    place = f" ({failure.detail.splitlines()[0]})" if failure.detail else ""
    return f"! {where}{failure.reason}{place}"
