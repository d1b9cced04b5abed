"""`partners config` and `partners where`.

A setting of a plugin has the plugin's name in front: `acme.token`. Each is a person's own, and a secret is never shown.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from partners_crm.cli import exit_codes, person
from partners_crm.cli.coalition import to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import (
    cache_folder,
    config_folder,
    data_folder,
    database,
    demo_database,
    named_database,
    plugin_state,
)
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.services import settings
from partners_crm.services.last_runs import FOLDER as LAST_RUNS
from partners_crm.store.copying import backups_of
from partners_crm.store.fulltext import SUFFIX

if TYPE_CHECKING:
    from partners_crm.plugins.headless import Setting
    from partners_crm.plugins.registry import PluginRegistry


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of `config` or `where`."""
    if name == "config":
        parser.add_argument("verb", choices=("get", "set", "list"))
        parser.add_argument("key", nargs="?", help="the setting")
        parser.add_argument("value", nargs="?", help="with set: its new value")
        parser.add_argument("--origin", action="store_true", help="with list: say where each value comes from")


def run(options: argparse.Namespace) -> int:
    """Read or change settings, or name the program's files."""
    if options.command == "where":
        return _where(options)
    if options.verb == "list":
        return _list(options)
    if not options.key:
        raise ConfigError("which setting?", "see: partners config list")
    if "." in options.key:
        return _of_plugin(options)
    if options.verb == "get":
        values = {key: value for key, value, _, _ in _settings(options)}
        if options.key not in values:
            if options.key in settings.KNOWN:
                Crm.open(database(options.db)).close()  # says why there is no coalition to ask
            raise NotFound(f"there is no setting {options.key}", f"settings: {', '.join(values)}")
        out_json(values[options.key]) if options.format == "json" else out(values[options.key])
        return exit_codes.DONE
    if options.value is None:
        raise ConfigError(f"which value of {options.key}?", f"partners config set {options.key} VALUE")
    if options.key in person.KNOWN:
        person.write(options.key, options.value)
    else:
        with to_write(options) as crm, crm.changes(f"set {options.key}") as unit:
            settings.change_setting(unit, options.key, options.value)
    out(f"{options.key} = {options.value}")
    return exit_codes.DONE


# -------------------------------------------------------------------- settings of plugins


def _of_plugin(options: argparse.Namespace) -> int:
    """Read or set a setting of a plugin, which is loaded for what it declares."""
    from partners_crm.cli.plugins import registry_of  # the core's own settings need no plugin
    from partners_crm.plugins.own_settings import HIDDEN, checked

    registry = registry_of(options)
    plugin, _, name = options.key.partition(".")
    setting = next((each for each in _declared(registry, plugin) if each.name == name), None)
    if setting is None or registry.policy.settings is None:
        raise NotFound(f"there is no setting {options.key}", _hint(registry, plugin))
    if options.verb == "get":
        value = _shown(setting, registry.settings_of(plugin)[name])
        out_json(value) if options.format == "json" else out(value)
        return exit_codes.DONE
    if options.value is None:
        raise ConfigError(f"which value of {options.key}?", f"partners config set {options.key} VALUE")
    value = checked(setting, options.key, options.value) if options.value else ""
    registry.policy.settings.write(plugin, name, value)
    out(f"{options.key} = {HIDDEN if value and setting.kind == 'secret' else value}")
    return exit_codes.DONE


def _declared(registry: PluginRegistry, name: str) -> tuple[Setting, ...]:
    plugin = registry.plugin(name)
    return plugin.info.settings if plugin is not None and plugin.info is not None else ()


def _hint(registry: PluginRegistry, name: str) -> str:
    plugin = registry.plugin(name)
    if plugin is None:
        return f"no plugin {name} is installed: partners plugins list"
    if plugin.status != "loaded":
        return f"the plugin {name} is not loaded: {plugin.reason or plugin.status}"
    names = ", ".join(f"{name}.{each.name}" for each in _declared(registry, name))
    return f"settings: {names}" if names else f"the plugin {name} has no settings"


