"""`partners plugins doctor`: every plugin is loaded and asked what it offers, and what is wrong with it is said."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from partners_crm.plugins.groups import HOOKS, INFO_HOOK, SCREEN_HOOKS
from partners_crm.plugins.policy import Owned, Plugin
from partners_crm.plugins.registry import PluginRegistry

LONG_TITLE = 60
"""Characters of a title beyond which it does not fit where titles stand."""
TYPED = ("register_importers", "register_exporters", "register_commands")
"""Hooks whose names stand alone, without the plugin's: two of one name get in each other's way."""
_STILL = frozenset({"disabled", "left out"})
"""What a person wanted: nothing to find fault with."""
_REMEDIES: Mapping[str, str] = {
    "conflict": "pick one: partners plugins enable NAME --distribution DIST",
    "not allowed yet": "allow it: partners plugins enable {name}; or turn it off: partners plugins disable {name}",
    "killed": "when you trust it again: partners plugins enable {name}",
    "failed": "bring it up to date, or turn it off: partners plugins disable {name}",
    "off": "tell its author what failed, or turn it off: partners plugins disable {name}",
    "empty": "tell its author; or remove the distribution",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginFinding:
    """One thing that is wrong with a plugin."""

    plugin: str
    where: str
    """The hook or the described object; "" for the plugin as a whole."""
    message: str
    remedy: str = ""


def examine(registry: PluginRegistry) -> tuple[PluginFinding, ...]:
    """Everything that is wrong, by plugin; the terminal UI's part of the plugins has to be loaded.

    Every hook is asked once; no described object is called.
    """
    offered = asked(registry)
    found: list[PluginFinding] = []
    for plugin in registry.plugins:
        found += _of_plugin(plugin, registry)
        found += _of_source(plugin)
    for hook, items in offered.items():
        found += _of_descriptions(registry, hook, items)
    found += _scopes(registry, offered["register_actions"], offered["register_views"])
    found += _same_names(offered)
    found += _key_hints(offered)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.plugin, each.where, each.message)))


def asked(registry: PluginRegistry) -> Mapping[str, Sequence[Owned[Any]]]:
    """What every plugin offers, by the hook."""
    ways: Mapping[str, Callable[[], Sequence[Owned[Any]]]] = {
        "register_record_types": registry.record_types,
        "register_importers": registry.importers,
        "register_exporters": registry.exporters,
        "register_geocoders": registry.geocoders,
        "register_checks": registry.checks,
        "register_reports": registry.reports,
        "register_commands": registry.commands,
        "register_query_fields": registry.query_fields,
        "register_views": registry.views,
        "register_tabs": registry.tabs,
        "register_columns": registry.columns,
        "register_actions": registry.actions,
    }
    return {hook: ways[hook]() for hook in HOOKS if hook != INFO_HOOK}


def _of_plugin(plugin: Plugin, registry: PluginRegistry) -> Iterator[PluginFinding]:
    mine = [each for each in registry.failures if each.plugin == plugin.name]
    for failure in mine:
        remedy = f"at {failure.detail.splitlines()[0]}; " if failure.detail else ""
        remedy += _REMEDIES["failed"].format(name=plugin.name)
        yield PluginFinding(plugin=plugin.name, where=failure.hook, message=failure.reason, remedy=remedy)
    if plugin.status != "loaded" and plugin.status not in _STILL and not (mine and plugin.status in ("failed", "off")):
        remedy = _REMEDIES[plugin.status].format(name=plugin.name)
        yield PluginFinding(plugin=plugin.name, where="", message=plugin.reason, remedy=remedy)


def _of_source(plugin: Plugin) -> Iterator[PluginFinding]:
    for name in plugin.candidate.source.unmarked:
        if plugin.status == "loaded" and name not in plugin.hooks:
            yield PluginFinding(
                plugin=plugin.name,
                where=name,
                message="it has no @hookimpl above it, so it is never called",
                remedy="write @hookimpl above it, or call it something else",
            )


def _of_descriptions(registry: PluginRegistry, hook: str, items: Sequence[Owned[Any]]) -> Iterator[PluginFinding]:
    entities = _entities(registry)
    for owned in items:
        name = getattr(owned.item, "name", "")
        where = f"{hook} {name}".strip()
        entity = getattr(owned.item, "entity", "")
        if isinstance(entity, str) and entity and entity not in entities:
            near = difflib.get_close_matches(entity, entities, n=1)
            yield PluginFinding(
                plugin=owned.owner.plugin,
                where=where,
                message=f"there is no entity {entity}",
                remedy=f"is it {near[0]}?" if near else f"there are {', '.join(sorted(entities))}",
            )
        if hook == "register_record_types":
            yield from _links(owned, entities)
        title = getattr(owned.item, "title", "") or getattr(owned.item, "label", "")
        if isinstance(title, str) and len(title) > LONG_TITLE:
            yield PluginFinding(
                plugin=owned.owner.plugin,
                where=where,
                message=f"its title has more than {LONG_TITLE} characters",
                remedy="say it shorter: longer ones are cut off",
            )


def _links(owned: Owned[Any], entities: frozenset[str]) -> Iterator[PluginFinding]:
    """Links of a record type to what there is not."""
    own = owned.owner.plugin.replace("-", "_")
    for name, how in owned.item.fields.items():
        if how.target and not {how.target, f"{own}_{how.target}"} & entities:
            near = difflib.get_close_matches(how.target, entities, n=1)
            yield PluginFinding(
                plugin=owned.owner.plugin,
                where=f"register_record_types {owned.item.name}",
                message=f"its field {name} links to {how.target}, which there is not",
                remedy=f"is it {near[0]}?" if near else f"there are {', '.join(sorted(entities))}",
            )


def _scopes(
    registry: PluginRegistry, actions: Sequence[Owned[Any]], views: Sequence[Owned[Any]]
) -> Iterator[PluginFinding]:
    """Actions that are offered where nobody can ever be."""
    own = {(owned.owner.plugin, f"view:{owned.item.name}") for owned in views}
    places = _places(registry)
    for owned in actions:
        for scope in owned.item.scopes:
            if scope not in places and (owned.owner.plugin, scope) not in own:
                near = difflib.get_close_matches(scope, places, n=1)
                yield PluginFinding(
                    plugin=owned.owner.plugin,
                    where=f"register_actions {owned.item.name}",
                    message=f"there is no place {scope} to offer it",
                    remedy=f"is it {near[0]}?"
                    if near
                    else "a list, as organizations; a card, as organization; view:NAME",
                )


def _places(registry: PluginRegistry) -> frozenset[str]:
    """Where actions can be offered: every list, by its plural, and every card."""
    from partners_crm.model import ENTITIES

    lists = {table.entity.plural for table in ENTITIES}
    own = {f"{owned.owner.plugin.replace('-', '_')}_{owned.item.plural}" for owned in registry.record_types()}
    return frozenset({*lists, *own, *_entities(registry)})


def _entities(registry: PluginRegistry) -> frozenset[str]:
    """The names that descriptions may refer to: those of the core, and of the record types of plugins."""
    from partners_crm.model import ENTITIES

    own = {f"{owned.owner.plugin.replace('-', '_')}_{owned.item.name}" for owned in registry.record_types()}
    return frozenset({table.entity.name for table in ENTITIES} | own)


def _same_names(offered: Mapping[str, Sequence[Owned[Any]]]) -> Iterator[PluginFinding]:
    """What two plugins call by one name, where people type it alone."""
    for hook in TYPED:
        owners: defaultdict[str, list[str]] = defaultdict(list)
        for owned in offered[hook]:
            owners[owned.item.name].append(owned.owner.plugin)
        for name, plugins in owners.items():
            for plugin in plugins if len(plugins) > 1 else ():
                others = ", ".join(each for each in plugins if each != plugin)
                yield PluginFinding(
                    plugin=plugin,
                    where=f"{hook} {name}",
                    message=f"{others} offers the same name",
                    remedy="turn one of them off: partners plugins disable NAME",
                )


def _key_hints(offered: Mapping[str, Sequence[Owned[Any]]]) -> Iterator[PluginFinding]:
    """Keys that are none, and keys that two actions of one plugin would like in one scope."""
    for hook in SCREEN_HOOKS:
        wished: dict[tuple[str, str, str], str] = {}
        for owned in offered[hook]:
            key = getattr(owned.item, "key_hint", "")
            if not isinstance(key, str) or not key:
                continue
            where, plugin = f"{hook} {owned.item.name}", owned.owner.plugin
            if not is_key(key):
                remedy = "a key hint is a letter or a digit, or ctrl+ before a letter"
                yield PluginFinding(plugin=plugin, where=where, message=f"{key!r} is no key", remedy=remedy)
            for scope in getattr(owned.item, "scopes", ()) or ("",):
                other = wished.setdefault((plugin, scope, key), owned.item.name)
                if other != owned.item.name:
                    message = f"{other} would like the key {key} in {scope or 'the same place'} too"
                    yield PluginFinding(plugin=plugin, where=where, message=message, remedy="wish for another key")


def is_key(key: str) -> bool:
    """Whether a text names a key that an action may wish for."""
    bare = key.removeprefix("ctrl+")
    return len(bare) == 1 and bare.isascii() and bare.isprintable() and bare != " " and (bare == key or bare.isalpha())
