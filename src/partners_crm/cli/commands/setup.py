"""`partners init`."""

from __future__ import annotations

import argparse

from partners_crm.cli import exit_codes
from partners_crm.cli.coalition import warn
from partners_crm.cli.output import out
from partners_crm.cli.paths import database
from partners_crm.crm import Crm


def add_arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    """Declare the arguments of `init`."""
    parser.add_argument("--name", default="Our coalition", help="what the coalition is called")
    parser.add_argument("--state", default="il", help="the state whose districts it covers")


def run(options: argparse.Namespace) -> int:
    """Create a coalition."""
    path = database(options.db)
    with Crm.create(path, options.name.strip() or "Our coalition", state=options.state.lower()) as crm:
        out(f"created {crm.name} in {path}")
        warn(crm)
        out("next: partners import FILE.csv, then partners ui")
    return exit_codes.DONE
