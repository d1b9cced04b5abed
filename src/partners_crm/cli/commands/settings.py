"""`partners config` and `partners where`."""

from __future__ import annotations

import argparse

from partners_crm.cli import exit_codes, person
from partners_crm.cli.coalition import to_write
from partners_crm.cli.output import out, out_csv, out_json, out_table
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import config_folder, data_folder, database, demo_database, named_database
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError, NotFound
from partners_crm.services import settings
from partners_crm.services.last_runs import FOLDER as LAST_RUNS
from partners_crm.store.copying import backups_of
from partners_crm.store.fulltext import SUFFIX


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
    rows = _settings(options)
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
