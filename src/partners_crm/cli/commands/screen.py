"""`partners ui` and `partners demo`: the one place where the command opens the screen."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from partners_crm.cli import exit_codes, person
from partners_crm.cli.output import out, out_json, say
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import config_folder, data_folder, database, demo_database, own_demo
from partners_crm.crm import Crm
from partners_crm.errors import ConfigError
from partners_crm.model.settings import DEMO_SIZES

if TYPE_CHECKING:
    from partners_crm.plugins.registry import PluginRegistry


def add_arguments(parser: Parser, name: str) -> None:
    """Declare the arguments of `ui` or `demo`."""
    if name == "demo":
        parser.add_argument("--size", choices=DEMO_SIZES, default="tiny", help="which demo coalition")
        parser.add_argument("--no-tui", action="store_true", help="print the coverage report instead of the screen")
        parser.add_argument("--fresh", action="store_true", help="start the demo over, without the edits made to it")


def run(options: argparse.Namespace) -> int:
    """Open the screen on a coalition, or on a demo."""
    if options.command == "demo":
        return _demo(options)
    if reason := no_terminal():
        raise ConfigError(f"the terminal UI needs a terminal: {reason}", "use partners list, show and coverage check")
    return _open_screen(database(options.db), options)


def no_terminal() -> str:
    """Why no screen can be shown here; "" when one can."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        return "input or output is not one"
    if os.environ.get("TERM", "dumb") in {"dumb", ""}:
        return "TERM is dumb"
    return ""


def _demo(options: argparse.Namespace) -> int:
    from partners_crm.cli.coverage_formats import as_csv, as_json, report  # opening a coalition does not need it

    path = demo_database(options.db, options.size)
    with Crm.demo(path, options.size, fresh=options.fresh) as crm:
        if options.no_tui or no_terminal():
            found = crm.coverage()
            if options.format == "json":
                out_json(as_json(found))
            elif options.format == "csv":
                as_csv(found)
            else:
                out(f"{crm.name}: {len(crm.listing('organizations').ids(crm.db))} organizations, all invented")
                report(found)
                say(f"the demo is kept in {path}; partners demo opens it in a terminal")
            return exit_codes.DONE
    return _open_screen(path, options)


def _open_screen(path: Path, options: argparse.Namespace) -> int:
    from partners_crm.tui.app import run_app  # textual is loaded for the screen alone

    theme = person.read().get("theme", "dark")
    return run_app(
        path,
        demo_path=own_demo(DEMO_SIZES[0]),
        theme=theme,
        crash_folder=config_folder() / "crashes",
        draft_folder=data_folder() / "drafts",
        plugins=lambda crm: _registry(options, crm),
    )


def _registry(options: argparse.Namespace, crm: Crm) -> PluginRegistry:
    """The plugins of the screen; called once the first one is painted, and anew when a person allowed another."""
    from partners_crm.cli.plugins import policy_of
    from partners_crm.plugins.registry import PluginRegistry

    # A person is asked about new plugins on the screen, where they can read what those are.
    registry = PluginRegistry(replace(policy_of(options, screen=True), ask=None), db=crm.db, clock=crm.clock)
    options.registry = registry  # the exit code of --strict-plugins is by it
    return registry
