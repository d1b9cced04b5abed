"""How a command opens the coalition: with a word to the person about what takes time, and about the file itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from partners_crm.cli.output import say
from partners_crm.cli.paths import database
from partners_crm.crm import Crm
from partners_crm.errors import PermissionRefused, StoreDamaged, StoreError

if TYPE_CHECKING:
    from partners_crm.plugins.registry import PluginRegistry


def opened(options: argparse.Namespace) -> Crm:
    """The coalition that a command is about, with the plugins of its run, which are looked for when they are needed.

    Raises:
        StoreError, PermissionRefused: it cannot be opened.
    """
    return Crm.open(database(options.db), word=tell, plugins=lambda crm: _registry(options, crm))


def _registry(options: argparse.Namespace, crm: Crm) -> PluginRegistry:
    from partners_crm.cli.plugins import registry_of  # most commands need no plugin

    return registry_of(options, crm=crm)


def to_read(options: argparse.Namespace) -> Crm:
    """The coalition of a command that changes nothing.

    Raises:
        StoreError, PermissionRefused: it cannot be opened.
    """
    crm = opened(options)
    if crm.db.lacks_log:
        warn(crm)
    return crm


def to_write(options: argparse.Namespace) -> Crm:
    """The coalition of a command that changes it: the first one of a day makes the backup of the day.

    Raises:
        StoreError, PermissionRefused: it cannot be opened.
    """
    crm = opened(options)
    try:
        warn(crm)
        back_up_daily(crm)
    except BaseException:
        crm.close()
        raise
    return crm


def back_up_daily(crm: Crm) -> None:
    """Make the backup of the day where it is due; one that cannot be made is said.

    Raises:
        StoreDamaged: the coalition is damaged, and must not be written to.
    """
    try:
        crm.back_up_daily()
    except StoreDamaged:
        raise
    except (StoreError, PermissionRefused) as error:
        # A coalition that cannot be backed up can still be worked in; who works in it has to know.
        say(f"warning: no backup was made today: {error.message}" + (f" ({error.hint})" if error.hint else ""))


def tell(text: str) -> None:
    """Say what the program is busy with."""
    say(f"partners: {text}")


def warn(crm: Crm) -> None:
    """Say what a person should know about the file."""
    for warning in crm.warnings:
        say(f"warning: {warning}")
