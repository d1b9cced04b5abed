"""`partners init`."""

from __future__ import annotations

import argparse
from pathlib import Path

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import warn
from partners_crm.cli.output import out
from partners_crm.cli.parsing import Parser
from partners_crm.cli.paths import database
from partners_crm.crm import Crm
from partners_crm.store.files import refuse_url


def add_arguments(parser: Parser, _name: str) -> None:
    """Declare the arguments of `init`."""
    parser.add_argument("--name", default="Our coalition", help="what the coalition is called")
    parser.add_argument("--state", help="the state whose districts it covers (default il, or that of --map)")
    parser.add_argument("--map", type=Path, metavar="FILE", help="a map file of a state that is not bundled")


def run(options: argparse.Namespace) -> int:
    """Create a coalition."""
    path = database(options.db)
    if options.map is not None:
        refuse_url(options.map, "save it first, and name the file")
    default = "il" if options.map is None else ""
    state = default if options.state is None else options.state.lower()
    with Crm.create(path, options.name.strip() or "Our coalition", state=state, map_file=options.map) as crm:
        out(f"created {crm.name} in {path}")
        warn(crm)
        out("next: partners import FILE.csv, then partners ui")
    return exit_codes.DONE
