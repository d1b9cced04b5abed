"""The registry: which plugins are loaded and why the others are not, and a typed method for each hook.

Built by a composition root for one run, passed down, never global. Nothing is scanned or imported before the first
hook is asked for. Each implementation is called alone, through the boundary; what a hook returned is kept for the run.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from partners_crm.plugins import deciding, loading, wanted
from partners_crm.plugins.answers import plain, taken
from partners_crm.plugins.boundary import Boundary, Outcome, Owner
from partners_crm.plugins.context import PluginContext
from partners_crm.plugins.describing import check
from partners_crm.plugins.failures import PluginFailed, PluginFailure
from partners_crm.plugins.groups import PROJECT, SCREEN_GROUP, SCREEN_HOOKS
from partners_crm.plugins.headless import (
    Command,
    Exporter,
    Geocoder,
    Importer,
    PluginCheck,
    QueryField,
    Report,
)
from partners_crm.plugins.kept_failures import KeptFailures
from partners_crm.plugins.own_settings import with_defaults
from partners_crm.plugins.policy import Owned, Plugin, Policy, Status
from partners_crm.plugins.running import Running
from partners_crm.services.listing import no_words
from partners_crm.store import open as opening
from partners_crm.store.clock import Clock, utc_now
from partners_crm.store.open import Handle

if TYPE_CHECKING:
    from partners_crm.model.record_types import RecordType
    from partners_crm.plugins.screens import Action, Column, Tab, View
    from partners_crm.store.queries.own_words import OwnWord

T = TypeVar("T")
R = TypeVar("R")
_RECORD_TYPES = "register_record_types"
NOTICES = 20
"""Words to the person that one call may say."""
_LINE = 500
"""Characters of one."""


class PluginRegistry:
    """The plugins of one run."""

    def __init__(
        self,
        policy: Policy,
        *,
        db: Handle | None = None,
        today: date | None = None,
        clock: Clock = utc_now,
        word: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.policy = policy
        self.db = db
        self.clock = clock
        self.word = word
        """Is told what a person should know at once: a plugin that failed, a plugin that is off."""
        self.show_private = True
        self.boundary = Boundary(
            strikes=policy.strikes,
            open=policy.bare,
            running=Running(policy.state_folder),
            on_failure=self._failed,
            on_call=policy.on_call,
        )
        self._today = today
        self._decided: tuple[Plugin, ...] | None = None
        self._is_loaded = False
        self._kept: dict[str, tuple[Owned[Any], ...]] = {}
        self._said: set[str] = set()
        self._past = KeptFailures(policy.state_folder) if policy.state_folder is not None else None
        # Hooks are asked for from the threads of a screen too. A plugin that is being asked what it offers has no
        # context, so it cannot ask the registry for anything while this is held.
        self._lock = threading.RLock()
        self._telling = threading.Lock()

    # ---------------------------------------------------------------- which there are

    @property
    def today(self) -> date:
        """The day where the coalition is; without one, by the clock."""
        if self._today is not None:
            return self._today
        if self.db is None:
            return self.clock().date()
        from partners_crm.services.settings import today  # without a coalition there is no time zone to ask for

        return today(self.db, self.clock)

    @today.setter
    def today(self, day: date | None) -> None:
        self._today = day

    def decide(self) -> tuple[Plugin, ...]:
        """Every plugin there is, by name, with whether it may be loaded; nothing is imported. A person may be asked.

        Raises:
            ConfigError: a plugins folder is none, or what was said about plugins cannot be read or kept.
        """
        with self._lock:
            if self._decided is None:
                found = deciding.decided(self.policy)
                self._decided = found.plugins
                for notice in found.notices:
                    self.word(notice)
            return self._decided

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Every plugin there is, by name, with what became of it; the headless ones are loaded by asking.

        Raises:
            ConfigError: a plugins folder is none, or what was said about plugins cannot be read or kept.
        """
        with self._lock:
            found = self.decide()
            if not self._is_loaded:
                self._is_loaded = True
                loading.load(found, PROJECT, self.boundary, self.policy.limit)
                self._forget_mended(found)
            return found

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What failed so far, in order."""
        return tuple(self.boundary.failures)

    def load_screen(self) -> None:
        """Load what belongs to the terminal UI, after the rest."""
        with self._lock:
            before = self._loaded_screens()
            loading.load(self.plugins, SCREEN_GROUP, self.boundary, self.policy.limit)
            if self._loaded_screens() != before:
                for hook in SCREEN_HOOKS:
                    self._kept.pop(hook, None)  # asked before, when what implements it was not there

    def _loaded_screens(self) -> int:
        return sum(SCREEN_GROUP in each.modules for each in self.plugins)

    def plugin(self, name: str) -> Plugin | None:
        """The plugin of a name that is loaded, else any of the name; None where there is none."""
        some = [each for each in self.plugins if each.name == name]
        return next((each for each in some if each.status == "loaded"), some[0] if some else None)

    def close(self) -> None:
        """The run ends as it should: nobody waits for who is still running, and who is has not ended it."""
        self.boundary.end()
        self.boundary.running.close()

    def _forget_mended(self, plugins: tuple[Plugin, ...]) -> None:
        """Drop what is kept of failures to load of plugins that are loaded now."""
        past = {each.plugin for each in self._past.read() if each.keeps_off} if self._past is not None else set()
        mended = past & {each.name for each in plugins if each.status == "loaded"}
        if mended and self._past is not None:
            self._past.forget(mended, loading=True)

    # ---------------------------------------------------------------- calling

    def context(self, owner: Owner, *, as_of: date | None = None, words: bool = True) -> PluginContext:
        """What a plugin is given; without `words` its queries know none of plugins: it is asked for one itself."""
        today = self.today
        return PluginContext(
            plugin=owner.plugin,
            today=today,
            as_of=as_of or today,
            settings=self.settings_of(owner.plugin),
            data_dir=self._data_folder() / owner.plugin,
            notify=self._notify(owner),
            log=self._log(owner),
            show_private=self.show_private,
            _db=self.db,
            _clock=self.clock,
            _is_to_come=self._is_to_come,
            _bring=lambda: self._bring(owner.plugin),
            _requires=lambda: self._required_by(owner.plugin),
            _words=self._words if words else no_words,
            _wanted=wanted.now(),
        )

    def _words(self) -> Sequence[OwnWord]:
        from partners_crm.plugins.binding import query_fields_of  # it binds what a registry has

        return query_fields_of(self)

    def _required_by(self, plugin: str) -> frozenset[str]:
        """The plugins that a plugin requires, over any number of steps."""
        from partners_crm.plugins.binding import with_required

        # Asked in the thread of a call, which must not wait while another plugin is being loaded.
        return frozenset(with_required({each.name: each for each in self._decided or ()}, plugin))

    def _is_to_come(self, entity: str) -> bool:
        if self.db is None or entity in self.db.by_name:
            return False
        from partners_crm.plugins.binding import declared_by  # it binds what a registry has

        return declared_by(self, entity) != ""

    def _bring(self, plugin: str) -> None:
        from partners_crm.plugins.binding import bring_types

        if self.db is not None:
            bring_types(self, self.db, plugin=plugin, say=self.word)

    def settings_of(self, name: str) -> Mapping[str, str]:
        """The value of every setting of a plugin: a person's own, else its default.

        Raises:
            ConfigError: the file of what was set cannot be read.
        """
        # Asked in the thread of a call, which must not wait while another plugin is being loaded.
        known = (each.info for each in self._decided or () if each.name == name and each.status == "loaded")
        info = next(known, None)
        if info is None or not info.settings:
            return MappingProxyType({})
        own = self.policy.settings.read() if self.policy.settings is not None else {}
        return with_defaults(info.settings, own.get(name, {}))

    def call(
        self,
        owned: Owned[Any],
        work: Callable[[PluginContext], R],
        *,
        limit: float | None = None,
        as_of: date | None = None,
        words: bool = True,
    ) -> R:
        """Call a described object and wait; `work` consumes and checks what it answers, `words` are as of `context`.

        Raises:
            PluginFailed: the plugin failed.
            PartnersError: it refused in our words.
        """
        return self.boundary.call(
            owned.owner,
            what(owned.item),
            lambda: work(self.context(owned.owner, as_of=as_of, words=words)),
            limit=self.policy.limit if limit is None else limit,
            around=self._around,
        )

    def begin(
        self,
        owned: Owned[Any],
        work: Callable[[PluginContext], R],
        take: Callable[[Outcome[R]], None],
        *,
        limit: float | None = None,
    ) -> Callable[[], None]:
        """Begin a call and return at once; `take` gets how it ended, in another thread. Gives what gives it up."""
        return self.boundary.begin(
            owned.owner,
            what(owned.item),
            lambda: work(self.context(owned.owner)),
            take,
            limit=self.policy.screen_limit if limit is None else limit,
            around=self._around,
        )

    def _data_folder(self) -> Path:
        """Where plugins have their own folders; for a script that names none it is a passing one."""
        if self.policy.state_folder is not None:
            return self.policy.state_folder / "data"
        from tempfile import gettempdir  # whoever has a folder does without

        return Path(gettempdir()) / f"partners-crm-{os.getuid()}-plugins"

    def _around(self) -> AbstractContextManager[object]:
        return nullcontext() if self.db is None else opening.session(self.db)

    def _log(self, owner: Owner) -> Callable[[str], None]:
        """A word to who traces; without one nobody hears it."""
        if self.policy.on_call is None:
            return lambda _text: None
        return lambda text: self.word(f"{owner.plugin}: {_line(text)}")

    def _notify(self, owner: Owner) -> Callable[[object], None]:
        """A word to the person, which says whose it is; of one call so many."""
        left = count(NOTICES, -1)

        def notify(text: object) -> None:
            line = _line(text)  # in the thread of the call: making the text is the plugin's
            if (some := next(left)) > 0:
                self.word(f"{owner.plugin}: {line}")
            elif some == 0:
                self.word(f"{owner.plugin}: it says more than {NOTICES} things at once; the rest is left out")

        return notify

    def _failed(self, failure: PluginFailure) -> None:
        plugin = next((each for each in self._decided or () if each.owner == _owner_of(failure)), None)
        if plugin is not None and plugin.name in self.boundary.off and plugin.status == "loaded":
            plugin.status = "off"
            plugin.reason = f"it failed {self.policy.strikes} times, the last time because {failure.reason}"
        message = PluginFailed(failure).message
        with self._telling:  # failures come from the threads of their calls
            if self._past is not None:
                self._past.add(failure, self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            if message in self._said:
                return  # once a run is enough for a person
            self._said.add(message)
        self.word(message)

    # ---------------------------------------------------------------- the hooks

    def record_types(self) -> tuple[Owned[RecordType], ...]:
        """Every record type that plugins declare, those of a required plugin before those that may refer to them."""
        from partners_crm.model.record_types import RecordType  # the fields of the model: other hooks do without

        return self._all(_RECORD_TYPES, RecordType)

    def importers(self) -> tuple[Owned[Importer], ...]:
        """Every reader of a file format."""
        return self._all("register_importers", Importer)

    def exporters(self) -> tuple[Owned[Exporter], ...]:
        """Every writer of a file format."""
        return self._all("register_exporters", Exporter)

    def geocoders(self) -> tuple[Owned[Geocoder], ...]:
        """Every geocoder."""
        return self._all("register_geocoders", Geocoder)

    def checks(self) -> tuple[Owned[PluginCheck], ...]:
        """Every check."""
        return self._all("register_checks", PluginCheck)

    def reports(self) -> tuple[Owned[Report], ...]:
        """Every report."""
        return self._all("register_reports", Report)

    def commands(self) -> tuple[Owned[Command], ...]:
        """Every command."""
        return self._all("register_commands", Command)

    def query_fields(self) -> tuple[Owned[QueryField], ...]:
        """Every word of the query language."""
        return self._all("register_query_fields", QueryField)

    def views(self) -> tuple[Owned[View], ...]:
        """Every view; the terminal UI has to be loaded."""
        from partners_crm.plugins.screens import View  # the blocks: no headless command needs them

        return self._all("register_views", View)

    def tabs(self) -> tuple[Owned[Tab], ...]:
        """Every tab of a card."""
        from partners_crm.plugins.screens import Tab

        return self._all("register_tabs", Tab)

    def columns(self) -> tuple[Owned[Column], ...]:
        """Every column of a list."""
        from partners_crm.plugins.screens import Column

        return self._all("register_columns", Column)

    def actions(self) -> tuple[Owned[Action], ...]:
        """Every action."""
        from partners_crm.plugins.screens import Action

        return self._all("register_actions", Action)

    def _all(self, hook: str, kind: type[T]) -> tuple[Owned[T], ...]:
        """What every plugin returned from a hook, asked once a run, by (plugin, name); a plugin that fails has none."""
        with self._lock:
            plugins = self.plugins
            if hook not in self._kept:
                some = loading.in_order(plugins) if hook == _RECORD_TYPES else plugins
                self._kept[hook] = tuple(owned for plugin in some for owned in self._asked(plugin, hook, kind))
            return self._kept[hook]

    def _asked(self, plugin: Plugin, hook: str, kind: type[T]) -> list[Owned[T]]:
        function = plugin.hooks.get(hook)
        if function is None or plugin.status != "loaded":
            return []

        def work() -> tuple[T, ...]:
            items = taken(function(), kind, kind.__name__)
            check(items)
            return items

        is_whole = hook == _RECORD_TYPES  # without its records, what else the plugin does has nothing to stand on
        if is_whole and loading.lacks(plugin, self.plugins, self.boundary):
            return []
        try:
            items = self.boundary.call(plugin.owner, hook, work, limit=self.policy.limit, refusals=False)
        except PluginFailed as error:
            if is_whole:
                plugin.status, plugin.reason = "failed", error.failure.reason
            return []
        return [Owned(plugin.owner, item) for item in sorted(items, key=lambda each: str(getattr(each, "name", "")))]


def what(item: object) -> str:
    """What a described object is called where it fails or is traced: view overlap."""
    return f"{type(item).__name__.removeprefix('Plugin').lower()} {getattr(item, 'name', '')}".strip()


def _line(text: object) -> str:
    """What a plugin says, in one line."""
    said = plain(text) if isinstance(text, str) else plain(str(text))
    return " ".join(said[: 2 * _LINE].split())[:_LINE]


def _owner_of(failure: PluginFailure) -> Owner:
    return Owner(plugin=failure.plugin, distribution=failure.distribution, version=failure.version)


__all__ = ["Owned", "Plugin", "PluginRegistry", "Policy", "Status", "what"]
