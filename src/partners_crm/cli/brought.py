"""What plugins bring to commands of the core: record types, and when they are installed, and columns of lists."""

from __future__ import annotations

from collections.abc import Iterable

from partners_crm.cli.coalition import back_up_daily
from partners_crm.cli.output import say
from partners_crm.crm import Crm
from partners_crm.errors import NotFound, PermissionRefused
from partners_crm.model import Table
from partners_crm.services.listing import OwnColumn, entity_of


def entity_named(crm: Crm, word: str, *, writes: bool = False) -> type[Table]:
    """The entity that a person names; one that only a plugin declares so far is brought by a command that writes.

    Raises:
        NotFound: there is none; of one that a plugin declares, the hint says how it comes into the coalition.
        PermissionRefused: it would have to be brought into a coalition that is read-only.
    """
    try:
        return entity_of(crm.db, word)
    except NotFound as error:
        from partners_crm.plugins.binding import declared_by  # what is there needs no plugin

        plugin = declared_by(crm.plugins, word.replace("-", "_").replace(" ", "_").lower())
        if not plugin:
            raise
        if not writes:
            hint = f"the plugin {plugin} declares them; they come with the first one: partners add {word}"
            raise NotFound(error.message, hint) from None
        if crm.db.read_only:
            raise PermissionRefused(f"{crm.db.path} is read-only", "give yourself write permission on it") from None
    bring(crm, plugin)
    return entity_of(crm.db, word)


def bring(crm: Crm, plugin: str, *, missing: bool = True) -> None:
    """Bring the record types of a plugin, and of those it requires, into a coalition; what was written is said.

    With `missing=False` only those of plugins that have some there already are brought up to date.
    """
    from partners_crm.plugins.binding import bring_types

    if bring_types(crm.plugins, crm.db, plugin=plugin, missing=missing, say=lambda text: say(f"partners: {text}")):
        back_up_daily(crm)


def columns_named(crm: Crm, names: Iterable[str]) -> tuple[OwnColumn, ...]:
    """The columns of plugins among those that are asked for; where none is, no plugin is loaded."""
    wanted = {name for name in names if "." in name}
    if not wanted:
        return ()
    from partners_crm.plugins.binding import columns_of

    return tuple(each for each in columns_of(crm.plugins) if each.column.name in wanted)
