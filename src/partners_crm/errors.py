"""Every error the library raises on purpose.

Expected outcomes are values (`ImportReport.problems`, `Coverage.gaps`), never exceptions.

    PartnersError(message, hint="")
        ConfigError             a setting or an argument is wrong
        NotFound                a named record, map, entity or field does not exist
        Ambiguous               a name stands for several records
        Conflict                somebody else changed or created the record
        InvalidValue            a value does not fit its field
        QueryError              a query names an unknown field or value
        FileRefused             a fault of an input file: nothing was written
        CannotDecide            the question has no answer on the data at hand
        StoreError
            StoreUnavailable    the database cannot be reached or written to
                StoreReplaced   the file was deleted or replaced while it was open
            StoreLocked         another program holds the database
            StoreDamaged        the file is no database of ours, or is broken
            SchemaTooNew        the database was written by a newer version
        PermissionRefused       the file or the role does not allow it
        PluginError             a plugin failed at what it was asked (`partners_crm.plugins.failures` says which)

The command maps each branch to an exit code in `partners_crm.cli.exit_codes`.
"""

from __future__ import annotations


class PartnersError(Exception):
    """Base of every error a user can meet: what happened, and what to do about it.

    Both texts may quote data from outside; whoever prints them passes them through
    `partners_crm.normalize.text.show`.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """One sentence: what is wrong and where."""
        self.hint = hint
        """What to do next; may be empty."""

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(PartnersError):
    """A setting, an option or an environment variable is wrong."""


class NotFound(PartnersError):
    """A record, map, entity, field or setting that was named does not exist."""


class Ambiguous(PartnersError):
    """A name stands for more than one record; the hint lists them."""


class Conflict(PartnersError):
    """The record was changed, deleted or created by somebody else in the meantime."""


class InvalidValue(PartnersError):
    """A value does not fit its field."""

    def __init__(self, field: str, value: object, reason: str, hint: str = "") -> None:
        super().__init__(f"{field} {reason}" if value == "" else f"{field}: {value!r} {reason}", hint)
        self.field = field
        self.value = value
        self.reason = reason


class QueryError(PartnersError):
    """A query names a field or a value that does not exist, or cannot be read."""


class FileRefused(PartnersError):
    """A file cannot be read as what it should be; nothing was written."""


class CannotDecide(PartnersError):
    """The question has no answer on the data at hand: no map for the date, boundaries missing."""


class StoreError(PartnersError):
    """Base of every fault of the database."""


class StoreUnavailable(StoreError):
    """The database is missing, is a directory, or its disk refuses to write."""


class StoreReplaced(StoreUnavailable):
    """The file was deleted, moved or replaced by another while it was open; nothing was written to either."""


class StoreLocked(StoreError):
    """Another program holds the database longer than the time limit."""


class StoreDamaged(StoreError):
    """The file is not a database of this program, or SQLite finds it malformed."""


class SchemaTooNew(StoreError):
    """The database was written by a newer version of this program."""


class PermissionRefused(PartnersError):
    """The file mode or the database role forbids what was asked."""


class PluginError(PartnersError):
    """A plugin failed: what it was asked has no answer."""

    is_told = False
    """Whether the person was told of it when it happened."""
