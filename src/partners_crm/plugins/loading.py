"""Loading plugins one after the other, so that none stops the rest: imported, asked what they are, and checked."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from partners_crm.plugins.answers import Misfit, one
from partners_crm.plugins.boundary import Boundary, failure_of
from partners_crm.plugins.deciding import EMPTY
from partners_crm.plugins.describing import check
from partners_crm.plugins.discovery import Candidate
from partners_crm.plugins.failures import PluginFailed, Stage
from partners_crm.plugins.groups import API_VERSION, HOOKS, INFO_HOOK, OLDEST_API, PROJECT, SCREEN_GROUP
from partners_crm.plugins.headless import PluginInfo, Setting
from partners_crm.plugins.policy import Plugin
from partners_crm.plugins.specs import HeadlessHooks, ScreenHooks

_ODD = {
    "wrapper": "wraps it: wrappers are refused",
    "hookwrapper": "wraps it: wrappers are refused",
    "tryfirst": "asks to be called first: implementations never depend on an order",
    "trylast": "asks to be called last: implementations never depend on an order",
    "optionalhook": "is marked as optional: there is no hook that may be missing",
    "specname": "is called otherwise than its hook: name the function like the hook",
}
"""What an implementation may not ask of pluggy, and what is said of it."""


def load(plugins: Iterable[Plugin], group: str, boundary: Boundary, limit: float) -> None:
    """Import what plugins have in a group and take their hooks in; one that fails is named, and the others go on."""
    some = list(plugins)
    for plugin in some:
        if plugin.status == "loaded" and group not in plugin.modules:
            _load(plugin, group, boundary, limit)
    _require(some, boundary)
    for plugin in some:
        is_whole = group == SCREEN_GROUP or not plugin.candidate.screen
        if plugin.status == "loaded" and is_whole and not plugin.hooks.keys() - {INFO_HOOK}:
            plugin.status, plugin.reason = "empty", EMPTY


def fail(plugin: Plugin, boundary: Boundary, stage: Stage, reason: str) -> None:
    """Keep a plugin off, and take down why."""
    plugin.status, plugin.reason = "failed", reason
    plugin.hooks.clear()
    boundary.count(failure_of(plugin.owner, "", stage, reason))


def _load(plugin: Plugin, group: str, boundary: Boundary, limit: float) -> None:
    candidate = plugin.candidate
    name = candidate.headless if group == PROJECT else candidate.screen
    if not name:
        return
    try:
        module = boundary.call(
            plugin.owner, "", lambda: imported(candidate, name), limit=limit, stage="imported", refusals=False
        )
        if plugin.info is None:  # of a plugin of screens alone it is said there
            plugin.info = _info(plugin, module, boundary, limit)
        if plugin.status == "loaded":
            hooks = boundary.call(
                plugin.owner, "", lambda: hooks_of(module), limit=limit, stage="hooks", refusals=False
            )
            plugin.modules[group] = module
            plugin.hooks.update({hook: function for hook, function in hooks.items() if hook not in plugin.hooks})
    except PluginFailed as error:
        plugin.status, plugin.reason = "failed", error.failure.reason
        plugin.hooks.clear()
    except Exception as error:
        if not boundary.open:
            raise
        # Without the boundary a call lets everything through; one plugin that cannot be loaded still stops no other.
        fail(plugin, boundary, "imported", f"it raised {type(error).__name__}: {error}")


def _info(plugin: Plugin, module: Any, boundary: Boundary, limit: float) -> PluginInfo:
    """What a plugin says of itself; asked before its hooks are looked at, which may be those of another version."""

    def work() -> PluginInfo:
        function = getattr(module, INFO_HOOK, None)
        if not callable(function) or getattr(function, f"{PROJECT}_impl", None) is None:
            return PluginInfo(title=plugin.name, about=f"The plugin {plugin.name}.")
        _refuse_coroutine(INFO_HOOK, function)
        found = one(function(), PluginInfo, "a PluginInfo")
        _check_info(found)
        return found

    info = boundary.call(plugin.owner, INFO_HOOK, work, limit=limit, stage="hooks", refusals=False)
    first, last = info.api
    if first > API_VERSION or last < OLDEST_API:
        own = f"{first}" if first == last else f"{first} to {last}"
        here = f"{API_VERSION}" if OLDEST_API == API_VERSION else f"{OLDEST_API} to {API_VERSION}"
        remedy = "bring partners-crm up to date" if first > API_VERSION else "bring the plugin up to date"
        fail(
            plugin, boundary, "version", f"it fits version {own} of the plugin interface, and this is {here}: {remedy}"
        )
    return info


def _check_info(info: PluginInfo) -> None:
    check((info,))
    if not (len(info.api) == 2 and all(type(each) is int for each in info.api) and info.api[0] <= info.api[1]):
        raise Misfit("the api of PluginInfo is no pair of whole numbers, the lower one first")
    for each in info.settings:
        if not isinstance(each, Setting):
            raise Misfit(f"the settings of PluginInfo hold {type(each).__name__} instead of Setting")
        if each.kind not in ("text", "whole", "flag", "choice", "secret"):
            raise Misfit(f"the kind of the setting {each.name} is none")
        if (each.kind == "choice") != bool(each.choices):
            raise Misfit(f"the setting {each.name} needs choices when it is a choice, and has none otherwise")


def hooks_of(module: Any) -> Mapping[str, Callable[..., Any]]:
    """The implementations of a module by the name of their hook, looked at by pluggy.

    Raises:
        Misfit: it has a hook that there is not, a wrapper, a coroutine, or one that asks for an order.
        pluggy.PluginValidationError: a hook asks for an argument that it does not get.
    """
    # One for each: a plugin that fails half way leaves nothing behind for the next, and threads share none.
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HeadlessHooks)
    manager.add_hookspecs(ScreenHooks)
    options = {name: found for name in dir(module) if (found := manager.parse_hookimpl_opts(module, name)) is not None}
    for name, asked in options.items():
        odd = next((word for mark, word in _ODD.items() if asked.get(mark)), "")
        if odd:
            raise Misfit(f"its {name} {odd}")
        if name not in HOOKS:
            near = difflib.get_close_matches(name, HOOKS, n=1, cutoff=0.6)
            raise Misfit(f"it has a hook {name}, which there is not{f': is it {near[0]}?' if near else ''}")
        _refuse_coroutine(name, getattr(module, name))
    try:
        manager.register(module)
    except pluggy.PluginValidationError as error:
        words = str(error).split("Argument(s) ")[-1].partition(" are ")[0]
        raise Misfit(f"a hook of it asks for arguments that it does not get: {words}") from None
    return {name: getattr(module, name) for name in HOOKS if name in options}


def _refuse_coroutine(name: str, function: Any) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Misfit(f"its {name} is a coroutine: write a plain function, without async")


def imported(candidate: Candidate, name: str) -> Any:
    """The module, or the object in one, that an entry point names."""
    if candidate.path is None:
        module, _, attributes = name.partition(":")
        found = importlib.import_module(module)
        return reduce(getattr, attributes.split("."), found) if attributes else found
    found = _local(candidate.headless, candidate.path)
    return found if name == candidate.headless else importlib.import_module(name)


def _local(name: str, path: Path) -> ModuleType:
    """A plugin of a folder, under a package of its own: a file called `json.py` shadows nothing."""
    parent = name.rpartition(".")[0]
    if parent not in sys.modules:
        package = ModuleType(parent)
        package.__path__ = []
        sys.modules[parent] = package
    known = sys.modules.get(name)
    file = path / "__init__.py" if path.is_dir() else path
    if known is not None and getattr(known, "__file__", None) == str(file):
        return known
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[str(path)] if path.is_dir() else None
    )
    assert spec is not None, "a file that ends in .py has a loader"
    assert spec.loader is not None, "a file that ends in .py has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


# -------------------------------------------------------------------- what plugins require


def _require(plugins: list[Plugin], boundary: Boundary) -> None:
    """Keep off who requires a plugin that is not loaded, or itself in a circle, and then who requires those."""
    by_name = {plugin.name: plugin for plugin in plugins}
    for circle in _circles(by_name):
        words = " which requires ".join((*circle, circle[0]))
        for name in circle:
            fail(by_name[name], boundary, "requires", f"it requires itself: {words}")
    # Whoever fails may be required by others: until nobody fails any more.
    while any(lacks(plugin, plugins, boundary) for plugin in plugins):
        pass


def lacks(plugin: Plugin, plugins: Iterable[Plugin], boundary: Boundary) -> bool:
    """Whether a plugin requires one that is not loaded; then it fails."""
    required = _required(plugin)
    if not required:
        return False
    by_name = {each.name: each for each in plugins if each.status == "loaded"}
    missing = next((name for name in required if name not in by_name), "")
    if missing:
        fail(plugin, boundary, "requires", f"it requires the plugin {missing}, {_why_missing(plugins, missing)}")
    return bool(missing)


def in_order(plugins: Iterable[Plugin]) -> list[Plugin]:
    """The loaded plugins by name, each behind those that it requires."""
    by_name = {plugin.name: plugin for plugin in plugins if plugin.status == "loaded"}
    found: dict[str, Plugin] = {}

    def take(name: str) -> None:
        if name in by_name and name not in found:
            for each in sorted(_required(by_name[name])):
                take(each)
            found[name] = by_name[name]

    for name in sorted(by_name):
        take(name)
    return list(found.values())


def _why_missing(plugins: Iterable[Plugin], name: str) -> str:
    found = next((each.status for each in plugins if each.name == name), "")
    if not found:
        return "which is not installed"
    return "which failed" if found == "failed" else f"which is not loaded ({found})"


def _required(plugin: Plugin) -> tuple[str, ...]:
    return plugin.info.requires if plugin.status == "loaded" and plugin.info is not None else ()


def _circles(by_name: Mapping[str, Plugin]) -> list[tuple[str, ...]]:
    """Plugins that require each other, each circle once, from its first name on."""
    found: dict[frozenset[str], tuple[str, ...]] = {}

    def walk(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = way[way.index(name) :]
            found.setdefault(frozenset(circle), circle)
        elif name in by_name:
            for each in _required(by_name[name]):
                walk(each, (*way, name))

    for name in sorted(by_name):
        walk(name, ())
    return list(found.values())
