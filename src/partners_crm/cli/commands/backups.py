"""`partners backup` and `partners restore`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import tell, to_read
from partners_crm.cli.output import out, out_csv, out_json, out_table, say
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import database
from partners_crm.crm import Crm
from partners_crm.services import backups
from partners_crm.store.copying import Backup, backups_of, known_backups
from partners_crm.store.files import amount


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of `backup` or `restore`."""
    if name == "backup":
        parser.add_argument(
            "folder", nargs="?", type=Path, metavar="DIR", help="where to; by default beside the coalition"
        )
    else:
        parser.add_argument(
            "file", nargs="?", type=Path, help="a backup, by its path or its name; without it, what there is"
        )
        parser.add_argument(
            "--other", action="store_true", help="replace another coalition, or any other file, with it"
        )


def run(options: argparse.Namespace) -> int:
    """Back up, list the backups, or restore one."""
    if options.command == "backup":
        return _back_up(options)
    path = database(options.db)
    path = path.resolve() if path.is_symlink() else path
    return _list(options, path) if options.file is None else _restore(options, path)


def _back_up(options: argparse.Namespace) -> int:
    with to_read(options) as crm:
        made = crm.back_up(options.folder)
        name = crm.name
    if options.format == "json":
        out_json({"schema_version": 1, **_as_json(made)})
        return exit_codes.DONE
    out(f"backed up {name} to {made.path}")
    rows = f"{sum(made.rows.values()):,} rows in {len(made.rows)} tables"
    out(f"{amount(made.size)}, {rows}; opened, every page and index checked")
    out(f"newest operation {made.operation}; sha256 {made.sha256}")
    return exit_codes.DONE


def _list(options: argparse.Namespace, path: Path) -> int:
    found = known_backups(backups_of(path))
    if options.format == "json":
        out_json([_as_json(each) for each in found])
        return exit_codes.DONE
    headers = ["backup", "made", "why", "operation", "size"]
    rows = [(each.path.name, _when(each), each.why, each.operation, amount(each.size)) for each in found]
    if options.format == "csv":
        out_csv(headers, rows)
    elif found:
        out_table(headers, rows, right=frozenset({3, 4}))
        say(f"they are in {backups_of(path)}; restore one with: partners restore NAME")
    else:
        say(f"there is no backup in {backups_of(path)}; make one with: partners backup")
    return exit_codes.DONE


def _restore(options: argparse.Namespace, path: Path) -> int:
    done = backups.restore(path, backups.find_backup(path, options.file), other=options.other, word=tell)
    with Crm.open(path, word=tell) as crm:
        name = crm.name
    if options.format == "json":
        out_json(
            {
                "schema_version": 1,
                "database": str(path),
                "backup": _as_json(done.backup),
                "safety_copy": None if done.safety is None else str(done.safety),
                "safety_copy_whole": done.whole,
                "operation_before": done.before,
            }
        )
        return exit_codes.DONE
    out(f"restored {name} in {path} from {done.backup.path.name}; its newest operation is {done.backup.operation}")
    if done.safety is not None and done.whole:
        out(f"what was there, up to operation {done.before}, is kept: partners restore {done.safety.name}")
    elif done.safety is not None:
        out(f"what was there could not be read and is kept as it was: partners recover {done.safety}")
    return exit_codes.DONE


def _as_json(backup: Backup) -> dict[str, Any]:
    return {**asdict(backup), "path": str(backup.path)}


def _when(backup: Backup) -> str:
    """In the time of this machine: the coalition may not be readable."""
    return datetime.fromisoformat(backup.at).astimezone().strftime("%Y-%m-%d %H:%M %Z")
