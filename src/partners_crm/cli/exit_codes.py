"""Every exit code of the command, and the errors that lead to each."""

from __future__ import annotations

from partners_crm.errors import (
    CannotDecide,
    Conflict,
    FileRefused,
    PartnersError,
    PermissionRefused,
    PluginError,
    SchemaTooNew,
    StoreDamaged,
    StoreError,
)

DONE = 0
"""Done, or the rule is met."""
FINDINGS = 1
"""Coverage gaps, rejected rows, an edit conflict. A proven finding wins over an undecided rest."""
USAGE = 2
"""Usage or configuration; a name that stands for nothing."""
UNDECIDED = 3
"""Cannot decide, or an input file that cannot be read: nothing was written. A plugin failed at what was asked."""
UNAVAILABLE = 4
"""The database is missing, locked, or its disk refuses."""
DAMAGED = 5
"""The database is damaged, or from a newer version."""
PERMISSION = 6
"""The file mode or the role forbids it."""
PLUGIN = 7
"""A plugin failed, under --strict-plugins or in a check of `partners check`, and nothing worse happened."""
INTERNAL = 70
"""A fault of this program."""
INTERRUPTED = 130
"""Interrupted: Ctrl-C, SIGTERM, SIGHUP, or a closed pipe."""

_BY_ERROR: tuple[tuple[type[PartnersError], int], ...] = (
    (Conflict, FINDINGS),
    (FileRefused, UNDECIDED),
    (CannotDecide, UNDECIDED),
    (PluginError, UNDECIDED),
    (StoreDamaged, DAMAGED),
    (SchemaTooNew, DAMAGED),
    (StoreError, UNAVAILABLE),
    (PermissionRefused, PERMISSION),
    (PartnersError, USAGE),
)


def code_of(error: PartnersError) -> int:
    """The exit code of an error."""
    return next(code for kind, code in _BY_ERROR if isinstance(error, kind))
