"""Plugins behind the screens: loaded after the first paint in a thread of their own, and called in threads alone.

The thread of the screen never waits for a plugin: it reads what this bridge has published, and gets answers delivered.
Nothing of `partners_crm.plugins` is imported before the first paint.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from partners_crm.errors import PartnersError

if TYPE_CHECKING:
    from partners_crm.crm import Crm
    from partners_crm.model.base import EntityInfo
    from partners_crm.plugins.boundary import Outcome
    from partners_crm.plugins.context import PluginContext
    from partners_crm.plugins.policy import Owned, Plugin
    from partners_crm.plugins.registry import PluginRegistry
    from partners_crm.plugins.screens import Action, Choice, Column, Tab, View
    from partners_crm.store.open import Handle
    from partners_crm.tui.app import PartnersApp
    from partners_crm.tui.plugged.keys import Clash

R = TypeVar("R")
MOST_WORDS = 2
"""Words about failures of plugins that are said one by one while they are loaded."""
Make = Callable[["Crm"], "PluginRegistry"]
"""Makes the registry of a coalition."""


@dataclass(frozen=True, slots=True)
class RecordList:
    """The list of a kind of record that a plugin brought, or will bring with the first record."""

    title: str
    """Lanes (associations)."""
    plural: str
    """Of its entity."""
    plugin: str
    visibility: str = "everyone"


@dataclass(frozen=True, slots=True)
class Offered:
    """What the loaded plugins bring to the screens; replaced whole, never changed."""

    views: tuple[Owned[View], ...] = ()
    tabs: tuple[Owned[Tab], ...] = ()
    columns: tuple[Owned[Column], ...] = ()
    actions: tuple[Owned[Action], ...] = ()
    lists: tuple[RecordList, ...] = ()
    """Of the record types that are declared, whether or not the coalition holds them yet."""
    keys: Mapping[tuple[str, str], Owned[Action] | Owned[Choice]] | None = None
    """By (scope, key): what a key does that nobody else wanted."""
    clashes: tuple[Clash, ...] = ()
    has_words: bool = False
    """Whether a query may ask a plugin, which nobody waits for."""


class Plugins:
    """What the screens know of plugins, and how they call them."""

    def __init__(self, house: PartnersApp, make: Make | None) -> None:
        self._house = house
        self._make = make
        self._turn = 0
        self._making = threading.Lock()
        self._made: PluginRegistry | None = None
        self.registry: PluginRegistry | None = None
        self.state: Literal["none", "loading", "loaded"] = "none"
        self.listed: tuple[Plugin, ...] = ()
        """Every plugin there is, with what became of it."""
        self.offered = Offered()
        self._words: list[str] = []
        self._asked = 0
        self._shares = 0
        """How often others began or ceased to look on."""
        self.is_shared = False
        """Whether others look at the screen: what is not for everyone is hidden."""

    # ---------------------------------------------------------------- loading

    def made(self, crm: Crm) -> PluginRegistry:
        """The registry of an open coalition: one for all threads, whichever asks first."""
        from partners_crm.plugins.registry import PluginRegistry, Policy  # the first paint does without

        with self._making:
            if self._made is None or self._made.db is not crm.db:
                self._made = self._make(crm) if self._make is not None else PluginRegistry(Policy(bundled_only=True))
                self._made.db, self._made.clock = crm.db, crm.clock
                self._made.word = self._told
                self._made.show_private = not self.is_shared
            return self._made

    @property
    def db(self) -> Handle:
        """The open coalition, as who draws a page needs it."""
        return self._house.crm.db

    def renew(self) -> None:
        """Go by what a person has said since: the plugins are decided upon and loaded anew."""
        self.close()
        with self._making:
            self._made = None
        self._house.renew()
        self.load()

    def load(self) -> None:
        """Begin to load the plugins anew; the screens are told when they are there."""
        if self._make is None:
            return
        self._turn += 1
        self.state = "loading"
        turn, crm, house = self._turn, self._house.crm, self._house

        def run() -> None:
            from partners_crm.tui.plugged.offered import bring_all, offered  # the first paint does without

            try:
                registry = crm.plugins
                listed = registry.decide()
                for plugin in listed:
                    plugin.candidate.hooks  # noqa: B018  # its source is read here, not when a screen shows it
                house.deliver(self._begun, turn, registry, listed)
                with crm.session():
                    bring_all(registry, crm)
                    found = offered(registry)
                house.deliver(self._loaded, turn, registry.plugins, found)
            except PartnersError as error:  # what was said about plugins cannot be read, a folder is none
                house.deliver(self._not_loaded, turn, error)
            except Exception as error:  # a fault of ours must reach the crash path, not die in the thread
                house.deliver(house._handle_exception, error)

        # A daemon: a plugin that hangs while it is imported does not hold up the end of the program.
        threading.Thread(target=run, name="load plugins", daemon=True).start()

    def close(self) -> None:
        """The run of the present plugins ends as it should; nobody waits for one that hangs."""
        if self._made is not None:
            self._made.close()

    def _told(self, text: str) -> None:
        """Take up a word of the registry, in whichever thread: while plugins are loaded, to be said at the end."""
        if self.state == "loading":
            self._words.append(text)
        else:
            self._house.deliver(self._say_word, text)

    def _say_word(self, text: str) -> None:
        """Say a word of the registry: a failure as such, what a plugin wishes to say as a word."""
        self._house.notice(text, error=is_failure(text))

    def _say_words(self) -> None:
        words, self._words = self._words, []
        if len(words) > MOST_WORDS:
            worst = next(filter(is_failure, words), words[0])
            more = f"and {len(words) - 1} more: 9 says what became of each plugin"
            self._house.notice(worst, more, error=is_failure(worst))
        else:
            for text in words:
                self._say_word(text)

    def _begun(self, turn: int, registry: PluginRegistry, listed: tuple[Plugin, ...]) -> None:
        if turn == self._turn:
            self.registry, self.listed = registry, listed
            self._seal()
            self._tell()

    def _loaded(self, turn: int, listed: tuple[Plugin, ...], offered: Offered) -> None:
        if turn != self._turn:
            return  # another coalition was opened meanwhile
        self.state, self.listed, self.offered = "loaded", listed, offered
        self._tell()
        self._say_words()
        new = [plugin.name for plugin in listed if plugin.status == "not allowed yet"]
        if new:
            word = f"the plugin {new[0]} is new" if len(new) == 1 else f"{len(new)} plugins are new"
            self._house.notice(word, "9 says what they are and lets you allow them")

    def _not_loaded(self, turn: int, error: PartnersError) -> None:
        if turn == self._turn:
            self.state, self.listed, self.offered = "loaded", (), Offered()
            self._say_words()
            self._house.fault(error)
            self._tell()

    def _tell(self) -> None:
        """Tell the open screens that other plugins are there."""
        for screen in self._house.screens_open:
            changed = getattr(screen, "plugins_changed", None)
            if changed is not None and screen.is_running:
                changed()

    # ---------------------------------------------------------------- what there is

    def share(self) -> bool:
        """Hide what is not for everyone, or show it again; says whether it is hidden now.

        What plugins have answered is gone from every screen at once, and what was asked before is not shown any more:
        the screens ask anew.
        """
        self.is_shared = not self.is_shared
        self._shares += 1
        self._seal()
        if self.is_shared:
            for screen in self._house.screens_open:
                hide = getattr(screen, "others_look_on", None)
                if hide is not None and screen.is_running:
                    hide()
        self._tell()
        return self.is_shared

    def _seal(self) -> None:
        """Have every registry say what may be shown: the one in use, and the one that is being loaded."""
        with self._making:  # one that is being made reads `is_shared` in here
            for registry in (self.registry, self._made):
                if registry is not None:
                    registry.show_private = not self.is_shared

    def is_shown(self, owned: Owned[Any]) -> bool:
        """Whether something may be shown on the present screen."""
        return not (self.is_shared and getattr(owned.item, "staff_only", False))

    @property
    def views(self) -> tuple[Owned[View], ...]:
        """The views that may be shown, by plugin and name."""
        return tuple(filter(self.is_shown, self.offered.views))

    def tabs(self, entity: str) -> tuple[Owned[Tab], ...]:
        """The tabs on the cards of an entity."""
        return tuple(each for each in self.offered.tabs if each.item.entity == entity and self.is_shown(each))

    def columns(self, entity: str) -> tuple[Owned[Column], ...]:
        """The columns that the list of an entity may have."""
        return tuple(each for each in self.offered.columns if each.item.entity == entity and self.is_shown(each))

    def actions(self, scope: str, owner: str = "") -> tuple[Owned[Action], ...]:
        """The actions of a scope; those of a view are of its own plugin alone."""
        return tuple(
            each
            for each in self.offered.actions
            if scope in each.item.scopes and owner in ("", each.owner.plugin) and self.is_shown(each)
        )

    def of_key(self, scope: str, key: str) -> Owned[Any] | None:
        """What a key does in a scope beside what the core does."""
        found = (self.offered.keys or {}).get((scope, key))
        return found if found is not None and self.is_shown(found) else None

    def key_of(self, scope: str, item: object) -> str:
        """The key of something in a scope; "" where it has none there."""
        keys = self.offered.keys or {}
        return next((key for (where, key), each in keys.items() if where == scope and each.item is item), "")

    def record_lists(self) -> tuple[RecordList, ...]:
        """The lists of the records that plugins brought, or bring with the first one, as far as they may be shown."""
        found = {
            info.plural: record_list(info.plural, info.plugin, info.visibility)
            for info in (table.entity for table in self._house.crm.db.entities)
            if info.plugin
        }
        found |= {each.plural: each for each in self.offered.lists if each.plural not in found}
        return tuple(each for each in found.values() if not self.is_shared or each.visibility == "everyone")

    def may_show(self, entity: EntityInfo) -> bool:
        """Whether records of an entity may be shown on the present screen."""
        return not self.is_shared or entity.visibility == "everyone"

    # ---------------------------------------------------------------- going there

    def show_view(self, name: str) -> None:
        """Go to a view by its full name."""
        from partners_crm.tui.screens.views import Views

        self._house.action_go("views")

        def go() -> None:
            if isinstance(self._house.screen, Views):
                self._house.screen.go_to(name)

        self._house.call_after_refresh(go)

    def show_list(self, plural: str) -> None:
        """Open the list of a kind of record; one that the coalition does not hold yet is brought into it first."""
        from partners_crm.tui.screens.records import Records

        house, registry = self._house, self.registry
        if plural in house.crm.db.by_name or registry is None:
            house.push_screen(Records(plural))
            return
        plugin = next(each.plugin for each in self.offered.lists if each.plural == plural)

        def work(crm: Crm) -> bool:
            from partners_crm.plugins.binding import bring_types

            bring_types(registry, crm.db, plugin=plugin, say=house.tell)
            return plural in crm.db.by_name

        house.background(work, lambda is_there: is_there and house.push_screen(Records(plural)))

    # ---------------------------------------------------------------- calling

    @property
    def is_asking(self) -> bool:
        """Whether a call is under way whose answer somebody waits for."""
        return self._asked > 0

    def ask(
        self,
        owned: Owned[Any],
        work: Callable[[PluginContext], R],
        done: Callable[[R], object],
        failed: Callable[[PartnersError], object],
        *,
        limit: float | None = None,
        stale: Callable[[], object] = lambda: None,
    ) -> None:
        """Call a plugin in a thread; `done` or `failed` runs on the screen, once, unless the program has ended.

        `work` calls the plugin and consumes and checks what it answers; it runs inside the boundary. `stale` runs
        instead of either where others have begun to look on since: the answer may hold what is not for them.
        """
        registry, house = self.registry, self._house
        assert registry is not None, "only what a registry offered can be called"

        self._asked += 1
        shares = self._shares

        async def deliver(outcome: Outcome[R]) -> None:
            self._asked -= 1
            if self.is_shared and shares != self._shares:
                stale()
                return
            found = failed(outcome.error) if outcome.error is not None else done(cast("R", outcome.value))
            if isawaitable(found):
                await found

        registry.begin(owned, work, lambda outcome: house.deliver(deliver, outcome), limit=limit)


def record_list(plural: str, plugin: str, visibility: str) -> RecordList:
    """The list of a kind of record of a plugin, by the plural of its entity: Lanes (associations)."""
    from partners_crm.model.record_types import own_name  # the first paint shows no list of a plugin

    words = plural.removeprefix(f"{own_name(plugin)}_").replace("_", " ")
    return RecordList(f"{words[:1].upper()}{words[1:]} ({plugin})", plural, plugin, visibility)


def is_failure(word: str) -> bool:
    """Whether a word of the registry tells of a failure; the others are what a plugin or the core wishes to say."""
    return re.match(r"the plugin \S+ failed\b", word) is not None


def failed_line(owned: Owned[Any]) -> str:
    """What stands in the place of something that failed."""
    return f"! {owned.full_name} failed (details on 9 Plugins)"


def by_scope(actions: Sequence[Owned[Action]]) -> Mapping[str, list[Owned[Action]]]:
    """Actions by where they are offered; those of a view by `PLUGIN view:NAME`."""
    found: dict[str, list[Owned[Action]]] = {}
    for owned in actions:
        for scope in owned.item.scopes:
            found.setdefault(scope_of(scope, owned.owner.plugin), []).append(owned)
    return found


def scope_of(scope: str, plugin: str) -> str:
    """A scope as keys are kept by it: two plugins may have a view of one name."""
    return f"{plugin} {scope}" if scope.startswith("view:") else scope