def _shown(setting: Setting, value: str) -> str:
    """The value as people see it: of a secret no more than whether it is set."""
    from partners_crm.plugins.own_settings import HIDDEN

    return HIDDEN if setting.kind == "secret" and value else value


def _plugin_settings(options: argparse.Namespace) -> list[tuple[str, str, str, str]]:
    """(key, value, where it comes from, what it is) of every setting of the plugins that are loaded."""
    from partners_crm.cli.plugins import registry_of

    registry = registry_of(options)
    kept = registry.policy.settings
    found = []
    for plugin in registry.plugins:
        declared = _declared(registry, plugin.name) if plugin.status == "loaded" else ()
        own = kept.read().get(plugin.name, {}) if kept is not None and declared else {}
        values = registry.settings_of(plugin.name) if declared else {}
        for each in declared:
            origin = str(kept.path) if kept is not None and each.name in own else "default"
            about = each.help or each.label
            found.append((f"{plugin.name}.{each.name}", _shown(each, values[each.name]), origin, about))
    return found


# -------------------------------------------------------------------- config list


def _settings(options: argparse.Namespace) -> list[tuple[str, str, str, str]]:
    """(key, value, where it comes from, what it is) of every setting."""
    own = person.read()
    found = [
        (key, own.get(key, default), str(person.config_file()) if key in own else "default", about)
        for key, (about, _, default) in person.KNOWN.items()
    ]
    path = database(options.db)
    if path.exists():
        with Crm.open(path) as crm:
            values = crm.settings()
            found += [
                (key, values[key], "coalition" if values[key] != known.default else "default", known.about)
                for key, known in settings.KNOWN.items()
            ]
    return found


def _list(options: argparse.Namespace) -> int:
    rows = _settings(options) + _plugin_settings(options)
    headers = ["setting", "value", "origin", "about"]
    if options.format == "json":
        out_json([dict(zip(headers, row, strict=True)) for row in rows])
        return exit_codes.DONE
    keep = (0, 1, 2, 3) if options.origin else (0, 1, 3)
    shown = [tuple(row[number] for number in keep) for row in rows]
    labels = [headers[number] for number in keep]
    out_csv(labels, shown) if options.format == "csv" else out_table(labels, shown)
    return exit_codes.DONE


def _where(options: argparse.Namespace) -> int:
    path = database(options.db)
    named = named_database(options.db)
    rows = [
        ("database", str(path), named[1] if named else "default"),
        ("database log", f"{path}-wal", "while it is open"),
        ("shared memory", f"{path}-shm", "while it is open"),
        ("locks", f"{path}-open, {path}-write", "while it is open"),
        ("search index", f"{path}{SUFFIX}", "of a word that is looked for; made anew when it is missing"),
        ("backups", str(backups_of(path)), "one a day, see partners restore"),
        (
            "demo",
            str(demo_database(None, "tiny") if not named else data_folder() / "demo-tiny.db"),
            "partners demo",
        ),
        ("settings", str(person.config_file()), "partners config"),
        ("drafts", str(data_folder() / "drafts"), "what was typed and not saved"),
        ("last runs", str(data_folder() / LAST_RUNS), "what --since-last compares with"),
        ("plugins", str(config_folder() / "plugins.json"), "which are allowed, partners plugins enable"),
        ("plugin settings", str(config_folder() / "plugin-settings.json"), "partners config set PLUGIN.NAME VALUE"),
        ("plugin state", str(plugin_state()), "what failed last, who is running, and the plugins' own files"),
        (
            "plugin list",
            str(cache_folder() / "installed-plugins.json"),
            "what is installed; made anew when it is missing",
        ),
        ("crash reports", str(config_folder() / "crashes"), "after a crash of the screen"),
    ]
    headers = ["file", "path", "why"]
    if options.format == "json":
        out_json([dict(zip(headers, row, strict=True)) for row in rows])
    elif options.format == "csv":
        out_csv(headers, rows)
    else:
        out_table(headers, rows)
    return exit_codes.DONE
